# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.filter.drill import FilterModule, drill_facts, drill_targets

Row = dict[str, Any]

FRESHNESS: Row = {"check": "freshness", "table": "orders", "column": "at", "within": 3600}
ROWS: Row = {"check": "rows", "table": "orders", "minimum": 1}


def restored(**changes: Any) -> Row:
    step = {
        "database": "orders",
        "kind": "instance",
        "engine": "postgres",
        "name": "lifeboat-d1-orders",
        "status": "restored",
        "reason": "it runs",
        "seconds": 60,
        "host": "h",
        "port": 5432,
        "database_name": "shop",
        "master_username": "master",
        "recovery_point": "point",
        "recovery_point_arn": "arn",
        "lineage": "20261123130000-5f0c2a9b7d31",
        "original_time": "2026-11-23T13:00:00Z",
        "database_time": "2026-11-23T12:59:00Z",
        **changes,
    }
    return {"steps": [{name: value for name, value in step.items() if value is not None}]}


def credentials(**changes: Any) -> Row:
    step = {"name": "lifeboat-d1-orders", "status": "set", "reason": "in force", "seconds": 9, **changes}
    return {"credentials": {"lifeboat-d1-orders": "word"}, "steps": [step]}


def targets(restores: Row, passwords: Row | None = None, **definition: Any) -> list[Row]:
    given = credentials() if passwords is None else passwords
    return drill_targets(restores, given, {"orders": definition} if definition else {})


def facts(restores: Row, passwords: Row | None = None, checked: Row | None = None, removed: Row | None = None) -> Row:
    definitions = {"orders": {"rpo": 3600}}
    (one,) = drill_facts(restores, passwords or {}, checked or {}, removed or {}, definitions)
    return one


# -- what is checked --------------------------------------------------------------------------------------------------


def test_a_database_that_runs_is_checked_with_its_new_password() -> None:
    assert targets(restored(), checks=[ROWS]) == [
        {
            "name": "orders",
            "engine": "postgres",
            "host": "h",
            "port": 5432,
            "database": "shop",
            "username": "master",
            "password": "word",
            "checks": [ROWS],
        }
    ]


@pytest.mark.parametrize(
    ("restores", "passwords"),
    [
        pytest.param(restored(status="restoring"), None, id="does not run yet"),
        pytest.param(restored(status="failed"), None, id="restore failed"),
        pytest.param(restored(), {}, id="no new password"),
        pytest.param({}, None, id="nothing was restored"),
    ],
)
def test_what_cannot_be_reached_is_not_checked(restores: Row, passwords: Row | None) -> None:
    assert targets(restores, passwords) == []


def test_a_database_without_a_name_of_its_own_is_reached_through_postgres() -> None:
    assert targets(restored(database_name=None))[0]["database"] == "postgres"


@pytest.mark.parametrize(
    ("step", "at"),
    [
        pytest.param(restored(), "2026-11-23T12:59:00Z", id="its last transaction"),
        pytest.param(restored(database_time=None), "2026-11-23T13:00:00Z", id="else the original snapshot"),
    ],
)
def test_freshness_is_judged_at_the_recovery_points_own_time(step: Row, at: str) -> None:
    assert targets(step, checks=[ROWS, FRESHNESS])[0]["checks"] == [ROWS, {"at": at, **FRESHNESS}]


def test_a_time_that_a_check_names_itself_counts() -> None:
    check = {**FRESHNESS, "at": "2026-01-01T00:00:00Z"}
    assert targets(restored(), checks=[check])[0]["checks"] == [check]


@pytest.mark.parametrize(
    "definitions",
    [
        pytest.param({}, id="no definition"),
        pytest.param({"orders": None}, id="an empty definition"),
        pytest.param({"orders": {"rpo": 1}}, id="no checks"),
        pytest.param({"orders": {"checks": None}}, id="checks that are empty in YAML"),
    ],
)
def test_a_database_without_checks_is_still_reached(definitions: Row) -> None:
    assert [one["checks"] for one in drill_targets(restored(), credentials(), definitions)] == [[]]


@pytest.mark.parametrize(
    ("definitions", "expected"),
    [
        pytest.param({"ord*": {"rpo": 5, "checks": [ROWS]}}, (5, [ROWS]), id="a pattern"),
        pytest.param({"*": {"rpo": 9, "checks": [ROWS]}, "orders": {"rpo": 5}}, (5, [ROWS]), id="the last word"),
        pytest.param({"orders": {"rpo": 5}, "*": {"rpo": 9}}, (9, []), id="in the order of the inventory"),
        pytest.param({"*": {"rpo": 9, "engines": ["mysql"]}}, (None, []), id="another engine"),
        pytest.param({"*": {"rpo": 9, "kinds": ["instance"]}}, (9, []), id="its kind"),
        pytest.param({"*": {"rpo": 9, "match_tags": {"tier": "gold"}}}, (None, []), id="tags that nobody knows here"),
    ],
)
def test_a_definition_is_what_all_matching_entries_say(definitions: Row, expected: Any) -> None:
    (target,) = drill_targets(restored(), credentials(), definitions)
    (report,) = drill_facts(restored(), {}, {}, {}, definitions)
    assert (report["objectives"]["rpo"], target["checks"]) == expected


# -- what is reported -------------------------------------------------------------------------------------------------


def test_everything_that_is_known_of_a_database_is_brought_together() -> None:
    checked = {"checked_on": "bastion", "databases": [{"name": "orders", "verdict": "verified"}]}
    removed = {"steps": [{"name": "lifeboat-d1-orders", "status": "deleted", "reason": "it is gone"}]}
    assert facts(restored(), credentials(), checked, removed) == {
        "name": "orders",
        "kind": "instance",
        "recovery_point": "point",
        "recovery_point_arn": "arn",
        "lineage": "20261123130000-5f0c2a9b7d31",
        "original_time": "2026-11-23T13:00:00Z",
        "objectives": {"rpo": 3600, "rto": None},
        "restore": {"status": "restored", "reason": "it runs", "seconds": 60, "target": "lifeboat-d1-orders"},
        "credentials": {"status": "set", "reason": "in force", "seconds": 9},
        "check": {"name": "orders", "verdict": "verified"},
        "checked_on": "bastion",
        "teardown": {"status": "deleted", "reason": "it is gone"},
    }


def test_a_step_that_never_came_is_no_success() -> None:
    one = facts(restored())
    assert (one["credentials"], one["check"], one["teardown"]) == (None, None, None)


def test_a_database_that_ran_and_of_which_the_teardown_says_nothing_is_not_gone() -> None:
    assert facts(restored(), removed={"steps": []})["teardown"] is None


def test_an_instance_and_a_cluster_of_one_name_keep_their_own_checks() -> None:
    cluster = {**restored()["steps"][0], "kind": "cluster", "name": "lifeboat-d1-orders-c"}
    passwords = {"credentials": {"lifeboat-d1-orders": "word", "lifeboat-d1-orders-c": "other"}}
    checked = {"databases": [{"name": "orders", "verdict": "verified"}, {"name": "orders", "verdict": "failed"}]}
    found = drill_facts({"steps": [*restored()["steps"], cluster]}, passwords, checked, {}, {})
    assert [(one["kind"], one["check"]["verdict"]) for one in found] == [
        ("instance", "verified"),
        ("cluster", "failed"),
    ]


@pytest.mark.parametrize(
    ("status", "shown"),
    [("restored", "restored"), ("failed", "failed"), ("restoring", "in flight"), ("queued", "in flight")],
)
def test_a_restore_ran_failed_or_is_in_flight(status: str, shown: str) -> None:
    assert facts(restored(status=status))["restore"]["status"] == shown


def test_a_database_that_could_not_be_restored_at_all_is_reported_too() -> None:
    failed = {"steps": [{"database": "orders", "kind": "instance", "status": "failed", "reason": "another key"}]}
    one = facts(failed, credentials(), {}, {"steps": [{"name": "lifeboat-d1-shop", "status": "deleted"}]})
    assert one["restore"] == {"status": "failed", "reason": "another key", "seconds": None, "target": None}
    assert (one["credentials"], one["teardown"]["status"]) == (None, "deleted")


@pytest.mark.parametrize(
    ("cluster", "member", "status"),
    [
        pytest.param("deleted", "deleted", "deleted", id="both are gone"),
        pytest.param("deleting", "deleted", "left", id="the cluster is not"),
        pytest.param("deleted", "failed", "left", id="the member is not"),
    ],
)
def test_a_cluster_is_gone_when_its_member_is_gone_too(cluster: str, member: str, status: str) -> None:
    name = "lifeboat-d1-orders"
    steps = [{"name": f"{name}-1", "status": member, "reason": "m"}, {"name": name, "status": cluster, "reason": "c"}]
    teardown = facts(restored(kind="cluster"), removed={"steps": steps})["teardown"]
    assert teardown["status"] == status
    if status == "left":
        assert teardown["reason"] == ("m" if member != "deleted" else "c")


def test_no_password_reaches_the_report() -> None:
    assert "word" not in str(facts(restored(), credentials()))


def test_the_filters_have_the_names_that_roles_use() -> None:
    assert FilterModule().filters() == {"drill_targets": drill_targets, "drill_facts": drill_facts}
