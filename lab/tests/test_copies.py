# SPDX-License-Identifier: GPL-3.0-or-later
"""Test copies (aws_rds.md 1): fields, turns, amounts, limits, cancellation, in a lab whose clock is advanced."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from bare import LONG, Bare
from helpers import DR, PRODUCTION, cluster_snapshot, code_of, make_key, message_of, settings, snapshot  # fmt: skip
from lifeboat_lab.testing import fresh

FULL, INCREMENTAL = 300 + 20 * 45, 300 + 2 * 45


def test_progress_and_creation_time(bare: Bare) -> None:
    """Follow aws_rds.md 1.9: no SnapshotCreateTime while in progress, PercentProgress moves, then 100."""
    name = bare.copy(bare.sow(1)[0])
    early = bare.snapshot(name)
    bare.advance(FULL / 2)
    middle = bare.snapshot(name)
    bare.advance(FULL / 2 + 1)
    late = bare.snapshot(name)
    assert (early["Status"], early["PercentProgress"], "SnapshotCreateTime" in early) == ("copying", 0, False)
    assert (middle["Status"], 45 <= middle["PercentProgress"] <= 55) == ("copying", True)
    assert (late["Status"], late["PercentProgress"]) == ("available", 100)
    assert late["SnapshotCreateTime"] > late["OriginalSnapshotCreateTime"]
    assert late["OriginalSnapshotCreateTime"] == early["OriginalSnapshotCreateTime"]


def test_a_snapshot_in_the_making_has_neither_of_its_times(bare: Bare) -> None:
    """Follow aws_rds.md 1.9."""
    database = bare.sow_database()
    name = fresh("made")
    made = bare.rds.create_db_snapshot(DBInstanceIdentifier=database, DBSnapshotIdentifier=name)["DBSnapshot"]
    assert made["Status"] == "creating"
    assert not {"SnapshotCreateTime", "OriginalSnapshotCreateTime", "SnapshotDatabaseTime"} & set(made)
    bare.advance(1000)
    done = bare.snapshot(name)
    assert done["SnapshotDatabaseTime"] < done["OriginalSnapshotCreateTime"] == done["SnapshotCreateTime"]


def test_copies_of_one_database_wait_for_each_other_and_move_up(bare: Bare) -> None:
    """Follow aws_rds.md 1.6: one after the other, no progress while queued."""
    first, second, third = (bare.copy(source) for source in bare.sow(3))
    bare.advance(FULL / 2)
    assert [bare.snapshot(name)["PercentProgress"] > 0 for name in (first, second, third)] == [True, False, False]
    bare.rds.delete_db_snapshot(DBSnapshotIdentifier=second)
    bare.advance(FULL / 2 + 1)
    bare.advance(INCREMENTAL / 2)
    assert bare.snapshot(first)["Status"] == "available"
    assert bare.snapshot(third)["PercentProgress"] > 0


def test_copies_of_one_database_to_two_regions_do_not_wait_for_each_other(bare: Bare) -> None:
    source = bare.sow(1)[0]
    there = bare.lab.client("production", "rds", "eu-west-1")
    names = bare.copy(source), bare.copy(source, there)
    bare.advance(FULL / 2)
    assert bare.snapshot(names[0])["PercentProgress"] > 0
    assert snapshot(there, names[1])["PercentProgress"] > 0


@pytest.mark.parametrize(
    ("between", "seconds"),
    [
        pytest.param("nothing", INCREMENTAL, id="the newest copy is there"),
        pytest.param("newest copy deleted", FULL, id="the newest copy is gone"),
        pytest.param("another key", FULL, id="the key changes"),
    ],
)
def test_a_copy_is_incremental_while_its_anchor_stays(bare: Bare, between: str, seconds: float) -> None:
    """Follow aws_rds.md 1.7: to another Region, in the same account."""
    there = bare.lab.client("production", "rds", "eu-west-1")
    older, middle, newer = sorted(bare.sow(3))
    for source in (older, middle):
        kept = bare.copy(source, there)
        bare.advance(FULL + 1)
    if between == "newest copy deleted":
        there.delete_db_snapshot(DBSnapshotIdentifier=kept)
    more = {"KmsKeyId": "alias/aws/rds"} if between == "another key" else {}
    last = bare.copy(newer, there, **more)
    bare.advance(seconds - 5)
    assert snapshot(there, last)["Status"] == "copying"
    bare.advance(10)
    assert snapshot(there, last)["Status"] == "available"


def test_the_first_copy_of_a_copy_is_full_as_its_source_is(bare: Bare) -> None:
    """Follow aws_rds.md 1.7 and question 6 of 13: a copy has the type of its source."""
    sources = sorted(bare.sow(3))
    dr = bare.lab.client("production_dr", "rds", "us-west-2")
    taken = []
    for source in sources:
        name = bare.copy(source)
        bare.advance(FULL + 1)
        bare.share(name)
        taken.append(_seconds_of(bare, dr, bare.arn(name)))
    assert [round(each, -2) for each in taken] == [round(each, -2) for each in (FULL, INCREMENTAL, INCREMENTAL)]


def _seconds_of(bare: Bare, client: Any, source: str) -> float:
    """Measure how long a copy takes, to 20 seconds."""
    name = bare.copy(source, client)
    for turn in range(1, 100):
        bare.advance(20)
        if snapshot(client, name)["Status"] == "available":
            return turn * 20
    raise AssertionError("not within 2000 s")


@pytest.mark.parametrize(("rule", "seconds"), [(False, FULL), (True, INCREMENTAL)])
def test_whether_a_single_step_is_incremental_is_a_switch(bare: Bare, rule: bool, seconds: float) -> None:
    """Cover question 7 of aws_rds.md 13."""
    dr = bare.lab.client("production_dr", "rds", "us-east-1")
    sources = [bare.own_copy(source) for source in sorted(bare.sow(3))]
    for name in sources:
        bare.share(name)
    with settings(bare.lab, rules={"single_step_incremental": rule}):
        taken = [_seconds_of(bare, dr, bare.arn(name)) for name in sources[1:]]
    assert round(taken[0], -2) == round(FULL, -2)
    assert round(taken[1], -2) == round(seconds, -2)


def test_aurora_moves_only_changes_across_regions(bare: Bare) -> None:
    """Follow aws_rds.md 1.7: transfer is incremental, in its own Region every copy is a full one."""
    there = bare.lab.client("production", "rds", "eu-west-1")
    sources = sorted(bare.sow(2, engine="aurora-postgresql"))
    for source, seconds in zip(sources, (FULL, INCREMENTAL), strict=True):
        name = bare.copy_cluster(source, there)
        bare.advance(seconds - 5)
        assert cluster_snapshot(there, name)["Status"] == "copying"
        bare.advance(10)
        assert cluster_snapshot(there, name)["Status"] == "available"


@pytest.mark.parametrize("keeps", [True, False])
def test_whether_a_cluster_copy_keeps_its_time_is_a_switch(bare: Bare, keeps: bool) -> None:
    """Cover question 10 of aws_rds.md 13."""
    source = bare.sow(1, engine="aurora-postgresql")[0]
    with settings(bare.lab, rules={"cluster_copy_keeps_time": keeps}):
        name = bare.copy_cluster(source)
        bare.advance(FULL + 1)
    same = cluster_snapshot(bare.rds, name)["SnapshotCreateTime"] == bare.cluster_snapshot(source)["SnapshotCreateTime"]
    assert same is keeps


@pytest.mark.parametrize("keeps", [False, True])
def test_whether_a_copy_keeps_the_resource_id_is_a_switch(bare: Bare, keeps: bool) -> None:
    """Cover question 17 of aws_rds.md 13."""
    there = bare.lab.client("production", "rds", "eu-west-1")
    cluster, instance = bare.sow(1, engine="aurora-postgresql")[0], bare.own_copy(bare.sow(1)[0])
    copies = bare.copy_cluster(cluster), bare.copy(bare.arn(instance), there)
    bare.advance(FULL + 1)
    rules = {"cluster_copy_keeps_resource_id": keeps, "instance_copy_keeps_resource_id": keeps}
    with settings(bare.lab, rules=rules):
        assert ("DbClusterResourceId" in cluster_snapshot(bare.rds, copies[0])) is keeps
        assert ("DbiResourceId" in snapshot(there, copies[1])) is keeps


def test_what_a_copy_on_its_way_to_another_region_lacks_it_shows_in_the_end(bare: Bare) -> None:
    """Follow aws_rds.md 1.9, as recorded; within its Region it shows the resource ID from the beginning."""
    there = bare.lab.client("production", "rds", "eu-west-1")
    lacking = {"DbiResourceId", "OptionGroupName", "SnapshotCreateTime", "OriginalSnapshotCreateTime"}
    source = bare.own_copy(bare.sow(1)[0])
    far = bare.copy(bare.arn(source), there)
    assert not lacking & snapshot(there, far).keys()
    bare.advance(FULL + 1)
    assert lacking <= snapshot(there, far).keys()
    near = bare.copy(source)
    assert "DbiResourceId" in bare.snapshot(near)


@pytest.mark.parametrize("differs", [False, True])
def test_whether_the_storage_of_an_aurora_copy_differs_is_a_switch(bare: Bare, differs: bool) -> None:
    """Cover question 18 of aws_rds.md 13."""
    source = bare.sow(1, engine="aurora-postgresql")[0]
    copy = bare.copy_cluster(source)
    with settings(bare.lab, rules={"aurora_storage_differs": differs}):
        same = cluster_snapshot(bare.rds, copy)["AllocatedStorage"] == bare.cluster_snapshot(source)["AllocatedStorage"]
    assert same is not differs


def test_a_copy_of_a_copy_names_the_copy(bare: Bare) -> None:
    """Follow aws_rds.md 1.9, as recorded: every copy names its source."""
    there = bare.lab.client("production", "rds", "eu-west-1")
    first = bare.own_copy(bare.sow(1)[0])
    second = bare.copy(bare.arn(first), there)
    assert snapshot(there, second)["SourceDBSnapshotIdentifier"] == bare.arn(first)
    bare.advance(FULL + 1)
    third = bare.copy(snapshot(there, second)["DBSnapshotArn"], there)
    row = snapshot(there, third)
    assert (row["SourceDBSnapshotIdentifier"], row["SourceRegion"]) == (
        snapshot(there, second)["DBSnapshotArn"],
        "eu-west-1",
    )
    assert row["OriginalSnapshotCreateTime"] == bare.snapshot(first)["OriginalSnapshotCreateTime"]


def test_instances_and_clusters_have_limits_of_their_own(bare: Bare) -> None:
    """Follow aws_rds.md 1.6, question 3 of 13: 20 and 5 in flight, with a message that is not the quota's."""
    there = bare.lab.client("production", "rds", "sa-east-1")
    instances, clusters = bare.sow_many(22), bare.sow_many(7, engine="aurora-postgresql")
    for source in instances[:20]:
        bare.copy(source, there)
    for source in clusters[:5]:
        bare.copy_cluster(source, there)
    code, message = message_of(
        there.copy_db_snapshot, SourceDBSnapshotIdentifier=instances[20], TargetDBSnapshotIdentifier=fresh("more")
    )
    assert (code, message) == ("SnapshotQuotaExceeded", "Cannot copy more than 20 snapshots across regions")
    cluster_copy = {
        "SourceDBClusterSnapshotIdentifier": clusters[5],
        "TargetDBClusterSnapshotIdentifier": fresh("more"),
    }
    assert message_of(there.copy_db_cluster_snapshot, **cluster_copy)[1].startswith("Cannot copy more than 5 ")
    with settings(bare.lab, rules={"one_copy_limit": True}, quotas={"snapshot_copies": 26}):
        bare.copy_cluster(clusters[5], there)
        refused = message_of(
            there.copy_db_cluster_snapshot,
            SourceDBClusterSnapshotIdentifier=clusters[6],
            TargetDBClusterSnapshotIdentifier=fresh("more"),
        )
    assert refused == ("SnapshotQuotaExceeded", "Cannot copy more than 26 snapshots across regions")


def test_the_limit_is_of_the_account_that_calls(bare: Bare) -> None:
    """Follow aws_rds.md 1.6."""
    name = bare.own_copy(bare.sow(1)[0])
    bare.share(name)
    with settings(bare.lab, quotas={"snapshot_copies": 1}):
        for profile in ("production", "production_dr"):
            assert bare.copy(bare.arn(name), bare.lab.client(profile, "rds", "ap-northeast-1"))


def test_a_copy_fails_at_once_when_its_source_goes(bare: Bare) -> None:
    """Follow aws_rds.md 1.1: deleting the source before the target is available may fail the copy."""
    source = bare.own_copy(bare.sow(1)[0])
    name = bare.copy(bare.arn(source))
    bare.advance(FULL / 2)
    bare.rds.delete_db_snapshot(DBSnapshotIdentifier=source)
    assert (bare.snapshot(name)["Status"], bare.snapshot(name)["PercentProgress"]) == ("failed", 0)


def test_cancelling_is_deleting(bare: Bare) -> None:
    """Follow aws_rds.md 1.6."""
    name = bare.copy(bare.sow(1)[0])
    assert bare.rds.delete_db_snapshot(DBSnapshotIdentifier=name)["DBSnapshot"]["Status"] == "deleted"
    assert code_of(bare.rds.describe_db_snapshots, DBSnapshotIdentifier=name) == "DBSnapshotNotFound"


@pytest.mark.parametrize(
    ("here", "there"),
    [("us-west-2", "cn-north-1"), ("us-west-2", "us-gov-west-1"), ("cn-north-1", "cn-northwest-1")],
)
def test_some_borders_are_not_crossed(bare: Bare, here: str, there: str) -> None:
    """Follow aws_rds.md 1.5."""
    source = bare.sow(1, region=here)[0]
    refused = code_of(
        bare.lab.client("production", "rds", there).copy_db_snapshot,
        SourceDBSnapshotIdentifier=source,
        TargetDBSnapshotIdentifier=fresh("copy"),
    )
    assert refused == "InvalidParameterValue"


def test_govcloud_east_and_west_may_exchange(bare: Bare) -> None:
    """Follow aws_rds.md 1.5."""
    assert bare.copy(bare.sow(1, region="us-gov-west-1")[0], bare.lab.client("production", "rds", "us-gov-east-1"))


def test_an_encrypted_source_may_have_to_be_named_by_arn(bare: Bare) -> None:
    """Cover question 12 of aws_rds.md 13."""
    source = bare.sow(1, key="alias/aws/rds")[0].split(":", 6)[-1]
    bare.copy(source)
    with settings(bare.lab, rules={"encrypted_copy_needs_arn": True}):
        refused = code_of(
            bare.rds.copy_db_snapshot, SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=fresh("copy")
        )
    assert refused == "InvalidParameterValue"


def test_copy_tags_across_accounts_is_ignored_or_refused(bare: Bare) -> None:
    """Cover question 9 of aws_rds.md 13."""
    name = bare.own_copy(bare.sow(1, tags={"a": "b"})[0], CopyTags=True)
    assert bare.snapshot(name)["TagList"] == [{"Key": "a", "Value": "b"}]
    bare.share(name)
    dr = bare.lab.client("production_dr", "rds", "us-west-2")
    assert snapshot(dr, bare.copy(bare.arn(name), dr, CopyTags=True))["TagList"] == []
    with settings(bare.lab, rules={"copy_tags_across_accounts": "refused"}):
        refused = code_of(
            dr.copy_db_snapshot,
            SourceDBSnapshotIdentifier=bare.arn(name), TargetDBSnapshotIdentifier=fresh("copy"), CopyTags=True,
        )  # fmt: skip
    assert refused == "InvalidParameterCombination"


def test_tags_of_shared_snapshots_are_hidden_or_shown(bare: Bare) -> None:
    """Cover question 11 of aws_rds.md 13."""
    name = bare.own_copy(bare.sow(1, tags={"a": "b"})[0], CopyTags=True)
    bare.share(name)
    dr = bare.lab.client("production_dr", "rds", "us-west-2")
    hidden = snapshot(dr, bare.arn(name))["TagList"]
    with settings(bare.lab, rules={"shared_tags_visible": True}):
        assert (hidden, snapshot(dr, bare.arn(name))["TagList"]) == ([], [{"Key": "a", "Value": "b"}])


def test_rds_custom_is_copied_nowhere_or_to_another_region(bare: Bare) -> None:
    """Cover question 16 of aws_rds.md 13."""
    source = bare.sow(1, engine="custom-sqlserver-ee")[0]
    there = bare.lab.client("production", "rds", "eu-west-1")
    words = {"SourceDBSnapshotIdentifier": source, "TargetDBSnapshotIdentifier": fresh("copy")}
    assert code_of(there.copy_db_snapshot, **words) == "InvalidParameterCombination"
    with settings(bare.lab, rules={"rds_custom_copies": True}):
        assert code_of(bare.rds.copy_db_snapshot, **words) == "InvalidParameterCombination"
        assert there.copy_db_snapshot(**words)


def test_encrypting_a_cluster_snapshot_by_copy_is_refused_or_done(bare: Bare) -> None:
    """Cover question 4 of aws_rds.md 13, and 1.3."""
    source = bare.sow(1, engine="aurora-postgresql")[0]
    key = make_key(bare.lab.client("production", "kms"), PRODUCTION)
    words = {"SourceDBClusterSnapshotIdentifier": source, "KmsKeyId": key}
    refused = code_of(bare.rds.copy_db_cluster_snapshot, TargetDBClusterSnapshotIdentifier=fresh("copy"), **words)
    assert refused == "InvalidParameterCombination"
    with settings(bare.lab, rules={"encrypt_cluster_by_copy": True}):
        row = bare.rds.copy_db_cluster_snapshot(TargetDBClusterSnapshotIdentifier=fresh("copy"), **words)
    assert row["DBClusterSnapshot"]["KmsKeyId"] == key


def test_storage_under_a_key_that_aws_owns(bare: Bare) -> None:
    """Follow aws_rds.md 0 item 3, 1.9, question 8 of 13."""
    source = bare.sow(1, engine="aurora-postgresql", key="sse-rds")[0]
    row = bare.cluster_snapshot(source)
    assert (row["StorageEncryptionType"], row["StorageEncrypted"], "KmsKeyId" in row) == ("sse-rds", True, False)
    mine = bare.copy_cluster(source)
    bare.advance(FULL + 1)
    assert cluster_snapshot(bare.rds, mine)["StorageEncryptionType"] == "sse-rds"
    share = {"DBClusterSnapshotIdentifier": mine, "AttributeName": "restore", "ValuesToAdd": [DR]}
    refused = code_of(bare.rds.modify_db_cluster_snapshot_attribute, **share)
    assert refused == "InvalidDBClusterSnapshotStateFault"
    with settings(bare.lab, rules={"sse_rds_shareable": True}):
        bare.rds.modify_db_cluster_snapshot_attribute(**share)
    there = bare.lab.client("production", "rds", "eu-west-1")
    words = {"SourceDBClusterSnapshotIdentifier": row["DBClusterSnapshotArn"]}
    refused = code_of(there.copy_db_cluster_snapshot, TargetDBClusterSnapshotIdentifier=fresh("copy"), **words)
    assert refused == "KMSKeyNotAccessibleFault"
    with settings(bare.lab, rules={"sse_rds_copy_needs_key": False}):
        assert there.copy_db_cluster_snapshot(TargetDBClusterSnapshotIdentifier=fresh("copy"), **words)
    key = make_key(bare.lab.client("production", "kms"), PRODUCTION)
    again = bare.copy_cluster(source, KmsKeyId=key)
    assert cluster_snapshot(bare.rds, again)["StorageEncryptionType"] == "sse-kms"


def test_snapshots_of_multi_az_db_clusters_stay_where_they_are(bare: Bare) -> None:
    """Follow aws_rds.md 0 item 2, 2, question 5 of 13."""
    source = bare.sow(1, engine="mysql", kind="cluster", type="manual")[0]
    name = bare.cluster_snapshot(source)["DBClusterSnapshotIdentifier"]
    words = {"SourceDBClusterSnapshotIdentifier": source, "TargetDBClusterSnapshotIdentifier": fresh("copy")}
    share = {"DBClusterSnapshotIdentifier": name, "AttributeName": "restore", "ValuesToAdd": [DR]}
    refused = "InvalidDBClusterSnapshotStateFault"
    assert code_of(bare.rds.copy_db_cluster_snapshot, **words) == refused
    assert code_of(bare.rds.modify_db_cluster_snapshot_attribute, **share) == refused
    with settings(bare.lab, rules={"multi_az_cluster_snapshots_travel": True}):
        bare.rds.copy_db_cluster_snapshot(**words)
        bare.rds.modify_db_cluster_snapshot_attribute(**share)


def test_one_step_for_clusters_is_a_switch_of_its_own(bare: Bare) -> None:
    """Cover question 2 of aws_rds.md 13."""
    mine = bare.copy_cluster(bare.sow(1, engine="aurora-postgresql")[0])
    bare.advance(LONG)
    bare.rds.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier=mine, AttributeName="restore", ValuesToAdd=[DR]
    )
    dr = bare.lab.client("production_dr", "rds", "us-east-1")
    source = f"arn:aws:rds:us-west-2:{PRODUCTION}:cluster-snapshot:{mine}"
    with settings(bare.lab, rules={"single_step_clusters": False}):
        assert code_of(bare.copy_cluster, source=source, client=dr) == "InvalidParameterValue"
    assert bare.copy_cluster(source, dr)


@pytest.mark.parametrize("rule", [True, False])
def test_whether_a_copy_of_a_copy_is_incremental_is_a_switch(bare: Bare, rule: bool) -> None:
    """Cover question 6 of aws_rds.md 13."""
    there = bare.lab.client("production", "rds", "eu-west-1")
    sources = [bare.own_copy(source) for source in sorted(bare.sow(3))]
    with settings(bare.lab, rules={"copy_of_copy_incremental": rule}):
        taken = [_seconds_of(bare, there, bare.arn(name)) for name in sources[1:]]
    assert round(taken[1], -2) == round(INCREMENTAL if rule else FULL, -2)


@pytest.mark.parametrize("rule", [False, True])
def test_whether_a_finished_cluster_copy_raises_an_event_is_a_switch(bare: Bare, rule: bool) -> None:
    """Cover question 13 of aws_rds.md 13: none is documented."""
    with settings(bare.lab, rules={"cluster_copy_event": rule}):
        name = bare.copy_cluster(bare.sow(1, engine="aurora-postgresql")[0])
        bare.advance(LONG)
    events = bare.rds.describe_events(
        SourceType="db-cluster-snapshot", SourceIdentifier=name, StartTime=0, EndTime=4_000_000_000
    )["Events"]  # fmt: skip
    assert [event["Message"] for event in events] == (["Manual cluster snapshot created"] if rule else [])


NOWHERE = "no-such-thing"


@pytest.mark.parametrize(
    ("operation", "words", "code", "status"),
    [
        ("create_db_snapshot", {"DBInstanceIdentifier": NOWHERE, "DBSnapshotIdentifier": "x"},
         "DBInstanceNotFound", 404),
        ("create_db_cluster_snapshot", {"DBClusterIdentifier": NOWHERE, "DBClusterSnapshotIdentifier": "x"},
         "DBClusterNotFoundFault", 404),
        ("copy_db_snapshot", {"SourceDBSnapshotIdentifier": NOWHERE, "TargetDBSnapshotIdentifier": "x"},
         "DBSnapshotNotFound", 404),
        ("copy_db_cluster_snapshot",
         {"SourceDBClusterSnapshotIdentifier": NOWHERE, "TargetDBClusterSnapshotIdentifier": "x"},
         "DBClusterSnapshotNotFoundFault", 404),
        ("delete_db_snapshot", {"DBSnapshotIdentifier": NOWHERE}, "DBSnapshotNotFound", 404),
        ("delete_db_cluster_snapshot", {"DBClusterSnapshotIdentifier": NOWHERE}, "DBClusterSnapshotNotFoundFault", 404),
        ("modify_db_snapshot_attribute", {"DBSnapshotIdentifier": NOWHERE, "AttributeName": "restore"},
         "DBSnapshotNotFound", 404),
        ("modify_db_cluster_snapshot_attribute", {"DBClusterSnapshotIdentifier": NOWHERE, "AttributeName": "restore"},
         "DBClusterSnapshotNotFoundFault", 404),
    ],
)  # fmt: skip
def test_what_is_not_there_has_the_code_of_the_documents(
    bare: Bare, operation: str, words: dict[str, Any], code: str, status: int
) -> None:
    """Follow aws_rds.md 1.11: mind where Fault is part of the code."""
    with pytest.raises(ClientError) as caught:
        getattr(bare.rds, operation)(**words)
    response = caught.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)


def test_what_is_there_already_has_the_code_of_the_documents(bare: Bare) -> None:
    """Follow aws_rds.md 1.11."""
    name = bare.copy(bare.sow(1)[0])
    words = {"SourceDBSnapshotIdentifier": bare.sow(1)[0], "TargetDBSnapshotIdentifier": name}
    assert code_of(bare.rds.copy_db_snapshot, **words) == "DBSnapshotAlreadyExists"
    source = bare.sow(1, engine="aurora-postgresql")[0]
    name = bare.copy_cluster(source)
    words = {"SourceDBClusterSnapshotIdentifier": source, "TargetDBClusterSnapshotIdentifier": name}
    assert code_of(bare.rds.copy_db_cluster_snapshot, **words) == "DBClusterSnapshotAlreadyExistsFault"


def test_what_is_busy_has_the_code_of_the_documents(bare: Bare) -> None:
    """Follow aws_rds.md 1.11, 1.12."""
    name = bare.copy(bare.sow(1)[0])
    assert code_of(bare.copy, source=name) == "InvalidDBSnapshotState"
    cluster_name = bare.copy_cluster(bare.sow(1, engine="aurora-postgresql")[0])
    assert code_of(bare.copy_cluster, source=cluster_name) == "InvalidDBClusterSnapshotStateFault"
    database, made = bare.sow_database(), fresh("made")
    bare.rds.create_db_snapshot(DBInstanceIdentifier=database, DBSnapshotIdentifier=made)
    again = {"DBInstanceIdentifier": database, "DBSnapshotIdentifier": fresh("made")}
    assert code_of(bare.rds.create_db_snapshot, **again) == "InvalidDBInstanceState"
    assert code_of(bare.rds.delete_db_snapshot, DBSnapshotIdentifier=made) == "InvalidDBSnapshotState"
