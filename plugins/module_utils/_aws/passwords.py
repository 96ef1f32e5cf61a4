# SPDX-License-Identifier: GPL-3.0-or-later
"""Set, manage and read the master password of a database, and make tokens for IAM authentication."""

from __future__ import annotations

import json
from typing import Any

from .._core.model import Database
from .connection import Connection
from .errors import refusals
from .rows import SPELLINGS


class Passwords(Connection):
    """The ways into a database."""

    def managed_password(self, database: Database) -> str:
        """Read the master password that RDS keeps in Secrets Manager (RDS User Guide, password management)."""
        with refusals(f"Cannot read the managed password of {database.id.identifier}"):
            answer = self._client("secretsmanager").get_secret_value(SecretId=database.secret_arn)
        return str(json.loads(answer["SecretString"])["password"])

    def token(self, database: Database, username: str) -> str:
        """Make a token that a database user may use for 15 minutes instead of a password. It needs no call."""
        with refusals(f"Cannot make a token for {username} at {database.id.identifier}"):
            return str(
                self._client("rds").generate_db_auth_token(
                    DBHostname=database.host, Port=database.port, DBUsername=username, Region=self.region
                )
            )

    def set_password(self, database: Database, password: str) -> None:
        """Give the master user a new password at once, also where RDS managed the old one."""
        managed = {"ManageMasterUserPassword": False} if database.secret_arn else {}
        self._change_master(database, MasterUserPassword=password, **managed)

    def manage_password(self, database: Database) -> None:
        """Let RDS make a new master password and keep it in Secrets Manager."""
        self._change_master(database, ManageMasterUserPassword=True)

    def _change_master(self, database: Database, **change: Any) -> None:
        spelling = SPELLINGS[database.id.kind]
        with refusals(f"Cannot set the master password of {database.id.identifier} in {self.region}"):
            getattr(self._client("rds"), f"modify_{spelling.database_operation}")(
                **{f"{spelling.database}Identifier": database.id.identifier}, ApplyImmediately=True, **change
            )
