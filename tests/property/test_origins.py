# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever one source account puts into the world, each decision about another source's databases stays the same.

The honest source is SOURCE. The hostile one is STRANGER: it chooses the names, times, tags and manifests of what comes
from it, but not what AWS says of them: the account, the source ARN, and the times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.plan import Limits, after_earlier, decide
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.replicate import (
    Offer,
    ReplicateOptions,
    ReplicateWish,
    newest_by_database,
    plan_copies,
    read_offer,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.routes import Place
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.between_runs import read_stale
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.manifest import (
    describe_published,
    published_manifest,
    read_published,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.selection import Selection
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.bound import why_too_many_of
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.floor import FLOOR
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.policy import Policy
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.retention import Retention, judge
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import (
    BEGUN,
    DATABASE,
    ORIGIN,
    VERIFIED,
    RecoveryPoint,
    iso,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import is_our_point
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.choice import (
    Choice,
    by_original,
    choose,
    landed_by_database,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.coverage import View, cover
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.standing import describe
from tests.builders import (
    DR,
    DR_KEY,
    EAST,
    NOW,
    SOURCE,
    STRANGER,
    WEST,
    copied,
    database,
    hours_ago,
    landed,
    of_cluster,
)

Points = list[RecoveryPoint]
HOME = Place(DR, EAST)
OPTIONS = ReplicateOptions("lifeboat", frozenset([SOURCE, STRANGER]), HOME)
VIEW = View(DR, "lifeboat")
names, hours = st.sampled_from(["orders", "billing"]), st.sampled_from([-50, 1, 2, 30, 200, 300, 900, 3000])
states = st.sampled_from(["available", "available", "available", "copying", "failed"])
kinds = st.sampled_from(["instance", "cluster"])


def as_kind(point: RecoveryPoint, kind: str) -> RecoveryPoint:
    return of_cluster(point) if kind == "cluster" else point


def marks(begun: float, **more: str) -> dict[str, str]:
    return {BEGUN: str(iso(hours_ago(begun))), **more}


def genuine(identifier: str, age: float, kind: str, status: str, is_verified: bool) -> RecoveryPoint:
    """Build what landed of the honest source at its time."""
    tags = marks(age, **({VERIFIED: str(iso(NOW))} if is_verified else {}))
    return as_kind(landed(identifier, age, status=status, tags=tags), kind)


def forged(
    identifier: str, claimed: float, begun: float, of: str, kind: str, tags: dict[str, str], status: str
) -> RecoveryPoint:
    """Build what landed of the hostile source, named and tagged as it likes."""
    point = copied(identifier, claimed, DR, of=of, kms_key_id=DR_KEY, status=status, tags={**marks(begun), **tags})
    return as_kind(
        replace(
            point,
            source_arn=f"arn:aws:rds:{WEST}:{STRANGER}:snapshot:{point.name}",
            created=hours_ago(max(begun, 0)),
            original=hours_ago(max(begun, 0)),
            arn=f"{point.arn}-{STRANGER}" if of == SOURCE else point.arn,
        ),
        kind,
    )


THEIRS = {ORIGIN: SOURCE, DATABASE: database().id.arn}
FORGED_TAGS = st.sampled_from([{}, {ORIGIN: SOURCE}, {DATABASE: THEIRS[DATABASE]}, THEIRS, {VERIFIED: "t"}])
past = hours.filter(lambda age: age > 0)
HONEST = st.lists(st.builds(genuine, names, past, kinds, states, st.booleans()), max_size=8)
HOSTILE = st.lists(
    st.builds(forged, names, hours, hours, st.sampled_from([SOURCE, STRANGER]), kinds, FORGED_TAGS, states), max_size=8
)
POLICIES = st.builds(Policy, keep=st.integers(1, 3), daily=st.integers(0, 3), monthly=st.integers(0, 12))


def unique(points: Iterable[RecoveryPoint]) -> Points:
    return list({point.arn: point for point in points}.values())


@given(HONEST, HOSTILE, POLICIES)
def test_what_stays_of_a_source_does_not_depend_on_another(honest: Points, hostile: Points, policy: Policy) -> None:
    retention = Retention("lifeboat", DR, NOW, lambda _point: policy, floor_of=lambda _point: FLOOR)
    honest = unique(honest)
    alone = judge(honest, retention)
    beside = judge([*honest, *unique(hostile)], retention)
    mine = [one for one in beside if one.point in honest]
    assert mine == alone
    assert why_too_many_of(mine, "lifeboat") == why_too_many_of(alone, "lifeboat")


@given(HONEST, HOSTILE)
def test_how_a_database_stands_does_not_depend_on_another_source(honest: Points, hostile: Points) -> None:
    def standing(points: Points) -> list[dict[str, Any]]:
        found = [describe(one, VIEW, 86400, NOW) for one in cover([], points, VIEW)]
        return [one for one in found if one["account_id"] == SOURCE]

    assert standing([*unique(hostile), *unique(honest)]) == standing(unique(honest))


@given(
    HONEST, HOSTILE, st.sampled_from([Choice(), Choice("verified"), Choice("at", at=hours_ago(100)), Choice("random")])
)
def test_what_is_restored_does_not_depend_on_another_source(honest: Points, hostile: Points, choice: Choice) -> None:
    def chosen(points: Points) -> list[Any]:
        found = landed_by_database(points, "lifeboat", Selection(), "here")
        merged = [(one.identifier, choose(rows, choice, "d1")) for one, rows in by_original(found)]
        return [(name, one) for name, one in merged if one and one[0].origin.account == SOURCE]

    assert chosen([*unique(hostile), *unique(honest)]) == chosen(unique(honest))


def shared(identifier: str, claimed: float, made: float, of: str, account: str, instance: str) -> RecoveryPoint:
    """Build what an account shares: named for a database of some account, and taken of an instance of its own."""
    point = copied(identifier, claimed, account, of=of, tags={}, created=hours_ago(made), original=hours_ago(made))
    return replace(point, tags={}, identifier=instance)


def entry_of(point: RecoveryPoint, account: str) -> dict[str, Any]:
    one = replace(database(point.identifier), id=replace(database(point.identifier).id, account=account))
    return describe_published(one, point.original or NOW, point)


OFFERED = st.lists(
    st.builds(lambda name, age: shared(name, age, age, SOURCE, SOURCE, name), names, hours.filter(lambda age: age > 0))
)
SQUATTED = st.lists(
    st.builds(
        shared,
        names,
        hours,
        hours,
        st.sampled_from([SOURCE, STRANGER]),
        st.just(STRANGER),
        st.sampled_from(["orders", copied().name, copied("billing", 30).name]),
    )
)


@given(OFFERED, SQUATTED, HONEST, HOSTILE)
def test_what_is_copied_of_a_source_does_not_depend_on_another(
    offered: Points, squatted: Points, here: Points, hostile: Points
) -> None:
    """Its manifest may describe what the other shares: that counts for nothing."""
    lies = [entry_of(point, account) for point in (*offered, *squatted) for account in (SOURCE, STRANGER)]

    def plan(points: Points, owned: Points, *manifests: Any) -> Any:
        published = read_published(
            [published_manifest(SOURCE, WEST, [entry_of(one, SOURCE) for one in offered]), *manifests]
        )
        offers = [one for point in points if isinstance(one := read_offer(point, OPTIONS, published), Offer)]
        copies = [
            copy for one in newest_by_database(offers) for copy in plan_copies(one, ReplicateWish(DR_KEY), OPTIONS)
        ]
        rows = {one.key: one for one in owned}
        made = decide(after_earlier(copies, rows, "lifeboat"), rows, Limits(99, 99), {})
        stale = read_stale(published.values(), [], [one.lineage for one in offers], DR)
        return (
            [one for one in made.start if one.origin.account == SOURCE],
            [one for one in made.queued if one[0].origin.account == SOURCE],
            [one for one in stale if one.entry.database.account == SOURCE],
        )

    taken = {point.name for point in (*here, *offered)}  # what we copy of one account is never named like another's
    own = [one for one in unique(hostile) if one.name not in taken]
    alone = plan(unique(offered), unique(here))
    beside = plan(
        [*unique(squatted), *unique(offered)], [*own, *unique(here)], published_manifest(STRANGER, WEST, lies)
    )
    assert beside == alone


# -- the same database ------------------------------------------------------------------------------------------------

genuine_ages = st.lists(st.integers(1, 3000), min_size=1, max_size=12, unique=True)
LATER = st.tuples(st.integers(0, 3000), kinds)  # what a name claims


@given(genuine_ages, st.lists(LATER, max_size=12), POLICIES, kinds)
def test_what_lands_out_of_order_pushes_out_nothing_of_its_own_database(
    ages: list[int], later: list[tuple[int, str]], policy: Policy, kind: str
) -> None:
    """Genuine ones landed at their times; since then the same source has named what it likes, all at once and now."""
    points = [as_kind(landed(hours=age + 1, tags=marks(age + 1)), kind) for age in ages]
    retention = Retention("lifeboat", DR, NOW, lambda _point: policy, floor_of=lambda _point: FLOOR)
    before = {one.point.arn for one in judge(points, retention) if one.keep}
    newest = min(ages) + 1
    taken = {point.arn for point in points}
    late = [as_kind(landed(hours=max(claimed, newest), tags=marks(0)), kind) for claimed, _kind in later]
    beside = judge([*points, *(one for one in unique(late) if one.arn not in taken)], retention)
    assert before <= {one.point.arn for one in beside if one.keep}


@given(genuine_ages, st.lists(st.integers(-3000, 0), max_size=12), POLICIES)
def test_what_is_named_for_the_future_pushes_out_nothing(ages: list[int], later: list[int], policy: Policy) -> None:
    points = [of_cluster(landed(hours=age, tags=marks(age))) for age in ages]
    future = [replace(of_cluster(landed(hours=claimed - 1, tags=marks(0))), created=NOW) for claimed in later]
    retention = Retention("lifeboat", DR, NOW, lambda _point: policy, floor_of=lambda _point: FLOOR)
    before = judge(points, retention)
    assert [one for one in judge([*points, *unique(future)], retention) if one.point in points] == before


@given(HONEST, HOSTILE)
def test_what_comes_of_an_unknown_origin_is_kept_and_counts_for_nothing(honest: Points, hostile: Points) -> None:
    lost = [replace(one, source_arn=None, tags={**one.tags, ORIGIN: "none"}) for one in unique(hostile)]
    retention = Retention("lifeboat", DR, NOW, lambda _point: Policy(), floor_of=lambda _point: FLOOR)
    found = judge([*unique(honest), *lost], retention)
    assert not any(is_our_point(one, "lifeboat") for one in lost)
    assert all(one.keep for one in found if one.point in lost)
    assert [one for one in found if one.point not in lost] == judge(unique(honest), retention)


def test_the_floor_keeps_points_of_every_age_below_its_minimum() -> None:
    """A poisoned database replicates like any other, so what is younger than the floor stays beside the newest."""
    points = [landed(hours=24 * day + 1, tags=marks(24 * day + 1)) for day in range(10)]
    retention = Retention("lifeboat", DR, NOW, lambda _point: Policy(), floor_of=lambda _point: FLOOR)
    stay = [one.point for one in judge(points, retention) if one.keep]
    assert [NOW - point.original < timedelta(days=7) for point in stay if point.original] == [True] * 7
