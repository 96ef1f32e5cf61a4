# SPDX-License-Identifier: GPL-3.0-or-later
"""The contents of the page of a posture. The unprotected databases come first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.measures import Facts, number
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.verdict import (
    STATES,
    VERIFIED,
    State,
    counts,
    is_aside,
    number_of_counted,
    state_of,
    verdict_of,
    words_of,
)

from .about import Pair, pairs
from .pictures import Bar
from .words import NOT_KNOWN, count, length, shorten, time
from .words import verdict_of as known_verdict

QUOTAS = {"ManualSnapshots": "manual snapshots", "ManualClusterSnapshots": "manual cluster snapshots"}
FAR = 400.0  # per cent of an objective: outside of the picture
MANY = 80  # per cent of a quota, from which on it is scarce


@dataclass(frozen=True, slots=True)
class Place:
    """The newest recovery point of a database at one place."""

    place: str
    site: str
    name: str
    made: str
    age: str


@dataclass(frozen=True, slots=True)
class Drilled:
    """The result of a drill for a database."""

    verdict: str
    ago: str
    drill_id: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Database:
    """One database, and how well it is protected."""

    name: str
    anchor: str
    kind: str
    where: str
    owner: str
    state: State
    verdict: str  # for its colour and symbol
    reason: str
    age: str
    objective: str
    rto: str
    share: float | None  # the age in per cent of the objective
    places: tuple[Place, ...]
    in_flight: tuple[str, ...]
    last_drill: Drilled | None
    last_verified: Drilled | None


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of a quota is used."""

    name: str
    text: str
    is_scarce: bool


@dataclass(frozen=True, slots=True)
class Site:
    """An account and a Region on one side of the protection."""

    name: str
    side: str
    account: str
    region: str
    problem: str
    quotas: tuple[Quota, ...]


def lede(facts: Facts, sites: Sequence[Site]) -> str:
    """Summarize the posture in a sentence."""
    numbers, silent = counts(facts["databases"]), names_of_silent(sites)
    verified = f"{numbers[VERIFIED.name]} of {count(number_of_counted(numbers), 'database')} protected and verified"
    said = "" if verdict_of(numbers, silent) == "verified" else f": {words_of(numbers, silent)}"
    return f"{verified}{said}."


def headline(facts: Facts, places: Sequence[Site]) -> tuple[Pair, ...]:
    """List the totals: every state in which there are databases."""
    numbers = counts(facts["databases"])
    states = ((state.word, str(numbers[state.name]) if numbers[state.name] else "") for state in STATES)
    return pairs(
        *states,
        ("Databases", str(len(facts["databases"]))),
        ("Sites", str(len(places))),
        ("As of", time(facts["time"])),
    )


def verdict(facts: Facts, sites: Sequence[Site]) -> tuple[str, str]:
    """Find the verdict on the whole posture, for its colour and symbol, and the words for it."""
    numbers, silent = counts(facts["databases"]), names_of_silent(sites)
    words = words_of(numbers, silent)
    return verdict_of(numbers, silent), words[0].upper() + words[1:]


def names_of_silent(sites: Iterable[Site]) -> list[str]:
    """List the sites that could not be read."""
    return [one.name for one in sites if one.problem]


def aside(facts: Facts) -> list[Database]:
    """List the databases that need no recovery points of their own."""
    return [database(row, place) for place, row in enumerate(facts["databases"], 1) if is_aside(row)]


def databases(facts: Facts) -> list[Database]:
    """Build the part about each database that counts, sorted by state and then by age, the worst first."""
    rows = [database(row, place) for place, row in enumerate(facts["databases"], 1) if not is_aside(row)]
    return sorted(rows, key=lambda one: (STATES.index(one.state), -(one.share or 0), one.name))


def database(row: Facts, place: int) -> Database:
    """Build the part about one database."""
    age, objective = number(row.get("age_seconds")), number(row.get("rpo"))
    engine = f", {row['engine']}" if row.get("engine") else ""
    gone = ", gone" if row.get("exists") is False else ""
    state = state_of(row)
    return Database(
        name=str(row.get("database") or NOT_KNOWN),
        anchor=f"database-{place}",
        kind=f"DB {row.get('kind') or 'database'}{engine}{gone}",
        where=" ".join(str(row[key]) for key in ("account_id", "region") if row.get(key)),
        owner=str(row.get("owner") or ""),
        state=state,
        verdict=state.verdict or "",
        reason=str(row.get("reason") or ""),
        age=length(age),
        objective=length(objective) if objective is not None else "none set",
        rto=length(row.get("rto")) if row.get("rto") is not None else "none set",
        share=None if age is None or not objective else round(100 * age / objective, 1),
        places=tuple(place_of(one) for one in row.get("places") or ()),
        in_flight=tuple(map(str, row.get("in_flight") or ())),
        last_drill=drilled(row.get("last_drill")),
        last_verified=drilled(row.get("last_verified")),
    )


def place_of(row: Facts) -> Place:
    """Build the row of one place."""
    return Place(
        place=str(row.get("place") or NOT_KNOWN),
        site=str(row.get("site") or ""),
        name=str(row.get("name") or ""),
        made=time(row.get("original_time")),
        age=length(row.get("age_seconds")),
    )


def drilled(row: Facts | None) -> Drilled | None:
    """Build the result of a drill, or return None without one."""
    if not row:
        return None
    return Drilled(
        verdict=known_verdict(row.get("verdict")),
        ago=length(row.get("age_seconds")),
        drill_id=str(row.get("drill_id") or NOT_KNOWN),
        evidence=str(row.get("evidence") or ""),
    )


def sites(facts: Facts) -> list[Site]:
    """Build the row of each site."""
    return [
        Site(
            name=str(row.get("name") or NOT_KNOWN),
            side=str(row.get("side") or ""),
            account=str(row.get("account_id") or ""),
            region=str(row.get("region") or ""),
            problem=str(row.get("problem") or ""),
            quotas=tuple(quotas(row.get("quotas") or {})),
        )
        for row in facts["sites"]
    ]


def quotas(found: Mapping[str, Facts]) -> Iterable[Quota]:
    """Describe the use of each quota that is known."""
    for name, one in found.items():
        used, most = number(one.get("used")), number(one.get("max"))
        if used is not None and most:
            text = f"{used:g} of {most:g} {QUOTAS.get(name, name)} used, {most - used:g} free"
            yield Quota(name, text, is_scarce=used / most * 100 >= MANY)


def bars(rows: Iterable[Database]) -> list[Bar]:
    """Convert the ages to bars for the picture."""
    return [
        Bar(
            name=one.name,
            pieces=((one.verdict, min(one.share or 0, FAR)),),
            label=shorten(f"{one.age} of {one.objective}" if one.age != "-" else "no recovery point", 24),
        )
        for one in rows
    ]
