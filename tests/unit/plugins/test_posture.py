# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.filter.posture import (
    FilterModule,
    posture_metrics,
    posture_sites,
    posture_writer,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.metrics import read_metrics
from tests.builders import DR, EAST, SOURCE, STRANGER, WEST

Row = dict[str, Any]
PLACE = f"{DR}/{EAST}"
VERIFIED = {"verdict": "verified", "age_seconds": 500, "rpo_seconds": 37, "rto_validated_seconds": 3.2}


def place(name: str, age: int) -> Row:
    return {"place": name, "age_seconds": age}


def database(name: str = "orders", **more: Any) -> Row:
    return {
        "database": name,
        "kind": "instance",
        "account_id": SOURCE,
        "region": WEST,
        "exists": True,
        "dr_accounts": [DR],
        "places": [place(f"{SOURCE}/{WEST}/automated", 5), place(f"{PLACE}/manual", 60)],
        "protected": True,
        "drills": {PLACE: {"last_drill": VERIFIED, "last_verified": VERIFIED}},
        **more,
    }


def numbers(*databases: Row, account: str = DR, region: str = EAST) -> dict[tuple[str, str], float]:
    """Index the values by metric and database."""
    found = posture_metrics({"databases": list(databases)}, account, region)
    assert len(read_metrics(found)) == len(found)
    named = {(one["name"], one["dimensions"].get("Database", "")): one["value"] for one in found}
    assert len(named) == len(found), "one number for each metric"
    return named


def test_what_is_known_of_a_database_becomes_numbers() -> None:
    assert numbers(database()) == {
        ("RecoveryPointAge", "orders"): 60,
        ("AchievedRPO", "orders"): 37,
        ("AchievedRTO", "orders"): 3.2,
        ("LastVerifiedDrillAge", "orders"): 500,
        ("NeverVerified", "orders"): 0,
        ("DrillFailed", "orders"): 0,
        ("Unprotected", ""): 0,
        ("Unknown", ""): 0,
        ("DrillFailed", ""): 0,
        ("Excluded", ""): 0,
        ("LastVerifiedDrillAge", ""): 500,
        ("SuccessfulRun", ""): 1,
    }


@pytest.mark.parametrize(
    ("changes", "missing", "never"),
    [
        pytest.param({"places": []}, {"RecoveryPointAge"}, 0, id="nothing has landed"),
        pytest.param({"places": [place(f"{DR} (landed)", 5)]}, {"RecoveryPointAge"}, 0, id="only the source says so"),
        pytest.param({"drills": {}}, {"AchievedRPO", "AchievedRTO", "LastVerifiedDrillAge"}, 1, id="never drilled"),
        pytest.param(
            {"drills": {PLACE: {"last_drill": VERIFIED, "last_verified": None}}},
            {"LastVerifiedDrillAge"},
            1,
            id="never verified",
        ),
        pytest.param(
            {"drills": {"elsewhere": {"last_drill": VERIFIED, "last_verified": VERIFIED}}},
            {"AchievedRPO", "AchievedRTO", "LastVerifiedDrillAge"},
            1,
            id="verified at another DR site only",
        ),
        pytest.param(
            {"drills": {PLACE: {"last_drill": {"rpo_seconds": None}, "last_verified": VERIFIED}}},
            {"AchievedRPO", "AchievedRTO"},
            0,
            id="a drill that measured nothing",
        ),
    ],
)
def test_what_is_not_known_is_left_out_and_not_zero(changes: Row, missing: set[str], never: int) -> None:
    found = numbers(database(**changes))
    assert {"RecoveryPointAge", "AchievedRPO", "AchievedRTO", "LastVerifiedDrillAge"} - {
        name for name, about in found if about
    } == missing
    assert found["NeverVerified", "orders"] == never


@pytest.mark.parametrize(
    ("others", "age"),
    [
        pytest.param([database("billing", drills={PLACE: {"last_verified": {"age_seconds": 900}}})], 900, id="oldest"),
        pytest.param([database("billing", drills={})], None, id="one was never verified"),
        pytest.param([database("gone", exists=False, drills={})], 500, id="a database that is gone counts no more"),
    ],
)
def test_the_site_tells_how_long_the_database_waits_that_waits_longest(others: list[Row], age: int | None) -> None:
    assert numbers(database(), *others).get(("LastVerifiedDrillAge", "")) == age


def test_without_a_database_there_is_no_age() -> None:
    assert ("LastVerifiedDrillAge", "") not in numbers()


def test_the_three_states_are_counted() -> None:
    states = [database(name, protected=state) for name, state in [("a", True), ("b", False), ("c", None)]]
    found = numbers(*states)
    assert (found["Unprotected", ""], found["Unknown", ""]) == (1, 1)


@pytest.mark.parametrize("state", ["excluded", "replica"])
def test_what_needs_no_recovery_points_has_no_numbers_of_its_own(state: str) -> None:
    one = database("sandbox", state=state, protected=None, drills={})
    found = numbers(database(), one)
    assert [name for name, whose in found if whose == "sandbox"] == []
    assert (found["Unknown", ""], found["Excluded", ""]) == (0, 1 if state == "excluded" else 0)
    assert found["LastVerifiedDrillAge", ""] == 500, "that it never was verified hides no other one"


def test_a_failed_drill_is_counted_also_for_a_database_that_is_unprotected() -> None:
    failed = {PLACE: {"last_drill": {**VERIFIED, "verdict": "failed"}, "last_verified": VERIFIED}}
    found = numbers(database(drills=failed), database("billing", drills=failed, protected=False), database("users"))
    assert (found["DrillFailed", ""], found["Unprotected", ""]) == (2, 1)
    assert [found["DrillFailed", name] for name in ("orders", "billing", "users")] == [1, 1, 0]


def test_a_site_speaks_only_of_databases_that_have_to_be_there() -> None:
    assert ("RecoveryPointAge", "orders") not in numbers(database(dr_accounts=[STRANGER], protected=False))
    assert numbers(database(dr_accounts=[STRANGER], protected=False))["Unprotected", ""] == 0


def test_a_region_speaks_only_of_its_own_recovery_points() -> None:
    assert ("RecoveryPointAge", "orders") not in numbers(database(), region=WEST)


def test_of_databases_that_had_one_name_one_after_the_other_the_present_one_counts() -> None:
    gone = database(exists=False, places=[place(f"{PLACE}/manual", 9)])
    assert numbers(database(), gone) == numbers(gone, database()) == numbers(database())
    older = database(exists=None, places=[place(f"{PLACE}/manual", 900)])
    newer = database(exists=None)
    assert numbers(older, newer) == numbers(newer, older) == numbers(newer)


def test_databases_of_one_name_in_two_accounts_are_two_metrics() -> None:
    found = posture_metrics({"databases": [database(), database(account_id=STRANGER)]}, DR, EAST, "blue")
    ages = [one["dimensions"] for one in found if one["name"] == "RecoveryPointAge"]
    assert [(one["Account"], one["Installation"]) for one in ages] == [(SOURCE, "blue"), (STRANGER, "blue")]


def test_an_unknown_origin_does_not_become_a_dimension() -> None:
    found = posture_metrics({"databases": [database(account_id=None, region=None)]}, DR, EAST)
    assert set(found[0]["dimensions"]) == {"Installation", "Database", "Kind"}


def host(name: str, *groups: str, **more: Any) -> Row:
    return {"inventory_hostname": name, "group_names": list(groups), **more}


def test_sites_are_what_the_hosts_found_and_those_that_failed_before() -> None:
    said = {"name": "a"}
    hosts = [
        host("a", "lifeboat_source", __posture_site=said),
        host("b", "lifeboat_source", lifeboat_account_id=111111111111, lifeboat_dr_accounts=[222222222222]),
        host("c", "lifeboat_dr"),
        host("not enabled", "lifeboat_source"),
    ]
    assert posture_sites(iter(hosts), ["a", "not enabled"]) == [
        said,
        {
            "name": "b",
            "side": "source",
            "account_id": SOURCE,
            "region": "",
            "dr_accounts": [DR],
            "problem": "the play failed there",
        },
        {
            "name": "c",
            "side": "dr",
            "account_id": "",
            "region": "",
            "dr_accounts": [],
            "problem": "the play failed there",
        },
    ]


def test_the_filters_have_the_names_that_the_role_uses() -> None:
    assert set(FilterModule().filters()) == {
        "posture_metrics",
        "posture_sites",
        "posture_writer",
    }


@pytest.mark.parametrize(
    ("reported", "writer"),
    [
        pytest.param(["production", "production_dr"], "production_dr", id="a DR site"),
        pytest.param(["production", "staging"], "production", id="no DR site reported"),
        pytest.param([], "", id="nobody reported"),
    ],
)
def test_a_dr_site_writes_the_posture_where_one_reported(reported: list[str], writer: str) -> None:
    hosts = [
        {"inventory_hostname": name, **({"__posture_site": {}} if name in reported else {})}
        for name in ("production", "staging", "other_dr", "production_dr")
    ]
    assert posture_writer(hosts, ["other_dr", "production_dr"]) == writer
