# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of protect that is killed at any of its API calls is finished by the next one, and nothing happens twice.

With LIFEBOAT_THOROUGH=1 each run dies at every call, before and after that took effect; else at some of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fleet.deaths import Point, points
from tests.fleet.fleet import Fleet
from tests.fleet.routes import ROUTES, Route
from tests.fleet.rules import doubled, not_idle, unfinished

SIZES = (1, 4)
LIMITS = {"instance": 2, "cluster": 2}  # so that the larger fleet has to wait for its turn


def count_calls(fleet: Fleet, route: Route, databases: int) -> int:
    """How many calls a run makes that nobody kills."""
    fleet.begin(route, databases, max_in_flight=LIMITS)
    with fleet.dies(0, after=False) as run:
        fleet.protect()
    return run.calls


def after_a_crash(fleet: Fleet, route: Route, databases: int, point: Point) -> Iterator[str]:
    """Report what is wrong after a killed run and two whole ones."""
    fleet.begin(route, databases, max_in_flight=LIMITS)
    with fleet.dies(point[0], after=point[1]):
        fleet.protect()
    results = fleet.protect()
    yield from (f"the next run failed: {one['msg']}" for one in results if one.get("failed"))
    yield from unfinished([route], fleet.status(), fleet.keys["dr"])
    yield from doubled([route], fleet.new_calls(), databases)
    yield from not_idle(fleet.protect(), fleet.new_calls())


@pytest.mark.parametrize("databases", SIZES)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_killed_run_is_finished_by_the_next_one(fleet: Fleet, route: Route, databases: int) -> None:
    wrong = {
        f"killed {'after' if point[1] else 'before'} call {point[0]}": complaints
        for point in points(count_calls(fleet, route, databases))
        if (complaints := list(after_a_crash(fleet, route, databases, point)))
    }
    assert wrong == {}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_run_that_nobody_kills_makes_each_copy_once_and_leaves_nothing_to_do(fleet: Fleet, route: Route) -> None:
    fleet.begin(route, 2)
    assert not any(result.get("failed") for result in fleet.protect())
    assert list(unfinished([route], fleet.status(), fleet.keys["dr"])) == []
    assert list(doubled([route], fleet.new_calls(), 2)) == []
    assert list(not_idle(fleet.protect(), fleet.new_calls())) == []
