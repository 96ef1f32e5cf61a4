# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.checking.checks import LADDER
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.request import (
    PARAMETERS,
    Refused,
    Subject,
    read_checks,
    read_request,
)

Row = dict[str, Any]

GOOD: dict[str, Row] = {
    "connection": {"check": "connection"},
    "tables": {"check": "tables", "tables": ["orders"]},
    "rows": {"check": "rows", "table": "orders", "minimum": 1},
    "structure": {"check": "structure", "table": "orders", "columns": ["id"]},
    "freshness": {"check": "freshness", "table": "beat", "column": "at", "max_age": 60},
    "checksum": {"check": "checksum", "table": "orders", "expected": "3:" + "0a" * 8},
    "canary": {"check": "canary", "table": "canary", "column": "value", "where": {"id": 1}, "expected": "tweet"},
    "query": {"check": "query", "query": "SELECT 1", "expected": [[1]]},
    "integrity": {"check": "integrity", "tables": ["orders"]},
}
COUNT: Row = {"check": "rows", "table": "orders", "expected": 1000}
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
    ((refused,), _limits) = read_request(request_of(*checks, **changes))
    assert isinstance(refused, Refused)
    return refused.why


def test_every_kind_of_check_is_read() -> None:
    assert {check.kind for check in read_checks("orders", GOOD.values())} == set(LADDER)


def test_the_connection_is_checked_first_and_once() -> None:
    checks = read_checks("orders", [GOOD["rows"], GOOD["connection"], GOOD["connection"]])
    assert [check.kind for check in checks] == ["connection", "rows"]


def test_checks_of_a_kind_keep_their_order() -> None:
    rows = [{**GOOD["rows"], "table": name} for name in "cab"]
    assert [check.target for check in read_checks("orders", [GOOD["canary"], *rows])[1:4]] == ["c", "a", "b"]


def test_what_ansible_fills_with_nothing_is_not_given() -> None:
    everything = dict.fromkeys(PARAMETERS)
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
        pytest.param({"check": "row"}, "'row' is not a kind of check", id="unknown-kind"),
        pytest.param({"check": "\x1b[2J"}, "'\\x1b[2J' is not a kind", id="hostile-kind"),
        pytest.param(
            {**GOOD["rows"], "max_age": 3}, "max_age is not a parameter of this check", id="parameter-of-another-kind"
        ),
        pytest.param({**GOOD["tables"], "tables": []}, "it has no tables", id="no-table"),
        pytest.param({**GOOD["tables"], "tables": ["a", ""]}, "'' is not a possible name", id="empty-name"),
        pytest.param({**GOOD["tables"], "tables": ["a.b.c"]}, "'a.b.c' is not a table", id="three-parts"),
        pytest.param({**GOOD["tables"], "tables": ["a."]}, "'' is not a possible name", id="schema-without-table"),
        pytest.param({**GOOD["rows"], "table": "x" * 64}, "is not a possible name", id="name-that-would-be-cut"),
        pytest.param(
            {**GOOD["rows"], "table": "ü" * 32}, "is not a possible name", id="name-that-would-be-cut-in-bytes"
        ),
        pytest.param({**GOOD["rows"], "table": "a\0b"}, "is not a possible name", id="nul-in-a-name"),
        pytest.param({**GOOD["rows"], "table": "a\nb"}, "'a\\nb' is not a possible name", id="line-break-in-a-name"),
        pytest.param({**GOOD["rows"], "table": "\ud800"}, "is not a possible name", id="half-a-character"),
        pytest.param({**GOOD["rows"], "minimum": -1}, "has at least -1 rows", id="negative-minimum"),
        pytest.param({**GOOD["rows"], "minimum": 0}, "pass on an empty table", id="minimum-that-proves-nothing"),
        pytest.param({**GOOD["rows"], "minimum": 3, "maximum": 2}, "3 to 2 rows", id="maximum-below-minimum"),
        pytest.param({**GOOD["rows"], "minimum": None}, "it has no minimum or expected", id="rows-without-a-bound"),
        pytest.param({**GOOD["rows"], "expected": 3}, "expected already sets both bounds", id="two-bounds"),
        pytest.param({**GOOD["rows"], "tolerance": 3}, "tolerance without expected", id="tolerance-of-nothing"),
        pytest.param({**COUNT, "tolerance": 100}, "tolerance of 100 %", id="tolerance-that-proves-nothing"),
        pytest.param({**COUNT, "tolerance": -1}, "tolerance of -1 %", id="negative-tolerance"),
        pytest.param({**COUNT, "tolerance": float("nan")}, "tolerance of nan %", id="tolerance-that-is-no-number"),
        pytest.param(
            {**COUNT, "expected": "many"}, "expected is not a number of rows", id="expected-that-is-no-number"
        ),
        pytest.param({**COUNT, "expected": -1}, "expected is not a number of rows", id="negative-expected"),
        pytest.param({**COUNT, "expected": 1.5}, "expected is not a number of rows", id="half-a-row"),
        pytest.param({**GOOD["structure"], "columns": None}, "it has no columns or indexes", id="no-structure"),
        pytest.param({**GOOD["structure"], "columns": {}}, "it has no columns or indexes", id="empty-structure"),
        pytest.param({**GOOD["structure"], "columns": "id"}, "columns is neither a list", id="columns-as-text"),
        pytest.param({**GOOD["structure"], "indexes": {"a": [1]}}, "more than names", id="index-as-a-list"),
        pytest.param(
            {**GOOD["structure"], "columns": ["x" * 64]}, "is not a possible name", id="column-that-would-be-cut"
        ),
        pytest.param({**GOOD["checksum"], "expected": None}, "it has no expected", id="no-checksum"),
        pytest.param({**GOOD["checksum"], "expected": "0a"}, "not a checksum", id="another-checksum"),
        pytest.param({**GOOD["query"], "query": ""}, "it has no query", id="no-query"),
        pytest.param({**GOOD["query"], "query": "DELETE FROM orders"}, "does not begin with", id="query-that-writes"),
        pytest.param({**GOOD["query"], "query": "SET x = 1"}, "does not begin with", id="query-that-sets"),
        pytest.param({**GOOD["query"], "query": "SELECTED"}, "does not begin with", id="query-of-another-word"),
        pytest.param({**GOOD["query"], "query": "SELECT '\0'"}, "does not begin with", id="nul-in-a-query"),
        pytest.param({**GOOD["query"], "expected": 1}, "not a list of at most 1000 rows", id="rows-that-are-no-list"),
        pytest.param(
            {**GOOD["query"], "expected": [1] * 1001}, "not a list of at most 1000", id="more-rows-than-are-read"
        ),
        pytest.param({**GOOD["integrity"], "tables": []}, "it has no tables", id="integrity-of-nothing"),
        pytest.param(
            {**GOOD["rows"], "optional": True}, "optional is not a parameter of this check", id="optional-rows"
        ),
        pytest.param({**GOOD["freshness"], "max_age": 0}, "max_age is 0", id="no-age"),
        pytest.param({**GOOD["freshness"], "max_age": 10**15}, "max_age is 1000000000000000", id="endless-age"),
        pytest.param({**GOOD["freshness"], "at": "yesterday"}, "'yesterday' is not a time", id="no-time"),
        pytest.param(
            {**GOOD["freshness"], "at": "2026-11-23T14:05:00"}, "not a time with a zone", id="time-without-zone"
        ),
        pytest.param({**GOOD["canary"], "where": {}}, "it has no where", id="canary-without-a-row"),
        pytest.param({**GOOD["canary"], "where": {"id": [1]}}, "where.id is not a plain value", id="list-in-where"),
        pytest.param({**GOOD["canary"], "where": {"id": "\0"}}, "where.id is not a plain value", id="nul-in-where"),
        pytest.param({**GOOD["canary"], "where": {"": 1}}, "'' is not a possible name", id="where-without-a-column"),
    ],
)
def test_a_check_that_cannot_run_is_refused(check: Row, why: str) -> None:
    error = refusal(check)
    assert why in error.why
    assert error.remedy


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"engine": "db2-se"}, "'db2-se' is not an engine", id="unsupported-engine"),
        pytest.param({"port": 0}, "0 is not a port", id="port"),
        pytest.param({"host": ""}, "'' is not a valid host", id="host"),
        pytest.param({"database": "a\0"}, "is not a valid database", id="database"),
        pytest.param({"username": "a\n"}, "is not a valid username", id="username"),
        pytest.param({"tls": "verify"}, "it has no ca_file", id="verify-against-nothing"),
        pytest.param({"tls_name": " "}, "is not a valid tls_name", id="tls-name"),
        pytest.param({"credentials_kind": "iam", "tls": "off"}, "a token is sent as it is", id="token-in-the-open"),
        pytest.param(
            {"credentials_kind": "iam", "tls": "require", "ca_file": "/ca.pem"}, "need not prove", id="token-to-anybody"
        ),
        pytest.param({"credentials_kind": "iam"}, "has no ca_file", id="token-and-no-authority"),
        pytest.param({"driver": "oracle"}, "'oracle' is not a dialect with a driver", id="driver"),
        pytest.param({"driver": "oracle+oracledb", "tls": "require"}, "cannot be set for", id="tls-of-another-driver"),
        pytest.param(
            {"driver": "oracle+oracledb", "credentials_kind": "iam"}, "cannot be set for", id="token-of-another-driver"
        ),
        pytest.param(
            {"driver": "oracle+oracledb", "checks": [GOOD["checksum"]]},
            "the check checksum is not available with",
            id="checksum-elsewhere",
        ),
    ],
)
def test_a_database_that_cannot_be_asked_is_refused(changes: Row, why: str) -> None:
    error = refusal(**changes)
    assert str(error).startswith("Cannot check orders: ")
    assert why in error.why


@pytest.mark.parametrize(
    ("changes", "tls"),
    [
        pytest.param({}, "require", id="nothing-said"),
        pytest.param({"ca_file": "/ca.pem"}, "verify", id="an-authority"),
        pytest.param({"credentials_kind": "iam", "ca_file": "/ca.pem"}, "verify", id="a-token-and-an-authority"),
        pytest.param({"credentials_kind": "password"}, "require", id="a-password"),
        pytest.param({"tls": "require", "ca_file": "/ca.pem"}, "require", id="told"),
        pytest.param({"tls": "off"}, "off", id="told-not-to"),
    ],
)
def test_tls_is_as_strict_as_it_can_be(changes: Row, tls: str) -> None:
    ((subject,), _limits) = read_request(request_of(**changes))
    assert isinstance(subject, Subject)
    assert subject.server.tls == tls


@pytest.mark.parametrize(
    ("expected", "tolerance", "wanted"),
    [
        pytest.param(1000, 0, "1000 to 1000", id="exactly"),
        pytest.param("1000", 5, "950 to 1050", id="five-percent"),
        pytest.param(1000, 0.25, "998 to 1002", id="whole-rows-only"),
        pytest.param(3, 99.9, "1 to 5", id="never-none"),
        pytest.param(0, 0, "0 to 0", id="an-empty-table"),
    ],
)
def test_a_tolerance_goes_both_ways(expected: object, tolerance: float, wanted: str) -> None:
    _connection, check = read_checks("orders", [COUNT | {"expected": expected, "tolerance": tolerance}])
    assert check.wanted == wanted


def test_what_is_only_recorded_need_not_be_expected() -> None:
    bare = [{"check": kind, "table": "orders"} for kind in ("structure", "rows", "checksum")]
    checks = read_checks("orders", [*bare, *GOOD.values()], is_record=True)
    assert [check.is_open for check in checks if check.kind in ("structure", "rows", "checksum")] == [True, False] * 3
    for check in bare:
        assert refusal(check).remedy.endswith("or set record to find out")


def test_an_unsupported_engine_is_refused_with_the_supported_ones() -> None:
    known = "postgres, aurora-postgresql, mariadb, mysql, aurora-mysql"
    assert refusal(engine="oracle-ee").remedy == f"Set its driver, or remove it; known engines: {known}"


def test_a_wait_below_zero_is_refused() -> None:
    with pytest.raises(LifeboatError, match="connect_retry -1"):
        read_request(request_of() | {"connect_retry": -1})


@pytest.mark.parametrize("name", ["statement_timeout", "connect_timeout", "parallel"])
def test_a_limit_below_one_is_refused(name: str) -> None:
    with pytest.raises(LifeboatError, match=f"{name} 0"):
        read_request(request_of() | {name: 0})


def test_one_bad_check_refuses_its_database_and_no_other() -> None:
    request = request_of(GOOD["rows"])
    request["databases"] += request_of(GOOD["rows"], {"check": "row"}, name="billing")["databases"]
    ((good, bad), _limits) = read_request(request)
    assert isinstance(good, Subject)
    assert isinstance(bad, Refused)
    assert (bad.name, bad.address) == ("billing", "127.0.0.1:5432")
    assert "Cannot run check 2 of billing" in str(bad.why)


def test_neither_password_nor_canary_is_in_what_a_developer_prints() -> None:
    printed = repr(read_request(request_of(GOOD["canary"], GOOD["query"] | {"expected": [["secret-row"]]})))
    assert not {"hidden-word", "tweet", "secret-row"} & set(printed.split("'"))
