# SPDX-License-Identifier: GPL-3.0-or-later
"""Retention never deletes what the safety rules keep, whatever the policy and the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import timedelta
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.floor import NO_FLOOR, Floor
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.policy import Policy
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.retention import (
    Retention,
    judge,
    retirements,
    with_marks,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import MANAGED_BY, RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import parse
from tests.builders import DR, NOW, SOURCE, SOURCE_KEY, STRANGER, automated, copied, landed, of_cluster

MARKS = [f"lifeboat:landed:{DR}", "lifeboat:verified", "retain", f"lifeboat:landed:{STRANGER}", "lifeboat:stage"]
UNFINISHED = ["copying", "creating", "failed", "deleting", "something new"]
AGES = [1, 2, 16, 49, 300, 2000, 9000]  # hours; now is 14:00 on a Monday in November
FOREIGN = [
    automated(hours=3000),
    copied(hours=3000, name="by-hand"),
    copied(hours=3000, tags={"lifeboat:managed-by": "other"}),
    copied(hours=3001, tags={"lifeboat:managed-by": "lifeboat-2"}),
]
Points = list[RecoveryPoint]


def at(make: Any, identifier: str, hours: int) -> st.SearchStrategy[RecoveryPoint | None]:
    """Draw a recovery point of this age, in any state and with any marks, or none.

    Billing is a cluster, so its copy has just been created.
    """

    def build(**more: Any) -> RecoveryPoint:
        point = make(identifier, hours, **more)
        return point if identifier == "orders" else replace(of_cluster(point), created=NOW)

    marked = [dict.fromkeys(some, "t") for size in range(len(MARKS) + 1) for some in combinations(MARKS, size)]
    finished = [build(tags=tags) for tags in marked]
    others = [build(status=status, tags=tags) for status in UNFINISHED for tags in marked[:4:3]]
    telling = [point for point in finished if not {"retain", "lifeboat:stage"} & set(point.tags)]
    return st.sampled_from([*finished, *telling * 5, *[build(kms_key_id=SOURCE_KEY)] * 8, None, None, *others])


def points_of(make: Any) -> st.SearchStrategy[Points]:
    """Draw recovery points of two databases, with others between them."""
    slots = [at(make, identifier, hours) for hours in AGES for identifier in ("orders", "billing")]
    return st.builds(
        lambda foreign, *points: [*foreign, *(point for point in points if point is not None)],
        st.sampled_from([[], FOREIGN]),
        *slots,
    )


PUBLISHED, LANDED = points_of(copied), points_of(landed)
AT_EITHER = st.tuples(PUBLISHED, st.just(SOURCE)) | st.tuples(LANDED, st.just(DR))
FEW = st.sampled_from([0, 0, 0, 1, 2, 3])
POLICIES = st.builds(
    Policy,
    keep=st.sampled_from([1, 1, 1, 2, 4]),
    max_age=st.sampled_from([None, None, timedelta(0), timedelta(days=1), timedelta(days=30)]),
    daily=FEW,
    weekly=FEW,
    monthly=FEW,
    yearly=FEW,
)
DR_ACCOUNTS = st.sampled_from([frozenset(), frozenset([DR]), frozenset([DR, STRANGER])])
# The ages of the recovery points that are released.
RELEASED = st.sets(st.sampled_from(AGES), max_size=2) | st.just(set())


def age_of(point: RecoveryPoint) -> timedelta:
    """Compute the age by the time in the name. The row of a cluster snapshot has the time of the copy instead."""
    lineage = parse(point.name, "lifeboat", SOURCE)
    assert lineage
    return NOW - lineage.original


def names_of(points: Points, ages: Iterable[int]) -> frozenset[str]:
    wanted = {timedelta(hours=hours) for hours in ages}
    return frozenset(point.name for point in points if is_ours(point) and age_of(point) in wanted)


def deleted(points: Points, policy: Policy | None, account: str, *, floor: Floor = NO_FLOOR, **more: Any) -> Points:
    retention = Retention("lifeboat", account, NOW, lambda _point: policy, floor_of=lambda _point: floor, **more)
    return [one.point for one in judge(points, retention) if not one.keep]


def is_ours(point: RecoveryPoint) -> bool:
    return point.tags.get(MANAGED_BY) == "lifeboat" and parse(point.name, "lifeboat", SOURCE) is not None


def by_database(points: Iterable[RecoveryPoint]) -> list[Points]:
    """List the available recovery points of ours for each database, newest first, without intermediates."""
    found: dict[str, Points] = defaultdict(list)
    for point in points:
        if is_ours(point) and point.is_available and "lifeboat:stage" not in point.tags:
            found[point.identifier].append(point)
    return [sorted(group, key=age_of) for group in found.values()]


def has_landed(point: RecoveryPoint, accounts: frozenset[str]) -> bool:
    marks = {tag.removeprefix("lifeboat:landed:") for tag in point.tags if tag.startswith("lifeboat:landed:")}
    return marks >= accounts and bool(marks)


def must_stay(points: Points, account: str, accounts: frozenset[str]) -> Points:
    """Find what safety rule 2 keeps: the newest landed, the last verified, and what has not landed yet."""
    stay: Points = [point for point in points if "retain" in point.tags or point.status not in ("available", "failed")]
    for group in by_database(points):
        if account == DR:
            own = [point for point in group if f":{SOURCE}:" not in (point.kms_key_id or "")]
            stay += own[:1] + [point for point in own if "lifeboat:verified" in point.tags][:1]
        else:
            arrived = [number for number, point in enumerate(group) if has_landed(point, accounts)]
            first = arrived[0] if arrived else len(group)
            stay += group[: first + 1] + group[:1]
    return stay


@given(AT_EITHER, POLICIES, DR_ACCOUNTS, RELEASED)
def test_no_plan_deletes_what_the_safety_rules_keep(
    place: tuple[Points, str], policy: Policy, accounts: frozenset[str], ages: set[int]
) -> None:
    """A released recovery point counts as deleted, unless something holds it. So the next one takes its place."""
    points, account = place
    released = names_of(points, ages)
    held = [point for point in points if "retain" in point.tags or point.status not in ("available", "failed")]
    left = [point for point in points if point.name not in released or point in held]
    gone = deleted(points, policy, account, dr_accounts=accounts, released=released)
    assert not [point for point in must_stay(left, account, accounts) if point in gone]


@given(AT_EITHER, POLICIES, DR_ACCOUNTS)
def test_without_a_release_none_of_it_is_deleted(
    place: tuple[Points, str], policy: Policy, accounts: frozenset[str]
) -> None:
    points, account = place
    gone = deleted(points, policy, account, dr_accounts=accounts)
    assert not [point for point in must_stay(points, account, accounts) if point in gone]


FLOORS = st.builds(Floor, newest=st.integers(0, 4), min_age=st.sampled_from(AGES).map(lambda h: timedelta(hours=h)))


def in_floor(points: Points, floor: Floor) -> Points:
    """Find the newest that landed, and what is younger by AWS's own time, of which a cluster's copy has its own."""
    group = [point for point in points if f":{SOURCE}:" not in (point.kms_key_id or "")]
    young = [point for point in points if NOW - (point.original or point.created or NOW) < floor.min_age]
    return [*group[: floor.newest], *young]


@given(LANDED, POLICIES, FLOORS, DR_ACCOUNTS)
def test_nothing_within_the_floor_is_deleted_whatever_the_retention(
    points: Points, policy: Policy, floor: Floor, accounts: frozenset[str]
) -> None:
    gone = deleted(points, policy, DR, floor=floor, dr_accounts=accounts)
    for group in by_database(points):
        assert not [point for point in in_floor(group, floor) if point in gone]


@given(AT_EITHER, POLICIES, FLOORS)
def test_a_floor_never_deletes_more(place: tuple[Points, str], policy: Policy, floor: Floor) -> None:
    points, account = place
    below = deleted(points, policy, account)
    assert not [point for point in deleted(points, policy, account, floor=floor) if point not in below]


@given(LANDED, RELEASED)
def test_without_a_declared_retention_a_dr_site_deletes_only_what_is_released(points: Points, ages: set[int]) -> None:
    released = names_of(points, ages)
    assert not [one for one in deleted(points, None, DR, released=released) if one.name not in released]


@given(AT_EITHER, POLICIES, DR_ACCOUNTS, RELEASED)
def test_what_is_not_ours_or_an_intermediate_is_never_deleted(
    place: tuple[Points, str], policy: Policy, accounts: frozenset[str], ages: set[int]
) -> None:
    gone = deleted(place[0], policy, place[1], dr_accounts=accounts, released=names_of(place[0], ages))
    assert all(is_ours(point) and "lifeboat:stage" not in point.tags for point in gone)


@given(AT_EITHER, POLICIES, RELEASED)
def test_a_release_deletes_all_that_it_names_and_nothing_holds(
    place: tuple[Points, str], policy: Policy, ages: set[int]
) -> None:
    points, account = place
    released = names_of(points, ages)
    gone = deleted(points, policy, account, released=released)
    held = [point for point in points if {"retain", "lifeboat:stage"} & set(point.tags)]
    held += [point for point in points if point.status not in ("available", "failed")]
    assert not [point for point in points if point.name in released and is_ours(point) and point not in gone + held]


@given(AT_EITHER, POLICIES)
def test_the_newest_finished_one_of_each_database_is_never_deleted(place: tuple[Points, str], policy: Policy) -> None:
    points, account = place
    gone = deleted(points, policy, account)
    assert not [group[0] for group in by_database(points) if group[0] in gone]


@given(PUBLISHED, DR_ACCOUNTS)
def test_what_has_not_landed_leaks_no_quota(points: Points, accounts: frozenset[str]) -> None:
    """When only the newest is wanted, everything older than the landed one goes, unless something holds it."""
    gone = deleted(points, Policy(), SOURCE, dr_accounts=accounts)
    for group in by_database(points):
        arrived = [number for number, point in enumerate(group) if has_landed(point, accounts)]
        older = group[arrived[0] + 1 :] if arrived else []
        assert all(point in gone for point in older if "retain" not in point.tags and point is not group[0])


PERIODS = {
    "daily": lambda moment: moment.date(),
    "weekly": lambda moment: moment.isocalendar()[:2],
    "monthly": lambda moment: (moment.year, moment.month),
    "yearly": lambda moment: moment.year,
}


@given(AT_EITHER, POLICIES)
def test_as_many_as_are_wanted_stay_of_every_sort(place: tuple[Points, str], policy: Policy) -> None:
    points, account = place
    gone = deleted(points, policy, account)
    for group in by_database(points):
        assert not [point for point in group[: policy.keep] if point in gone]
        for name, period_of in PERIODS.items():
            first: dict[Any, RecoveryPoint] = {}
            for point in reversed(group):
                first.setdefault(period_of(NOW - age_of(point)), point)
            leaders = list(reversed(first.values()))[: getattr(policy, name)]
            assert not [point for point in leaders if point in gone]


@given(AT_EITHER, POLICIES)
def test_what_is_younger_than_wanted_stays(place: tuple[Points, str], policy: Policy) -> None:
    points, account = place
    age = policy.max_age or timedelta()
    gone = deleted(points, policy, account)
    assert not [point for point in gone if point.is_available and age_of(point) < age]


@given(AT_EITHER, POLICIES, st.sampled_from([one.name for one in fields(Policy)]), st.integers(1, 40), DR_ACCOUNTS)
def test_more_of_any_number_of_the_policy_never_deletes_more(
    place: tuple[Points, str], policy: Policy, number: str, more: int, accounts: frozenset[str]
) -> None:
    points, account = place
    now = getattr(policy, number)
    larger = (now or timedelta()) + timedelta(days=more) if number == "max_age" else now + more
    gone = deleted(points, policy, account, dr_accounts=accounts)
    fewer = deleted(points, replace(policy, **{number: larger}), account, dr_accounts=accounts)
    assert [point for point in fewer if point not in gone] == []


@given(AT_EITHER, POLICIES, RELEASED)
def test_every_one_of_ours_gets_one_ruling_with_a_reason(
    place: tuple[Points, str], policy: Policy, ages: set[int]
) -> None:
    points, account = place
    released = names_of(points, ages)
    rulings = judge(points, Retention("lifeboat", account, NOW, lambda _point: policy, released=released))
    assert sorted(one.point.arn for one in rulings) == sorted(point.arn for point in points if is_ours(point))
    assert all(one.reason for one in rulings)


@given(AT_EITHER, POLICIES, DR_ACCOUNTS)
def test_a_ruling_does_not_depend_on_the_order_of_the_rows(
    place: tuple[Points, str], policy: Policy, accounts: frozenset[str]
) -> None:
    points, account = place
    retention = Retention("lifeboat", account, NOW, lambda _point: policy, accounts)
    rulings = judge(points, retention)
    assert rulings == judge(points[::-1], retention)
    assert rulings == judge(points[1::2] + points[::2], retention)


@given(AT_EITHER, st.tuples(POLICIES, POLICIES), DR_ACCOUNTS, RELEASED, FLOORS)
def test_once_a_plan_is_applied_the_next_one_is_empty(
    place: tuple[Points, str], policies: tuple[Policy, Policy], accounts: frozenset[str], ages: set[int], floor: Floor
) -> None:
    """This also holds when recovery points of one database have different policies, for example by their tags."""
    points, account = place
    retention = Retention(
        "lifeboat",
        account,
        NOW,
        lambda point: policies["lifeboat:verified" in point.tags],
        accounts,
        released=names_of(points, ages),
        floor_of=lambda _point: floor,
    )
    gone = [one.point for one in judge(points, retention) if not one.keep]
    left = [point for point in points if point not in gone]
    assert [one.point for one in judge(left, retention) if not one.keep] == []


@given(PUBLISHED, st.sets(st.sampled_from([DR, "333333333333"])), st.integers(0, 2000))
def test_what_is_retired_is_retired_once_and_only_when_it_landed(points: Points, accounts: Any, hours: int) -> None:
    names = [point.name for point in points if is_ours(point) and age_of(point) > timedelta(hours=hours)]
    landed_in = {account: dict.fromkeys(names, "t") for account in accounts}
    retired = retirements(points, "lifeboat", SOURCE, landed_in)
    assert all(is_ours(point) and point.is_available and point.name in names for point, _account, _time in retired)
    marks: dict[str, list[str]] = defaultdict(list)
    for point, account, _time in retired:
        marks[point.arn].append(account)
    assert retirements(with_marks(points, marks), "lifeboat", SOURCE, landed_in) == []
