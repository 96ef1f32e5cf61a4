# SPDX-License-Identifier: GPL-3.0-or-later
"""The posture: how every database of all sites is protected, merged from what each site reports.

A database is unprotected if one site says so. If a site that matters could not be read, the state is unknown, which
never counts as protected. Excluded databases and replicas are listed, and count neither way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import LifeboatError
from ..evidence.last_drills import Drilled, Drills, Last, last_of, moment, unnamed
from ..inventory.overrides import PerDatabase
from ..inventory.protection import Exemption
from ..inventory.selection import Candidate
from ..model import iso
from ..words import printable
from .verdict import counts, is_aside, number_of_counted, reason_of, state_of, verdict_of, words_of

VERSION = 1  # of the document's format
EXEMPT: tuple[Exemption, ...] = ("excluded", "replica")
LONGEST = 2000  # characters of a problem's text
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What one site reports, or why it reports nothing."""

    name: str
    side: str  # source or dr
    account: str
    region: str
    dr_accounts: frozenset[str] = frozenset()  # of a source site: the accounts that it publishes for
    problem: str | None = None
    now: datetime | None = None  # AWS's time of the report
    databases: tuple[Row, ...] = ()
    quotas: Row | None = None

    @property
    def place(self) -> str:
        """Name the account and the Region of the site."""
        return f"{self.account}/{self.region}"

    @property
    def is_silent(self) -> bool:
        """Tell whether the site could not be read."""
        return self.problem is not None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the inventory says of a database: who answers for it, and what is expected of it, in seconds."""

    owner: str | None = None
    rto: int | None = None
    max_drill_age: int | None = None  # how old its newest drill may be


Reports = Sequence[tuple[Look, Row]]  # the reports of all sites about one database
Settings = PerDatabase[Expected]


def read_site(site: Row) -> Look:
    """Read the facts about a site that the role passes on, including the result of recovery_point_info."""
    result = site.get("result") or {}
    now, problem = moment(result.get("now")), site.get("problem")
    if not problem and (now is None or "databases" not in result):
        problem = "nobody looked at it"
    heard: dict[str, Any] = (
        {} if problem else {"now": now, "databases": tuple(result["databases"]), "quotas": result.get("quotas")}
    )
    return Look(
        name=site["name"],
        side=site["side"],
        account=site["account_id"],
        region=site["region"],
        dr_accounts=frozenset(site.get("dr_accounts") or ()),
        problem=printable(problem, LONGEST) if problem else None,
        **heard,
    )


def latest(looks: Iterable[Look]) -> datetime:
    """Find AWS's time at the end of the last report.

    :raises LifeboatError: when no site could be read.
    """
    looks = list(looks)
    times = [look.now for look in looks if look.now]
    if not times:
        raise LifeboatError(
            "Cannot tell how anything is protected",
            why="; ".join(f"{look.name}: {look.problem}" for look in looks) or "no site was looked at",
            remedy="Check the profiles, and the network to AWS",
        )
    return max(times)


def document(looks: Iterable[Look], drills: Drills, settings: Settings, tool: Mapping[str, str]) -> dict[str, Any]:
    """Build the posture document.

    :param drills: the last drills, from the evidence.
    :param settings: the inventory's settings of databases.
    :raises LifeboatError: when no site could be read.
    """
    ordered = sorted(looks, key=lambda look: (look.side != "source", look.name))
    now = latest(ordered)
    databases = join(ordered, drills, settings, now)
    protected = Counter(one["protected"] for one in databases if not is_aside(one))
    states, silent = counts(databases), [look.name for look in ordered if look.is_silent]
    return {
        "document": "posture",
        "version": VERSION,
        "time": iso(now),
        "tool": dict(tool),
        "signed_by": None,
        "sites": [site_facts(look) for look in ordered],
        "databases": databases,
        "verdict": verdict_of(states, silent),
        "words": words_of(states, silent),
        "states": states,
        "unprotected": protected[False],
        "unknown": protected[None],
        "total": number_of_counted(states),
    }


def site_facts(look: Look) -> dict[str, Any]:
    """Build the entry of one site."""
    return {
        "name": look.name,
        "side": look.side,
        "account_id": look.account,
        "region": look.region,
        "time": iso(look.now),
        "problem": look.problem,
        "quotas": look.quotas or {},
    }


def join(looks: Sequence[Look], drills: Drills, settings: Settings, now: datetime) -> list[dict[str, Any]]:
    """Merge the reports into one entry for each database.

    A new database under an old name gets its own entry. Drills that name only the database count if the name is unique.
    """
    found: dict[tuple[str, str], list[tuple[Look, Row]]] = {}
    for look in looks:
        for row in look.databases:
            found.setdefault((row["account_id"], row["digest"]), []).append((look, row))
    named = Counter(name_of(reports) for reports in found.values())
    joined = [
        describe(
            reports,
            looks,
            drills.of(digest, *([name_of(reports)] if named[name_of(reports)] == 1 else [])),
            settings,
            now,
        )
        for (_account, digest), reports in found.items()
    ]
    return sorted(joined, key=lambda one: (one["database"], one["kind"], str(one["database_arn"]), one["digest"]))


def best_known(reports: Reports) -> Row:
    """Choose the report to describe the database with: that of its own site, or else one that knows its ARN."""
    return min((row for _look, row in reports), key=lambda row: (not row["exists"], row["database_arn"] is None))


def name_of(reports: Reports) -> str:
    """Name a database without account and Region, as old drills do."""
    row = best_known(reports)
    return unnamed(row["database"], row["kind"])


def describe(
    reports: Reports, looks: Sequence[Look], drills: Mapping[str, Last], settings: Settings, now: datetime
) -> dict[str, Any]:
    """Build the entry of one database, with the verdict on it."""
    facts = facts_of(reports, looks, drills, settings, now)
    state = state_of(facts)
    return facts | {"reason": reason_of(facts), "state": state.name, "verdict": state.verdict}


def facts_of(
    reports: Reports, looks: Sequence[Look], drills: Mapping[str, Last], settings: Settings, now: datetime
) -> dict[str, Any]:
    """Gather what is known of one database."""
    known = best_known(reports)
    mine = settings.of(candidate_of(known))
    exempt, protected, reason = standing(reports, concerned(reports, looks))
    times = {look.place: look.now or now for look in looks}
    last = with_marks(drills, reports)
    overall = last_of([one for each in last.values() for one in each.known])
    return {
        **{key: known[key] for key in ("database", "kind", "engine", "database_arn", "account_id", "region", "digest")},
        "exists": existence(reports, looks),
        "owner": mine.owner,
        "dr_accounts": sorted(dr_accounts_of(reports, looks)),
        "places": places(reports),
        "in_flight": sorted({name for _look, row in reports for name in row["in_flight"]}),
        "rpo": min((row["rpo"] for _look, row in reports if row["rpo"] is not None), default=None),
        "rto": mine.rto,
        "max_drill_age": mine.max_drill_age,
        "age_seconds": worst_age(reports),
        "state": exempt,
        "protected": protected,
        "reason": reason,
        "recipe": recipe(reports),
        **dated(overall, times, now),
        "drills": {place: dated(one, times, now) for place, one in sorted(last.items())},
    }


def dated(last: Last, times: Mapping[str, datetime], now: datetime) -> dict[str, Any]:
    """Add the age of the last drills, each by the clock of its own site."""
    return {
        name: one.as_result(times.get(one.place, now)) if one else None
        for name, one in (("last_drill", last.drill), ("last_verified", last.verified))
    }


def candidate_of(row: Row) -> Candidate:
    """Describe a database for the settings of the inventory."""
    return Candidate(row["database"], row["kind"], row["engine"], row["tags"], None)


def places(reports: Reports) -> list[dict[str, Any]]:
    """List the newest recovery point at each place, as the first site that sees it reports."""
    found: dict[str, dict[str, Any]] = {}
    for look, row in reports:
        for place, point in row["newest"].items():
            told = {key: point[key] for key in ("name", "original_time", "age_seconds")}
            found.setdefault(place, {"place": place, "site": look.name, **told})
    return [found[place] for place in sorted(found)]


def worst_age(reports: Reports) -> int | None:
    """Find the oldest of the ages that count, or None if a site has nothing that counts."""
    ages = [row["age_seconds"] for _look, row in reports]
    return None if None in ages else max(ages)


def standing(reports: Reports, concerned_looks: Iterable[Look]) -> tuple[Exemption | None, bool | None, str | None]:
    """Decide whether a database needs no recovery points, whether it is protected, and why not. None means unknown.

    What one site says to be excluded or a replica needs none, whatever the others still have of it.
    """
    for exempt in EXEMPT:
        if reasons := [row["reason"] for _look, row in reports if row.get("state") == exempt]:
            return exempt, None, reasons[0]
    return None, *protection(reports, concerned_looks)


def protection(reports: Reports, concerned_looks: Iterable[Look]) -> tuple[bool | None, str | None]:
    """Decide whether a database is protected, and why not. None means unknown."""
    against = [f"{look.name}: {row['reason']}" for look, row in reports if not row["protected"]]
    if against:
        return False, "; ".join(against)
    silent = [f"{look.name} could not be looked at" for look in concerned_looks if look.is_silent]
    return (None, "; ".join(silent)) if silent else (True, None)


def recipe(reports: Reports) -> bool | None:
    """Tell whether all DR sites know how the database was configured, or None where none of them has it."""
    told = [row["recipe"] for _look, row in reports if row.get("recipe") is not None]
    return all(told) if told else None


def at_home(reports: Reports, looks: Iterable[Look]) -> list[Look]:
    """List the sites where the database is or was.

    If nobody knows its Region, all sites of its account that publish for its DR sites count.
    """
    row = best_known(reports)
    same = [look for look in looks if look.account == row["account_id"]]
    if row["region"]:
        return [look for look in same if look.region == row["region"]]
    holders = {look.account for look, _row in reports}
    return [look for look in same if look.side == "source" and look.dr_accounts & holders]


def dr_accounts_of(reports: Reports, looks: Iterable[Look]) -> set[str]:
    """List the accounts in which the database must be or is."""
    wanted = {account for look in at_home(reports, looks) for account in look.dr_accounts}
    return wanted | {look.account for look, _row in reports if look.side == "dr"}


def concerned(reports: Reports, looks: Sequence[Look]) -> list[Look]:
    """List the sites that matter for a database: its own, and the DR sites where it must be or is."""
    accounts = dr_accounts_of(reports, looks)
    home = at_home(reports, looks)
    return [look for look in looks if look in home or (look.side == "dr" and look.account in accounts)]


def existence(reports: Reports, looks: Iterable[Look]) -> bool | None:
    """Find out whether the database itself exists. None means that its own site could not be read."""
    if any(row["exists"] for _look, row in reports):
        return True
    home = at_home(reports, looks)
    return False if home and not any(look.is_silent for look in home) else None


def with_marks(drills: Mapping[str, Last], reports: Reports) -> dict[str, Last]:
    """Add the marks on the recovery points to the drills of the evidence, which may be elsewhere or lost."""
    found = dict(drills)
    for look, row in reports:
        mark = row["last_verified"] or {}
        if verified := moment(mark.get("time")):
            one = Drilled(look.place, verified, "verified", finished=mark["time"])
            found[look.place] = found.get(look.place, Last()).with_one(one)
    return found
