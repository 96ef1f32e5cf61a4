# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What is and what is wanted: which copies to start now, which to wait for, which are done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .errors import LifeboatError
from .model import Kind, RecoveryPoint
from .naming import parse


@dataclass(frozen=True, slots=True)
class Copy:
    """One movement of a recovery point between places, and where it stands."""

    kind: Kind
    identifier: str
    digest: str  # of the database: one copy at a time each
    name: str  # at the destination
    source_arn: str
    source_region: str
    size_gib: int
    engine: str
    reason: str
    kms_key_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    started: str | None = None  # AWS's time of the request, once it was made
    waits_for: str | None = None  # the name of an earlier copy of the same database

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.name

    def as_document(self) -> dict[str, Any]:
        """What an unfinished copy leaves for the next pass."""
        return asdict(self) | {"tags": dict(self.tags)}


@dataclass(frozen=True, slots=True)
class Limits:
    """Copies in flight per destination Region and account (RDS User Guide: 20; Aurora User Guide: 5)."""

    instance: int = 20
    cluster: int = 5

    def of(self, kind: str) -> int:
        return self.instance if kind == "instance" else self.cluster


@dataclass(slots=True)
class Decision:
    """The copies of one pass by what is to be done with them."""

    start: list[Copy] = field(default_factory=list)
    in_flight: list[tuple[Copy, RecoveryPoint]] = field(default_factory=list)
    queued: list[Copy] = field(default_factory=list)
    available: list[tuple[Copy, RecoveryPoint]] = field(default_factory=list)
    failed: list[tuple[Copy, RecoveryPoint]] = field(default_factory=list)


Rows = Mapping[tuple[str, str], RecoveryPoint]


def after_earlier(copies: Iterable[Copy], rows: Rows, prefix: str) -> list[Copy]:
    """The copies, each with the earlier copy of its database that is still in flight."""
    unfinished = [row for row in rows.values() if row.is_in_progress]
    busy = {lineage.digest: row.name for row in unfinished if (lineage := parse(row.name, prefix))}
    return [replace(copy, waits_for=earlier_than(copy, busy)) for copy in copies]


def earlier_than(copy: Copy, busy: Mapping[str, str]) -> str | None:
    name = busy.get(copy.digest)
    return None if name == copy.name else name


def decide(copies: Iterable[Copy], rows: Rows, limits: Limits, foreign: Mapping[str, int]) -> Decision:
    """Sort the copies; start what the limits allow, one at a time per database (RDS queues the others anyway).

    :param rows: the recovery points at the destination, by kind and name.
    :param foreign: how many copies by others are in flight there, by kind.
    """
    decision = Decision()
    missing: list[Copy] = []
    for copy in copies:
        row = rows.get(copy.key)
        if row is None:
            missing.append(copy)
        elif row.is_available:
            decision.available.append((copy, row))
        elif row.is_bad:
            decision.failed.append((copy, row))
        else:
            decision.in_flight.append((copy, row))
    fill_slots(decision, missing, limits, foreign)
    return decision


def fill_slots(decision: Decision, missing: Iterable[Copy], limits: Limits, foreign: Mapping[str, int]) -> None:
    """Start the missing copies while there are free slots."""
    used = {kind: foreign.get(kind, 0) for kind in ("instance", "cluster")}
    busy = {copy.digest for copy, _row in decision.in_flight}
    for copy, _row in decision.in_flight:
        used[copy.kind] += 1
    for copy in missing:
        if copy.waits_for or copy.digest in busy or used[copy.kind] >= limits.of(copy.kind):
            decision.queued.append(copy)
            continue
        decision.start.append(copy)
        busy.add(copy.digest)
        used[copy.kind] += 1


def foreign_in_flight(rows: Iterable[RecoveryPoint], copies: Iterable[Copy]) -> dict[str, int]:
    """How many copies are in flight that are not ours to wait for, by kind."""
    ours = {copy.key for copy in copies}
    counts = {"instance": 0, "cluster": 0}
    for row in rows:
        if row.status == "copying" and (row.kind, row.name) not in ours:
            counts[row.kind] += 1
    return counts


def require_ours(copies: Iterable[Copy], rows: Rows, prefix: str, where: str) -> None:
    """Nothing that somebody else made may stand where a copy is to go.

    :raises LifeboatError: naming the first such snapshot.
    """
    for copy in copies:
        row = rows.get(copy.key)
        if row is not None and not row.is_owned_by(prefix):
            raise LifeboatError(
                f"Cannot copy {copy.identifier} to {copy.name} in {where}",
                why="a snapshot of that name exists, and it does not carry our tag",
                remedy="Delete or rename it, or choose another prefix",
            )


def expected(copy: Copy, source: RecoveryPoint, account: str, region: str) -> RecoveryPoint:
    """The recovery point that a copy will be: what check mode hands to the next step."""
    resource = "snapshot" if copy.kind == "instance" else "cluster-snapshot"
    return replace(
        source,
        name=copy.name,
        arn=f"arn:aws:rds:{region}:{account}:{resource}:{copy.name}",
        account=account,
        region=region,
        origin="manual",
        encrypted=source.encrypted or copy.kms_key_id is not None,
        kms_key_id=copy.kms_key_id or source.kms_key_id,
        tags=copy.tags,
    )
