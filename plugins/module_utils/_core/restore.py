# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Recovery points as running, isolated, owned databases: what to start, what to wait for, what to remove."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .errors import LifeboatError
from .model import (
    DRILL_ID,
    EXPIRES,
    MANAGED_BY,
    PURPOSE,
    RECOVERY_POINT,
    Database,
    Kind,
    RecoveryPoint,
    iso,
)
from .naming import Lineage, restored_name
from .retention import ours
from .selection import Candidate, Selection, select

DRILL = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,23}")
Stage = Literal["restore", "wait", "member", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class Network:
    """A DB subnet group as far as isolation is concerned."""

    subnet_group: str
    vpc_id: str
    subnets: tuple[str, ...]
    public_subnets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    prefix: str
    drill_id: str
    subnet_group: str
    security_groups: tuple[str, ...]
    instance_class: str
    kms_key_id: str | None
    expires: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """A database that a drill makes out of a recovery point; plain values, so that it travels between passes."""

    kind: Kind
    identifier: str  # of the original database
    name: str
    engine: str
    engine_version: str
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
    tags: dict[str, str]
    started: str | None = None  # AWS's time of the restore call

    @property
    def key(self) -> tuple[Kind, str]:
        return self.kind, self.name

    @property
    def member(self) -> str:
        """The instance through which a restored cluster is reached."""
        return f"{self.name}-1"


Databases = Mapping[tuple[str, str], Database]


def check_drill_id(drill_id: str) -> str:
    """Return the drill id.

    :raises LifeboatError: when identifiers could not carry it.
    """
    if not DRILL.fullmatch(drill_id):
        raise LifeboatError(
            f"Cannot use the drill id {drill_id!r}",
            why="it becomes part of database identifiers: lower-case letters, digits and single hyphens, at most 24",
            remedy="Choose such an id, for example 20261123t1404",
        )
    return drill_id


def check_isolation(network: Network) -> None:
    """A restored database must be reachable by nobody outside.

    :raises LifeboatError: when the subnet group has a public subnet.
    """
    if network.public_subnets:
        raise LifeboatError(
            f"Cannot restore into the DB subnet group {network.subnet_group}",
            why=f"its subnet {network.public_subnets[0]} has a route to an internet gateway",
            remedy="Name a subnet group of private subnets only",
        )


def newest_landed(
    points: Iterable[RecoveryPoint], prefix: str, wanted: Selection, where: str
) -> list[tuple[Lineage, RecoveryPoint]]:
    """The newest finished recovery point of each selected database.

    :raises LifeboatError: when an identifier matches no database that has one.
    """
    newest: dict[str, tuple[Lineage, RecoveryPoint]] = {}
    for lineage, point in ours(points, prefix):
        if point.is_available:
            newest.setdefault(lineage.digest, (lineage, point))
    candidates = [
        Candidate(point.database, point.kind, point.engine, point.tags, (lineage, point))
        for lineage, point in newest.values()
    ]
    return [one.item for one in select(candidates, wanted, where)]


def why_not_restorable(point: RecoveryPoint, account: str) -> str | None:
    """Nothing that a restore needs may depend on another account."""
    key = point.kms_key_id or ""
    if key.startswith("arn:") and key.split(":")[4] != account:
        return f"it is under the key {key} of another account. Copy it under a key of account {account}."
    return None


def plan_target(lineage: Lineage, point: RecoveryPoint, options: RestoreOptions) -> Target:
    """The database that this drill makes of a recovery point; a second run plans the same one."""
    return Target(
        kind=point.kind,
        identifier=point.database,
        name=restored_name(options.prefix, options.drill_id, point.database, lineage.digest),
        engine=point.engine,
        engine_version=point.engine_version,
        encrypted=point.encrypted,
        recovery_point=point.name,
        recovery_point_arn=point.arn,
        lineage=str(lineage),
        original_time=str(iso(lineage.original)),
        database_time=iso(point.database_time),
        size_gib=point.size_gib,
        subnet_group=options.subnet_group,
        security_groups=list(options.security_groups),
        instance_class=options.instance_class,
        kms_key_id=options.kms_key_id,
        tags=tags_for_drill(point.name, options),
    )


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


def belongs_to(database: Database, prefix: str, drill_id: str) -> bool:
    """Whether this drill made a database: only then may it be deleted. A recovery never does."""
    tags = database.tags
    return (tags.get(MANAGED_BY), tags.get(PURPOSE), tags.get(DRILL_ID)) == (prefix, "drill", drill_id)


def stage_of(target: Target, databases: Databases) -> tuple[Stage, Database | None]:
    """What a target needs next, and the database that shows it."""
    found = databases.get(target.key)
    if found is None:
        return "restore", None
    if found.is_broken:
        return "failed", found
    if not found.is_usable:
        return "wait", found
    if target.kind == "instance":
        return ("ready" if found.host else "wait"), found
    member = databases.get(("instance", target.member))
    if member is None:
        return "member", found
    if member.is_broken:
        return "failed", member
    return ("ready" if member.is_usable else "wait"), found


def to_remove(databases: Iterable[Database], prefix: str, drill_id: str) -> list[Database]:
    """What a drill made, members before their clusters: a cluster with members cannot be deleted."""
    mine = [one for one in databases if belongs_to(one, prefix, drill_id)]
    return sorted(mine, key=lambda one: (one.id.kind == "cluster", one.id.identifier))


def can_be_deleted_now(database: Database) -> bool:
    """A database that is still being made or changed refuses; a cluster goes after its members."""
    return (database.is_usable or (database.is_broken and database.status != "deleting")) and not database.members
