# SPDX-License-Identifier: GPL-3.0-or-later
"""Test creating, changing and deleting databases (aws_rds.md 7), mostly in a lab without servers."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import advance, automated, code_of, restored, settings
from lifeboat_lab import Lab
from lifeboat_lab.testing import PASSWORD, ask, cluster, delete, fresh, instance, until, usable, usable_cluster

SMALL = {"Engine": "postgres", "DBInstanceClass": "db.t3.micro", "MasterUsername": "me", "MasterUserPassword": PASSWORD}
AURORA = {"Engine": "aurora-postgresql", "MasterUsername": "me", "MasterUserPassword": PASSWORD}


@pytest.fixture(scope="module")
def rows(own_lab: Lab) -> Any:
    """Return RDS of the lab without servers."""
    return own_lab.client("production", "rds")


def create(rds: Any, **more: Any) -> dict[str, Any]:
    """Create an instance and wait until it is available."""
    name = fresh("small")
    rds.create_db_instance(DBInstanceIdentifier=name, **SMALL | more)
    return usable(rds, name)


def create_cluster(rds: Any, **more: Any) -> dict[str, Any]:
    name = fresh("cluster")
    rds.create_db_cluster(DBClusterIdentifier=name, **AURORA | more)
    return usable_cluster(rds, name)


def modify(rds: Any, row: dict[str, Any], **words: Any) -> dict[str, Any]:
    answer = rds.modify_db_instance(DBInstanceIdentifier=row["DBInstanceIdentifier"], **words)
    found: dict[str, Any] = answer["DBInstance"]
    return found


def modified(rds: Any, row: dict[str, Any], **words: Any) -> dict[str, Any]:
    modify(rds, row, ApplyImmediately=True, **words)
    return usable(rds, row["DBInstanceIdentifier"])


def refused(rds: Any, row: dict[str, Any], **words: Any) -> str:
    return code_of(rds.modify_db_instance, DBInstanceIdentifier=row["DBInstanceIdentifier"], **words)


def test_an_instance_is_created_backed_up_and_then_available(own_lab: Lab, rows: Any) -> None:
    """Follow aws_rds.md 7.3."""
    name, seen = fresh("slow"), []
    with settings(own_lab, scale=1, durations={"create": 1000, "initial_backup": 1000}):
        rows.create_db_instance(DBInstanceIdentifier=name, **SMALL)
        for _moment in range(3):
            seen.append(instance(rows, name)["DBInstanceStatus"])
            advance(own_lab, 1000)
    assert seen == ["creating", "backing-up", "available"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"DBInstanceClass": "t3.micro"}, "InvalidParameterValue"),
        ({"BackupRetentionPeriod": 36}, "InvalidParameterValue"),
        ({"Port": 80}, "InvalidParameterValue"),
        ({"StorageType": "tape"}, "InvalidParameterValue"),
        ({"StorageType": "aurora"}, "StorageTypeNotSupported"),
        ({"AllocatedStorage": 5}, "InvalidParameterValue"),
        ({"StorageType": "io1", "AllocatedStorage": 100}, "InvalidParameterCombination"),
        ({"StorageType": "io1", "AllocatedStorage": 100, "Iops": 6000}, "InvalidParameterCombination"),
        ({"MasterUsername": "rdsadmin"}, "InvalidParameterValue"),
        ({"MasterUsername": "1st"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "short"}, "InvalidParameterValue"),
        ({"DBName": "no-hyphens"}, "InvalidParameterValue"),
        ({"MultiAZ": True, "AvailabilityZone": "us-west-2a"}, "InvalidParameterCombination"),
        ({"DBParameterGroupName": "nowhere"}, "DBParameterGroupNotFound"),
        ({"DBParameterGroupName": "default.mysql8.0"}, "InvalidParameterCombination"),
        ({"OptionGroupName": "nowhere"}, "OptionGroupNotFoundFault"),
        ({"OptionGroupName": "default:mysql-8-0"}, "InvalidParameterCombination"),
        ({"DBSubnetGroupName": "nowhere"}, "DBSubnetGroupNotFoundFault"),
        ({"KmsKeyId": "alias/none", "StorageEncrypted": True}, "KMSKeyNotAccessibleFault"),
    ],
)  # fmt: skip
def test_what_is_not_legal_is_refused(rows: Any, words: dict[str, Any], code: str) -> None:
    """Follow aws_rds.md 7.1; RDS API Reference, CreateDBInstance."""
    assert code_of(rows.create_db_instance, DBInstanceIdentifier=fresh("no"), **SMALL | words) == code


def test_there_are_as_many_as_the_quotas_allow(own_lab: Lab, rows: Any) -> None:
    """Follow aws_rds.md 4, 7.1."""
    create(rows)
    create_cluster(rows)
    with settings(own_lab, quotas={"instances": 1, "clusters": 1}):
        assert code_of(rows.create_db_instance, DBInstanceIdentifier=fresh("no"), **SMALL) == "InstanceQuotaExceeded"
        more = code_of(rows.create_db_cluster, DBClusterIdentifier=fresh("no"), **AURORA)
        assert more == "DBClusterQuotaExceededFault"


def test_who_names_no_subnet_group_is_public(own_lab: Lab, rows: Any) -> None:
    """Follow the RDS API Reference, CreateDBInstance, PubliclyAccessible.

    So an omitted network breaks isolation (aws_rds.md 7.1).
    """
    assert create(rows)["PubliclyAccessible"] is True
    assert create(rows, PubliclyAccessible=False)["PubliclyAccessible"] is False
    ec2 = own_lab.client("production", "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.8.{number}.0/24", AvailabilityZone=f"us-west-2{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("ab")
    ]
    group = fresh("apart")
    rows.create_db_subnet_group(DBSubnetGroupName=group, DBSubnetGroupDescription="x", SubnetIds=subnets)
    assert create(rows, DBSubnetGroupName=group)["PubliclyAccessible"] is False
    words = SMALL | {"DBInstanceIdentifier": fresh("no"), "DBSubnetGroupName": group}
    assert code_of(rows.create_db_instance, **words, PubliclyAccessible=True) == "InvalidVPCNetworkStateFault"
    elsewhere = ec2.describe_security_groups()["SecurityGroups"][0]
    other = next(each["GroupId"] for each in ec2.describe_security_groups()["SecurityGroups"] if each["VpcId"] != vpc)
    assert elsewhere
    assert code_of(rows.create_db_instance, **words, VpcSecurityGroupIds=[other]) == "InvalidParameterCombination"


def test_a_request_without_changes_is_refused(rows: Any) -> None:
    row = create(rows)
    assert refused(rows, row, ApplyImmediately=True) == "InvalidParameterCombination"


def test_changes_are_pending_until_they_are_made(own_lab: Lab, rows: Any) -> None:
    row = create(rows)
    with settings(own_lab, scale=1):
        found = modify(rows, row, DBInstanceClass="db.r6g.large", ApplyImmediately=True)
        assert (found["DBInstanceStatus"], found["DBInstanceClass"]) == ("modifying", "db.t3.micro")
        assert found["PendingModifiedValues"] == {"DBInstanceClass": "db.r6g.large"}
        assert refused(rows, row, DBInstanceClass="db.r6g.xlarge") == "InvalidDBInstanceState"
        advance(own_lab, 300)
    found = usable(rows, row["DBInstanceIdentifier"])
    assert (found["DBInstanceClass"], found["PendingModifiedValues"]) == ("db.r6g.large", {})


def test_what_was_put_off_is_made_with_the_next_immediate_change(rows: Any) -> None:
    row = create(rows)
    assert modify(rows, row, MultiAZ=True)["PendingModifiedValues"] == {"MultiAZ": True}
    row = modified(rows, row, DBInstanceClass="db.r6g.large")
    assert (row["MultiAZ"], row["DBInstanceClass"]) == (True, "db.r6g.large")
    assert row["SecondaryAvailabilityZone"] != row["AvailabilityZone"]


def test_some_settings_never_wait(rows: Any) -> None:
    row = create(rows)
    row = modify(
        rows, row, DeletionProtection=True, CopyTagsToSnapshot=True, BackupRetentionPeriod=9, MaxAllocatedStorage=200,
        PreferredMaintenanceWindow="Sun:23:45-Mon:00:30", PubliclyAccessible=False,
        CloudwatchLogsExportConfiguration={"EnableLogTypes": ["postgresql"]},
    )  # fmt: skip
    assert row["PendingModifiedValues"] == {}
    assert (row["DeletionProtection"], row["CopyTagsToSnapshot"], row["BackupRetentionPeriod"]) == (True, True, 9)
    assert (row["MaxAllocatedStorage"], row["PubliclyAccessible"]) == (200, False)
    assert row["EnabledCloudwatchLogsExports"] == ["postgresql"]
    usable(rows, row["DBInstanceIdentifier"])
    row = modify(rows, row, CloudwatchLogsExportConfiguration={"DisableLogTypes": ["postgresql"]})
    assert row["EnabledCloudwatchLogsExports"] == []


def test_iam_authentication_is_kept_and_shown(rows: Any) -> None:
    row = create(rows, EnableIAMDatabaseAuthentication=True)
    assert row["IAMDatabaseAuthenticationEnabled"] is True
    found = modify(rows, row, EnableIAMDatabaseAuthentication=False)
    assert found["PendingModifiedValues"] == {"IAMDatabaseAuthenticationEnabled": False}
    assert modified(rows, row, EnableIAMDatabaseAuthentication=False)["IAMDatabaseAuthenticationEnabled"] is False


def test_a_new_name_is_a_new_arn_and_the_same_database(rows: Any) -> None:
    row, name = create(rows), fresh("renamed")
    assert refused(rows, row, NewDBInstanceIdentifier="no--good") == "InvalidParameterValue"
    other = create(rows)["DBInstanceIdentifier"]
    assert refused(rows, row, NewDBInstanceIdentifier=other) == "DBInstanceAlreadyExists"
    modify(rows, row, NewDBInstanceIdentifier=name.upper(), ApplyImmediately=True)
    until(lambda: name in [each["DBInstanceIdentifier"] for each in rows.describe_db_instances()["DBInstances"]])
    found = usable(rows, name)
    assert found["DbiResourceId"] == row["DbiResourceId"]
    assert found["DBInstanceArn"].endswith(f":db:{name}")
    old = code_of(rows.describe_db_instances, DBInstanceIdentifier=row["DBInstanceIdentifier"])
    assert old == "DBInstanceNotFound"


def test_a_cluster_is_renamed_with_its_members(rows: Any) -> None:
    row, name = create_cluster(rows), fresh("renamed")
    member = add_member(rows, row)
    rows.modify_db_cluster(
        DBClusterIdentifier=row["DBClusterIdentifier"], NewDBClusterIdentifier=name, ApplyImmediately=True
    )
    until(lambda: name in [each["DBClusterIdentifier"] for each in rows.describe_db_clusters()["DBClusters"]])
    assert usable_cluster(rows, name)["DbClusterResourceId"] == row["DbClusterResourceId"]
    assert instance(rows, member["DBInstanceIdentifier"])["DBClusterIdentifier"] == name


def add_member(rds: Any, row: dict[str, Any], **more: Any) -> dict[str, Any]:
    name = fresh("member")
    words = {"DBInstanceClass": "db.r6g.large", "Engine": row["Engine"]} | more
    rds.create_db_instance(DBInstanceIdentifier=name, DBClusterIdentifier=row["DBClusterIdentifier"], **words)
    return usable(rds, name)


def test_storage_grows_by_a_tenth_at_least_and_never_shrinks(rows: Any) -> None:
    """Follow the RDS API Reference, ModifyDBInstance, AllocatedStorage."""
    row = create(rows, AllocatedStorage=100)
    assert refused(rows, row, AllocatedStorage=90) == "InvalidParameterCombination"
    modify(rows, row, AllocatedStorage=101, ApplyImmediately=True)
    until(lambda: instance(rows, row["DBInstanceIdentifier"])["AllocatedStorage"] == 110)


def test_grown_storage_is_optimized_while_it_can_be_used(own_lab: Lab, rows: Any) -> None:
    """Follow aws_rds.md 7.3."""
    row = create(rows, AllocatedStorage=100)
    name = row["DBInstanceIdentifier"]
    with settings(own_lab, scale=1):
        modify(rows, row, AllocatedStorage=200, ApplyImmediately=True)
        advance(own_lab, 301)
        assert instance(rows, name)["DBInstanceStatus"] == "storage-optimization"
        assert refused(rows, row, AllocatedStorage=400) == "InvalidParameterCombination"
        modify(rows, row, CopyTagsToSnapshot=True)
        advance(own_lab, 1800)
    assert instance(rows, name)["DBInstanceStatus"] == "available"


def test_provisioned_storage_grows_with_its_iops(rows: Any) -> None:
    row = create(rows, AllocatedStorage=100, Iops=1000)
    assert (row["StorageType"], row["Iops"]) == ("io1", 1000)
    assert refused(rows, row, AllocatedStorage=200) == "InvalidParameterCombination"
    assert modify(rows, row, AllocatedStorage=200, Iops=2000)["PendingModifiedValues"] == {
        "AllocatedStorage": 200, "Iops": 2000,
    }  # fmt: skip


def test_another_parameter_group_waits_for_a_reboot(rows: Any) -> None:
    row = create(rows)
    family = row["DBParameterGroups"][0]["DBParameterGroupName"].removeprefix("default.")
    group = fresh("group")
    rows.create_db_parameter_group(DBParameterGroupName=group, DBParameterGroupFamily=family, Description="x")
    wrong = fresh("group")
    rows.create_db_parameter_group(DBParameterGroupName=wrong, DBParameterGroupFamily="mysql8.0", Description="x")
    assert refused(rows, row, DBParameterGroupName=wrong) == "InvalidParameterCombination"
    found = modify(rows, row, DBParameterGroupName=group)
    assert found["DBParameterGroups"] == [{"DBParameterGroupName": group, "ParameterApplyStatus": "pending-reboot"}]
    rows.reboot_db_instance(DBInstanceIdentifier=row["DBInstanceIdentifier"])
    found = usable(rows, row["DBInstanceIdentifier"])
    assert found["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"


def test_members_leave_to_their_cluster_what_is_its_own(rows: Any) -> None:
    """Follow the RDS API Reference, CreateDBInstance and ModifyDBInstance: not for Aurora."""
    row = create_cluster(rows)
    words = {"DBClusterIdentifier": row["DBClusterIdentifier"], "DBInstanceClass": "db.r6g.large"}
    for own in ({"MasterUserPassword": PASSWORD}, {"BackupRetentionPeriod": 3}, {"Engine": "aurora-mysql"}):
        more = {"Engine": row["Engine"]} | words | own
        no = code_of(rows.create_db_instance, DBInstanceIdentifier=fresh("no"), **more)
        assert no == "InvalidParameterCombination"
    member = add_member(rows, row)
    assert refused(rows, member, MasterUserPassword=PASSWORD) == "InvalidParameterCombination"
    assert (member["PubliclyAccessible"], member["StorageType"]) == (False, "aurora")


def test_serverless_members_need_to_know_how_far_to_scale(rows: Any) -> None:
    """Follow aws_rds.md 7.2."""
    row = create_cluster(rows)
    words = {"DBClusterIdentifier": row["DBClusterIdentifier"], "Engine": row["Engine"]}
    early = code_of(rows.create_db_instance, DBInstanceIdentifier=fresh("no"), DBInstanceClass="db.serverless", **words)
    assert early == "InvalidDBClusterStateFault"
    scaling = {"MinCapacity": 0.5, "MaxCapacity": 4.0}
    rows.modify_db_cluster(
        DBClusterIdentifier=row["DBClusterIdentifier"], ServerlessV2ScalingConfiguration=scaling, ApplyImmediately=True
    )
    assert usable_cluster(rows, row["DBClusterIdentifier"])["ServerlessV2ScalingConfiguration"] == scaling
    assert add_member(rows, row, DBInstanceClass="db.serverless")["DBInstanceClass"] == "db.serverless"


def test_the_data_api_is_switched_on_and_off(rows: Any) -> None:
    row = create_cluster(rows)
    assert row["HttpEndpointEnabled"] is False
    assert rows.enable_http_endpoint(ResourceArn=row["DBClusterArn"])["HttpEndpointEnabled"] is True
    assert cluster(rows, row["DBClusterIdentifier"])["HttpEndpointEnabled"] is True
    rows.disable_http_endpoint(ResourceArn=row["DBClusterArn"])
    assert cluster(rows, row["DBClusterIdentifier"])["HttpEndpointEnabled"] is False
    assert create_cluster(rows, EnableHttpEndpoint=True)["HttpEndpointEnabled"] is True


def test_new_aurora_clusters_are_encrypted_under_a_key_of_aws(own_lab: Lab, rows: Any) -> None:
    """Follow aws_rds.md 0, 1.9; the rule aurora_encrypted_by_default is off for clusters as before 2026-02-18."""
    for words in ({}, {"StorageEncrypted": False}):
        row = create_cluster(rows, **words)
        assert (row["StorageEncryptionType"], row["StorageEncrypted"]) == ("sse-rds", False)
        assert "KmsKeyId" not in row
    assert create_cluster(rows, StorageEncrypted=True)["StorageEncryptionType"] == "sse-kms"
    with settings(own_lab, rules={"aurora_encrypted_by_default": False}):
        assert create_cluster(rows)["StorageEncryptionType"] == "none"
    assert create(rows)["StorageEncryptionType"] == "none"


def test_a_deletion_takes_the_members_first_and_protection_away(rows: Any) -> None:
    """Follow aws_rds.md 7.5."""
    row = create_cluster(rows, DeletionProtection=True)
    name = row["DBClusterIdentifier"]
    member = add_member(rows, row)
    no = code_of(rows.delete_db_cluster, DBClusterIdentifier=name, SkipFinalSnapshot=True)
    assert no == "InvalidParameterCombination"
    rows.delete_db_instance(DBInstanceIdentifier=member["DBInstanceIdentifier"], SkipFinalSnapshot=True)
    rows.modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=False)
    final = fresh("final")
    rows.delete_db_cluster(DBClusterIdentifier=name, FinalDBSnapshotIdentifier=final)
    found = rows.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=final)["DBClusterSnapshots"][0]
    assert (found["SnapshotType"], found["StorageEncryptionType"]) == ("manual", "sse-rds")


def test_a_final_snapshot_has_a_legal_and_free_name(rows: Any) -> None:
    """Follow aws_rds.md 7.5."""
    row, taken = create(rows), fresh("taken")
    name = row["DBInstanceIdentifier"]
    rows.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=taken)
    usable(rows, name)
    for final, code in (("no--good", "InvalidParameterValue"), (taken, "DBSnapshotAlreadyExists")):
        no = code_of(rows.delete_db_instance, DBInstanceIdentifier=name, FinalDBSnapshotIdentifier=final)
        assert no == code
    assert instance(rows, name)["DBInstanceStatus"] == "available"


def test_what_is_being_deleted_is_not_deleted_again(own_lab: Lab, rows: Any) -> None:
    row = create(rows)
    name = row["DBInstanceIdentifier"]
    with settings(own_lab, scale=1):
        rows.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        again = code_of(rows.delete_db_instance, DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        assert again == "InvalidDBInstanceState"


def test_a_stopped_instance_does_not_answer_until_it_is_started(rds: Any) -> None:
    row = restored(rds, automated(rds, "catalog")["DBSnapshotIdentifier"])
    name = row["DBInstanceIdentifier"]
    rds.stop_db_instance(DBInstanceIdentifier=name)
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "stopped")
    with pytest.raises(Exception, match="refused"):
        ask(row, "SELECT 1")
    assert code_of(rds.reboot_db_instance, DBInstanceIdentifier=name) == "InvalidDBInstanceState"
    assert code_of(rds.modify_db_instance, DBInstanceIdentifier=name, MultiAZ=True) == "InvalidDBInstanceState"
    rds.start_db_instance(DBInstanceIdentifier=name)
    assert ask(usable(rds, name), "SELECT count(*) FROM products") == 3000
    assert code_of(rds.start_db_instance, DBInstanceIdentifier=name) == "InvalidDBInstanceState"
    rds.reboot_db_instance(DBInstanceIdentifier=name)
    assert ask(usable(rds, name), "SELECT count(*) FROM products") == 3000
    delete(rds, name)


def test_a_cluster_is_stopped_with_its_members(rows: Any) -> None:
    row = create_cluster(rows)
    name, member = row["DBClusterIdentifier"], add_member(rows, row)["DBInstanceIdentifier"]
    assert code_of(rows.stop_db_instance, DBInstanceIdentifier=member) == "InvalidDBClusterStateFault"
    rows.stop_db_cluster(DBClusterIdentifier=name)
    until(lambda: cluster(rows, name)["Status"] == "stopped")
    assert instance(rows, member)["DBInstanceStatus"] == "stopped"
    rows.start_db_cluster(DBClusterIdentifier=name)
    usable_cluster(rows, name)
    assert instance(rows, member)["DBInstanceStatus"] == "available"


@pytest.mark.parametrize("waiter", ["db_instance_available", "db_cluster_available"])
def test_the_waiters_of_boto3_understand_the_rows(rows: Any, waiter: str) -> None:
    """Follow aws_rds.md 8."""
    row = create_cluster(rows) if "cluster" in waiter else create(rows)
    name = row.get("DBInstanceIdentifier") or row["DBClusterIdentifier"]
    word = "DBClusterIdentifier" if "cluster" in waiter else "DBInstanceIdentifier"
    rows.get_waiter(waiter).wait(**{word: name})
    (rows.delete_db_cluster if "cluster" in waiter else rows.delete_db_instance)(
        **{word: name, "SkipFinalSnapshot": True}
    )
    rows.get_waiter(waiter.replace("available", "deleted")).wait(**{word: name}, WaiterConfig={"Delay": 1})
