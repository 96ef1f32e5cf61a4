# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a restored database, what its answers mean, and the verdict on it.

The checks are a ladder, from the connection upwards. What stands on a rung that broke is skipped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from ..errors import LifeboatError
from ..model import from_iso, iso

Status = Literal["passed", "failed", "skipped", "unverified"]
Verdict = Literal["verified", "failed", "unverified"]

MAX_REASON = 300  # characters
MAX_TITLE = 80  # characters


@dataclass(frozen=True, slots=True)
class Rung:
    """One kind of check: the parameters it needs, those it allows, and whether it proves that there are data."""

    required: tuple[str, ...] = ()
    expectations: tuple[str, ...] = ()  # at least one of these; a check that only records needs none
    optional: tuple[str, ...] = ()
    looks_at_data: bool = False


# In the order of the ladder. A table that is there, whole and well indexed may be empty: these do not look at data.
LADDER: dict[str, Rung] = {
    "connection": Rung(),
    "tables": Rung(required=("tables",)),
    "structure": Rung(required=("table",), expectations=("columns", "indexes")),
    "rows": Rung(
        required=("table",),
        expectations=("minimum", "expected"),
        optional=("maximum", "tolerance"),
        looks_at_data=True,
    ),
    "freshness": Rung(required=("table", "column", "max_age"), optional=("at",), looks_at_data=True),
    "checksum": Rung(required=("table",), expectations=("expected",), looks_at_data=True),
    "canary": Rung(required=("table", "column", "where", "expected"), looks_at_data=True),
    "query": Rung(required=("query", "expected"), looks_at_data=True),
    "integrity": Rung(required=("tables",), optional=("optional",)),
}
SECRETIVE = ("canary", "query")  # neither what they expect nor what they find is shown


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
    columns: Mapping[str, str] = field(default_factory=dict)  # structure: name → type, empty for any
    indexes: Mapping[str, str] = field(default_factory=dict)  # structure: name → description, empty for any
    digest: str = ""  # checksum: as it was recorded
    query: str = ""
    secret: Any = field(default=None, repr=False)  # what the canary must be, or the rows of a query
    is_optional: bool = False  # an engine that does not offer it is no objection
    is_open: bool = False  # nothing is expected: it only records

    @property
    def table(self) -> Table:
        """The one table of a check that has one."""
        return self.tables[0]

    @property
    def target(self) -> str:
        """What the check looks at, in words."""
        if self.query:
            return printable(" ".join(self.query.split()), MAX_TITLE)
        names = ", ".join(str(table) for table in self.tables)
        return printable(f"{names}.{self.column}" if self.column else names)

    @property
    def wanted(self) -> str:
        """What must be found, in words."""
        if self.is_open:
            return "nothing yet"
        if self.kind == "rows":
            return f"at least {self.minimum}" if self.maximum is None else f"{self.minimum} to {self.maximum}"
        if self.kind == "freshness":
            return f"at most {self.max_age.total_seconds():g} s before {iso(self.at) or 'now'}"
        if self.kind == "structure":
            return counted(self.columns, self.indexes)
        return {
            "tables": f"{len(self.tables)} present",
            "checksum": self.digest,
            "integrity": "sound",
            **dict.fromkeys(SECRETIVE, "withheld"),
        }.get(self.kind, "accepted")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a check. It never holds what a canary or a query found."""

    check: Check
    status: Status
    found: str | None = None
    reason: str = ""
    seconds: float = 0.0
    newest: datetime | None = None  # freshness: the newest row
    missing: frozenset[Table] = frozenset()  # tables: those that are not there
    lost: bool = False  # and the connection with it
    record: Mapping[str, Any] | None = None  # the check that would have expected exactly this

    def as_result(self) -> dict[str, Any]:
        return {
            "check": self.check.kind,
            "target": self.check.target,
            "status": self.status,
            "expected": self.check.wanted,
            "found": self.found,
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            **({"optional": True} if self.check.is_optional else {}),
        }


def counted(columns: Mapping[str, str], indexes: Mapping[str, str]) -> str:
    return f"{len(columns)} columns, {len(indexes)} indexes"


def printable(text: object, limit: int = MAX_REASON) -> str:
    """One line that may be shown anywhere: no control, no invisible, no direction-changing character."""
    head = str(text)[: limit + 1]
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in head)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def brief(text: str) -> str:
    """What is printable and still tells long texts apart that begin alike: a type of many words, for example."""
    if len(text) <= MAX_REASON // 2:
        return printable(text)
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]
    return f"{printable(text, MAX_REASON // 2)} sha256:{digest}"


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
    open_ones = [row for row in rows if row.get("status") not in ("passed", "failed") and not is_harmless(row)]
    if failed or open_ones:
        return ("failed" if failed else "unverified"), objections(failed or open_ones)
    if not any(looks_at_data(row) for row in rows if row.get("status") == "passed"):
        return "unverified", "no check looked at its data"
    return "verified", ""


def is_harmless(row: Mapping[str, Any]) -> bool:
    """A check that the engine does not offer, and that was not insisted on."""
    return row.get("status") == "skipped" and row.get("optional") is True


def looks_at_data(row: Mapping[str, Any]) -> bool:
    rung = LADDER.get(str(row.get("check")))
    return rung is not None and rung.looks_at_data


def objections(rows: Sequence[Mapping[str, Any]]) -> str:
    """The first objection in full, and how many more there are."""
    first = rows[0]
    where = " ".join(str(first[key]) for key in ("check", "target") if first.get(key))
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return printable(f"{where}: {first.get('reason') or first.get('status')}", MAX_REASON - len(more)) + more


def summary(name: str, outcomes: Sequence[Outcome], seconds: float, connected: float | None = None) -> dict[str, Any]:
    """The result for one database.

    :param connected: how many seconds after the beginning the connection stood; None when it never did.
    """
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
        "connected_seconds": None if connected is None else round(connected, 3),
        "newest_row": iso(newest),
        "checks": rows,
    }


def records(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """What was found, as checks that expect just that."""
    return [dict(outcome.record) for outcome in outcomes if outcome.record]
