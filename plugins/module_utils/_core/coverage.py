# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Per database: the newest recovery point at each place, its age against the objective, and what is unprotected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .model import DATABASE, Database, RecoveryPoint, iso
from .naming import digest_of, parse


@dataclass(slots=True)
class Coverage:
    """What is known of one database, at the places that this site sees."""

    identifier: str
    kind: str
    engine: str
    exists: bool = False
    newest: dict[str, tuple[datetime, RecoveryPoint]] = field(default_factory=dict)
    in_flight: list[str] = field(default_factory=list)

    def add(self, original: datetime, point: RecoveryPoint) -> None:
        """Count a recovery point: the newest at its place stays, one that is not finished is in flight."""
        if point.is_in_progress:
            self.in_flight.append(point.name)
        elif point.is_available:
            place = place_of(point)
            if place not in self.newest or self.newest[place][0] < original:
                self.newest[place] = (original, point)


def place_of(point: RecoveryPoint) -> str:
    return f"{point.account}/{point.region}/{'automated' if point.origin == 'automated' else 'manual'}"


def cover(databases: Iterable[Database], points: Iterable[RecoveryPoint], prefix: str) -> list[Coverage]:
    """Bring databases and recovery points together by the digest of the original database."""
    found: dict[str, Coverage] = {}
    for database in databases:
        one = database.id
        digest = digest_of(one.account, one.region, one.resource_id)
        found[digest] = Coverage(one.identifier, one.kind, database.engine, exists=True)
    for point in points:
        digest, original = lineage_of_point(point, prefix)
        if original is not None:
            found.setdefault(digest, Coverage(point.identifier, point.kind, point.engine)).add(original, point)
    return sorted(found.values(), key=lambda one: (one.identifier, one.kind))


def lineage_of_point(point: RecoveryPoint, prefix: str) -> tuple[str, datetime | None]:
    """Ours carry it in their name; others are known by where they are."""
    lineage = parse(point.name, prefix)
    if lineage is not None:
        return lineage.digest, lineage.original
    return digest_of(point.account, point.region, point.resource_id), point.original or point.created


def describe(coverage: Coverage, now: datetime, rpo: int | None) -> dict[str, Any]:
    """The result of recovery_point_info for one database; ages in seconds."""
    newest = {
        place: {
            "name": point.name,
            "arn": point.arn,
            "original_time": iso(original),
            "age_seconds": int((now - original).total_seconds()),
            "database_arn": point.tags.get(DATABASE),
        }
        for place, (original, point) in sorted(coverage.newest.items())
    }
    youngest = max((original for original, _point in coverage.newest.values()), default=None)
    age = None if youngest is None else int((now - youngest).total_seconds())
    reason = why_unprotected(age, rpo)
    return {
        "database": coverage.identifier,
        "kind": coverage.kind,
        "engine": coverage.engine,
        "exists": coverage.exists,
        "newest": newest,
        "in_flight": coverage.in_flight,
        "age_seconds": age,
        "protected": reason is None,
        "reason": reason,
    }


def why_unprotected(age: int | None, rpo: int | None) -> str | None:
    if age is None:
        return "it has no finished recovery point here"
    if rpo is not None and age > rpo:
        return f"its newest recovery point is {age} s old, and the objective is {rpo} s"
    return None
