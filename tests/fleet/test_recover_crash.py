# SPDX-License-Identifier: GPL-3.0-or-later
"""A recovery that is killed at any of its API calls is finished by the next one, whatever that one is called.

With LIFEBOAT_THOROUGH=1 it dies at every call, before and after that took effect; else at some of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.lifeboat.rds.plugins.modules import snapshot_restore
from tests.fleet.deaths import Point, points
from tests.fleet.drills import BYSTANDERS, CLASSES, Range, touched, twice
from tests.fleet.fleet import DR, SOURCE, writing
from tests.fleet.recoveries import recover, recovery_trespasses, unfinished_recovery, unprotected


def calls_of(ground: Range, name: str) -> int:
    with ground.fleet.dies(0, after=False) as run:
        recover(ground, name, "count")
    clear_away(ground, name)
    return run.calls


def seen(ground: Range) -> dict[str, Any]:
    """Without the backups that RDS takes of what was recovered, and removes again, by itself."""
    return {arn: row for arn, row in ground.seen().items() if "snapshot:rds:" not in arn}


def made(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    return [after[arn] for arn in sorted(set(after) - set(before))]


def quiet(ground: Range) -> tuple[list[str], list[str]]:
    """Wait until no database is being changed, and list the instances and clusters of the DR account."""
    rds, usable = ground.fleet.others(DR), ("available", "storage-initialization")
    while True:
        instances = {row["DBInstanceIdentifier"]: row for row in rds.describe_db_instances()["DBInstances"]}
        clusters = {row["DBClusterIdentifier"]: row for row in rds.describe_db_clusters()["DBClusters"]}
        statuses = {row.get("DBInstanceStatus") or row["Status"] for row in (*instances.values(), *clusters.values())}
        if statuses <= set(usable):
            return list(instances), list(clusters)
        ground.fleet.pass_time(600)


def clear_away(ground: Range, name: str) -> None:
    """Delete a recovery, as only an operator may."""
    rds = ground.fleet.others(DR)
    instances = [one for one in quiet(ground)[0] if one.endswith((f"-{name}", f"-{name}-1"))]
    clusters = [one for one in quiet(ground)[1] if one.endswith(f"-{name}")]
    for one in instances:
        rds.modify_db_instance(DBInstanceIdentifier=one, DeletionProtection=False, ApplyImmediately=True)
    for one in clusters:
        rds.modify_db_cluster(DBClusterIdentifier=one, DeletionProtection=False, ApplyImmediately=True)
    quiet(ground)
    for one in instances:
        rds.delete_db_instance(DBInstanceIdentifier=one, SkipFinalSnapshot=True)
    quiet(ground)
    for one in clusters:
        rds.delete_db_cluster(DBClusterIdentifier=one, SkipFinalSnapshot=True)
    quiet(ground)


def after_a_crash(ground: Range, name: str, point: Point) -> Iterator[str]:
    """Report what is wrong after a killed recovery, the next one, and the one after that."""
    before = seen(ground)
    ground.fleet.new_calls()
    with ground.fleet.dies(point[0], after=point[1]):
        recover(ground, name, f"{name}-first")
    yield from unfinished_recovery(recover(ground, name, f"{name}-second"))
    calls = ground.fleet.new_calls()
    yield from recovery_trespasses(calls, name)
    yield from twice(calls)
    yield from unprotected(ground, name)
    after = seen(ground)
    if len(made(before, after)) != len(CLASSES) + 1:  # a cluster has a member
        yield f"there are {[row['arn'] for row in made(before, after)]}"
    yield from (one for one in touched(before, after) if not one.startswith("left: "))
    yield from unfinished_recovery(recover(ground, name, f"{name}-third"))
    yield from (f"the third run called {call['action']}" for call in writing(ground.fleet.new_calls()))
    clear_away(ground, name)


def test_a_killed_recovery_is_finished_by_the_next_one_and_nothing_is_doubled(ground: Range) -> None:
    wrong = {
        f"killed {'after' if point[1] else 'before'} call {point[0]}": complaints
        for number, point in enumerate(points(calls_of(ground, "counted")))
        if (complaints := list(after_a_crash(ground, f"k{number}", point)))
    }
    assert wrong == {}


def test_neither_the_reaper_nor_a_drill_of_its_name_removes_a_recovery(ground: Range) -> None:
    recover(ground, "kept", "kept")
    before = seen(ground)
    ground.fleet.new_calls()
    ground.fleet.pass_time(10 * 86400)
    assert ground.reap()["steps"] == []
    assert ground.remove(drill_id="kept")["steps"] == []
    refused = ground.fleet.run(snapshot_restore, DR, state="absent", purpose="recovery", drill_id="kept")
    assert "this collection does not delete it" in refused["msg"]
    assert writing(ground.fleet.new_calls()) == []
    assert set(seen(ground)) == set(before)


def test_the_source_account_is_asked_for_nothing(ground: Range) -> None:
    ground.fleet.lab.admin("POST", "dark", {"account": SOURCE.profile, "dark": True})
    try:
        assert list(unfinished_recovery(recover(ground, "dark", "dark"))) == []
    finally:
        ground.fleet.lab.admin("POST", "dark", {"account": SOURCE.profile, "dark": False})


def test_there_is_somebody_to_spare(ground: Range) -> None:
    names = {arn.rpartition(":")[2] for arn in ground.seen()}
    assert set(BYSTANDERS) <= names
