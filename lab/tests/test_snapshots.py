# SPDX-License-Identifier: GPL-3.0-or-later
"""Test snapshots: taking, copying, listing and deleting them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from helpers import (  # fmt: skip
    DR,
    PRODUCTION,
    automated,
    automated_cluster,
    cluster_copied,
    cluster_snapshot,
    code_of,
    copied,
    done,
    settings,
    share,
    share_cluster,
    snapshot,
)
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh, instance, until


def test_a_snapshot_is_creating_with_progress_before_it_is_available(lab: Lab, rds: Any) -> None:
    name = fresh("slow")
    with settings(lab, scale=200):
        first = rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier="catalog")["DBSnapshot"]
        assert (first["Status"], first["PercentProgress"]) == ("creating", 0)
        assert "SnapshotCreateTime" not in first
        assert until(lambda: 0 < snapshot(rds, name)["PercentProgress"] < 100)
    last = until(lambda: done(snapshot(rds, name)))
    assert (last["Status"], last["PercentProgress"], last["SnapshotType"]) == ("available", 100, "manual")
    until(lambda: instance(rds, "catalog")["DBInstanceStatus"] == "available")


def test_an_instance_is_backing_up_while_its_snapshot_is_taken(lab: Lab, rds: Any) -> None:
    name = fresh("busy")
    with settings(lab, scale=600):
        rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier="catalog")
        assert instance(rds, "catalog")["DBInstanceStatus"] == "backing-up"
        refused = code_of(rds.create_db_snapshot, DBSnapshotIdentifier=fresh("second"), DBInstanceIdentifier="catalog")
    assert refused == "InvalidDBInstanceState"
    until(lambda: instance(rds, "catalog")["DBInstanceStatus"] == "available")


def test_automated_snapshots_are_named_after_their_time(rds: Any) -> None:
    rows = rds.describe_db_snapshots(DBInstanceIdentifier="orders", SnapshotType="automated")["DBSnapshots"]
    times = sorted(row["SnapshotCreateTime"] for row in rows)
    assert all(row["DBSnapshotIdentifier"].startswith("rds:orders-20") for row in rows)
    assert f"{times[0]:%Y-%m-%d-%H-%M}" in {row["DBSnapshotIdentifier"].removeprefix("rds:orders-") for row in rows}
    assert timedelta(hours=23) < times[-1] - times[0] < timedelta(hours=25)


def test_automated_snapshots_cannot_be_deleted(rds: Any) -> None:
    name = automated(rds, "orders")["DBSnapshotIdentifier"]
    assert code_of(rds.delete_db_snapshot, DBSnapshotIdentifier=name) == "InvalidDBSnapshotState"
    name = automated_cluster(rds, "events")["DBClusterSnapshotIdentifier"]
    refused = code_of(rds.delete_db_cluster_snapshot, DBClusterSnapshotIdentifier=name)
    assert refused == "InvalidDBClusterSnapshotStateFault"


def test_a_copy_of_an_automated_snapshot_is_manual_and_keeps_its_history(rds: Any) -> None:
    """Follow aws_rds.md 1.1, 1.9."""
    source = automated(rds, "catalog")
    copy = copied(rds, source["DBSnapshotIdentifier"])
    assert copy["SnapshotType"] == "manual"
    assert copy["SnapshotCreateTime"] > source["SnapshotCreateTime"]
    kept = ("OriginalSnapshotCreateTime", "SnapshotDatabaseTime", "DbiResourceId", "Engine", "EngineVersion",
            "AllocatedStorage", "MasterUsername", "DBInstanceIdentifier")  # fmt: skip
    assert {name: copy[name] for name in kept} == {name: source[name] for name in kept}
    assert copy["SourceDBSnapshotIdentifier"] == source["DBSnapshotArn"]
    assert "SourceRegion" not in source


def test_a_cluster_copy_keeps_its_creation_time_and_names_its_source(rds: Any) -> None:
    source = automated_cluster(rds, "events")
    copy = cluster_copied(rds, source["DBClusterSnapshotArn"])
    assert copy["SnapshotCreateTime"] == source["SnapshotCreateTime"]
    assert copy["SourceDBClusterSnapshotArn"] == source["DBClusterSnapshotArn"]
    assert "SourceDBClusterSnapshotArn" not in source
    assert ("DbClusterResourceId" in source, "DbClusterResourceId" in copy) == (True, False)
    assert "OriginalSnapshotCreateTime" not in copy


def test_a_copy_to_another_region_names_source_and_region(lab: Lab, rds: Any) -> None:
    source = automated(rds, "catalog")
    elsewhere = lab.client("production", "rds", "eu-west-1")
    copy = copied(elsewhere, source["DBSnapshotArn"], SourceRegion="us-west-2")
    assert copy["SourceDBSnapshotIdentifier"] == source["DBSnapshotArn"]
    assert copy["SourceRegion"] == "us-west-2"
    assert copy["DBSnapshotArn"].startswith(f"arn:aws:rds:eu-west-1:{PRODUCTION}:snapshot:copy-")


def test_a_plain_name_means_a_snapshot_of_this_region(lab: Lab, rds: Any) -> None:
    name = copied(rds, automated(rds, "catalog")["DBSnapshotArn"])["DBSnapshotIdentifier"]
    elsewhere = lab.client("production", "rds", "eu-west-1")
    refused = code_of(
        elsewhere.copy_db_snapshot, SourceDBSnapshotIdentifier=name, TargetDBSnapshotIdentifier=fresh("copy")
    )
    assert refused == "DBSnapshotNotFound"


def test_names_are_unique_and_legal(rds: Any) -> None:
    """Follow aws_rds.md 1.2."""
    source = automated(rds, "catalog")["DBSnapshotArn"]
    name = copied(rds, source)["DBSnapshotIdentifier"]
    copy = rds.copy_db_snapshot
    taken = code_of(copy, SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=name.upper())
    assert taken == "DBSnapshotAlreadyExists"
    for bad in ("1abc", "a--b", "a-", "rds:a", "a_b", "a" * 256):
        refused = code_of(copy, SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=bad)
        assert refused == "InvalidParameterValue", bad


def test_cluster_names_are_shorter_than_instance_names(rds: Any) -> None:
    """Follow aws_rds.md 1.2."""
    refused = code_of(
        rds.copy_db_cluster_snapshot,
        SourceDBClusterSnapshotIdentifier=automated_cluster(rds, "events")["DBClusterSnapshotArn"],
        TargetDBClusterSnapshotIdentifier="a" * 64,
    )
    assert refused == "InvalidParameterValue"
    source = automated(rds, "catalog")["DBSnapshotArn"]
    assert copied(rds, source, "a" * 200)["Status"] == "available"


def test_only_an_available_snapshot_can_be_copied(lab: Lab, rds: Any) -> None:
    first = fresh("first")
    with settings(lab, scale=300):
        rds.copy_db_snapshot(
            SourceDBSnapshotIdentifier=automated(rds, "catalog")["DBSnapshotArn"], TargetDBSnapshotIdentifier=first
        )
        refused = code_of(
            rds.copy_db_snapshot, SourceDBSnapshotIdentifier=first, TargetDBSnapshotIdentifier=fresh("second")
        )
    rds.delete_db_snapshot(DBSnapshotIdentifier=first)
    assert refused == "InvalidDBSnapshotState"


def test_copies_of_one_database_wait_for_each_other_without_progress(lab: Lab, rds: Any) -> None:
    source = automated(rds, "orders")["DBSnapshotArn"]
    first, second = fresh("first"), fresh("second")
    with settings(lab, scale=1500):
        for name in (first, second):
            rds.copy_db_snapshot(SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=name)
        until(lambda: snapshot(rds, first)["PercentProgress"] > 0)
        assert snapshot(rds, second)["PercentProgress"] == 0
    until(lambda: done(snapshot(rds, first)))
    assert snapshot(rds, second)["Status"] == "copying"
    rds.delete_db_snapshot(DBSnapshotIdentifier=second)


def test_tags_are_copied_on_request_only(rds: Any) -> None:
    """Follow aws_rds.md 1.10."""
    source = copied(rds, automated(rds, "catalog")["DBSnapshotArn"], Tags=[{"Key": "who", "Value": "me"}])
    plain = copied(rds, source["DBSnapshotArn"])
    same = copied(rds, source["DBSnapshotArn"], CopyTags=True)
    other = copied(rds, source["DBSnapshotArn"], CopyTags=True, Tags=[{"Key": "why", "Value": "so"}])
    assert plain["TagList"] == []
    assert same["TagList"] == [{"Key": "who", "Value": "me"}]
    assert other["TagList"] == [{"Key": "why", "Value": "so"}]


def test_tags_do_not_cross_accounts(rds: Any, dr: Any, dr_here: Any) -> None:
    """Follow aws_rds.md 1.10."""
    source = copied(rds, automated(rds, "catalog")["DBSnapshotArn"], Tags=[{"Key": "who", "Value": "me"}])
    share(rds, source["DBSnapshotIdentifier"], DR)
    assert snapshot(dr_here, source["DBSnapshotArn"])["TagList"] == []
    assert copied(dr, source["DBSnapshotArn"], CopyTags=True)["TagList"] == []
    foreign = code_of(dr_here.list_tags_for_resource, ResourceName=source["DBSnapshotArn"])
    assert foreign == "DBSnapshotNotFound"


def test_tags_can_be_listed_added_and_removed(rds: Any) -> None:
    arn = copied(rds, automated(rds, "catalog")["DBSnapshotArn"])["DBSnapshotArn"]
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["a"])
    assert rds.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "b", "Value": "2"}]
    wrong = code_of(rds.add_tags_to_resource, ResourceName=arn, Tags=[{"Key": "aws:x", "Value": "1"}])
    assert wrong == "InvalidParameterValue"


def test_a_database_may_pass_its_tags_on(rds: Any) -> None:
    """Follow aws_rds.md 1.10, 1.12."""
    rds.modify_db_cluster(DBClusterIdentifier="events", CopyTagsToSnapshot=True)
    names = fresh("tagged"), fresh("own")
    rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=names[0], DBClusterIdentifier="events")
    rds.create_db_cluster_snapshot(
        DBClusterSnapshotIdentifier=names[1], DBClusterIdentifier="events", Tags=[{"Key": "own", "Value": "x"}]
    )
    rds.modify_db_cluster(DBClusterIdentifier="events", CopyTagsToSnapshot=False)
    found = [until(lambda name=name: done(cluster_snapshot(rds, name)))["TagList"] for name in names]
    assert found == [[{"Key": "app", "Value": "shop"}], [{"Key": "own", "Value": "x"}]]


def test_the_quota_counts_manual_snapshots_only(lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 4."""
    source = automated(rds, "catalog")["DBSnapshotArn"]
    attributes = rds.describe_account_attributes()["AccountQuotas"]
    used = {row["AccountQuotaName"]: row["Used"] for row in attributes}["ManualSnapshots"]
    with settings(lab, quotas={"manual_snapshots": used + 1}):
        copied(rds, source)
        with pytest.raises(rds.exceptions.SnapshotQuotaExceededFault, match="Cannot create more than"):
            copied(rds, source)


def test_too_many_copies_at_once_have_the_same_code_and_another_message(lab: Lab, rds: Any) -> None:
    there = lab.client("production", "rds", "eu-central-1")
    source = automated(rds, "catalog")["DBSnapshotArn"]
    with settings(lab, quotas={"snapshot_copies": 1}, scale=600):
        first = fresh("copy")
        there.copy_db_snapshot(SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=first)
        with pytest.raises(there.exceptions.SnapshotQuotaExceededFault, match="Cannot copy more than 1 snapshots"):
            there.copy_db_snapshot(SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=fresh("copy"))
    there.delete_db_snapshot(DBSnapshotIdentifier=first)


def test_deleting_a_copy_in_flight_cancels_it(lab: Lab, rds: Any) -> None:
    name = fresh("cancelled")
    with settings(lab, scale=100):
        rds.copy_db_snapshot(
            SourceDBSnapshotIdentifier=automated(rds, "billing")["DBSnapshotArn"], TargetDBSnapshotIdentifier=name
        )
        assert rds.delete_db_snapshot(DBSnapshotIdentifier=name)["DBSnapshot"]["Status"] == "deleted"
    assert code_of(rds.describe_db_snapshots, DBSnapshotIdentifier=name) == "DBSnapshotNotFound"


def test_a_copy_fails_when_its_source_goes_away(lab: Lab, rds: Any) -> None:
    source = copied(rds, automated(rds, "billing")["DBSnapshotArn"])
    name = fresh("orphan")
    with settings(lab, scale=1500):
        rds.copy_db_snapshot(SourceDBSnapshotIdentifier=source["DBSnapshotArn"], TargetDBSnapshotIdentifier=name)
        rds.delete_db_snapshot(DBSnapshotIdentifier=source["DBSnapshotIdentifier"])
    assert until(lambda: done(snapshot(rds, name)))["Status"] == "failed"


def test_lists_come_by_page(lab: Lab, rds: Any) -> None:
    there = lab.client("production", "rds", "ap-south-1")
    source = automated(rds, "catalog")["DBSnapshotArn"]
    with settings(lab, durations={"copy": 0, "copy_gib": 0}, quotas={"snapshot_copies": 100}):
        names = {copied(there, source)["DBSnapshotIdentifier"] for _turn in range(23)}
    first = there.describe_db_snapshots(MaxRecords=20)
    rest = there.describe_db_snapshots(MaxRecords=20, Marker=first["Marker"])
    assert (len(first["DBSnapshots"]), len(rest["DBSnapshots"]), "Marker" in rest) == (20, 3, False)
    assert {row["DBSnapshotIdentifier"] for row in first["DBSnapshots"] + rest["DBSnapshots"]} == names
    pages = there.get_paginator("describe_db_snapshots").paginate(PaginationConfig={"PageSize": 20})
    assert sum(len(page["DBSnapshots"]) for page in pages) == 23


@pytest.mark.parametrize("size", [19, 101])
@pytest.mark.parametrize("operation", ["db_snapshots", "db_cluster_snapshots", "db_instances", "db_clusters"])
def test_a_page_has_20_to_100_rows(rds: Any, operation: str, size: int) -> None:
    """Follow aws_rds.md 3."""
    assert code_of(getattr(rds, f"describe_{operation}"), MaxRecords=size) == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("db-instance-id", "orders", {"orders"}),
        ("db-instance-id", f"arn:aws:rds:us-west-2:{PRODUCTION}:db:orders", {"orders"}),
        ("snapshot-type", "automated", {"orders", "billing", "catalog"}),
        ("engine", "mysql", set()),
    ],
)
def test_snapshot_filters(rds: Any, name: str, value: str, expected: set[str]) -> None:
    rows = rds.describe_db_snapshots(SnapshotType="automated", Filters=[{"Name": name, "Values": [value]}])
    shop = {"orders", "billing", "catalog"}
    assert {row["DBInstanceIdentifier"] for row in rows["DBSnapshots"]} & shop == expected


def test_filters_by_snapshot_and_by_resource_id(rds: Any) -> None:
    row = automated(rds, "orders")
    for name, value in (("db-snapshot-id", row["DBSnapshotIdentifier"]), ("dbi-resource-id", row["DbiResourceId"])):
        found = rds.describe_db_snapshots(Filters=[{"Name": name, "Values": [value, "other"]}])["DBSnapshots"]
        assert {each["DBInstanceIdentifier"] for each in found} == {"orders"}
    cluster_row = automated_cluster(rds, "events")
    found = rds.describe_db_cluster_snapshots(
        Filters=[{"Name": "db-cluster-snapshot-id", "Values": [cluster_row["DBClusterSnapshotArn"]]}]
    )["DBClusterSnapshots"]
    assert [each["DBClusterSnapshotIdentifier"] for each in found] == [cluster_row["DBClusterSnapshotIdentifier"]]


def test_an_unknown_filter_is_refused(rds: Any) -> None:
    wrong = [{"Name": "color", "Values": ["red"]}]
    assert code_of(rds.describe_db_snapshots, Filters=wrong) == "InvalidParameterValue"


def test_snapshots_are_found_by_arn_in_their_own_region_only(lab: Lab, rds: Any) -> None:
    arn = automated(rds, "orders")["DBSnapshotArn"]
    assert snapshot(rds, arn, SnapshotType="automated")["DBSnapshotArn"] == arn
    elsewhere = lab.client("production", "rds", "eu-west-1")
    assert code_of(elsewhere.describe_db_snapshots, DBSnapshotIdentifier=arn) == "DBSnapshotNotFound"


def test_an_automated_snapshot_that_is_named_needs_its_type(lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 3."""
    name = automated(rds, "orders")["DBSnapshotIdentifier"]
    assert code_of(snapshot, client=rds, name=name) == "InvalidParameterCombination"
    with settings(lab, rules={"automated_needs_type": False}):
        assert snapshot(rds, name)["DBSnapshotIdentifier"] == name


def test_a_database_that_is_named_must_exist(lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 3: for what is gone there are resource ids and filters."""
    assert code_of(rds.describe_db_snapshots, DBInstanceIdentifier="gone") == "DBInstanceNotFound"
    assert rds.describe_db_snapshots(DBInstanceIdentifier="gone", SnapshotType="shared")["DBSnapshots"] == []
    with settings(lab, rules={"database_name_must_exist": False}):
        assert rds.describe_db_snapshots(DBInstanceIdentifier="gone")["DBSnapshots"] == []


def test_times_are_wall_time(rds: Any) -> None:
    taken = copied(rds, automated(rds, "catalog")["DBSnapshotArn"])["SnapshotCreateTime"]
    assert abs(datetime.now(timezone.utc) - taken) < timedelta(seconds=5)


def test_concurrent_requests_leave_a_consistent_world(lab: Lab, rds: Any) -> None:
    there = lab.client("production", "rds", "eu-north-1")
    source = automated(rds, "catalog")["DBSnapshotArn"]

    def race(number: int) -> str:
        name = f"race-{number % 20}"
        try:
            there.copy_db_snapshot(SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=name)
        except there.exceptions.DBSnapshotAlreadyExistsFault:
            return "exists"
        return "made"

    with (
        settings(lab, durations={"copy": 0, "copy_gib": 0}, quotas={"snapshot_copies": 100}),
        ThreadPoolExecutor(12) as pool,
    ):
        outcomes = list(pool.map(race, range(60)))
    assert outcomes.count("made") == 20
    assert len(there.describe_db_snapshots()["DBSnapshots"]) == 20


def test_a_shared_cluster_snapshot_is_copied_across_account_and_region_in_one_call(
    rds: Any, dr: Any, open_key: str, dr_key: str
) -> None:
    mine = cluster_copied(rds, automated_cluster(rds, "events")["DBClusterSnapshotArn"], KmsKeyId=open_key)
    share_cluster(rds, mine["DBClusterSnapshotIdentifier"], DR)
    copy = cluster_copied(dr, mine["DBClusterSnapshotArn"], KmsKeyId=dr_key, SourceRegion="us-west-2")
    assert copy["KmsKeyId"] == dr_key
    assert copy["SourceDBClusterSnapshotArn"] == mine["DBClusterSnapshotArn"]
