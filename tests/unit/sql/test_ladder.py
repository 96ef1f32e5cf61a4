# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks against a real PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._sql import ladder
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.connections import Server as Address
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.connections import SessionLimits
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.engines import ENGINES
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.request import Subject, read_checks
from lifeboat_lab.engines import Server
from tests.modules import check_statuses

Row = dict[str, Any]
Ask = Callable[..., Row]

TABLES: Row = {"check": "tables", "tables": ["orders", "public.heartbeat", "canary"]}
ROWS: Row = {"check": "rows", "table": "orders", "minimum": 1000, "maximum": 1000}
FRESHNESS: Row = {"check": "freshness", "table": "heartbeat", "column": "beat_at", "max_age": 900}
CANARY: Row = {"check": "canary", "table": "canary", "column": "value", "where": {"id": "1"}, "expected": "tweet-tweet"}
HEALTHY = (CANARY, FRESHNESS, ROWS, TABLES)


def only(result: Row, kind: str) -> Row:
    (found,) = [row for row in result["checks"] if row["check"] == kind]
    return found


def sql(shop: Server, *statements: str) -> None:
    with shop.connect("shop") as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]


def test_a_healthy_database_is_verified(ask: Ask) -> None:
    result = ask(*HEALTHY)
    assert (result["verdict"], result["reason"], result["checks_passed"], result["checks_total"]) == (
        "verified",
        "",
        5,
        5,
    )


def test_the_checks_run_from_the_bottom_of_the_ladder(ask: Ask) -> None:
    assert [row["check"] for row in ask(*HEALTHY)["checks"]] == ["connection", "tables", "rows", "freshness", "canary"]


def test_a_connection_alone_verifies_nothing(ask: Ask) -> None:
    result = ask()
    assert (result["verdict"], result["reason"], check_statuses(result)) == (
        "unverified", "no check looked at its data", ["passed"],
    )  # fmt: skip


def test_reports_the_newest_row(ask: Ask) -> None:
    assert ask(FRESHNESS)["newest_row"] == only(ask(FRESHNESS), "freshness")["found"]


@pytest.mark.parametrize(
    ("check", "status", "reason"),
    [
        pytest.param({**TABLES, "tables": ["orders", "gone"]}, "failed", "not there: gone", id="missing-table"),
        pytest.param({**TABLES, "tables": ["no.orders"]}, "failed", "not there: no.orders", id="missing-schema"),
        pytest.param({**TABLES, "tables": ["Orders"]}, "failed", "not there: Orders", id="other-case"),
        pytest.param({**ROWS, "table": "gone"}, "failed", "no such table", id="rows-of-a-missing-table"),
        pytest.param({**ROWS, "table": "gone.orders"}, "failed", "no such table", id="rows-in-a-missing-schema"),
        pytest.param({**ROWS, "minimum": 1001, "maximum": None}, "failed", "fewer than 1001", id="too-few-rows"),
        pytest.param({**ROWS, "minimum": 1, "maximum": 999}, "failed", "more than 999", id="too-many-rows"),
        pytest.param({**FRESHNESS, "max_age": 10}, "failed", "more than 10 s", id="stale"),
        pytest.param({**FRESHNESS, "table": "empty", "column": "at"}, "failed", "no row", id="freshness-of-nothing"),
        pytest.param({**FRESHNESS, "column": "gone"}, "failed", "no such column", id="missing-column"),
        pytest.param(
            {**FRESHNESS, "table": "orders", "column": "id"}, "unverified", "int", id="a-column-without-times"
        ),
        pytest.param({**FRESHNESS, "at": "2000-01-01T00:00:00Z"}, "unverified", "ahead", id="rows-from-the-future"),
        pytest.param({**CANARY, "where": {"id": 3}}, "failed", "not there", id="canary-gone"),
        pytest.param({**CANARY, "where": {"id": 2}}, "failed", "more than one", id="two-canaries"),
        pytest.param({**CANARY, "expected": "tweet"}, "failed", "expected value", id="another-canary"),
        pytest.param({**CANARY, "where": {"id": "one"}}, "unverified", "invalid input", id="an-impossible-question"),
        pytest.param({**CANARY, "where": {"id": None}}, "failed", "not there", id="canary-without-id"),
    ],
)
def test_what_is_wrong_never_passes(ask: Ask, check: Row, status: str, reason: str) -> None:
    result = ask(check)
    assert result["checks"][1]["status"] == status
    assert reason in result["checks"][1]["reason"]
    assert result["verdict"] == status


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        pytest.param("int", "42", 42, id="int"),
        pytest.param("int", "42", "42", id="int-from-a-template"),
        pytest.param("numeric(6,2)", "4.20", "4.2", id="numeric"),
        pytest.param("boolean", "true", "True", id="boolean"),
        pytest.param("timestamptz", "2026-11-23 14:05:00+00", "2026-11-23T15:05:00+01:00", id="time"),
        pytest.param("timestamp", "2026-11-23 14:05:00", "2026-11-23T14:05:00Z", id="time-without-a-zone"),
        pytest.param("date", "2026-11-23", "2026-11-23", id="date"),
        pytest.param("uuid", "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", id="uuid"),
        pytest.param("bytea", "\\xDEADBEEF", "deadbeef", id="bytes"),
        pytest.param("jsonb", '{"a": [1]}', {"a": [1]}, id="json"),
        pytest.param("text", "", "", id="empty-text"),
    ],
)
def test_a_canary_of_every_type_is_recognised(ask: Ask, shop: Server, type_: str, value: str, expected: object) -> None:
    sql(shop, f"CREATE TABLE typed (id int, value {type_}); GRANT SELECT ON typed TO master")
    with shop.connect("shop") as connection:
        connection.execute("INSERT INTO typed VALUES (1, %s)", [value])
    assert ask({**CANARY, "table": "typed", "expected": expected})["verdict"] == "verified"


HOSTILE = [
    pytest.param("'; DROP TABLE orders; --", id="sql"),
    pytest.param("\"quoted\" 'twice' `thrice`", id="quotes"),
    pytest.param("<script>alert(1)</script>{{ lookup('env', 'HOME') }}{% raw %}", id="markup"),
    pytest.param("\x1b[2J\x1b]0;title\x07\r\n\t\x7f\u202e\u2028", id="control-characters"),
    pytest.param("%s %(x)s :name $1 {0} \\x00", id="placeholders"),
    pytest.param("🦜 ünïcödé", id="unicode"),
    pytest.param("x" * 1_000_000, id="a-megabyte"),
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_canary_is_compared_and_never_shown(ask: Ask, shop: Server, value: str) -> None:
    with shop.connect("shop") as connection:
        connection.execute("UPDATE canary SET value = %s WHERE id = 1", [value])
    good, bad = ask({**CANARY, "expected": value}), ask({**CANARY, "expected": f"{value}!"})
    assert (good["verdict"], bad["verdict"]) == ("verified", "failed")
    assert value[:40] not in json.dumps([good, bad], ensure_ascii=False)
    assert json.dumps(value)[1:40] not in json.dumps([good, bad])


@pytest.mark.parametrize("value", [one for one in HOSTILE if one.id != "a-megabyte"])
def test_a_hostile_row_is_found_by_its_value(ask: Ask, shop: Server, value: str) -> None:
    with shop.connect("shop") as connection:
        connection.execute("UPDATE canary SET value = %s WHERE id = 1", [value])
    check = {**CANARY, "column": "id", "where": {"value": value}, "expected": 1}
    assert ask(check, ROWS)["verdict"] == "verified"


@pytest.mark.parametrize("name", ['say "so"', "it's", "50% of; all", "a:b", "Ünïcode", "SELECT", "%(x)s", "<b>"])
def test_any_name_of_a_table_or_column_is_quoted(ask: Ask, shop: Server, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    sql(shop, f"CREATE SCHEMA {quoted} CREATE TABLE {quoted} (id int, {quoted} text)")
    sql(shop, f"INSERT INTO {quoted}.{quoted} VALUES (1, 'tweet')")
    sql(shop, f"GRANT USAGE ON SCHEMA {quoted} TO master; GRANT SELECT ON {quoted}.{quoted} TO master")
    table = f"{name}.{name}"
    result = ask(
        {"check": "tables", "tables": [table]},
        {"check": "rows", "table": table, "minimum": 1},
        {"check": "canary", "table": table, "column": name, "where": {name: "tweet"}, "expected": "tweet"},
    )
    assert result["verdict"] == "verified", result


def test_what_stands_on_a_missing_table_is_skipped(ask: Ask) -> None:
    gone = {**ROWS, "table": "gone"}
    result = ask({**TABLES, "tables": ["orders", "gone"]}, ROWS, gone)
    assert check_statuses(result) == ["passed", "failed", "passed", "skipped"]
    assert result["checks"][3]["reason"] == "gone is not there"


def test_one_check_that_fails_in_sql_leaves_the_others_alone(ask: Ask) -> None:
    assert check_statuses(ask({**ROWS, "table": "gone"}, ROWS, FRESHNESS)) == ["passed", "failed", "passed", "passed"]


def test_a_table_that_may_not_be_read_is_unverified(ask: Ask, shop: Server) -> None:
    sql(shop, "REVOKE SELECT ON orders FROM master")
    assert only(ask(ROWS), "rows")["status"] == "unverified"


def test_a_damaged_page_is_a_failure(ask: Ask, shop: Server) -> None:
    """A function raises the error that a damaged page causes, so that no page needs to be damaged."""
    sql(shop, """CREATE FUNCTION broken() RETURNS SETOF int LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'invalid page in block 7' USING ERRCODE = 'data_corrupted'; END $$""")  # fmt: skip
    sql(shop, "CREATE VIEW damaged AS SELECT * FROM broken(); GRANT SELECT ON damaged TO master")
    result = only(ask({**ROWS, "table": "damaged", "relation": "view"}), "rows")
    assert (result["status"], "corrupted" in result["reason"]) == ("failed", True)


def test_a_statement_that_takes_too_long_is_unverified(ask: Ask, shop: Server) -> None:
    sql(shop, "CREATE VIEW slow AS SELECT 1 AS n FROM pg_sleep(60); GRANT SELECT ON slow TO master")
    result = ask({**ROWS, "table": "slow", "relation": "view"}, FRESHNESS, limits=SessionLimits(3, 1))
    assert check_statuses(result) == ["passed", "unverified", "passed"]


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE x (i int)", "UPDATE public.canary SET id = 3", "CREATE TEMP TABLE t ()"]
)
def test_the_session_cannot_write(ask: Ask, shop: Server, statement: str) -> None:
    """Not even a view that tries to write can."""
    sql(shop, f"""CREATE FUNCTION write() RETURNS SETOF int LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN {statement}; RETURN NEXT 1; END $$""")  # fmt: skip
    sql(shop, "CREATE VIEW sly AS SELECT * FROM write(); GRANT SELECT ON sly TO master")
    assert "read-only transaction" in only(ask({**ROWS, "table": "sly", "relation": "view"}), "rows")["reason"]


@pytest.mark.parametrize("setting", ["default_transaction_read_only", "transaction_read_only"])
def test_a_query_cannot_make_the_session_writable(ask: Ask, shop: Server, setting: str) -> None:
    sql(shop, """CREATE FUNCTION write() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN UPDATE canary SET id = 3; RETURN 1; END $$""")  # fmt: skip
    open_up = f"SELECT set_config('{setting}', 'off', false)"
    queries = [open_up, "SELECT write()", f"SELECT write() FROM (SELECT set_config('{setting}', 'off', false)) AS s"]
    result = ask(*({"check": "query", "query": query, "expected": [["off"]]} for query in queries))
    assert all("read-only" in row["reason"] or "read-write" in row["reason"] for row in result["checks"][2:])
    with shop.connect("shop") as connection:
        assert connection.execute("SELECT count(*) FROM canary WHERE id = 3").fetchone() == (0,)


def test_a_value_that_python_cannot_hold_is_unverified_and_not_shown(ask: Ask, shop: Server) -> None:
    sql(shop, "CREATE TABLE far (id int, at timestamptz); INSERT INTO far VALUES (1, '12026-01-01')")
    sql(shop, "GRANT SELECT ON far TO master")
    row = only(ask({**CANARY, "table": "far", "column": "at", "expected": "x"}), "canary")
    assert (row["status"], row["reason"]) == ("unverified", "DataError")
    assert only(ask({**FRESHNESS, "table": "far", "column": "at"}), "freshness")["status"] == "unverified"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"password": "wrong-pässword"}, "authentication failed", id="wrong-password"),
        pytest.param({"username": "nobody-here"}, "authentication failed", id="unknown-user"),
        pytest.param({"database": "gone"}, "does not exist", id="missing-database"),
        pytest.param({"host": "no-such-host.invalid"}, "no-such-host.invalid", id="unknown-host"),
        pytest.param({"host": "x" * 300}, "label", id="impossible-host"),
        pytest.param({"port": 1}, "refused", id="refused"),
    ],
)
def test_no_connection_is_unverified_and_what_stands_on_it_is_skipped(ask: Ask, changes: Row, reason: str) -> None:
    result = ask(*HEALTHY, **changes)
    assert (result["verdict"], check_statuses(result)) == ("unverified", ["unverified", *["skipped"] * 4])
    assert reason in result["reason"]
    assert changes.get("password", "s3cr3t") not in json.dumps(result, ensure_ascii=False)


@pytest.fixture
def silence() -> Iterator[int]:
    """Provide the port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_server_that_does_not_answer_is_unverified(ask: Ask, silence: int) -> None:
    result = ask(*HEALTHY, port=silence, limits=SessionLimits(2, 2))
    assert (result["verdict"], "timeout" in result["reason"]) == ("unverified", True)


def when_waiting(shop: Server, act: Callable[[int], object]) -> threading.Thread:
    """Do something to the backend of the check as soon as it waits for a lock."""

    def watch() -> None:
        with shop.connect() as connection:
            query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'lifeboat' AND wait_event_type = 'Lock'"
            while not (row := connection.execute(query).fetchone()):
                time.sleep(0.01)
            act(row[0])

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_a_server_that_hangs_is_cut_off(ask: Ask, shop: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement timeout cannot fire, because the backend process itself is stopped."""
    monkeypatch.setattr(ladder, "GRACE", 0.2)
    stopped: list[int] = []

    def stop(pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        stopped.append(pid)

    with shop.connect("shop") as connection, connection.transaction():
        connection.execute("LOCK TABLE orders")
        thread = when_waiting(shop, stop)
        try:
            result = ask(ROWS, FRESHNESS, limits=SessionLimits(3, 1))
        finally:
            thread.join()
            os.kill(stopped[0], signal.SIGCONT)
    assert check_statuses(result) == ["passed", "unverified", "skipped"]
    assert result["checks"][1]["reason"] == "no answer within 1.2 s"


def test_a_connection_that_is_lost_is_not_made_again(ask: Ask, shop: Server) -> None:
    with shop.connect("shop") as connection, connection.transaction():
        connection.execute("LOCK TABLE orders")
        thread = when_waiting(shop, lambda pid: os.kill(pid, signal.SIGTERM))
        result = ask(ROWS, FRESHNESS)
        thread.join()
    assert check_statuses(result) == ["passed", "unverified", "skipped"]
    assert "lost" in result["checks"][2]["reason"]


def test_many_databases_are_checked_at_once_and_keep_their_order(shop: Server) -> None:
    sql(shop, "CREATE VIEW slow AS SELECT 1 AS n FROM pg_sleep(1); GRANT SELECT ON slow TO master")
    address = Address(ENGINES["aurora-postgresql"], "127.0.0.1", shop.port, "shop", "master", "s3cr3t-p@ss/w'ord")
    checks = read_checks("x", [{"check": "rows", "table": "slow", "minimum": 1, "relation": "view"}])
    started = time.monotonic()
    subjects = [Subject(f"db{n}", address, checks) for n in range(20)]
    results = ladder.check_all(subjects, SessionLimits(), time.monotonic)
    assert [(one["name"], one["verdict"]) for one in results] == [(f"db{n}", "verified") for n in range(20)]
    assert time.monotonic() - started < 20 * 1 / 2


def test_a_thread_that_breaks_says_nothing_about_the_others(shop: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    address = Address(ENGINES["postgres"], "127.0.0.1", shop.port, "shop", "master", "s3cr3t-p@ss/w'ord")
    good, bad = (Subject(name, address, read_checks(name, [ROWS])) for name in ("good", "bad"))
    whole = ladder.check_one

    def check_one(climb: ladder.Climb, *, record: bool) -> Row:
        if climb.subject is bad:
            raise KeyError("a mistake of ours")
        return whole(climb, record=record)

    monkeypatch.setattr(ladder, "check_one", check_one)
    results = ladder.check_all([bad, good], SessionLimits(), time.monotonic)
    assert [one["verdict"] for one in results] == ["unverified", "verified"]
    assert "the check stopped with an error: 'a mistake of ours'" in results[0]["reason"]


def test_the_time_of_each_check_is_measured(ask: Ask) -> None:
    result = ask(*HEALTHY)  # its clock advances by one second each time it is read
    assert [row["seconds"] for row in result["checks"]] == [2, 1, 1, 1, 1]
    assert result["connected_seconds"] == 3


@pytest.mark.parametrize(
    ("module", "package"), [("sqlalchemy", "SQLAlchemy"), ("psycopg", "psycopg[binary]")], ids=["sqlalchemy", "psycopg"]
)
def test_a_missing_library_is_named_with_its_host(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, module: str, package: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    result = ask(ROWS)
    assert (result["verdict"], len(result["checks"])) == ("unverified", 1)
    assert "from here" in result["reason"]
    assert f"package {package} cannot be imported" in result["reason"]
    assert f"pip install '{package}" in result["reason"]
