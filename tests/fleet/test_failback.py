# SPDX-License-Identifier: GPL-3.0-or-later
"""A failback that is killed at any of its API calls is finished by the next run, and neither direction takes what the
other one made for its own.

With LIFEBOAT_THOROUGH=1 it dies at every call, before and after that took effect; else at some of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.lifeboat.rds.plugins.modules import recovery_point_info, snapshot_prune, snapshot_restore
from tests.fleet.deaths import Point, points
from tests.fleet.failbacks import BACK, CLASSES, WayBack, failback_trespasses, made_twice
from tests.fleet.fleet import DR, SIDES, SOURCE, Fleet
from tests.fleet.rules import not_idle

DAYS = 40 * 86400


def after_a_crash(fleet: Fleet, point: Point) -> Iterator[str]:
    """Report what is wrong after a killed failback that was run again twice with its id."""
    way = WayBack.prepare(fleet)
    others = way.seen(ours=False)
    with fleet.dies(point[0], after=point[1]):
        way.go_back()
    results = way.go_back()
    yield from (f"the next run failed: {one['msg']}" for one in results if one.get("failed"))
    yield from way.unfinished()
    calls = fleet.new_calls()
    yield from made_twice(calls)
    yield from failback_trespasses(calls)
    yield from not_idle(way.go_back(), fleet.new_calls())
    if way.seen(ours=False) != others:
        yield "something else was touched"


def test_a_failback_that_nobody_kills_brings_everything_back_and_touches_nothing_else(fleet: Fleet) -> None:
    assert list(after_a_crash(fleet, (0, False))) == []


@pytest.fixture(scope="module")
def way(fleet: Fleet) -> WayBack:
    """Bring back what was recovered."""
    found = WayBack.prepare(fleet)
    found.go_back()
    return found


def test_the_normal_direction_takes_nothing_of_the_way_back_for_its_own(fleet: Fleet, way: WayBack) -> None:
    made = way.seen(ours=True)
    fleet.pass_time(DAYS)
    fleet.back_up()
    assert not any(result.get("failed") for result in fleet.protect())
    for side in SIDES:
        fleet.run(snapshot_prune, side, keep=1)
        fleet.run(snapshot_restore, side, state="absent", expired=True)
    after = way.seen(ours=True)
    assert [arn for arn, row in made.items() if after.get(arn) != row and ":rds:" not in arn.split(":", 5)[5]] == []


def test_the_way_back_takes_nothing_of_the_normal_direction_for_its_own(fleet: Fleet, way: WayBack) -> None:
    others = way.seen(ours=False)
    fleet.pass_time(DAYS)
    way.stop()
    way.replicate(way.publish())
    for side in SIDES:
        way.prune(side, keep=1)
        fleet.run(snapshot_restore, side, prefix=BACK, state="absent", expired=True)
    assert [arn for arn, row in others.items() if way.seen(ours=False).get(arn) != row] == []


def test_what_came_back_is_protected_by_the_next_run_of_the_normal_direction(fleet: Fleet, way: WayBack) -> None:
    fleet.lab.admin("POST", "automated-snapshots", {"account": SOURCE.profile})
    assert not any(result.get("failed") for result in fleet.protect())
    landed = [row.get("tags", {}) for arn, row in way.seen(ours=False).items() if f":{DR.account}:" in arn]
    origins = {tags.get("lifeboat:database", "") for tags in landed}
    assert len([arn for arn in origins if arn.endswith("-failback")]) == len(CLASSES)


def test_the_status_of_a_source_knows_its_own_databases_alone(fleet: Fleet, way: WayBack) -> None:
    """What the way back copied there belongs to databases of the DR account: nobody protects those from here."""
    found = fleet.run(recovery_point_info, SOURCE, dr_accounts=[DR.account])
    assert all(one["exists"] for one in found["databases"])


def test_a_killed_failback_is_finished_by_the_next_run(fleet: Fleet) -> None:
    way = WayBack.prepare(fleet)
    with fleet.dies(0, after=False) as run:
        way.go_back()
    wrong = {
        f"killed {'after' if point[1] else 'before'} call {point[0]}": complaints
        for point in points(run.calls)
        if (complaints := list(after_a_crash(fleet, point)))
    }
    assert wrong == {}
