# SPDX-License-Identifier: GPL-3.0-or-later
"""What snapshot_restore is asked: to restore databases, or to remove restored ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.errors import LifeboatError
from ..._core.inventory.overrides import PerDatabase
from ..._core.inventory.selection import Selection
from ..._core.model import Purpose
from ..._core.restoring.choice import Choice, read_choice
from ..._core.restoring.target import check_drill_id
from ..arguments import read_selection, read_settings
from .common import LoopRequest

RETENTION = range(1, 36)  # days that RDS keeps backups where there are any


@dataclass(frozen=True, slots=True)
class RestoreSettings:
    """How one database is to be restored."""

    # The network. Without one, RDS would choose the default network.
    db_subnet_group_name: str | None
    vpc_security_group_ids: tuple[str, ...]
    db_instance_class: str | None
    db_parameter_group_name: str | None
    db_cluster_parameter_group_name: str | None
    expires_after: int
    serverless: Mapping[str, float] | None
    # Only for recoveries.
    restore_as: str | None
    multi_az: bool | None
    backup_retention_period: int | None

    @property
    def of_recoveries(self) -> dict[str, Any]:
        """Return the options that only a recovery may be told, as far as they are set."""
        given = {
            "restore_as": self.restore_as,
            "multi_az": self.multi_az,
            "backup_retention_period": self.backup_retention_period,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest(LoopRequest):
    """Which databases to restore, from which recovery points, and how."""

    purpose: Purpose
    drill_id: str
    choice: Choice
    settings: PerDatabase[RestoreSettings]
    source_accounts: tuple[str, ...]
    kms_key_id: str | None
    iam: bool
    selection: Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRequest(LoopRequest):
    """Whose restored databases to remove: those of one drill, or without an id all that have expired."""

    drill_id: str | None


def read_restore(params: Mapping[str, Any]) -> RestoreRequest:
    """Read the options of snapshot_restore for what is to be present.

    :raises LifeboatError: when expired is set, or the drill id or the choice of recovery points is not valid.
    """
    if params["expired"]:
        raise LifeboatError(
            "Cannot restore what is expired",
            why="expired only selects what to delete",
            remedy="Set state to absent, or leave expired out",
        )
    return RestoreRequest(
        account_id=params["account_id"],
        prefix=params["prefix"],
        resume=params["resume"],
        purpose=params["purpose"],
        drill_id=check_drill_id(params["drill_id"]),
        choice=read_choice(params["recovery_point"]),
        settings=read_settings(RestoreSettings, params, vpc_security_group_ids=tuple),
        source_accounts=tuple(params["source_accounts"]),
        kms_key_id=params["kms_key_id"],
        iam=params["iam_authentication"],
        selection=read_selection(params),
    )


def check_settings(settings: RestoreSettings, purpose: Purpose) -> None:
    """Refuse what does not suit the purpose.

    :raises LifeboatError: when a drill has a setting that is only for recoveries, or backups would be off.
    """
    if purpose == "drill" and (told := settings.of_recoveries):
        why = "a drill's databases have names of their own, no standby and no backups"
        name = next(iter(told))
        raise LifeboatError(f"Cannot use {name} in a drill", why=why, remedy=f"Leave {name} out")
    days = settings.backup_retention_period
    if days is not None and days not in RETENTION:
        raise LifeboatError(
            f"Cannot use backup_retention_period {days}",
            why=f"a recovery keeps backups for {RETENTION[0]} to {RETENTION[-1]} days",
            remedy=f"Set backup_retention_period to {RETENTION[0]} to {RETENTION[-1]}",
        )


def read_remove(params: Mapping[str, Any]) -> RemoveRequest:
    """Read the options of snapshot_restore for what is to be absent.

    :raises LifeboatError: when it is a recovery, or not clear what to delete.
    """
    if params["purpose"] != "drill":
        raise LifeboatError(
            "Cannot remove a recovery",
            why="it has taken the place of its original, and this collection does not delete it",
            remedy="Turn off its deletion protection and delete it in RDS itself",
        )
    if params["expired"] and params["drill_id"]:
        raise LifeboatError(
            "Cannot tell what to remove",
            why="drill_id and expired are both set",
            remedy="Set drill_id to delete what one drill made, or expired to delete what has expired",
        )
    return RemoveRequest(
        account_id=params["account_id"],
        prefix=params["prefix"],
        resume=params["resume"],
        drill_id=None if params["expired"] else check_drill_id(params["drill_id"]),
    )
