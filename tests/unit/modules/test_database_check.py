# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import socket
import sys
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._sql.engines import ENGINES
from ansible_collections.lifeboat.rds.plugins.modules import database_check
from tests.modules import answer_of

Row = dict[str, Any]

PASSWORD = "hidden-word"
ROWS: Row = {"check": "rows", "table": "orders", "minimum": 1}


def database(*checks: Row, **changes: Any) -> Row:
    good = {
        "name": "orders",
        "engine": "postgres",
        "host": "127.0.0.1",
        "port": 1,
        "database": "shop",
        "username": "master",
        "password": PASSWORD,
        "checks": list(checks),
    }
    return good | changes


def canary(expected: Any) -> Row:
    return {"check": "canary", "table": "canary", "column": "value", "where": {"id": 1}, "expected": expected}


@pytest.fixture
def call() -> Any:
    """Run the module as Ansible does and return what it prints."""

    def call(*databases: Row, check_mode: bool = False, **more: Any) -> Row:
        return answer_of(database_check.main, {"databases": list(databases), **more}, check_mode=check_mode)

    return call


def test_what_cannot_be_reached_is_a_result_and_not_an_error(call: Any) -> None:
    result = call(database(ROWS), database(ROWS, name="billing"))
    assert not result.get("failed")
    assert [(one["name"], one["verdict"]) for one in result["databases"]] == [
        ("orders", "unverified"),
        ("billing", "unverified"),
    ]


def test_the_result_says_where_the_checks_ran_and_nothing_is_changed(call: Any) -> None:
    result = call(database(ROWS))
    assert (result["checked_on"], result["changed"]) == (socket.gethostname(), False)


def test_check_mode_connects_to_nothing_and_verifies_nothing(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_check, "check_all", None)
    (result,) = call(database(ROWS), check_mode=True)["databases"]
    assert result["verdict"] == "unverified"
    assert [(row["status"], row["reason"]) for row in result["checks"]] == [
        ("unverified", "not run in check mode"),
        ("unverified", "not run in check mode"),
    ]


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_a_bad_check_fails_its_database_and_the_others_are_looked_at(call: Any, check_mode: bool) -> None:
    result = call(database({"check": "row"}, name="billing"), database(ROWS), check_mode=check_mode)
    assert result["failed"]
    assert result["msg"].startswith("Cannot run check 1 of billing: 'row' is not a kind of check.")
    bad, good = result["databases"]
    assert (bad["name"], bad["verdict"], bad["address"]) == ("billing", "unverified", "127.0.0.1:1")
    assert "'row' is not a kind of check" in bad["reason"]
    assert "not run in check mode" if check_mode else "refused" in good["reason"]
    assert len(good["checks"]) == 2


def test_a_library_that_is_missing_fails_its_databases_and_no_other(call: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    result = call(database(ROWS, engine="mysql", name="stock"), database(ROWS))
    assert result["failed"]
    assert "pip install 'PyMySQL" in result["msg"]
    assert ["PyMySQL" in one["reason"] for one in result["databases"]] == [True, False]


def test_authorities_that_cannot_be_read_fail_their_databases_and_no_other(call: Any) -> None:
    result = call(database(ROWS, ca_file="/nowhere.pem", name="billing"), database(ROWS))
    assert result["failed"]
    assert ["/nowhere.pem" in one["reason"] for one in result["databases"]] == [True, False]


@pytest.mark.parametrize(
    "expected",
    ["1", 1, "orders", "un", "verified", "e", "tweet-tweet", "", True, ["1", "un"], {"a": "1"}],
    ids=repr,
)
def test_a_canary_neither_shows_nor_hides_anything_else(call: Any, expected: Any) -> None:
    """Ansible hides a no_log value wherever it occurs in the result: that would take counts and verdicts away."""
    result = call(database(ROWS, canary(expected)))
    plain = call(database(ROWS, canary("something-else-altogether")))
    for one in (result, plain):  # times differ from run to run
        for row in [one["databases"][0], *one["databases"][0]["checks"]]:
            row.pop("seconds")
    assert result["databases"] == plain["databases"]
    if "invocation" in result:  # not on every line of Ansible
        given = result["invocation"]["module_args"]["databases"][0]["checks"][1]
        assert given["expected"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def test_a_canary_that_is_refused_is_hidden_as_well(call: Any) -> None:
    result = call(database(canary("tweet-tweet") | {"where": {}}))
    assert result["failed"]
    assert "tweet-tweet" not in json.dumps(result)


@pytest.mark.parametrize("expected", ["tweet", PASSWORD], ids=["another-value", "the-same-as-the-password"])
def test_the_password_is_hidden_whatever_the_canary_is(call: Any, expected: str) -> None:
    assert PASSWORD not in json.dumps(call(database(canary(expected))))


def test_the_documentation_names_the_engines_that_are_supported() -> None:
    assert all(f"V({name})" in database_check.DOCUMENTATION for name in ENGINES)


@pytest.mark.parametrize("tls", ["off", False], ids=["off", "what-yaml-makes-of-it"])
def test_tls_may_be_off_in_yaml(call: Any, tls: object) -> None:
    (result,) = call(database(ROWS, tls=tls), check_mode=True)["databases"]
    assert result["verdict"] == "unverified"


def test_the_result_says_where_it_looked_even_when_nobody_answers(call: Any) -> None:
    (result,) = call(database(ROWS))["databases"]
    assert (result["address"], result["connected_seconds"]) == ("127.0.0.1:1", None)


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_what_is_to_be_recorded_need_not_be_expected(call: Any, check_mode: bool) -> None:
    bare = {"check": "rows", "table": "orders"}
    assert call(database(bare), check_mode=check_mode)["failed"]
    result = call(database(bare), record=True, check_mode=check_mode)
    assert not result.get("failed")
    assert result["databases"][0].get("recorded", []) == []


@pytest.mark.parametrize("rows", [[["a-secret-r0w", 1]], ["a-secret-r0w"]], ids=["rows", "values"])
def test_the_rows_of_a_query_are_hidden(call: Any, rows: list[Any]) -> None:
    query = {"check": "query", "query": "SELECT word FROM canary", "expected": rows}
    assert "a-secret-r0w" not in json.dumps(call(database(query)))
    assert "a-secret-r0w" not in json.dumps(call(database(query | {"query": "DELETE FROM canary"})))


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_library_that_is_missing_is_told_before_there_is_a_database(
    call: Any, monkeypatch: Any, check_mode: bool
) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    asked = [{"name": one, "engine": one} for one in ("postgres", "mysql", "oracle-ee")]
    result = call(libraries_for=asked, check_mode=check_mode)
    reasons = {one["name"]: one["reason"] for one in result["unready"]}
    assert (result.get("failed", False), set(reasons)) == (False, {"mysql", "oracle-ee"})
    assert f"{sys.executable} -m pip install 'PyMySQL>=1.2'" in reasons["mysql"]
    assert "Set its driver" in reasons["oracle-ee"]


def test_without_sqlalchemy_nothing_can_be_looked_at(call: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    (one,) = call(libraries_for=[{"name": "orders", "engine": "postgres"}])["unready"]
    assert "pip install 'SQLAlchemy>=2'" in one["reason"]
