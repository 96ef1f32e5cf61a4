# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the wanted copies with those that exist: which to start now, which to wait for, which are done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..arns import account_of, region_of, type_of
from ..errors import LifeboatError
from ..model import BEGUN, Database, Kind, RecoveryPoint, snapshot_arn
from ..naming import Lineage, Origin, is_our_point, parse

PointKey = tuple[str, str, str]  # Region, kind and name: identifies a snapshot within an account
Rows = Mapping[PointKey, RecoveryPoint]
Slot = tuple[str, str]  # destination Region and kind: AWS limits the copies in flight for each pair


@dataclass(frozen=True, slots=True)
class Copy:
    """One movement of a recovery point between places, and its progress.

    Its source is a snapshot, or a database of which a snapshot is taken.
    """

    kind: Kind
    identifier: str
    origin: Origin  # the original database; one copy of each runs at a time
    name: str  # at the destination
    account: str  # of the destination
    region: str  # of the destination
    source_arn: str
    size_gib: int | None
    engine: str
    reason: str
    resource_id: str | None  # of the database or stand-in that the snapshot was taken from
    kms_key_id: str | None = None
    option_group: str | None = None
    copy_option_group: bool = False  # take the option group along where AWS can, instead of setting option_group
    tags: Mapping[str, str] = field(default_factory=dict)
    started: str | None = None  # when AWS received the request, by AWS's clock
    waits_for: str | None = None  # the name of an earlier copy of the same database
    doubtful: bool = False  # AWS's answer did not say whether the copy was started

    @property
    def key(self) -> PointKey:
        return self.region, self.kind, self.name

    @property
    def slot(self) -> Slot:
        return self.region, self.kind

    @property
    def arn(self) -> str:
        return snapshot_arn(self.account, self.region, self.kind, self.name)

    @property
    def source_region(self) -> str:
        return region_of(self.source_arn)

    @property
    def source_account(self) -> str:
        return account_of(self.source_arn)

    @property
    def is_taken(self) -> bool:
        """Tell whether a snapshot is taken of a database. Such a snapshot uses no copy slot."""
        return type_of(self.source_arn) in ("db", "cluster")

    @property
    def is_single_step(self) -> bool:
        """Tell whether one copy crosses both account and Region, which AWS allows since 2025-09."""
        return self.source_region != self.region and self.source_account != self.account

    @property
    def takes_group_along(self) -> bool:
        """Tell whether AWS copies the option group, as it does across accounts in a Region (aws_rds.md 1.2)."""
        return self.copy_option_group and self.source_region == self.region and self.source_account != self.account

    def as_document(self) -> dict[str, Any]:
        """Turn an unfinished copy into plain values, so that the next pass can go on with it."""
        return asdict(self) | {"tags": dict(self.tags)}

    def begun(self, now: str) -> Copy:
        """Stamp it with the time of the request, which becomes a tag of the snapshot."""
        return replace(self, started=now, tags={**self.tags, BEGUN: now})

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Copy:
        """Read what as_document wrote."""
        return cls(**{**document, "origin": Origin(**document["origin"])})

    def lineage(self, prefix: str) -> Lineage | None:
        """Read the lineage that it will have."""
        return parse(self.name, prefix, self.origin.account)


@dataclass(frozen=True, slots=True)
class Limits:
    """The greatest number of copies in flight per destination Region and account.

    Defaults: AWS's limits (RDS User Guide: 20; Aurora User Guide: 5).
    """

    instance: int = 20
    cluster: int = 5

    def of(self, kind: str) -> int:
        return self.instance if kind == "instance" else self.cluster


@dataclass(slots=True)
class Decision:
    """The copies of one pass, sorted by what to do with them."""

    start: list[Copy] = field(default_factory=list)
    in_flight: list[tuple[Copy, RecoveryPoint]] = field(default_factory=list)
    queued: list[tuple[Copy, str]] = field(default_factory=list)  # each with what it waits for
    available: list[tuple[Copy, RecoveryPoint]] = field(default_factory=list)
    failed: list[tuple[Copy, RecoveryPoint]] = field(default_factory=list)


def after_earlier(copies: Iterable[Copy], rows: Rows, prefix: str) -> list[Copy]:
    """Set waits_for on copies whose database has an earlier copy in flight to the same destination."""
    unfinished = [row for row in rows.values() if row.is_in_progress]
    busy = {
        (row.region, lineage.origin): row.name
        for row in unfinished
        if (lineage := parse(row.name, prefix, row.origin_account))
    }
    return [replace(copy, waits_for=earlier_than(copy, busy)) for copy in copies]


def earlier_than(copy: Copy, busy: Mapping[tuple[str, Origin], str]) -> str | None:
    """Find the name of another copy of this database that is in flight to the same destination."""
    name = busy.get((copy.region, copy.origin))
    return None if name == copy.name else name


def decide(
    copies: Iterable[Copy], rows: Rows, limits: Limits, foreign: Mapping[Slot, int], held: Iterable[str] = ()
) -> Decision:
    """Sort the copies by their state, and choose which to start now within the limits.

    Starts one copy per database and destination at a time: RDS would queue the others anyway.

    :param rows: the recovery points at the destinations.
    :param foreign: how many copies by others are in flight to each destination.
    :param held: the ARNs of sources that do not exist yet.
    """
    decision = Decision()
    missing: list[Copy] = []
    unready = set(held)
    for copy in copies:
        row = rows.get(copy.key)
        if row is None:
            missing.append(copy)
        elif row.is_available:
            decision.available.append((copy, row))
            continue
        elif row.is_bad:
            decision.failed.append((copy, row))
        else:
            decision.in_flight.append((copy, row))
        unready.add(copy.arn)
    fill_slots(decision, missing, unready, limits, Counter(foreign))
    return decision


def fill_slots(
    decision: Decision, missing: Iterable[Copy], unready: set[str], limits: Limits, used: Counter[Slot]
) -> None:
    """Start the missing copies while slots are free, and queue the others with the reason.

    A copy whose source is itself a copy waits until that one is available.
    """
    busy = {(copy.region, copy.origin) for copy, _row in decision.in_flight}
    used.update(copy.slot for copy, _row in decision.in_flight if not copy.is_taken)
    for copy in missing:
        place = copy.region, copy.origin
        if copy.source_arn in unready:
            decision.queued.append((copy, "waits for the previous step"))
        elif copy.waits_for or place in busy:
            decision.queued.append((copy, "waits for an earlier copy of the same database"))
        elif not copy.is_taken and used[copy.slot] >= limits.of(copy.kind):
            decision.queued.append((copy, "waits for a free copy slot at its destination"))
        else:
            decision.start.append(copy)
            busy.add(place)
            used[copy.slot] += not copy.is_taken


def foreign_in_flight(rows: Iterable[RecoveryPoint], copies: Iterable[Copy]) -> Counter[Slot]:
    """Count the copies in flight that are not among ours, for each destination."""
    ours = {copy.key for copy in copies}
    return Counter((row.region, row.kind) for row in rows if row.status == "copying" and row.key not in ours)


def why_taken(copy: Copy, rows: Rows, prefix: str) -> LifeboatError | None:
    """Explain why a copy cannot have its name: a snapshot has it that is not ours. None if it can."""
    row = rows.get(copy.key)
    if row is None or is_our_point(row, prefix):
        return None
    return LifeboatError(
        f"Cannot copy {copy.identifier} to {copy.name} in {copy.region}",
        why="a snapshot of that name exists, and it does not carry our tag",
        remedy="Delete or rename it, or choose another prefix",
    )


def as_made(copy: Copy) -> RecoveryPoint:
    """Predict the recovery point that a copy will be, from the copy alone. Check mode goes on with it."""
    return RecoveryPoint(
        kind=copy.kind,
        name=copy.name,
        arn=copy.arn,
        account=copy.account,
        region=copy.region,
        origin="manual",
        status="available",
        engine=copy.engine,
        engine_version=None,
        identifier=copy.identifier,
        resource_id=copy.resource_id,
        size_gib=copy.size_gib,
        encrypted=copy.kms_key_id is not None,
        kms_key_id=copy.kms_key_id,
        tags=copy.tags,
    )


def expected(copy: Copy, source: RecoveryPoint | Database) -> RecoveryPoint:
    """Predict the recovery point that a copy will be, from the copy and its source. Check mode passes it on."""
    return replace(
        as_made(copy),
        engine_version=source.engine_version,
        encrypted=source.encrypted or copy.kms_key_id is not None,
        kms_key_id=copy.kms_key_id or source.kms_key_id,
    )
