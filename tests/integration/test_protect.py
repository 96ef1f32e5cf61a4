# SPDX-License-Identifier: GPL-3.0-or-later
"""From automated snapshots in one account to owned copies in another."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from lifeboat_lab import Lab
from tests.integration.play import DR, EAST, SOURCE, WEST, Run, forget_calls, snapshots, writes

pytestmark = pytest.mark.story

SHOP = ["billing", "catalog", "events", "orders"]


def shared_with_dr(lab: Lab) -> list[str]:
    """List what production shares with the DR account. In one test a stranger shares as well."""
    rows = snapshots(lab, "production_dr", WEST, SnapshotType="shared")
    return [row["Of"] for row in rows if f":{SOURCE}:" in row["Name"]]


def published(lab: Lab) -> list[dict[str, Any]]:
    return snapshots(lab, "production", WEST, SnapshotType="manual")


def landed(lab: Lab) -> list[dict[str, Any]]:
    return snapshots(lab, "production_dr", EAST, SnapshotType="manual")


def test_check_mode_shows_every_copy_with_its_reason_and_every_share_and_writes_nothing(
    lab: Lab, run: Callable[..., Run]
) -> None:
    forget_calls(lab)
    done = run("protect.yml", "--check", "--diff")
    assert done.code == 0, done.output
    assert writes(lab) == []
    for name in SHOP:
        shown = re.findall(rf"^\+    lifeboat-{name}-[\w-]+(.*):", done.output, re.MULTILINE)
        assert sorted(shown) == ["", "", " shared with"], "one copy at the source, one at the DR site"
    assert len(re.findall(r"^\+ +why: \S", done.output, re.MULTILINE)) == 2 * len(SHOP)


def test_everything_lands_under_the_dr_accounts_key(lab: Lab, run: Callable[..., Run]) -> None:
    forget_calls(lab)
    done = run("protect.yml")
    assert done.code == 0, done.output
    assert sorted(row["Of"] for row in landed(lab)) == SHOP
    assert {row["Encrypted"] for row in landed(lab)} == {True}
    (key,) = {row["KmsKeyId"] for row in landed(lab)}
    assert key.split(":")[3:5] == [EAST, DR]
    copies = [call for call in lab.calls() if call["action"] in ("CopyDBSnapshot", "CopyDBClusterSnapshot")]
    assert len(copies) == 8, "type change and re-keying in one copy at the source, one step across account and Region"


def test_the_shares_are_taken_back_and_one_published_copy_stays(lab: Lab) -> None:
    assert shared_with_dr(lab) == []
    assert sorted(row["Of"] for row in published(lab)) == SHOP


def test_a_second_run_changes_nothing_and_says_so(lab: Lab, run: Callable[..., Run]) -> None:
    forget_calls(lab)
    done = run("protect.yml")
    assert done.code == 0, done.output
    assert done.recap("production")["changed"] == done.recap("production_dr")["changed"] == 0
    assert writes(lab) == []
    assert done.output.count("4 databases, nothing to do") == 2


def test_a_run_with_nothing_to_do_reads_pages_only(lab: Lab) -> None:
    """Each side: who am I, its key, pages; what landed is not asked for one by one."""
    actions = [call["action"] for call in lab.calls()]
    assert "DescribeDBSnapshotAttributes" not in actions
    assert actions.count("DescribeDBSnapshots") == 1 + 2 + 2, "publish; shared and own; both prunes"


def test_either_side_runs_alone(lab: Lab, run: Callable[..., Run]) -> None:
    lab.admin("POST", "automated-snapshots", {"account": "production"})
    done = run("publish.yml")
    assert done.code == 0, done.output
    assert sorted(shared_with_dr(lab)) == SHOP
    done = run("replicate.yml")
    assert done.code == 0, done.output
    assert len(landed(lab)) == 8
    assert sorted(shared_with_dr(lab)) == SHOP, "without the other side nobody takes the shares back"


def test_the_next_run_retires_what_landed_meanwhile_and_its_predecessors(lab: Lab, run: Callable[..., Run]) -> None:
    done = run("protect.yml")
    assert done.code == 0, done.output
    assert shared_with_dr(lab) == []
    assert sorted(row["Of"] for row in published(lab)) == SHOP
    assert len(landed(lab)) == 8, "younger than lifeboat_max_age_days"


def test_a_strangers_snapshot_is_not_adopted_and_reported(lab: Lab, run: Callable[..., Run]) -> None:
    stranger = lab.client("stranger", "rds", WEST)
    stranger.create_db_instance(
        DBInstanceIdentifier="orders", DBInstanceClass="db.t4g.micro", Engine="postgres", AllocatedStorage=20,
        MasterUsername="shop", MasterUserPassword="not-a-real-secret",
    )  # fmt: skip
    stranger.get_waiter("db_instance_available").wait(DBInstanceIdentifier="orders", WaiterConfig={"Delay": 1})
    name = next(row["Name"] for row in landed(lab) if row["Of"] == "orders").replace("2026", "2027")
    stranger.create_db_snapshot(DBInstanceIdentifier="orders", DBSnapshotIdentifier=name)
    stranger.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier=name, WaiterConfig={"Delay": 1})
    stranger.modify_db_snapshot_attribute(DBSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=[DR])
    done = run("replicate.yml")
    assert done.code == 0, done.output
    assert "account 333333333333 is not one of source_accounts" in done.output
    assert name not in [row["Name"] for row in landed(lab)]


def test_a_database_without_a_snapshot_is_reported_and_does_not_stop_the_others(
    lab: Lab, run: Callable[..., Run]
) -> None:
    rds = lab.client("production", "rds", WEST)
    rds.create_db_instance(
        DBInstanceIdentifier="newborn", DBInstanceClass="db.t4g.micro", Engine="postgres", AllocatedStorage=20,
        MasterUsername="shop", MasterUserPassword="not-a-real-secret", BackupRetentionPeriod=0,
    )  # fmt: skip
    rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier="newborn", WaiterConfig={"Delay": 1})
    lab.admin("POST", "automated-snapshots", {"account": "production", "databases": ["orders"]})
    before = len(landed(lab))
    try:
        done = run("protect.yml")
    finally:
        rds.delete_db_instance(DBInstanceIdentifier="newborn", SkipFinalSnapshot=True)
    assert done.code == 2
    assert "newborn has no finished automated snapshot yet. Wait for its first backup" in done.output
    assert len(landed(lab)) == before + 1, "the new recovery point of orders"


def test_a_failed_copy_is_reported_and_the_next_run_makes_it_anew(lab: Lab, run: Callable[..., Run]) -> None:
    lab.admin("POST", "automated-snapshots", {"account": "production", "databases": ["catalog"]})
    lab.admin("POST", "faults", {"kind": "failed-copy", "account": "production_dr"})
    done = run("protect.yml")
    assert done.code == 2
    assert "is failed" in done.output
    done = run("protect.yml")
    assert done.code == 0, done.output
    assert shared_with_dr(lab) == []


def test_a_published_copy_carries_our_tags_alone(lab: Lab) -> None:
    for row in published(lab):
        assert all(tag["Key"].startswith("lifeboat:") for tag in row["TagList"])


def test_a_landed_copy_carries_those_of_its_database_too(lab: Lab) -> None:
    """AWS drops them between the accounts: the manifest of the same run brings them."""
    rds = lab.client("production", "rds", WEST)
    databases = rds.describe_db_instances()["DBInstances"] + rds.describe_db_clusters()["DBClusters"]
    tags = {row.get("DBInstanceIdentifier") or row["DBClusterIdentifier"]: row["TagList"] for row in databases}
    carried = [tag for row in landed(lab) for tag in row["TagList"] if not tag["Key"].startswith("lifeboat:")]
    assert carried, "the shop's databases have tags"
    for row in landed(lab):
        assert [tag for tag in row["TagList"] if not tag["Key"].startswith("lifeboat:")] in ([], tags[row["Of"]])
