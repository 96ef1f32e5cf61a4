# SPDX-License-Identifier: GPL-3.0-or-later
"""Test snapshots that are corrupted on request, which a rehearsal has to notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from helpers import cluster_snapshot, code_of, copied, done, missing, restored, settings, snapshot  # fmt: skip
from lifeboat_lab import Lab
from lifeboat_lab.testing import ask, cluster, connect, delete, fresh, instance, mysql, mysql_ask, new_instance, until

# Two tables that hang together, one with a trigger that forbids what is about to happen, one of another schema.
POSTGRES = """
CREATE TABLE customer (id int PRIMARY KEY, parent int REFERENCES customer);
CREATE TABLE purchase (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer);
CREATE SCHEMA "odd one"; CREATE TABLE "odd one"."a table" (id int);
INSERT INTO customer SELECT n, n / 2 + 1 FROM generate_series(1, 1000) AS n;
INSERT INTO purchase SELECT n, n FROM generate_series(1, 1000) AS n;
INSERT INTO "odd one"."a table" SELECT generate_series(1, 1000);
CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$;
CREATE TRIGGER no BEFORE DELETE ON purchase EXECUTE FUNCTION no();
"""
MARIADB = (
    "CREATE TABLE customer (id int PRIMARY KEY, parent int REFERENCES customer (id))",
    "CREATE TABLE purchase (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer (id))",
    "CREATE DATABASE `odd one`",
    "CREATE TABLE `odd one`.`a table` (id int)",
    "INSERT INTO customer SELECT seq, 1 FROM seq_1_to_1000",
    "INSERT INTO purchase SELECT seq, seq FROM seq_1_to_1000",
    "INSERT INTO `odd one`.`a table` SELECT seq FROM seq_1_to_1000",
)
TABLES = ("customer", "purchase", '"odd one"."a table"')

Count = Callable[[dict[str, Any], str], int]


@pytest.fixture(scope="module", params=["postgres", "mariadb"])
def source(request: pytest.FixtureRequest, lab: Lab, rds: Any) -> Iterator[tuple[dict[str, Any], Count]]:
    """Return an instance with rows, and a function that counts them."""
    if request.param == "postgres":
        row = new_instance(rds, "postgres")
        with connect(row) as connection:
            connection.execute(POSTGRES)
        yield row, lambda row, table: ask(row, f"SELECT count(*) FROM {table}")
    else:
        if "MariaDB" not in lab.admin("GET", "status")["engines"]:
            missing("MariaDB is not installed: it needs the packages mariadb-server and mariadb-backup")
        row = new_instance(rds, "mariadb")
        with mysql(row) as connection, connection.cursor() as cursor:
            for statement in MARIADB:
                cursor.execute(statement)
        yield row, lambda row, table: mysql_ask(row, "SELECT COUNT(*) FROM " + table.replace('"', "`"))
    delete(rds, row["DBInstanceIdentifier"])


def taken(rds: Any, row: dict[str, Any]) -> dict[str, Any]:
    name = fresh("taken")
    rds.create_db_snapshot(DBInstanceIdentifier=row["DBInstanceIdentifier"], DBSnapshotIdentifier=name)
    return until(lambda: done(snapshot(rds, name)))


def corrupt(lab: Lab, arn: str, how: str) -> None:
    assert lab.admin("POST", "corrupt", {"snapshot": arn, "how": how}) == {"snapshot": arn, "how": how}


def test_half_of_the_rows_of_every_table_are_gone(lab: Lab, rds: Any, source: tuple[dict[str, Any], Count]) -> None:
    database, count = source
    row = taken(rds, database)
    corrupt(lab, row["DBSnapshotArn"], "rows")
    assert snapshot(rds, row["DBSnapshotIdentifier"])["Status"] == "available"
    spoilt = restored(rds, row["DBSnapshotIdentifier"])
    assert [count(spoilt, table) for table in TABLES] == [500, 500, 500]
    assert [count(database, table) for table in TABLES] == [1000, 1000, 1000]
    delete(rds, spoilt["DBInstanceIdentifier"])


def test_its_source_and_the_copies_that_it_has_are_as_before(
    lab: Lab, rds: Any, source: tuple[dict[str, Any], Count]
) -> None:
    database, count = source
    first = taken(rds, database)
    middle = copied(rds, first["DBSnapshotIdentifier"])
    last = copied(rds, middle["DBSnapshotIdentifier"])
    corrupt(lab, middle["DBSnapshotArn"], "rows")
    later = copied(rds, middle["DBSnapshotIdentifier"])
    for each, rows in ((first, 1000), (last, 1000), (later, 500)):
        row = restored(rds, each["DBSnapshotIdentifier"])
        assert count(row, "purchase") == rows
        delete(rds, row["DBInstanceIdentifier"])


def test_what_cannot_be_read_ends_as_an_incompatible_restore(
    lab: Lab, rds: Any, source: tuple[dict[str, Any], Count]
) -> None:
    """Follow aws_rds.md 7.3, 7.5: a bad end, after which the instance can only be deleted, without a final snapshot."""
    database, _count = source
    row, name = taken(rds, database), fresh("unreadable")
    copy = copied(rds, row["DBSnapshotIdentifier"])
    corrupt(lab, row["DBSnapshotArn"], "unreadable")
    with settings(lab, scale=900):
        rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=name, DBSnapshotIdentifier=row["DBSnapshotIdentifier"]
        )
        assert instance(rds, name)["DBInstanceStatus"] in ("creating", "incompatible-restore")
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "incompatible-restore")
    refused = code_of(rds.create_db_snapshot, DBInstanceIdentifier=name, DBSnapshotIdentifier=fresh("no"))
    assert refused == "InvalidDBInstanceState"
    delete(rds, name)
    delete(rds, restored(rds, copy["DBSnapshotIdentifier"])["DBInstanceIdentifier"])


def test_of_a_cluster_the_member_does_not_come_up(lab: Lab, rds: Any) -> None:
    """Restore without an error status, since clusters have none for it (aws_rds.md 7.3) and without members nothing
    reads the data."""
    found = rds.describe_db_cluster_snapshots(DBClusterIdentifier="events", SnapshotType="automated")
    name, again = fresh("spoilt"), fresh("spoilt")
    rds.copy_db_cluster_snapshot(
        SourceDBClusterSnapshotIdentifier=found["DBClusterSnapshots"][0]["DBClusterSnapshotArn"],
        TargetDBClusterSnapshotIdentifier=name,
    )
    row = until(lambda: done(cluster_snapshot(rds, name)))
    corrupt(lab, row["DBClusterSnapshotArn"], "unreadable")
    rds.restore_db_cluster_from_snapshot(DBClusterIdentifier=again, SnapshotIdentifier=name, Engine="aurora-postgresql")
    until(lambda: cluster(rds, again)["Status"] == "available")
    member = f"{again}-1"
    rds.create_db_instance(
        DBInstanceIdentifier=member, DBClusterIdentifier=again, Engine="aurora-postgresql",
        DBInstanceClass="db.r6g.large",
    )  # fmt: skip
    until(lambda: instance(rds, member)["DBInstanceStatus"] == "incompatible-restore")
    rds.delete_db_instance(DBInstanceIdentifier=member)
    rds.delete_db_cluster(DBClusterIdentifier=again, SkipFinalSnapshot=True)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"how": "rows"}, "no snapshot"),
        ({"snapshot": 7, "how": "rows"}, "no snapshot"),
        ({"snapshot": "orders", "how": "rows"}, "no snapshot"),
        ({"snapshot": "arn:aws:rds:us-west-2:111111111111:snapshot:no-such", "how": "rows"}, "no snapshot"),
        ({"snapshot": "x"}, "how must be one of unreadable, rows"),
        ({"snapshot": "x", "how": "slightly"}, "how must be one of"),
        ({"snapshot": "x", "how": ["rows"]}, "how must be one of"),
        ({"snapshot": "x", "how": "rows", "when": "now"}, "Unknown field 'when'"),
        ([], "must be a JSON object"),
    ],
)
def test_nonsense_is_refused_with_the_reason(lab: Lab, body: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        lab.admin("POST", "corrupt", body)


def test_what_is_not_complete_cannot_be_spoilt(lab: Lab, rds: Any) -> None:
    row = rds.describe_db_snapshots(DBInstanceIdentifier="catalog", SnapshotType="automated")["DBSnapshots"][0]
    name = fresh("slow")
    with settings(lab, scale=300):
        copy = rds.copy_db_snapshot(
            SourceDBSnapshotIdentifier=row["DBSnapshotIdentifier"], TargetDBSnapshotIdentifier=name
        )["DBSnapshot"]
        with pytest.raises(ValueError, match="is not available, but copying"):
            corrupt(lab, copy["DBSnapshotArn"], "rows")
    rds.delete_db_snapshot(DBSnapshotIdentifier=name)


def test_a_snapshot_without_files_cannot_be_spoilt(lab: Lab) -> None:
    lab.admin("POST", "seed", {"account": "stranger", "prefix": fresh("bare"), "databases": 1, "snapshots": 1})
    found = lab.client("stranger", "rds").describe_db_snapshots()["DBSnapshots"]
    with pytest.raises(ValueError, match="has no files"):
        corrupt(lab, found[0]["DBSnapshotArn"], "rows")
