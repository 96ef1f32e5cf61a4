# SPDX-License-Identifier: GPL-3.0-or-later
"""Test which events are raised, and when (aws_rds.md 5.1)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from helpers import (
    DR,
    PRODUCTION,
    automated,
    automated_cluster,
    cluster_copied,
    copied,
    make_key,
    settings,
    share,
    snapshot,
)
from lifeboat_lab import Lab
from lifeboat_lab.testing import PASSWORD, cluster, fresh, instance, until

SNAPSHOT, CLUSTER_SNAPSHOT = "db-snapshot", "db-cluster-snapshot"


def events(client: Any, source_type: str, name: str) -> list[tuple[str, str]]:
    """Return category and message of what happened to something, the oldest first."""
    found = client.describe_events(SourceType=source_type, SourceIdentifier=name)["Events"]
    return [(event["EventCategories"][0], event["Message"]) for event in found]


def after(client: Any, source_type: str, name: str, count: int) -> list[tuple[str, str]]:
    """Wait until there are so many, and return them."""
    return until(lambda: len(found := events(client, source_type, name)) >= count and found)


def test_a_manual_snapshot_is_being_created_created_and_deleted(rds: Any) -> None:
    """Follow aws_rds.md 5.1: 0040, 0042, 0041."""
    name = fresh("told")
    until(lambda: instance(rds, "catalog")["DBInstanceStatus"] == "available")
    rds.create_db_snapshot(DBInstanceIdentifier="catalog", DBSnapshotIdentifier=name)
    assert after(rds, SNAPSHOT, name, 2) == [
        ("creation", "Creating manual snapshot"),
        ("creation", "Manual snapshot created"),
    ]
    assert snapshot(rds, name)["Status"] == "available"
    rds.delete_db_snapshot(DBSnapshotIdentifier=name)
    assert events(rds, SNAPSHOT, name)[2:] == [("deletion", "Deleted user snapshot")]


def test_an_automated_snapshot_is_being_created_and_created(lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 5.1: 0090, 0091."""
    lab.admin("POST", "automated-snapshots", {"account": "production", "databases": ["catalog"]})
    name = automated(rds, "catalog")["DBSnapshotIdentifier"]
    assert name.startswith("rds:")
    assert after(rds, SNAPSHOT, name, 2) == [
        ("creation", "Creating automated snapshot"),
        ("creation", "Automated snapshot created"),
    ]


def test_cluster_snapshots_have_events_of_their_own(lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 5.1: 0074, 0075, 0168, 0169; none when one is deleted."""
    name = fresh("told")
    rds.create_db_cluster_snapshot(DBClusterIdentifier="events", DBClusterSnapshotIdentifier=name)
    manual = [("backup", "Creating manual cluster snapshot"), ("backup", "Manual cluster snapshot created")]
    assert after(rds, CLUSTER_SNAPSHOT, name, 2) == manual
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)
    assert events(rds, CLUSTER_SNAPSHOT, name) == manual
    lab.admin("POST", "automated-snapshots", {"account": "production", "databases": ["events"]})
    name = automated_cluster(rds, "events")["DBClusterSnapshotIdentifier"]
    assert after(rds, CLUSTER_SNAPSHOT, name, 2) == [
        ("backup", "Creating automated cluster snapshot"),
        ("backup", "Automated cluster snapshot created"),
    ]


def test_a_copy_within_a_region_starts_and_finishes(rds: Any) -> None:
    """Follow aws_rds.md 5.1: 0196, 0197."""
    source = automated(rds, "catalog")["DBSnapshotIdentifier"]
    name = copied(rds, source)["DBSnapshotIdentifier"]
    assert after(rds, SNAPSHOT, name, 2) == [
        ("notification", f"Started copy of snapshot {source} in region us-west-2"),
        ("notification", f"Finished copy of snapshot {source} in region us-west-2"),
    ]


def test_a_copy_to_another_region_starts_and_finishes_there(lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 5.1: 0059, 0060."""
    there = lab.client("production", "rds", "eu-west-1")
    source = automated(rds, "catalog")
    copy = copied(there, source["DBSnapshotArn"], SourceRegion="us-west-2")
    name, plain = copy["DBSnapshotIdentifier"], source["DBSnapshotIdentifier"]
    started, finished = after(there, SNAPSHOT, name, 2)
    assert started == ("notification", f"Started copy of snapshot {plain} from region us-west-2")
    assert finished[1].startswith(f"Finished copy of snapshot {plain} from region us-west-2 in ")
    assert finished[1].endswith(" minutes")
    assert events(rds, SNAPSHOT, name) == []


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ("us-west-2", "Canceled snapshot copy request of {} in region us-west-2"),
        ("eu-west-1", "Canceled snapshot copy request of {} from region us-west-2"),
    ],
)
def test_a_copy_that_is_deleted_meanwhile_is_cancelled(lab: Lab, rds: Any, region: str, message: str) -> None:
    """Follow aws_rds.md 5.1: 0190, 0061."""
    client, name = lab.client("production", "rds", region), fresh("cancelled")
    source = automated(rds, "orders")
    with settings(lab, durations={"copy": 60_000_000}):
        copy = {"SourceDBSnapshotIdentifier": source["DBSnapshotArn"], "TargetDBSnapshotIdentifier": name}
        if region != "us-west-2":
            copy |= {"SourceRegion": "us-west-2", "KmsKeyId": "alias/aws/rds"}
        client.copy_db_snapshot(**copy)
        client.delete_db_snapshot(DBSnapshotIdentifier=name)
    assert events(client, SNAPSHOT, name)[1:] == [("notification", message.format(source["DBSnapshotIdentifier"]))]


def test_a_copy_that_fails_says_nothing(rds: Any, faults: Any) -> None:
    """Follow aws_rds.md 5.1: there is no such event."""
    faults(kind="failed-copy", account="production")
    copy = copied(rds, automated(rds, "catalog")["DBSnapshotArn"])
    assert copy["Status"] == "failed"
    messages = [message for _category, message in events(rds, SNAPSHOT, copy["DBSnapshotIdentifier"])]
    assert [message.split()[0] for message in messages] == ["Started"]


def test_the_copy_of_a_cluster_snapshot_says_nothing(rds: Any) -> None:
    """Follow aws_rds.md 5.1: there are no such events."""
    copy = cluster_copied(rds, automated_cluster(rds, "events")["DBClusterSnapshotArn"])
    assert events(rds, CLUSTER_SNAPSHOT, copy["DBClusterSnapshotIdentifier"]) == []


def test_a_finished_cluster_copy_says_so_with_the_switch(lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 13, question 13; the lab's stance is that it does not."""
    with settings(lab, rules={"cluster_copy_event": True}):
        copy = cluster_copied(rds, automated_cluster(rds, "events")["DBClusterSnapshotArn"])
        name = copy["DBClusterSnapshotIdentifier"]
        assert after(rds, CLUSTER_SNAPSHOT, name, 1) == [("backup", "Manual cluster snapshot created")]


def test_a_copy_across_accounts_is_told_to_who_copies(rds: Any, dr_here: Any) -> None:
    source = copied(rds, automated(rds, "catalog")["DBSnapshotArn"])
    share(rds, source["DBSnapshotIdentifier"], DR)
    name = copied(dr_here, source["DBSnapshotArn"])["DBSnapshotIdentifier"]
    assert len(after(dr_here, SNAPSHOT, name, 2)) == 2
    assert events(rds, SNAPSHOT, name) == []


def test_events_are_listed_by_page_and_time(rds: Any) -> None:
    """Follow aws_rds.md 5.5."""
    for _turn in range(7):
        name = copied(rds, automated(rds, "catalog")["DBSnapshotArn"])["DBSnapshotIdentifier"]
        rds.delete_db_snapshot(DBSnapshotIdentifier=name)
    pages = list(rds.get_paginator("describe_events").paginate(PaginationConfig={"PageSize": 20}))
    assert [len(page["Events"]) for page in pages[:-1]] == [20] * (len(pages) - 1)
    found = [event for page in pages for event in page["Events"]]
    assert len(pages) >= 2
    assert [event["Date"] for event in found] == sorted(event["Date"] for event in found)
    assert len(found) == len({(event["SourceArn"], event["Message"], event["Date"]) for event in found})
    middle = found[len(found) // 2]["Date"]
    later = rds.describe_events(StartTime=middle)["Events"]
    assert later and min(event["Date"] for event in later) >= middle - timedelta(seconds=1)
    assert rds.describe_events(StartTime=datetime.now(timezone.utc) + timedelta(days=1), Duration=1)["Events"] == []


def test_events_are_listed_by_category(rds: Any) -> None:
    """Follow aws_rds.md 5.5."""
    name = copied(rds, automated(rds, "catalog")["DBSnapshotArn"])["DBSnapshotIdentifier"]
    rds.delete_db_snapshot(DBSnapshotIdentifier=name)
    words = {"SourceType": SNAPSHOT, "SourceIdentifier": name}
    (row,) = rds.describe_events(**words, EventCategories=["deletion"])["Events"]
    assert set(row) == {"SourceIdentifier", "SourceType", "Message", "EventCategories", "Date", "SourceArn"}
    assert (row["SourceIdentifier"], row["SourceType"]) == (name, SNAPSHOT)
    assert row["SourceArn"].endswith(f":snapshot:{name}")
    assert len(rds.describe_events(**words, EventCategories=["deletion", "notification"])["Events"]) == 3


def test_an_instance_is_created_backed_up_and_deleted(rds: Any) -> None:
    """Follow aws_rds.md 5.1: 0005, 0001, 0002, 0003."""
    name = fresh("told")
    rds.create_db_instance(DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t3.micro",
                           MasterUsername="keeper", MasterUserPassword=PASSWORD, AllocatedStorage=20)  # fmt: skip
    assert after(rds, "db-instance", name, 3) == [
        ("creation", "DB instance created"),
        ("backup", "Backing up DB instance"),
        ("backup", "Finished DB instance backup"),
    ]
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    assert after(rds, "db-instance", name, 4)[3] == ("deletion", "DB instance deleted")


def test_a_manual_snapshot_is_a_backup_of_its_instance(rds: Any) -> None:
    """Follow aws_rds.md 5.1: 0001, 0002."""
    until(lambda: instance(rds, "catalog")["DBInstanceStatus"] == "available")
    before = len(events(rds, "db-instance", "catalog"))
    rds.create_db_snapshot(DBInstanceIdentifier="catalog", DBSnapshotIdentifier=(name := fresh("told")))
    assert after(rds, "db-instance", "catalog", before + 2)[before:] == [
        ("backup", "Backing up DB instance"),
        ("backup", "Finished DB instance backup"),
    ]
    rds.delete_db_snapshot(DBSnapshotIdentifier=name)


def test_a_restore_is_told_of_the_snapshot(rds: Any) -> None:
    """Follow aws_rds.md 5.1: 0043."""
    source = automated(rds, "catalog")["DBSnapshotIdentifier"]
    already = events(rds, SNAPSHOT, source)
    name = fresh("told")
    rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=source)
    told = after(rds, SNAPSHOT, source, len(already) + 1)
    assert told[-1] == ("restoration", f"Restored from snapshot {source}")
    until(lambda: instance(rds, name)["DBInstanceStatus"] in ("available", "storage-initialization"))
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("incompatible-restore", "DB instance put into incompatible-restore state."),
        ("incompatible-network", "Database instance in incompatible-network."),
        ("incompatible-parameters", "Database instance put into incompatible-parameters."),
        ("insufficient-capacity", "The DB instance can't be created because of insufficient resource limits."),
        ("failed", "The DB instance creation failed."),
    ],
)
def test_a_restore_that_fails_says_why(rds: Any, faults: Any, end: str, words: str) -> None:
    """Follow aws_rds.md 5.1: 0031, 0035, 0036, 0278."""
    name, source = fresh("told"), automated(rds, "catalog")["DBSnapshotIdentifier"]
    already = events(rds, SNAPSHOT, source)
    faults(kind="restore-ends", account="production", resource=name, status=end)
    rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=source)
    ((category, message),) = after(rds, "db-instance", name, 1)
    assert (category, message[: len(words)]) == ("failure", words)
    assert events(rds, SNAPSHOT, source) == already
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def test_a_cluster_is_created_and_deleted(rds: Any) -> None:
    """Follow aws_rds.md 5.1: 0170, 0171."""
    name = fresh("told")
    source = automated_cluster(rds, "events")["DBClusterSnapshotArn"]
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier=name, SnapshotIdentifier=source, Engine="aurora-postgresql"
    )
    assert after(rds, "db-cluster", name, 1)[0] == ("creation", "DB cluster created")
    until(lambda: cluster(rds, name)["Status"] == "available")
    rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)
    assert after(rds, "db-cluster", name, 2)[1] == ("deletion", "DB cluster deleted")


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("incompatible-restore", "You can't create the DB cluster because of incompatible resources."),
        ("insufficient-capacity", "The DB cluster can't be created because of insufficient resource limits."),
    ],
)
def test_a_cluster_that_cannot_be_restored_says_why(rds: Any, faults: Any, end: str, words: str) -> None:
    """Follow aws_rds.md 5.1: 0354, 0355."""
    name = fresh("told")
    faults(kind="restore-ends", account="production", resource=name, status=end)
    source = automated_cluster(rds, "events")["DBClusterSnapshotArn"]
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier=name, SnapshotIdentifier=source, Engine="aurora-postgresql"
    )
    ((category, message),) = after(rds, "db-cluster", name, 1)
    assert (category, message[: len(words)]) == ("failure", words)
    rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)


def test_a_database_whose_key_is_lost_says_so(lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 5.1: 0419."""
    kms, name = lab.client("production", "kms"), fresh("told")
    key = make_key(kms, PRODUCTION)
    rds.create_db_instance(DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t3.micro",
                           MasterUsername="keeper", MasterUserPassword=PASSWORD, AllocatedStorage=20,
                           StorageEncrypted=True, KmsKeyId=key, BackupRetentionPeriod=0)  # fmt: skip
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    kms.disable_key(KeyId=key)
    category, message = after(rds, "db-instance", name, 2)[1]
    assert category == "availability"
    assert f"unable to access the KMS encryption key for database instance {name}." in message
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
