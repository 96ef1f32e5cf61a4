# SPDX-License-Identifier: GPL-3.0-or-later
"""The instance that stands in for a Multi-AZ DB cluster, whose snapshots can be neither copied nor shared.

It is restored from the cluster's snapshot, has its own snapshot taken, and goes (RDS User Guide, restoring from a
Multi-AZ DB cluster snapshot to a DB instance).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from ..model import EXPIRES, MANAGED_BY, PURPOSE, RECOVERY_POINT, Database, DatabaseId, from_iso, iso
from ..naming import Lineage, own_lineage, stand_in_name
from .intermediates import unfinished
from .plan import Copy, Rows

STAND_IN = "stand_in"


@dataclass(frozen=True, slots=True)
class StandInOptions:
    """Where stand-ins may live, and for how long."""

    subnet_group: str
    security_groups: tuple[str, ...]
    instance_class: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class StandIn:
    """A stand-in that is wanted; plain values, so that it travels between passes."""

    identifier: str  # of the cluster
    name: str
    engine: str
    recovery_point: str  # the ARN of the cluster's snapshot
    subnet_group: str
    security_groups: list[str]
    instance_class: str
    tags: Mapping[str, str] = field(default_factory=dict)
    started: str | None = None  # AWS's time of the restore call

    def as_document(self) -> dict[str, Any]:
        return asdict(self) | {"tags": dict(self.tags)}


def plan_stand_in(
    identifier: str, engine: str, recovery_point: str, lineage: Lineage, prefix: str, options: StandInOptions
) -> StandIn:
    """The instance to restore from the snapshot of a Multi-AZ DB cluster."""
    return StandIn(
        identifier=identifier,
        name=stand_in_name(prefix, identifier, lineage),
        engine=engine,
        recovery_point=recovery_point,
        subnet_group=options.subnet_group,
        security_groups=list(options.security_groups),
        instance_class=options.instance_class,
        tags={
            MANAGED_BY: prefix,
            PURPOSE: STAND_IN,
            RECOVERY_POINT: recovery_point,
            EXPIRES: str(iso(options.expires)),
        },
    )


def arn_of(name: str, account: str, region: str) -> str:
    return DatabaseId(account, region, "instance", name, "").arn


def as_restored(one: StandIn, account: str, region: str) -> Database:
    """The instance that a stand-in will be: what check mode goes on with."""
    identity = DatabaseId(account, region, "instance", one.name, "")
    return Database(identity, one.engine, "", "available", tags=one.tags)


def still_needed(stand_ins: Iterable[StandIn], copies: Iterable[Copy], rows: Rows) -> list[StandIn]:
    """The stand-ins of which no snapshot has been taken yet."""
    waiting = {copy.source_arn.split(":")[6] for copy in unfinished(copies, rows) if copy.is_taken}
    return [one for one in stand_ins if one.name in waiting]


def left_over(databases: Iterable[Database], needed: Iterable[StandIn], prefix: str, now: datetime) -> list[Database]:
    """Our stand-ins that are needed no more, or that somebody left beyond their time."""
    names = {one.name for one in needed}
    return [
        database
        for database in databases
        if is_our_stand_in(database, prefix) and (database.id.identifier not in names or is_expired(database, now))
    ]


def is_our_stand_in(database: Database, prefix: str) -> bool:
    """What we made for another purpose is no stand-in."""
    is_own = own_lineage(database.id.identifier, database.tags, prefix) is not None
    return is_own and database.tags.get(PURPOSE) == STAND_IN


def is_expired(database: Database, now: datetime) -> bool:
    try:
        return from_iso(database.tags.get(EXPIRES, "")) < now
    except (ValueError, TypeError):  # no time, or one without a zone: not ours
        return False
