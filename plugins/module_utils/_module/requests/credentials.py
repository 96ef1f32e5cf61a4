# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the options of database_credentials into what its pass is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.errors import LifeboatError
from ..._core.restoring.target import check_drill_id
from ..._pass.requests.credentials import CredentialsRequest, Mode
from ..arguments import read_request


def read_credentials(params: Mapping[str, Any]) -> CredentialsRequest:
    """Read the options of database_credentials.

    :raises LifeboatError: when it is not clear which databases are meant, or a password would be lost.
    """
    drill_id = check_drill_id(params["drill_id"])
    if params["purpose"] == "recovery":
        check_recovery(params["names"], params["mode"])
    check_username(params["mode"], params["username"])
    return read_request(
        CredentialsRequest,
        params,
        names=frozenset(params["names"] or ()),
        drill_id=drill_id,
    )


def check_recovery(names: list[str] | None, mode: Mode) -> None:
    """Refuse what would change or lose the password of a database that is in use.

    :raises LifeboatError: when no recoveries are named, or nobody would know their new passwords.
    """
    if names is None:
        why = "names is not set, and other recoveries are in use: their passwords must not change"
        remedy = "Set names to the identifiers of the restored databases"
        raise LifeboatError("Cannot tell which recoveries are meant", why=why, remedy=remedy)
    if mode == "random":
        why = "nobody would know it afterwards"
        remedy = "Set mode to managed, so that RDS keeps it in Secrets Manager, or to iam"
        raise LifeboatError("Cannot set a random password on a recovery", why=why, remedy=remedy)


def check_username(mode: Mode, username: str | None) -> None:
    """Refuse a missing or a useless user: tokens are for a user of the database, passwords for its master.

    :raises LifeboatError: when tokens have no user, or passwords have one.
    """
    if mode == "iam" and not username:
        remedy = "Set username to a database user who has the role rds_iam"
        raise LifeboatError("Cannot make tokens", why="username is not set", remedy=remedy)
    if mode != "iam" and username:
        why = f"with the mode {mode}, passwords are set for the master user"
        remedy = "Leave username out, or set mode to iam"
        raise LifeboatError(f"Cannot use the username {username}", why=why, remedy=remedy)
