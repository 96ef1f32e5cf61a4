# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.checks import (
    Check,
    Outcome,
    Table,
    is_same,
    judge_canary,
    judge_freshness,
    judge_rows,
    judge_tables,
    left_out,
    printable,
    read_time,
    summary,
    verdict_of,
    why_skipped,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=timezone.utc)
ORDERS, LINES = Table("orders"), Table("lines", "sales")
CONNECTION = Check("connection")
TABLES = Check("tables", tables=(ORDERS, LINES))
ROWS = Check("rows", tables=(ORDERS,), minimum=10)
FRESHNESS = Check("freshness", tables=(ORDERS,), column="at", max_age=timedelta(minutes=15))
CANARY = Check("canary", tables=(ORDERS,), column="value", where={"id": "1"}, secret="tweet")


def row(check: str = "rows", status: str = "passed", **more: str) -> dict[str, Any]:
    return {"check": check, "target": "orders", "status": status, "reason": "why"} | more


@pytest.mark.parametrize(
    ("rows", "verdict", "reason"),
    [
        pytest.param([row("connection"), row()], "verified", "", id="all-passed"),
        pytest.param([row("connection"), row("freshness")], "verified", "", id="freshness-looks-at-data"),
        pytest.param([row("connection"), row("canary")], "verified", "", id="a-canary-looks-at-data"),
        pytest.param([], "unverified", "no check looked at its data", id="nothing-was-asked"),
        pytest.param([row("connection")], "unverified", "no check looked at its data", id="connection-alone"),
        pytest.param([row("tables")], "unverified", "no check looked at its data", id="a-table-may-be-empty"),
        pytest.param([row(), row(status="failed")], "failed", "rows orders: why", id="one-failed"),
        pytest.param([row(), row(status="unverified")], "unverified", "rows orders: why", id="one-unverified"),
        pytest.param([row(), row(status="skipped")], "unverified", "rows orders: why", id="one-skipped"),
        pytest.param([row(), row(status="splendid")], "unverified", "rows orders: why", id="unknown-status"),
        pytest.param([row(), {"check": "rows"}], "unverified", "rows: None", id="no-status"),
        pytest.param(
            [row(status="unverified"), row("canary", "failed")], "failed", "canary orders: why", id="failed-is-worse"
        ),
        pytest.param(
            [row(), row(status="failed"), row("canary", "failed"), row("tables", "failed")],
            "failed",
            "rows orders: why (and 2 more)",
            id="counts-the-rest",
        ),
    ],
)
def test_only_a_database_whose_data_passed_is_verified(rows: list[dict[str, Any]], verdict: str, reason: str) -> None:
    assert verdict_of(rows) == (verdict, reason)


@pytest.mark.parametrize(
    ("count", "maximum", "status"),
    [
        pytest.param(9, None, "failed", id="one-too-few"),
        pytest.param(10, None, "passed", id="just-enough"),
        pytest.param(20, 20, "passed", id="just-not-too-many"),
        pytest.param(21, 20, "failed", id="one-too-many"),
        pytest.param(0, None, "failed", id="empty"),
    ],
)
def test_the_number_of_rows_must_lie_within_its_bounds(count: int, maximum: int | None, status: str) -> None:
    outcome = judge_rows(Check("rows", tables=(ORDERS,), minimum=10, maximum=maximum), count)
    assert (outcome.status, outcome.found) == (status, str(count))


@pytest.mark.parametrize(
    ("newest", "status"),
    [
        pytest.param(NOW, "passed", id="now"),
        pytest.param(NOW - timedelta(minutes=15), "passed", id="just-fresh"),
        pytest.param(NOW - timedelta(minutes=15, seconds=1), "failed", id="just-stale"),
        pytest.param(NOW + timedelta(hours=1), "passed", id="clocks-differ"),
        pytest.param(NOW + timedelta(hours=1, seconds=1), "unverified", id="from-the-future"),
        pytest.param(datetime(9999, 12, 31, tzinfo=timezone.utc), "unverified", id="one-row-that-hides-all-others"),
        pytest.param(NOW.replace(tzinfo=None), "passed", id="without-a-zone-is-utc"),
        pytest.param(NOW.astimezone(timezone(timedelta(hours=14))), "passed", id="another-zone"),
        pytest.param(date(2026, 11, 23), "failed", id="a-date-is-its-midnight"),
        pytest.param(None, "failed", id="no-row"),
        pytest.param("2026-11-23T14:00:00Z", "unverified", id="text-is-no-time"),
        pytest.param(1763906400, "unverified", id="a-number-is-no-time"),
    ],
)
def test_the_newest_row_must_be_young_enough(newest: Any, status: str) -> None:
    assert judge_freshness(FRESHNESS, newest, NOW).status == status


def test_freshness_relates_to_the_recovery_point_when_it_is_given() -> None:
    long_ago = NOW - timedelta(days=30)
    check = Check("freshness", tables=(ORDERS,), column="at", max_age=timedelta(minutes=15), at=long_ago)
    assert judge_freshness(check, long_ago - timedelta(minutes=1), NOW).status == "passed"
    assert judge_freshness(FRESHNESS, long_ago - timedelta(minutes=1), NOW).status == "failed"


def test_missing_tables_are_named() -> None:
    outcome = judge_tables(TABLES, [ORDERS])
    assert (outcome.status, outcome.found, outcome.reason) == ("failed", "1 present", "not there: sales.lines")


@pytest.mark.parametrize(
    ("values", "status", "found"),
    [
        pytest.param(["tweet"], "passed", "the expected value", id="exact"),
        pytest.param(["Tweet"], "failed", "another value", id="other-case"),
        pytest.param(["tweet "], "failed", "another value", id="a-space-more"),
        pytest.param([None], "failed", "another value", id="null"),
        pytest.param([], "failed", "no row", id="no-row"),
        pytest.param(["tweet", "tweet"], "failed", "several rows", id="twice"),
    ],
)
def test_a_canary_is_one_row_with_exactly_its_value(values: list[Any], status: str, found: str) -> None:
    outcome = judge_canary(CANARY, values)
    assert (outcome.status, outcome.found) == (status, found)


@pytest.mark.parametrize("value", ["tweet", "other"])
def test_no_result_tells_the_canary(value: str) -> None:
    outcome = judge_canary(CANARY, [value])
    assert "tweet" not in repr(outcome.as_result()) + repr(outcome)


@pytest.mark.parametrize(
    ("found", "expected", "same"),
    [
        pytest.param(42, "42", True, id="number-as-text"),
        pytest.param("042", 42, False, id="text-stays-text"),
        pytest.param(42, 43, False, id="other-number"),
        pytest.param(42, "forty-two", False, id="number-and-words"),
        pytest.param(Decimal("1.50"), "1.5", True, id="decimals-by-value"),
        pytest.param(0.1, 0.1, True, id="float"),
        pytest.param(Decimal("NaN"), "NaN", False, id="not-a-number"),
        pytest.param(True, "true", True, id="boolean-as-text"),
        pytest.param(True, 1, False, id="boolean-is-no-number"),
        pytest.param(1, True, False, id="number-is-no-boolean"),
        pytest.param(NOW, "2026-11-23T15:00:00+01:00", True, id="time-by-value"),
        pytest.param(NOW, "soon", False, id="time-and-words"),
        pytest.param({"a": 1}, {"a": 1}, True, id="document"),
        pytest.param([1], "[1]", False, id="document-and-text"),
        pytest.param(b"\xde\xad", "dead", True, id="bytes-in-hex"),
        pytest.param(memoryview(b"\xde"), "de", True, id="memory-in-hex"),
        pytest.param(None, "None", False, id="null-is-not-its-name"),
        pytest.param(None, "", False, id="null-is-not-empty"),
    ],
)
def test_values_are_compared_as_what_the_column_holds(found: Any, expected: Any, same: bool) -> None:
    assert is_same(found, expected) is same


@pytest.mark.parametrize(
    ("check", "before", "reason"),
    [
        pytest.param(ROWS, [Outcome(CONNECTION, "unverified")], "there is no connection", id="no-connection"),
        pytest.param(TABLES, [Outcome(CONNECTION, "unverified")], "there is no connection", id="tables-need-one-too"),
        pytest.param(ROWS, [Outcome(CONNECTION, "passed")], None, id="connected"),
        pytest.param(
            ROWS, [Outcome(TABLES, "failed", missing=frozenset({ORDERS}))], "orders is not there", id="missing"
        ),
        pytest.param(ROWS, [Outcome(TABLES, "failed", missing=frozenset({LINES}))], None, id="another-one-is-missing"),
        pytest.param(TABLES, [Outcome(TABLES, "failed", missing=frozenset({LINES}))], None, id="structure-is-complete"),
        pytest.param(CANARY, [Outcome(ROWS, "failed")], None, id="a-failed-rung-beside-it"),
        pytest.param(
            CANARY,
            [Outcome(ROWS, "unverified", lost=True)],
            "the connection was lost during the check of rows",
            id="connection-lost",
        ),
    ],
)
def test_what_has_nothing_to_stand_on_is_skipped(check: Check, before: list[Outcome], reason: str | None) -> None:
    assert why_skipped(check, before) == reason


@pytest.mark.parametrize(
    ("check", "target", "wanted"),
    [
        pytest.param(CONNECTION, "", "accepted", id="connection"),
        pytest.param(TABLES, "orders, sales.lines", "2 present", id="tables"),
        pytest.param(ROWS, "orders", "at least 10", id="rows"),
        pytest.param(Check("rows", (ORDERS,), minimum=1, maximum=2), "orders", "1 to 2", id="rows-with-a-maximum"),
        pytest.param(FRESHNESS, "orders.at", "at most 900 s before now", id="freshness"),
        pytest.param(
            Check("freshness", (ORDERS,), "at", max_age=timedelta(seconds=60), at=NOW),
            "orders.at",
            "at most 60 s before 2026-11-23T14:00:00Z",
            id="freshness-at-a-time",
        ),
        pytest.param(CANARY, "orders.value", "withheld", id="canary"),
    ],
)
def test_a_check_says_what_it_looks_at_and_what_it_wants(check: Check, target: str, wanted: str) -> None:
    assert (check.target, check.wanted) == (target, wanted)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain ünïcode 🦜", "plain ünïcode 🦜", id="plain"),
        pytest.param("a\nb\tc\r", "a\\nb\\tc\\r", id="lines"),
        pytest.param("\x1b[31m\x07\x7f\x9b", "\\x1b[31m\\x07\\x7f\\x9b", id="terminal"),
        pytest.param("\u202eabc\u2028\u200b", "\\u202eabc\\u2028\\u200b", id="direction-and-invisible"),
        pytest.param("\ud800", "\\ud800", id="half-a-character"),
        pytest.param("x" * 301, "x" * 299 + "…", id="too-long"),
        pytest.param("x" * 300, "x" * 300, id="just-not-too-long"),
        pytest.param("\0" * 1_000_000, "\\x00" * 74 + "\\x0…", id="a-megabyte"),
        pytest.param(None, "None", id="no-text"),
    ],
)
def test_what_is_shown_is_one_harmless_line(text: object, shown: str) -> None:
    assert printable(text) == shown


def test_the_summary_counts_and_shows_the_newest_row_of_all() -> None:
    old, new = NOW - timedelta(minutes=5), NOW - timedelta(minutes=1)
    outcomes = [
        Outcome(CONNECTION, "passed"),
        Outcome(FRESHNESS, "passed", newest=new),
        Outcome(FRESHNESS, "passed", newest=old),
        Outcome(ROWS, "failed", reason="too few"),
    ]
    result = summary("orders", outcomes, 1.23456)
    assert result | {"checks": None} == {
        "name": "orders",
        "verdict": "failed",
        "reason": "rows orders: too few",
        "checks_passed": 3,
        "checks_total": 4,
        "seconds": 1.235,
        "newest_row": "2026-11-23T13:59:00Z",
        "checks": None,
    }


def test_what_was_not_run_is_not_verified() -> None:
    result = summary("orders", left_out([CONNECTION, ROWS], "unverified", "not run"), 0)
    assert (result["verdict"], result["reason"]) == ("unverified", "connection: not run (and 1 more)")


@pytest.mark.parametrize("text", ["soon", "2026-11-23T14:00:00", ""])
def test_a_time_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(LifeboatError, match="no time with a zone"):
        read_time("Cannot do it", text)
