# SPDX-License-Identifier: GPL-3.0-or-later
"""The coverage of each database: its newest recovery points, their age, and why it is unprotected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..copying.plan import Slot
from ..copying.quota import NAMES, Quota
from ..copying.routes import Start, why_unsupported
from ..inventory.selection import Candidate
from ..keeping.marks import verified_at
from ..model import (
    MANAGED_BY,
    PURPOSE,
    STAGE,
    Database,
    RecoveryPoint,
    database_arn,
)
from ..naming import Lineage, Origin, is_our_point, origin_of, origin_of_database, parse, why_time_not_believed
from ..option_groups import Groups, custom

# Purposes of databases that exist for some hours only, and need no protection.
TEMPORARY = ("drill", "stand_in")


@dataclass(frozen=True, slots=True)
class View:
    """The site that looks. Recovery points must be in its DR accounts, or if it has none, in its own account."""

    account: str
    prefix: str
    dr_accounts: frozenset[str] = frozenset()
    groups: Groups = field(default_factory=dict)  # the option groups here: data may depend on what they have


@dataclass(slots=True)
class Coverage:
    """What a site knows about one database."""

    identifier: str
    kind: str  # instance or cluster
    engine: str
    origin: Origin
    arn: str | None  # of the original database, None when not known
    tags: Mapping[str, str] = field(default_factory=dict)

    exists: bool = False  # whether the database itself is at this site
    replica_of: str | None = None  # the ARN of the database that it replicates
    is_ours: bool = False  # whether one of its recovery points has our name
    trouble: str | None = None  # why it cannot be backed up
    # by place: the original time, and the recovery point
    newest: dict[str, tuple[datetime, RecoveryPoint]] = field(default_factory=dict)
    verified: tuple[datetime, RecoveryPoint] | None = None  # when a drill verified one last, and which
    oldest: tuple[datetime, RecoveryPoint] | None = None  # of those that landed here: how far back one can go
    in_flight: list[str] = field(default_factory=list)  # names of recovery points

    def add(self, lineage: Lineage, point: RecoveryPoint, view: View) -> None:
        """Count a recovery point. Only the newest one at each place is kept, and unfinished ones are in flight."""
        self.is_ours = self.is_ours or claimed_lineage(point, view) is not None
        verified = verified_at(point) if is_our_point(point, view.prefix) else None
        if verified and (self.verified is None or self.verified[0] < verified):
            self.verified = (verified, point)
        if point.is_in_progress:
            self.in_flight.append(point.name)
        elif point.is_available and STAGE not in point.tags and why_time_not_believed(lineage, point) is None:
            found = (lineage.original, point)
            for place in places_of(point, view):
                if place not in self.newest or self.newest[place][0] < lineage.original:
                    self.newest[place] = found
            if has_landed_here(point, view) and (self.oldest is None or self.oldest[0] > lineage.original):
                self.oldest = found

    @property
    def is_history(self) -> bool:
        """Whether only snapshots of others are left of it, such as its final one. Nobody here ever protected it."""
        return not self.exists and not self.is_ours

    def newest_landed(self, account: str) -> datetime | None:
        """Find the original time of the newest recovery point that landed in a DR account."""
        return self.newest[landed_in(account)][0] if landed_in(account) in self.newest else None

    def newest_here(self, account: str) -> datetime | None:
        """Find the original time of the newest recovery point that an account owns.

        Those that others share with it do not count, because they may disappear at any time.
        """
        mine = [original for original, point in self.newest.values() if point.account == account]
        return max(mine, default=None)


def landed_in(account: str) -> str:
    """Name the place of what landed in a DR account."""
    return f"{account} (landed)"


def places_of(point: RecoveryPoint, view: View) -> Iterator[str]:
    """List the places of a recovery point.

    A published copy of ours that is marked as landed is in that DR account as well.
    """
    yield f"{point.account}/{point.region}/{'automated' if point.origin == 'automated' else 'manual'}"
    if is_our_point(point, view.prefix):
        yield from (landed_in(account) for account in sorted(view.dr_accounts) if point.has_landed_in(account))


def has_landed_here(point: RecoveryPoint, view: View) -> bool:
    """Tell whether the account that looks owns a recovery point that our installation made of another account."""
    is_landed = point.origin_account != view.account
    return point.account == view.account and is_our_point(point, view.prefix) and is_landed


def cover(databases: Iterable[Database], points: Iterable[RecoveryPoint], view: View) -> list[Coverage]:
    """Group the recovery points with their databases, by their origins."""
    known = list(databases)
    broken = {database.cluster: database for database in known if database.cluster and database.is_broken}
    passing = {origin_of_database(one.id) for one in known if one.tags.get(PURPOSE) in TEMPORARY}
    found: dict[Origin, Coverage] = {}
    for database in known:
        origin = origin_of_database(database.id)
        if database.cluster is None and origin not in passing:
            found[origin] = covered_database(database, broken.get(database.id.identifier), view)
    for point in points:
        if point.tags.get(MANAGED_BY, view.prefix) != view.prefix:
            continue  # of another installation, or of the way back after a recovery, which has a prefix of its own
        lineage = lineage_of_point(point, view)
        if lineage is not None and lineage.origin not in passing:
            covered = found.setdefault(lineage.origin, covered_by(point, lineage.origin, view))
            covered.add(lineage, point, view)
    return sorted(found.values(), key=lambda one: (one.identifier, one.kind, one.origin))


def covered_database(database: Database, broken_member: Database | None, view: View) -> Coverage:
    """Describe a database that is at this site, before its recovery points are counted."""
    one = database.id
    trouble = trouble_of(database, broken_member if one.kind == "cluster" else None) or why_it_stays(database, view)
    return Coverage(
        one.identifier,
        one.kind,
        database.engine,
        origin_of_database(one),
        one.arn,
        database.tags,
        exists=True,
        trouble=trouble,
        replica_of=database.replica_of,
    )


def covered_by(point: RecoveryPoint, origin: Origin, view: View) -> Coverage:
    """Describe a database that is not at this site, as far as one of its recovery points tells."""
    kind, arn = point.database_kind, point.database_arn
    if arn is None and claimed_lineage(point, view) is None:
        # A snapshot that others made does not name its original database, so assume that it was in the same place.
        arn = database_arn(point.account, point.region, kind, point.identifier)
    return Coverage(point.database, kind, point.engine, origin, arn, point.tags)


def candidates(covered: Iterable[Coverage]) -> list[Candidate]:
    """Describe databases for selections and overrides. For one that is not here, its snapshot provides the tags."""
    return [Candidate(one.identifier, one.kind, one.engine, one.tags, one) for one in covered]


def lineage_of_point(point: RecoveryPoint, view: View) -> Lineage | None:
    """Find the origin and the original time of a recovery point, or return None if they are not known.

    The names of our snapshots tell them. For others they come from the snapshot's row.
    """
    if lineage := claimed_lineage(point, view):
        return lineage
    if point.resource_id is None or point.known_time is None:
        return None
    return Lineage(origin_of(point.account, point.region, point.resource_id), point.known_time)


def claimed_lineage(point: RecoveryPoint, view: View) -> Lineage | None:
    """Read the lineage in a name. What another account shares comes from there, whatever it was copied from."""
    account = point.origin_account if point.account == view.account else point.account
    return parse(point.name, view.prefix, account)


def trouble_of(database: Database, broken_member: Database | None) -> str | None:
    """Explain what keeps a database from being backed up, or return None."""
    if database.backup_retention_days == 0:
        return "Its automated backups are off: set its backup retention period to at least one day."
    if not database.can_be_backed_up:
        return f"It is {database.status}, and RDS backs up only available databases."
    if broken_member is not None:
        return f"Its member {broken_member.id.identifier} is {broken_member.status}."
    return None


def why_it_stays(database: Database, view: View) -> str | None:
    """Explain why no recovery point of a database can leave the account, in the words of publish, or return None."""
    group = view.groups.get(database.option_group) if database.option_group else None
    options = group.persistent if group else frozenset()
    start = Start(database.id.kind, database.engine, "automated", "none", options)
    here = database.id.region
    problem = why_unsupported(start, here, here, share=True) if view.dr_accounts else None
    return f"It cannot be published: {problem.reason}. {problem.remedy}." if problem else None


def has_option_groups(databases: Iterable[Database]) -> bool:
    """Tell whether a database has an option group of its own, on which its data may depend."""
    return any(custom(database.option_group) for database in databases)


def headroom(quotas: Mapping[Slot, Quota]) -> dict[str, dict[str, int]]:
    """List the use of the quotas for manual snapshots, by the names that AWS gives them."""
    named = {NAMES[kind]: one for (_region, kind), one in quotas.items()}
    return {name: {"used": one.used, "max": one.maximum, "free": one.free} for name, one in named.items()}


def can_be_shared(point: RecoveryPoint) -> bool:
    """Tell whether AWS can share a snapshot: only if it is manual and available."""
    return point.origin == "manual" and point.is_available


def foreign_share(
    point: RecoveryPoint, shared: Iterable[str], known: frozenset[str], prefix: str
) -> dict[str, Any] | None:
    """Report a snapshot that other accounts than the known ones may copy, or return None. ``all`` means everybody."""
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
