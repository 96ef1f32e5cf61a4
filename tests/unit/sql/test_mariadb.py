# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that are special in MariaDB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._sql import connections
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.connections import SessionLimits
from lifeboat_lab.engines import Server
from tests.modules import check_statuses

from .conftest import Ask

Row = dict[str, Any]

CANARY: Row = {"check": "canary", "table": "typed", "column": "value", "where": {"id": "1"}}
ROWS: Row = {"check": "rows", "table": "orders", "minimum": 1}


@pytest.mark.parametrize("engine", ["mariadb", "mysql", "aurora-mysql"])
def test_whatever_its_name_the_server_says_what_it_is(ask_mariadb: Ask, engine: str) -> None:
    assert ask_mariadb(ROWS, engine=engine)["checks"][0]["found"].startswith("mariadb ")


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        pytest.param("int", "42", 42, id="int"),
        pytest.param("decimal(6,2)", "4.20", "4.2", id="decimal"),
        pytest.param("boolean", "1", 1, id="boolean"),
        pytest.param("datetime", "2026-11-23 14:05:00", "2026-11-23T15:05:00+01:00", id="time"),
        pytest.param("timestamp", "2026-11-23 14:05:00", "2026-11-23T14:05:00Z", id="time-with-a-zone"),
        pytest.param("date", "2026-11-23", "2026-11-23", id="date"),
        pytest.param("uuid", "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", id="uuid"),
        pytest.param("varbinary(9)", b"\xde\xad", "dead", id="bytes"),
        pytest.param("json", '{"a": [1]}', {"a": [1]}, id="json"),
        pytest.param("varchar(9) charset latin1", "öl", "öl", id="latin"),
        pytest.param("text", "", "", id="empty-text"),
    ],
)
def test_a_canary_of_every_type_is_recognised(
    ask_mariadb: Ask, mariadb: Server, type_: str, value: object, expected: object
) -> None:
    mariadb.execute([f"CREATE TABLE typed (id int, value {type_})"], "shop")
    with mariadb.connect("shop") as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO typed VALUES (1, %s)", (value,))
    recorded = ask_mariadb({"check": "checksum", "table": "typed"}, record=True)["recorded"]
    assert ask_mariadb({**CANARY, "expected": expected}, *recorded)["verdict"] == "verified"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE canary SET id = 3",
        "INSERT INTO orders VALUES (9999)",
        "DELETE FROM orders",
        "CREATE TEMPORARY TABLE t (i int)",
    ],
)
def test_the_session_cannot_write(ask_mariadb: Ask, mariadb: Server, statement: str) -> None:
    """Not even a function that tries to write can."""
    mariadb.execute([f"CREATE FUNCTION sly() RETURNS int BEGIN {statement}; RETURN 1; END"], "shop")
    result = ask_mariadb({"check": "query", "query": "SELECT sly()", "expected": [1]}, ROWS)
    assert "READ ONLY transaction" in result["checks"][2]["reason"]
    assert mariadb.execute(["SELECT COUNT(*) FROM orders"], "shop") == [(1000,)]


def test_a_hashed_column_may_have_any_name(ask_mariadb: Ask, mariadb: Server) -> None:
    mariadb.execute(["CREATE TABLE odd (`a``b` int, `%s` int, `:x` int)", "INSERT INTO odd VALUES (1, 2, 3)"], "shop")
    recorded = ask_mariadb({"check": "checksum", "table": "odd"}, record=True)["recorded"]
    assert ask_mariadb(*recorded)["verdict"] == "verified"
    mariadb.execute(["UPDATE odd SET `a``b` = 2"], "shop")
    assert ask_mariadb(*recorded)["verdict"] == "failed"


def test_sound_tables_pass(ask_mariadb: Ask, mariadb: Server) -> None:
    mariadb.execute(
        ["CREATE TABLE my (id int PRIMARY KEY) ENGINE=MyISAM", "CREATE VIEW seen AS SELECT * FROM my"], "shop"
    )
    result = ask_mariadb({"check": "integrity", "tables": ["orders", "my", "shop.canary", "seen"]}, ROWS)
    assert (result["verdict"], result["checks"][2]["found"]) == ("verified", "4 sound")


def broken(mariadb: Server, engine: str, rows: int, at: int) -> None:
    """Create a table, and damage its file."""
    make = f"CREATE TABLE broken (id int PRIMARY KEY, word text) ENGINE={engine}"
    fill = f"INSERT INTO broken SELECT seq, 'some words' FROM seq_1_to_{rows}"
    mariadb.execute([make, fill, "FLUSH TABLES"], "shop")
    path = mariadb.folder / "shop" / ("broken.MYD" if engine == "MyISAM" else "broken.MAD")
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xff" * 400)


@pytest.mark.parametrize("engine", ["MyISAM", "Aria"])
def test_a_damaged_file_fails(ask_mariadb: Ask, mariadb: Server, engine: str) -> None:
    broken(mariadb, engine, rows=2000, at=9000)
    result = ask_mariadb(ROWS, {"check": "integrity", "tables": ["orders", "broken"], "optional": True})
    assert (result["verdict"], check_statuses(result)) == ("failed", ["passed", "passed", "failed"])
    assert result["checks"][2]["reason"].startswith("broken: ")


def test_a_query_of_a_damaged_table_fails(ask_mariadb: Ask, mariadb: Server) -> None:
    broken(mariadb, "MyISAM", rows=2000, at=9000)
    ask_mariadb({"check": "integrity", "tables": ["broken"]})
    result = ask_mariadb({"check": "query", "query": "SELECT SUM(LENGTH(word)) FROM broken", "expected": [20000]})
    assert (result["verdict"], "the data are corrupted" in result["reason"]) == ("failed", True), result


def pages_read(mariadb: Server, act: Callable[[], object]) -> int:
    """Count the pages that InnoDB reads for an action: the smallest of three counts, since it also reads by itself."""

    def count() -> int:
        ((_name, value),) = mariadb.execute(["SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_read_requests'"])
        return int(value)

    counts = []
    for _turn in range(3):
        before = count()
        act()
        counts.append(count() - before)
    return min(counts)


def test_no_time_limit_cuts_the_look_at_a_table_short(
    ask_mariadb: Ask, mariadb: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MariaDB reports OK for an InnoDB table even if max_statement_time ends CHECK TABLE.

    So the test counts the pages read. The server reads some for itself as well; a look cut short reads hardly any.
    """
    make = "CREATE TABLE many (id int PRIMARY KEY, word varchar(40), KEY words (word))"
    mariadb.execute([make, "INSERT INTO many SELECT seq, CONCAT('x', seq) FROM seq_1_to_200000"], "shop")
    whole = pages_read(mariadb, lambda: mariadb.execute(["CHECK TABLE many"], "shop"))
    set_up = connections.set_up_mysql

    def set_up_impatiently(connection: Any, limits: SessionLimits) -> None:
        set_up(connection, limits)
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION max_statement_time = 0.001")

    monkeypatch.setattr(connections, "set_up_mysql", set_up_impatiently)
    assert pages_read(mariadb, lambda: ask_mariadb({"check": "integrity", "tables": ["many"]})) > whole / 2


def test_a_missing_table_has_no_integrity(ask_mariadb: Ask) -> None:
    result = ask_mariadb({"check": "integrity", "tables": ["gone"], "optional": True}, ROWS)
    assert (result["verdict"], "doesn't exist" in result["reason"]) == ("failed", True)


def test_an_engine_without_an_integrity_check_does_not_pass_it(ask_mariadb: Ask, mariadb: Server) -> None:
    mariadb.execute(["CREATE TABLE mem (id int) ENGINE=MEMORY"], "shop")
    check = {"check": "integrity", "tables": ["mem"]}
    assert check_statuses(ask_mariadb(check, ROWS)) == ["passed", "passed", "unverified"]
    result = ask_mariadb({**check, "optional": True}, ROWS)
    assert (result["verdict"], check_statuses(result)) == ("verified", ["passed", "passed", "skipped"])


def test_a_user_who_may_not_read_a_table_gets_no_result_of_its_integrity(ask_mariadb: Ask, mariadb: Server) -> None:
    mariadb.execute(
        [
            "CREATE USER IF NOT EXISTS reader@'%' IDENTIFIED BY 'reader-password'",
            "GRANT SELECT ON shop.orders TO reader@'%'",
        ]
    )
    who = {"username": "reader", "password": "reader-password"}
    check = {"check": "integrity", "tables": ["canary"]}
    assert check_statuses(ask_mariadb(check, ROWS, **who)) == ["passed", "passed", "unverified"]
    assert check_statuses(ask_mariadb({**check, "optional": True}, ROWS, **who)) == ["passed", "passed", "skipped"]


@pytest.mark.parametrize("check", [ROWS, {"check": "integrity", "tables": ["orders"]}], ids=["rows", "integrity"])
def test_a_table_that_is_locked_is_not_waited_for_a_day(ask_mariadb: Ask, mariadb: Server, check: Row) -> None:
    with mariadb.connect("shop") as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLES orders WRITE")
        result = ask_mariadb(check, limits=SessionLimits(3, 1))
    assert check_statuses(result) == ["passed", "unverified"]
    assert "timeout" in result["reason"].lower() or "max_statement_time" in result["reason"]


def test_a_driver_of_the_users_choice_asks_what_all_engines_can_be_asked(ask_mariadb: Ask, mariadb: Server) -> None:
    """The test uses MariaDB under the name of an engine that is not known here."""
    other = {"engine": "an-engine-of-the-future", "driver": "mariadb+pymysql"}
    checks = [
        {"check": "tables", "tables": ["orders"]},
        {"check": "structure", "table": "orders", "columns": ["id"]},
        {"check": "canary", "table": "canary", "column": "value", "where": {"id": 1}, "expected": "tweet-tweet"},
        {"check": "freshness", "table": "heartbeat", "column": "beat_at", "max_age": 900},
        {"check": "query", "query": "SELECT COUNT(*) FROM orders", "expected": [1000]},
    ]
    result = ask_mariadb(ROWS, *checks, **other)
    assert result["verdict"] == "verified", result
    assert result["checks"][0]["found"].endswith("by a driver of the user's choice")
    assert ask_mariadb(ROWS, **other, port=1)["verdict"] == "unverified"


def test_what_is_written_where_nothing_forbids_it_is_undone(ask_mariadb: Ask, mariadb: Server) -> None:
    mariadb.execute(["CREATE FUNCTION sly() RETURNS int BEGIN DELETE FROM orders; RETURN 1; END"], "shop")
    sly = {"check": "query", "query": "SELECT sly()", "expected": [1]}
    assert ask_mariadb(sly, engine="other", driver="mariadb+pymysql")["verdict"] == "verified"
    assert mariadb.execute(["SELECT COUNT(*) FROM orders"], "shop") == [(1000,)]
