# SPDX-License-Identifier: GPL-3.0-or-later
"""Test how replicas and their sources name each other, and what becomes of both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from helpers import code_of, settings
from lifeboat_lab import Lab
from lifeboat_lab.testing import cluster, instance

ELSEWHERE = "arn:aws:rds:eu-west-3:999999999999:db:far-away"


@pytest.fixture(scope="module")
def bare() -> Iterator[Lab]:
    with Lab(metadata_only=True, scale=1) as running:
        yield running


@pytest.fixture
def there(bare: Lab) -> Any:
    bare.admin("POST", "reset")
    seed(bare, prefix="db")
    return bare.client("production", "rds")


def seed(bare: Lab, **more: Any) -> None:
    bare.admin("POST", "seed", {"account": "production", **more})


def replica(there: Any, name: str, source: str, **more: Any) -> None:
    there.create_db_instance_read_replica(DBInstanceIdentifier=name, SourceDBInstanceIdentifier=source, **more)


def test_a_replica_and_its_source_name_each_other_and_the_replica_has_no_backups(bare: Lab, there: Any) -> None:
    replica(there, "copy", "db-00000", Tags=[{"Key": "a", "Value": "b"}])
    bare.admin("POST", "clock", {"advance": 7200})
    row = instance(there, "copy")
    assert row["ReadReplicaSourceDBInstanceIdentifier"] == "db-00000"
    assert (row["BackupRetentionPeriod"], row["DBInstanceStatus"]) == (0, "available")
    assert instance(there, "db-00000")["ReadReplicaDBInstanceIdentifiers"] == ["copy"]


def test_in_another_region_they_name_each_other_by_arn(bare: Lab, there: Any) -> None:
    source = instance(there, "db-00000")["DBInstanceArn"]
    far = bare.client("production", "rds", "us-east-2")
    replica(far, "copy", source)
    row = instance(far, "copy")
    assert row["ReadReplicaSourceDBInstanceIdentifier"] == source
    assert instance(there, "db-00000")["ReadReplicaDBInstanceIdentifiers"] == [row["DBInstanceArn"]]


def test_a_source_without_backups_has_no_replicas(bare: Lab, there: Any) -> None:
    seed(bare, prefix="bare", retention=0)
    assert code_of(lambda: replica(there, "copy", "bare-00000")) == "InvalidDBInstanceState"


def test_a_promoted_replica_is_a_database_of_its_own(bare: Lab, there: Any) -> None:
    replica(there, "copy", "db-00000")
    bare.admin("POST", "clock", {"advance": 7200})
    there.promote_read_replica(DBInstanceIdentifier="copy", BackupRetentionPeriod=3)
    row = instance(there, "copy")
    assert "ReadReplicaSourceDBInstanceIdentifier" not in row
    assert row["BackupRetentionPeriod"] == 3
    assert instance(there, "db-00000")["ReadReplicaDBInstanceIdentifiers"] == []
    assert code_of(lambda: there.promote_read_replica(DBInstanceIdentifier="copy")) == "InvalidDBInstanceState"


def test_a_replica_follows_the_name_of_its_source_and_outlives_it(bare: Lab, there: Any) -> None:
    replica(there, "copy", "db-00000")
    there.modify_db_instance(DBInstanceIdentifier="db-00000", NewDBInstanceIdentifier="db-old1", ApplyImmediately=True)
    bare.admin("POST", "clock", {"advance": 7200})
    assert instance(there, "copy")["ReadReplicaSourceDBInstanceIdentifier"] == "db-old1"
    there.delete_db_instance(DBInstanceIdentifier="db-old1", SkipFinalSnapshot=True)
    bare.admin("POST", "clock", {"advance": 7200})
    assert "ReadReplicaSourceDBInstanceIdentifier" not in instance(there, "copy")


def test_a_deleted_replica_is_named_no_more(bare: Lab, there: Any) -> None:
    seed(bare, prefix="copy", replica_of="db-00000", retention=0)
    assert instance(there, "db-00000")["ReadReplicaDBInstanceIdentifiers"] == ["copy-00000"]
    there.delete_db_instance(DBInstanceIdentifier="copy-00000", SkipFinalSnapshot=True)
    bare.admin("POST", "clock", {"advance": 7200})
    there.describe_db_instances()
    assert instance(there, "db-00000")["ReadReplicaDBInstanceIdentifiers"] == []


def test_a_source_may_be_out_of_sight(bare: Lab, there: Any) -> None:
    seed(bare, prefix="copy", replica_of=ELSEWHERE)
    assert instance(there, "copy-00000")["ReadReplicaSourceDBInstanceIdentifier"] == ELSEWHERE


@pytest.mark.parametrize("source", ["nothing-here", "arn:aws:rds:eu-west-3:999999999999:snapshot:one", "arn:"])
def test_a_seed_of_replicas_of_nothing_makes_nothing(bare: Lab, there: Any, source: str) -> None:
    with pytest.raises(ValueError):
        seed(bare, prefix="copy", replica_of=source)
    assert len(there.describe_db_instances()["DBInstances"]) == 1


def test_secondary_clusters_of_a_global_database_are_told_by_both_calls(bare: Lab, there: Any) -> None:
    seed(bare, prefix="main", engine="aurora-mysql", global_cluster="world")
    first = cluster(there, "main-00000")
    about = {"engine": "aurora-mysql", "global_cluster": "world", "replica_of": first["DBClusterArn"]}
    seed(bare, prefix="second", region="us-east-2", **about)
    far = bare.client("production", "rds", "us-east-2")
    second = cluster(far, "second-00000")
    assert second["ReplicationSourceIdentifier"] == first["DBClusterArn"]
    assert cluster(there, "main-00000")["ReadReplicaIdentifiers"] == [second["DBClusterArn"]]
    (row,) = far.describe_global_clusters()["GlobalClusters"]
    assert (row["GlobalClusterIdentifier"], second["GlobalClusterIdentifier"]) == ("world", "world")
    members = {one["DBClusterArn"]: (one["IsWriter"], one["Readers"]) for one in row["GlobalClusterMembers"]}
    assert members[first["DBClusterArn"]] == (True, [second["DBClusterArn"]])
    assert members[second["DBClusterArn"]] == (False, [])
    with settings(bare, rules={"global_secondaries_name_source": False}):
        assert "ReplicationSourceIdentifier" not in cluster(far, "second-00000")


def test_replicas_need_a_lab_without_servers(lab: Lab, rds: Any) -> None:
    assert code_of(lambda: replica(rds, "copy", "nothing")) == "InvalidAction"
