# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.checking.answers import (
    NOTHING_EXPECTED,
    judge_canary,
    judge_checksum,
    judge_freshness,
    judge_integrity,
    judge_query,
    judge_rows,
    judge_structure,
    judge_tables,
    not_offered,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.checking.checks import Check, Table

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=timezone.utc)
ORDERS, LINES = Table("orders"), Table("lines", "sales")
TABLES = Check("tables", tables=(ORDERS, LINES))
ROWS = Check("rows", tables=(ORDERS,), minimum=10)
FRESHNESS = Check("freshness", tables=(ORDERS,), column="at", max_age=timedelta(minutes=15))
CANARY = Check("canary", tables=(ORDERS,), column="value", where={"id": "1"}, secret="tweet")


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


COLUMNS = {"id": "INTEGER", "amount": "NUMERIC(10, 2)"}
INDEXES = {"orders_pkey": "PRIMARY KEY (id)"}


@pytest.mark.parametrize(
    ("columns", "indexes", "reason"),
    [
        pytest.param({"id": ""}, {}, "", id="a-name"),
        pytest.param({"amount": "numeric(10,2)"}, {}, "", id="case-and-spaces-do-not-matter"),
        pytest.param(COLUMNS, INDEXES, "", id="as-recorded"),
        pytest.param({"Id": ""}, {}, "column Id is not there", id="case-of-a-name-matters"),
        pytest.param(
            {"amount": "NUMERIC(10, 3)"}, {}, "column amount is NUMERIC(10, 2), not NUMERIC(10, 3)", id="type"
        ),
        pytest.param({}, {"orders_pkey": "(id)"}, "index orders_pkey is PRIMARY KEY (id), not (id)", id="index"),
        pytest.param({"a": "", "b": ""}, {}, "column a is not there; column b is not there", id="all-are-named"),
    ],
)
def test_a_structure_has_what_is_wanted(columns: dict[str, str], indexes: dict[str, str], reason: str) -> None:
    outcome = judge_structure(Check("structure", (ORDERS,), columns=columns, indexes=indexes), COLUMNS, INDEXES)
    assert (outcome.status, outcome.reason) == ("failed" if reason else "passed", reason)
    assert outcome.record == {"check": "structure", "table": "orders", "columns": COLUMNS, "indexes": INDEXES}


def test_a_checksum_says_what_kind_of_difference_there_is() -> None:
    check = Check("checksum", (ORDERS,), digest="3:0a")
    assert judge_checksum(check, 3, "0a").status == "passed"
    assert judge_checksum(check, 3, "0b").reason == "the 3 rows do not have the expected contents"
    assert judge_checksum(check, 2, "0a").reason == "2 rows are there, not 3"


@pytest.mark.parametrize("kind", ["structure", "rows", "checksum"])
def test_where_nothing_was_expected_nothing_is_proved(kind: str) -> None:
    check = Check(kind, (ORDERS,), is_open=True)
    judge = {
        "structure": lambda: judge_structure(check, COLUMNS, INDEXES),
        "rows": lambda: judge_rows(check, 3),
        "checksum": lambda: judge_checksum(check, 3, "0a"),
    }[kind]
    outcome = judge()
    assert (outcome.status, outcome.reason, bool(outcome.record)) == ("unverified", NOTHING_EXPECTED, True)


@pytest.mark.parametrize(
    ("rows", "status", "found"),
    [
        pytest.param([(1, "a"), (None, "b")], "passed", "2 rows", id="exact"),
        pytest.param([(1, "a"), ("", "b")], "failed", "2 rows", id="empty-is-not-null"),
        pytest.param([(None, "b"), (1, "a")], "failed", "2 rows", id="another-order"),
        pytest.param([(1, "a")], "failed", "1 rows", id="one-too-few"),
        pytest.param([(1, "a"), (None, "b"), (2, "c")], "failed", "more than 2 rows", id="one-too-many"),
        pytest.param([(1,), (None,)], "failed", "2 rows", id="a-column-too-few"),
        pytest.param([], "failed", "0 rows", id="none"),
    ],
)
def test_a_query_returns_just_the_expected_rows(rows: list[Any], status: str, found: str) -> None:
    check = Check("query", query="SELECT 1", secret=[["1", "a"], [None, "b"]])
    outcome = judge_query(check, rows)
    assert (outcome.status, outcome.found) == (status, found)


def test_no_result_tells_what_a_query_returns() -> None:
    check = Check("query", query="SELECT 1", secret=[["tweet"]])
    for rows in ([["tweet"]], [["other-bird"]], [["other-bird"]] * 2, []):
        shown = repr(judge_query(check, rows).as_result()) + repr(judge_query(check, rows))
        assert "tweet" not in shown
        assert "other-bird" not in shown


def test_what_an_engine_does_not_offer_matters_unless_it_is_optional() -> None:
    assert not_offered(Check("integrity", (ORDERS,)), "no").status == "unverified"
    assert not_offered(Check("integrity", (ORDERS,), is_optional=True), "no").status == "skipped"


def test_problems_of_a_file_are_counted_and_the_first_is_shown() -> None:
    check = Check("integrity", (ORDERS,))
    outcome = judge_integrity(check, 1, ["page 3: \x1b" + "x" * 999, "page 4"])
    assert (outcome.status, outcome.found) == ("failed", "2 problems")
    assert outcome.reason.startswith("page 3: \\x1bxxx")
    assert outcome.reason.endswith(" (and 1 more)")
    assert len(outcome.reason) <= 300
    assert judge_integrity(check, 4, []).found == "4 sound"
