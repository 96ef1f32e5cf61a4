# SPDX-License-Identifier: GPL-3.0-or-later
"""Test sharing snapshots with other accounts."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import (  # fmt: skip
    DR,
    PRODUCTION,
    STRANGER,
    automated,
    automated_cluster,
    cluster_copied,
    code_of,
    copied,
    share,
    share_cluster,
    snapshot,
)
from lifeboat_lab import Lab


@pytest.fixture
def plain(rds: Any) -> dict[str, Any]:
    """Take an unencrypted manual snapshot."""
    return copied(rds, automated(rds, "catalog")["DBSnapshotArn"])


def shared_with(client: Any, name: str) -> list[str]:
    result = client.describe_db_snapshot_attributes(DBSnapshotIdentifier=name)["DBSnapshotAttributesResult"]
    return {row["AttributeName"]: row["AttributeValues"] for row in result["DBSnapshotAttributes"]}["restore"]


def refusal(client: Any, name: str, *accounts: str) -> str:
    return code_of(
        client.modify_db_snapshot_attribute,
        DBSnapshotIdentifier=name,
        AttributeName="restore",
        ValuesToAdd=list(accounts),
    )


def test_an_account_is_listed_once_however_often_it_is_added(rds: Any, plain: dict[str, Any]) -> None:
    share(rds, plain["DBSnapshotIdentifier"], DR)
    share(rds, plain["DBSnapshotIdentifier"], DR, STRANGER)
    assert shared_with(rds, plain["DBSnapshotIdentifier"]) == [DR, STRANGER]


def test_a_share_can_be_taken_back(rds: Any, dr_here: Any, plain: dict[str, Any]) -> None:
    share(rds, plain["DBSnapshotIdentifier"], DR)
    assert snapshot(dr_here, plain["DBSnapshotArn"])
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier=plain["DBSnapshotIdentifier"], AttributeName="restore", ValuesToRemove=[DR]
    )
    assert shared_with(rds, plain["DBSnapshotIdentifier"]) == []
    assert code_of(dr_here.describe_db_snapshots, DBSnapshotIdentifier=plain["DBSnapshotArn"]) == "DBSnapshotNotFound"


def test_no_more_than_20_accounts(rds: Any, plain: dict[str, Any]) -> None:
    accounts = [f"{number:012d}" for number in range(21)]
    assert refusal(rds, plain["DBSnapshotIdentifier"], *accounts) == "SharedSnapshotQuotaExceeded"
    assert shared_with(rds, plain["DBSnapshotIdentifier"]) == []
    share(rds, plain["DBSnapshotIdentifier"], *accounts[:20])


@pytest.mark.parametrize("value", ["abc", "12345", "1234567890123"])
def test_an_account_has_12_digits(rds: Any, plain: dict[str, Any], value: str) -> None:
    assert refusal(rds, plain["DBSnapshotIdentifier"], value) == "InvalidParameterValue"


def test_only_restore_can_be_given(rds: Any, plain: dict[str, Any]) -> None:
    refused = code_of(
        rds.modify_db_snapshot_attribute,
        DBSnapshotIdentifier=plain["DBSnapshotIdentifier"],
        AttributeName="copy",
        ValuesToAdd=[DR],
    )
    assert refused == "InvalidParameterValue"


def test_automated_snapshots_cannot_be_shared(rds: Any) -> None:
    assert refusal(rds, automated(rds, "catalog")["DBSnapshotIdentifier"], DR) == "InvalidDBSnapshotState"
    refused = code_of(
        rds.modify_db_cluster_snapshot_attribute,
        DBClusterSnapshotIdentifier=automated_cluster(rds, "events")["DBClusterSnapshotIdentifier"],
        AttributeName="restore",
        ValuesToAdd=[DR],
    )
    assert refused == "InvalidDBClusterSnapshotStateFault"


def test_what_is_under_the_managed_key_cannot_be_shared(rds: Any) -> None:
    name = copied(rds, automated(rds, "orders")["DBSnapshotArn"])["DBSnapshotIdentifier"]
    assert refusal(rds, name, DR) == "InvalidDBSnapshotState"


def test_what_is_encrypted_cannot_be_public(rds: Any) -> None:
    name = copied(rds, automated(rds, "billing")["DBSnapshotArn"])["DBSnapshotIdentifier"]
    assert refusal(rds, name, "all") == "InvalidParameterValue"


def test_a_public_snapshot_is_seen_by_who_asks_for_public_ones(lab: Lab, rds: Any, plain: dict[str, Any]) -> None:
    share(rds, plain["DBSnapshotIdentifier"], "all")
    stranger = lab.client("stranger", "rds")
    found = stranger.describe_db_snapshots(SnapshotType="public")["DBSnapshots"]
    assert plain["DBSnapshotArn"] in [row["DBSnapshotIdentifier"] for row in found]
    own = stranger.describe_db_snapshots()["DBSnapshots"]
    assert plain["DBSnapshotArn"] not in [row["DBSnapshotArn"] for row in own]
    rds.delete_db_snapshot(DBSnapshotIdentifier=plain["DBSnapshotIdentifier"])


def test_a_shared_row_has_its_arn_for_a_name(rds: Any, dr_here: Any, plain: dict[str, Any]) -> None:
    share(rds, plain["DBSnapshotIdentifier"], DR)
    rows = dr_here.describe_db_snapshots(SnapshotType="shared")["DBSnapshots"]
    row = next(row for row in rows if row["DBSnapshotArn"] == plain["DBSnapshotArn"])
    assert (row["DBSnapshotIdentifier"], row["SnapshotType"]) == (plain["DBSnapshotArn"], "shared")


def test_shared_snapshots_are_listed_on_request_and_in_their_region_only(
    rds: Any, dr: Any, dr_here: Any, plain: dict[str, Any]
) -> None:
    share(rds, plain["DBSnapshotIdentifier"], DR)
    arn = plain["DBSnapshotArn"]

    def listed(client: Any, **more: Any) -> bool:
        return arn in [row["DBSnapshotArn"] for row in client.describe_db_snapshots(**more)["DBSnapshots"]]

    assert listed(dr_here, SnapshotType="shared")
    assert listed(dr_here, IncludeShared=True)
    assert not listed(dr_here)
    assert not listed(dr_here, IncludeShared=True, SnapshotType="manual")
    assert not listed(dr, SnapshotType="shared")


def test_shared_rows_can_be_filtered(rds: Any, dr_here: Any, plain: dict[str, Any]) -> None:
    share(rds, plain["DBSnapshotIdentifier"], DR)
    for name, value in (("db-snapshot-id", plain["DBSnapshotArn"]), ("dbi-resource-id", plain["DbiResourceId"])):
        rows = dr_here.describe_db_snapshots(SnapshotType="shared", Filters=[{"Name": name, "Values": [value]}])
        assert plain["DBSnapshotArn"] in [row["DBSnapshotArn"] for row in rows["DBSnapshots"]]


def test_who_got_a_share_cannot_pass_it_on_or_delete_it(rds: Any, dr_here: Any, plain: dict[str, Any]) -> None:
    share(rds, plain["DBSnapshotIdentifier"], DR)
    assert refusal(dr_here, plain["DBSnapshotArn"], STRANGER) == "DBSnapshotNotFound"
    assert code_of(dr_here.delete_db_snapshot, DBSnapshotIdentifier=plain["DBSnapshotArn"]) == "DBSnapshotNotFound"


def test_cluster_snapshots_are_shared_alike(rds: Any, dr_here: Any, open_key: str) -> None:
    row = cluster_copied(rds, automated_cluster(rds, "events")["DBClusterSnapshotArn"], KmsKeyId=open_key)
    share_cluster(rds, row["DBClusterSnapshotIdentifier"], DR)
    found = dr_here.describe_db_cluster_snapshots(SnapshotType="shared")["DBClusterSnapshots"]
    assert row["DBClusterSnapshotArn"] in [each["DBClusterSnapshotIdentifier"] for each in found]
    result = rds.describe_db_cluster_snapshot_attributes(
        DBClusterSnapshotIdentifier=row["DBClusterSnapshotIdentifier"]
    )["DBClusterSnapshotAttributesResult"]
    assert result["DBClusterSnapshotAttributes"] == [{"AttributeName": "restore", "AttributeValues": [DR]}]


def test_a_snapshot_of_an_account_that_does_not_share_is_not_there(lab: Lab, plain: dict[str, Any]) -> None:
    stranger = lab.client("stranger", "rds")
    assert PRODUCTION in plain["DBSnapshotArn"]
    assert code_of(stranger.describe_db_snapshots, DBSnapshotIdentifier=plain["DBSnapshotArn"]) == "DBSnapshotNotFound"
