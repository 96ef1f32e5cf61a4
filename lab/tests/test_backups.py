# SPDX-License-Identifier: GPL-3.0-or-later
"""Test automated backups, in a lab without servers whose clock is advanced."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from helpers import advance, code_of
from lifeboat_lab import Lab
from lifeboat_lab.testing import PASSWORD, fresh, instance, until

DAY = 86_400


@pytest.fixture(scope="module")
def rds(own_lab: Lab) -> Any:
    return own_lab.client("production", "rds")


def create(rds: Any, **more: Any) -> str:
    """Create an instance and wait until it is available."""
    name = fresh("kept")
    rds.create_db_instance(
        DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
        MasterUsername="me", MasterUserPassword=PASSWORD, **more,
    )  # fmt: skip
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    return name


def far_window(lab: Lab) -> str:
    """Return a backup window twelve hours away: close to it, half an hour decides what counts as too old."""
    opens = datetime.fromisoformat(lab.admin("GET", "clock")["now"]) + timedelta(hours=12)
    return f"{opens:%H:%M}-{opens + timedelta(minutes=30):%H:%M}"


def times(rds: Any, name: str, **more: Any) -> list[datetime]:
    """Return when the automated snapshots of an instance were taken, the oldest first."""
    words = more or {"DBInstanceIdentifier": name}
    rows = rds.describe_db_snapshots(SnapshotType="automated", **words)["DBSnapshots"]
    return sorted(row["SnapshotDatabaseTime"] for row in rows)


def test_a_new_instance_has_a_first_backup_before_it_is_available(own_lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 7.3."""
    name = create(rds)
    assert len(times(rds, name)) == 1


def test_without_retention_there_is_none(own_lab: Lab, rds: Any) -> None:
    name = create(rds, BackupRetentionPeriod=0)
    advance(own_lab, 2 * DAY)
    assert times(rds, name) == []


def test_every_day_in_the_window_and_no_longer_than_the_retention(own_lab: Lab, rds: Any) -> None:
    name = create(rds, BackupRetentionPeriod=7, PreferredBackupWindow="03:10-04:00")
    advance(own_lab, 10 * DAY)
    found = times(rds, name)
    assert len(found) == 7
    assert {(moment.hour, moment.minute) for moment in found} == {(3, 10)}
    assert all(later - earlier < timedelta(days=1, seconds=5) for earlier, later in pairwise(found))
    names = [
        row["DBSnapshotIdentifier"]
        for row in rds.describe_db_snapshots(DBInstanceIdentifier=name, SnapshotType="automated")["DBSnapshots"]
    ]
    assert f"rds:{name}-{found[-1]:%Y-%m-%d}-03-10" in names


def test_a_cluster_is_backed_up_and_its_members_are_not(own_lab: Lab, rds: Any) -> None:
    name = fresh("kept")
    rds.create_db_cluster(
        DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="me", MasterUserPassword=PASSWORD,
        BackupRetentionPeriod=3,
    )  # fmt: skip
    advance(own_lab, 5 * DAY)
    rows = rds.describe_db_cluster_snapshots(DBClusterIdentifier=name, SnapshotType="automated")["DBClusterSnapshots"]
    assert len(rows) == 3


def test_a_window_that_was_moved_is_the_one_that_counts(own_lab: Lab, rds: Any) -> None:
    name = create(rds, BackupRetentionPeriod=2, PreferredBackupWindow="03:00-03:30",
                  PreferredMaintenanceWindow="sun:10:00-sun:10:30")  # fmt: skip
    rds.modify_db_instance(DBInstanceIdentifier=name, PreferredBackupWindow="17:15-17:45")
    advance(own_lab, 3 * DAY)
    assert [(moment.hour, moment.minute) for moment in times(rds, name)] == [(17, 15)] * 2


def test_a_shorter_retention_applies_at_once_and_none_removes_all(own_lab: Lab, rds: Any) -> None:
    name = create(rds, BackupRetentionPeriod=5, PreferredBackupWindow=far_window(own_lab))
    advance(own_lab, 6 * DAY)
    assert len(times(rds, name)) == 5
    rds.modify_db_instance(DBInstanceIdentifier=name, BackupRetentionPeriod=2)
    assert len(times(rds, name)) == 2
    rds.modify_db_instance(DBInstanceIdentifier=name, BackupRetentionPeriod=0, ApplyImmediately=True)
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    assert times(rds, name) == []


def test_backups_that_are_turned_on_begin_at_once(own_lab: Lab, rds: Any) -> None:
    name = create(rds, BackupRetentionPeriod=0)
    rds.modify_db_instance(DBInstanceIdentifier=name, BackupRetentionPeriod=1, ApplyImmediately=True)
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    assert len(times(rds, name)) == 1


def test_they_go_with_the_instance_unless_they_are_to_be_kept_for_their_time(own_lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 7.5, DeleteAutomatedBackups."""
    gone, kept = (create(rds, BackupRetentionPeriod=2) for _turn in range(2))
    ids = {name: instance(rds, name)["DbiResourceId"] for name in (gone, kept)}
    rds.delete_db_instance(DBInstanceIdentifier=gone, SkipFinalSnapshot=True)
    rds.delete_db_instance(DBInstanceIdentifier=kept, SkipFinalSnapshot=True, DeleteAutomatedBackups=False)
    advance(own_lab, 3_600)
    assert code_of(rds.describe_db_instances, DBInstanceIdentifier=kept) == "DBInstanceNotFound"
    assert times(rds, gone, DbiResourceId=ids[gone]) == []
    assert len(times(rds, kept, DbiResourceId=ids[kept])) == 1
    advance(own_lab, 4 * DAY)
    assert times(rds, kept, DbiResourceId=ids[kept]) == []


def test_a_stopped_instance_is_not_backed_up_and_starts_after_seven_days(own_lab: Lab, rds: Any) -> None:
    name = create(rds, BackupRetentionPeriod=35)
    rds.stop_db_instance(DBInstanceIdentifier=name)
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "stopped")
    advance(own_lab, 6 * DAY)
    assert len(times(rds, name)) == 1
    assert instance(rds, name)["AutomaticRestartTime"]
    advance(own_lab, 2 * DAY)
    assert instance(rds, name)["DBInstanceStatus"] == "available"
    assert len(times(rds, name)) > 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"PreferredBackupWindow": "3:00-4:00"},
        {"PreferredBackupWindow": "03:00-03:20"},
        {"PreferredMaintenanceWindow": "sunday:03:00-sunday:04:00"},
        {"PreferredBackupWindow": "03:00-05:00", "PreferredMaintenanceWindow": "mon:04:00-mon:04:30"},
    ],
)
def test_windows_must_be_legal_and_apart(rds: Any, wrong: dict[str, str]) -> None:
    """Follow the RDS User Guide, backup window."""
    refused = code_of(
        rds.create_db_instance, DBInstanceIdentifier=fresh("no"), Engine="postgres", DBInstanceClass="db.t3.micro",
        MasterUsername="me", MasterUserPassword=PASSWORD, **wrong,
    )  # fmt: skip
    assert refused == "InvalidParameterValue"


def test_the_windows_of_a_database_stay_the_same(rds: Any) -> None:
    name = create(rds)
    first, second = instance(rds, name), instance(rds, name)
    assert first["PreferredBackupWindow"] == second["PreferredBackupWindow"]
    assert first["PreferredMaintenanceWindow"] == second["PreferredMaintenanceWindow"]


def test_what_does_not_apply_at_once_applies_in_the_maintenance_window(own_lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 7, PendingModifiedValues."""
    name = create(rds)
    rds.modify_db_instance(DBInstanceIdentifier=name, DBInstanceClass="db.r6g.large", AllocatedStorage=100)
    row = instance(rds, name)
    assert (row["DBInstanceStatus"], row["DBInstanceClass"]) == ("available", "db.t3.micro")
    assert row["PendingModifiedValues"] == {"DBInstanceClass": "db.r6g.large", "AllocatedStorage": 100}
    advance(own_lab, 8 * DAY)
    row = instance(rds, name)
    assert (row["DBInstanceClass"], row["AllocatedStorage"], row["PendingModifiedValues"]) == ("db.r6g.large", 100, {})
