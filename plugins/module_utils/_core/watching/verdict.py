# SPDX-License-Identifier: GPL-3.0-or-later
"""The one verdict on how databases are protected and proven.

The words and the colour on the page, the exit code, the metrics, the alarms and the events all take it from here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..evidence.measures import number
from ..recipe import NO_RECIPE as WITHOUT_RECIPE
from ..words import duration

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """One state of a database: the verdict that it has, a word for a badge, and words that follow a count."""

    name: str
    verdict: str | None  # verified, failed or unverified; None: it does not count
    word: str
    counted: str


UNPROTECTED = State("unprotected", "failed", "Unprotected", "unprotected")
DRILL_FAILED = State("drill_failed", "failed", "Drill failed", "failed in the newest drill")
UNKNOWN = State("unknown", "unverified", "Unknown", "unknown")
NO_RECIPE = State("no_recipe", "unverified", "No recipe", "without a recipe")
DRILL_UNVERIFIED = State("drill_unverified", "unverified", "Drill unverified", "unverified in the newest drill")
NEVER_DRILLED = State("never_drilled", "unverified", "Never drilled", "never drilled")
DRILL_TOO_OLD = State("drill_too_old", "unverified", "Drill too old", "not drilled for too long")
VERIFIED = State("verified", "verified", "Verified", "verified")
# What needs no recovery points of its own is neither good nor bad.
EXCLUDED = State("excluded", None, "Excluded", "excluded")
REPLICA = State("replica", None, "Replica", "covered as replicas")
# The worst first. A database is in the first one that holds for it.
STATES = (
    UNPROTECTED,
    DRILL_FAILED,
    UNKNOWN,
    NO_RECIPE,
    DRILL_UNVERIFIED,
    NEVER_DRILLED,
    DRILL_TOO_OLD,
    VERIFIED,
    EXCLUDED,
    REPLICA,
)
BY_NAME = {state.name: state for state in STATES}
WORST_FIRST = ("failed", "unverified", "verified")


def state_of(row: Row) -> State:
    """Find the state of a database: the worst of what holds for it.

    :param row: an entry of a posture.
    """
    if is_aside(row):
        return BY_NAME[row["state"]]
    held = findings(row)
    return next((state for state in STATES if state in held), VERIFIED)


def findings(row: Row) -> dict[State, str]:
    """List all that is wrong with a database, each with the reason.

    :param row: an entry of a posture. A member that is missing, as in older postures, is unknown.
    """
    found: dict[State, str] = {}
    if is_aside(row):
        return found
    if row.get("protected") is not True:
        state = UNPROTECTED if row.get("protected") is False else UNKNOWN
        found[state] = str(row.get("reason") or "")
    if row.get("recipe") is False:
        found[NO_RECIPE] = f"it {WITHOUT_RECIPE}"
    for account, drill in newest_drills(row):
        state = state_of_drill(row, drill)
        if state != VERIFIED:
            found.setdefault(state, why_not_proven(state, account, drill))
    return found


def is_aside(row: Row) -> bool:
    """Tell whether a database needs no recovery points of its own: it is excluded, or a replica."""
    return row.get("state") in (EXCLUDED.name, REPLICA.name)


def reason_of(row: Row) -> str | None:
    """Say why a database is not verified, with all reasons that are as bad as the worst one."""
    if is_aside(row):
        return str(row.get("reason") or "") or None
    worst = state_of(row).verdict
    return "; ".join(why for state, why in findings(row).items() if why and state.verdict == worst) or None


def state_of_drill(row: Row, drill: Row | None) -> State:
    """Judge the newest drill of a database in one DR account. One that is gone need not be drilled again."""
    is_gone = row.get("exists") is False
    if drill is None:
        return VERIFIED if is_gone else NEVER_DRILLED
    if drill.get("verdict") != "verified":
        return DRILL_FAILED if drill.get("verdict") == "failed" else DRILL_UNVERIFIED
    age, limit = number(drill.get("age_seconds")), number(row.get("max_drill_age"))
    is_old = age is not None and limit is not None and age > limit
    return DRILL_TOO_OLD if is_old and not is_gone else VERIFIED


def newest_drills(row: Row) -> Iterator[tuple[str, Row | None]]:
    """List the newest drill of a database in each account that must be able to recover it."""
    if "drills" not in row:  # a posture of an earlier release
        yield "", row.get("last_drill")
        return
    by_account: dict[str, list[Row]] = {}
    for place, last in row["drills"].items():
        by_account.setdefault(place.partition("/")[0], []).extend(filter(None, [last.get("last_drill")]))
    for account in row.get("dr_accounts") or by_account or ("",):
        yield account, max(by_account.get(account, ()), key=lambda one: str(one.get("started")), default=None)


def why_not_proven(state: State, account: str, drill: Row | None) -> str:
    """Explain why a drill does not prove that a database can be recovered."""
    where = f" in {account}" if account else ""
    if drill is None:
        return f"it was never drilled{where}"
    age, name = duration(number(drill.get("age_seconds"))), drill.get("drill_id")
    about = f"its newest drill{where}, {age} ago{f' ({name})' if name else ''}"
    return f"{about}, is too old" if state == DRILL_TOO_OLD else f"{about}, {SAYS[state]}"


SAYS = {DRILL_FAILED: "failed", DRILL_UNVERIFIED: "could not be verified"}


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """Count the databases in each state, all states included."""
    found = Counter(state_of(row).name for row in rows)
    return {state.name: found[state.name] for state in STATES}


def number_of_counted(numbers: Mapping[str, int]) -> int:
    """Count the databases that need recovery points of their own."""
    return sum(number for name, number in numbers.items() if BY_NAME[name].verdict is not None)


def verdict_of(numbers: Mapping[str, int], silent: Collection[str] = ()) -> str:
    """Judge all databases: failed, unverified or verified.

    :param numbers: the databases in each state, as ``counts`` returns them.
    :param silent: the names of the sites that could not be read.
    """
    held = {state.verdict for state in STATES if numbers.get(state.name)}
    if silent or not held - {None}:
        held.add("unverified")
    return next(verdict for verdict in WORST_FIRST if verdict in held)


def words_of(numbers: Mapping[str, int], silent: Collection[str] = ()) -> str:
    """Say in a line what the verdict is made of: ``1 unprotected, 2 never drilled``."""
    said = counted(numbers, "failed", "unverified")
    if silent:
        said.append(f"{len(silent)} site{'s' * (len(silent) > 1)} could not be looked at")
    if not said:  # what is set aside qualifies "all"
        all_of_them = "all protected and verified" if numbers.get(VERIFIED.name) else "no database was found"
        said = [all_of_them, *counted(numbers, None)]
    return ", ".join(said)


def counted(numbers: Mapping[str, int], *verdicts: str | None) -> list[str]:
    """Say how many databases are in each of the states with these verdicts."""
    return [
        f"{numbers[state.name]} {state.counted}"
        for state in STATES
        if state.verdict in verdicts and numbers.get(state.name)
    ]
