# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.checking.checks import (
    Check,
    Outcome,
    Table,
    brief,
    left_out,
    records,
    summary,
    verdict_of,
    why_skipped,
)

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=timezone.utc)
ORDERS, LINES = Table("orders"), Table("lines", "sales")
CONNECTION = Check("connection")
TABLES = Check("tables", tables=(ORDERS, LINES))
ROWS = Check("rows", tables=(ORDERS,), minimum=10)
FRESHNESS = Check("freshness", tables=(ORDERS,), column="at", max_age=timedelta(minutes=15))
STRUCTURE = Check("structure", (ORDERS,), columns={"id": "INTEGER", "at": ""}, indexes={"orders_pkey": ""})
CANARY = Check("canary", tables=(ORDERS,), column="value", where={"id": "1"}, secret="tweet")


def row(check: str = "rows", status: str = "passed", **more: Any) -> dict[str, Any]:
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
        pytest.param([row("checksum")], "verified", "", id="a-checksum-looks-at-data"),
        pytest.param([row("query")], "verified", "", id="a-query-looks-at-data"),
        pytest.param([row("structure")], "unverified", "no check looked at its data", id="a-structure-may-be-empty"),
        pytest.param([row("integrity")], "unverified", "no check looked at its data", id="a-sound-table-may-be-empty"),
        pytest.param([row(), row(status="skipped", optional=True)], "verified", "", id="optional-and-not-offered"),
        pytest.param([row(), row(status="failed", optional=True)], "failed", "rows orders: why", id="optional-damage"),
        pytest.param([row(), row(status="unverified", optional=True)], "unverified", "rows orders: why", id="unclear"),
        pytest.param(
            [row(status="skipped", optional=True)], "unverified", "no check looked at its data", id="only-that"
        ),
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
        pytest.param(STRUCTURE, "orders", "2 columns, 1 indexes", id="structure"),
        pytest.param(Check("checksum", (ORDERS,), digest="3:0a"), "orders", "3:0a", id="checksum"),
        pytest.param(Check("rows", (ORDERS,), is_open=True), "orders", "nothing yet", id="what-is-only-recorded"),
        pytest.param(Check("integrity", (ORDERS, LINES)), "orders, sales.lines", "sound", id="integrity"),
        pytest.param(
            Check("query", query="SELECT\n  '\x1b'" + "x" * 99, secret=[["tweet"]]),
            "SELECT '\\x1b'" + "x" * 66 + "…",
            "withheld",
            id="query",
        ),
    ],
)
def test_a_check_says_what_it_looks_at_and_what_it_wants(check: Check, target: str, wanted: str) -> None:
    assert (check.target, check.wanted) == (target, wanted)


def test_the_summary_counts_and_shows_the_newest_row_of_all() -> None:
    old, new = NOW - timedelta(minutes=5), NOW - timedelta(minutes=1)
    outcomes = [
        Outcome(CONNECTION, "passed"),
        Outcome(FRESHNESS, "passed", newest=new),
        Outcome(FRESHNESS, "passed", newest=old),
        Outcome(ROWS, "failed", reason="too few"),
    ]
    result = summary("orders", outcomes, 1.23456, 0.5)
    assert result | {"checks": None} == {
        "name": "orders",
        "verdict": "failed",
        "reason": "rows orders: too few",
        "checks_passed": 3,
        "checks_total": 4,
        "seconds": 1.235,
        "connected_seconds": 0.5,
        "newest_row": "2026-11-23T13:59:00Z",
        "checks": None,
    }


def test_what_was_not_run_is_not_verified() -> None:
    result = summary("orders", left_out([CONNECTION, ROWS], "unverified", "not run"), 0)
    assert (result["verdict"], result["reason"]) == ("unverified", "connection: not run (and 1 more)")


def test_long_texts_that_begin_alike_are_told_apart() -> None:
    one, other = (brief("ENUM(" + "'word'," * 99 + end) for end in ("'a')", "'b')"))
    assert one != other
    assert (len(one) <= 300, one[:100] == other[:100], brief("INTEGER")) == (True, True, "INTEGER")


def test_an_optional_check_says_so_in_its_result() -> None:
    result = Outcome(Check("integrity", (ORDERS,), is_optional=True), "skipped").as_result()
    assert result["optional"] is True
    assert "optional" not in Outcome(ROWS, "passed").as_result()


def test_only_what_can_be_expected_is_recorded() -> None:
    found = {"check": "rows", "table": "orders", "expected": 3}
    assert records([Outcome(CONNECTION, "passed"), Outcome(ROWS, "passed", record=found)]) == [found]
