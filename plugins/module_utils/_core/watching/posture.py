# SPDX-License-Identifier: GPL-3.0-or-later
"""How every database of all sites is protected: what each site says of it, brought together.

One site that says no is enough to make a database unprotected. What a site knows that could not be looked at is
unknown, and that is never a pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..checking.checks import printable
from ..errors import LifeboatError
from ..evidence.last_drills import Drilled, Drills, Last, last_of, moment, unnamed
from ..inventory.overrides import Override, settings_for
from ..inventory.selection import Candidate
from ..model import iso

VERSION = 1  # of the document
LONGEST = 2000  # characters of a problem
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What one site says, or why it says nothing."""

    name: str
    side: str  # source or dr
    account: str
    region: str
    dr_accounts: frozenset[str] = frozenset()  # for which a source site publishes
    problem: str | None = None
    now: datetime | None = None  # AWS's time when it was looked at
    databases: tuple[Row, ...] = ()
    quotas: Row | None = None

    @property
    def place(self) -> str:
        return f"{self.account}/{self.region}"

    @property
    def is_silent(self) -> bool:
        return self.problem is not None


Seen = Sequence[tuple[Look, Row]]  # what the sites say of one database


def read_site(site: Row) -> Look:
    """A site as the role hands it over, with the result of recovery_point_info."""
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
    """AWS's time at the end of the look.

    :raises LifeboatError: when no site could be looked at.
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


def document(
    looks: Iterable[Look], drills: Drills, overrides: Sequence[Override], tool: Mapping[str, str]
) -> dict[str, Any]:
    """The posture of everything at AWS's time.

    :raises LifeboatError: when no site could be looked at.
    """
    ordered = sorted(looks, key=lambda look: (look.side != "source", look.name))
    now = latest(ordered)
    databases = join(ordered, drills, overrides, now)
    states = Counter(one["protected"] for one in databases)
    return {
        "document": "posture",
        "version": VERSION,
        "time": iso(now),
        "tool": dict(tool),
        "signed_by": None,
        "sites": [site_facts(look) for look in ordered],
        "databases": databases,
        "unprotected": states[False],
        "unknown": states[None],
        "total": len(databases),
    }


def site_facts(look: Look) -> dict[str, Any]:
    return {
        "name": look.name,
        "side": look.side,
        "account_id": look.account,
        "region": look.region,
        "time": iso(look.now),
        "problem": look.problem,
        "quotas": look.quotas or {},
    }


def join(looks: Sequence[Look], drills: Drills, overrides: Sequence[Override], now: datetime) -> list[dict[str, Any]]:
    """One entry for each database, whichever sites know it. One created anew under an old name is another one."""
    found: dict[str, list[tuple[Look, Row]]] = {}
    for look in looks:
        for row in look.databases:
            found.setdefault(row["digest"], []).append((look, row))
    named = Counter(name_of(seen) for seen in found.values())
    joined = [
        describe(
            seen, looks, drills.of(digest, *([name_of(seen)] if named[name_of(seen)] == 1 else [])), overrides, now
        )
        for digest, seen in found.items()
    ]
    return sorted(joined, key=lambda one: (one["database"], one["kind"], str(one["database_arn"]), one["digest"]))


def best_known(seen: Seen) -> Row:
    """Who has the database itself knows best what it is; then who knows where it came from."""
    return min((row for _look, row in seen), key=lambda row: (not row["exists"], row["database_arn"] is None))


def name_of(seen: Seen) -> str:
    row = best_known(seen)
    return unnamed(row["database"], row["kind"])


def describe(
    seen: Seen, looks: Sequence[Look], drills: Mapping[str, Last], overrides: Sequence[Override], now: datetime
) -> dict[str, Any]:
    """Everything that is known of one database."""
    known = best_known(seen)
    settings = settings_of(known, overrides)
    protected, reason = protection(seen, concerned(seen, looks))
    times = {look.place: look.now or now for look in looks}
    last = with_marks(drills, seen)
    overall = last_of([one for each in last.values() for one in each.known])
    return {
        **{key: known[key] for key in ("database", "kind", "engine", "database_arn", "account_id", "region", "digest")},
        "exists": existence(seen, looks),
        "owner": settings.get("owner"),
        "dr_accounts": sorted(dr_accounts_of(seen, looks)),
        "places": places(seen),
        "in_flight": sorted({name for _look, row in seen for name in row["in_flight"]}),
        "rpo": min((row["rpo"] for _look, row in seen if row["rpo"] is not None), default=None),
        "rto": settings.get("rto"),
        "age_seconds": worst_age(seen),
        "protected": protected,
        "reason": reason,
        **dated(overall, times, now),
        "drills": {place: dated(one, times, now) for place, one in sorted(last.items())},
    }


def dated(last: Last, times: Mapping[str, datetime], now: datetime) -> dict[str, Any]:
    """Each drill is as old as the clock of its own site says."""
    return {
        name: one.as_result(times.get(one.place, now)) if one else None
        for name, one in (("last_drill", last.drill), ("last_verified", last.verified))
    }


def settings_of(row: Row, overrides: Sequence[Override]) -> dict[str, Any]:
    one = Candidate(row["database"], row["kind"], row["engine"], row["tags"], None)
    return settings_for(one, {}, overrides)


def places(seen: Seen) -> list[dict[str, Any]]:
    """The newest recovery point at each place, as the first site tells that sees it."""
    found: dict[str, dict[str, Any]] = {}
    for look, row in seen:
        for place, point in row["newest"].items():
            told = {key: point[key] for key in ("name", "original_time", "age_seconds")}
            found.setdefault(place, {"place": place, "site": look.name, **told})
    return [found[place] for place in sorted(found)]


def worst_age(seen: Seen) -> int | None:
    """The age that counts where it is worst; None where a site has nothing that counts."""
    ages = [row["age_seconds"] for _look, row in seen]
    return None if None in ages else max(ages)


def protection(seen: Seen, concerned_looks: Iterable[Look]) -> tuple[bool | None, str | None]:
    """Whether a database is protected, None where that is unknown, and why not."""
    against = [f"{look.name}: {row['reason']}" for look, row in seen if not row["protected"]]
    if against:
        return False, "; ".join(against)
    silent = [f"{look.name} could not be looked at" for look in concerned_looks if look.is_silent]
    return (None, "; ".join(silent)) if silent else (True, None)


def at_home(seen: Seen, looks: Iterable[Look]) -> list[Look]:
    """The sites where the database itself is or was; where nobody knows that, all sources that its DR sites have."""
    row = best_known(seen)
    if row["account_id"]:
        return [look for look in looks if (look.account, look.region) == (row["account_id"], row["region"])]
    holders = {look.account for look, _row in seen}
    return [look for look in looks if look.side == "source" and look.dr_accounts & holders]


def dr_accounts_of(seen: Seen, looks: Iterable[Look]) -> set[str]:
    """The accounts in which the database has to be, or is."""
    wanted = {account for look in at_home(seen, looks) for account in look.dr_accounts}
    return wanted | {look.account for look, _row in seen if look.side == "dr"}


def concerned(seen: Seen, looks: Sequence[Look]) -> list[Look]:
    """The sites that have something to say about a database: those where it is, and those where it has to be."""
    accounts = dr_accounts_of(seen, looks)
    home = at_home(seen, looks)
    return [look for look in looks if look in home or (look.side == "dr" and look.account in accounts)]


def existence(seen: Seen, looks: Iterable[Look]) -> bool | None:
    """Whether the database itself is there; None where nobody could look who would know."""
    if any(row["exists"] for _look, row in seen):
        return True
    home = at_home(seen, looks)
    return False if home and not any(look.is_silent for look in home) else None


def with_marks(drills: Mapping[str, Last], seen: Seen) -> dict[str, Last]:
    """What the evidence says, and what the recovery points themselves bear: evidence may lie elsewhere, or be lost."""
    found = dict(drills)
    for look, row in seen:
        mark = row["last_verified"] or {}
        if verified := moment(mark.get("time")):
            one = Drilled(look.place, verified, "verified", finished=mark["time"])
            found[look.place] = found.get(look.place, Last()).with_one(one)
    return found
