# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the restore of a database has come: what it needs next, and how long each phase took."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ..model import Database, from_iso, iso
from .target import Databases, Target

Stage = Literal["restore", "wait", "member", "ready", "failed"]
# What a bad end asks for; whatever else there is, the events of the database tell.
REMEDIES = {
    "inaccessible-encryption-credentials": "Enable its KMS key",
    "inaccessible-encryption-credentials-recoverable": "Enable its KMS key",
    "incompatible-network": "Name a DB subnet group with free addresses",
    "insufficient-capacity": "Name another db_instance_class, or a subnet group in more Availability Zones",
    "storage-full": "Restore another recovery point, of a time when there was room",
}
LOOK_AT_EVENTS = "Look at its events in RDS"


def stage_of(target: Target, databases: Databases) -> tuple[Stage, Database | None]:
    """What a target needs next, and the database that shows it."""
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
    """Whether it is on its way. What a killed run was removing goes first; what this run made is not to go."""
    is_going_first = found.status == "deleting" and target.started is None
    return "failed" if found.is_broken and not is_going_first else "wait"


def why_failed(target: Target, found: Database) -> str:
    remedy = REMEDIES.get(found.status, LOOK_AT_EVENTS)
    return f"The restore of {target.identifier} ended as {found.status} ({found.id.identifier}). {remedy}."


def phases_of(target: Target, now: datetime) -> dict[str, int]:
    """How long each phase took, in seconds on AWS's clock, one after the other; what this run did not see is absent."""
    marks = {
        "choose": (target.began, target.chosen),
        "restore_call": (target.chosen, target.started),
        "available": (target.started, target.usable if target.kind == "cluster" else iso(now)),
        "member": (target.usable, iso(now)),
    }
    return {name: seconds_between(start, end) for name, (start, end) in marks.items() if start and end}


def seconds_between(start: str, end: str) -> int:
    return int((from_iso(end) - from_iso(start)).total_seconds())
