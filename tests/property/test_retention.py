# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is deleted that the safety rules keep, whatever the retention says and however the rows lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import parse
from ansible_collections.lifeboat.rds.plugins.module_utils._core.retention import (
    Policy,
    judge,
    retirements,
    with_marks,
)
from tests.builders import DR, NOW, SOURCE, automated, copied, landed

MARKS = [f"lifeboat:landed:{DR}", "lifeboat:verified", "retain"]
UNFINISHED = ["copying", "creating", "failed", "deleting", "something new"]
AGES = [1, 25, 49, 300, 2000]  # hours
FOREIGN = [
    automated(hours=3000),
    copied(hours=3000, name="by-hand"),
    copied(hours=3000, tags={"lifeboat:managed-by": "other"}),
    copied(hours=3001, tags={"lifeboat:managed-by": "lifeboat-2"}),
]


def at(make: Any, identifier: str, hours: int) -> st.SearchStrategy[RecoveryPoint | None]:
    """A recovery point of this age in any state and with any marks, or none."""
    marked = [dict.fromkeys(some, "t") for size in range(len(MARKS) + 1) for some in combinations(MARKS, size)]
    finished = [make(identifier, hours, tags=tags) for tags in marked]
    others = [make(identifier, hours, status=status, tags=tags) for status in UNFINISHED for tags in marked[:4:3]]
    telling = [point for point in finished if "retain" not in point.tags]
    return st.sampled_from([*finished, *telling * 3, None, *others])


def points_of(make: Any) -> st.SearchStrategy[list[RecoveryPoint]]:
    """Recovery points of two databases, with others among them."""
    slots = [at(make, identifier, hours) for hours in AGES for identifier in ("orders", "billing")]
    return st.builds(
        lambda foreign, *points: [*foreign, *(point for point in points if point is not None)],
        st.sampled_from([[], FOREIGN]),
        *slots,
    )


PUBLISHED, LANDED = points_of(copied), points_of(landed)
POLICIES = st.builds(
    Policy,
    keep=st.sampled_from([1, 1, 1, 2, 4]),
    max_age=st.sampled_from([None, None, timedelta(0), timedelta(days=1), timedelta(days=30)]),
)
Points = list[RecoveryPoint]


def deleted(points: Points, policy: Policy, account: str) -> Points:
    return [one.point for one in judge(points, "lifeboat", policy, account, NOW) if not one.keep]


def newest(points: Iterable[RecoveryPoint]) -> Points:
    """Of each database the newest of these."""
    found: dict[str, RecoveryPoint] = {}
    for point in sorted(points, key=lambda one: one.created or NOW):
        found[point.identifier] = point
    return list(found.values())


def finished(points: Points, mark: str | None = None) -> Points:
    return [
        point
        for point in points
        if point.is_available and is_ours(point) and (mark is None or any(tag.startswith(mark) for tag in point.tags))
    ]


def is_ours(point: RecoveryPoint) -> bool:
    return point.is_owned_by("lifeboat") and parse(point.name, "lifeboat") is not None


AT_EITHER = st.tuples(PUBLISHED, st.just(SOURCE)) | st.tuples(LANDED, st.just(DR))


@given(AT_EITHER, POLICIES)
def test_what_is_not_ours_is_never_deleted(place: tuple[Points, str], policy: Policy) -> None:
    assert all(is_ours(point) for point in deleted(place[0], policy, place[1]))


@given(AT_EITHER, POLICIES)
def test_what_is_in_flight_or_has_a_retain_tag_is_never_deleted(place: tuple[Points, str], policy: Policy) -> None:
    gone = deleted(place[0], policy, place[1])
    assert not [point for point in gone if point.is_in_progress or point.status == "deleting" or "retain" in point.tags]


@given(AT_EITHER, POLICIES)
def test_the_newest_finished_one_of_each_database_is_never_deleted(place: tuple[Points, str], policy: Policy) -> None:
    points, account = place
    assert not [point for point in newest(finished(points)) if point in deleted(points, policy, account)]


@given(LANDED, POLICIES)
def test_the_dr_site_never_deletes_the_last_verified_one(points: Points, policy: Policy) -> None:
    last = newest(finished(points, "lifeboat:verified"))
    assert not [point for point in last if point in deleted(points, policy, DR)]


@given(PUBLISHED, POLICIES)
def test_the_source_never_deletes_what_has_not_landed(points: Points, policy: Policy) -> None:
    gone = [point for point in deleted(points, policy, SOURCE) if point.is_available]
    assert all(point.has_landed_in(DR) for point in gone)


@given(PUBLISHED, POLICIES)
def test_the_source_never_deletes_the_newest_that_landed(points: Points, policy: Policy) -> None:
    last = newest(finished(points, "lifeboat:landed:"))
    assert not [point for point in last if point in deleted(points, policy, SOURCE)]


@given(AT_EITHER, POLICIES)
def test_as_many_finished_ones_stay_as_are_wanted(place: tuple[Points, str], policy: Policy) -> None:
    points, account = place
    gone = deleted(points, policy, account)
    have, stay = defaultdict(int), defaultdict(int)
    for point in finished(points):
        have[point.identifier] += 1
        stay[point.identifier] += point not in gone
    assert all(stay[identifier] >= min(policy.keep, number) for identifier, number in have.items())


@given(AT_EITHER, POLICIES)
def test_what_is_younger_than_wanted_stays(place: tuple[Points, str], policy: Policy) -> None:
    points, account = place
    age = policy.max_age or timedelta()
    assert not [
        point
        for point in deleted(points, policy, account)
        if point.is_available and point.created is not None and NOW - point.created < age
    ]


@given(AT_EITHER, POLICIES)
def test_every_one_of_ours_gets_one_verdict_with_a_reason(place: tuple[Points, str], policy: Policy) -> None:
    points, account = place
    verdicts = judge(points, "lifeboat", policy, account, NOW)
    assert sorted(one.point.arn for one in verdicts) == sorted(point.arn for point in points if is_ours(point))
    assert all(one.reason for one in verdicts)


@given(AT_EITHER, POLICIES)
def test_a_verdict_does_not_depend_on_the_order_of_the_rows(place: tuple[Points, str], policy: Policy) -> None:
    points, account = place
    verdicts = judge(points, "lifeboat", policy, account, NOW)
    assert verdicts == judge(points[::-1], "lifeboat", policy, account, NOW)
    assert verdicts == judge(points[1::2] + points[::2], "lifeboat", policy, account, NOW)


@given(AT_EITHER, POLICIES)
def test_once_the_verdicts_are_carried_out_there_is_nothing_left_to_delete(
    place: tuple[Points, str], policy: Policy
) -> None:
    points, account = place
    gone = deleted(points, policy, account)
    assert deleted([point for point in points if point not in gone], policy, account) == []


@given(PUBLISHED, st.sets(st.sampled_from([DR, "333333333333"])), st.integers(0, 2000))
def test_what_is_retired_is_retired_once_and_only_when_it_landed(points: Points, accounts: Any, hours: int) -> None:
    names = [point.name for point in points if point.created and (NOW - point.created) > timedelta(hours=hours)]
    landed_in = {account: dict.fromkeys(names, "t") for account in accounts}
    retired = retirements(points, "lifeboat", SOURCE, landed_in)
    assert all(is_ours(point) and point.is_available and point.name in names for point, _account, _time in retired)
    marks: dict[str, list[str]] = defaultdict(list)
    for point, account, _time in retired:
        marks[point.arn].append(account)
    assert retirements(with_marks(points, marks), "lifeboat", SOURCE, landed_in) == []
