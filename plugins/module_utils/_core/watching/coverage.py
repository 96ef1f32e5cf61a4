# SPDX-License-Identifier: GPL-3.0-or-later
"""Per database: the newest recovery point at each place, its age against the objective, and what is unprotected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..copying.plan import Slot
from ..copying.quota import NAMES, Quota
from ..inventory.selection import Candidate
from ..keeping.marks import verified_at
from ..model import (
    DATABASE,
    MANAGED_BY,
    OUR_TAGS,
    PURPOSE,
    STAGE,
    Database,
    DatabaseId,
    RecoveryPoint,
    iso,
)
from ..naming import digest_of, digest_of_database, is_our_point, parse

# What is there for an hour is nobody's database.
TEMPORARY = ("drill", "stand_in")


@dataclass(frozen=True, slots=True)
class View:
    """Who looks, and where recovery points have to be: in these accounts, or else in the one that looks."""

    account: str
    prefix: str
    dr_accounts: frozenset[str] = frozenset()


@dataclass(slots=True)
class Coverage:
    """What is known of one database, at the places that this site sees."""

    identifier: str
    kind: str
    engine: str
    digest: str
    arn: str | None  # of the original database
    tags: Mapping[str, str] = field(default_factory=dict)
    exists: bool = False
    trouble: str | None = None
    newest: dict[str, tuple[datetime, RecoveryPoint]] = field(default_factory=dict)
    verified: tuple[datetime, RecoveryPoint] | None = None  # what a drill verified last
    in_flight: list[str] = field(default_factory=list)

    def add(self, original: datetime, point: RecoveryPoint, view: View) -> None:
        """Count a recovery point: the newest at its place stays, one that is not finished is in flight."""
        verified = verified_at(point) if is_our_point(point, view.prefix) else None
        if verified and (self.verified is None or self.verified[0] < verified):
            self.verified = (verified, point)
        if point.is_in_progress:
            self.in_flight.append(point.name)
        elif point.is_available and STAGE not in point.tags:
            for place in places_of(point, view):
                if place not in self.newest or self.newest[place][0] < original:
                    self.newest[place] = (original, point)

    def newest_landed(self, account: str) -> datetime | None:
        """When the newest was made of those that a DR account has."""
        return self.newest[landed_in(account)][0] if landed_in(account) in self.newest else None

    def newest_here(self, account: str) -> datetime | None:
        """When the newest was made of those that an account owns; one that others only share may go any time."""
        mine = [original for original, point in self.newest.values() if point.account == account]
        return max(mine, default=None)


def landed_in(account: str) -> str:
    return f"{account} (landed)"


def places_of(point: RecoveryPoint, view: View) -> Iterator[str]:
    """Where a recovery point is; a mark, which we set on nothing but our own, says that a DR account has it too."""
    yield f"{point.account}/{point.region}/{'automated' if point.origin == 'automated' else 'manual'}"
    if is_our_point(point, view.prefix):
        yield from (landed_in(account) for account in sorted(view.dr_accounts) if point.has_landed_in(account))


def cover(databases: Iterable[Database], points: Iterable[RecoveryPoint], view: View) -> list[Coverage]:
    """Bring databases and recovery points together by the digest of the original database."""
    known = list(databases)
    broken = {database.cluster: database for database in known if database.cluster and database.is_broken}
    passing = {digest_of_database(one.id) for one in known if one.tags.get(PURPOSE) in TEMPORARY}
    found: dict[str, Coverage] = {}
    for database in known:
        digest = digest_of_database(database.id)
        if database.cluster is None and digest not in passing:
            found[digest] = covered_database(database, broken.get(database.id.identifier))
    for point in points:
        if point.tags.get(MANAGED_BY, view.prefix) != view.prefix:
            continue  # of another installation, or of the way back after a recovery, which has a prefix of its own
        digest, original = lineage_of_point(point, view.prefix)
        if original is not None and digest not in passing:
            found.setdefault(digest, covered_by(point, digest, view.prefix)).add(original, point, view)
    return sorted(found.values(), key=lambda one: (one.identifier, one.kind))


def covered_database(database: Database, broken_member: Database | None) -> Coverage:
    """A database that is here, before any of its recovery points is counted."""
    one = database.id
    trouble = trouble_of(database, broken_member if one.kind == "cluster" else None)
    return Coverage(
        one.identifier,
        one.kind,
        database.engine,
        digest_of_database(one),
        one.arn,
        database.tags,
        exists=True,
        trouble=trouble,
    )


def covered_by(point: RecoveryPoint, digest: str, prefix: str) -> Coverage:
    """A database that is not here, as far as one of its recovery points tells."""
    kind, arn = point.database_kind, point.database_arn
    if arn is None and parse(point.name, prefix) is None:
        # What others made tells nothing but where it lies.
        arn = DatabaseId(point.account, point.region, kind, point.identifier, point.resource_id).arn
    return Coverage(point.database, kind, point.engine, digest, arn, point.tags)


def candidates(covered: Iterable[Coverage]) -> list[Candidate]:
    """What a selection and the overrides look at; of a database that is not here, what its snapshots tell."""
    return [Candidate(one.identifier, one.kind, one.engine, one.tags, one) for one in covered]


def lineage_of_point(point: RecoveryPoint, prefix: str) -> tuple[str, datetime | None]:
    """Ours carry it in their name; others are known by where they are."""
    lineage = parse(point.name, prefix)
    if lineage is not None:
        return lineage.digest, lineage.original
    return digest_of(point.account, point.region, point.resource_id), point.original or point.created


def trouble_of(database: Database, broken_member: Database | None) -> str | None:
    """What keeps a database from being backed up; or None."""
    if database.backup_retention_days == 0:
        return "Its automated backups are off: set its backup retention period to at least one day."
    if not database.can_be_backed_up:
        return f"It is {database.status}, and RDS backs up only what is available."
    if broken_member is not None:
        return f"Its member {broken_member.id.identifier} is {broken_member.status}."
    return None


def describe(coverage: Coverage, view: View, rpo: int | None, now: datetime) -> dict[str, Any]:
    """The result of recovery_point_info for one database; ages in seconds."""
    age, reason = protection(coverage, view, rpo, now)
    if reason and coverage.trouble:
        reason = f"{reason}. {coverage.trouble}"
    account, region = coverage.arn.split(":")[4:2:-1] if coverage.arn else (None, None)
    return {
        "database": coverage.identifier,
        "kind": coverage.kind,
        "engine": coverage.engine,
        "database_arn": coverage.arn,
        "account_id": account,
        "region": region,
        "digest": coverage.digest,
        "tags": {key: value for key, value in coverage.tags.items() if not key.startswith(OUR_TAGS)},
        "exists": coverage.exists,
        "newest": {place: shown(*one, now) for place, one in sorted(coverage.newest.items())},
        "last_verified": shown_verified(*coverage.verified, now) if coverage.verified else None,
        "in_flight": coverage.in_flight,
        "age_seconds": age,
        "rpo": rpo,
        "protected": reason is None,
        "reason": reason,
    }


def shown(original: datetime, point: RecoveryPoint, now: datetime) -> dict[str, Any]:
    return {
        "name": point.name,
        "arn": point.arn,
        "original_time": iso(original),
        "age_seconds": seconds_between(original, now),
        "database_arn": point.tags.get(DATABASE),
    }


def shown_verified(verified: datetime, point: RecoveryPoint, now: datetime) -> dict[str, Any]:
    return {
        "time": iso(verified),
        "age_seconds": seconds_between(verified, now),
        "name": point.name,
        "arn": point.arn,
    }


def protection(coverage: Coverage, view: View, rpo: int | None, now: datetime) -> tuple[int | None, str | None]:
    """The age that counts, which is that of the worst place, and why the database is unprotected; or None."""
    if not view.dr_accounts:
        age = age_of(coverage.newest_here(view.account), now)
        return age, why_unprotected(age, rpo, "it has no finished recovery point here", "its newest recovery point")
    ages = {account: age_of(coverage.newest_landed(account), now) for account in sorted(view.dr_accounts)}
    # Nothing new comes of a database that is gone: what landed of it is all there will be.
    limit = rpo if coverage.exists else None
    reasons = [
        why_unprotected(age, limit, f"nothing of it has landed in {account}", f"what landed last in {account}")
        for account, age in ages.items()
    ]
    known = [age for age in ages.values() if age is not None]
    worst = max(known) if len(known) == len(ages) else None
    return worst, "; ".join(reason for reason in reasons if reason) or None


def why_unprotected(age: int | None, rpo: int | None, nothing: str, newest: str) -> str | None:
    if age is None:
        return nothing
    if rpo is not None and age > rpo:
        return f"{newest} is {age} s old, and the objective is {rpo} s"
    return None


def age_of(original: datetime | None, now: datetime) -> int | None:
    return None if original is None else seconds_between(original, now)


def seconds_between(original: datetime, now: datetime) -> int:
    return int((now - original).total_seconds())


def headroom(quotas: Mapping[Slot, Quota]) -> dict[str, dict[str, int]]:
    """What may still be made, by the names that AWS gives to these quotas."""
    named = {NAMES[kind]: one for (_region, kind), one in quotas.items()}
    return {name: {"used": one.used, "max": one.maximum, "free": one.free} for name, one in named.items()}


def can_be_shared(point: RecoveryPoint) -> bool:
    """AWS shares what is manual and finished, and nothing else."""
    return point.origin == "manual" and point.is_available


def foreign_share(
    point: RecoveryPoint, shared: Iterable[str], known: frozenset[str], prefix: str
) -> dict[str, Any] | None:
    """Who besides the known accounts may copy a snapshot; None when nobody. AWS calls everybody ``all``."""
    accounts = sorted(frozenset(shared) - known)
    if not accounts:
        return None
    return {
        "database": point.database,
        "kind": point.kind,
        "name": point.name,
        "arn": point.arn,
        "accounts": accounts,
        "public": "all" in accounts,
        "ours": is_our_point(point, prefix),
    }
