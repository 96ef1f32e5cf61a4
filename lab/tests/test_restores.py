# SPDX-License-Identifier: GPL-3.0-or-later
"""Test restores with real rows: instances, clusters and their members."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from helpers import (  # fmt: skip
    DR,
    automated,
    automated_cluster,
    cluster_copied,
    code_of,
    copied,
    done,
    restored,
    settings,
    share,
    share_cluster,
    snapshot,
)
from lifeboat_lab import Lab
from lifeboat_lab.testing import PASSWORD, ask, cluster, connect, delete, fresh, instance, until


@pytest.fixture(scope="module")
def catalog(rds: Any) -> dict[str, Any]:
    """Restore catalog, as large as it was when its newest snapshot was taken."""
    return restored(rds, automated(rds, "catalog")["DBSnapshotIdentifier"])


def refusal(client: Any, source: str, **more: Any) -> str:
    return code_of(
        client.restore_db_instance_from_db_snapshot,
        **{"DBInstanceIdentifier": fresh("refused"), "DBSnapshotIdentifier": source, **more},
    )


def test_a_restore_has_the_rows_of_the_snapshot_and_is_a_server_of_its_own(rds: Any) -> None:
    row = restored(rds, automated(rds, "catalog")["DBSnapshotIdentifier"])
    assert ask(row, "SELECT count(*) FROM products") == 3000
    assert ask(row, "SELECT word FROM canary WHERE id = 1") == "bright-harbour-7431"
    with connect(row) as connection:
        connection.execute("DELETE FROM products")
    again = restored(rds, automated(rds, "catalog")["DBSnapshotIdentifier"])
    assert ask(again, "SELECT count(*) FROM products") == 3000
    assert instance(rds, "catalog")["Endpoint"]["Port"] not in (row["Endpoint"]["Port"], again["Endpoint"]["Port"])
    delete(rds, row["DBInstanceIdentifier"])
    delete(rds, again["DBInstanceIdentifier"])


def test_an_instance_has_no_endpoint_while_it_is_being_created(lab: Lab, rds: Any) -> None:
    name = fresh("early")
    with settings(lab, scale=200):
        source = automated(rds, "catalog")["DBSnapshotIdentifier"]
        row = rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=source)
        assert row["DBInstance"]["DBInstanceStatus"] == "creating"
        assert "Endpoint" not in row["DBInstance"]
        busy = code_of(rds.delete_db_instance, DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        assert busy == "InvalidDBInstanceState"
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    assert instance(rds, name)["Endpoint"]["Address"] == "127.0.0.1"
    delete(rds, name)


def test_a_new_password_is_applied_and_the_old_one_refused(lab: Lab, rds: Any, catalog: dict[str, Any]) -> None:
    name = catalog["DBInstanceIdentifier"]
    with settings(lab, scale=75):
        rds.modify_db_instance(DBInstanceIdentifier=name, MasterUserPassword="another-one", ApplyImmediately=True)
        assert instance(rds, name)["DBInstanceStatus"] == "resetting-master-credentials"
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    assert ask(catalog, "SELECT 1", password="another-one") == 1
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(catalog)
    rds.modify_db_instance(DBInstanceIdentifier=name, MasterUserPassword=PASSWORD, ApplyImmediately=True)
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")


def test_a_password_must_be_a_legal_one(rds: Any, catalog: dict[str, Any]) -> None:
    for bad in ("short", "with space in it", "with@at-sign"):
        refused = code_of(
            rds.modify_db_instance, DBInstanceIdentifier=catalog["DBInstanceIdentifier"], MasterUserPassword=bad
        )
        assert refused == "InvalidParameterValue"


def test_the_master_user_is_no_superuser(catalog: dict[str, Any]) -> None:
    assert ask(catalog, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_every_database_has_an_identity_of_its_own(rds: Any, catalog: dict[str, Any]) -> None:
    ids = [row["DbiResourceId"] for row in rds.describe_db_instances()["DBInstances"]]
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("db-") and len(name) == 29 and name[3:].isupper() for name in ids)
    assert catalog["DbiResourceId"] != instance(rds, "catalog")["DbiResourceId"]


def test_a_database_always_has_a_subnet_group(catalog: dict[str, Any]) -> None:
    group = catalog["DBSubnetGroup"]
    assert group["DBSubnetGroupName"] == "default"
    assert group["VpcId"].startswith("vpc-")
    assert group["Subnets"][0]["SubnetIdentifier"].startswith("subnet-")
    assert group["Subnets"][0]["SubnetAvailabilityZone"]["Name"].startswith("us-west-2")


def test_network_and_tags_are_what_the_request_says(lab: Lab, rds: Any) -> None:
    ec2 = lab.client("production", "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    zones = ("us-west-2a", "us-west-2b")
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for number, zone in enumerate(zones)
    ]
    group = ec2.create_security_group(GroupName="drill", Description="x", VpcId=vpc)["GroupId"]
    rds.create_db_subnet_group(DBSubnetGroupName="apart", DBSubnetGroupDescription="x", SubnetIds=subnets)
    tags = [{"Key": "drill-id", "Value": "1"}]
    row = restored(
        rds,
        automated(rds, "catalog")["DBSnapshotIdentifier"],
        DBSubnetGroupName="apart",
        VpcSecurityGroupIds=[group],
        PubliclyAccessible=False,
        BackupRetentionPeriod=0,
        Tags=tags,
    )
    assert (row["DBSubnetGroup"]["DBSubnetGroupName"], row["DBSubnetGroup"]["VpcId"]) == ("apart", vpc)
    assert {each["SubnetIdentifier"] for each in row["DBSubnetGroup"]["Subnets"]} == set(subnets)
    assert [each["VpcSecurityGroupId"] for each in row["VpcSecurityGroups"]] == [group]
    assert (row["PubliclyAccessible"], row["BackupRetentionPeriod"], row["TagList"]) == (False, 0, tags)
    in_use = code_of(rds.delete_db_subnet_group, DBSubnetGroupName="apart")
    assert in_use == "InvalidDBSubnetGroupStateFault"
    delete(rds, row["DBInstanceIdentifier"])
    rds.delete_db_subnet_group(DBSubnetGroupName="apart")


def test_what_is_not_there_is_refused(rds: Any, catalog: dict[str, Any]) -> None:
    source = automated(rds, "catalog")["DBSnapshotIdentifier"]
    taken = catalog["DBInstanceIdentifier"]
    assert refusal(rds, "rds:none-2020-01-01-00-00") == "DBSnapshotNotFound"
    assert refusal(rds, source, DBInstanceIdentifier=taken) == "DBInstanceAlreadyExists"
    assert refusal(rds, source, DBSubnetGroupName="nowhere") == "DBSubnetGroupNotFoundFault"
    assert refusal(rds, source, VpcSecurityGroupIds=["sg-0123456789abcdef0"]) == "InvalidParameterValue"
    assert refusal(rds, source, Engine="mysql") == "InvalidParameterCombination"


def test_without_tags_a_restore_inherits_those_of_its_source_database(catalog: dict[str, Any]) -> None:
    assert catalog["TagList"] == [{"Key": "app", "Value": "shop"}]


def test_shared_and_encrypted_instance_snapshots_cannot_be_restored(rds: Any, dr_here: Any, open_key: str) -> None:
    row = copied(rds, automated(rds, "billing")["DBSnapshotArn"], KmsKeyId=open_key)
    share(rds, row["DBSnapshotIdentifier"], DR)
    assert refusal(dr_here, row["DBSnapshotArn"]) == "InvalidDBSnapshotState"


def test_shared_unencrypted_instance_snapshots_can(rds: Any, dr_here: Any) -> None:
    row = copied(rds, automated(rds, "catalog")["DBSnapshotArn"])
    share(rds, row["DBSnapshotIdentifier"], DR)
    found = restored(dr_here, row["DBSnapshotArn"])
    assert ask(found, "SELECT count(*) FROM products") == 3000
    assert found["TagList"] == []
    delete(dr_here, found["DBInstanceIdentifier"])


def test_a_deletion_needs_a_decision_about_the_final_snapshot(rds: Any, catalog: dict[str, Any]) -> None:
    name = catalog["DBInstanceIdentifier"]
    assert code_of(rds.delete_db_instance, DBInstanceIdentifier=name) == "InvalidParameterCombination"
    both = code_of(
        rds.delete_db_instance, DBInstanceIdentifier=name, SkipFinalSnapshot=True, FinalDBSnapshotIdentifier="x"
    )
    assert both == "InvalidParameterCombination"


def test_a_protected_instance_is_not_deleted(rds: Any, catalog: dict[str, Any]) -> None:
    name = catalog["DBInstanceIdentifier"]
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=True)
    refused = code_of(rds.delete_db_instance, DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    assert refused == "InvalidParameterCombination"
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)


def test_a_deleted_instance_leaves_its_final_snapshot_and_no_automated_ones(lab: Lab, rds: Any) -> None:
    row = restored(rds, automated(rds, "catalog")["DBSnapshotIdentifier"], BackupRetentionPeriod=1)
    name = row["DBInstanceIdentifier"]
    lab.admin("POST", "automated-snapshots", {"account": "production", "databases": [name]})
    assert automated(rds, name)
    final = fresh("final")
    with settings(lab, scale=75):
        gone = rds.delete_db_instance(DBInstanceIdentifier=name, FinalDBSnapshotIdentifier=final)["DBInstance"]
        assert gone["DBInstanceStatus"] == "deleting"
        assert code_of(rds.delete_db_instance, DBInstanceIdentifier=name) in (
            "InvalidDBInstanceState", "InvalidParameterCombination",
        )  # fmt: skip
    until(lambda: name not in [each["DBInstanceIdentifier"] for each in rds.describe_db_instances()["DBInstances"]])
    assert code_of(rds.describe_db_instances, DBInstanceIdentifier=name) == "DBInstanceNotFound"
    of_it = [{"Name": "db-instance-id", "Values": [name]}]
    assert rds.describe_db_snapshots(Filters=of_it, SnapshotType="automated")["DBSnapshots"] == []
    until(lambda: done(snapshot(rds, final)))
    again = restored(rds, final)
    assert ask(again, "SELECT count(*) FROM products") == 3000
    delete(rds, again["DBInstanceIdentifier"])


def test_a_cluster_answers_once_it_has_a_member(lab: Lab, rds: Any, dr: Any, open_key: str, dr_key: str) -> None:
    mine = cluster_copied(rds, automated_cluster(rds, "events")["DBClusterSnapshotArn"], KmsKeyId=open_key)
    share_cluster(rds, mine["DBClusterSnapshotIdentifier"], DR)
    copy = cluster_copied(dr, mine["DBClusterSnapshotArn"], KmsKeyId=dr_key)
    name = fresh("cluster")
    with settings(lab, scale=200):
        dr.restore_db_cluster_from_snapshot(
            DBClusterIdentifier=name, SnapshotIdentifier=copy["DBClusterSnapshotIdentifier"], Engine="aurora-postgresql"
        )
        assert code_of(_add_member, client=dr, name=name) == "InvalidDBClusterStateFault"
    until(lambda: cluster(dr, name)["Status"] == "available")
    dr.modify_db_cluster(DBClusterIdentifier=name, MasterUserPassword=PASSWORD, ApplyImmediately=True)
    until(lambda: cluster(dr, name)["Status"] == "available")
    alone = cluster(dr, name)
    assert alone["DBClusterMembers"] == []
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(host=alone["Endpoint"], port=alone["Port"], user="shop", password=PASSWORD, dbname="events")
    _add_member(dr, name)
    until(lambda: instance(dr, f"{name}-1")["DBInstanceStatus"] == "available")
    member = instance(dr, f"{name}-1")
    assert (member["DBClusterIdentifier"], member["KmsKeyId"]) == (name, dr_key)
    assert ask(member, "SELECT count(*) FROM events", database="events") == 3000
    _delete_cluster(dr, name)


def _add_member(client: Any, name: str) -> None:
    client.create_db_instance(
        DBInstanceIdentifier=f"{name}-1",
        DBClusterIdentifier=name,
        DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
    )


def _delete_cluster(client: Any, name: str) -> None:
    """Delete the members first: a cluster with members stays."""
    refused = code_of(client.delete_db_cluster, DBClusterIdentifier=name, SkipFinalSnapshot=True)
    assert refused == "InvalidDBClusterStateFault"
    client.delete_db_instance(DBInstanceIdentifier=f"{name}-1")
    client.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)
    until(lambda: name not in [row["DBClusterIdentifier"] for row in client.describe_db_clusters()["DBClusters"]])
    assert code_of(client.describe_db_clusters, DBClusterIdentifier=name) == "DBClusterNotFoundFault"


def test_a_cluster_may_be_encrypted_anew_at_its_restore(rds: Any, open_key: str) -> None:
    name = fresh("cluster")
    row = rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier=name,
        SnapshotIdentifier=automated_cluster(rds, "events")["DBClusterSnapshotArn"],
        Engine="aurora-postgresql",
        KmsKeyId=open_key,
    )["DBCluster"]
    assert row["KmsKeyId"] == open_key
    until(lambda: cluster(rds, name)["Status"] == "available")
    rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)


def test_the_shops_cluster_row_has_its_member(rds: Any) -> None:
    row = cluster(rds, "events")
    assert [member["DBInstanceIdentifier"] for member in row["DBClusterMembers"]] == ["events-1"]
    assert row["DBClusterMembers"][0]["IsClusterWriter"] is True
    assert row["DbClusterResourceId"].startswith("cluster-")
    assert instance(rds, "events-1")["Endpoint"]["Port"] == row["Port"]


def test_a_new_instance_gets_a_real_server(rds: Any) -> None:
    name = fresh("new")
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        Engine="postgres",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MasterUsername="me",
        MasterUserPassword=PASSWORD,
        DBName="things",
        StorageEncrypted=True,
    )
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    row = instance(rds, name)
    assert ask(row, "SELECT current_database()") == "things"
    assert row["EngineVersion"] in ask(row, "SHOW server_version")
    assert ":key/" in row["KmsKeyId"]
    delete(rds, name)


@pytest.mark.parametrize("engine", ["aurora-postgresql", "oracle-ee"])
def test_an_engine_without_a_server_is_refused(rds: Any, engine: str) -> None:
    refused = code_of(
        rds.create_db_instance,
        DBInstanceIdentifier=fresh("new"),
        Engine=engine,
        DBInstanceClass="db.t3.micro",
        MasterUsername="me",
        MasterUserPassword=PASSWORD,
    )
    assert refused == "InvalidParameterValue"


def test_without_retention_there_are_no_automated_snapshots(lab: Lab, rds: Any) -> None:
    row = restored(rds, automated(rds, "catalog")["DBSnapshotIdentifier"], BackupRetentionPeriod=0)
    taken = lab.admin("POST", "automated-snapshots", {"account": "production"})
    assert taken
    assert not [arn for arn in taken if row["DBInstanceIdentifier"] in arn]
    delete(rds, row["DBInstanceIdentifier"])
