# SPDX-License-Identifier: GPL-3.0-or-later
"""A drill that is killed at any of its API calls is finished by the next one of its name, or by the reaper.

With LIFEBOAT_THOROUGH=1 it dies at every call, before and after that took effect; else at some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.fleet.deaths import Point, points
from tests.fleet.drills import BYSTANDERS, CLASSES, MINUTES, PAST, Range, drill_trespasses, touched, twice

Rescue = Callable[[Range, list[dict[str, Any]]], Iterator[str]]


def count_calls(ground: Range) -> int:
    with ground.fleet.dies(0, after=False) as run:
        ground.drill()
    return run.calls


def run_again(ground: Range, calls: list[dict[str, Any]]) -> Iterator[str]:
    """Run the same drill once more, under the same name."""
    restored, removed = ground.drill()
    yield from (f"it failed: {one['msg']}" for one in (restored, removed) if one.get("failed"))
    if [step["status"] for step in restored["steps"]] != ["restored"] * len(CLASSES):
        yield f"it restored {restored['steps']}"
    if not any(call["action"].startswith("Delete") for call in calls):  # what was removed has to be made again
        yield from twice(calls + ground.fleet.new_calls())


def reap(ground: Range, _calls: list[dict[str, Any]]) -> Iterator[str]:
    """Nobody runs it again; its time passes."""
    ground.fleet.pass_time(MINUTES * 60 + 1)
    result = ground.reap()
    if result.get("failed") or result["resume"]:
        yield f"it ended with {result}"
    yield from drill_trespasses(ground.fleet.new_calls())


def after_a_crash(ground: Range, point: Point, rescue: Rescue) -> Iterator[str]:
    """Report what is wrong after a killed drill and what followed."""
    before = ground.seen()
    ground.fleet.new_calls()
    with ground.fleet.dies(point[0], after=point[1]):
        ground.drill()
    calls = ground.fleet.new_calls()
    yield from drill_trespasses(calls)
    yield from rescue(ground, calls)
    yield from touched(before, ground.seen())


@pytest.mark.parametrize("rescue", [run_again, reap], ids=["run again", "reaped"])
def test_a_killed_drill_leaves_nothing_and_touches_nothing_else(ground: Range, rescue: Rescue) -> None:
    wrong = {
        f"killed {'after' if point[1] else 'before'} call {point[0]}": complaints
        for point in points(count_calls(ground))
        if (complaints := list(after_a_crash(ground, point, rescue)))
    }
    assert wrong == {}


def test_a_drill_that_nobody_kills_makes_each_database_once_and_leaves_nothing(ground: Range) -> None:
    before = ground.seen()
    ground.fleet.new_calls()
    restored, removed = ground.drill()
    calls = ground.fleet.new_calls()
    assert [step["status"] for step in restored["steps"]] == ["restored"] * len(CLASSES)
    assert not any(step.get("adopted") for step in restored["steps"])
    assert (removed.get("failed"), removed["resume"]) == (None, [])
    assert [*drill_trespasses(calls), *twice(calls), *touched(before, ground.seen())] == []


def test_what_is_adopted_is_what_had_been_started(ground: Range) -> None:
    with ground.fleet.dies(0, after=False):
        ground.restore(wait=False)
    restored = ground.restore()
    assert [step["adopted"] for step in restored["steps"]] == [True] * len(CLASSES)
    ground.remove()


def test_the_reaper_waits_for_the_expiry(ground: Range) -> None:
    before = ground.seen()
    ground.restore(wait=False)
    ground.reap()
    assert len(list(touched(before, ground.seen()))) == len(CLASSES)
    assert list(reap(ground, [])) == []
    assert list(touched(before, ground.seen())) == []


def test_the_reaper_removes_an_expired_stand_in_as_well(ground: Range) -> None:
    before = ground.seen()
    tags = {"lifeboat:managed-by": "lifeboat", "lifeboat:purpose": "stand_in", "lifeboat:expires": PAST}
    ground.add("lifeboat-standin-shop-20260101000000-0123456789ab", tags)
    assert ground.reap()["resume"] == []
    assert list(touched(before, ground.seen())) == []


def test_there_is_somebody_to_spare(ground: Range) -> None:
    names = {arn.rpartition(":")[2] for arn in ground.seen()}
    assert set(BYSTANDERS) <= names
