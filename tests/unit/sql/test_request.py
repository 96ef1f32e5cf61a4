# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.checks import LADDER
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.request import read_checks, read_request

Row = dict[str, Any]

GOOD: dict[str, Row] = {
    "connection": {"check": "connection"},
    "tables": {"check": "tables", "tables": ["orders"]},
    "rows": {"check": "rows", "table": "orders", "minimum": 1},
    "freshness": {"check": "freshness", "table": "beat", "column": "at", "max_age": 60},
    "canary": {"check": "canary", "table": "canary", "column": "value", "where": {"id": 1}, "expected": "tweet"},
}
REQUIRED = [(kind, name) for kind, rung in LADDER.items() for name in rung.required]


def request_of(*checks: Row, **changes: Any) -> Row:
    database = {
        "name": "orders",
        "engine": "postgres",
        "host": "127.0.0.1",
        "port": 5432,
        "database": "shop",
        "username": "master",
        "password": "hidden-word",
        "checks": list(checks),
    }
    return {"databases": [database | changes], "statement_timeout": 30, "connect_timeout": 10, "parallel": 8}


def refusal(*checks: Row, **changes: Any) -> LifeboatError:
    with pytest.raises(LifeboatError) as caught:
        read_request(request_of(*checks, **changes))
    return caught.value


def test_every_kind_of_check_is_read() -> None:
    assert {check.kind for check in read_checks("orders", GOOD.values())} == set(LADDER)


def test_the_connection_is_checked_first_and_once() -> None:
    checks = read_checks("orders", [GOOD["rows"], GOOD["connection"], GOOD["connection"]])
    assert [check.kind for check in checks] == ["connection", "rows"]


def test_checks_of_a_kind_keep_their_order() -> None:
    rows = [{**GOOD["rows"], "table": name} for name in "cab"]
    assert [check.target for check in read_checks("orders", [GOOD["canary"], *rows])[1:4]] == ["c", "a", "b"]


def test_what_ansible_fills_with_nothing_is_not_given() -> None:
    everything = dict.fromkeys({name for check in GOOD.values() for name in check} | {"maximum", "at"})
    assert read_checks("orders", [everything | check for check in GOOD.values()]) == read_checks(
        "orders", GOOD.values()
    )


@pytest.mark.parametrize(("kind", "name"), REQUIRED, ids=["-".join(pair) for pair in REQUIRED])
def test_a_check_without_what_it_needs_is_refused(kind: str, name: str) -> None:
    error = refusal({**GOOD[kind], name: None})
    assert str(error).startswith(f"Cannot run check 1 of orders ({kind}): it has no {name}.")


@pytest.mark.parametrize(
    ("check", "why"),
    [
        pytest.param({"check": "row"}, "'row' is no kind of check", id="unknown-kind"),
        pytest.param({"check": "\x1b[2J"}, "'\\x1b[2J' is no kind", id="hostile-kind"),
        pytest.param({**GOOD["rows"], "max_age": 3}, "max_age means nothing to it", id="parameter-of-another-kind"),
        pytest.param({**GOOD["tables"], "tables": []}, "it has no tables", id="no-table"),
        pytest.param({**GOOD["tables"], "tables": ["a", ""]}, "'' is no name", id="empty-name"),
        pytest.param({**GOOD["tables"], "tables": ["a.b.c"]}, "'a.b.c' is no table", id="three-parts"),
        pytest.param({**GOOD["tables"], "tables": ["a."]}, "'' is no name", id="schema-without-table"),
        pytest.param({**GOOD["rows"], "table": "x" * 64}, "is no name", id="name-that-would-be-cut"),
        pytest.param({**GOOD["rows"], "table": "ü" * 32}, "is no name", id="name-that-would-be-cut-in-bytes"),
        pytest.param({**GOOD["rows"], "table": "a\0b"}, "is no name", id="nul-in-a-name"),
        pytest.param({**GOOD["rows"], "table": "a\nb"}, "'a\\nb' is no name", id="line-break-in-a-name"),
        pytest.param({**GOOD["rows"], "table": "\ud800"}, "is no name", id="half-a-character"),
        pytest.param({**GOOD["rows"], "minimum": -1}, "has at least -1 rows", id="negative-minimum"),
        pytest.param({**GOOD["rows"], "minimum": 0}, "pass on an empty table", id="minimum-that-proves-nothing"),
        pytest.param({**GOOD["rows"], "minimum": 3, "maximum": 2}, "3 to 2 rows", id="maximum-below-minimum"),
        pytest.param({**GOOD["freshness"], "max_age": 0}, "max_age is 0", id="no-age"),
        pytest.param({**GOOD["freshness"], "max_age": 10**15}, "max_age is 1000000000000000", id="endless-age"),
        pytest.param({**GOOD["freshness"], "at": "yesterday"}, "'yesterday' is no time", id="no-time"),
        pytest.param({**GOOD["freshness"], "at": "2026-11-23T14:05:00"}, "no time with a zone", id="time-without-zone"),
        pytest.param({**GOOD["canary"], "where": {}}, "it has no where", id="canary-without-a-row"),
        pytest.param({**GOOD["canary"], "where": {"id": [1]}}, "where.id is no plain value", id="list-in-where"),
        pytest.param({**GOOD["canary"], "where": {"id": "\0"}}, "where.id is no plain value", id="nul-in-where"),
        pytest.param({**GOOD["canary"], "where": {"": 1}}, "'' is no name", id="where-without-a-column"),
    ],
)
def test_a_check_that_cannot_run_is_refused(check: Row, why: str) -> None:
    error = refusal(check)
    assert why in error.why
    assert error.remedy


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"engine": "mariadb"}, "'mariadb' is not an engine", id="unsupported-engine"),
        pytest.param({"port": 0}, "0 is no port", id="port"),
        pytest.param({"host": ""}, "'' is no host", id="host"),
        pytest.param({"database": "a\0"}, "is no database", id="database"),
        pytest.param({"username": "a\n"}, "is no username", id="username"),
    ],
)
def test_a_database_that_cannot_be_asked_is_refused(changes: Row, why: str) -> None:
    error = refusal(**changes)
    assert str(error).startswith("Cannot check orders: ")
    assert why in error.why


def test_an_unsupported_engine_is_refused_with_the_supported_ones() -> None:
    assert refusal(engine="oracle-ee").remedy == "Leave it out; supported are: postgres, aurora-postgresql"


@pytest.mark.parametrize("name", ["statement_timeout", "connect_timeout", "parallel"])
def test_a_limit_below_one_is_refused(name: str) -> None:
    with pytest.raises(LifeboatError, match=f"{name} 0"):
        read_request(request_of() | {name: 0})


def test_one_bad_check_of_the_last_database_refuses_all() -> None:
    request = request_of(GOOD["rows"])
    request["databases"] += request_of(GOOD["rows"], {"check": "row"}, name="billing")["databases"]
    with pytest.raises(LifeboatError, match="Cannot run check 2 of billing"):
        read_request(request)


def test_neither_password_nor_canary_is_in_what_a_developer_prints() -> None:
    assert not {"hidden-word", "tweet"} & set(repr(read_request(request_of(GOOD["canary"]))).split("'"))
