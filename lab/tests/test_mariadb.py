# SPDX-License-Identifier: GPL-3.0-or-later
"""Test MariaDB servers behind mariadb, mysql and aurora-mysql."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pymysql
import pytest

from helpers import cluster_snapshot, code_of, copied, done, missing, restored, snapshot  # fmt: skip
from lifeboat_lab import Lab
from lifeboat_lab.testing import PASSWORD, cluster, delete, fresh, instance, mysql, mysql_ask, new_instance, until

TABLE = "CREATE TABLE item (id int PRIMARY KEY, word varchar(40) NOT NULL)"
ROWS = "INSERT INTO item SELECT seq, 'wörter 🛟' FROM seq_1_to_1000"


@pytest.fixture(scope="module", autouse=True)
def installed(lab: Lab) -> None:
    if "MariaDB" not in lab.admin("GET", "status")["engines"]:
        missing("MariaDB is not installed: it needs the packages mariadb-server and mariadb-backup")


@pytest.fixture(scope="module")
def source(rds: Any) -> Iterator[dict[str, Any]]:
    """Create an instance with a table."""
    row = new_instance(rds, "mariadb", StorageEncrypted=True)
    mysql_ask(row, TABLE, ROWS)
    yield row
    delete(rds, row["DBInstanceIdentifier"])


def taken(rds: Any, row: dict[str, Any]) -> str:
    name = fresh("taken")
    rds.create_db_snapshot(DBInstanceIdentifier=row["DBInstanceIdentifier"], DBSnapshotIdentifier=name)
    until(lambda: done(snapshot(rds, name)))
    return name


def test_a_new_instance_is_a_real_server_with_its_first_database(source: dict[str, Any]) -> None:
    version, database, charset, zone = (
        mysql_ask(source, f"SELECT {what}")
        for what in ("VERSION()", "DATABASE()", "@@character_set_database", "@@time_zone")
    )
    assert version.startswith(f"{source['EngineVersion']}-MariaDB")
    assert (database, charset, zone) == ("things", "utf8mb4", "+00:00")
    now = mysql_ask(source, "SELECT NOW()").replace(tzinfo=timezone.utc)
    assert abs((datetime.now(timezone.utc) - now).total_seconds()) < 5


def test_the_rows_fit_the_engine(source: dict[str, Any]) -> None:
    major = ".".join(source["EngineVersion"].split(".")[:2])
    assert source["LicenseModel"] == "general-public-license"
    assert source["DBParameterGroups"][0]["DBParameterGroupName"] == f"default.mariadb{major}"
    assert source["OptionGroupMemberships"][0]["OptionGroupName"] == f"default:mariadb-{major.replace('.', '-')}"


def test_rows_survive_snapshot_copy_and_restore(rds: Any, source: dict[str, Any]) -> None:
    name = copied(rds, taken(rds, source))["DBSnapshotIdentifier"]
    row = restored(rds, name)
    assert mysql_ask(row, "SELECT COUNT(*) FROM item WHERE word = 'wörter 🛟'") == 1000
    assert row["Endpoint"]["Port"] != source["Endpoint"]["Port"]
    mysql_ask(row, "DELETE FROM item")
    assert mysql_ask(source, "SELECT COUNT(*) FROM item") == 1000
    delete(rds, row["DBInstanceIdentifier"])


def test_a_snapshot_is_one_moment_of_a_server_that_is_written_to(rds: Any) -> None:
    """Write two rows in each transaction: however many there are, they are pairs."""
    row = new_instance(rds, "mariadb")
    mysql_ask(row, "CREATE TABLE pair (id int PRIMARY KEY AUTO_INCREMENT, side int, filler varchar(500))")
    over = threading.Event()

    def write() -> None:
        with mysql(row, autocommit=False) as connection, connection.cursor() as cursor:
            while not over.is_set():
                for side in (0, 1):
                    cursor.execute("INSERT INTO pair (side, filler) VALUES (%s, REPEAT('x', 500))", (side,))
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        until(lambda: mysql_ask(row, "SELECT COUNT(*) FROM pair") > 20)
        name = taken(rds, row)
        at_end = mysql_ask(row, "SELECT COUNT(*) FROM pair")
        until(lambda: mysql_ask(row, "SELECT COUNT(*) FROM pair") > at_end)
    finally:
        over.set()
        writer.join()
    again = restored(rds, name)
    left, right = (mysql_ask(again, f"SELECT COUNT(*) FROM pair WHERE side = {side}") for side in (0, 1))
    assert left == right
    assert 20 < left + right <= at_end
    assert mysql_ask(again, "CHECK TABLE pair", "SELECT 1") == 1
    for each in (row, again):
        delete(rds, each["DBInstanceIdentifier"])


def test_only_the_new_password_opens_the_door(rds: Any, source: dict[str, Any]) -> None:
    row = restored(rds, taken(rds, source))
    name = row["DBInstanceIdentifier"]
    rds.modify_db_instance(DBInstanceIdentifier=name, MasterUserPassword="it's-another\\one", ApplyImmediately=True)
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    assert mysql_ask(row, "SELECT 1", password="it's-another\\one") == 1
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        mysql_ask(row, "SELECT 1")
    delete(rds, name)


def test_nobody_gets_in_as_the_labs_own_user(source: dict[str, Any]) -> None:
    for user in ("rdsadmin", "root", "mysql", "mariadb.sys", ""):
        with pytest.raises(pymysql.err.OperationalError, match=r"denied|not allowed"):
            mysql_ask(source, "SELECT 1", user=user, password="", database=None)


def test_the_master_user_may_nearly_everything(source: dict[str, Any]) -> None:
    """Follow the RDS User Guide, master user account privileges: all databases and users, but not SUPER."""
    with mysql(source) as connection, connection.cursor() as cursor:
        for statement in (
            "CREATE DATABASE another",
            "CREATE TABLE another.t (id int)",
            "CREATE USER clerk@'%' IDENTIFIED BY 'clerk-password'",
            "GRANT SELECT ON another.* TO clerk@'%'",
            "DROP USER clerk@'%'",
            "DROP DATABASE another",
        ):
            cursor.execute(statement)
        for statement in ("SET GLOBAL max_connections = 9", "SELECT 1 INTO OUTFILE '/tmp/no-such-thing'"):
            with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
                cursor.execute(statement)


def test_mysql_has_a_stand_in_and_a_version_of_its_own(rds: Any) -> None:
    row = new_instance(rds, "mysql", EngineVersion="8.0")
    assert row["EngineVersion"].startswith("8.0.")
    assert row["DBParameterGroups"][0]["DBParameterGroupName"] == "default.mysql8.0"
    assert "MariaDB" in mysql_ask(row, "SELECT VERSION()")
    mysql_ask(row, TABLE, ROWS)
    rds.delete_db_instance(DBInstanceIdentifier=row["DBInstanceIdentifier"], FinalDBSnapshotIdentifier="mysql-final")
    until(lambda: done(snapshot(rds, "mysql-final")))
    again = restored(rds, "mysql-final")
    assert mysql_ask(again, "SELECT COUNT(*) FROM item") == 1000
    delete(rds, again["DBInstanceIdentifier"])


def test_a_version_that_is_not_there_is_refused(rds: Any) -> None:
    for engine, version in (("mariadb", "10.4"), ("mysql", "5.7.44"), ("mysql", "8.4.0")):
        refused = code_of(
            rds.create_db_instance, DBInstanceIdentifier=fresh("new"), Engine=engine, EngineVersion=version,
            DBInstanceClass="db.t3.micro", MasterUsername="me", MasterUserPassword=PASSWORD,
        )  # fmt: skip
        assert refused == "InvalidParameterCombination"


def test_an_aurora_cluster_answers_through_its_member(rds: Any) -> None:
    name, taken_name, again = fresh("aurora"), fresh("aurora"), fresh("aurora")
    rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-mysql",
        MasterUsername="me",
        MasterUserPassword=PASSWORD,
        DatabaseName="things",
    )
    row = served(rds, name)
    assert row["EngineVersion"].startswith("8.0.mysql_aurora.3.")
    mysql_ask(row, TABLE, ROWS)
    rds.create_db_cluster_snapshot(DBClusterIdentifier=name, DBClusterSnapshotIdentifier=taken_name)
    until(lambda: done(cluster_snapshot(rds, taken_name)))
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier=again, SnapshotIdentifier=taken_name, Engine="aurora-mysql"
    )
    assert mysql_ask(served(rds, again), "SELECT COUNT(*) FROM item") == 1000
    for each in (name, again):
        rds.delete_db_instance(DBInstanceIdentifier=f"{each}-1")
        rds.delete_db_cluster(DBClusterIdentifier=each, SkipFinalSnapshot=True)


def served(rds: Any, name: str) -> dict[str, Any]:
    """Add a member and return its row, in which the database's name is its cluster's."""
    until(lambda: cluster(rds, name)["Status"] == "available")
    rds.create_db_instance(
        DBInstanceIdentifier=f"{name}-1",
        DBClusterIdentifier=name,
        Engine="aurora-mysql",
        DBInstanceClass="db.r6g.large",
    )
    until(lambda: instance(rds, f"{name}-1")["DBInstanceStatus"] == "available")
    return instance(rds, f"{name}-1") | {"DBName": cluster(rds, name)["DatabaseName"]}


def test_without_its_programs_the_refusal_names_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_MARIADB_BIN", os.fspath(tmp_path))
    with Lab() as bare:
        client = bare.client("production", "rds")
        with pytest.raises(client.exceptions.ClientError, match="mariadb-server and mariadb-backup") as refused:
            client.create_db_instance(
                DBInstanceIdentifier="x", Engine="mysql", DBInstanceClass="db.t3.micro", MasterUsername="me",
                MasterUserPassword=PASSWORD,
            )  # fmt: skip
        assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
        offered = {row["Engine"] for row in client.describe_db_engine_versions()["DBEngineVersions"]}
        assert offered == {"postgres", "aurora-postgresql"}
