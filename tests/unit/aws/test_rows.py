# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._aws import keys, networks, rows
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.rows import CLUSTER, INSTANCE
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import (
    Configuration,
    Database,
    Key,
    RecoveryPoint,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target import RestoreOptions, Target
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target_plan import plan_target
from tests.builders import DR, DR_KEY, EAST, NOW, SOURCE, SOURCE_KEY, WEST, database, landed, of_cluster

Row = dict[str, Any]
Legal = Callable[[str, str, Row], Row]

CREATED = datetime(2026, 11, 23, 2, 6, 10, 123000, tzinfo=timezone.utc)
ORIGINAL = datetime(2026, 11, 22, 2, 5, tzinfo=timezone.utc)
LAST_TRANSACTION = datetime(2026, 11, 22, 2, 4, tzinfo=timezone.utc)
NAME = "lifeboat-orders-20261122020500-5f0c2a9b7d31"
SOURCE_ARN = f"arn:aws:rds:{WEST}:{SOURCE}:snapshot:{NAME}"
TAGS = [{"Key": "lifeboat:managed-by", "Value": "lifeboat"}, {"Key": "team", "Value": "shop"}]

# As DescribeDBSnapshots and DescribeDBClusterSnapshots answer.
DB_SNAPSHOT: Row = {
    "DBSnapshotIdentifier": NAME,
    "DBInstanceIdentifier": "orders",
    "SnapshotCreateTime": CREATED,
    "Engine": "postgres",
    "AllocatedStorage": 20,
    "Status": "available",
    "Port": 5432,
    "AvailabilityZone": "us-east-1a",
    "VpcId": "vpc-1",
    "InstanceCreateTime": ORIGINAL,
    "MasterUsername": "master",
    "EngineVersion": "16.4",
    "LicenseModel": "postgresql-license",
    "SnapshotType": "manual",
    "OptionGroupName": "default:postgres-16",
    "PercentProgress": 100,
    "SourceRegion": WEST,
    "SourceDBSnapshotIdentifier": SOURCE_ARN,
    "StorageType": "gp3",
    "Encrypted": True,
    "StorageEncryptionType": "sse-kms",
    "KmsKeyId": DR_KEY,
    "DBSnapshotArn": f"arn:aws:rds:{EAST}:{DR}:snapshot:{NAME}",
    "IAMDatabaseAuthenticationEnabled": False,
    "ProcessorFeatures": [],
    "DbiResourceId": "db-ORDERS",
    "TagList": TAGS,
    "OriginalSnapshotCreateTime": ORIGINAL,
    "SnapshotDatabaseTime": LAST_TRANSACTION,
    "SnapshotTarget": "region",
    "DedicatedLogVolume": False,
}
DB_CLUSTER_SNAPSHOT: Row = {
    "AvailabilityZones": ["us-east-1a", "us-east-1b"],
    "DBClusterSnapshotIdentifier": NAME,
    "DBClusterIdentifier": "orders",
    "SnapshotCreateTime": CREATED,
    "Engine": "aurora-postgresql",
    "EngineMode": "provisioned",
    "AllocatedStorage": 20,
    "Status": "available",
    "Port": 0,
    "VpcId": "vpc-1",
    "ClusterCreateTime": ORIGINAL,
    "MasterUsername": "master",
    "EngineVersion": "16.4",
    "LicenseModel": "aurora-postgresql",
    "SnapshotType": "manual",
    "PercentProgress": 100,
    "StorageEncrypted": True,
    "StorageEncryptionType": "sse-kms",
    "KmsKeyId": DR_KEY,
    "DBClusterSnapshotArn": f"arn:aws:rds:{EAST}:{DR}:cluster-snapshot:{NAME}",
    "SourceDBClusterSnapshotArn": SOURCE_ARN,
    "IAMDatabaseAuthenticationEnabled": False,
    "TagList": TAGS,
    "DbClusterResourceId": "db-ORDERS",
}
SPELLED = {
    "instance": ("DescribeDBSnapshots", "DBSnapshots", DB_SNAPSHOT, INSTANCE),
    "cluster": ("DescribeDBClusterSnapshots", "DBClusterSnapshots", DB_CLUSTER_SNAPSHOT, CLUSTER),
}
# What both kinds of snapshots, and both kinds of databases, have alike.
COMMON_OF_SNAPSHOTS = """name account region origin status engine_version identifier resource_id size_gib percent
    encrypted kms_key_id created source_arn tags"""
COMMON_OF_DATABASES = "engine_version status kms_key_id tags host port master_username database_name pending created"


@pytest.fixture
def point(legal: Legal) -> Callable[..., RecoveryPoint]:
    """Convert a snapshot's row of which some members are changed or (None) absent."""

    def point(kind: str = "instance", **changes: Any) -> RecoveryPoint:
        operation, key, row, spelling = SPELLED[kind]
        changed = {name: value for name, value in {**row, **changes}.items() if value is not None}
        return rows.recovery_point(legal(operation, key, changed), spelling)

    return point


# -- snapshots --------------------------------------------------------------------------------------------------------


def test_a_db_snapshot_is_a_recovery_point(point: Any) -> None:
    assert point() == RecoveryPoint(
        kind="instance",
        name=NAME,
        arn=f"arn:aws:rds:{EAST}:{DR}:snapshot:{NAME}",
        account=DR,
        region=EAST,
        origin="manual",
        status="available",
        engine="postgres",
        engine_version="16.4",
        identifier="orders",
        resource_id="db-ORDERS",
        size_gib=20,
        percent=100,
        encrypted=True,
        kms_key_id=DR_KEY,
        created=CREATED,
        original=ORIGINAL,
        database_time=LAST_TRANSACTION,
        source_region=WEST,
        source_arn=SOURCE_ARN,
        option_group="default:postgres-16",
        tags={"lifeboat:managed-by": "lifeboat", "team": "shop"},
    )


@pytest.mark.parametrize("field", COMMON_OF_SNAPSHOTS.split())
def test_a_cluster_snapshot_has_the_same_shape(point: Any, field: str) -> None:
    assert getattr(point("cluster"), field) == getattr(point(), field)


def test_a_cluster_snapshot_lacks_what_aws_tells_of_db_snapshots_only(point: Any) -> None:
    cluster = point("cluster")
    assert (cluster.kind, cluster.engine, cluster.original, cluster.database_time) == (
        "cluster",
        "aurora-postgresql",
        None,
        None,
    )


@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_a_shared_snapshot_belongs_to_its_owner_and_is_named_by_its_arn(point: Any, kind: str) -> None:
    resource = "snapshot" if kind == "instance" else "cluster-snapshot"
    prefix = "DBSnapshot" if kind == "instance" else "DBClusterSnapshot"
    arn = f"arn:aws:rds:{WEST}:{SOURCE}:{resource}:{NAME}"
    shared = point(kind, **{f"{prefix}Identifier": arn, f"{prefix}Arn": arn, "SnapshotType": "shared", "TagList": None})
    assert (shared.name, shared.account, shared.region, shared.origin, shared.tags) == (
        NAME,
        SOURCE,
        WEST,
        "manual",
        {},
    )


def test_the_colon_of_an_automated_name_belongs_to_it(point: Any) -> None:
    name = "rds:orders-2026-11-23-02-05"
    one = point(DBSnapshotIdentifier=name, DBSnapshotArn=f"arn:aws:rds:{WEST}:{SOURCE}:snapshot:{name}")
    assert one.name == name


@pytest.mark.parametrize(
    ("origin", "shown"),
    [("manual", "manual"), ("automated", "automated"), ("awsbackup", "awsbackup"), ("public", "manual")],
)
def test_where_a_snapshot_comes_from_is_kept_as_far_as_it_matters(point: Any, origin: str, shown: str) -> None:
    assert point(SnapshotType=origin).origin == shown


def test_what_aws_leaves_out_while_a_copy_is_under_way_is_not_known(point: Any) -> None:
    absent = (
        "SnapshotCreateTime OriginalSnapshotCreateTime SnapshotDatabaseTime PercentProgress AllocatedStorage TagList"
        " KmsKeyId StorageEncryptionType DbiResourceId EngineVersion OptionGroupName"
    )
    one = point(Status="copying", Encrypted=False, **dict.fromkeys(absent.split()))
    unknown = "known_time created original database_time percent size_gib resource_id engine_version option_group"
    assert {getattr(one, name) for name in unknown.split()} == {None}
    assert (one.is_in_progress, one.tags, one.kms_key_id, one.encrypted) == (True, {}, None, False)


@pytest.mark.parametrize(
    ("storage", "flag", "encrypted"),
    [
        pytest.param("sse-kms", True, True, id="under a KMS key"),
        pytest.param("sse-rds", False, True, id="under a key of AWS, which the flag misses"),
        pytest.param("none", False, False, id="not at all"),
        pytest.param(None, True, True, id="a row without the newer field, encrypted"),
        pytest.param(None, False, False, id="a row without the newer field, not encrypted"),
    ],
)
@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_what_is_encrypted_is_known_of_every_kind(
    point: Any, kind: str, storage: str | None, flag: bool, encrypted: bool
) -> None:
    name = "Encrypted" if kind == "instance" else "StorageEncrypted"
    assert point(kind, StorageEncryptionType=storage, **{name: flag}).encrypted is encrypted


@pytest.mark.parametrize("kind", ["instance", "cluster"])
@pytest.mark.parametrize("number", range(6))
def test_few_members_cannot_be_replaced(point: Any, kind: str, number: int) -> None:
    what = SPELLED[kind][3]
    lacking = (f"{what.snapshot}Arn", f"{what.database}Identifier", "Status", "Engine", "SnapshotType", what.encrypted)
    absent = {lacking[number]: None, "StorageEncryptionType": None}
    with pytest.raises(
        rows.Incomplete, match=f"{'StorageEncryptionType' if number == 5 else lacking[number]} of {NAME}"
    ):
        point(kind, **absent)


# -- databases --------------------------------------------------------------------------------------------------------

DB_INSTANCE: Row = {
    "DBInstanceIdentifier": "orders",
    "DBInstanceClass": "db.t4g.medium",
    "Engine": "postgres",
    "DBInstanceStatus": "available",
    "MasterUsername": "master",
    "DBName": "shop",
    "Endpoint": {"Address": "orders.example", "Port": 5433, "HostedZoneId": "Z1"},
    "AllocatedStorage": 20,
    "InstanceCreateTime": CREATED,
    "PendingModifiedValues": {},
    "EngineVersion": "16.4",
    "PubliclyAccessible": False,
    "DbInstancePort": 0,
    "StorageEncrypted": True,
    "KmsKeyId": SOURCE_KEY,
    "DbiResourceId": "db-ORDERS",
    "DBInstanceArn": f"arn:aws:rds:{WEST}:{SOURCE}:db:orders",
    "TagList": TAGS,
}
DB_CLUSTER: Row = {
    "AllocatedStorage": 1,
    "DatabaseName": "shop",
    "DBClusterIdentifier": "orders",
    "Status": "available",
    "Endpoint": "orders.example",
    "ReaderEndpoint": "orders-ro.example",
    "Engine": "aurora-postgresql",
    "EngineVersion": "16.4",
    "Port": 5433,
    "MasterUsername": "master",
    "DBClusterMembers": [
        {"DBInstanceIdentifier": "orders-1", "IsClusterWriter": True},
        {"DBInstanceIdentifier": "orders-2", "IsClusterWriter": False},
    ],
    "StorageEncrypted": True,
    "KmsKeyId": SOURCE_KEY,
    "DbClusterResourceId": "db-ORDERS",
    "DBClusterArn": f"arn:aws:rds:{WEST}:{SOURCE}:cluster:orders",
    "ClusterCreateTime": CREATED,
    "TagList": TAGS,
}


@pytest.fixture
def made(legal: Legal) -> Callable[..., Database]:
    """Convert a database's row of which some members are changed or (None) absent."""

    def made(kind: str = "instance", **changes: Any) -> Database:
        if kind == "instance":
            operation, key, row, spelling = "DescribeDBInstances", "DBInstances", DB_INSTANCE, INSTANCE
        else:
            operation, key, row, spelling = "DescribeDBClusters", "DBClusters", DB_CLUSTER, CLUSTER
        changed = {name: value for name, value in {**row, **changes}.items() if value is not None}
        return rows.database(legal(operation, key, changed), spelling)

    return made


def test_a_db_instance_is_a_database(made: Any) -> None:
    assert made() == Database(
        id=database().id,
        engine="postgres",
        engine_version="16.4",
        status="available",
        encrypted=True,
        kms_key_id=SOURCE_KEY,
        tags={"lifeboat:managed-by": "lifeboat", "team": "shop"},
        host="orders.example",
        port=5433,
        master_username="master",
        database_name="shop",
        created=CREATED,
        configuration=Configuration(instance_class="db.t4g.medium"),
    )


def test_a_database_says_how_a_restore_must_be_configured(made: Any) -> None:
    one = made(
        StorageType="gp3", Iops=12000, StorageThroughput=500,
        DBParameterGroups=[{"DBParameterGroupName": "tuned", "ParameterApplyStatus": "in-sync"}],
        OptionGroupMemberships=[{"OptionGroupName": "audit", "Status": "in-sync"}],
    )  # fmt: skip
    assert one.configuration == Configuration("db.t4g.medium", "gp3", 12000, 500, None, "audit", "tuned")
    assert one.option_group == "audit"


def test_a_cluster_says_its_capacity_and_names_its_writer_first(made: Any) -> None:
    members = [{"DBInstanceIdentifier": "a"}, {"DBInstanceIdentifier": "b", "IsClusterWriter": True}]
    scaling = {"MinCapacity": 0.5, "MaxCapacity": 8.0}
    one = made(
        "cluster",
        DBClusterMembers=members,
        ServerlessV2ScalingConfiguration=scaling,
        DBClusterParameterGroup="tuned",
        StorageType="aurora-iopt1",
    )
    assert one.members == ("b", "a")
    told = Configuration(serverless="0.5-8.0", storage_type="aurora-iopt1", cluster_parameter_group="tuned")
    assert one.configuration == told


@pytest.mark.parametrize("field", COMMON_OF_DATABASES.split())
def test_a_db_cluster_has_the_same_shape(made: Any, field: str) -> None:
    assert getattr(made("cluster"), field) == getattr(made(), field)


@pytest.mark.parametrize("kind", ["instance", "cluster"])
@pytest.mark.parametrize("days", [0, 7, None])
def test_a_database_says_for_how_long_it_is_backed_up(made: Any, kind: str, days: int | None) -> None:
    assert made(kind, BackupRetentionPeriod=days).backup_retention_days == days


def test_a_cluster_knows_its_members_and_a_member_its_cluster(made: Any) -> None:
    cluster, member = made("cluster"), made(DBClusterIdentifier="orders")
    assert (cluster.id, cluster.members, cluster.cluster) == (
        database(kind="cluster").id,
        ("orders-1", "orders-2"),
        None,
    )
    assert (member.members, member.cluster) == ((), "orders")


ELSEWHERE = f"arn:aws:rds:eu-west-3:{DR}:db:main"


@pytest.mark.parametrize(
    ("kind", "member", "said", "source"),
    [
        ("instance", "ReadReplicaSourceDBInstanceIdentifier", "main", f"arn:aws:rds:{WEST}:{SOURCE}:db:main"),
        ("instance", "ReadReplicaSourceDBInstanceIdentifier", ELSEWHERE, ELSEWHERE),
        ("instance", "ReadReplicaSourceDBClusterIdentifier", "main", f"arn:aws:rds:{WEST}:{SOURCE}:cluster:main"),
        ("cluster", "ReplicationSourceIdentifier", ELSEWHERE, ELSEWHERE),
        ("instance", "ReadReplicaSourceDBInstanceIdentifier", None, None),
        ("cluster", "ReplicationSourceIdentifier", "", None),
    ],
)
def test_a_replica_names_its_source_by_arn(made: Any, kind: str, member: str, said: Any, source: Any) -> None:
    assert made(kind, **{member: said}).replica_of == source


def test_a_database_that_is_being_made_has_no_endpoint_yet(made: Any) -> None:
    one = made(DBInstanceStatus="creating", Endpoint=None, InstanceCreateTime=None, PendingModifiedValues=None)
    assert (one.status, one.host, one.port, one.created, one.pending) == ("creating", None, None, None, False)


@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_a_change_that_is_still_to_be_applied_is_pending(made: Any, kind: str) -> None:
    assert made(kind, PendingModifiedValues={"MasterUserPassword": "****"}).pending is True


# -- keys and networks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        pytest.param({"KeyState": "Enabled", "KeyManager": "CUSTOMER"}, ("Enabled", False), id="a customer's"),
        pytest.param({"KeyState": "PendingDeletion"}, ("PendingDeletion", False), id="about to be deleted"),
        pytest.param({"KeyState": "Enabled", "KeyManager": "AWS"}, ("Enabled", True), id="of AWS"),
        pytest.param({"Enabled": False}, ("Disabled", False), id="no state, but it is disabled"),
        pytest.param({}, (None, False), id="neither"),
    ],
)
def test_a_key_is_what_kms_says_of_it(row: Row, wanted: Any) -> None:
    state, is_aws_managed = wanted
    found = keys.as_key({"Arn": DR_KEY, "AWSAccountId": DR, "KeyId": "dr", **row})
    assert found == Key(DR_KEY, DR, EAST, state, is_aws_managed)


LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}
OUTSIDE = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}
NAT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}
EGRESS_ONLY = {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}


def table(*routes: Row, main: bool = False, subnets: tuple[str, ...] = ()) -> Row:
    associations: list[Row] = [{"Main": False, "SubnetId": subnet} for subnet in subnets]
    return {"Routes": list(routes), "Associations": [*([{"Main": True}] if main else []), *associations]}


@pytest.mark.parametrize(
    ("tables", "public"),
    [
        pytest.param([table(LOCAL, OUTSIDE, subnets=("a",)), table(LOCAL, main=True)], ["a"], id="a table of its own"),
        pytest.param([table(LOCAL, OUTSIDE, main=True)], ["a", "b"], id="the main table"),
        pytest.param(
            [table(LOCAL, OUTSIDE, main=True), table(LOCAL, subnets=("a",))],
            ["b"],
            id="its own table before the main one",
        ),
        pytest.param([table(LOCAL, NAT, EGRESS_ONLY, main=True)], [], id="ways out only"),
        pytest.param([table(OUTSIDE)], [], id="a table that no subnet uses"),
        pytest.param([], [], id="no table at all"),
        pytest.param(
            [{"Routes": [OUTSIDE], "Associations": [{"Main": False, "GatewayId": "igw-1"}]}], [], id="a gateway's"
        ),
        pytest.param([table(LOCAL, main=True), table(OUTSIDE, subnets=("z",))], [], id="another subnet's"),
    ],
)
def test_a_subnet_is_public_when_a_route_leads_to_it_from_the_internet(tables: list[Row], public: list[str]) -> None:
    assert networks.public_subnets(["a", "b"], tables) == public


# -- restores ---------------------------------------------------------------------------------------------------------


def target(point: RecoveryPoint, **options: Any) -> Target:
    usual: Row = {"kms_key_id": None, "expires": NOW, "instance_class": "db.t4g.medium", **options}
    lineage = lineage_of(database().id, ORIGINAL)
    return plan_target(lineage, point, RestoreOptions("lifeboat", "d1", "private", ("sg-1", "sg-2"), **usual))


POINTS = [
    pytest.param(landed(), INSTANCE, id="instance"),
    pytest.param(of_cluster(landed()), CLUSTER, id="cluster"),
]


@pytest.mark.parametrize(("point", "spelling"), POINTS)
def test_a_restore_names_its_network_since_aws_would_take_the_default_one(point: Any, spelling: Any) -> None:
    parameters = rows.restore_parameters(target(point), spelling)
    assert (parameters["DBSubnetGroupName"], parameters["VpcSecurityGroupIds"]) == ("private", ["sg-1", "sg-2"])


@pytest.mark.parametrize(("point", "spelling"), POINTS)
def test_a_restore_says_whose_it_is_and_can_be_deleted_again(point: Any, spelling: Any) -> None:
    parameters = rows.restore_parameters(target(point), spelling)
    assert {tag["Key"] for tag in parameters["Tags"]} >= {
        "lifeboat:managed-by",
        "lifeboat:drill-id",
        "lifeboat:expires",
    }
    assert (parameters["DeletionProtection"], parameters["CopyTagsToSnapshot"]) == (False, False)


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param(rows.restore_parameters(target(landed()), INSTANCE), id="instance"),
        pytest.param(rows.member_parameters(target(of_cluster(landed()))), id="member"),
    ],
)
def test_nothing_that_is_restored_is_public(parameters: Row) -> None:
    assert parameters["PubliclyAccessible"] is False


def test_a_restored_instance_keeps_no_backups_and_no_standby() -> None:
    parameters = rows.restore_parameters(target(landed()), INSTANCE)
    assert (parameters["BackupRetentionPeriod"], parameters["MultiAZ"]) == (0, False)
    assert parameters["DBInstanceClass"] == "db.t4g.medium"


def test_a_restored_cluster_has_the_version_of_its_snapshot_and_not_the_regions_default() -> None:
    parameters = rows.restore_parameters(target(of_cluster(landed(engine_version="15.2"))), CLUSTER)
    assert (parameters["Engine"], parameters["EngineVersion"]) == ("aurora-postgresql", "15.2")


@pytest.mark.parametrize(
    ("encrypted", "key", "sent"),
    [
        pytest.param(False, DR_KEY, DR_KEY, id="unencrypted: encrypted now"),
        pytest.param(False, None, None, id="unencrypted, no key given"),
        pytest.param(True, DR_KEY, None, id="encrypted: its key stays"),
    ],
)
def test_an_unencrypted_cluster_is_encrypted_as_it_is_restored(encrypted: bool, key: Any, sent: Any) -> None:
    point = of_cluster(landed(encrypted=encrypted))
    assert rows.restore_parameters(target(point, kms_key_id=key), CLUSTER).get("KmsKeyId") == sent


def test_what_nobody_asked_for_is_not_sent() -> None:
    for point, spelling in ((landed(), INSTANCE), (of_cluster(landed()), CLUSTER)):
        sent = set(rows.restore_parameters(target(point), spelling))
        optional = {"OptionGroupName", "EnableIAMDatabaseAuthentication", "ServerlessV2ScalingConfiguration"}
        assert not sent & {*optional, "DBParameterGroupName", "DBClusterParameterGroupName"}


def test_groups_and_iam_are_named_where_each_kind_takes_them() -> None:
    options: Row = {"parameter_group": "p", "cluster_parameter_group": "c", "iam": True}
    instance = rows.restore_parameters(target(landed(option_group="o"), **options), INSTANCE)
    cluster = rows.restore_parameters(target(of_cluster(landed()), **options), CLUSTER)
    member = rows.member_parameters(target(of_cluster(landed()), **options))
    assert (instance["OptionGroupName"], instance["DBParameterGroupName"]) == ("o", "p")
    assert (cluster["DBClusterParameterGroupName"], member["DBParameterGroupName"]) == ("c", "p")
    assert (instance["EnableIAMDatabaseAuthentication"], cluster["EnableIAMDatabaseAuthentication"]) == (True, True)


def test_a_serverless_cluster_has_a_capacity_and_a_serverless_member() -> None:
    one = target(of_cluster(landed()), serverless={"min": 0.5, "max": 4.0})
    capacity = rows.restore_parameters(one, CLUSTER)["ServerlessV2ScalingConfiguration"]
    assert capacity == {"MinCapacity": 0.5, "MaxCapacity": 4.0}
    assert rows.member_parameters(one)["DBInstanceClass"] == "db.serverless"


def test_tags_are_sent_in_one_order() -> None:
    assert rows.tag_list({"b": "2", "a": "1"}) == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]


# -- what stays -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("point", "spelling"), POINTS)
def test_a_recovery_is_protected_backed_up_and_upgraded_as_aws_does_it(point: Any, spelling: Any) -> None:
    one = target(point, purpose="recovery", backup_retention_days=14, multi_az=True)
    parameters = rows.restore_parameters(one, spelling)
    assert (parameters["DeletionProtection"], parameters["CopyTagsToSnapshot"]) == (True, True)
    assert parameters["BackupRetentionPeriod"] == 14
    assert "AutoMinorVersionUpgrade" not in parameters
    assert parameters.get("MultiAZ") == (True if spelling is INSTANCE else None)


def test_nothing_that_is_recovered_is_public() -> None:
    instance, cluster = (target(point, purpose="recovery") for point in (landed(), of_cluster(landed())))
    assert rows.restore_parameters(instance, INSTANCE)["PubliclyAccessible"] is False
    assert rows.member_parameters(cluster)["PubliclyAccessible"] is False


@pytest.mark.parametrize(("point", "spelling"), POINTS)
def test_the_plan_of_a_restore_is_what_aws_is_asked(point: Any, spelling: Any) -> None:
    one = target(point, purpose="recovery", backup_retention_days=7)
    first, *others = rows.restore_calls(one)
    assert first == {"operation": spelling.restore, "parameters": rows.restore_parameters(one, spelling)}
    member = {"operation": "create_db_instance", "parameters": rows.member_parameters(one)}
    assert others == ([] if spelling is INSTANCE else [member])


@pytest.mark.parametrize("kind", ["instance", "cluster"])
@pytest.mark.parametrize(("said", "known"), [(True, True), (False, None), (None, None)])
def test_a_database_tells_whether_it_is_in_several_zones(made: Any, kind: str, said: Any, known: Any) -> None:
    assert made(kind, MultiAZ=said).configuration.multi_az is known
