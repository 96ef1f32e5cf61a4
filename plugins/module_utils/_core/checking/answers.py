# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the answers of a database: what they mean for the check that asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ..model import iso
from ..words import printable
from .checks import Check, Outcome, Table, counted
from .values import as_moment, is_same

# How far a row may be ahead of the reference time: clocks differ, and a snapshot ends later than it starts.
AHEAD = timedelta(hours=1)
NOTHING_EXPECTED = "nothing was expected: what was found is only recorded"


def judge_tables(check: Check, present: Iterable[Table]) -> Outcome:
    """Judge whether all wanted tables exist."""
    missing = frozenset(check.tables) - frozenset(present)
    found = f"{len(frozenset(check.tables)) - len(missing)} present"
    if not missing:
        return Outcome(check, "passed", found)
    names = ", ".join(sorted(str(table) for table in missing))
    return Outcome(check, "failed", found, printable(f"not there: {names}"), missing=missing)


def judge_structure(check: Check, columns: Mapping[str, str], indexes: Mapping[str, str]) -> Outcome:
    """Compare the wanted columns and indexes with those that exist. Additional ones are accepted."""
    record = {"check": "structure", "table": str(check.table), "columns": dict(columns), "indexes": dict(indexes)}
    differences = [
        *differences_of("column", check.columns, columns),
        *differences_of("index", check.indexes, indexes),
    ]
    reason = printable("; ".join(differences))
    return recorded(Outcome(check, "failed" if reason else "passed", counted(columns, indexes), reason), record)


def differences_of(noun: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    """Describe each wanted column or index that is missing or different. An empty text accepts any type."""
    for name, text in wanted.items():
        if name not in found:
            yield f"{noun} {name} is not there"
        elif text and plain(text) != plain(found[name]):
            yield f"{noun} {name} is {found[name]}, not {text}"


def plain(text: str) -> str:
    """Normalize the text of a type or of an index: white space and case do not matter."""
    return "".join(text.split()).casefold()


def recorded(outcome: Outcome, record: Mapping[str, Any]) -> Outcome:
    """Add a record to an outcome: the check that would have expected exactly what was found.

    A check that expects nothing is unverified, because it proves nothing.
    """
    if outcome.check.is_open:
        outcome = replace(outcome, status="unverified", reason=NOTHING_EXPECTED)
    return replace(outcome, record=record)


def judge_rows(check: Check, count: int) -> Outcome:
    """Judge the number of rows, and record it."""
    record = {"check": "rows", "table": str(check.table), "expected": count}
    return recorded(judge_count(check, count), record)


def judge_checksum(check: Check, count: int, digest: str) -> Outcome:
    """Compare digests. They begin with the number of rows, so that a different number gets a message of its own."""
    found = f"{count}:{digest}"
    if found == check.digest:
        outcome = Outcome(check, "passed", found)
    elif check.digest.partition(":")[0] != str(count):
        outcome = Outcome(check, "failed", found, f"{count} rows are there, not {check.digest.partition(':')[0]}")
    else:
        outcome = Outcome(check, "failed", found, f"the {count} rows do not have the expected contents")
    return recorded(outcome, {"check": "checksum", "table": str(check.table), "expected": found})


def judge_count(check: Check, count: int) -> Outcome:
    """Compare the number of rows with the wanted minimum and maximum."""
    if count < check.minimum:
        return Outcome(check, "failed", str(count), f"{count} rows are fewer than {check.minimum}")
    if check.maximum is not None and count > check.maximum:
        return Outcome(check, "failed", str(count), f"{count} rows are more than {check.maximum}")
    return Outcome(check, "passed", str(count))


def judge_freshness(check: Check, newest: Any, now: Any) -> Outcome:
    """Compare the newest row with the check's own time, or else with the clock of the database server."""
    if newest is None:
        return Outcome(check, "failed", "no row", "no row has a time there")
    moment, at = as_moment(newest), check.at or as_moment(now)
    if moment is None or at is None:
        what = "the column holds no times" if moment is None else "the server tells no time"
        why = f"{what} but values of type {type(newest if moment is None else now).__name__}"
        return Outcome(check, "unverified", reason=why)
    age, found = at - moment, str(iso(moment))
    if age > check.max_age:
        why = f"the newest row is {age.total_seconds():.0f} s old, more than {check.max_age.total_seconds():g} s"
        return Outcome(check, "failed", found, why, newest=moment)

    if -age > AHEAD:  # a single row in the future would hide that all other rows are old
        why = f"the newest row is {-age.total_seconds():.0f} s ahead: that says nothing about how old the data are"
        return Outcome(check, "unverified", found, why, newest=moment)
    return Outcome(check, "passed", found, newest=moment)


def judge_canary(check: Check, values: Sequence[Any]) -> Outcome:
    """Judge the row that was looked for. The outcome does not contain its value."""
    if not values:
        return Outcome(check, "failed", "no row", "the row is not there")
    if len(values) > 1:
        return Outcome(check, "failed", "several rows", "more than one row matches")
    if not is_same(values[0], check.secret):
        return Outcome(check, "failed", "another value", "the row does not hold the expected value")
    return Outcome(check, "passed", "the expected value")


def judge_query(check: Check, rows: Sequence[Sequence[Any]]) -> Outcome:
    """Compare rows in their order. The outcome does not contain their values.

    :param rows: at most one more than the check expects.
    """
    expected = check.secret
    if len(rows) > len(expected):
        return Outcome(check, "failed", f"more than {len(expected)} rows", "there are more rows than expected")
    found = f"{len(rows)} rows"
    if len(rows) < len(expected):
        return Outcome(check, "failed", found, f"{len(expected)} rows were expected")
    for number, (row, wanted) in enumerate(zip(rows, expected, strict=True), 1):
        if len(row) != len(wanted):
            return Outcome(check, "failed", found, f"row {number} has {len(row)} columns, not {len(wanted)}")
        if wrong := [str(place) for place, pair in enumerate(zip(row, wanted, strict=True), 1) if not is_same(*pair)]:
            return Outcome(check, "failed", found, f"row {number} has other values in column {', '.join(wrong)}")
    return Outcome(check, "passed", found)


def not_offered(check: Check, reason: str) -> Outcome:
    """Judge a check that the engine does not offer: skipped if the user marked it as optional, otherwise unverified."""
    return Outcome(check, "skipped" if check.is_optional else "unverified", reason=printable(reason))


def judge_integrity(check: Check, parts: int, problems: Sequence[str]) -> Outcome:
    """Judge the result of an integrity check.

    :param parts: how many things were examined, such as indexes or tables.
    """
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return Outcome(check, "failed", f"{len(problems)} problems", printable(f"{problems[0]}"[:250]) + more)
    return Outcome(check, "passed", f"{parts} sound")
