# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong input is refused before the first write, with what failed, on what, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fleet.fleet import A_COPY, DR, SOURCE, Fleet, writing
from tests.fleet.tasks import Tasks, tasks_of

WHO = {"MasterUsername": "keeper", "MasterUserPassword": "a-password"}
COPY = {"account_id": SOURCE.account, "kms_key_id": "alias/lifeboat", "share_with": [DR.account]}
REPLICATE = {
    "account_id": DR.account,
    "kms_key_id": "alias/lifeboat",
    "source_accounts": [SOURCE.account],
    "source_regions": [SOURCE.region],
}
RESTORE = {
    "account_id": DR.account,
    "drill_id": "bad",
    "db_subnet_group_name": "lifeboat-drill",
    "vpc_security_group_ids": ["lifeboat-drill"],
}

# What is wrong, the call, and what the error must say: the remedy is a part of it.
CASES: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "unknown database": (
        "snapshot_copy",
        COPY | {"databases": ["odrers"]},
        ["'odrers'", "there are: billing, catalog, events, orders", "Correct the name"],
    ),
    "wrong account behind the profile": (
        "snapshot_copy",
        COPY | {"account_id": "444444444444"},
        ["444444444444", f"belong to account {SOURCE.account}", "Correct the profile"],
    ),
    "sharing with itself": (
        "snapshot_copy",
        COPY | {"share_with": [SOURCE.account]},
        ["must be another one", "Set share_with to the 12-digit IDs of other accounts"],
    ),
    "sharing with everybody": ("snapshot_copy", COPY | {"share_with": ["all"]}, ["never shared with everybody"]),
    "a key that does not exist": (
        "snapshot_copy",
        COPY | {"kms_key_id": "alias/nothing"},
        ["alias/nothing", SOURCE.region, "Name a key or alias"],
    ),
    "a disabled key": (
        "snapshot_copy",
        COPY | {"kms_key_id": "@disabled"},
        ["it is Disabled", "Set kms_key_id to an enabled"],
    ),
    "a key of another Region": (
        "snapshot_copy",
        COPY | {"kms_key_id": "@elsewhere"},
        [f"Cannot use the KMS key|a key of {DR.region}"],
    ),
    "the AWS-managed key": (
        "snapshot_copy",
        COPY | {"kms_key_id": "alias/aws/rds"},
        ["AWS-managed", "customer managed key"],
    ),
    "sharing an automated snapshot": (
        "snapshot_share",
        {"account_id": SOURCE.account, "snapshots": ["@automated"], "accounts": [DR.account]},
        ["is automated", "copy it with snapshot_copy first"],
    ),
    "sharing under aws/rds": (
        "snapshot_share",
        {"account_id": SOURCE.account, "snapshots": ["by-hand"], "accounts": [DR.account]},
        ["aws/rds", "customer managed key with snapshot_copy"],
    ),
    "sharing what does not exist": (
        "snapshot_share",
        {"account_id": SOURCE.account, "snapshots": ["nothing"], "accounts": [DR.account]},
        ["no such snapshot", "Correct the name"],
    ),
    "keeping nothing": ("snapshot_prune", {"account_id": SOURCE.account, "keep": 0}, ["Set keep to 1"]),
    "the DR account as its own source": (
        "snapshot_replicate",
        REPLICATE | {"source_accounts": [DR.account]},
        ["must be another one", "Set source_accounts to"],
    ),
    "the source's key for DR copies": (
        "snapshot_replicate",
        REPLICATE | {"kms_key_id": "@source"},
        [f"account {SOURCE.account}|Cannot use the KMS key"],
    ),
    "not a manifest": (
        "snapshot_replicate",
        REPLICATE | {"published": [{"points": []}]},
        ["Cannot read the published manifest"],
    ),
    "a drill without a subnet group": (
        "snapshot_restore",
        RESTORE | {"db_subnet_group_name": ""},
        ["db_subnet_group_name is not set"],
    ),
    "a drill without security groups": (
        "snapshot_restore",
        RESTORE | {"vpc_security_group_ids": []},
        ["vpc_security_group_ids is not set"],
    ),
    "a drill with a security group of another network": (
        "snapshot_restore",
        RESTORE | {"vpc_security_group_ids": ["sg-0123456789abcdef0"]},
        ["sg-0123456789abcdef0", "has no such group", "Set vpc_security_group_ids to groups of that VPC"],
    ),
    "a drill in public": (
        "snapshot_restore",
        RESTORE | {"db_subnet_group_name": "open"},
        ["internet gateway", "private subnets only"],
    ),
    "a drill in a subnet group that does not exist": (
        "snapshot_restore",
        RESTORE | {"db_subnet_group_name": "nothing"},
        ["nothing", "Name a DB subnet group"],
    ),
    "a drill of an unknown database": ("snapshot_restore", RESTORE | {"databases": ["odrers"]}, ["'odrers'"]),
    "a drill id that no identifier can carry": (
        "snapshot_restore",
        RESTORE | {"drill_id": "A_B"},
        ["Set drill_id to such an ID"],
    ),
    "a prefix that no name can start with": (
        "recovery_point_info",
        {"account_id": DR.account, "prefix": "-x"},
        ["Set prefix to at most 20"],
    ),
}


@pytest.fixture(scope="module")
def tasks(fleet: Fleet) -> Iterator[Tasks]:
    with tasks_of(fleet.lab) as found:
        yield found


@pytest.fixture(scope="module")
def names(fleet: Fleet, tasks: Tasks) -> dict[str, str]:
    """Sow a source that publishes, and traps at both sites. Map the name of each trap to where it is."""
    fleet.reset()
    make_shop(fleet)
    make_networks(fleet)
    published = tasks.run("snapshot_copy", SOURCE, **COPY)
    assert {step["status"] for step in published["steps"]} == {"published"}, published
    return make_traps(fleet)


def make_shop(fleet: Fleet) -> None:
    """Three instances, one of them unencrypted, and a cluster, each with an automated snapshot."""
    rds = fleet.others(SOURCE)
    encrypted = {"StorageEncrypted": True, "KmsKeyId": fleet.keys["data"]}
    for name, more in (("billing", encrypted), ("catalog", {}), ("orders", encrypted)):
        make_instance(rds, name, BackupRetentionPeriod=7, **more)
    rds.create_db_cluster(DBClusterIdentifier="events", Engine="aurora-postgresql", **WHO, **encrypted)
    fleet.pass_time(A_COPY)
    fleet.back_up()
    fleet.pass_time(A_COPY)


def make_instance(rds: Any, name: str, **more: Any) -> None:
    rds.create_db_instance(
        DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20,
        **WHO, **more,
    )  # fmt: skip


def make_networks(fleet: Fleet) -> None:
    """Make the network of drills, and a subnet group that leads to the internet."""
    ec2, rds = fleet.others(DR, "ec2"), fleet.others(DR)
    private, subnets = make_vpc(ec2, "10.0.0")
    rds.create_db_subnet_group(
        DBSubnetGroupName="lifeboat-drill", DBSubnetGroupDescription="private", SubnetIds=subnets
    )
    ec2.create_security_group(GroupName="lifeboat-drill", Description="drills", VpcId=private)
    public, subnets = make_vpc(ec2, "10.1.0")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=public)
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [public]}])["RouteTables"]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    rds.create_db_subnet_group(DBSubnetGroupName="open", DBSubnetGroupDescription="leads outside", SubnetIds=subnets)


def make_vpc(ec2: Any, start: str) -> tuple[str, list[str]]:
    """Make a VPC and its two subnets."""
    vpc = ec2.create_vpc(CidrBlock=f"{start}.0/24")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"{start}.{first}/25", AvailabilityZone=f"{DR.region}{zone}")["Subnet"]
        for first, zone in ((0, "a"), (128, "b"))
    ]
    return vpc, [subnet["SubnetId"] for subnet in subnets]


def make_traps(fleet: Fleet) -> dict[str, str]:
    """Keys and snapshots that are wrong in one way each."""
    kms, elsewhere = fleet.others(SOURCE, "kms"), fleet.lab.client(SOURCE.profile, "kms", DR.region)
    disabled = kms.create_key()["KeyMetadata"]["Arn"]
    kms.disable_key(KeyId=disabled)
    rds = fleet.others(SOURCE)
    automated = rds.describe_db_snapshots(SnapshotType="automated")["DBSnapshots"][0]["DBSnapshotIdentifier"]
    take_by_hand(fleet)
    take_name(fleet)
    fleet.pass_time(A_COPY)
    return {
        "@disabled": disabled,
        "@elsewhere": elsewhere.create_key()["KeyMetadata"]["Arn"],
        "@automated": automated,
        "@source": fleet.keys["publish"],
    }


def take_by_hand(fleet: Fleet) -> None:
    """Take a manual snapshot under the key that AWS manages."""
    rds = fleet.others(SOURCE)
    make_instance(rds, "scratch", StorageEncrypted=True)
    fleet.pass_time(A_COPY)
    rds.create_db_snapshot(DBInstanceIdentifier="scratch", DBSnapshotIdentifier="by-hand")
    fleet.pass_time(A_COPY)
    rds.delete_db_instance(DBInstanceIdentifier="scratch", SkipFinalSnapshot=True)


def take_name(fleet: Fleet) -> None:
    """Take the name of a copy to come, at the DR site, with a snapshot that lacks our tag."""
    shared = fleet.lab.client(DR.profile, "rds", SOURCE.region).describe_db_snapshots(SnapshotType="shared")
    arn = next(row["DBSnapshotArn"] for row in shared["DBSnapshots"] if row["DBInstanceIdentifier"] == "catalog")
    fleet.others(DR).copy_db_snapshot(
        SourceDBSnapshotIdentifier=arn, TargetDBSnapshotIdentifier=arn.split(":")[-1], SourceRegion=SOURCE.region
    )


def fill(value: Any, names: dict[str, str]) -> Any:
    """Put the real ARN or name where a case says ``@something``."""
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("name", CASES)
def test_is_refused_with_reason_and_remedy(name: str, fleet: Fleet, tasks: Tasks, names: dict[str, str]) -> None:
    module, options, wants = CASES[name]
    side = DR if options["account_id"] == DR.account else SOURCE
    fleet.new_calls()
    answer = tasks.run(module, side, **{key: fill(value, names) for key, value in options.items()})
    assert answer["failed"], answer
    for wanted in wants:
        assert any(part in answer["msg"] for part in wanted.split("|")), answer["msg"]
    assert writing(fleet.new_calls()) == []


def test_a_name_that_is_taken_at_the_dr_site_fails_its_database_alone(
    fleet: Fleet, tasks: Tasks, names: dict[str, str]
) -> None:
    given = {key: fill(value, names) for key, value in REPLICATE.items()}
    answer = tasks.run("snapshot_replicate", DR, check_mode=True, **given)
    failed = {step["database"]: step["reason"] for step in answer["steps"] if step["status"] == "failed"}
    assert list(failed) == ["catalog"]
    assert "does not carry our tag" in failed["catalog"] and "choose another prefix" in failed["catalog"]
    assert answer["changed"]
