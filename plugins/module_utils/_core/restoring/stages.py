# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the restore of a database has come: what to do next, and how long each phase took."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ..model import Database, from_iso, iso
from .target import Databases, Target

Stage = Literal["restore", "wait", "member", "ready", "failed"]
# What to do about a failed restore, by the state of the database. In other states, its events in RDS say more.
REMEDIES = {
    "inaccessible-encryption-credentials": "Enable its KMS key",
    "inaccessible-encryption-credentials-recoverable": "Enable its KMS key",
    "incompatible-network": "Set db_subnet_group_name to a group with free addresses",
    "insufficient-capacity": (
        "Set db_instance_class to another class, or db_subnet_group_name to a group in more Availability Zones"
    ),
    "storage-full": "Restore an older recovery point, from when the storage was not full",
}
LOOK_AT_EVENTS = "Look at its events in RDS"


def stage_of(target: Target, databases: Databases) -> tuple[Stage, Database | None]:
    """Find out what a target needs next, and the database row that decides it (None before the restore).

    A cluster is ready only when its member is.
    """
    found = databases.get(target.key)
    if found is None:
        return "restore", None
    if not found.is_usable:
        return unusable(target, found), found
    if target.kind == "instance":
        return ("ready" if found.host else "wait"), found
    member = databases.get(("instance", target.member))
    if member is None:
        return "member", found
    return ("ready", found) if member.is_usable else (unusable(target, member), member)


def unusable(target: Target, found: Database) -> Stage:
    """Decide between waiting and failure for a database that cannot be used.

    If an earlier run left it in deletion, wait until it is gone. If this run started it, a deletion is a failure.
    """
    is_going_first = found.status == "deleting" and target.progress.started is None
    return "failed" if found.is_broken and not is_going_first else "wait"


def why_failed(target: Target, found: Database) -> str:
    """Explain how a restore failed, and what to do."""
    remedy = REMEDIES.get(found.status, LOOK_AT_EVENTS)
    return f"The restore of {target.original.identifier} ended as {found.status} ({found.id.identifier}). {remedy}."


def phases_of(target: Target, now: datetime) -> dict[str, int]:
    """Compute the seconds that each phase took, by AWS's clock.

    Phases that this run did not see, such as those of a restore that an earlier run started, are absent.
    """
    marks = {
        "choose": (target.progress.began, target.progress.chosen),
        "restore_call": (target.progress.chosen, target.progress.started),
        "available": (target.progress.started, target.progress.usable if target.kind == "cluster" else iso(now)),
        "member": (target.progress.usable, iso(now)),
    }
    return {name: seconds_between(start, end) for name, (start, end) in marks.items() if start and end}


def seconds_between(start: str, end: str) -> int:
    """Compute the seconds between two ISO times."""
    return int((from_iso(end) - from_iso(start)).total_seconds())
