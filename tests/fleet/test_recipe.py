# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of a database travels with its recovery points, and needs nothing of the source afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.modules import snapshot_copy, snapshot_prune, snapshot_replicate
from tests.fleet.fleet import DR, SOURCE, Fleet, manifests, writing
from tests.fleet.routes import ROUTES
from tests.fleet.rules import own, shots

INSTANCE = next(route for route in ROUTES if route.name == "customer-key-instance")
CLUSTER = next(route for route in ROUTES if route.name == "customer-key-cluster")
KEPT = ("configured",)


def tune(fleet: Fleet, **parameters: str) -> None:
    """Give every database of the source parameter groups of its kind with these parameters."""
    rds = fleet.others(SOURCE)
    family = rds.describe_db_engine_versions(Engine="postgres")["DBEngineVersions"][0]["DBParameterGroupFamily"]
    rds.create_db_parameter_group(DBParameterGroupName="tuned", DBParameterGroupFamily=family, Description="tuned")
    values = [{"ParameterName": k, "ParameterValue": v, "ApplyMethod": "immediate"} for k, v in parameters.items()]
    rds.modify_db_parameter_group(DBParameterGroupName="tuned", Parameters=values)
    for row in rds.describe_db_instances()["DBInstances"]:
        rds.modify_db_instance(
            DBInstanceIdentifier=row["DBInstanceIdentifier"], DBParameterGroupName="tuned", ApplyImmediately=True
        )
    fleet.pass_time(3600)


def ours(fleet: Fleet) -> dict[str, dict[str, str]]:
    """Map each parameter group of the DR account, except the default ones, to what is set in it."""
    rds = fleet.others(DR)
    names = [row["DBParameterGroupName"] for row in rds.describe_db_parameter_groups()["DBParameterGroups"]]
    return {
        name: {
            one["ParameterName"]: one["ParameterValue"]
            for one in rds.describe_db_parameters(DBParameterGroupName=name, Source="user")["Parameters"]
        }
        for name in names
        if not name.startswith("default.")
    }


def tags(fleet: Fleet) -> list[str]:
    return [one.tags.get("lifeboat:recipe", "") for one in own(shots(fleet.status()).values(), DR.account)]


@pytest.fixture
def tuned(fleet: Fleet) -> Fleet:
    fleet.begin(INSTANCE, 2)
    tune(fleet, work_mem="65536", log_statement="ddl")
    return fleet


def test_the_dr_account_gets_one_group_for_equal_parameters_and_each_copy_names_it(tuned: Fleet) -> None:
    assert not any(result.get("failed") for result in tuned.protect())
    ((name, found),) = ours(tuned).items()
    assert found == {"work_mem": "65536", "log_statement": "ddl"}
    assert len(tags(tuned)) == 2
    assert all(f"parameters={name}" in tag and "class=" in tag for tag in tags(tuned))


def test_a_second_run_reads_and_writes_nothing_more(tuned: Fleet) -> None:
    tuned.protect()
    tuned.new_calls()
    tuned.protect()
    assert not [call for call in tuned.new_calls() if "Parameter" in call["action"]]


def test_check_mode_says_so_and_makes_nothing(tuned: Fleet) -> None:
    published = tuned.run(snapshot_copy, SOURCE)
    tuned.new_calls()
    plan = tuned.one_pass(snapshot_replicate, DR, check_mode=True, published=manifests(published))
    assert not writing(tuned.new_calls())
    assert [step["status"] for step in plan["steps"] if step["status"] in KEPT] == ["configured"]


@pytest.mark.parametrize("at", range(1, 12))
@pytest.mark.parametrize("after", [False, True])
def test_a_killed_run_leaves_no_group_half_made(tuned: Fleet, at: int, after: bool) -> None:
    published = tuned.run(snapshot_copy, SOURCE)
    with tuned.dies(at, after=after):
        tuned.run(snapshot_replicate, DR, published=manifests(published))
    tuned.run(snapshot_replicate, DR, published=manifests(published))
    assert list(ours(tuned).values()) == [{"work_mem": "65536", "log_statement": "ddl"}]


def test_parameters_that_changed_are_another_group_and_the_old_one_goes_with_its_last_copy(tuned: Fleet) -> None:
    tuned.protect()
    (old,) = ours(tuned)
    tuned.others(SOURCE).modify_db_parameter_group(
        DBParameterGroupName="tuned",
        Parameters=[{"ParameterName": "work_mem", "ParameterValue": "131072", "ApplyMethod": "immediate"}],
    )
    tuned.pass_time(86400)
    tuned.back_up()
    tuned.prune = {"max_age_days": 0}
    tuned.protect()
    tuned.run(snapshot_prune, DR)
    assert old not in ours(tuned)
    assert [found["work_mem"] for found in ours(tuned).values()] == ["131072"]


@pytest.mark.parametrize("side", [SOURCE, DR], ids=["read", "made"])
def test_parameters_that_cannot_be_read_or_made_stop_no_copy_and_claim_nothing(tuned: Fleet, side: Any) -> None:
    tuned.lab.admin(
        "POST",
        "faults",
        {"kind": "access-denied", "action": ["*Parameter*"], "account": side.profile, "count": None},
    )
    results = tuned.protect()
    assert not any(result.get("failed") for result in results)
    assert any("configuration" in warning for result in results for warning in result.get("warnings", []))
    assert tags(tuned) == ["", ""]
    assert len(own(shots(tuned.status()).values(), DR.account)) == 2
