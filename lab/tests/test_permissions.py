# SPDX-License-Identifier: GPL-3.0-or-later
"""Test what an RDS call needs, resource by resource (aws_rds.md 10, 1.5; Service Authorization Reference, Amazon RDS).

Where a call is admitted it may still fail for another reason: only AccessDenied is a refusal here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from helpers import DR, HOME, PRODUCTION, become, message_of, narrow_role, outcome, settings
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh

RDS = f"arn:aws:rds:{HOME}:{PRODUCTION}:"
MINE, THEIRS = f"{RDS}db:mine", f"{RDS}db:theirs"
ABSENT = "absent"
Statement = dict[str, Any]
As = Callable[..., Any]


def allow(actions: str | list[str], *resources: str, **condition: Any) -> Statement:
    named = [each if each.startswith(("arn:", "*")) else RDS + each for each in resources or ("*",)]
    found: Statement = {"Effect": "Allow", "Action": actions, "Resource": named}
    return found | ({"Condition": condition} if condition else {})


def deny(actions: str | list[str], *resources: str, **condition: Any) -> Statement:
    return allow(actions, *resources, **condition) | {"Effect": "Deny"}


@pytest.fixture(scope="module")
def owner(empty_lab: Lab) -> Any:
    """Return RDS as the owner of two instances, a cluster and snapshots of them."""
    rds = empty_lab.client("production", "rds")
    for name, tags in (("mine", {"team": "blue", "Stage": "test"}), ("theirs", {"team": "red"})):
        rds.create_db_instance(
            DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
            MasterUsername="me", MasterUserPassword="secret-secret", Tags=_rows(tags),
            CopyTagsToSnapshot=name == "mine",
        )  # fmt: skip
    rds.create_db_cluster(
        DBClusterIdentifier="ours", Engine="aurora-postgresql", MasterUsername="me", MasterUserPassword="secret-secret"
    )
    pass_time_until_free(empty_lab, rds)
    for name in ("mine", "theirs"):
        rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-1")
    rds.create_db_cluster_snapshot(DBClusterIdentifier="ours", DBClusterSnapshotIdentifier="ours-1")
    empty_lab.admin("POST", "clock", {"advance": 7200})
    return rds


def pass_time_until_free(lab: Lab, rds: Any) -> None:
    """Let time pass until all are made, and none is in the middle of its daily backup, whatever the time of day."""
    for _hour in range(24):
        lab.admin("POST", "clock", {"advance": 3600})
        states = {
            row["DBInstanceIdentifier"]: row["DBInstanceStatus"] for row in rds.describe_db_instances()["DBInstances"]
        }
        states |= {row["DBClusterIdentifier"]: row["Status"] for row in rds.describe_db_clusters()["DBClusters"]}
        if all(states[name] == "available" for name in ("mine", "theirs", "ours")):
            return
    raise AssertionError("they are never free")


def _rows(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture(scope="module")
def role(empty_lab: Lab, owner: Any) -> As:
    """Return a function that gives RDS as a new role of the production account with these statements."""

    def made(*statements: Statement, region: str = HOME) -> Any:
        arn = narrow_role(empty_lab.client("production", "iam"), *statements)
        return become(empty_lab, arn, "rds", region)

    return made


def admitted(client: Any, action: str, **parameters: Any) -> bool:
    return outcome(getattr(client, action), **parameters) != "AccessDenied"


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("describe_db_instances", "db"),
        ("describe_db_clusters", "cluster"),
        ("describe_db_snapshots", "snapshot"),
        ("describe_db_cluster_snapshots", "cluster-snapshot"),
        ("describe_db_subnet_groups", "subgrp"),
        ("describe_db_parameter_groups", "pg"),
        ("describe_db_cluster_parameter_groups", "cluster-pg"),
        ("describe_option_groups", "og"),
        ("describe_event_subscriptions", "es"),
    ],
)
def test_who_lists_everything_needs_everything_of_that_type(role: As, action: str, kind: str) -> None:
    assert admitted(role(allow("rds:Describe*", f"{kind}:*")), action)
    code, message = message_of(getattr(role(allow("rds:Describe*", f"{kind}:m*")), action))
    assert (code, f"on resource: {RDS}{kind}:* because" in message) == ("AccessDenied", True)


@pytest.mark.parametrize("action", ["describe_events", "describe_db_engine_versions", "describe_account_attributes"])
def test_other_lists_need_a_star(role: As, action: str) -> None:
    assert admitted(role(allow("rds:Describe*")), action)
    assert not admitted(role(allow("rds:Describe*", "db:*", "snapshot:*")), action)


def test_what_is_named_is_described_alone(role: As) -> None:
    client = role(allow("rds:DescribeDBInstances", "db:mine"), allow("rds:DescribeDBSnapshots", "snapshot:mine-*"))
    assert admitted(client, "describe_db_instances", DBInstanceIdentifier="mine")
    assert admitted(client, "describe_db_instances", DBInstanceIdentifier=MINE)
    assert admitted(client, "describe_db_instances", DBInstanceIdentifier="MINE")
    assert not admitted(client, "describe_db_instances", DBInstanceIdentifier="theirs")
    assert admitted(client, "describe_db_snapshots", DBSnapshotIdentifier="mine-1")
    assert not admitted(client, "describe_db_snapshots", DBSnapshotIdentifier="theirs-1")


def test_a_refusal_names_principal_action_resource_and_reason(role: As) -> None:
    """Follow the IAM User Guide, troubleshooting access denied error messages."""
    code, message = message_of(role().delete_db_snapshot, DBSnapshotIdentifier="mine-1")
    assert code == "AccessDenied"
    assert message.startswith(f"User: arn:aws:sts::{PRODUCTION}:assumed-role/role-")
    assert message.endswith(
        f"/test is not authorized to perform: rds:DeleteDBSnapshot on resource: {RDS}snapshot:mine-1 because no "
        "identity-based policy allows the rds:DeleteDBSnapshot action"
    )
    client = role(allow("*"), deny("rds:Delete*"))
    _code, message = message_of(client.delete_db_snapshot, DBSnapshotIdentifier="mine-1")
    assert message.endswith(f"on resource: {RDS}snapshot:mine-1 with an explicit deny in an identity-based policy")


# Each case: what the role may, what it does, and whether that is admitted.
CASES = {
    # aws_rds.md 1.5, 10: both ARNs of a copy.
    "copy: the target alone": ([allow("rds:*", "snapshot:copy")], "copy", {}, False),
    "copy: the source alone": ([allow("rds:*", "snapshot:mine-1")], "copy", {}, False),
    "copy: both": ([allow("rds:*", "snapshot:copy", "snapshot:mine-1")], "copy", {}, True),
    "copy: an option group is not looked at": (
        [allow("rds:*", "snapshot:*")], "copy", {"OptionGroupName": "default:postgres-17"}, True),
    "copy: CopyOptionGroup": (
        [allow("rds:*", Bool={"rds:CopyOptionGroup": "true"})], "copy", {"CopyOptionGroup": True}, True),
    "copy: no CopyOptionGroup": ([allow("rds:*", Bool={"rds:CopyOptionGroup": "true"})], "copy", {}, False),
    # Tags in a request: their own permission on what is made.
    "tags: without AddTagsToResource": ([allow("rds:Copy*")], "copy", {"Tags": {"a": "b"}}, False),
    "tags: on what is made": (
        [allow("rds:Copy*"), allow("rds:AddTagsToResource", "snapshot:copy")], "copy", {"Tags": {"a": "b"}}, True),
    "tags: on something else": (
        [allow("rds:Copy*"), allow("rds:AddTagsToResource", "snapshot:mine-1")], "copy", {"Tags": {"a": "b"}}, False),
    "tags: RequestTag": (
        [allow("rds:*", StringEquals={"aws:RequestTag/a": "b"})], "copy", {"Tags": {"a": "b"}}, True),
    "tags: another RequestTag": (
        [allow("rds:*", StringEquals={"aws:RequestTag/a": "c"})], "copy", {"Tags": {"a": "b"}}, False),
    "tags: no RequestTag": ([allow("rds:*", StringEquals={"aws:RequestTag/a": "b"})], "copy", {}, False),
    "tags: req-tag": ([allow("rds:*", StringEquals={"rds:req-tag/a": "b"})], "copy", {"Tags": {"a": "b"}}, True),
    "tags: TagKeys": (
        [allow("rds:*", **{"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}})], "copy",
        {"Tags": {"a": "1"}}, True),
    "tags: other TagKeys": (
        [allow("rds:*", **{"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}})], "copy",
        {"Tags": {"a": "1", "c": "2"}}, False),
    "tags: from the request": (
        [allow("rds:C*"), allow("rds:AddTagsToResource", Bool={"rds:TagsFromRequest": "true"})], "copy",
        {"Tags": {"a": "b"}}, True),
    "tags: taken over by CopyTags": (
        [allow("rds:C*"), allow("rds:AddTagsToResource", Bool={"rds:TagsFromRequest": "false"})], "copy",
        {"CopyTags": True}, True),
    "tags: CopyTags needs the permission": ([allow("rds:C*")], "copy", {"CopyTags": True}, False),
    "tags: taken over from the database": (
        [allow("rds:Create*")], "snapshot", {}, False),
    "tags: not taken over": ([allow("rds:Create*")], "snapshot", {"DBInstanceIdentifier": "theirs"}, True),
    # aws_rds.md 10: resources that a request uses.
    "snapshot: the database alone": ([allow("rds:*", "db:mine")], "snapshot", {}, False),
    "snapshot: both": ([allow("rds:*", "db:mine", "snapshot:*")], "snapshot", {}, True),
    "restore: without groups": ([allow("rds:*", "db:new", "snapshot:*")], "restore", {}, False),
    "restore: default groups": (
        [allow("rds:*", "db:new", "snapshot:*", "og:default*", "pg:default*", "subgrp:default")], "restore", {}, True),
    "restore: named groups": (
        [allow("rds:*", "db:new", "snapshot:*", "og:o", "pg:p", "subgrp:s")], "restore",
        {"OptionGroupName": "o", "DBParameterGroupName": "p", "DBSubnetGroupName": "s"}, True),
    "restore: other groups": (
        [allow("rds:*", "db:new", "snapshot:*", "og:*", "pg:*", "subgrp:x")], "restore",
        {"DBSubnetGroupName": "s"}, False),
    "restore: another name": (
        [allow("rds:*", "db:old", "snapshot:*", "og:*", "pg:*", "subgrp:*")], "restore", {}, False),
    "restore: another snapshot": (
        [allow("rds:*", "db:*", "snapshot:theirs-1", "og:*", "pg:*", "subgrp:*")], "restore", {}, False),
    "restore cluster: its parameter group": (
        [allow("rds:*", "cluster:new", "cluster-snapshot:ours-1", "og:*", "subgrp:*")], "restore_cluster", {}, False),
    "restore cluster": (
        [allow("rds:*", "cluster:new", "cluster-snapshot:ours-1", "og:*", "subgrp:*", "cluster-pg:default.*")],
        "restore_cluster", {}, True),
    "member: without its cluster": ([allow("rds:*", "db:new")], "member", {}, False),
    "member": ([allow("rds:*", "db:new", "cluster:ours")], "member", {}, True),
    "modify: with a group": ([allow("rds:*", "db:mine")], "modify", {"DBParameterGroupName": "p"}, False),
    "share": ([allow("rds:ModifyDBSnapshotAttribute", "snapshot:mine-1")], "share", {}, True),
    "share another": ([allow("rds:ModifyDBSnapshotAttribute", "snapshot:theirs-1")], "share", {}, False),
    "subscription": ([allow("rds:CreateEventSubscription", "es:mine")], "subscribe", {}, True),
    "another subscription": ([allow("rds:CreateEventSubscription", "es:other")], "subscribe", {}, False),
    "list tags": ([allow("rds:ListTagsForResource", "db:mine")], "list_tags", {}, True),
    "list tags of another": (
        [allow("rds:ListTagsForResource", "db:mine")], "list_tags", {"ResourceName": THEIRS}, False),
    # Dependent actions.
    "final snapshot: deletion alone": (
        [allow("rds:DeleteDBInstance"), allow("rds:AddTagsToResource")], "delete", {}, False),
    "final snapshot: its permission": (
        [allow(["rds:DeleteDBInstance", "rds:CreateDBSnapshot", "rds:AddTagsToResource"])], "delete", {}, True),
    "final snapshot: its name": (
        [allow("rds:DeleteDBInstance"), allow("rds:CreateDBSnapshot", "db:*", "snapshot:other"),
         allow("rds:AddTagsToResource")], "delete", {}, False),
    "final snapshot: its tags": ([allow(["rds:DeleteDBInstance", "rds:CreateDBSnapshot"])], "delete", {}, False),
    "managed password: RDS alone": ([allow("rds:*")], "modify", {"ManageMasterUserPassword": True}, False),
    "managed password": (
        [allow("rds:*"), allow(["secretsmanager:CreateSecret", "secretsmanager:TagResource"],
                               f"arn:aws:secretsmanager:{HOME}:{PRODUCTION}:secret:rds!*")], "modify",
        {"ManageMasterUserPassword": True}, True),
    "monitoring: without PassRole": (
        [allow("rds:*")], "modify", {"MonitoringRoleArn": f"arn:aws:iam::{PRODUCTION}:role/m"}, False),
    "monitoring": (
        [allow("rds:*"), allow("iam:PassRole", f"arn:aws:iam::{PRODUCTION}:role/m",
                               StringEquals={"iam:PassedToService": "monitoring.rds.amazonaws.com"})], "modify",
        {"MonitoringRoleArn": f"arn:aws:iam::{PRODUCTION}:role/m"}, True),
    "stop with a snapshot": ([allow("rds:StopDBInstance")], "stop", {}, False),
    "stop with a snapshot: its permission": (
        [allow(["rds:StopDBInstance", "rds:CreateDBSnapshot", "rds:AddTagsToResource"])], "stop", {}, True),
    "final cluster snapshot: its name": (
        [allow("rds:*", "cluster:ours", "cluster-snapshot:other")], "delete_cluster", {}, False),
    "final cluster snapshot": (
        [allow("rds:*", "cluster:ours", "cluster-snapshot:ours-1")], "delete_cluster", {}, True),
    "members: the cluster alone": (
        [allow("rds:*", "cluster:*", "cluster-pg:*", "og:*", "subgrp:*")], "multi_az", {}, False),
    "members": (
        [allow("rds:*", "cluster:*", "cluster-pg:*", "og:*", "subgrp:*", "db:new-*")], "multi_az", {}, True),
    "HTTP endpoint": ([allow("rds:EnableHttpEndpoint", "cluster:absent")], "endpoint", {}, True),
    "HTTP endpoint of another": ([allow("rds:EnableHttpEndpoint", "cluster:x")], "endpoint", {}, False),
    # Tags of the resource.
    "resource tag": ([allow("rds:*", StringEquals={"aws:ResourceTag/team": "blue"})], "modify", {}, True),
    "resource tag, in any case": ([allow("rds:*", StringEquals={"aws:ResourceTag/TEAM": "blue"})], "modify", {}, True),
    "another resource tag": ([allow("rds:*", StringEquals={"aws:ResourceTag/team": "red"})], "modify", {}, False),
    "db-tag": ([allow("rds:*", StringEquals={"rds:db-tag/Stage": "test"})], "modify", {}, True),
    "db-tag has a case": ([allow("rds:*", StringEquals={"rds:db-tag/stage": "test"})], "modify", {}, False),
    "snapshot-tag": ([allow("rds:*", StringEquals={"rds:snapshot-tag/team": "blue"})], "share", {}, True),
    "db-tag of a snapshot": ([allow("rds:*", StringEquals={"rds:db-tag/team": "blue"})], "share", {}, False),
    "what is made has no tags yet": (
        [allow("rds:*", StringEquals={"aws:ResourceTag/team": "blue"})], "copy", {}, False),
    # Keys about the database.
    "private": ([allow("rds:*", Bool={"rds:PubliclyAccessible": "false"})], "restore",
                {"PubliclyAccessible": False}, True),
    "public": ([allow("rds:*", BoolIfExists={"rds:PubliclyAccessible": "false"})], "restore",
               {"PubliclyAccessible": True}, False),
    "does not say": ([allow("rds:*", Bool={"rds:PubliclyAccessible": "false"})], "restore", {}, False),
    "no key for clusters": ([allow("rds:*", Bool={"rds:PubliclyAccessible": "false"})], "restore_cluster", {}, False),
    "engine": ([allow("rds:*", StringEquals={"rds:DatabaseEngine": "postgres"})], "restore", {}, True),
    "another engine": ([allow("rds:*", StringEquals={"rds:DatabaseEngine": "mysql"})], "restore", {}, False),
    "class": ([allow("rds:*", StringEquals={"rds:DatabaseClass": "db.r6g.large"})], "modify",
              {"DBInstanceClass": "db.r6g.large"}, True),
    "its class": ([allow("rds:*", StringEquals={"rds:DatabaseClass": "db.t3.*"})], "modify", {}, False),
    "its class, alike": ([allow("rds:*", StringLike={"rds:DatabaseClass": "db.t3.*"})], "modify", {}, True),
    "size": ([allow("rds:*", NumericLessThan={"rds:StorageSize": "100"})], "modify", {"AllocatedStorage": 50}, True),
    "too big": ([allow("rds:*", NumericLessThan={"rds:StorageSize": "100"})], "modify",
                {"AllocatedStorage": 500}, False),
    "single zone": ([allow("rds:*", Bool={"rds:MultiAz": "false"})], "modify", {}, True),
    "two zones": ([allow("rds:*", Bool={"rds:MultiAz": "false"})], "modify", {"MultiAZ": True}, False),
    "no provisioned IOPS": ([allow("rds:*"), deny("rds:*", NumericNotEquals={"rds:Piops": "0"})], "modify", {}, True),
    "provisioned IOPS": ([allow("rds:*"), deny("rds:*", NumericNotEquals={"rds:Piops": "0"})], "modify",
                         {"Iops": 1000}, False),
    # Global keys.
    "Region": ([allow("rds:*", StringEquals={"aws:RequestedRegion": HOME})], "modify", {}, True),
    "another Region": ([allow("rds:*", StringEquals={"aws:RequestedRegion": "eu-west-1"})], "modify", {}, False),
    "account": ([allow("rds:*", StringEquals={"aws:PrincipalAccount": PRODUCTION})], "modify", {}, True),
    "role": (
        [allow("rds:*", ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{PRODUCTION}:role/role-*"})], "modify", {}, True),
    "address": ([allow("rds:*", IpAddress={"aws:SourceIp": "10.0.0.0/8"})], "modify", {}, False),
    "now": ([allow("rds:*", DateGreaterThan={"aws:CurrentTime": "2020-01-01T00:00:00Z"})], "modify", {}, True),
    "then": ([allow("rds:*", NumericLessThan={"aws:EpochTime": "1600000000"})], "modify", {}, False),
    "without a device": ([allow("rds:*", Bool={"aws:MultiFactorAuthPresent": "true"})], "modify", {}, False),
    "in a network": ([allow("rds:*", StringEquals={"aws:SourceVpc": "vpc-1"})], "modify", {}, False),
}  # fmt: skip

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "copy": ("copy_db_snapshot",
             {"SourceDBSnapshotIdentifier": "mine-1", "TargetDBSnapshotIdentifier": "copy", "KmsKeyId": ABSENT}),
    "snapshot": ("create_db_snapshot", {"DBInstanceIdentifier": "mine", "DBSnapshotIdentifier": "mine-1"}),
    "restore": ("restore_db_instance_from_db_snapshot",
                {"DBInstanceIdentifier": "new", "DBSnapshotIdentifier": "mine-1", "VpcSecurityGroupIds": [ABSENT]}),
    "restore_cluster": ("restore_db_cluster_from_snapshot",
                        {"DBClusterIdentifier": "new", "SnapshotIdentifier": "ours-1", "Engine": "aurora-postgresql",
                         "VpcSecurityGroupIds": [ABSENT]}),
    "member": ("create_db_instance", {"DBInstanceIdentifier": "new", "DBClusterIdentifier": "ours", "Engine": ABSENT,
                                      "DBInstanceClass": "db.r6g.large"}),
    "modify": ("modify_db_instance", {"DBInstanceIdentifier": "mine", "MasterUserPassword": "short"}),
    "share": ("modify_db_snapshot_attribute", {"DBSnapshotIdentifier": "mine-1", "AttributeName": ABSENT}),
    "subscribe": ("create_event_subscription", {"SubscriptionName": "mine", "SnsTopicArn": ABSENT}),
    "list_tags": ("list_tags_for_resource", {"ResourceName": MINE}),
    "stop": ("stop_db_instance", {"DBInstanceIdentifier": "mine", "DBSnapshotIdentifier": "mine-1"}),
    "delete_cluster": ("delete_db_cluster",
                       {"DBClusterIdentifier": "ours", "FinalDBSnapshotIdentifier": "ours-1"}),
    "multi_az": ("create_db_cluster", {"DBClusterIdentifier": "new", "Engine": "mysql", "MasterUsername": "me",
                                       "DBClusterInstanceClass": "db.m5d.large", "MasterUserPassword": "short"}),
    "endpoint": ("enable_http_endpoint", {"ResourceArn": f"{RDS}cluster:absent"}),
    "delete": ("delete_db_instance", {"DBInstanceIdentifier": "mine", "FinalDBSnapshotIdentifier": "mine-1"}),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "call", "more", "allowed"), CASES.values(), ids=CASES.keys())
def test_calls_are_admitted(
    role: As, statements: list[Statement], call: str, more: dict[str, Any], allowed: bool
) -> None:
    """Make calls that change nothing: each has a mistake that is found once the call is admitted."""
    action, parameters = CALLS[call]
    wanted = {name: _rows(value) if name == "Tags" else value for name, value in (parameters | more).items()}
    assert admitted(role(*statements), action, **wanted) is allowed


ACROSS = {
    "SourceDBSnapshotIdentifier": f"{RDS}snapshot:mine-1",
    "TargetDBSnapshotIdentifier": "copy",
    "KmsKeyId": ABSENT,
}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        pytest.param([allow("rds:*")], True, id="anything"),
        pytest.param([allow("rds:*", StringEquals={"aws:RequestedRegion": "eu-west-1"})], False, id="target Region"),
        pytest.param([allow("rds:*", StringEquals={"aws:RequestedRegion": HOME})], False, id="source Region"),
        pytest.param(
            [allow("rds:*", StringEquals={"aws:RequestedRegion": [HOME, "eu-west-1"]})], True, id="both Regions"
        ),
        pytest.param([allow("rds:*", f"arn:aws:rds:eu-west-1:{PRODUCTION}:snapshot:copy")], False, id="target"),
        pytest.param(
            [allow("rds:*", f"arn:aws:rds:eu-west-1:{PRODUCTION}:snapshot:copy", "snapshot:mine-1")], True, id="both"
        ),
        pytest.param([allow("rds:*", Bool={"aws:ViaAWSService": "false"})], False, id="not through a service"),
        pytest.param([allow("rds:*"), deny("rds:*", Bool={"aws:ViaAWSService": "true"})], False, id="nor denied"),
        pytest.param([allow("rds:*", IpAddress={"aws:SourceIp": "127.0.0.1"})], False, id="RDS calls from elsewhere"),
        pytest.param(
            [
                allow("rds:*", IpAddress={"aws:SourceIp": "127.0.0.1"}),
                allow("rds:*", **{"ForAnyValue:StringEquals": {"aws:CalledVia": "rds.amazonaws.com"}}),
            ],
            True,
            id="unless its calls are allowed",
        ),
    ],
)
def test_rds_asks_the_source_region_for_the_caller(role: As, statements: list[Statement], allowed: bool) -> None:
    """Follow aws_rds.md 1.5."""
    assert admitted(role(*statements, region="eu-west-1"), "copy_db_snapshot", **ACROSS) is allowed


def test_the_tags_of_another_accounts_snapshot_are_not_there(empty_lab: Lab, owner: Any) -> None:
    """Follow aws_rds.md 1.10, 10: scope the source by ARN."""
    owner.modify_db_snapshot_attribute(DBSnapshotIdentifier="theirs-1", AttributeName="restore", ValuesToAdd=[DR])
    owner.add_tags_to_resource(ResourceName=f"{RDS}snapshot:theirs-1", Tags=_rows({"team": "red"}))
    iam = empty_lab.client("production_dr", "iam")
    target = f"arn:aws:rds:{HOME}:{DR}:snapshot:*"
    source = {"SourceDBSnapshotIdentifier": f"{RDS}snapshot:theirs-1"}
    for more, allowed in (({}, True), ({"StringEquals": {"aws:ResourceTag/team": "red"}}, False)):
        arn = narrow_role(iam, allow("rds:*", target), allow("rds:*", "snapshot:theirs-*", **more))
        client = become(empty_lab, arn, "rds", HOME, by="production_dr")
        assert admitted(client, "copy_db_snapshot", **source, TargetDBSnapshotIdentifier="x-") is allowed


def test_a_policy_can_name_its_user(empty_lab: Lab, owner: Any) -> None:
    """Follow the RDS User Guide, custom tags, example 3."""
    iam = empty_lab.client("production", "iam")
    iam.create_user(UserName="mi")
    document = f'{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "rds:*", "Resource": "{RDS}db:'
    iam.put_user_policy(UserName="mi", PolicyName="own", PolicyDocument=document + '${aws:username}*"}}')
    key = iam.create_access_key(UserName="mi")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    client = empty_lab.client("production", "rds", HOME, **keys)
    assert admitted(client, "describe_db_instances", DBInstanceIdentifier="mine")
    assert not admitted(client, "describe_db_instances", DBInstanceIdentifier="theirs")
    iam.update_access_key(UserName="mi", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert outcome(client.describe_db_instances, DBInstanceIdentifier="mine") == "InvalidClientTokenId"
    iam.delete_access_key(UserName="mi", AccessKeyId=key["AccessKeyId"])
    assert outcome(client.describe_db_instances, DBInstanceIdentifier="mine") == "InvalidClientTokenId"


def test_groups_and_attached_policies_count_and_changes_take_effect_at_once(empty_lab: Lab, owner: Any) -> None:
    iam = empty_lab.client("production", "iam")
    arn = narrow_role(iam)
    client, name = become(empty_lab, arn, "rds", HOME), arn.rsplit("/", 1)[-1]
    assert not admitted(client, "describe_db_instances")
    document = '{"Version": "2012-10-17", "Statement": {"Effect": "%s", "Action": "rds:Describe*", "Resource": "*"}}'
    managed = iam.create_policy(PolicyName=name, PolicyDocument=document % "Allow")["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=managed)
    assert admitted(client, "describe_db_instances")
    iam.create_policy_version(PolicyArn=managed, PolicyDocument=document % "Deny", SetAsDefault=True)
    assert not admitted(client, "describe_db_instances")
    iam.detach_role_policy(RoleName=name, PolicyArn=managed)
    iam.create_user(UserName=name)
    iam.create_group(GroupName=name)
    iam.put_group_policy(GroupName=name, PolicyName="x", PolicyDocument=document % "Allow")
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    user = empty_lab.client("production", "rds", HOME, **keys)
    assert not admitted(user, "describe_db_instances")
    iam.add_user_to_group(GroupName=name, UserName=name)
    assert admitted(user, "describe_db_instances")


@pytest.mark.parametrize("seen", [False, True])
def test_whether_what_a_request_makes_shows_its_tags_to_the_policy_at_once_is_a_switch(lab: Lab, seen: bool) -> None:
    ours = {"StringEquals": {"aws:ResourceTag/team": "shop"}}
    anything = {"Effect": "Allow", "Resource": "*"}
    statements = [
        {**anything, "Action": "rds:CreateDBParameterGroup"},
        {**anything, "Action": "rds:AddTagsToResource", "Condition": ours},
    ]
    rds = become(lab, narrow_role(lab.client("production", "iam"), *statements), "rds", HOME)
    about = {"DBParameterGroupFamily": "postgres16", "Description": "x", "Tags": [{"Key": "team", "Value": "shop"}]}
    with settings(lab, rules={"tags_seen_at_creation": seen}):
        made = outcome(rds.create_db_parameter_group, DBParameterGroupName=fresh("tagged"), **about)
    assert made == ("ok" if seen else "AccessDenied")
