# SPDX-License-Identifier: GPL-3.0-or-later
"""Restored databases that lie: no check of an empty or an old one passes, whatever the database brings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lifeboat_lab.engines import Server
from tests.modules import check_statuses

from .conftest import Ask

Row = dict[str, Any]

ROWS: Row = {"check": "rows", "table": "orders", "minimum": 1000}
FRESHNESS: Row = {"check": "freshness", "table": "heartbeat", "column": "beat_at", "max_age": 900}
CANARY: Row = {"check": "canary", "table": "canary", "column": "value", "where": {"id": "1"}, "expected": "tweet-tweet"}
COUNT: Row = {"check": "query", "query": "SELECT count(id) >= 1000 FROM orders", "expected": [True]}
QUALIFIED: Row = {"check": "query", "query": "SELECT count(id) >= 1000 FROM public.orders", "expected": [True]}

LOST = """
DELETE FROM orders;
UPDATE heartbeat SET beat_at = '2020-01-01';
UPDATE canary SET value = 'old';
GRANT USAGE ON SCHEMA public TO master;
"""
PATH = "ALTER ROLE master SET search_path = evil, pg_catalog, public; CREATE SCHEMA evil; "
PATH += "GRANT USAGE ON SCHEMA evil TO master;"
# Each lie hides that the data are lost.
LIES = {
    "functions-first-in-the-path": PATH
    + """
    CREATE AGGREGATE evil.count(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '1000');
    CREATE FUNCTION evil.more(bigint, int) RETURNS bigint LANGUAGE sql AS 'SELECT 1000::bigint';
    CREATE AGGREGATE evil.count(int) (SFUNC = evil.more, STYPE = bigint, INITCOND = '1000');
    CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT '2020-01-01'::timestamptz$$;
    CREATE FUNCTION evil.later(timestamptz, timestamptz) RETURNS timestamptz LANGUAGE sql AS 'SELECT pg_catalog.now()';
    CREATE AGGREGATE evil.max(timestamptz) (SFUNC = evil.later, STYPE = timestamptz, INITCOND = '2020-01-01');
    """,
    "tables-first-in-the-path": PATH
    + """
    CREATE TABLE evil.orders AS SELECT generate_series(1, 1000) AS id;
    CREATE TABLE evil.heartbeat AS SELECT now() AS beat_at;
    CREATE TABLE evil.canary AS SELECT 1 AS id, 'tweet-tweet' AS value;
    GRANT SELECT ON ALL TABLES IN SCHEMA evil TO master;
    """,
    "an-operator-first-in-the-path": PATH
    + """
    CREATE FUNCTION evil.always(int, int) RETURNS bool LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR evil.= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.always);
    DELETE FROM canary; INSERT INTO canary VALUES (7, 'tweet-tweet');
    """,
    "settings-of-the-database": "ALTER DATABASE shop SET search_path = evil; ALTER DATABASE shop SET TimeZone = 2;",
    "views": """
    DROP TABLE orders, heartbeat, canary;
    CREATE VIEW orders AS SELECT generate_series(1, 1000) AS id;
    CREATE VIEW heartbeat AS SELECT now() AS beat_at;
    CREATE VIEW canary AS SELECT 1 AS id, 'tweet-tweet' AS value;
    """,
    "materialized-views": """
    DROP TABLE orders, heartbeat, canary;
    CREATE MATERIALIZED VIEW orders AS SELECT generate_series(1, 1000) AS id;
    CREATE MATERIALIZED VIEW heartbeat AS SELECT now() AS beat_at;
    CREATE MATERIALIZED VIEW canary AS SELECT 1 AS id, 'tweet-tweet' AS value;
    """,
    "better-fitting-functions-beside-the-tables": """
    CREATE FUNCTION public.more(bigint, int) RETURNS bigint LANGUAGE sql AS 'SELECT 1000::bigint';
    CREATE AGGREGATE public.count(int) (SFUNC = public.more, STYPE = bigint, INITCOND = '1000');
    """,
    "a-better-fitting-operator": """
    CREATE FUNCTION public.enough(bigint, int) RETURNS bool LANGUAGE sql AS 'SELECT true';
    CREATE FUNCTION public.enough(int, numeric) RETURNS bool LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR public.= (LEFTARG = int, RIGHTARG = numeric, FUNCTION = public.enough);
    """,
    "another-role": "CREATE ROLE other; GRANT other TO master; ALTER ROLE master SET role = other;",
}


@pytest.fixture(autouse=True)
def honest_again(shop: Server) -> Iterator[None]:
    yield
    shop.execute(["ALTER ROLE master RESET ALL", "ALTER DATABASE shop RESET ALL"])
    shop.execute(["DROP ROLE IF EXISTS other"])


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_postgresql_that_lies_about_lost_data_is_never_believed(ask: Ask, shop: Server, lie: str) -> None:
    shop.execute([LOST + lie + "GRANT SELECT ON ALL TABLES IN SCHEMA public TO master"], "shop")
    result = ask(ROWS, FRESHNESS, CANARY, COUNT, QUALIFIED)
    assert result["verdict"] == "failed"
    assert "passed" not in check_statuses(result)[1:], result


@pytest.mark.parametrize("lie", [name for name in LIES if "views" not in name and "operator-first" not in name])
def test_the_honest_twin_passes_where_its_names_are_written_in_full(ask: Ask, shop: Server, lie: str) -> None:
    """What lies beside the data does not matter to checks that say what they mean."""
    shop.execute([LIES[lie] + "GRANT SELECT ON ALL TABLES IN SCHEMA public TO master"], "shop")
    assert ask(ROWS, FRESHNESS, CANARY, QUALIFIED)["verdict"] == "verified"


def test_a_query_that_could_mean_another_function_says_so(ask: Ask, shop: Server) -> None:
    shop.execute([LIES["better-fitting-functions-beside-the-tables"]], "shop")
    assert "the schema public has a function count of its own" in ask(COUNT)["reason"]


def test_a_policy_that_hides_rows_is_told(ask: Ask, shop: Server) -> None:
    policy = "CREATE POLICY few ON orders USING (id = 1)"
    shop.execute(["ALTER TABLE orders ENABLE ROW LEVEL SECURITY", policy], "shop")
    result = ask({**ROWS, "minimum": 1}, COUNT)
    assert check_statuses(result) == ["passed", "unverified", "unverified"]
    assert "row-level security policy" in result["reason"]


def test_a_foreign_table_is_told_even_as_a_part(ask: Ask, shop: Server) -> None:
    shop.execute(
        [
            "CREATE FOREIGN DATA WRAPPER nothing",
            "CREATE SERVER far FOREIGN DATA WRAPPER nothing",
            "CREATE FOREIGN TABLE away (id int) SERVER far",
            "CREATE TABLE whole (id int) PARTITION BY LIST (id)",
            "CREATE FOREIGN TABLE part PARTITION OF whole DEFAULT SERVER far",
        ],
        "shop",
    )
    try:
        checks = [{"check": "rows", "table": name, "minimum": 1} for name in ("away", "whole")]
        reasons = [row["reason"] for row in ask(*checks)["checks"][1:]]
    finally:
        shop.execute(["DROP FOREIGN DATA WRAPPER nothing CASCADE"], "shop")
    assert reasons == [
        "away is not a table but a foreign table",
        "whole is not a table but a table with a foreign part",
    ]


def test_a_view_is_asked_when_it_was_declared(ask: Ask, shop: Server) -> None:
    shop.execute(["CREATE VIEW seen AS SELECT * FROM orders", "GRANT SELECT ON seen TO master"], "shop")
    rows: Row = {"check": "rows", "table": "seen", "minimum": 1000}
    query: Row = {"check": "query", "query": "SELECT count(*) FROM seen", "expected": [1000]}
    assert check_statuses(ask(rows, query)) == ["passed", "failed", "failed"]
    assert ask(rows | {"relation": "view"}, query | {"relation": "view"})["verdict"] == "verified"
    assert ask(ROWS | {"relation": "view"})["reason"] == "rows orders: orders is not a view but a table"


def test_a_huge_value_is_not_read(ask: Ask, shop: Server) -> None:
    shop.execute(["UPDATE canary SET value = repeat('x', 20000000) WHERE id = 1"], "shop")
    result = ask(CANARY, FRESHNESS | {"table": "canary", "column": "value"})
    assert check_statuses(result) == ["passed", "unverified", "failed"]
    assert "20000000 bytes" in result["reason"]


MARIADB_LIES = {
    "views": (
        "DROP TABLE orders, heartbeat, canary",
        "CREATE VIEW orders AS SELECT seq AS id FROM seq_1_to_1000",
        "CREATE VIEW heartbeat AS SELECT now() AS beat_at",
        "CREATE VIEW canary AS SELECT 1 AS id, 'tweet-tweet' AS value",
    ),
    "columns-that-are-computed": (
        "ALTER TABLE heartbeat DROP COLUMN beat_at, ADD COLUMN x int, ADD COLUMN beat_at datetime AS (now()) VIRTUAL",
        "ALTER TABLE canary DROP COLUMN value, ADD COLUMN value text AS ('tweet-tweet') VIRTUAL",
        "INSERT INTO heartbeat VALUES ()",
    ),
}
MARIADB_LOST = (
    "DELETE FROM orders",
    "UPDATE heartbeat SET beat_at = '2020-01-01'",
    "UPDATE canary SET value = 'old'",
)


@pytest.mark.parametrize("lie", MARIADB_LIES.values(), ids=MARIADB_LIES)
def test_a_mariadb_that_lies_about_lost_data_is_never_believed(
    ask_mariadb: Ask, mariadb: Server, lie: tuple[str, ...]
) -> None:
    mariadb.execute([*MARIADB_LOST, *lie], "shop")
    result = ask_mariadb(ROWS, FRESHNESS, CANARY, COUNT | {"expected": [1]})
    assert result["verdict"] == "failed"
    assert check_statuses(result)[1:] == ["failed"] * 4, result


def test_a_huge_value_of_mariadb_is_not_read(ask_mariadb: Ask, mariadb: Server) -> None:
    mariadb.execute(["UPDATE canary SET value = repeat('x', 10000000) WHERE id = 1"], "shop")
    result = ask_mariadb(CANARY, FRESHNESS | {"table": "canary", "column": "value"})
    assert check_statuses(result) == ["passed", "unverified", "failed"]
    assert "10000000 bytes" in result["reason"]


INIT_CONNECTS = {
    "a-clock-of-its-own": "SET SESSION timestamp = 1577836800 + 60",
    "temporary-tables": "CREATE TEMPORARY TABLE shop.orders SELECT seq AS id FROM shop.many",
    "another-database": "USE other",
    "a-mode-with-other-quotes": "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
    "a-limit": "SET SESSION sql_select_limit = 0",
}


@pytest.fixture
def init_connect(mariadb: Server) -> Iterator[Server]:
    """Provide a database whose server runs something for everybody who connects."""
    mariadb.execute(
        [
            "CREATE TABLE many SELECT seq FROM seq_1_to_1000",
            "CREATE DATABASE other",
            "CREATE TABLE other.orders SELECT seq AS id FROM seq_1_to_1000",
            "CREATE TABLE other.heartbeat SELECT now() AS beat_at",
        ],
        "shop",
    )
    yield mariadb
    mariadb.execute(["SET GLOBAL init_connect = ''"])


@pytest.mark.parametrize("lie", INIT_CONNECTS.values(), ids=INIT_CONNECTS)
def test_what_a_server_runs_at_the_start_changes_no_answer(ask_mariadb: Ask, init_connect: Server, lie: str) -> None:
    init_connect.execute(['SET GLOBAL init_connect = "' + lie + '"'])
    assert ask_mariadb(ROWS, FRESHNESS, CANARY)["verdict"] == "verified"
    init_connect.execute(["DELETE FROM orders", "UPDATE heartbeat SET beat_at = '2020-01-01'"], "shop")
    assert check_statuses(ask_mariadb(ROWS, FRESHNESS, CANARY)) == ["passed", "failed", "failed", "passed"]


def test_what_a_server_runs_by_itself_is_told(ask_mariadb: Ask, init_connect: Server) -> None:
    init_connect.execute(["CREATE EVENT wipe ON SCHEDULE EVERY 1 DAY DO DELETE FROM orders"], "shop")
    assert "runs by itself" not in str(ask_mariadb(ROWS))
    init_connect.execute(["SET GLOBAL event_scheduler = ON", "SET GLOBAL init_connect = 'SET @x = 1'"])
    try:
        init_connect.execute(["GRANT EVENT ON shop.* TO master"])
        found = ask_mariadb(ROWS)["checks"][0]["found"]
    finally:
        init_connect.execute(["SET GLOBAL event_scheduler = OFF"])
    assert "(runs by itself: init_connect, the event shop.wipe) over TLS" in found
