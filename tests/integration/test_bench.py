# SPDX-License-Identifier: GPL-3.0-or-later
"""A small day's work as the bench measures it: calls do not depend on the machine."""

from __future__ import annotations

import pytest

from lifeboat_lab import Lab
from tests.bench import fleet, floor, polls, runs, scenarios
from tests.bench.figures import Figure
from tests.bench.runs import Played

# More than there are slots for, of either kind.
DATABASES, SECONDS = 40, 1.0


@pytest.fixture(scope="module")
def figures() -> dict[str, list[Figure]]:
    """Of a first protect, and of a second one with nothing to do."""
    found = {}
    with fleet.fleet(DATABASES, seconds=SECONDS) as lab:
        for what in ("first", "second"):
            least = floor.protect(*fleet.look(lab), **scenarios.KEYS)
            calls = scenarios.by_task(protect(lab))
            most = 1.05 if what == "first" else 1.0
            found[what] = [*scenarios.call_figures(calls, least, most=most)]
            found[f"{what}, polls"] = [
                Figure(task, made, most=allowed)
                for task, (made, allowed) in ((task, polls.count(each, SECONDS)) for task, each in calls.items())
            ]
    return found


def protect(lab: Lab) -> Played:
    return runs.play(lab, scenarios.PROTECT)


@pytest.mark.parametrize("what", ["first", "second", "first, polls", "second, polls"])
def test_protect_calls_no_more_than_promised(figures: dict[str, list[Figure]], what: str) -> None:
    assert [one for one in figures[what] if one.verdict == "misses"] == []
