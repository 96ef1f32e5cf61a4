# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever AWS leaves out of honest rows: nothing is deleted, copied or landed that the whole rows would not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.newest import by_database, of_database
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.plan import Limits, decide
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.publish import (
    PublishOptions,
    PublishWish,
    begin,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.replicate import (
    Offer,
    ReplicateOptions,
    ReplicateWish,
    landed_entries,
    plan_copies,
    read_offer,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.routes import Place
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.floor import NO_FLOOR, Floor
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.policy import Policy
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.retention import Retention, judge, ours
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import VERIFIED, RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target import RestoreOptions
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target_plan import plan_target
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.coverage import View, cover
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.standing import describe
from tests.builders import (
    DR,
    DR_KEY,
    EAST,
    NOW,
    SOURCE,
    SOURCE_KEY,
    WEST,
    automated,
    copied,
    database,
    landed,
    of_cluster,
)

Points = list[RecoveryPoint]

# What a row may lack; tags as well: without them it is not known to be ours.
OPTIONAL = {
    "resource_id": None,
    "size_gib": None,
    "percent": None,
    "engine_version": None,
    "created": None,
    "original": None,
    "database_time": None,
    "source_region": None,
    "source_arn": None,
    "kms_key_id": None,
    "option_group": None,
    "tags": {},
}
MARKED: list[Any] = [{}, {VERIFIED: "t"}, {"retain": ""}, {f"lifeboat:landed:{DR}": "t"}]
POLICIES = st.builds(
    Policy,
    keep=st.integers(1, 3),
    max_age=st.sampled_from([None, timedelta(days=2)]),
    daily=st.integers(0, 2),
    weekly=st.integers(0, 2),
    monthly=st.integers(0, 3),
)


def lacking(point: RecoveryPoint, absent: Iterable[str]) -> RecoveryPoint:
    return replace(point, **{name: OPTIONAL[name] for name in absent})


ABSENT = st.sets(st.sampled_from(sorted(OPTIONAL)), max_size=4)


@st.composite
def rows(draw: Any, make: Any) -> tuple[Points, Points]:
    """Draw honest rows of one database, and the same rows as AWS may show them."""
    is_cluster = draw(st.booleans())
    keys = st.sampled_from([DR_KEY, DR_KEY, DR_KEY, SOURCE_KEY])
    whole: Points = []
    for hours in draw(st.lists(st.sampled_from([1, 5, 30, 50, 300, 800, 2000, 9000]), unique=True, max_size=6)):
        status = draw(st.sampled_from(["available"] * 5 + ["copying", "failed"]))
        about: dict[str, Any] = {"status": status, "tags": draw(st.sampled_from(MARKED))}
        if make is landed:
            about["kms_key_id"] = draw(keys)
        point = make("orders", hours, **about)
        whole.append(of_cluster(point) if is_cluster else point)
    return whole, [lacking(point, draw(ABSENT)) for point in whole]


def going(points: Points, account: str, policy: Policy, floor: Floor) -> set[str]:
    retention = Retention("lifeboat", account, NOW, lambda _point: policy, floor_of=lambda _point: floor)
    return {one.point.arn for one in judge(points, retention) if not one.keep}


@given(rows(landed), POLICIES, st.sampled_from([NO_FLOOR, Floor()]))
def test_a_dr_site_deletes_nothing_that_it_would_keep_if_it_saw_all(
    shown: tuple[Points, Points], policy: Policy, floor: Floor
) -> None:
    whole, cut = shown
    assert going(cut, DR, policy, floor) <= going(whole, DR, policy, floor)


@given(rows(copied), POLICIES)
def test_a_source_deletes_nothing_that_it_would_keep_if_it_saw_all(
    shown: tuple[Points, Points], policy: Policy
) -> None:
    whole, cut = shown
    assert going(cut, SOURCE, policy, NO_FLOOR) <= going(whole, SOURCE, policy, NO_FLOOR)


OPTIONS = ReplicateOptions("lifeboat", frozenset({SOURCE}), Place(DR, EAST))


def shared(hours: float, *, is_cluster: bool) -> RecoveryPoint:
    point = copied("orders", hours, encrypted=True, kms_key_id=SOURCE_KEY)
    return replace(of_cluster(point) if is_cluster else point, tags={})


@given(st.booleans(), st.sampled_from([1, 50]), ABSENT, ABSENT, st.sampled_from([DR_KEY, SOURCE_KEY]), st.booleans())
def test_what_lands_is_what_would_land_if_all_were_seen_and_nothing_is_copied_twice(
    is_cluster: bool, hours: float, of_source: set[str], of_copy: set[str], key: str, is_finished: bool
) -> None:
    offered = shared(hours, is_cluster=is_cluster)
    landing = []
    for source, absent in ((offered, set()), (lacking(offered, of_source), of_copy)):
        offer = read_offer(source, OPTIONS, {})
        if not isinstance(offer, Offer):
            continue  # refused with a reason: AWS does not say when it was made
        (copy,) = plan_copies(offer, ReplicateWish(DR_KEY), OPTIONS)
        status = "available" if is_finished else "copying"
        made = landed("orders", hours, kms_key_id=key, status=status, tags=dict(copy.tags), source_arn=source.arn)
        row = lacking(replace(of_cluster(made) if is_cluster else made, arn=copy.arn), absent)
        landing.append(bool(landed_entries([copy], {copy.key: row}, "lifeboat", "now")))
        assert decide([copy], {row.key: row}, Limits(), {}).start == []
    assert landing in ([landing[0]], [landing[0]] * 2, [True, False])


PUBLISH = PublishOptions("lifeboat", Place(SOURCE, WEST), WEST, is_shared=True, tags={})


@given(st.booleans(), ABSENT, st.sampled_from(["automated", "manual"]))
def test_a_source_publishes_nothing_twice(is_cluster: bool, absent: set[str], source: Any) -> None:
    original = database("orders", "cluster" if is_cluster else "instance")
    taken = automated("orders", 5, origin=source, name="rds:orders" if source == "automated" else "by-hand")
    taken = of_cluster(taken) if is_cluster else taken
    wish = PublishWish(source, timedelta(days=1))

    def offered(points: Points) -> Any:
        return begin(original, of_database(original, by_database(points, "lifeboat")), wish, PUBLISH, NOW).offered

    first = offered([taken])
    made = replace(copied("orders", 5, tags=dict(first.tags)), created=NOW, name=first.name, arn=first.arn)
    made = lacking(replace(of_cluster(made) if is_cluster else made, arn=first.arn), absent)
    again = offered([taken, made])
    assert again.key == first.key


@given(rows(landed))
def test_nothing_is_covered_better_and_no_restore_needs_what_is_not_shown(shown: tuple[Points, Points]) -> None:
    whole, cut = shown
    view = View(DR, "lifeboat")
    ages = [[describe(one, view, 10**9, NOW)["age_seconds"] for one in cover([], points, view)] for points in shown]
    for before, after in zip(*ages, strict=False):
        assert after is None or (before is not None and before <= after)
    for lineage, point in ours(cut, "lifeboat"):
        plan_target(lineage, point, RestoreOptions("lifeboat", "d1", "private", ("sg-1",), None, DR_KEY, NOW))
    assert len(cut) == len(whole)
