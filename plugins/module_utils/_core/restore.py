# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Recovery points as running, isolated, owned databases: what to start, what to wait for, what to remove."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from .errors import LifeboatError
from .model import (
    DRILL_ID,
    EXPIRES,
    MANAGED_BY,
    PURPOSE,
    RECOVERY_POINT,
    Configuration,
    Database,
    Kind,
    RecoveryPoint,
    from_iso,
    iso,
)
from .naming import Lineage, restored_name
from .option_groups import custom
from .recipe import configuration_of
from .stand_in import STAND_IN, is_expired

DRILL = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,23}")
SERVERLESS_CLASS = "db.serverless"
DEFAULT_CLASS = "db.t4g.medium"
PROVISIONED_FROM = 400  # GiB
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


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """What one database is to be restored as."""

    prefix: str
    drill_id: str
    subnet_group: str
    security_groups: tuple[str, ...]
    instance_class: str | None  # as the original database had it, where that is known, when left out
    kms_key_id: str | None
    expires: datetime
    serverless: Mapping[str, float] | None = None  # the capacity of Aurora Serverless v2: min, max
    iam: bool = False
    parameter_group: str | None = None
    cluster_parameter_group: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A database that a drill makes out of a recovery point; plain values, so that it travels between passes."""

    kind: Kind  # of what is made
    database_kind: Kind  # of the original: an instance may stand in for a Multi-AZ DB cluster
    identifier: str  # of the original database
    name: str
    engine: str
    engine_version: str
    region: str
    encrypted: bool
    recovery_point: str
    recovery_point_arn: str
    lineage: str
    original_time: str
    database_time: str | None
    size_gib: int
    subnet_group: str
    security_groups: list[str]
    instance_class: str
    kms_key_id: str | None
    key_of_point: str | None
    tags: dict[str, str]
    database_tags: dict[str, str] = field(default_factory=dict)
    serverless: dict[str, float] | None = None
    iam: bool = False
    option_group: str | None = None
    parameter_group: str | None = None
    cluster_parameter_group: str | None = None
    storage_type: str | None = None
    iops: int | None = None
    throughput: int | None = None
    unlike: list[str] = field(default_factory=list)  # in what its configuration is not the original's
    adopted: bool = False  # a run that was killed had started it
    began: str | None = None  # AWS's times: of the run,
    chosen: str | None = None  # of the choice,
    started: str | None = None  # of the answer to the restore call,
    usable: str | None = None  # and from when on a cluster could take its member

    @property
    def key(self) -> tuple[Kind, str]:
        return self.kind, self.name

    @property
    def member(self) -> str:
        """The instance through which a restored cluster is reached."""
        return f"{self.name}-1"

    @property
    def is_stand_in(self) -> bool:
        return self.kind != self.database_kind


Databases = Mapping[tuple[str, str], Database]


def check_drill_id(drill_id: str | None) -> str:
    """Return the drill id.

    :raises LifeboatError: when identifiers could not carry it.
    """
    if not DRILL.fullmatch(drill_id or ""):
        raise LifeboatError(
            f"Cannot use the drill id {drill_id!r}",
            why="it becomes part of database identifiers: lower-case letters, digits and single hyphens, at most 24",
            remedy="Choose such an id, for example 20261123t1404",
        )
    return str(drill_id)


def why_not_restorable(point: RecoveryPoint, account: str) -> str | None:
    """Nothing that a restore needs may depend on another account."""
    key = point.kms_key_id or ""
    if key.startswith("arn:") and key.split(":")[4] != account:
        return f"it is under the key {key} of another account. Copy it under a key of account {account}."
    if point.kind == "cluster" and not point.engine.startswith("aurora"):
        return "it is of a Multi-AZ DB cluster itself. Restore the snapshot of a stand-in, as snapshot_copy makes them."
    return None


def plan_target(lineage: Lineage, point: RecoveryPoint, options: RestoreOptions) -> Target:
    """The database that this drill makes of a recovery point; a second run plans the same one."""
    known = configuration_of(point)
    told = fitting(known or Configuration(), point)
    wanted = options.instance_class or told.instance_class or DEFAULT_CLASS
    serverless = options.serverless or (capacity(told.serverless) if wanted == SERVERLESS_CLASS else None)
    is_serverless = serverless is not None and point.kind == "cluster"
    target = Target(
        kind=point.kind,
        database_kind=point.database_kind,
        identifier=point.database,
        name=name_of_target(lineage, point, options.prefix, options.drill_id),
        engine=point.engine,
        engine_version=point.engine_version,
        region=point.region,
        encrypted=point.encrypted,
        recovery_point=point.name,
        recovery_point_arn=point.arn,
        lineage=str(lineage),
        original_time=str(iso(lineage.original)),
        database_time=iso(point.database_time),
        size_gib=point.size_gib,
        subnet_group=options.subnet_group,
        security_groups=list(options.security_groups),
        instance_class=SERVERLESS_CLASS if is_serverless else wanted,
        kms_key_id=options.kms_key_id,
        key_of_point=point.kms_key_id,
        tags=tags_for_drill(point.name, options),
        database_tags=point.database_tags,
        serverless=dict(serverless or {}) if is_serverless else None,
        iam=options.iam,
        option_group=custom(point.option_group),
        parameter_group=options.parameter_group or told.parameter_group,
        cluster_parameter_group=options.cluster_parameter_group or told.cluster_parameter_group,
        storage_type=told.storage_type,
        iops=told.iops,
        throughput=told.throughput,
    )
    return replace(target, unlike=unlike(target, known))


def fitting(told: Configuration, point: RecoveryPoint) -> Configuration:
    """What of a configuration can be asked for: of gp3, nothing may be provisioned below 400 GiB (RDS User Guide)."""
    is_small = told.storage_type == "gp3" and point.size_gib < PROVISIONED_FROM
    told = replace(told, iops=None, throughput=None) if is_small else told
    return told if point.kind == "cluster" else replace(told, cluster_parameter_group=None)


def capacity(text: str | None) -> dict[str, float] | None:
    """The capacity of Aurora Serverless v2, such as ``0.5-8.0``; None where there is none."""
    least, _dash, most = (text or "").partition("-")
    try:
        return {"min": float(least), "max": float(most)}
    except ValueError:
        return None


def unlike(target: Target, told: Configuration | None) -> list[str]:
    """In what the configuration is not known to be that of the original database: a drill does not prove it."""
    if told is None or target.is_stand_in:
        return ["parameters, options, class and storage: the recovery point does not tell the original's"]
    pairs = (
        ("class", target.instance_class, told.instance_class),
        ("DB parameter group", target.parameter_group, told.parameter_group),
        ("DB cluster parameter group", target.cluster_parameter_group, told.cluster_parameter_group),
        ("option group", target.option_group, custom(told.option_group)),
    )
    return [
        f"{what}: {have or 'the default'} instead of {want or 'the default'}"
        for what, have, want in pairs
        if have != want
    ]


def name_of_target(lineage: Lineage, point: RecoveryPoint, prefix: str, drill_id: str) -> str:
    return restored_name(prefix, drill_id, point.database, lineage.digest)


def tags_for_drill(recovery_point: str, options: RestoreOptions) -> dict[str, str]:
    return {
        MANAGED_BY: options.prefix,
        PURPOSE: "drill",
        DRILL_ID: options.drill_id,
        EXPIRES: str(iso(options.expires)),
        RECOVERY_POINT: recovery_point,
    }


def require_own(targets: Iterable[Target], databases: Databases, prefix: str, drill_id: str) -> None:
    """Nothing that this drill did not make may bear a name that it needs.

    :raises LifeboatError: naming the first such database.
    """
    for target in targets:
        for key in (target.key, ("instance", target.member)):
            taken = databases.get(key)
            if taken is not None and not belongs_to(taken, prefix, drill_id):
                raise LifeboatError(
                    f"Cannot restore {target.identifier} as {key[1]}",
                    why="a database of that name exists, and this drill did not make it",
                    remedy="Choose another drill_id, or delete that database",
                )


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


# -- whose it is, and when it goes ------------------------------------------------------------------------------------


def is_ours(database: Database, prefix: str) -> bool:
    """Both our tag and our name, or it is not ours to delete: who restores by hand may inherit the tags."""
    return database.tags.get(MANAGED_BY) == prefix and database.id.identifier.startswith(f"{prefix}-")


def belongs_to(database: Database, prefix: str, drill_id: str) -> bool:
    """Whether this drill made a database: only then may it be deleted. A recovery never does."""
    tags = database.tags
    return is_ours(database, prefix) and (tags.get(PURPOSE), tags.get(DRILL_ID)) == ("drill", drill_id)


def is_left_behind(database: Database, prefix: str, now: datetime) -> bool:
    """Whether a database of a drill, or a stand-in, is past its time; a recovery has none."""
    temporary = database.tags.get(PURPOSE) in ("drill", STAND_IN)
    return temporary and is_ours(database, prefix) and is_expired(database, now)


def members_first(databases: Iterable[Database]) -> list[Database]:
    """As they can be deleted: a cluster with members cannot."""
    return sorted(databases, key=lambda one: (one.id.kind == "cluster", one.id.identifier))


def can_be_deleted_now(database: Database) -> bool:
    """A database that is still being made or changed refuses; a cluster goes after its members."""
    return (database.is_usable or (database.is_broken and database.status != "deleting")) and not database.members
