# SPDX-License-Identifier: GPL-3.0-or-later
"""Half a year of recovery points at both sites, and what of it stays."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import DatabaseId
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of, name_for, parse
from lifeboat_lab import Lab
from tests.integration.play import DR, EAST, SOURCE, WEST, Run, forget_calls, play, snapshots, writes

pytestmark = pytest.mark.story

DAY = 86_400
# The example inventory wants all of the last 35 days: here, age wants nothing, and neither does the floor.
RETENTION = {"keep": 2, "max_age_days": 0, "daily": 3, "weekly": 4, "monthly": 4, "yearly": 1}
# By kind: how the API spells it, and the engine.
KINDS = {
    "instance": ("db_snapshot", "DBSnapshot", "DBInstance", "DbiResourceId", "postgres"),
    "cluster": ("db_cluster_snapshot", "DBClusterSnapshot", "DBCluster", "DbClusterResourceId", "aurora-postgresql"),
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    durations = dict.fromkeys(("copy", "copy_gib", "delete"), 0)
    with Lab(metadata_only=True, durations=durations) as running:
        # RDS does not document what a copied cluster snapshot shows as its time: here, when it was copied.
        running.admin("PATCH", "settings", {"rules": {"cluster_copy_keeps_time": False}})
        for kind in KINDS:
            history(running, kind)
        yield running


def history(lab: Lab, kind: str) -> None:
    """Thirty recovery points of one database, five days apart: published, and landed."""
    snapshot, word, database, resource, engine = KINDS[kind]
    lab.admin(
        "POST",
        "seed",
        {"account": "production", "kind": kind, "engine": engine, "prefix": kind, "snapshots": 30, "interval": 5 * DAY},
    )
    source, dr = lab.client("production", "rds", WEST), lab.client("production_dr", "rds", EAST)
    rows = getattr(source, f"describe_{snapshot}s")(SnapshotType="automated")[f"{word}s"]
    for row in rows:
        one = DatabaseId(SOURCE, WEST, kind, row[f"{database}Identifier"], row[resource])
        name = name_for("lifeboat", one.identifier, lineage_of(one, row["SnapshotCreateTime"]))
        tags = {"managed-by": "lifeboat", "database": one.arn, "resource-id": one.resource_id, "origin": SOURCE}
        tags["begun"] = row["SnapshotCreateTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
        more = {
            f"Target{word}Identifier": name,
            "Tags": [{"Key": f"lifeboat:{k}", "Value": v} for k, v in tags.items()],
        }
        copied = getattr(source, f"copy_{snapshot}")(**{f"Source{word}Identifier": row[f"{word}Arn"]}, **more)[word]
        share = getattr(source, f"modify_{snapshot}_attribute")
        share(**{f"{word}Identifier": name}, AttributeName="restore", ValuesToAdd=[DR])
        from_there = {f"Source{word}Identifier": copied[f"{word}Arn"], "SourceRegion": WEST}
        getattr(dr, f"copy_{snapshot}")(**from_there, **more)


@pytest.fixture
def run(lab: Lab, tmp_path: Path) -> Callable[..., Run]:
    def run_prune(*arguments: str, **variables: Any) -> Run:
        """As the administrator of each account: this lab has no roles."""
        profiles = {"prune": "{{ inventory_hostname }}"}
        given = {"lifeboat_profiles": profiles, "lifeboat_retention_below_floor": True, **variables}
        return play(lab, "prune.yml", *arguments, "-e", json.dumps(given), evidence=tmp_path)

    return run_prune


def names(lab: Lab, site: str) -> dict[str, list[str]]:
    """Our recovery points of each database at a site, newest first by the time in the name."""
    found: dict[str, list[str]] = {f"{kind}-00000": [] for kind in KINDS}
    for row in snapshots(lab, site, WEST if site == "production" else EAST, SnapshotType="manual"):
        found[row["Of"]].append(row["Name"])
    return {database: sorted(some, key=original, reverse=True) for database, some in found.items()}


def original(name: str) -> datetime:
    lineage = parse(name, "lifeboat", SOURCE)
    assert lineage
    return lineage.original


def wanted(some: list[str]) -> list[str]:
    """List what the retention keeps of these, newest first."""
    stay = set(some[: RETENTION["keep"]])
    for setting, period in (
        ("daily", lambda moment: moment.date()),
        ("weekly", lambda moment: moment.isocalendar()[:2]),
        ("monthly", lambda moment: (moment.year, moment.month)),
        ("yearly", lambda moment: moment.year),
    ):
        first: dict[Any, str] = {}
        for name in reversed(some):
            first.setdefault(period(original(name)), name)
        stay |= set(list(first.values())[::-1][: RETENTION[setting]])
    return [name for name in some if name in stay]


def deleted(lab: Lab) -> list[str]:
    calls = [call for call in lab.calls() if call["action"] in ("DeleteDBSnapshot", "DeleteDBClusterSnapshot")]
    return sorted(arn.rsplit(":", 1)[1] for call in calls for arn in call["resources"])


def test_the_copied_clusters_show_no_original_time(lab: Lab) -> None:
    """Else the next tests would not tell whether the name was read."""
    rows = lab.client("production_dr", "rds", EAST).describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert len(rows) == 30
    assert min(row["SnapshotCreateTime"] for row in rows).date() == datetime.now(timezone.utc).date()


def test_a_plan_says_what_would_go_and_writes_nothing(lab: Lab, run: Callable[..., Run]) -> None:
    forget_calls(lab)
    done = run("-v", "--limit", "production_dr", prune_apply=False, lifeboat_retention=RETENTION)
    assert done.code == 0, done.output
    assert writes(lab) == []
    assert done.recap("production_dr")["changed"] == 0
    going = [name for some in names(lab, "production_dr").values() for name in some if name not in wanted(some)]
    assert len(going) > 30
    said = " ".join(done.output.split())
    assert f"2 databases, 0 changes, {len(going)} planned" in said
    assert [name for name in going if f"{name}: would_delete: not one of the newest 2;" not in said] == []


def test_without_a_declared_retention_nothing_is_deleted_at_the_dr_site(lab: Lab, run: Callable[..., Run]) -> None:
    forget_calls(lab)
    done = run("--limit", "production_dr", lifeboat_max_age_days=None)
    assert done.code == 0, done.output
    assert writes(lab) == []
    assert "No retention is declared for 2 databases" in " ".join(done.output.split())


@pytest.fixture(scope="module")
def accepted() -> dict[str, str]:
    """Keep what a run asked for that refused."""
    return {}


def test_the_first_run_with_a_retention_deletes_nothing_and_says_how_to_accept_it(
    lab: Lab, run: Callable[..., Run], accepted: dict[str, str]
) -> None:
    forget_calls(lab)
    done = run("--limit", "production_dr", lifeboat_retention=RETENTION)
    said = " ".join(done.output.split())
    assert (done.code, writes(lab)) == (2, []), done.output
    found = re.search(r"-e prune_accept_deletions=(\S+) ", said)
    assert found, said
    assert "of 60 recovery points, which is more than half" in said
    accepted["prune_accept_deletions"] = found[1]


def test_check_mode_is_what_is_then_done(lab: Lab, run: Callable[..., Run], accepted: dict[str, str]) -> None:
    forget_calls(lab)
    checked = run("--check", "--diff", "--limit", "production_dr", lifeboat_retention=RETENTION)
    assert checked.code == 0, checked.output
    assert "A run would refuse this plan." in " ".join(checked.output.split())
    assert writes(lab) == []
    before = names(lab, "production_dr")
    done = run("-v", "--limit", "production_dr", lifeboat_retention=RETENTION, **accepted)
    assert done.code == 0, done.output
    said = " ".join(done.output.split())
    gone = deleted(lab)
    assert said.count(f"Deleted {len(gone)} recovery points of 2 databases in account {DR}, {EAST}: ") == 2
    assert [name for name in gone if f"{name}: not one of the newest 2;" not in said] == []
    going = sorted(name for some in before.values() for name in some if f"-    {name}:" in checked.output)
    assert deleted(lab) == going
    assert len(going) > 30


def test_days_weeks_months_and_years_stay_by_original_time_also_of_clusters(lab: Lab) -> None:
    """Both sites had the same, and the source has it still."""
    published = names(lab, "production")
    assert names(lab, "production_dr") == {database: wanted(some) for database, some in published.items()}
    assert {len(some) for some in published.values()} == {30}


def test_a_second_run_changes_nothing(lab: Lab, run: Callable[..., Run]) -> None:
    forget_calls(lab)
    done = run("--limit", "production_dr", lifeboat_retention=RETENTION)
    assert done.code == 0, done.output
    assert writes(lab) == []
    assert "2 databases, nothing to do" in done.output
    assert "Deleted" not in done.output


def test_what_has_not_landed_stays_until_a_newer_one_has(lab: Lab, run: Callable[..., Run]) -> None:
    """The DR site tells of the second newest of each database."""
    before = names(lab, "production")
    done = run("--limit", "production")
    assert done.code == 0, done.output
    assert names(lab, "production") == before
    points = [{"name": some[1], "arn": "", "landed_time": "2026-11-23T13:00:00Z"} for some in before.values()]
    landed = {"version": 1, "document": "landed", "account": DR, "region": EAST, "points": points, "refused": []}
    done = run("--limit", "production", prune_landed=[landed])
    assert done.code == 0, done.output
    assert names(lab, "production") == {database: some[:2] for database, some in before.items()}


@pytest.mark.parametrize("prune_apply", [False, True])
def test_nothing_is_released_while_its_database_exists(lab: Lab, run: Callable[..., Run], prune_apply: bool) -> None:
    released = names(lab, "production")["instance-00000"]
    forget_calls(lab)
    done = run("--limit", "production", prune_release=released, prune_apply=prune_apply)
    assert done.code == 2
    assert "its database instance-00000 still exists" in done.output
    assert writes(lab) == []


def test_what_belongs_to_a_database_that_is_gone_is_released_at_both_sites(lab: Lab, run: Callable[..., Run]) -> None:
    rds = lab.client("production", "rds", WEST)
    rds.delete_db_instance(DBInstanceIdentifier="instance-00000", SkipFinalSnapshot=True)
    before = {site: names(lab, site) for site in ("production", "production_dr")}
    released = before["production_dr"]["instance-00000"]
    done = run(prune_release=released, prune_keep=30, prune_max_age_days=365)
    assert done.code == 0, done.output
    for site, databases in before.items():
        assert names(lab, site) == {**databases, "instance-00000": []}


def test_a_second_release_warns_and_changes_nothing(lab: Lab, run: Callable[..., Run]) -> None:
    forget_calls(lab)
    released = "lifeboat-orders-20251123020500-5f0c2a9b7d31"
    done = run("--limit", "production_dr", prune_release=[released], prune_keep=30)
    assert done.code == 0, done.output
    assert f"{released} is not in account {DR}, {EAST}: nothing to release." in " ".join(done.output.split())
    assert writes(lab) == []
