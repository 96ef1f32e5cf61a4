# SPDX-License-Identifier: GPL-3.0-or-later
"""Test a lab without database servers: every engine's name, states and rows, and a clock that can be advanced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from helpers import code_of, settings, snapshot
from lifeboat_lab import Lab
from lifeboat_lab.testing import PASSWORD, cluster, fresh, instance


@pytest.fixture(scope="module")
def bare() -> Iterator[Lab]:
    with Lab(metadata_only=True, scale=1) as running:
        yield running


@pytest.fixture(scope="module")
def there(bare: Lab) -> Any:
    return bare.client("production", "rds")


def create(there: Any, engine: str, **more: Any) -> str:
    name = fresh("bare")
    there.create_db_instance(
        DBInstanceIdentifier=name,
        Engine=engine,
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MasterUsername="me",
        MasterUserPassword=PASSWORD,
        **more,
    )
    return name


def test_time_passes_at_once_when_asked_to(bare: Lab, there: Any) -> None:
    name = create(there, "postgres")
    assert instance(there, name)["DBInstanceStatus"] == "creating"
    before = datetime.fromisoformat(bare.admin("GET", "clock")["now"])
    after = datetime.fromisoformat(bare.admin("POST", "clock", {"advance": 7200})["now"])
    assert 7200 <= (after - before).total_seconds() < 7260
    assert instance(there, name)["DBInstanceStatus"] == "available"


@pytest.mark.parametrize("body", [{"advance": -1}, {"advance": "soon"}, {"back": 1}, []])
def test_nonsense_does_not_move_the_clock(bare: Lab, body: Any) -> None:
    with pytest.raises(ValueError):
        bare.admin("POST", "clock", body)


def test_with_database_servers_the_clock_stays(lab: Lab, rds: Any) -> None:
    with pytest.raises(ValueError, match=r"now\(\) would disagree"):
        lab.admin("POST", "clock", {"advance": 1})


@pytest.mark.parametrize(
    ("engine", "version", "port", "group"),
    [
        ("oracle-ee", "19.0.0.0.ru-2025-07.rur-2025-07.r1", 1521, "default.oracle-ee-19"),
        ("sqlserver-ee", "16.00.4210.1.v1", 1433, "default.sqlserver-ee-16.0"),
        ("custom-sqlserver-ee", "15.00.4430.1.v1", 1433, "default.custom-sqlserver-ee-15.0"),
        ("db2-se", "11.5.9.0.sb00063198.r1", 50000, "default.db2-se-11.5"),
        ("mysql", "8.0.40", 3306, "default.mysql8.0"),
        ("mariadb", "11.8.3", 3306, "default.mariadb11.8"),
    ],
)
def test_any_engine_and_version_has_rows(
    bare: Lab, there: Any, engine: str, version: str, port: int, group: str
) -> None:
    name = create(there, engine, EngineVersion=version)
    bare.admin("POST", "clock", {"advance": 7200})
    row = instance(there, name)
    assert (row["Engine"], row["EngineVersion"], row["Endpoint"]["Port"]) == (engine, version, port)
    assert row["DBParameterGroups"][0]["DBParameterGroupName"] == group


def test_snapshots_copies_and_restores_need_no_server(bare: Lab, there: Any) -> None:
    name = create(there, "oracle-ee")
    bare.admin("POST", "clock", {"advance": 7200})
    first, second, again = fresh("snapshot"), fresh("copy"), fresh("restored")
    there.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=first)
    assert snapshot(there, first)["Status"] == "creating"
    bare.admin("POST", "clock", {"advance": 7200})
    there.copy_db_snapshot(SourceDBSnapshotIdentifier=first, TargetDBSnapshotIdentifier=second)
    bare.admin("POST", "clock", {"advance": 7200})
    assert snapshot(there, second)["Status"] == "available"
    there.delete_db_snapshot(DBSnapshotIdentifier=first)
    there.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=again, DBSnapshotIdentifier=second)
    bare.admin("POST", "clock", {"advance": 7200})
    assert instance(there, again)["DBInstanceStatus"] == "available"
    there.modify_db_instance(DBInstanceIdentifier=again, MasterUserPassword="another-password")
    bare.admin("POST", "clock", {"advance": 7200})
    there.delete_db_instance(DBInstanceIdentifier=again, SkipFinalSnapshot=True)
    bare.admin("POST", "clock", {"advance": 7200})
    assert again not in [row["DBInstanceIdentifier"] for row in there.describe_db_instances()["DBInstances"]]


def test_clusters_need_no_server(bare: Lab, there: Any) -> None:
    name = fresh("bare")
    there.create_db_cluster(
        DBClusterIdentifier=name, Engine="neptune", MasterUsername="me", MasterUserPassword=PASSWORD
    )
    bare.admin("POST", "clock", {"advance": 7200})
    member = f"{name}-1"
    there.create_db_instance(
        DBInstanceIdentifier=member, DBClusterIdentifier=name, Engine="neptune", DBInstanceClass="db.r6g.large"
    )
    bare.admin("POST", "clock", {"advance": 7200})
    assert instance(there, member)["DBInstanceStatus"] == "available"
    assert cluster(there, name)["Port"] == 8182
    there.delete_db_instance(DBInstanceIdentifier=member)
    bare.admin("POST", "clock", {"advance": 7200})
    there.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)


def test_there_is_no_shop_without_servers(bare: Lab) -> None:
    with pytest.raises(ValueError, match="no database servers"):
        bare.admin("POST", "shop", {"do": "create"})


def test_an_account_goes_dark_and_comes_back_without_servers(bare: Lab) -> None:
    bare.admin("POST", "dark", {"account": "stranger"})
    bare.admin("POST", "dark", {"account": "stranger", "dark": False})


def test_a_reset_forgets_databases_snapshots_and_faults_and_keeps_keys_and_settings(bare: Lab, there: Any) -> None:
    name = create(there, "postgres")
    bare.admin("POST", "clock", {"advance": 7200})
    there.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=fresh("shot"))
    there.create_db_subnet_group(
        DBSubnetGroupName=(group := fresh("subnets")), DBSubnetGroupDescription="x", SubnetIds=subnets(bare)
    )
    key = bare.client("production", "kms").create_key()["KeyMetadata"]["KeyId"]
    bare.fault("throttle", count=None)
    before = bare.admin("GET", "settings")
    bare.admin("POST", "reset")
    status = bare.admin("GET", "status")
    assert (status["databases"], status["snapshots"], bare.admin("GET", "faults")) == ([], [], [])
    assert group not in [row["DBSubnetGroupName"] for row in there.describe_db_subnet_groups()["DBSubnetGroups"]]
    assert bare.admin("GET", "settings") == before
    assert bare.client("production", "kms").describe_key(KeyId=key)["KeyMetadata"]["Enabled"]


def test_what_was_planned_for_a_forgotten_database_does_not_happen(bare: Lab, there: Any) -> None:
    name = create(there, "postgres", BackupRetentionPeriod=7)
    bare.admin("POST", "clock", {"advance": 7200})
    assert there.describe_db_snapshots(DBInstanceIdentifier=name)["DBSnapshots"]
    bare.admin("POST", "reset")
    bare.admin("POST", "clock", {"advance": 3 * 86400})
    assert bare.admin("GET", "status")["snapshots"] == []
    assert create(there, "postgres"), "the names are free again"


def test_a_lab_with_database_servers_is_not_reset(lab: Lab, rds: Any) -> None:
    with pytest.raises(ValueError, match="Start another lab"):
        lab.admin("POST", "reset")
    assert instance(rds, "orders")


def subnets(bare: Lab) -> list[str]:
    return [row["SubnetId"] for row in bare.client("production", "ec2").describe_subnets()["Subnets"][:2]]


def test_the_storage_of_all_instances_but_auroras_has_a_quota(bare: Lab) -> None:
    client = bare.client("stranger", "rds", "eu-west-3")

    def used() -> int:
        found = client.describe_account_attributes()["AccountQuotas"]
        return next(int(row["Used"]) for row in found if row["AccountQuotaName"] == "AllocatedStorage")

    about = {"DBInstanceClass": "db.t4g.medium", "MasterUsername": "me", "MasterUserPassword": PASSWORD}
    wanted = {"Engine": "postgres", "AllocatedStorage": 30, **about}
    client.create_db_cluster(
        DBClusterIdentifier="aurora", Engine="aurora-postgresql", MasterUsername="me", MasterUserPassword=PASSWORD
    )
    with settings(bare, quotas={"storage": 50}):
        client.create_db_instance(DBInstanceIdentifier="first", **wanted)
        assert used() == 30
        assert code_of(client.create_db_instance, DBInstanceIdentifier="second", **wanted) == "StorageQuotaExceeded"
        bare.admin("POST", "clock", {"advance": 7200})
        client.create_db_snapshot(DBInstanceIdentifier="first", DBSnapshotIdentifier="of-first")
        bare.admin("POST", "clock", {"advance": 7200})
        again = {"DBInstanceIdentifier": "second", "DBSnapshotIdentifier": "of-first"}
        assert code_of(client.restore_db_instance_from_db_snapshot, **again) == "StorageQuotaExceeded"
        member = {"DBInstanceIdentifier": "member", "DBClusterIdentifier": "aurora", "Engine": "aurora-postgresql"}
        client.create_db_instance(**member, DBInstanceClass="db.t4g.medium")
        assert used() == 30
