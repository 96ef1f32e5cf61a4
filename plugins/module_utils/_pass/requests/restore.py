# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what snapshot_restore is asked: to restore databases, or to remove restored ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.errors import LifeboatError
from ..._core.inventory.overrides import PerDatabase
from ..._core.inventory.protection import Protection
from ..._core.inventory.selection import Selection
from ..._core.model import Purpose
from ..._core.restoring.choice import Choice
from .common import LoopRequest

LONGEST = 366 * 24 * 60  # minutes that what a drill restores may live
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
    protection: PerDatabase[Protection]
    source_accounts: tuple[str, ...]
    kms_key_id: str | None
    fallback_class: str | None
    iam: bool
    selection: Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRequest(LoopRequest):
    """Whose restored databases to remove: those of one drill, or without an id all that have expired."""

    drill_id: str | None


def check_settings(settings: RestoreSettings, purpose: Purpose) -> None:
    """Refuse what does not suit the purpose.

    :raises LifeboatError: when a drill has a setting that is only for recoveries, when what it restores would expire
        before it begins or never, or when backups would be off.
    """
    if purpose == "drill" and (told := settings.of_recoveries):
        why = "a drill's databases have names of their own, no standby and no backups"
        name = next(iter(told))
        raise LifeboatError(f"Cannot use {name} in a drill", why=why, remedy=f"Leave {name} out")
    if not 0 <= settings.expires_after <= LONGEST:
        raise LifeboatError(
            f"Cannot use expires_after {settings.expires_after}",
            why=f"what a drill restores may live for 0 to {LONGEST} minutes, a year",
            remedy=f"Set expires_after to 0 to {LONGEST}",
        )
    days = settings.backup_retention_period
    if days is not None and days not in RETENTION:
        raise LifeboatError(
            f"Cannot use backup_retention_period {days}",
            why=f"a recovery keeps backups for {RETENTION[0]} to {RETENTION[-1]} days",
            remedy=f"Set backup_retention_period to {RETENTION[0]} to {RETENTION[-1]}",
        )
