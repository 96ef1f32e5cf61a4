# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that must pass with both PostgreSQL and MariaDB."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._sql import ladder
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.connections import SessionLimits
from tests.modules import check_statuses

from .conftest import Shop

Row = dict[str, Any]

TABLES: Row = {"check": "tables", "tables": ["orders", "heartbeat", "canary"]}
STRUCTURE: Row = {"check": "structure", "table": "canary", "columns": ["id", "value"]}
ROWS: Row = {"check": "rows", "table": "orders", "minimum": 1000, "maximum": 1000}
FRESHNESS: Row = {"check": "freshness", "table": "heartbeat", "column": "beat_at", "max_age": 900}
CANARY: Row = {"check": "canary", "table": "canary", "column": "value", "where": {"id": "1"}, "expected": "tweet-tweet"}
QUERY: Row = {"check": "query", "query": "SELECT COUNT(*), MAX(id) FROM orders", "expected": [[1000, "1000"]]}
HEALTHY = (QUERY, CANARY, FRESHNESS, ROWS, STRUCTURE, TABLES)


def test_a_healthy_database_is_verified(healthy: Shop) -> None:
    result = healthy.ask(*HEALTHY)
    assert (result["verdict"], result["checks_passed"], result["checks_total"]) == ("verified", 7, 7), result
    assert [row["check"] for row in result["checks"]] == [
        "connection", "tables", "structure", "rows", "freshness", "canary", "query",
    ]  # fmt: skip


def test_every_check_says_what_was_expected_and_what_was_found(healthy: Shop) -> None:
    rows = healthy.ask(*HEALTHY)["checks"]
    assert [row["check"] for row in rows if not row["expected"] or not row["found"]] == []
    assert "tweet-tweet" not in str(rows)


def test_the_connection_says_what_it_found_and_where(healthy: Shop) -> None:
    result = healthy.ask()
    assert result["checks"][0]["found"].startswith("mariadb 1" if healthy.is_mariadb else "postgresql 1")
    assert result["address"] == f"127.0.0.1:{healthy.server.port}"


@pytest.mark.parametrize(
    ("check", "status", "reason"),
    [
        pytest.param({**TABLES, "tables": ["orders", "gone"]}, "failed", "not there: gone", id="missing-table"),
        pytest.param({**TABLES, "tables": ["no.orders"]}, "failed", "not there: no.orders", id="missing-schema"),
        pytest.param({**STRUCTURE, "table": "gone"}, "failed", "not there: gone", id="structure-of-a-missing-table"),
        pytest.param({**STRUCTURE, "columns": ["gone"]}, "failed", "column gone is not there", id="missing-column"),
        pytest.param({**STRUCTURE, "columns": {"id": "TEXT"}}, "failed", "column id is INTEGER", id="another-type"),
        pytest.param({**STRUCTURE, "indexes": ["gone"]}, "failed", "index gone is not there", id="missing-index"),
        pytest.param({**ROWS, "table": "gone"}, "failed", "no such table", id="rows-of-a-missing-table"),
        pytest.param({**ROWS, "table": "gone.orders"}, "failed", "no such table", id="rows-in-a-missing-schema"),
        pytest.param({**ROWS, "minimum": 1001, "maximum": None}, "failed", "fewer than 1001", id="too-few-rows"),
        pytest.param({**ROWS, "minimum": 1, "maximum": 999}, "failed", "more than 999", id="too-many-rows"),
        pytest.param(
            {"check": "rows", "table": "orders", "expected": 1021, "tolerance": 2},
            "failed",
            "fewer than 1001",
            id="loss",
        ),
        pytest.param({**FRESHNESS, "max_age": 10}, "failed", "more than 10 s", id="stale"),
        pytest.param({**FRESHNESS, "table": "empty", "column": "at"}, "failed", "no row", id="freshness-of-nothing"),
        pytest.param({**FRESHNESS, "column": "gone"}, "failed", "no such column", id="freshness-of-a-missing-column"),
        pytest.param({**FRESHNESS, "table": "orders", "column": "id"}, "unverified", "int", id="no-times"),
        pytest.param({**FRESHNESS, "at": "2000-01-01T00:00:00Z"}, "unverified", "ahead", id="rows-from-the-future"),
        pytest.param({**CANARY, "where": {"id": 3}}, "failed", "not there", id="canary-gone"),
        pytest.param({**CANARY, "where": {"id": 2}}, "failed", "more than one", id="two-canaries"),
        pytest.param({**CANARY, "expected": "tweet"}, "failed", "expected value", id="another-canary"),
        pytest.param({**CANARY, "expected": "Tweet-Tweet"}, "failed", "expected value", id="canary-in-another-case"),
        pytest.param({**CANARY, "where": {"id": None}}, "failed", "not there", id="canary-without-id"),
        pytest.param(
            {**QUERY, "expected": [[1000, 999]]}, "failed", "has other values in column 2", id="another-value"
        ),
        pytest.param({**QUERY, "expected": [[1000]]}, "failed", "has 2 columns, not 1", id="more-columns"),
        pytest.param({**QUERY, "expected": []}, "failed", "more rows than expected", id="a-row-too-many"),
        pytest.param({**QUERY, "expected": [[1000, 1000]] * 2}, "failed", "2 rows were expected", id="a-row-too-few"),
        pytest.param(
            {**QUERY, "query": "SELECT 1 FROM gone"}, "failed", "no such table", id="query-of-a-missing-table"
        ),
        pytest.param({**QUERY, "query": "SELECT FROM WHERE"}, "unverified", "syntax", id="no-sql"),
    ],
)
def test_what_is_wrong_never_passes(healthy: Shop, check: Row, status: str, reason: str) -> None:
    result = healthy.ask(check)
    assert (result["checks"][1]["status"], result["verdict"]) == (status, status), result
    assert reason in result["checks"][1]["reason"]


@pytest.mark.parametrize("tolerance", [None, 0, 2.5])
def test_as_many_rows_as_expected(healthy: Shop, tolerance: float | None) -> None:
    expected = 1000 if not tolerance else 1024
    check = {"check": "rows", "table": "orders", "expected": str(expected), "tolerance": tolerance}
    assert healthy.ask(check)["verdict"] == "verified"


def test_rows_that_were_lost_are_missed_by_every_check_that_counts_or_sums(either: Shop) -> None:
    """The damage is that of a bad restore: the table exists, but half of its rows are missing."""
    checks = [{"check": "rows", "table": "orders"}, {"check": "checksum", "table": "orders"}]
    recorded = either.ask(*checks, record=True)["recorded"]
    either.sql("DELETE FROM orders WHERE id % 2 = 0")
    result = either.ask(*recorded, QUERY)
    assert check_statuses(result) == ["passed", "failed", "failed", "failed"]
    assert result["checks"][2]["reason"] == "500 rows are there, not 1000"


def test_what_is_recorded_is_expected_another_time(either: Shop) -> None:
    either.sql("CREATE TABLE wide (id int PRIMARY KEY, amount numeric(10, 2), at date, word varchar(40))")
    either.sql("CREATE UNIQUE INDEX words ON wide (word, at)", "INSERT INTO wide VALUES (1, 2.50, '2026-11-23', 'x')")
    open_checks = [{"check": kind, "table": "wide"} for kind in ("structure", "rows", "checksum")]
    first = either.ask(*open_checks, record=True)
    assert (first["verdict"], check_statuses(first)) == ("unverified", ["passed", *["unverified"] * 3])
    recorded = json.loads(json.dumps(first["recorded"]))
    assert either.ask(*recorded)["verdict"] == "verified", recorded
    structure = recorded[0]
    assert list(structure["columns"]) == ["id", "amount", "at", "word"]
    assert structure["indexes"]["words"] == "UNIQUE (word, at)"
    either.sql("ALTER TABLE wide ADD COLUMN more int")
    assert check_statuses(either.ask(*recorded)) == ["passed", "passed", "passed", "failed"]
    drop = "DROP INDEX words ON wide" if either.is_mariadb else "DROP INDEX words"
    either.sql(drop, "UPDATE wide SET amount = 2.51")
    result = either.ask(*recorded)
    assert [row["reason"] for row in result["checks"]] == [
        "", "index words is not there", "", "the 1 rows do not have the expected contents",
    ]  # fmt: skip


def test_what_is_recorded_beside_an_expectation_is_checked_too(healthy: Shop) -> None:
    result = healthy.ask(ROWS, CANARY, record=True)
    assert (result["verdict"], result["recorded"]) == (
        "verified", [{"check": "rows", "table": "orders", "expected": 1000}],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("('a', 'b')", "('b', 'a')", id="values-that-changed-places"),
        pytest.param("(NULL, 'a')", "('', 'a')", id="nothing-and-empty"),
        pytest.param("(NULL, 'a')", "('a', NULL)", id="nothing-in-another-column"),
        pytest.param("('a,b', 'c')", "('a', 'b,c')", id="a-comma"),
        pytest.param("('a', 'b'), ('a', 'b')", "('a', 'b'), ('a', 'c')", id="one-of-two-alike"),
        pytest.param("('a', 'b'), ('a', 'b')", "('c', 'd'), ('c', 'd')", id="pairs-do-not-cancel-out"),
        pytest.param("('a', 'b')", "('A', 'b')", id="case"),
    ],
)
def test_a_checksum_tells_every_difference(either: Shop, before: str, after: str) -> None:
    either.sql("CREATE TABLE pair (one varchar(20), two varchar(20))", f"INSERT INTO pair VALUES {before}")
    recorded = either.ask({"check": "checksum", "table": "pair"}, record=True)["recorded"]
    either.sql("DELETE FROM pair", f"INSERT INTO pair VALUES {after}")
    assert either.ask(*recorded)["verdict"] == "failed"


def test_a_checksum_does_not_depend_on_the_order_of_rows(either: Shop) -> None:
    recorded = either.ask({"check": "checksum", "table": "orders"}, record=True)["recorded"]
    either.sql("CREATE TABLE other (id int)", "INSERT INTO other SELECT id FROM orders ORDER BY -id")
    assert either.ask({**recorded[0], "table": "other"})["verdict"] == "verified"
    assert either.ask({**recorded[0], "table": "empty"})["verdict"] == "failed"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("SELECT 1", [1], id="a-value-without-brackets"),
        pytest.param("  (SELECT 'a' AS x) UNION (SELECT 'b') ORDER BY x ; ", [["a"], ["b"]], id="rows-in-their-order"),
        pytest.param("SELECT NULL, 1.50, 'x'", [[None, "1.5", "x"]], id="values-as-what-they-are"),
        pytest.param("SELECT id FROM orders WHERE id < 0", [], id="no-row-where-none-may-be"),
        pytest.param("WITH n AS (SELECT 7 AS m) SELECT m FROM n", [[7]], id="with"),
        pytest.param("SELECT '%s %(x)s :name {{ x }}', 5 % 3", [["%s %(x)s :name {{ x }}", 2]], id="placeholders"),
    ],
)
def test_a_query_is_sent_as_it_stands(healthy: Shop, query: str, expected: list[Any]) -> None:
    result = healthy.ask({"check": "query", "query": query, "expected": expected})
    assert result["verdict"] == "verified", result


@pytest.mark.parametrize("second", ["DELETE FROM orders", "COMMIT", "SELECT 2"])
def test_a_second_statement_is_refused_by_the_server(either: Shop, second: str) -> None:
    result = either.ask({"check": "query", "query": f"SELECT 1; {second}", "expected": [1]}, ROWS)
    assert check_statuses(result) == ["passed", "passed", "unverified"]
    assert either.sql("SELECT COUNT(*) FROM orders") == [(1000,)]


def test_no_more_rows_are_read_than_tell(either: Shop) -> None:
    """A thousand megabytes could not be transferred within the time limit."""
    either.sql("UPDATE canary SET value = REPEAT('x', 1000000)")
    query = "SELECT a.value FROM canary AS a CROSS JOIN orders AS b"
    result = either.ask({"check": "query", "query": query, "expected": [["x" * 1_000_000]]}, limits=SessionLimits(3, 5))
    assert result["reason"].endswith("there are more rows than expected")


HOSTILE = [
    pytest.param("'; DROP TABLE orders; --", id="sql"),
    pytest.param("\"quoted\" 'twice' `thrice` \\' \\", id="quotes"),
    pytest.param("<script>alert(1)</script>{{ lookup('env', 'HOME') }}{% raw %}", id="markup"),
    pytest.param("\x1b[2J\x1b]0;title\x07\r\n\t\x7f\u202e\u2028", id="control-characters"),
    pytest.param("%s %(x)s :name $1 {0} \\x00", id="placeholders"),
    pytest.param("🦜 ünïcödé", id="unicode"),
    pytest.param("x" * 1_000_000, id="a-megabyte"),
]


def insert(either: Shop, value: str) -> None:
    with either.server.connect("shop") as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE canary SET value = %s WHERE id = 1", [value])


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_content_is_compared_and_never_shown(either: Shop, value: str) -> None:
    insert(either, value)
    query = {"check": "query", "query": "SELECT value FROM canary WHERE id = 1"}
    good = either.ask({**CANARY, "expected": value}, {**query, "expected": [value]})
    bad = either.ask({**CANARY, "expected": f"{value}!"}, {**query, "expected": [f"{value}!"]}, record=True)
    assert (good["verdict"], check_statuses(bad)) == ("verified", ["passed", "failed", "failed"])
    shown = json.dumps([good, bad], ensure_ascii=False)
    assert value[:40] not in shown
    assert json.dumps(value)[1:40] not in shown
    assert len(shown) < 5000


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_content_in_an_error_of_the_server_is_one_harmless_line(either: Shop, value: str) -> None:
    """The server's error repeats a text that it cannot convert to a number."""
    insert(either, value)
    cast = "EXTRACTVALUE('<a/>', value)" if either.is_mariadb else "CAST(value AS int)"
    query = f"SELECT {cast} FROM canary WHERE id = 1"
    result = either.ask({"check": "query", "query": query, "expected": ["other"]})
    reason = result["checks"][1]["reason"]
    assert (reason.isprintable(), len(reason) <= 300) == (True, True)
    assert (result["reason"].isprintable(), len(result["reason"]) <= 300) == (True, True)
    assert result["verdict"] in ("failed", "unverified")


@pytest.mark.parametrize("value", [one for one in HOSTILE if one.id != "a-megabyte"])
def test_a_hostile_row_is_found_by_its_value(either: Shop, value: str) -> None:
    insert(either, value)
    check = {**CANARY, "column": "id", "where": {"value": value}, "expected": 1}
    assert either.ask(check, ROWS)["verdict"] == "verified"


@pytest.mark.parametrize("name", ['say "so"', "it's", "50% of; all", "a:b", "Ünïcode", "SELECT", "%(x)s", "<b>"])
def test_any_name_of_a_table_or_column_is_quoted(either: Shop, name: str) -> None:
    quoted = "`" + name.replace("`", "``") + "`" if either.is_mariadb else '"' + name.replace('"', '""') + '"'
    either.sql(
        f"CREATE SCHEMA {quoted}",
        f"CREATE TABLE {quoted}.{quoted} (id int PRIMARY KEY, {quoted} varchar(50))",
        f"INSERT INTO {quoted}.{quoted} VALUES (1, 'tweet')",
    )
    if not either.is_mariadb:
        either.sql(f"GRANT USAGE ON SCHEMA {quoted} TO master", f"GRANT SELECT ON {quoted}.{quoted} TO master")
    table = f"{name}.{name}"
    recorded = either.ask({"check": "structure", "table": table}, {"check": "checksum", "table": table}, record=True)[
        "recorded"
    ]
    result = either.ask(
        {"check": "tables", "tables": [table]},
        {"check": "rows", "table": table, "minimum": 1},
        {"check": "canary", "table": table, "column": name, "where": {name: "tweet"}, "expected": "tweet"},
        {"check": "integrity", "tables": [table], "optional": True},
        *recorded,
    )
    assert result["verdict"] == "verified", result
    assert name in recorded[0]["columns"]
    assert [one["check"] for one in recorded] == ["structure", "checksum"]


def test_what_stands_on_a_missing_table_is_skipped(healthy: Shop) -> None:
    gone = [{"check": "structure", "table": "gone", "columns": ["id"]}, {**ROWS, "table": "gone"}]
    result = healthy.ask({**TABLES, "tables": ["orders", "gone"]}, ROWS, *gone)
    assert check_statuses(result) == ["passed", "failed", "skipped", "passed", "skipped"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"password": "wrong-pässword"}, "wrong-p", id="wrong-password"),
        pytest.param({"username": "nobody-here"}, "nobody-here", id="unknown-user"),
        pytest.param({"host": "no-such-host.invalid"}, "", id="unknown-host"),
        pytest.param({"host": "x" * 300}, "", id="impossible-host"),
        pytest.param({"port": 1}, "refused", id="refused"),
    ],
)
def test_what_cannot_be_reached_is_unverified(healthy: Shop, changes: Row, reason: str) -> None:
    result = healthy.ask(*HEALTHY, **changes)
    assert check_statuses(result) == ["unverified", *["skipped"] * 6]
    assert result["checks"][0]["reason"]
    assert result["connected_seconds"] is None
    if reason != "wrong-p":
        assert reason in result["reason"]
    text = json.dumps(result)
    assert "wrong-p" not in text
    assert "s3cr3t" not in text


def test_a_server_that_does_not_answer_is_unverified(healthy: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = healthy.ask(*HEALTHY, port=silent.getsockname()[1], limits=SessionLimits(2, 2))
    assert (result["verdict"], "timeout expired" in result["reason"]) == ("unverified", True)


def test_a_server_that_is_not_a_database_is_unverified(healthy: Shop) -> None:
    """The port belongs to the other engine, which sends another greeting or waits for one."""
    with socket.create_server(("127.0.0.1", 0)) as web:

        def greet() -> None:
            line, _address = web.accept()
            line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n<script>" * 100)
            line.close()

        thread = threading.Thread(target=greet)
        thread.start()
        result = healthy.ask(*HEALTHY, port=web.getsockname()[1], limits=SessionLimits(2, 2))
        thread.join()
    assert result["verdict"] == "unverified"
    assert result["reason"].isprintable()


def slow(either: Shop, seconds: float) -> None:
    sleep = f"SLEEP({seconds})" if either.is_mariadb else f"pg_sleep({seconds})"
    either.sql(f"CREATE VIEW slow AS SELECT 1 AS n FROM (SELECT {sleep} AS s) AS t WHERE s IS NOT NULL")


def test_a_statement_that_takes_too_long_is_unverified(either: Shop) -> None:
    slow(either, 60)
    query = {"check": "query", "query": "SELECT n FROM slow", "expected": [1], "relation": "view"}
    result = either.ask(
        {**ROWS, "table": "slow", "minimum": 1, "maximum": None, "relation": "view"},
        FRESHNESS,
        query,
        limits=SessionLimits(3, 1),
    )
    assert check_statuses(result) == ["passed", "unverified", "passed", "unverified"]


def test_a_database_that_lets_in_later_is_waited_for(healthy: Shop) -> None:
    """The clock advances by one second each time it is read."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    waited: list[float] = []
    doorman = threading.Event()

    def open_the_door(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            threading.Thread(target=forward, args=(port, healthy.server.port, doorman), daemon=True).start()
            doorman.wait(5)

    result = healthy.ask(*HEALTHY, port=port, limits=SessionLimits(3, 2, connect_retry=60), sleep=open_the_door)
    assert (result["verdict"], len(waited)) == ("verified", 2), result
    assert result["connected_seconds"] > 3


def test_it_is_not_waited_for_longer_than_told(healthy: Shop) -> None:
    waited: list[float] = []
    result = healthy.ask(ROWS, port=1, limits=SessionLimits(3, 2, connect_retry=5), sleep=waited.append)
    assert (result["verdict"], waited) == ("unverified", [1.0] * 2)


def test_a_server_that_falls_silent_is_cut_off(healthy: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own statement timeout does not fire in this case."""
    monkeypatch.setattr(ladder, "GRACE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    ready = threading.Event()
    way = threading.Thread(target=forward, args=(port, healthy.server.port, ready, b"canary"), daemon=True)
    way.start()
    ready.wait(5)
    result = healthy.ask(ROWS, CANARY, QUERY, port=port, tls="off", limits=SessionLimits(3, 1))
    assert check_statuses(result) == ["passed", "passed", "unverified", "skipped"]
    assert result["checks"][2]["reason"] == "no answer within 1.2 s"


def forward(port: int, to: int, ready: threading.Event, end: bytes = b"never") -> None:
    """Forward one connection, until these bytes pass. Then it falls silent."""
    with socket.create_server(("127.0.0.1", port)) as door:
        ready.set()
        near, _address = door.accept()
    far = socket.create_connection(("127.0.0.1", to))

    def pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if end not in data:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    threading.Thread(target=pump, args=(far, near), daemon=True).start()
    pump(near, far)
