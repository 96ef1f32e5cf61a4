# SPDX-License-Identifier: GPL-3.0-or-later
"""How the bench counts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench import floor, polls
from tests.bench.figures import Figure, medians
from tests.bench.floor import Place

NONE = {"DBInstances": 0, "DBClusters": 0, "DBSnapshots": 0, "DBClusterSnapshots": 0}
EMPTY = Place(NONE, NONE)


def place(instances: int, clusters: int, automated: tuple[int, int], manual: tuple[int, int]) -> Place:
    own = {"DBSnapshots": automated[0] + manual[0], "DBClusterSnapshots": automated[1] + manual[1]}
    return Place(
        {"DBInstances": instances, "DBClusters": clusters, **own},
        {**NONE, "DBSnapshots": automated[0], "DBClusterSnapshots": automated[1]},
    )


@pytest.mark.parametrize(("rows", "calls"), [(0, 1), (1, 1), (100, 1), (101, 2), (10_000, 100)])
def test_a_page_has_a_hundred_rows_and_an_empty_list_costs_a_call(rows: int, calls: int) -> None:
    assert floor.pages(rows) == calls


def test_a_first_protect_needs_two_copies_a_share_its_end_and_a_mark_for_each_database() -> None:
    least = floor.protect(place(160, 40, (160, 40), (0, 0)), EMPTY, source_keys=2, shared_keys=2)
    assert {task: one.writes for task, one in least.items()} == {
        "publish": 400, "replicate": 200, "prune_source": 400, "prune_dr": 0,
    }  # fmt: skip
    # Two pages of instances and their snapshots, one of clusters and theirs; shared and own are listed apart.
    assert {task: one.pages for task, one in least.items()} == {
        "publish": 6, "replicate": 5, "prune_source": 3, "prune_dr": 3,
    }  # fmt: skip
    assert [(one.identity, one.quota, one.keys) for one in least.values()] == [
        (1, 1, 3),
        (1, 1, 3),
        (1, 0, 0),
        (1, 0, 0),
    ]


def test_with_nothing_to_do_only_pages_who_calls_and_the_sites_key_are_left() -> None:
    done = place(800, 200, (7200, 1800), (800, 200)), place(0, 0, (0, 0), (800, 200))
    least = floor.protect(*done, source_keys=2, shared_keys=2)
    assert {task: one.calls for task, one in least.items()} == {
        "publish": 8 + 2 + 80 + 20 + 2, "replicate": 2 + 8 + 2 + 2, "prune_source": 8 + 2 + 1, "prune_dr": 8 + 2 + 1,
    }  # fmt: skip


def test_the_slots_of_the_slower_kind_decide() -> None:
    assert floor.slot_seconds({"instance": 800, "cluster": 300}, 2.0, {"instance": 20, "cluster": 5}) == 120


def call(second: float, action: str, *, named: bool = False, **more: Any) -> dict[str, Any]:
    parameters = {"Filters.Filter.1.Name": "db-snapshot-id"} if named else {}
    return {"time": f"2026-11-23T02:05:{second:06.3f}Z", "action": action, "parameters": parameters, **more}


def test_one_poll_a_look_is_allowed_for_fifty_in_flight() -> None:
    copies = [call(0.01 * number, "CopyDBSnapshot") for number in range(51)]
    looks = [call(1.5 + second, "DescribeDBSnapshots", named=True) for second in (0.0, 0.01, 1.0, 1.01)]
    assert polls.count([*copies, *looks], 2.0) == (4, 4)


def test_asking_for_what_nobody_started_is_too_much() -> None:
    looks = [call(1.0, "CopyDBSnapshot"), call(2.0, "DescribeDBSnapshots", named=True)]
    assert polls.count([*looks, call(2.01, "DescribeDBSnapshots", named=True)], 2.0) == (2, 1)
    assert polls.count([call(2.0, "DescribeDBClusterSnapshots", named=True)], 2.0) == (1, 0)


def test_asking_again_for_what_was_seen_to_end_is_too_much() -> None:
    seen = [call(0.0, "CopyDBSnapshot"), call(3.0, "DescribeDBSnapshots", named=True)]
    assert polls.count([*seen, call(4.0, "DescribeDBSnapshots", named=True)], 2.0) == (2, 1)


def test_full_lists_and_throttled_attempts_do_not_count_as_polls() -> None:
    throttled = call(1.0, "DescribeDBSnapshots", named=True, error="ThrottlingException")
    assert polls.count([call(0.0, "DescribeDBSnapshots"), throttled], 2.0) == (0, 0)


def test_a_figure_beyond_its_promise_misses_it() -> None:
    verdicts = [Figure("a", 2, most=1).verdict, Figure("a", 1, most=1).verdict, Figure("a", 1, least=2).verdict]
    assert [*verdicts, Figure("a", 1).verdict] == ["misses", "meets", "misses", ""]


def test_of_several_runs_the_median_counts() -> None:
    runs = [[Figure("a", value, most=5)] for value in (9, 1, 2)]
    assert medians(runs) == [Figure("a", 2, most=5)]
