# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot_restore for a recovery: what it makes, what it continues, and what it refuses before the first write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import Configuration, Database, RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.recipe import RECIPE, as_tag
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.isolation import Network, SecurityGroup
from ansible_collections.lifeboat.rds.plugins.modules import snapshot_restore
from tests.builders import DR, DR_KEY, EAST, database, hours_ago, key, landed, of_cluster, restored
from tests.modules import by_name

Row = dict[str, Any]

LARGE = {RECIPE: as_tag(Configuration("db.r6g.large", multi_az=True))}
ORDERS = landed(tags=LARGE)
EVENTS = of_cluster(landed("events", tags=LARGE))


@pytest.fixture
def dr_site(site: Any) -> Any:
    def dr_site(*points: RecoveryPoint, databases: Any = (), **more: Any) -> Mock:
        return site(DR, EAST, points=points, databases=databases, keys=[key(DR_KEY)], **more)

    return dr_site


@pytest.fixture
def run(options: Any) -> Any:
    """Run one pass of the recovery r1."""

    def run(site: Mock, *, check_mode: bool = False, **given: Any) -> Row:
        usual = {
            "purpose": "recovery",
            "account_id": DR,
            "drill_id": "r1",
            "db_subnet_group_name": "production",
            "vpc_security_group_ids": ["sg-1"],
        }
        return snapshot_restore.run(options(snapshot_restore, **usual | given), site, check_mode=check_mode)

    return run


def running(point: RecoveryPoint, name: str = "", **more: Any) -> Database:
    """Build the database that a recovery made of a recovery point."""
    tags = {"lifeboat:purpose": "recovery", "lifeboat:recovery-point": point.name, "lifeboat:recovery-id": "r0"}
    made = restored(name or point.database, point.kind, tags=tags, **more)
    return replace(made, tags={tag: value for tag, value in made.tags.items() if tag != "lifeboat:drill-id"})


def test_databases_come_back_under_their_names_and_as_they_were(run: Any, dr_site: Any) -> None:
    site = dr_site(ORDERS, EVENTS)
    assert by_name(run(site)) == {"orders": "restoring", "events": "restoring"}
    events, orders = (one.args[0] for one in site.restore.call_args_list)
    assert (orders.name, orders.setup.instance_class, orders.setup.multi_az, orders.backup_retention_days) == (
        "orders",
        "db.r6g.large",
        True,
        7,
    )
    assert (events.name, events.member, events.setup.multi_az) == ("events", "events-1", False)


def test_an_override_gives_another_name_class_and_network(run: Any, dr_site: Any) -> None:
    site = dr_site(ORDERS)
    more = {"restore_as": "shop", "multi_az": False, "backup_retention_period": 35, "db_instance_class": "db.m6g.large"}
    run(site, overrides=[{"databases": ["orders"], "db_subnet_group_name": "quiet", **more}])
    (one,) = (call.args[0] for call in site.restore.call_args_list)
    assert (
        one.name,
        one.setup.multi_az,
        one.backup_retention_days,
        one.setup.instance_class,
        one.placement.subnet_group,
    ) == (
        "shop",
        False,
        35,
        "db.m6g.large",
        "quiet",
    )


def test_what_a_run_of_another_id_began_is_gone_on_with(run: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(ORDERS, EVENTS, databases=[running(ORDERS), running(EVENTS)])
    result = run(site)
    assert writes(site) == ["add_member"]
    assert {step["name"]: step.get("adopted") for step in result["steps"]} == {"orders": True, "events": True}


def test_a_complete_recovery_has_nothing_to_do(run: Any, dr_site: Any, writes: Any) -> None:
    cluster = running(EVENTS, members=("events-1",))
    member = replace(running(ORDERS, "events-1"), tags=cluster.tags, cluster="events")
    site = dr_site(ORDERS, EVENTS, databases=[running(ORDERS), cluster, member])
    result = run(site, drill_id="r2")
    assert (writes(site), result["changed"], result["resume"]) == ([], False, [])
    assert by_name(result) == {"orders": "restored", "events": "restored"}


@pytest.mark.parametrize(
    ("taken", "message"),
    [
        pytest.param(database(), "not a recovery of ours", id="somebody's"),
        pytest.param(running(landed(hours=5)), "To go on with it, set choose: at", id="of another time"),
    ],
)
def test_a_name_in_use_fails_that_database_and_no_other(run: Any, dr_site: Any, taken: Database, message: str) -> None:
    site = dr_site(ORDERS, EVENTS, databases=[taken])
    result = run(site)
    assert message in result["msg"]
    assert {step["database"]: step["status"] for step in result["steps"]} == {"orders": "failed", "events": "restoring"}
    assert [one.args[0].original.identifier for one in site.restore.call_args_list] == ["events"]


@pytest.mark.parametrize(
    ("restore_as", "message"),
    [("shop", "would get the same name"), ("-", "Set restore_as to another name")],
    ids=["one name for two", "no name"],
)
def test_a_name_that_cannot_be_fails_whoever_would_get_it_and_no_other(
    run: Any, dr_site: Any, restore_as: str, message: str
) -> None:
    site = dr_site(ORDERS, landed("billing", tags=LARGE), EVENTS)
    result = run(site, overrides=[{"kinds": ["instance"], "restore_as": restore_as}])
    failed = [step for step in result["steps"] if step["status"] == "failed"]
    assert {step["database"] for step in failed} == {"billing", "orders"}
    assert all(message in step["reason"] for step in failed)
    assert [one.args[0].original.identifier for one in site.restore.call_args_list] == ["events"]


def test_twins_of_two_accounts_are_refused_each_and_the_others_go_on(run: Any, dr_site: Any) -> None:
    twin = landed("orders", of="444444444444", tags=LARGE)
    arn = twin.tags["lifeboat:database"]
    site = dr_site(ORDERS, twin, EVENTS)
    result = run(site)
    failed = [step for step in result["steps"] if step["status"] == "failed"]
    assert len(failed) == 2
    assert all("match_tags" in step["reason"] for step in failed)
    assert len({step["name"] for step in failed}) == 2, "each of them is told"
    assert [one.args[0].original.identifier for one in site.restore.call_args_list] == ["events"]
    assert run(dr_site(ORDERS, twin, EVENTS), match_tags={"lifeboat:database": arn}).get("failed") is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"backup_retention_period": 0}, "1 to 35 days", id="backups off"),
        pytest.param({"backup_retention_period": 36}, "1 to 35 days", id="more than there can be"),
        pytest.param({"source_accounts": [DR]}, "it is a source account", id="beside the originals"),
        pytest.param({"vpc_security_group_ids": ["sg-open"]}, "access from everywhere", id="open to the world"),
        pytest.param({"state": "absent"}, "this collection does not delete it", id="gone"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_first_write(
    run: Any, dr_site: Any, writes: Any, given: Row, message: str
) -> None:
    site = dr_site(ORDERS, landed("billing", tags=LARGE))
    with pytest.raises(LifeboatError, match=message):
        run(site, **given)
    assert writes(site) == []


@pytest.mark.parametrize("setting", ["restore_as", "multi_az", "backup_retention_period"])
def test_a_drill_cannot_be_told_what_is_for_recoveries(run: Any, dr_site: Any, writes: Any, setting: str) -> None:
    site, value = dr_site(ORDERS), {"restore_as": "x", "multi_az": False, "backup_retention_period": 0}[setting]
    for given in ({setting: value}, {"overrides": [{"databases": ["orders"], setting: value}]}):
        with pytest.raises(LifeboatError, match=f"Cannot use {setting} in a drill"):
            run(site, purpose="drill", **given)
    assert writes(site) == []


def test_a_time_before_the_first_recovery_point_fails_that_database_and_names_the_oldest(
    run: Any, dr_site: Any
) -> None:
    choice = {"choose": "at", "at": hours_ago(3).isoformat()}
    early = landed("billing", hours=4, tags=LARGE)
    result = run(dr_site(ORDERS, early), recovery_point=choice)
    assert {step["database"]: step["status"] for step in result["steps"]} == {
        "billing": "restoring",
        "orders": "failed",
    }
    assert "The oldest is of 2026-11-23T13:00:00Z" in result["msg"]


def test_a_time_to_come_is_refused_before_anything_is_read(run: Any, dr_site: Any) -> None:
    site = dr_site(ORDERS)
    with pytest.raises(LifeboatError, match="Cannot choose recovery points by at=2099-01-01T00:00:00Z: at AWS it is"):
        run(site, recovery_point={"choose": "at", "at": "2099-01-01T00:00:00Z"})
    site.recovery_points.assert_not_called()


def test_a_recovery_point_that_tells_no_class_needs_one(run: Any, dr_site: Any) -> None:
    result = run(dr_site(landed()))
    assert "Set db_instance_class" in result["msg"]
    assert by_name(run(dr_site(landed()), db_instance_class="db.r6g.large")) == {"orders": "restoring"}


def test_public_subnets_are_a_warning_in_a_recovery_and_a_refusal_in_a_drill(run: Any, dr_site: Any) -> None:
    groups = (SecurityGroup("sg-1", "databases", ("10.0.0.0/8",)),)
    site = dr_site(ORDERS, network=Network("production", "vpc-1", ("a", "b"), ("b",), groups))
    (warning,) = run(site)["warnings"]
    assert "production has a public subnet, b" in warning
    with pytest.raises(LifeboatError, match="route to an internet gateway"):
        run(site, purpose="drill")


def test_check_mode_tells_every_call_and_writes_nothing(run: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(ORDERS, EVENTS)
    result = run(site, check_mode=True)
    assert writes(site) == []
    events, orders = result["steps"]
    assert [one["operation"] for one in events["calls"]] == ["restore_db_cluster_from_snapshot", "create_db_instance"]
    (restore,) = orders["calls"]
    assert restore["parameters"]["DBInstanceIdentifier"] == "orders"
    assert (orders["kms_key_id"], events["kms_key_id"]) == (DR_KEY, DR_KEY)


def test_the_later_passes_look_at_what_is_theirs_and_at_no_other(run: Any, dr_site: Any) -> None:
    resume = run(dr_site(ORDERS))["resume"]
    result = run(dr_site(ORDERS, databases=[running(ORDERS)]), resume=resume)
    assert by_name(result) == {"orders": "restored"}
    with pytest.raises(LifeboatError, match="not a recovery of ours"):
        run(dr_site(ORDERS, databases=[database()]), resume=resume)


# -- without a recipe -------------------------------------------------------------------------------------------------


def test_without_a_recipe_the_fallback_class_is_used_and_said(run: Any, dr_site: Any) -> None:
    site = dr_site(ORDERS, landed("billing"))
    result = run(site, fallback_class="db.r6g.xlarge")
    classes = {one.args[0].original.identifier: one.args[0].setup.instance_class for one in site.restore.call_args_list}
    assert classes == {"orders": "db.r6g.large", "billing": "db.r6g.xlarge"}
    said = {step["database"]: [one for one in step.get("unlike", []) if "fallback" in one] for step in result["steps"]}
    assert said == {
        "orders": [],
        "billing": ["class: db.r6g.xlarge, the fallback class, since no recipe tells the original's"],
    }


def test_a_class_that_is_set_comes_before_the_fallback_class(run: Any, dr_site: Any) -> None:
    site = dr_site(landed("billing"))
    run(site, fallback_class="db.r6g.xlarge", db_instance_class="db.m6g.large")
    assert site.restore.call_args.args[0].setup.instance_class == "db.m6g.large"


def test_without_a_class_that_database_alone_fails_and_the_remedy_is_named(run: Any, dr_site: Any) -> None:
    site = dr_site(ORDERS, landed("billing"))
    result = run(site, check_mode=True)
    assert {step["database"]: step["status"] for step in result["steps"]} == {
        "billing": "failed",
        "orders": "restoring",
    }
    assert "set fallback_class" in result["msg"]
