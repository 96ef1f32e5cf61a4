# SPDX-License-Identifier: GPL-3.0-or-later
"""What the answers of a database mean for the check that asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ..model import iso
from .checks import Check, Outcome, Table, counted, printable
from .values import as_moment, is_same

# How far ahead of the reference a row may be: clocks differ, and a snapshot ends later than it starts.
AHEAD = timedelta(hours=1)
NOTHING_EXPECTED = "nothing was expected: what was found is only recorded"


def judge_tables(check: Check, present: Iterable[Table]) -> Outcome:
    missing = frozenset(check.tables) - frozenset(present)
    found = f"{len(frozenset(check.tables)) - len(missing)} present"
    if not missing:
        return Outcome(check, "passed", found)
    names = ", ".join(sorted(str(table) for table in missing))
    return Outcome(check, "failed", found, printable(f"not there: {names}"), missing=missing)


def judge_structure(check: Check, columns: Mapping[str, str], indexes: Mapping[str, str]) -> Outcome:
    """Compare what is wanted with what is there; what is there beside it is no objection."""
    record = {"check": "structure", "table": str(check.table), "columns": dict(columns), "indexes": dict(indexes)}
    differences = [
        *differences_of("column", check.columns, columns),
        *differences_of("index", check.indexes, indexes),
    ]
    reason = printable("; ".join(differences))
    return recorded(Outcome(check, "failed" if reason else "passed", counted(columns, indexes), reason), record)


def differences_of(noun: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    for name, text in wanted.items():
        if name not in found:
            yield f"{noun} {name} is not there"
        elif text and plain(text) != plain(found[name]):
            yield f"{noun} {name} is {found[name]}, not {text}"


def plain(text: str) -> str:
    """A type or an index, however it is written."""
    return "".join(text.split()).casefold()


def recorded(outcome: Outcome, record: Mapping[str, Any]) -> Outcome:
    """The outcome with what could be expected another time. Where nothing is, nothing is proved."""
    if outcome.check.is_open:
        outcome = replace(outcome, status="unverified", reason=NOTHING_EXPECTED)
    return replace(outcome, record=record)


def judge_rows(check: Check, count: int) -> Outcome:
    record = {"check": "rows", "table": str(check.table), "expected": count}
    return recorded(judge_count(check, count), record)


def judge_checksum(check: Check, count: int, digest: str) -> Outcome:
    """Compare digests that begin with the number of rows, so that a difference there has its own words."""
    found = f"{count}:{digest}"
    if found == check.digest:
        outcome = Outcome(check, "passed", found)
    elif check.digest.partition(":")[0] != str(count):
        outcome = Outcome(check, "failed", found, f"{count} rows are there, not {check.digest.partition(':')[0]}")
    else:
        outcome = Outcome(check, "failed", found, f"the {count} rows do not hold what they held")
    return recorded(outcome, {"check": "checksum", "table": str(check.table), "expected": found})


def judge_count(check: Check, count: int) -> Outcome:
    if count < check.minimum:
        return Outcome(check, "failed", str(count), f"{count} rows are fewer than {check.minimum}")
    if check.maximum is not None and count > check.maximum:
        return Outcome(check, "failed", str(count), f"{count} rows are more than {check.maximum}")
    return Outcome(check, "passed", str(count))


def judge_freshness(check: Check, newest: Any, now: Any) -> Outcome:
    """Compare the newest row with the check's own time, else with the database server's."""
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
    if -age > AHEAD:  # one such row would hide for years that all others are old
        why = f"the newest row is {-age.total_seconds():.0f} s ahead: that says nothing about how old the data are"
        return Outcome(check, "unverified", found, why, newest=moment)
    return Outcome(check, "passed", found, newest=moment)


def judge_canary(check: Check, values: Sequence[Any]) -> Outcome:
    """Compare the one row that was looked for; no word of what it holds."""
    if not values:
        return Outcome(check, "failed", "no row", "the row is not there")
    if len(values) > 1:
        return Outcome(check, "failed", "several rows", "more than one row matches")
    if not is_same(values[0], check.secret):
        return Outcome(check, "failed", "another value", "the row does not hold the expected value")
    return Outcome(check, "passed", "the expected value")


def judge_query(check: Check, rows: Sequence[Sequence[Any]]) -> Outcome:
    """Compare rows in their order; no word of what they hold.

    :param rows: at most one more than are expected.
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
            return Outcome(check, "failed", found, f"row {number} holds something else in column {', '.join(wrong)}")
    return Outcome(check, "passed", found)


def not_offered(check: Check, reason: str) -> Outcome:
    """The engine has no such check: whether that matters is the user's to say."""
    return Outcome(check, "skipped" if check.is_optional else "unverified", reason=printable(reason))


def judge_integrity(check: Check, parts: int, problems: Sequence[str]) -> Outcome:
    """:param parts: how many things were looked at: indexes, tables."""
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return Outcome(check, "failed", f"{len(problems)} problems", printable(f"{problems[0]}"[:250]) + more)
    return Outcome(check, "passed", f"{parts} sound")
