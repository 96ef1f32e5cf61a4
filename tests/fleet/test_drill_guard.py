# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which a drill may not begin, and every way in which a restore ends badly, on the lab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.modules import snapshot_restore
from lifeboat_lab.faults import OUTCOMES
from tests.fleet.drills import CLASSES, Range, let_in, make_network, touched
from tests.fleet.fleet import DR, SOURCE, make_key, writing

Given = dict[str, Any]


# -- what is wrong with the site: nothing is restored ------------------------------------------------------------------


def group_open_to(cidr: str) -> Callable[[Range], Given]:
    def prepare(ground: Range) -> Given:
        ec2 = ground.fleet.others(DR, "ec2")
        network = make_network(ground.fleet, "10.7", f"open-{len(cidr)}")
        let_in(ec2, network["vpc_security_group_ids"][0], cidr)
        return network

    return prepare


def public_network(ground: Range) -> Given:
    return make_network(ground.fleet, "10.6", "public", public=True)


def group_elsewhere(ground: Range) -> Given:
    return {"vpc_security_group_ids": make_network(ground.fleet, "10.5", "other")["vpc_security_group_ids"]}


def key_of_the_source(ground: Range) -> Given:
    here = replace(SOURCE, region=DR.region)
    return {"kms_key_id": make_key(ground.fleet.lab, here, SOURCE.account, DR.account)}


def disabled_key(ground: Range) -> Given:
    arn = make_key(ground.fleet.lab, DR, DR.account)
    ground.fleet.others(DR, "kms").disable_key(KeyId=arn)
    return {"kms_key_id": arn}


def quota_of(name: str) -> Callable[[Range], Given]:
    def prepare(ground: Range) -> Given:
        ground.fleet.lab.admin("PATCH", "settings", {"quotas": {name: 0}})
        return {}

    return prepare


def name_taken(ground: Range) -> Given:
    result = ground.fleet.one_pass(snapshot_restore, DR, drill_id="taken", **ground.network, check_mode=True)
    ground.add(result["steps"][0]["name"], {})
    ground.fleet.pass_time(3600)
    return {"drill_id": "taken"}


@pytest.mark.parametrize(
    ("prepare", "message", "remedy"),
    [
        pytest.param(
            lambda _g: {"source_accounts": [DR.account]}, "it is a source account", "at the DR site", id="source"
        ),
        pytest.param(
            lambda _g: {"db_subnet_group_name": None},
            "is not set",
            "to an isolated one of the DR site",
            id="no network",
        ),
        pytest.param(
            lambda _g: {"vpc_security_group_ids": []}, "is not set", "to an isolated one of the DR site", id="no group"
        ),
        pytest.param(lambda _g: {"db_subnet_group_name": "no"}, "subnet group no", "", id="unknown network"),
        pytest.param(public_network, "has a route to an internet gateway", "Set db_subnet_group_name", id="public"),
        pytest.param(
            group_elsewhere,
            "has no such group",
            "Set vpc_security_group_ids to groups of that VPC",
            id="another VPC's group",
        ),
        pytest.param(group_open_to("0.0.0.0/0"), "access from everywhere (0.0.0.0/0)", "Remove that rule", id="open"),
        pytest.param(
            group_open_to("::/0"), "allows access from everywhere (::/0)", "Remove that rule", id="open to IPv6"
        ),
        pytest.param(key_of_the_source, "belongs to account 111111111111", "Set kms_key_id", id="source's key"),
        pytest.param(disabled_key, "it is Disabled", "Set kms_key_id", id="disabled key"),
        pytest.param(quota_of("instances"), "0 DB instances, and it needs 1 more", "raise L-7B6409FD", id="instances"),
    ],
)
def test_the_guard_stops_before_the_first_write_and_names_the_remedy(
    ground: Range, prepare: Callable[[Range], Given], message: str, remedy: str
) -> None:
    settings = ground.fleet.lab.admin("GET", "settings")
    given = prepare(ground)
    try:
        for check_mode in (True, False):
            ground.fleet.new_calls()
            usual = {"drill_id": "d1", "kms_key_id": ground.fleet.keys["dr"], **ground.network, **given}
            result = ground.fleet.one_pass(snapshot_restore, DR, check_mode=check_mode, **usual)
            assert result["failed"]
            assert message in result["msg"]
            assert remedy in result["msg"]
            assert writing(ground.fleet.new_calls()) == []
    finally:
        ground.fleet.lab.admin("PATCH", "settings", settings)


@pytest.mark.parametrize(
    ("quota", "message", "remedy"),
    [
        pytest.param("clusters", "0 DB clusters, and it needs 1 more", "raise L-952B80B8", id="clusters"),
        pytest.param("storage", "GiB of storage, and it needs", "raise L-7ADDB58A", id="storage"),
    ],
)
def test_what_has_no_room_fails_and_what_has_is_restored(ground: Range, quota: str, message: str, remedy: str) -> None:
    settings = ground.fleet.lab.admin("GET", "settings")
    quota_of(quota)(ground)
    try:
        usual = {"drill_id": "d1", "kms_key_id": ground.fleet.keys["dr"], **ground.network}
        steps = ground.fleet.one_pass(snapshot_restore, DR, check_mode=True, **usual)["steps"]
    finally:
        ground.fleet.lab.admin("PATCH", "settings", settings)
    refused = [one for one in steps if one["status"] == "failed"]
    assert {one["status"] for one in steps} == {"failed", "restoring"}
    assert all(message in one["reason"] and remedy in one["reason"] for one in refused)


def test_a_name_that_is_taken_fails_that_database_alone(ground: Range) -> None:
    given = name_taken(ground)
    usual = {"drill_id": "d1", "kms_key_id": ground.fleet.keys["dr"], **ground.network, **given}
    result = ground.fleet.one_pass(snapshot_restore, DR, check_mode=True, **usual)
    assert "a database of that name exists" in result["msg"]
    assert "Choose another drill_id" in result["msg"]
    assert sorted(step["status"] for step in result["steps"]) == ["failed", *["restoring"] * (len(CLASSES) - 1)]


def test_no_drill_runs_at_the_source(ground: Range) -> None:
    """Whatever the inventory says: the tags of what it published tell where the originals are."""
    here = ground.fleet.publish["stand_in"]
    network = {"db_subnet_group_name": here["subnet_group"], "vpc_security_group_ids": here["security_groups"]}
    ground.fleet.new_calls()
    result = ground.fleet.one_pass(snapshot_restore, SOURCE, drill_id="d1", **network)
    assert "it is a source account" in result["msg"]
    assert writing(ground.fleet.new_calls()) == []


# -- what is wrong with one database: the others are restored ----------------------------------------------------------


def only(name: str, **settings: Any) -> Given:
    return {"overrides": [{"databases": [f"{name}*"], **settings}]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param(only("customer", db_instance_class="db.odd"), "does not offer db.odd with postgres", id="class"),
        pytest.param(only("customer", db_parameter_group_name="no"), "no DB parameter group no", id="parameters"),
        pytest.param(
            only("unencrypted", db_cluster_parameter_group_name="no"),
            "no DB cluster parameter group no",
            id="cluster parameters",
        ),
    ],
)
def test_what_one_database_lacks_fails_it_alone(ground: Range, given: Given, message: str) -> None:
    restored, removed = ground.drill(**given)
    assert message in restored["msg"]
    assert sorted(step["status"] for step in restored["steps"]) == ["failed", "restored", "restored"]
    assert (removed.get("failed"), removed["resume"]) == (None, [])


def test_what_is_under_a_key_that_was_disabled_fails_and_stops_no_other(ground: Range) -> None:
    kms, key = ground.fleet.others(DR, "kms"), ground.fleet.keys["dr"]
    kms.disable_key(KeyId=key)
    try:
        restored, removed = ground.drill(kms_key_id=None)
    finally:
        kms.enable_key(KeyId=key)
    assert f"its key {key} is Disabled. Enable it." in restored["msg"]
    assert sorted(step["status"] for step in restored["steps"]) == ["failed", "failed", "restored"]
    assert (removed.get("failed"), removed["resume"]) == (None, [])


# -- how restores end --------------------------------------------------------------------------------------------------


def restore_and_fail(ground: Range, message: str, *, failed: int = 1) -> dict[str, Any]:
    """One restore fails, at once and by name, and nothing is left."""
    before = ground.seen()
    restored, removed = ground.drill()
    statuses = sorted(step["status"] for step in restored["steps"])
    assert statuses == ["failed"] * failed + ["restored"] * (len(CLASSES) - failed)
    assert message in restored["msg"]
    assert (removed.get("failed"), removed["resume"]) == (None, [])
    assert list(touched(before, ground.seen())) == []
    return restored


@pytest.mark.parametrize("status", OUTCOMES)
@pytest.mark.parametrize("action", ["RestoreDBInstanceFromDBSnapshot", "RestoreDBClusterFromSnapshot"])
def test_a_restore_that_ends_badly_is_named_and_removed(ground: Range, action: str, status: str) -> None:
    ground.fleet.lab.admin("POST", "faults", {"kind": "restore-ends", "action": action, "status": status})
    restore_and_fail(ground, f"ended as {status}")


@pytest.mark.parametrize(
    ("action", "code", "message"),
    [
        ("RestoreDBInstanceFromDBSnapshot", "InsufficientDBInstanceCapacity", "Set db_instance_class to another"),
        (
            "RestoreDBClusterFromSnapshot",
            "InsufficientDBClusterCapacityFault",
            "Set db_instance_class to another",
        ),
        ("CreateDBInstance", "InsufficientDBInstanceCapacity", "Set db_instance_class to another"),
        ("RestoreDBInstanceFromDBSnapshot", "InstanceQuotaExceeded", "ask AWS for a larger quota"),
        ("RestoreDBInstanceFromDBSnapshot", "StorageQuotaExceeded", "ask AWS for a larger quota"),
        ("RestoreDBInstanceFromDBSnapshot", "KMSKeyNotAccessibleFault", "Enable the key"),
        ("RestoreDBInstanceFromDBSnapshot", "AccessDenied", "Allow it to this role"),
    ],
)
def test_a_restore_that_aws_refuses_fails_with_a_remedy_and_stops_no_other(
    ground: Range, action: str, code: str, message: str
) -> None:
    ground.fleet.lab.admin(
        "POST", "faults", {"kind": "error", "action": action, "code": code, "message": "no", "status": 400}
    )
    restored = restore_and_fail(ground, code)
    assert message in restored["msg"]


def test_a_restore_that_is_throttled_is_made_all_the_same(ground: Range) -> None:
    ground.fleet.lab.admin("POST", "faults", {"kind": "throttle", "action": "Restore*", "count": 20})
    restored, removed = ground.drill()
    assert [step["status"] for step in restored["steps"]] == ["restored"] * len(CLASSES)
    assert (removed.get("failed"), removed["resume"]) == (None, [])


# -- what a drill may be told ------------------------------------------------------------------------------------------


def parameters(calls: list[dict[str, Any]], action: str, name: str) -> set[str]:
    return {str(call["parameters"].get(name)) for call in calls if call["action"] == action}


def test_clusters_become_serverless_and_instances_do_not(ground: Range) -> None:
    restored = ground.restore(serverless={"min": 0.5, "max": 4.0})
    rds = ground.fleet.others(DR)
    made = [row for row in rds.describe_db_instances()["DBInstances"] if "-d1-" in row["DBInstanceIdentifier"]]
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    ground.remove()
    assert [step["status"] for step in restored["steps"]] == ["restored"] * len(CLASSES)
    classes = {("DBClusterIdentifier" in row, row["DBInstanceClass"]) for row in made if "looks-like" not in str(row)}
    assert {is_member for is_member, name in classes if name == "db.serverless"} == {True}
    assert len(classes) > 1
    assert cluster["ServerlessV2ScalingConfiguration"]["MaxCapacity"] == 4.0


def test_groups_that_are_there_are_used(ground: Range) -> None:
    rds, major = ground.fleet.others(DR), "17"
    words = {"Description": "for drills", "DBParameterGroupFamily": f"postgres{major}"}
    rds.create_db_parameter_group(DBParameterGroupName="drill-parameters", **words)
    ground.fleet.new_calls()
    restored, _removed = ground.drill(**only("customer", db_parameter_group_name="drill-parameters"))
    assert [step["status"] for step in restored["steps"]] == ["restored"] * len(CLASSES)
    used = parameters(ground.fleet.new_calls(), "RestoreDBInstanceFromDBSnapshot", "DBParameterGroupName")
    assert used == {"drill-parameters", "None"}


def test_tokens_of_iam_let_users_in_where_that_was_asked_for(ground: Range) -> None:
    restored, _removed = ground.drill(iam_authentication=True, databases=["customer*"])
    assert [(step["status"], step["iam"]) for step in restored["steps"]] == [("restored", True)]


def test_an_older_recovery_point_is_restored_when_that_is_chosen(ground: Range) -> None:
    """One more of each database lands first; the drill asks for what there was before."""
    fleet = ground.fleet
    (before,) = ground.restore(databases=["customer*"], wait=False)["steps"]
    ground.remove()
    fleet.prune = {"keep": 2}
    fleet.back_up("customer-key-instance-00000")
    fleet.protect()
    (newest,) = ground.restore(databases=["customer*"], wait=False)["steps"]
    ground.remove()
    chosen = {"choose": "at", "at": before["original_time"]}
    (older,) = ground.restore(databases=["customer*"], wait=False, recovery_point=chosen)["steps"]
    ground.remove()
    assert older["recovery_point"] == before["recovery_point"] != newest["recovery_point"]
