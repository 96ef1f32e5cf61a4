# SPDX-License-Identifier: GPL-3.0-or-later
"""Integrity checks with PostgreSQL's amcheck."""

from __future__ import annotations

from typing import Any

import pytest

from lifeboat_lab.engines import Server
from tests.machine import missing
from tests.modules import check_statuses

from .conftest import Ask

Row = dict[str, Any]

ROWS: Row = {"check": "rows", "table": "orders", "minimum": 1}
INTEGRITY: Row = {"check": "integrity", "tables": ["orders", "public.canary"]}


@pytest.fixture
def amcheck(shop: Server) -> Server:
    """Install amcheck as on RDS, where the master user may do it."""
    with shop.connect("shop") as connection:
        offered = "SELECT FROM pg_available_extensions WHERE name = 'amcheck'"
        if not connection.execute(offered).rowcount:
            missing("these PostgreSQL programs have no amcheck; Debian's have: it needs the package postgresql")
        connection.execute('CREATE SCHEMA "am:check"; GRANT USAGE ON SCHEMA "am:check" TO master')
        connection.execute('CREATE EXTENSION amcheck SCHEMA "am:check"')
        connection.execute('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA "am:check" TO master')
    return shop


def test_where_amcheck_is_not_installed_nothing_is_known(ask: Ask) -> None:
    result = ask(INTEGRITY, ROWS)
    assert (result["verdict"], check_statuses(result)) == ("unverified", ["passed", "passed", "unverified"])
    assert "amcheck is not installed" in result["reason"]


def test_who_does_not_insist_on_it_is_not_harmed(ask: Ask) -> None:
    result = ask({**INTEGRITY, "optional": True}, ROWS)
    assert (result["verdict"], check_statuses(result)) == ("verified", ["passed", "passed", "skipped"])


def test_a_user_who_may_not_run_the_check_gets_no_result_of_it(ask: Ask, amcheck: Server) -> None:
    with amcheck.connect("shop") as connection:
        connection.execute('REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA "am:check" FROM master')
    assert check_statuses(ask(INTEGRITY, ROWS)) == ["passed", "passed", "unverified"]
    assert check_statuses(ask({**INTEGRITY, "optional": True}, ROWS)) == ["passed", "passed", "skipped"]


def test_sound_tables_and_indexes_pass(ask: Ask, amcheck: Server) -> None:
    result = ask(INTEGRITY, ROWS)
    assert result["verdict"] == "verified", result
    # before PostgreSQL 14, the tables' pages are not checked
    assert result["checks"][2]["found"] in ("3 sound", "1 sound")


def test_it_alone_does_not_verify_that_there_are_data(ask: Ask, amcheck: Server) -> None:
    assert ask(INTEGRITY)["reason"] == "no check looked at its data"


def test_a_missing_table_has_no_integrity(ask: Ask, amcheck: Server) -> None:
    result = ask({**INTEGRITY, "tables": ["orders", "gone"]})
    assert (result["verdict"], result["reason"]) == ("failed", "integrity orders, gone: not there: gone")


@pytest.mark.parametrize(
    "make",
    ["CREATE VIEW odd AS SELECT * FROM orders", "CREATE TABLE odd (id int) PARTITION BY HASH (id)"],
    ids=["view", "partitioned"],
)
def test_what_has_no_files_is_neither_sound_nor_missing(ask: Ask, amcheck: Server, make: str) -> None:
    amcheck.execute([make], "shop")
    result = ask({**INTEGRITY, "tables": ["orders", "odd"]}, ROWS)
    assert (result["verdict"], "odd has no files of its own" in result["reason"]) == ("unverified", True)


def test_an_index_that_is_out_of_order_fails(ask: Ask, amcheck: Server) -> None:
    """A new collation of the system has this effect: rows compare differently than when the index was built."""
    with amcheck.connect("shop") as connection:
        connection.execute("""
            CREATE FUNCTION cmp(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a - b';
            CREATE OPERATOR CLASS odd FOR TYPE int USING btree AS
                OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 cmp(int, int);
            CREATE INDEX turned ON orders (id odd);
            CREATE OR REPLACE FUNCTION cmp(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT b - a';
        """)
    result = ask({**INTEGRITY, "optional": True}, ROWS)
    assert check_statuses(result) == ["passed", "passed", "failed"]
    assert "the index is corrupted" in result["reason"]
    assert "turned" in result["reason"]


def test_a_page_that_is_damaged_fails(ask: Ask, amcheck: Server) -> None:
    """Some bytes of a page are overwritten in the file."""
    with amcheck.connect("shop") as connection:
        connection.execute("CREATE TABLE broken (id int, word text)")
        connection.execute("INSERT INTO broken SELECT n, 'some words' FROM generate_series(1, 2000) AS n")
        connection.execute("GRANT SELECT ON broken TO master; CHECKPOINT")
        (place,) = connection.execute("SELECT pg_relation_filepath('broken')").fetchone() or ("",)
    amcheck.stop()
    with (amcheck.folder / place).open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 400)
    amcheck.start()
    count = {"check": "rows", "table": "broken", "minimum": 2000}
    result = ask(
        {**INTEGRITY, "tables": ["broken"]}, ROWS, count, {"check": "query", "query": "SELECT 1", "expected": [1]}
    )
    assert check_statuses(result) == ["passed", "passed", "failed", "passed", "failed"], result
    assert "the data are corrupted" in result["checks"][2]["reason"]
