# SPDX-License-Identifier: GPL-3.0-or-later
"""Test what restores refuse, what they take over, and how they end (aws_rds.md 7.1 to 7.3)."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest

from helpers import (  # fmt: skip
    DR,
    automated,
    automated_cluster,
    cluster_copied,
    code_of,
    done,
    make_key,
    settings,
    share_cluster,
    snapshot,
)
from lifeboat_lab import Lab
from lifeboat_lab.testing import PASSWORD, ask, cluster, connect, delete, fresh, instance, until

ENDS = ("incompatible-restore", "insufficient-capacity", "incompatible-network", "incompatible-parameters",
        "incompatible-option-group", "incompatible-create", "restore-error", "failed", "storage-full",
        "inaccessible-encryption-credentials")  # fmt: skip


@pytest.fixture(scope="module")
def rows(own_lab: Lab) -> Any:
    """Return RDS of a lab without servers."""
    return own_lab.client("production", "rds")


@pytest.fixture(scope="module")
def large(rows: Any) -> dict[str, Any]:
    """Take a snapshot of an instance with provisioned storage and settings of its own."""
    name, taken = fresh("large"), fresh("taken")
    rows.create_db_instance(
        DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.r6g.large", MasterUsername="me",
        MasterUserPassword=PASSWORD, AllocatedStorage=200, StorageType="io2", Iops=4000, Port=6543, MultiAZ=True,
        DeletionProtection=True, CopyTagsToSnapshot=True, BackupRetentionPeriod=9, EnableIAMDatabaseAuthentication=True,
        PubliclyAccessible=False, Tags=[{"Key": "app", "Value": "large"}],
    )  # fmt: skip
    until(lambda: instance(rows, name)["DBInstanceStatus"] == "available")
    rows.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=taken)
    found: dict[str, Any] = until(lambda: done(snapshot(rows, taken)))
    return found


def restore(rds: Any, source: dict[str, Any], **more: Any) -> dict[str, Any]:
    name = fresh("restored")
    answer = rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=name, DBSnapshotIdentifier=source["DBSnapshotIdentifier"], **more
    )
    found: dict[str, Any] = answer["DBInstance"]
    return found


def refused(rds: Any, source: dict[str, Any], **more: Any) -> str:
    words = {"DBSnapshotIdentifier": source["DBSnapshotIdentifier"]} | more
    return code_of(rds.restore_db_instance_from_db_snapshot, DBInstanceIdentifier=fresh("no"), **words)


def test_what_a_restore_takes_over_and_what_not(rows: Any, large: dict[str, Any]) -> None:
    """Follow aws_rds.md 7.1: class, port, storage and retention of the source; everything else by default."""
    row = restore(rows, large)
    assert (row["DBInstanceClass"], row["AllocatedStorage"], row["BackupRetentionPeriod"]) == ("db.r6g.large", 200, 9)
    assert (row["StorageType"], row["Iops"]) == ("io2", 4000)
    assert (row["MultiAZ"], row["DeletionProtection"], row["CopyTagsToSnapshot"]) == (False, False, False)
    assert row["IAMDatabaseAuthenticationEnabled"] is False
    # Omitted networks break isolation.
    assert (row["DBSubnetGroup"]["DBSubnetGroupName"], row["PubliclyAccessible"]) == ("default", True)
    assert row["VpcSecurityGroups"][0]["VpcSecurityGroupId"].startswith("sg-")
    assert row["DBParameterGroups"][0]["DBParameterGroupName"].startswith("default.postgres")
    assert row["OptionGroupMemberships"][0]["OptionGroupName"].startswith("default:postgres")
    assert row["TagList"] == [{"Key": "app", "Value": "large"}]


def test_explicit_tags_take_the_place_of_the_sources(rows: Any, large: dict[str, Any]) -> None:
    tags = [{"Key": "drill-id", "Value": "7"}]
    assert restore(rows, large, Tags=tags)["TagList"] == tags


def test_storage_may_be_of_another_type(rows: Any, large: dict[str, Any]) -> None:
    assert restore(rows, large, StorageType="gp3")["StorageType"] == "gp3"
    row = restore(rows, large, StorageType="io1", Iops=2000)
    assert (row["StorageType"], row["Iops"]) == ("io1", 2000)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"AllocatedStorage": 199}, "InvalidParameterValue"),
        ({"AllocatedStorage": 210}, "InvalidParameterValue"),
        ({"StorageType": "tape"}, "InvalidParameterValue"),
        ({"StorageType": "aurora"}, "StorageTypeNotSupported"),
        ({"StorageType": "gp2", "Iops": 3000}, "InvalidParameterCombination"),
        ({"DBInstanceClass": "large"}, "InvalidParameterValue"),
        ({"BackupRetentionPeriod": 36}, "InvalidParameterValue"),
        ({"Port": 1}, "InvalidParameterValue"),
        ({"Engine": "mysql"}, "InvalidParameterCombination"),
        ({"DBName": "another"}, "InvalidParameterValue"),
        ({"DBSubnetGroupName": "nowhere"}, "DBSubnetGroupNotFoundFault"),
        ({"VpcSecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidParameterValue"),
        ({"DBParameterGroupName": "nowhere"}, "DBParameterGroupNotFound"),
        ({"DBParameterGroupName": "default.mysql8.0"}, "InvalidParameterCombination"),
        ({"OptionGroupName": "nowhere"}, "OptionGroupNotFoundFault"),
        ({"OptionGroupName": "default:mysql-8-0"}, "InvalidParameterCombination"),
        ({"DBClusterSnapshotIdentifier": "x"}, "InvalidParameterCombination"),
        ({"Tags": [{"Key": "rds:mine", "Value": "x"}]}, "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(rows: Any, large: dict[str, Any], words: dict[str, Any], code: str) -> None:
    """Follow aws_rds.md 7.1."""
    assert refused(rows, large, **words) == code


def test_a_restore_needs_exactly_one_snapshot(rows: Any) -> None:
    """Follow aws_rds.md 7.1."""
    none = code_of(rows.restore_db_instance_from_db_snapshot, DBInstanceIdentifier=fresh("no"))
    assert none == "InvalidParameterCombination"


def test_storage_may_grow_by_a_tenth(rows: Any, large: dict[str, Any]) -> None:
    assert restore(rows, large, AllocatedStorage=220)["AllocatedStorage"] == 220


def test_restores_count_for_the_quota(own_lab: Lab, rows: Any, large: dict[str, Any]) -> None:
    """Follow aws_rds.md 4, 7.1."""
    with settings(own_lab, quotas={"instances": 1, "clusters": 0}):
        assert refused(rows, large) == "InstanceQuotaExceeded"
        more = code_of(
            rows.restore_db_cluster_from_snapshot, DBClusterIdentifier=fresh("no"), SnapshotIdentifier="x",
            Engine="aurora-postgresql",
        )  # fmt: skip
        assert more == "DBClusterQuotaExceededFault"


def test_storage_is_initialized_while_the_database_can_be_used(own_lab: Lab, rows: Any, large: dict[str, Any]) -> None:
    """Follow aws_rds.md 7.3, 8: a waiter for `available` does not see it."""
    with settings(own_lab, durations={"storage_initialization": 4_000_000}):
        row = restore(rows, large, BackupRetentionPeriod=0)
        name = row["DBInstanceIdentifier"]
        until(lambda: instance(rows, name)["DBInstanceStatus"] == "storage-initialization")
        assert instance(rows, name)["Endpoint"]["Port"]
        rows.modify_db_instance(DBInstanceIdentifier=name, CopyTagsToSnapshot=True)
        taken = fresh("taken")
        rows.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=taken)
        until(lambda: done(snapshot(rows, taken)))
        until(lambda: instance(rows, name)["DBInstanceStatus"] == "storage-initialization")
        rows.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


@pytest.mark.parametrize("end", ENDS)
def test_a_restore_may_end_badly(own_lab: Lab, rows: Any, large: dict[str, Any], end: str) -> None:
    """Follow aws_rds.md 7.3, 7.5: no endpoint, no snapshots, and deletion without a final one only."""
    name = fresh("doomed")
    own_lab.admin("POST", "faults", {"kind": "restore-ends", "resource": name, "status": end})
    rows.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=name, DBSnapshotIdentifier=large["DBSnapshotIdentifier"]
    )
    assert instance(rows, name)["DBInstanceStatus"] in ("creating", end)
    row = until(lambda: (row := instance(rows, name))["DBInstanceStatus"] == end and row)
    assert "Endpoint" not in row
    taken = code_of(rows.create_db_snapshot, DBInstanceIdentifier=name, DBSnapshotIdentifier=fresh("no"))
    assert taken == "InvalidDBInstanceState"
    final = code_of(rows.delete_db_instance, DBInstanceIdentifier=name, FinalDBSnapshotIdentifier=fresh("final"))
    assert final == "InvalidDBInstanceState"
    delete(rows, name)


def test_a_doomed_restore_has_no_server(lab: Lab, rds: Any) -> None:
    name = fresh("doomed")
    with lab.fault("restore-ends", resource=name, status="insufficient-capacity"):
        rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=name, DBSnapshotIdentifier=automated(rds, "catalog")["DBSnapshotIdentifier"]
        )
        until(lambda: instance(rds, name)["DBInstanceStatus"] == "insufficient-capacity")
    seen = next(each for each in lab.admin("GET", "status")["databases"] if each["arn"].endswith(f":db:{name}"))
    assert seen["running"] is False
    delete(rds, name)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"BackupRetentionPeriod": 0}, "InvalidParameterValue"),
        ({"Engine": "aurora-mysql"}, "InvalidParameterCombination"),
        ({"SnapshotIdentifier": "none"}, "DBClusterSnapshotNotFoundFault"),
        ({"KmsKeyId": "alias/none"}, "KMSKeyNotAccessibleFault"),
        ({"DBClusterParameterGroupName": "nowhere"}, "DBClusterParameterGroupNotFound"),
        ({"DBSubnetGroupName": "nowhere"}, "DBSubnetGroupNotFoundFault"),
        ({"StorageType": "gp3"}, "StorageTypeNotSupported"),
        ({"Port": 80}, "InvalidParameterValue"),
        ({"ServerlessV2ScalingConfiguration": {"MinCapacity": 8.0, "MaxCapacity": 4.0}}, "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_what_does_not_fit_a_cluster_is_refused(rds: Any, words: dict[str, Any], code: str) -> None:
    """Follow aws_rds.md 7.2."""
    asked = {
        "DBClusterIdentifier": fresh("no"), "Engine": "aurora-postgresql",
        "SnapshotIdentifier": automated_cluster(rds, "events")["DBClusterSnapshotArn"],
    } | words  # fmt: skip
    assert code_of(rds.restore_db_cluster_from_snapshot, **asked) == code


def test_an_unencrypted_aurora_snapshot_is_encrypted_at_its_restore(own_lab: Lab, rows: Any) -> None:
    """Follow aws_rds.md 7.2: under a key that AWS owns, or under the one that is named."""
    with settings(own_lab, rules={"aurora_encrypted_by_default": False}):
        name, taken = fresh("old"), fresh("taken")
        rows.create_db_cluster(
            DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="me", MasterUserPassword=PASSWORD
        )
        until(lambda: cluster(rows, name)["Status"] == "available")
        rows.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=taken, DBClusterIdentifier=name)
        waiter = rows.get_waiter("db_cluster_snapshot_available")
        waiter.wait(DBClusterSnapshotIdentifier=taken, WaiterConfig={"Delay": 1})
    words = {"SnapshotIdentifier": taken, "Engine": "aurora-postgresql"}
    row = rows.restore_db_cluster_from_snapshot(DBClusterIdentifier=fresh("new"), **words)["DBCluster"]
    assert (row["StorageEncryptionType"], row["StorageEncrypted"]) == ("sse-rds", False)
    key = make_key(own_lab.client("production", "kms"), "111111111111")
    row = rows.restore_db_cluster_from_snapshot(DBClusterIdentifier=fresh("new"), KmsKeyId=key, **words)["DBCluster"]
    assert (row["StorageEncryptionType"], row["KmsKeyId"], row["DBClusterMembers"]) == ("sse-kms", key, [])


def test_a_shared_and_encrypted_aurora_snapshot_is_restored_directly(
    lab: Lab, rds: Any, dr_here: Any, open_key: str, dr_key_here: str
) -> None:
    """Follow aws_rds.md 2, 7.2."""
    mine = cluster_copied(rds, automated_cluster(rds, "events")["DBClusterSnapshotArn"], KmsKeyId=open_key)
    share_cluster(rds, mine["DBClusterSnapshotIdentifier"], DR)
    name = fresh("shared")
    row = dr_here.restore_db_cluster_from_snapshot(
        DBClusterIdentifier=name, SnapshotIdentifier=mine["DBClusterSnapshotArn"], Engine="aurora-postgresql",
        KmsKeyId=dr_key_here,
    )["DBCluster"]  # fmt: skip
    assert (row["KmsKeyId"], row["TagList"]) == (dr_key_here, [])
    until(lambda: cluster(dr_here, name)["Status"] == "available")
    dr_here.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)


@pytest.mark.parametrize("lost", ["disable_key", "schedule_key_deletion"])
def test_a_database_without_its_key_stops_and_waits_for_it(lab: Lab, rds: Any, lost: str) -> None:
    """Follow aws_rds.md 9: inaccessible-encryption-credentials-recoverable, until it is started again."""
    kms = lab.client("production", "kms")
    key, name = make_key(kms, "111111111111"), fresh("locked")
    rds.create_db_instance(
        DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t3.micro", MasterUsername="me",
        MasterUserPassword=PASSWORD, DBName="things", StorageEncrypted=True, KmsKeyId=key, BackupRetentionPeriod=0,
    )  # fmt: skip
    row = until(lambda: (row := instance(rds, name))["DBInstanceStatus"] == "available" and row)
    assert ask(row, "SELECT 1") == 1
    getattr(kms, lost)(KeyId=key)
    assert instance(rds, name)["DBInstanceStatus"] == "inaccessible-encryption-credentials-recoverable"
    until(lambda: not _answers(row))
    assert code_of(rds.start_db_instance, DBInstanceIdentifier=name) == "KMSKeyNotAccessibleFault"
    if lost == "schedule_key_deletion":
        kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    time.sleep(0.1)
    assert instance(rds, name)["DBInstanceStatus"] == "inaccessible-encryption-credentials-recoverable"
    rds.start_db_instance(DBInstanceIdentifier=name)
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    assert ask(row, "SELECT 1") == 1
    delete(rds, name)


def _answers(row: dict[str, Any]) -> bool:
    try:
        connect(row).close()
    except psycopg.OperationalError:
        return False
    return True


def test_after_seven_days_without_its_key_a_database_is_lost(own_lab: Lab, rows: Any) -> None:
    """Follow aws_rds.md 9."""
    kms = own_lab.client("production", "kms")
    key, name = make_key(kms, "111111111111"), fresh("lost")
    rows.create_db_instance(
        DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t3.micro", MasterUsername="me",
        MasterUserPassword=PASSWORD, StorageEncrypted=True, KmsKeyId=key,
    )  # fmt: skip
    until(lambda: instance(rows, name)["DBInstanceStatus"] == "available")
    kms.disable_key(KeyId=key)
    own_lab.admin("POST", "clock", {"advance": 8 * 86_400})
    kms.enable_key(KeyId=key)
    assert instance(rows, name)["DBInstanceStatus"] == "inaccessible-encryption-credentials"
    assert code_of(rows.start_db_instance, DBInstanceIdentifier=name) == "InvalidDBInstanceState"
    delete(rows, name)


def test_a_database_under_a_key_of_what_went_dark_waits_for_it(own_lab: Lab) -> None:
    """Follow aws_rds.md 9: nothing that is to survive an account may depend on its keys."""
    key = make_key(own_lab.client("production", "kms", "us-east-1"), "111111111111", DR)
    dr, name = own_lab.client("production_dr", "rds"), fresh("dependent")
    dr.create_db_cluster(
        DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="me", MasterUserPassword=PASSWORD,
        StorageEncrypted=True, KmsKeyId=key,
    )  # fmt: skip
    until(lambda: cluster(dr, name)["Status"] == "available")
    own_lab.admin("POST", "dark", {"account": "production"})
    assert cluster(dr, name)["Status"] == "inaccessible-encryption-credentials-recoverable"
    assert code_of(dr.start_db_cluster, DBClusterIdentifier=name) == "KMSKeyNotAccessibleFault"
    own_lab.admin("POST", "dark", {"account": "production", "dark": False})
    dr.start_db_cluster(DBClusterIdentifier=name)
    until(lambda: cluster(dr, name)["Status"] == "available")
