# SPDX-License-Identifier: GPL-3.0-or-later
"""Test rows in great numbers, and what lists of them cost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bare import Bare
from lifeboat_lab import Lab


@pytest.fixture(scope="module")
def crowd() -> Iterator[Lab]:
    """Run a lab with 1,000 databases and 10 snapshots of each."""
    with Lab(metadata_only=True) as lab:
        sown = lab.admin("POST", "seed", {"account": "production", "databases": 1000, "snapshots": 10})
        assert sown == {"databases": 1000, "snapshots": 10_000}
        yield lab


def test_sowing_costs_what_is_sown_and_not_what_is_there_already(crowd: Lab) -> None:
    """Compare the cost among 10,000 snapshots with the cost among none."""

    def cost(lab: Lab, prefix: str) -> float:
        before = cpu_of(lab)
        lab.admin("POST", "seed", {"account": "staging", "databases": 200, "snapshots": 10, "prefix": prefix})
        return cpu_of(lab) - before

    with Lab(metadata_only=True) as empty:
        alone = cost(empty, "first")
    assert cost(crowd, "more") < 5 * alone + 0.1


def cpu_of(lab: Lab) -> float:
    """Return the seconds of the processor that a lab has used."""
    assert lab.process
    fields = Path(f"/proc/{lab.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_row_of_a_long_list_costs_no_more_than_one_of_a_short_list(crowd: Lab) -> None:
    rds = crowd.client("production", "rds")
    crowd.admin("DELETE", "calls")
    pages = list(rds.get_paginator("describe_db_snapshots").paginate())
    rows = [row["DBSnapshotArn"] for page in pages for row in page["DBSnapshots"]]
    assert (len(pages), len(rows), len(set(rows))) == (100, 10_000, 10_000)
    costs = [call["cpu"] for call in crowd.calls(action="DescribeDBSnapshots")]
    assert sum(costs[-10:]) < 3 * sum(costs[:10])


def test_a_poll_of_fifty_snapshots_among_ten_thousand_costs_little(crowd: Lab) -> None:
    rds = crowd.client("production", "rds")
    names = [row["DBSnapshotIdentifier"] for row in rds.describe_db_snapshots()["DBSnapshots"][:50]]
    crowd.admin("DELETE", "calls")
    found = rds.describe_db_snapshots(Filters=[{"Name": "db-snapshot-id", "Values": names}])["DBSnapshots"]
    assert sorted(row["DBSnapshotIdentifier"] for row in found) == sorted(names)
    rds.describe_db_snapshots(MaxRecords=50)
    poll, page = (call["cpu"] for call in crowd.calls(action="DescribeDBSnapshots"))
    assert poll < 5 * page, "as much as a page of fifty, not as much as all pages"


def test_sown_snapshots_have_past_times(bare: Bare) -> None:
    database = f"{bare.seed(snapshots=3, age=3600, interval=7200)}-00000"
    rows = bare.rds.describe_db_snapshots(DBInstanceIdentifier=database)["DBSnapshots"]
    now = datetime.fromisoformat(bare.lab.admin("GET", "clock")["now"])
    ages = sorted(now - row["SnapshotCreateTime"] for row in rows)
    assert [round(age / timedelta(hours=1)) for age in ages] == [1, 3, 5]
    assert all(row["DBSnapshotIdentifier"].startswith(f"rds:{database}-20") for row in rows)


def test_awsbackups_snapshots_are_seen_copied_and_not_touched(bare: Bare) -> None:
    """Follow aws_rds.md 11.2, 3, 4."""
    database = f"{bare.seed(snapshots=1, type='awsbackup')}-00000"
    assert bare.rds.describe_db_snapshots(DBInstanceIdentifier=database)["DBSnapshots"] == []
    row = bare.rds.describe_db_snapshots(DBInstanceIdentifier=database, SnapshotType="awsbackup")["DBSnapshots"][0]
    assert "awsbackup:" in row["DBSnapshotIdentifier"]
    with pytest.raises(bare.rds.exceptions.InvalidDBSnapshotStateFault):
        bare.rds.delete_db_snapshot(DBSnapshotIdentifier=row["DBSnapshotIdentifier"])
    with pytest.raises(bare.rds.exceptions.InvalidDBSnapshotStateFault):
        bare.share(row["DBSnapshotIdentifier"])
    assert bare.snapshot(bare.own_copy(row["DBSnapshotArn"]))["SnapshotType"] == "manual"


def test_awsbackup_takes_more_of_instances_on_request(bare: Bare) -> None:
    names = [f"{bare.seed(snapshots=1, **more)}-00000" for more in ({}, {"engine": "aurora-postgresql"})]
    wanted = {"account": "production", "databases": names, "type": "awsbackup", "age": 60}
    (taken,) = bare.lab.admin("POST", "automated-snapshots", wanted)
    assert taken.split(":", 6)[6].startswith(f"awsbackup:job-{names[0]}-20")
    (row,) = bare.rds.describe_db_snapshots(DBInstanceIdentifier=names[0], SnapshotType="awsbackup")["DBSnapshots"]
    assert row["DBSnapshotArn"] == taken


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ([], "JSON object"),
        ({}, "account is missing"),
        ({"account": "nobody"}, "Unknown account"),
        ({"account": "production", "colour": "red"}, "Unknown field 'colour'"),
        ({"account": "production", "databases": -1}, "not negative"),
        ({"account": "production", "databases": "many"}, "must be a number"),
        ({"account": "production", "databases": 10_000, "snapshots": 1000}, "at most"),
        ({"account": "production", "type": "golden"}, "type must be"),
        ({"account": "production", "kind": "planet"}, "kind must be"),
        ({"account": "production", "prefix": "9"}, "not a valid identifier"),
        ({"account": "production", "key": "alias/none"}, "KMS"),
        ({"account": "production", "shared_with": ["222222222222"]}, "only manual"),
        ({"account": "production", "tags": []}, "tags must be"),
    ],
)
def test_nonsense_is_refused_with_the_reason(bare: Bare, body: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        bare.lab.admin("POST", "seed", body)


def test_the_same_names_cannot_be_sown_twice(bare: Bare) -> None:
    prefix = bare.seed(snapshots=2)
    before = bare.rds.describe_db_snapshots()["DBSnapshots"]
    with pytest.raises(ValueError, match="already there"):
        bare.lab.admin("POST", "seed", {"account": "production", "prefix": prefix})
    assert bare.rds.describe_db_snapshots()["DBSnapshots"] == before
