# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB, Aurora MySQL and a Multi-AZ DB cluster: protected, drilled and recovered by playbooks, with real rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lifeboat_lab import Lab
from lifeboat_lab.testing import PASSWORD, cluster, connect, instance, mysql_ask, until, usable
from tests.integration.play import EAST, ROLES, Run, left_in_dr, newest_evidence, play
from tests.machine import missing

MYSQL_ROWS = (
    "CREATE TABLE item (id int PRIMARY KEY, word varchar(40) NOT NULL)",
    "INSERT INTO item SELECT seq, CONCAT('item ', seq) FROM seq_1_to_1000",
    "CREATE TABLE canary (id int PRIMARY KEY, word varchar(40) NOT NULL)",
    "INSERT INTO canary VALUES (1, 'bright-harbour-7431')",
)
POSTGRES_ROWS = """
    CREATE TABLE item (id int PRIMARY KEY, word text NOT NULL);
    INSERT INTO item SELECT n, 'item ' || n FROM generate_series(1, 1000) AS n;
    CREATE TABLE canary (id int PRIMARY KEY, word text NOT NULL);
    INSERT INTO canary VALUES (1, 'bright-harbour-7431');
    CREATE USER clerk;
    GRANT rds_iam TO clerk;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO clerk;
"""
MASTER = {"MasterUsername": "me", "MasterUserPassword": PASSWORD, "StorageEncrypted": True}
CHECKS = [
    {"check": "structure", "table": "item", "columns": ["id", "word"]},
    {"check": "rows", "table": "item", "minimum": 1000, "maximum": 1000},
    {"check": "canary", "table": "canary", "column": "word", "where": {"id": 1}, "expected": "bright-harbour-7431"},
    {"check": "query", "query": "SELECT count(*) FROM item WHERE id > 990", "expected": [[10]]},
]
NAMES = ["ledger", "sales", "stock"]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(roles=ROLES, scale=1200) as running:
        if "MariaDB" not in running.admin("GET", "status")["engines"]:
            missing("MariaDB is not installed: it needs the packages mariadb-server and mariadb-backup")
        yield running


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evidence")


@pytest.fixture(scope="module")
def databases(lab: Lab) -> list[str]:
    """One of each, with rows, and an automated snapshot of each."""
    rds = lab.client("production", "rds")
    make_instance(rds)
    make_cluster(rds)
    make_multi_az_cluster(rds)
    lab.admin("POST", "automated-snapshots", {"account": "production"})
    return NAMES


def make_instance(rds: Any) -> None:
    """With parameters of its own."""
    (version,) = rds.describe_db_engine_versions(Engine="mariadb")["DBEngineVersions"]
    rds.create_db_parameter_group(
        DBParameterGroupName="tuned", DBParameterGroupFamily=version["DBParameterGroupFamily"], Description="tuned"
    )
    parameter = {"ParameterName": "slow_query_log", "ParameterValue": "1", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="tuned", Parameters=[parameter])
    rds.create_db_instance(
        DBParameterGroupName="tuned",
        MultiAZ=True,
        DBInstanceIdentifier="ledger",
        Engine="mariadb",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        DBName="things",
        **MASTER,
    )
    mysql_ask(usable(rds, "ledger"), *MYSQL_ROWS)


def make_cluster(rds: Any) -> None:
    rds.create_db_cluster(DBClusterIdentifier="stock", Engine="aurora-mysql", DatabaseName="things", **MASTER)
    until(lambda: cluster(rds, "stock")["Status"] == "available")
    rds.create_db_instance(
        DBInstanceIdentifier="stock-1",
        DBClusterIdentifier="stock",
        Engine="aurora-mysql",
        DBInstanceClass="db.r6g.large",
    )
    mysql_ask(usable(rds, "stock-1") | {"DBName": "things", "MasterUsername": "me"}, *MYSQL_ROWS)


def make_multi_az_cluster(rds: Any) -> None:
    rds.create_db_cluster(
        DBClusterIdentifier="sales",
        Engine="postgres",
        DatabaseName="things",
        DBClusterInstanceClass="db.m6gd.large",
        AllocatedStorage=100,
        Iops=1000,
        StorageType="io1",
        **MASTER,
    )
    until(lambda: cluster(rds, "sales")["Status"] == "available")
    with connect(usable(rds, "sales-instance-1"), "things") as connection:
        connection.execute(POSTGRES_ROWS)


@pytest.fixture(scope="module")
def settings(lab: Lab) -> str:
    """Write what the inventory says of them, and where the stand-in of the Multi-AZ DB cluster may live."""
    ec2, rds = lab.client("production", "ec2"), lab.client("production", "rds")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{number}.0/24", AvailabilityZone=f"us-west-2{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("abc")
    ]
    rds.create_db_subnet_group(
        DBSubnetGroupName="stand-ins", DBSubnetGroupDescription="no way outside", SubnetIds=subnets
    )
    group = ec2.create_security_group(GroupName="stand-ins", Description="nobody", VpcId=vpc)["GroupId"]
    every = {"rpo": 86400, "rto": 3600, "database": "things", "checks": CHECKS}
    integrity = {"checks": [*CHECKS, {"check": "integrity", "tables": ["item"]}]}
    return json.dumps(
        {
            "lifeboat_stand_in": {"subnet_group": "stand-ins", "security_groups": [group]},
            "lifeboat_database_keys": [],
            "lifeboat_databases": {"*": every, "ledger": integrity, "stock": integrity},
        }
    )


@pytest.fixture(scope="module")
def drill(lab: Lab, evidence: Path, databases: list[str], settings: str) -> Callable[..., Run]:
    """Run a drill of what is protected, which verifies certificates."""
    for playbook in ("prepare.yml", "protect.yml"):
        done = play(lab, playbook, "-e", settings, evidence=evidence)
        assert done.code == 0, done.output

    def run(**more: Any) -> Run:
        more["lifeboat_drill_ca_file"] = str(lab.home / "ca.pem")
        return play(lab, "drill.yml", "-e", settings, "-e", json.dumps(more), evidence=evidence)

    return run


@pytest.fixture(scope="module")
def drilled(drill: Callable[..., Run]) -> Run:
    return drill()


def test_each_is_verified_by_its_rows(drilled: Run, evidence: Path) -> None:
    assert drilled.code == 0, drilled.output
    found = {one["name"]: one for one in newest_evidence(evidence)["databases"]}
    assert {name: (one["verdict"], one["reason"]) for name, one in found.items()} == dict.fromkeys(
        NAMES, ("verified", "")
    )
    assert {name: one["checks_total"] for name, one in found.items()} == {"ledger": 6, "sales": 5, "stock": 6}


def test_the_evidence_claims_no_more_of_a_multi_az_cluster_than_was_restored(drilled: Run, evidence: Path) -> None:
    written = newest_evidence(evidence)
    (sales,) = [one for one in written["databases"] if one["name"] == "sales"]
    assert (sales["kind"], sales["restored_kind"]) == ("cluster", "instance")
    assert "sales: it is a DB cluster, but a DB instance was restored." in written["not_tested"]


def test_a_database_is_restored_with_the_parameters_of_the_original(drilled: Run, lab: Lab, evidence: Path) -> None:
    calls = lab.calls(action="RestoreDBInstanceFromDBSnapshot", account="production_dr")
    (group,) = {call["parameters"]["DBParameterGroupName"] for call in calls if "ledger" in str(call["parameters"])}
    found = lab.client("production_dr", "rds", EAST).describe_db_parameters(DBParameterGroupName=group, Source="user")
    assert [(one["ParameterName"], one["ParameterValue"]) for one in found["Parameters"]] == [("slow_query_log", "1")]
    lines = [one for one in newest_evidence(evidence)["not_tested"] if one.startswith("ledger: its configuration")]
    assert ["class" in lines[0], "Availability Zones" in lines[1]] == [True, True]
    assert "parameter group" not in str(lines)


def test_nothing_is_left_of_drills_and_stand_ins(drilled: Run, lab: Lab) -> None:
    assert left_in_dr(lab) == []
    source = lab.client("production", "rds").describe_db_instances()["DBInstances"]
    assert not [row for row in source if "standin" in row["DBInstanceIdentifier"]]


def test_what_passed_is_marked(drilled: Run, lab: Lab) -> None:
    rds = lab.client("production_dr", "rds", EAST)
    rows = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    rows += rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    tags = [{tag["Key"] for tag in row["TagList"]} for row in rows]
    assert len(tags) == 3
    assert all("lifeboat:verified" in one for one in tags)


def test_a_drill_can_come_in_with_tokens_of_iam_alone(
    drilled: Run, drill: Callable[..., Run], lab: Lab, evidence: Path
) -> None:
    lab.admin("DELETE", "calls")
    words = {"lifeboat_drill_credentials": "iam", "lifeboat_drill_iam_username": "clerk"}
    of_role = ["-e", "lifeboat_drill_iam_username=clerk", "--limit", "production_dr"]
    done = play(lab, "prepare.yml", *of_role, evidence=evidence)
    assert done.code == 0, done.output
    done = drill(drill_databases=["sales"], **words)
    assert done.code == 0, done.output
    (sales,) = newest_evidence(evidence)["databases"]
    assert (sales["verdict"], sales["credentials"]["reason"]) == ("verified", "a token; no password was changed")
    assert "ModifyDBInstance" not in {call["action"] for call in lab.calls()}


# -- in earnest -------------------------------------------------------------------------------------------------------


def test_what_stood_in_for_a_cluster_needs_a_class_that_somebody_chose(
    drilled: Run, lab: Lab, evidence: Path, settings: str
) -> None:
    done = play(lab, "recover.yml", "-e", settings, "--check", evidence=evidence)
    assert done.code == 2
    assert "Cannot restore sales from" in done.output and "Set db_instance_class" in " ".join(done.output.split())


def test_each_is_recovered_with_its_rows_while_the_source_is_dark(
    drilled: Run, lab: Lab, evidence: Path, settings: str
) -> None:
    lab.admin("POST", "dark", {"account": "production", "dark": True})
    more = {
        "recover_overrides": [{"databases": ["sales"], "db_instance_class": "db.m6g.large", "multi_az": True}],
        "recover_ca_file": str(lab.home / "ca.pem"),
    }
    done = play(lab, "recover.yml", "-e", settings, "-e", json.dumps(more), evidence=evidence)
    assert done.code == 0, done.output
    rds = lab.client("production_dr", "rds", EAST)
    ledger, sales, stock = instance(rds, "ledger"), instance(rds, "sales"), cluster(rds, "stock")
    assert [row["MultiAZ"] for row in (ledger, sales)] == [True, True]
    assert ledger["DBParameterGroups"][0]["DBParameterGroupName"].startswith("lifeboat-mariadb")
    count = "SELECT count(*) FROM item"
    assert mysql_ask(ledger, count, password=secret_of(lab, ledger)) == 1000
    stock |= {"Endpoint": {"Address": stock["Endpoint"], "Port": stock["Port"]}, "DBName": "things"}
    assert mysql_ask(stock, count, password=secret_of(lab, stock)) == 1000
    with connect(sales, "things", secret_of(lab, sales)) as connection:
        assert connection.execute(count).fetchone() == (1000,)


def secret_of(lab: Lab, row: dict[str, Any]) -> str:
    """Read the master password that RDS keeps."""
    secrets = lab.client("production_dr", "secretsmanager", EAST)
    found = secrets.get_secret_value(SecretId=row["MasterUserSecret"]["SecretArn"])["SecretString"]
    return str(json.loads(found)["password"])
