# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What is asked of a restored database, what its answers mean, and the verdict on it.

The checks are a ladder: connection, tables, rows, freshness, canary. What stands on a rung that broke is skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from .errors import LifeboatError
from .model import from_iso, iso

Status = Literal["passed", "failed", "skipped", "unverified"]
Verdict = Literal["verified", "failed", "unverified"]

MAX_REASON = 300  # characters
# How far ahead of the reference a row may be: clocks differ, and a snapshot ends later than it starts.
AHEAD = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rung:
    """One kind of check: the parameters it needs, those it allows, and whether it proves that there are data."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    looks_at_data: bool = False


# In the order of the ladder. A table that is there may be empty: only the later ones look at data.
LADDER: dict[str, Rung] = {
    "connection": Rung(),
    "tables": Rung(required=("tables",)),
    "rows": Rung(required=("table", "minimum"), optional=("maximum",), looks_at_data=True),
    "freshness": Rung(required=("table", "column", "max_age"), optional=("at",), looks_at_data=True),
    "canary": Rung(required=("table", "column", "where", "expected"), looks_at_data=True),
}


@dataclass(frozen=True, slots=True)
class Table:
    """The name of a table, case and all: it is quoted wherever it is used."""

    name: str
    schema: str | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class Check:
    """One question to a database."""

    kind: str
    tables: tuple[Table, ...] = ()
    column: str = ""
    minimum: int = 0
    maximum: int | None = None
    max_age: timedelta = timedelta()
    at: datetime | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    secret: Any = field(default=None, repr=False)  # what the canary must be

    @property
    def table(self) -> Table:
        """The one table of a check that has one."""
        return self.tables[0]

    @property
    def target(self) -> str:
        """What the check looks at, in words."""
        names = ", ".join(str(table) for table in self.tables)
        return printable(f"{names}.{self.column}" if self.column else names)

    @property
    def wanted(self) -> str:
        """What must be found, in words."""
        if self.kind == "rows":
            return f"at least {self.minimum}" if self.maximum is None else f"{self.minimum} to {self.maximum}"
        if self.kind == "freshness":
            return f"at most {self.max_age.total_seconds():g} s before {iso(self.at) or 'now'}"
        return {"tables": f"{len(self.tables)} present", "canary": "withheld"}.get(self.kind, "accepted")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a check. It never holds a canary's value."""

    check: Check
    status: Status
    found: str | None = None
    reason: str = ""
    seconds: float = 0.0
    newest: datetime | None = None  # freshness: the newest row
    missing: frozenset[Table] = frozenset()  # tables: those that are not there
    lost: bool = False  # and the connection with it

    def as_result(self) -> dict[str, Any]:
        return {
            "check": self.check.kind,
            "target": self.check.target,
            "status": self.status,
            "expected": self.check.wanted,
            "found": self.found,
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
        }


def printable(text: object, limit: int = MAX_REASON) -> str:
    """One line that may be shown anywhere: no control, no invisible, no direction-changing character."""
    head = str(text)[: limit + 1]
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in head)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def read_time(what: str, text: str) -> datetime:
    """A moment with its zone.

    :raises LifeboatError: when the text is none.
    """
    with suppress(ValueError):
        moment = from_iso(text)
        if moment.tzinfo is not None:
            return moment
    why = f"'{printable(text)}' is no time with a zone"
    raise LifeboatError(what, why=why, remedy="Write it like 2026-11-23T14:05:00Z")


def judge_tables(check: Check, present: Iterable[Table]) -> Outcome:
    missing = frozenset(check.tables) - frozenset(present)
    found = f"{len(frozenset(check.tables)) - len(missing)} present"
    if not missing:
        return Outcome(check, "passed", found)
    names = ", ".join(sorted(str(table) for table in missing))
    return Outcome(check, "failed", found, printable(f"not there: {names}"), missing=missing)


def judge_rows(check: Check, count: int) -> Outcome:
    if count < check.minimum:
        return Outcome(check, "failed", str(count), f"{count} rows are fewer than {check.minimum}")
    if check.maximum is not None and count > check.maximum:
        return Outcome(check, "failed", str(count), f"{count} rows are more than {check.maximum}")
    return Outcome(check, "passed", str(count))


def judge_freshness(check: Check, newest: Any, now: datetime) -> Outcome:
    """Compare the newest row with the check's own time, else with the database server's."""
    if newest is None:
        return Outcome(check, "failed", "no row", "no row has a time there")
    moment, at = as_moment(newest), check.at or now
    if moment is None:
        why = f"the column holds no times but values of type {type(newest).__name__}"
        return Outcome(check, "unverified", reason=why)
    age, found = at - moment, str(iso(moment))
    if age > check.max_age:
        why = f"the newest row is {age.total_seconds():.0f} s old, more than {check.max_age.total_seconds():g} s"
        return Outcome(check, "failed", found, why, newest=moment)
    if -age > AHEAD:  # one such row would hide for years that all others are old
        why = f"the newest row is {-age.total_seconds():.0f} s ahead: that says nothing about how old the data are"
        return Outcome(check, "unverified", found, why, newest=moment)
    return Outcome(check, "passed", found, newest=moment)


def as_moment(value: Any) -> datetime | None:
    """A time from a column; one without a zone is UTC, as the session is."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    return None


def judge_canary(check: Check, values: Sequence[Any]) -> Outcome:
    """Compare the one row that was looked for; no word of what it holds."""
    if not values:
        return Outcome(check, "failed", "no row", "the row is not there")
    if len(values) > 1:
        return Outcome(check, "failed", "several rows", "more than one row matches")
    if not is_same(values[0], check.secret):
        return Outcome(check, "failed", "another value", "the row does not hold the expected value")
    return Outcome(check, "passed", "the expected value")


def is_same(found: Any, expected: Any) -> bool:
    """Whether a value from a column is the expected one, which may come as text out of a template."""
    if isinstance(found, bool) or isinstance(expected, bool):
        return str(found).lower() == str(expected).lower()
    if isinstance(found, (int, float, Decimal)):
        return is_same_number(found, expected)
    if isinstance(found, datetime):
        return is_same_time(found, expected)
    if isinstance(found, (dict, list)):
        return bool(found == expected)
    return found is not None and as_text(found) == as_text(expected)


def is_same_number(found: float | Decimal, expected: object) -> bool:
    try:
        return Decimal(str(found)) == Decimal(str(expected))
    except InvalidOperation:
        return False


def is_same_time(found: datetime, expected: object) -> bool:
    try:
        return as_moment(found) == as_moment(from_iso(str(expected)))
    except ValueError:
        return False


def as_text(value: object) -> str:
    return bytes(value).hex() if isinstance(value, (bytes, bytearray, memoryview)) else str(value)


def why_skipped(check: Check, outcomes: Iterable[Outcome]) -> str | None:
    """Why a check has nothing to stand on after these outcomes, or None."""
    for outcome in outcomes:
        if outcome.check.kind == "connection" and outcome.status != "passed":
            return "there is no connection"
        if outcome.lost:
            return f"the connection was lost during the check of {outcome.check.kind}"
        if check.kind != "tables" and (gone := outcome.missing & frozenset(check.tables)):
            return printable(f"{', '.join(sorted(str(table) for table in gone))} is not there")
    return None


def left_out(checks: Iterable[Check], status: Status, reason: str) -> list[Outcome]:
    """The same outcome for checks that are not run."""
    return [Outcome(check, status, reason=reason) for check in checks]


def timed(outcome: Outcome, seconds: float) -> Outcome:
    return replace(outcome, seconds=seconds)


def verdict_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Verdict, str]:
    """The verdict on a database, and why, from its checks as in the result; only what passed is no objection."""
    failed = [row for row in rows if row.get("status") == "failed"]
    open_ones = [row for row in rows if row.get("status") not in ("passed", "failed")]
    if failed or open_ones:
        return ("failed" if failed else "unverified"), objections(failed or open_ones)
    if not any(looks_at_data(row) for row in rows):
        return "unverified", "no check looked at its data"
    return "verified", ""


def looks_at_data(row: Mapping[str, Any]) -> bool:
    rung = LADDER.get(str(row.get("check")))
    return rung is not None and rung.looks_at_data


def objections(rows: Sequence[Mapping[str, Any]]) -> str:
    """The first objection in full, and how many more there are."""
    first = rows[0]
    where = " ".join(str(first[key]) for key in ("check", "target") if first.get(key))
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return printable(f"{where}: {first.get('reason') or first.get('status')}", MAX_REASON - len(more)) + more


def summary(name: str, outcomes: Sequence[Outcome], seconds: float) -> dict[str, Any]:
    """The result for one database."""
    rows = [outcome.as_result() for outcome in outcomes]
    verdict, reason = verdict_of(rows)
    newest = max((outcome.newest for outcome in outcomes if outcome.newest), default=None)
    return {
        "name": name,
        "verdict": verdict,
        "reason": reason,
        "checks_passed": sum(row["status"] == "passed" for row in rows),
        "checks_total": len(rows),
        "seconds": round(seconds, 3),
        "newest_row": iso(newest),
        "checks": rows,
    }
