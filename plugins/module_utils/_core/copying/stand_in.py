# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in: a temporary instance, because snapshots of a Multi-AZ DB cluster can be neither copied nor shared.

It is restored from the cluster's snapshot, a snapshot is taken of it, and it is deleted (RDS User Guide, restoring from
a Multi-AZ DB cluster snapshot to a DB instance).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from ..arns import name_of
from ..model import EXPIRES, MANAGED_BY, PURPOSE, RECOVERY_POINT, Database, DatabaseId, database_arn, from_iso, iso
from ..naming import Lineage, has_our_tag, read_name, stand_in_name
from .intermediates import unfinished
from .plan import Copy, Rows

STAND_IN = "stand_in"


@dataclass(frozen=True, slots=True)
class StandInOptions:
    """Where stand-ins are created, and when they expire."""

    subnet_group: str
    security_groups: tuple[str, ...]
    instance_class: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class StandIn:
    """A stand-in to create. It has plain values only, so that one pass can hand it to the next."""

    identifier: str  # of the cluster
    name: str
    engine: str
    recovery_point: str  # the ARN of the cluster's snapshot
    subnet_group: str
    security_groups: list[str]
    instance_class: str
    tags: Mapping[str, str] = field(default_factory=dict)
    started: str | None = None  # when the restore was requested, by AWS's clock

    def as_document(self) -> dict[str, Any]:
        return asdict(self) | {"tags": dict(self.tags)}


def plan_stand_in(
    identifier: str, engine: str, recovery_point: str, lineage: Lineage, prefix: str, options: StandInOptions
) -> StandIn:
    """Plan the instance that is restored from the snapshot of a Multi-AZ DB cluster.

    :param recovery_point: the ARN of that snapshot.
    """
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
    """Build the ARN of a stand-in."""
    return database_arn(account, region, "instance", name)


def as_restored(one: StandIn, account: str, region: str) -> Database:
    """Predict the instance that a stand-in will be. Check mode goes on with it."""
    identity = DatabaseId(account, region, "instance", one.name, "")
    return Database(identity, one.engine, None, "available", tags=one.tags)


def still_needed(stand_ins: Iterable[StandIn], copies: Iterable[Copy], rows: Rows) -> list[StandIn]:
    """List the stand-ins whose snapshot is not available yet."""
    waiting = {name_of(copy.source_arn) for copy in unfinished(copies, rows) if copy.is_taken}
    return [one for one in stand_ins if one.name in waiting]


def left_over(databases: Iterable[Database], needed: Iterable[StandIn], prefix: str, now: datetime) -> list[Database]:
    """List our stand-ins that are not needed any more or have expired."""
    names = {one.name for one in needed}
    return [
        database
        for database in databases
        if is_our_stand_in(database, prefix) and (database.id.identifier not in names or is_expired(database, now))
    ]


def is_our_stand_in(database: Database, prefix: str) -> bool:
    """Tell whether our installation made this database as a stand-in, and not for another purpose."""
    is_own = has_our_tag(database.tags, prefix) and read_name(database.id.identifier, prefix) is not None
    return is_own and database.tags.get(PURPOSE) == STAND_IN


def is_expired(database: Database, now: datetime) -> bool:
    """Tell whether the expiry time in the tags has passed. A database without a valid one does not expire."""
    try:
        return from_iso(database.tags.get(EXPIRES, "")) < now
    except (ValueError, TypeError):  # without a valid time and zone, it is not ours
        return False
