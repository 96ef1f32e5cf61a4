# SPDX-License-Identifier: GPL-3.0-or-later
"""Test Multi-AZ DB clusters: mysql or postgres in a cluster, three instances that come and go with it (aws_rds.md
14.3)."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import cluster_snapshot, code_of, done, settings, snapshot  # fmt: skip
from lifeboat_lab import Lab
from lifeboat_lab.testing import PASSWORD, ask, connect, fresh, instance, until, usable, usable_cluster

SPACE = {"DBClusterInstanceClass": "db.m6gd.large", "AllocatedStorage": 100, "Iops": 1000, "StorageType": "io1"}


def gone(rds: Any, name: str) -> bool:
    return name not in [row["DBClusterIdentifier"] for row in rds.describe_db_clusters()["DBClusters"]]


@pytest.fixture(scope="module")
def threefold(rds: Any) -> dict[str, Any]:
    """Create a running cluster with rows."""
    name = fresh("threefold")
    rds.create_db_cluster(
        DBClusterIdentifier=name, Engine="postgres", MasterUsername="me", MasterUserPassword=PASSWORD,
        DatabaseName="things", StorageEncrypted=True, **SPACE,
    )  # fmt: skip
    row = usable_cluster(rds, name)
    with connect(usable(rds, f"{name}-instance-1"), "things") as connection:
        connection.execute("CREATE TABLE words AS SELECT generate_series(1, 100) AS n")
    return row


@pytest.fixture(scope="module")
def taken(rds: Any, threefold: dict[str, Any]) -> dict[str, Any]:
    """Take a manual snapshot of it."""
    name = fresh("taken")
    rds.create_db_cluster_snapshot(
        DBClusterSnapshotIdentifier=name, DBClusterIdentifier=threefold["DBClusterIdentifier"]
    )
    return until(lambda: done(cluster_snapshot(rds, name)))


def test_a_writer_and_two_readers_come_by_themselves(rds: Any, threefold: dict[str, Any]) -> None:
    name = threefold["DBClusterIdentifier"]
    assert (threefold["MultiAZ"], threefold["DBClusterInstanceClass"]) == (True, "db.m6gd.large")
    assert (threefold["AllocatedStorage"], threefold["Iops"], threefold["StorageType"]) == (100, 1000, "io1")
    members = threefold["DBClusterMembers"]
    assert [member["IsClusterWriter"] for member in members] == [True, False, False]
    rows = [instance(rds, member["DBInstanceIdentifier"]) for member in members]
    assert {row["DBClusterIdentifier"] for row in rows} == {name}
    assert {row["DBInstanceStatus"] for row in rows} == {"available"}
    assert {row["DBInstanceClass"] for row in rows} == {"db.m6gd.large"}
    assert len({row["AvailabilityZone"] for row in rows}) == 3
    assert {row["Endpoint"]["Port"] for row in rows} == {threefold["Port"]}
    assert ask(rows[2], "SELECT count(*) FROM words", database="things") == 100


def test_its_members_are_not_deleted_singly_nor_joined(rds: Any, threefold: dict[str, Any]) -> None:
    name = threefold["DBClusterIdentifier"]
    member = threefold["DBClusterMembers"][2]["DBInstanceIdentifier"]
    assert code_of(rds.delete_db_instance, DBInstanceIdentifier=member) == "InvalidDBClusterStateFault"
    more = code_of(
        rds.create_db_instance, DBInstanceIdentifier=fresh("more"), DBClusterIdentifier=name, Engine="postgres",
        DBInstanceClass="db.m6gd.large",
    )  # fmt: skip
    assert more == "InvalidParameterCombination"


@pytest.mark.parametrize("missing", ["DBClusterInstanceClass", "AllocatedStorage", "Iops"])
def test_it_needs_class_storage_and_iops(rds: Any, missing: str) -> None:
    words = {name: value for name, value in SPACE.items() if name != missing}
    refused = code_of(
        rds.create_db_cluster, DBClusterIdentifier=fresh("no"), Engine="postgres", MasterUsername="me",
        MasterUserPassword=PASSWORD, **words,
    )  # fmt: skip
    assert refused in ("InvalidParameterCombination", "InvalidParameterValue")


def test_aurora_has_none_of_that(rds: Any) -> None:
    refused = code_of(
        rds.create_db_cluster, DBClusterIdentifier=fresh("no"), Engine="aurora-postgresql", MasterUsername="me",
        MasterUserPassword=PASSWORD, DBClusterInstanceClass="db.m6gd.large",
    )  # fmt: skip
    assert refused in ("InvalidParameterCombination", "InvalidParameterValue")


def test_its_snapshots_are_cluster_snapshots_with_a_plain_engine(
    threefold: dict[str, Any], taken: dict[str, Any]
) -> None:
    """Follow aws_rds.md 3."""
    assert taken["Engine"] == "postgres"
    assert taken["DbClusterResourceId"] == threefold["DbClusterResourceId"]
    assert taken["KmsKeyId"] == threefold["KmsKeyId"]


def test_an_instance_in_its_place_has_the_rows_and_the_key(
    rds: Any, threefold: dict[str, Any], taken: dict[str, Any]
) -> None:
    """Follow aws_rds.md 7.1, 14.3."""
    name, source = fresh("stand-in"), taken["DBClusterSnapshotIdentifier"]
    assert _refused(rds, DBClusterSnapshotIdentifier=source) == "InvalidParameterCombination"
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=name, DBClusterSnapshotIdentifier=source, Engine="postgres", BackupRetentionPeriod=0,
        DBInstanceClass="db.m6g.large",
    )  # fmt: skip
    row = usable(rds, name)
    assert row["KmsKeyId"] == threefold["KmsKeyId"]
    assert ask(row, "SELECT count(*) FROM words", database="things") == 100
    # A snapshot of it rebuilds the cluster, by ARN only (aws_rds.md 7.2).
    plain = fresh("plain")
    rds.create_db_snapshot(DBSnapshotIdentifier=plain, DBInstanceIdentifier=name)
    arn = until(lambda: done(snapshot(rds, plain)))["DBSnapshotArn"]
    assert _refused_cluster(rds, plain) == "DBClusterSnapshotNotFoundFault"
    again = fresh("again")
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier=again, SnapshotIdentifier=arn, Engine="postgres", DBClusterInstanceClass="db.m6gd.large",
        StorageType="io1", Iops=1000,
    )  # fmt: skip
    usable_cluster(rds, again)
    assert ask(usable(rds, f"{again}-instance-1"), "SELECT count(*) FROM words", database="things") == 100
    rds.delete_db_cluster(DBClusterIdentifier=again, SkipFinalSnapshot=True)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    until(lambda: gone(rds, again))
    left = [row["DBInstanceIdentifier"] for row in rds.describe_db_instances()["DBInstances"]]
    assert not [each for each in left if each.startswith(again)]


def _refused(rds: Any, **words: Any) -> str:
    return code_of(rds.restore_db_instance_from_db_snapshot, DBInstanceIdentifier=fresh("no"), **words)


def _refused_cluster(rds: Any, source: str, **words: Any) -> str:
    words = {"Engine": "postgres", "DBClusterInstanceClass": "db.m6gd.large", "Iops": 1000} | words
    return code_of(
        rds.restore_db_cluster_from_snapshot, DBClusterIdentifier=fresh("no"), SnapshotIdentifier=source, **words
    )


def test_whether_an_automated_snapshot_becomes_an_instance_is_a_switch(
    lab: Lab, rds: Any, threefold: dict[str, Any]
) -> None:
    """Cover question 14 of aws_rds.md 13: the lab says yes; the rule stand_in_from_automated says no."""
    rows = rds.describe_db_cluster_snapshots(
        DBClusterIdentifier=threefold["DBClusterIdentifier"], SnapshotType="automated"
    )["DBClusterSnapshots"]
    assert rows[0]["Status"] == "available"
    words = {"DBClusterSnapshotIdentifier": rows[0]["DBClusterSnapshotArn"], "Engine": "postgres"}
    with settings(lab, rules={"stand_in_from_automated": False}):
        assert _refused(rds, **words) == "InvalidDBSnapshotState"
    name = fresh("stand-in")
    rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=name, BackupRetentionPeriod=0, **words)
    usable(rds, name)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def test_auroras_snapshots_do_not_become_instances(rds: Any) -> None:
    """Follow aws_rds.md 7.1."""
    source = rds.describe_db_cluster_snapshots(DBClusterIdentifier="events")["DBClusterSnapshots"][0]
    words = {"DBClusterSnapshotIdentifier": source["DBClusterSnapshotArn"], "Engine": "aurora-postgresql"}
    assert _refused(rds, **words) == "InvalidParameterCombination"


def test_its_password_is_the_clusters(rds: Any, threefold: dict[str, Any]) -> None:
    name = threefold["DBClusterIdentifier"]
    rds.modify_db_cluster(DBClusterIdentifier=name, MasterUserPassword="another-one", ApplyImmediately=True)
    usable_cluster(rds, name)
    row = instance(rds, f"{name}-instance-2")
    assert ask(row, "SELECT 1", database="things", password="another-one") == 1
    rds.modify_db_cluster(DBClusterIdentifier=name, MasterUserPassword=PASSWORD, ApplyImmediately=True)
    usable_cluster(rds, name)


def test_it_is_rebooted_as_a_whole_and_not_stopped(rds: Any, threefold: dict[str, Any]) -> None:
    name = threefold["DBClusterIdentifier"]
    member = f"{name}-instance-1"
    assert code_of(rds.reboot_db_instance, DBInstanceIdentifier=member) == "InvalidDBInstanceState"
    assert code_of(rds.stop_db_cluster, DBClusterIdentifier=name) == "InvalidDBClusterStateFault"
    rds.reboot_db_cluster(DBClusterIdentifier=name)
    usable_cluster(rds, name)
    assert ask(instance(rds, member), "SELECT 1", database="things") == 1
