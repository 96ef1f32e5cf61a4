# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.junit import junit

Row = dict[str, Any]
PASSED: Row = {"check": "rows", "target": "orders", "status": "passed", "seconds": 0.25}


def database(**changes: Any) -> Row:
    """Build a database as the evidence contains it. Everything went well, apart from the changes."""
    return {
        "name": "orders",
        "kind": "instance",
        "objectives": {"rpo": 7200, "rto": 100},
        "restore": {"status": "restored", "phases": {"choose": 1, "restore_call": 2, "available": 56}},
        "credentials": {"status": "set", "seconds": 40},
        "check": {"checks": [PASSED]},
        "teardown": {"status": "deleted"},
        "verdict": "verified",
        "reason": "",
        "rpo_seconds": 7200,
        "rto_phases": {"choose": 1, "restore_call": 2, "available": 56, "credentials": 40, "checked": 0.25},
    } | changes


def drill(*databases: Row, **changes: Any) -> Row:
    return {
        "document": "drill",
        "drill_id": "d1",
        "verdict": "verified",
        "site": {"account_id": "222222222222", "region": "us-east-1"},
        "started": "2026-11-23T14:00:00Z",
        "tool": {"lifeboat.rds": "0.1.0"},
        "databases": list(databases),
        "problems": [],
        "not_tested": ["Applications."],
    } | changes


def suite(document: Row) -> ElementTree.Element:
    return ElementTree.fromstring(junit(document))[0]


def outcomes(document: Row) -> dict[str, str]:
    """Find the outcome of each case: the name of its inner element, or passed."""
    return {case.get("name", ""): case[0].tag if len(case) else "passed" for case in suite(document).iter("testcase")}


def test_a_verified_drill_is_green() -> None:
    assert set(outcomes(drill(database())).values()) == {"passed"}


def test_there_is_a_case_for_each_check_each_piece_each_objective_and_each_verdict() -> None:
    names = [case.get("name") for case in suite(drill(database())).iter("testcase")]
    pieces = ["restore", "credentials", "rows orders", "teardown", "objective RPO", "objective RTO"]
    assert names == [*pieces, "verdict", "verdict"]


def test_an_objective_that_nobody_set_has_no_test_case() -> None:
    assert not any(name.startswith("objective") for name in outcomes(drill(database(objectives=None))))


@pytest.mark.parametrize(
    ("changes", "name", "expected"),
    [
        pytest.param({"restore": {"status": "failed", "reason": "no capacity"}}, "restore", "failure", id="restore"),
        pytest.param({"restore": None}, "restore", "error", id="no-restore"),
        pytest.param({"credentials": {"status": "failed"}}, "credentials", "error", id="credentials"),
        pytest.param({"check": {"checks": [PASSED | {"status": "failed"}]}}, "rows orders", "failure", id="failed"),
        pytest.param({"check": {"checks": [PASSED | {"status": "unverified"}]}}, "rows orders", "error", id="open"),
        pytest.param({"check": {"checks": [PASSED | {"status": "splendid"}]}}, "rows orders", "error", id="unknown"),
        pytest.param({"check": {"checks": [PASSED | {"status": "verified"}]}}, "rows orders", "error", id="no-status"),
        pytest.param({"check": {"checks": [PASSED | {"status": "skipped"}]}}, "rows orders", "error", id="skipped"),
        pytest.param({"check": {"checks": [PASSED | {"status": "skipped", "optional": True}]}}, "rows orders",
                     "skipped", id="skipped-as-it-may"),
        pytest.param({"teardown": {"status": "left"}}, "teardown", "failure", id="left-behind"),
        pytest.param({"teardown": {"status": "kept"}}, "teardown", "failure", id="a-drill-keeps-nothing"),
        pytest.param({"teardown": None}, "teardown", "error", id="no-teardown"),
        pytest.param({"objectives": {"rpo": 7199}}, "objective RPO", "failure", id="rpo-missed"),
        pytest.param({"rpo_seconds": None}, "objective RPO", "error", id="rpo-not-measured"),
        pytest.param({"objectives": {"rto": 99}}, "objective RTO", "failure", id="rto-missed"),
        pytest.param({"rto_phases": {"choose": None}}, "objective RTO", "error", id="rto-not-measured"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_should_be_is_red(changes: Row, name: str, expected: str) -> None:
    assert outcomes(drill(database(**changes)))[name] == expected


@pytest.mark.parametrize(("verdict", "expected"), [("failed", "failure"), ("unverified", "error"), ("fine", "error")])
def test_a_drill_that_is_not_verified_is_never_green(verdict: str, expected: str) -> None:
    assert outcomes(drill(database(), verdict=verdict))["verdict"] == expected
    assert outcomes(drill(verdict=verdict))["verdict"] == expected


def test_a_recovery_keeps_what_it_restored() -> None:
    kept, deleted = database(teardown={"status": "kept"}), database()
    found = [outcomes(drill(one, document="recovery"))["teardown"] for one in (kept, deleted)]
    assert found == ["passed", "failure"]


def test_a_problem_of_the_whole_is_a_case() -> None:
    problems = [{"verdict": "failed", "reason": "left", "database": None}, {"verdict": "unverified", "reason": "lost"}]
    found = outcomes(drill(database(), problems=problems))
    assert (found["problem 1"], found["problem 2"]) == ("failure", "error")


def test_times_are_those_that_were_measured() -> None:
    times = {case.get("name"): case.get("time") for case in suite(drill(database())).iter("testcase")}
    assert (times["restore"], times["credentials"], times["rows orders"]) == ("59.000", "40.000", "0.250")
    assert suite(drill(database())).get("time") == "99.250"


# The attributes and child elements that the common JUnit schemas require, in this order.
DEMANDED = {
    "testsuite": {"name", "timestamp", "hostname", "tests", "failures", "errors", "time", "id", "package"},
    "testcase": {"name", "classname", "time"},
    "property": {"name", "value"},
    "failure": {"type"},
    "error": {"type"},
}
ORDER = ["properties", "testcase", "system-out", "system-err"]


def check_schema(found: ElementTree.Element) -> None:
    for element in found.iter():
        assert DEMANDED.get(element.tag, set()) <= set(element.attrib), element.tag
    tags = [child.tag for child in found]
    assert sorted(tags, key=ORDER.index) == tags
    assert {tags.count(one) for one in ORDER if one != "testcase"} == {1}
    assert all(len(case) <= 1 for case in found.iter("testcase"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", found.get("timestamp", ""))
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert found.get(attribute) == str(len(list(found.iter(tag))))


def test_the_report_keeps_to_what_the_common_schemas_demand() -> None:
    bad = {"checks": [PASSED, PASSED | {"status": "failed"}, PASSED | {"status": "skipped", "optional": True}]}
    problems = [{"verdict": "unverified", "reason": "lost"}]
    check_schema(suite(drill(database(check=bad), problems=problems, verdict="failed")))
    check_schema(suite(drill()))


# Characters that XML forbids, and those that would end an element or an attribute.
anything = st.text(st.characters() | st.sampled_from("\x00\x1b\ufffe\ud800\"'<>&\r\n\u202e]"))


@given(text=anything)
def test_no_text_breaks_the_xml(text: str) -> None:
    row = {"check": text, "target": text, "status": text, "reason": text, "expected": text, "found": text}
    one = database(
        name=text, reason=text, verdict=text, warnings=[text], check={"checks": [row]}, teardown={"status": text}
    )
    document = drill(one, name=text, site={"account_id": text, "region": text}, not_tested=[text], tool={text: text})
    data = junit(document | {"problems": [{"verdict": "failed", "reason": text, "database": text}]}).encode()
    expat.ParserCreate().Parse(data, True)
    check_schema(ElementTree.fromstring(data)[0])
