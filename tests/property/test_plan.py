# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies start within the limits and only once, and none start when everything is in place."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.newest import by_database, of_database
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.plan import Copy, Limits, decide
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.publish import (
    PublishOptions,
    PublishWish,
    begin,
    complete,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.replicate import (
    Offer,
    ReplicateOptions,
    ReplicateWish,
    newest_by_database,
    plan_copies,
    read_offer,
    why_not_landed,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.routes import Place
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import Key, RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import Origin
from ansible_collections.lifeboat.rds.plugins.module_utils._core.sharing import check_accounts, plan_share
from tests.builders import (
    DR,
    DR_KEY,
    EAST,
    NOW,
    SOURCE,
    SOURCE_KEY,
    STRANGER,
    WEST,
    automated,
    copied,
    copying,
    database,
    key,
    of_cluster,
)

KINDS = st.sampled_from(["instance", "cluster"])
LIMITS = st.builds(Limits, instance=st.sampled_from([5, 3, 2, 1, 0, 9]), cluster=st.sampled_from([5, 3, 2, 1, 0, 9]))
FOREIGN = st.fixed_dictionaries(
    {(EAST, "instance"): st.sampled_from([0, 0, 1, 2]), (EAST, "cluster"): st.sampled_from([0, 0, 1, 2])}
)
STATES = st.sampled_from([None, None, None, None, "available", "copying", "creating", "failed", "something new"])


def copy(kind: Any, identifier: str, name: str) -> Copy:
    return Copy(
        kind=kind,
        identifier=identifier,
        origin=Origin(SOURCE, f"{kind} {identifier}"),
        name=name,
        account=DR,
        region=EAST,
        source_arn=f"arn:aws:rds:{WEST}:{SOURCE}:snapshot:{name}",
        size_gib=1,
        engine="postgres",
        reason="",
        resource_id="db-X",
    )


COPIES = st.lists(
    st.builds(copy, KINDS, st.sampled_from("abc"), st.sampled_from("vwxyz")),
    min_size=3,
    max_size=9,
    unique_by=lambda one: one.key,
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Copy], dict[tuple[str, str], RecoveryPoint]]:
    """Draw wanted copies, and which of them exist at the destination."""
    copies = draw(COPIES)
    states = [draw(STATES) for _copy in copies]
    rows = {
        one.key: copying(one, DR, EAST, status=state)
        for one, state in zip(copies, states, strict=True)
        if state is not None
    }
    return copies, rows


@given(situations(), LIMITS, FOREIGN)
def test_no_more_copies_are_in_flight_than_the_limits_allow(situation: Any, limits: Limits, foreign: Any) -> None:
    decision = decide(*situation, limits, foreign)
    started = Counter(one.slot for one in decision.start)
    running = Counter(one.slot for one, _row in decision.in_flight)
    for slot, number in started.items():
        assert number + running[slot] + foreign[slot] <= limits.of(slot[1])


@given(situations(), LIMITS, FOREIGN)
def test_no_database_is_copied_twice_at_once(situation: Any, limits: Limits, foreign: Any) -> None:
    decision = decide(*situation, limits, foreign)
    started = [one.origin for one in decision.start]
    assert len(started) == len(set(started))
    assert not set(started) & {one.origin for one, _row in decision.in_flight}


@given(situations(), LIMITS, FOREIGN)
def test_what_exists_is_never_started(situation: Any, limits: Limits, foreign: Any) -> None:
    copies, rows = situation
    assert not [one for one in decide(copies, rows, limits, foreign).start if one.key in rows]


@given(situations(), LIMITS, FOREIGN)
def test_every_copy_has_one_fate(situation: Any, limits: Limits, foreign: Any) -> None:
    copies, rows = situation
    decision = decide(copies, rows, limits, foreign)
    pairs = [*decision.in_flight, *decision.available, *decision.failed]
    fates = [*decision.start, *(one for one, _why in decision.queued), *(one for one, _row in pairs)]
    assert sorted(one.key for one in fates) == sorted(one.key for one in copies)
    assert all(rows[one.key] is row for one, row in pairs)


@given(situations(), LIMITS, FOREIGN)
def test_nothing_waits_that_could_start(situation: Any, limits: Limits, foreign: Any) -> None:
    decision = decide(*situation, limits, foreign)
    running = [one for one, _row in decision.in_flight] + decision.start
    used = Counter(one.slot for one in running) + Counter(foreign)
    busy = {one.origin for one in running}
    assert all(one.origin in busy or used[one.slot] >= limits.of(one.kind) for one, _why in decision.queued)


@given(COPIES, st.integers(1, 4), st.integers(1, 4))
def test_every_copy_is_made_in_the_end(copies: list[Copy], instances: int, clusters: int) -> None:
    rows: dict[tuple[str, str], RecoveryPoint] = {}
    for _pass in copies:
        started = decide(copies, rows, Limits(instances, clusters), {}).start
        assert started or len(rows) == len(copies)
        rows |= {one.key: copying(one, DR, EAST, status="available") for one in started}
    assert set(rows) == {one.key for one in copies}


# -- after a plan has been carried out, nothing is left to do ---------------------------------------------------------

CLUSTERS = ("shop", "events")
IDENTIFIERS = st.sampled_from(["orders", "billing", *CLUSTERS])
AWS_KEY = f"arn:aws:kms:{WEST}:{SOURCE}:key/aws-rds"
KEYS: dict[str, Key] = {SOURCE_KEY: key(SOURCE_KEY), AWS_KEY: key(AWS_KEY, is_aws_managed=True)}
STORAGE = st.sampled_from(
    [{}, {"encrypted": True, "kms_key_id": SOURCE_KEY}, {"encrypted": True, "kms_key_id": AWS_KEY}]
)


def snapshot(identifier: str, hours: int, storage: dict[str, Any], status: str) -> RecoveryPoint:
    point = automated(identifier, hours, status=status, **storage)
    return of_cluster(point) if identifier in CLUSTERS else point


FINISHED = st.sampled_from(["available", "available", "creating"])
SNAPSHOTS = st.lists(
    st.builds(snapshot, IDENTIFIERS, st.integers(1, 500), STORAGE, FINISHED), max_size=8, unique_by=lambda one: one.name
)
EVERYTHING = Limits(99, 99)


def publish(points: list[RecoveryPoint]) -> list[Copy]:
    """Plan the copies that publish the databases of these recovery points."""
    options = PublishOptions("lifeboat", Place(SOURCE, WEST), WEST, is_shared=True, tags={})
    wish = PublishWish("automated", timedelta(days=1), "alias/lifeboat")
    databases = [
        database(name, "cluster" if name in CLUSTERS else "instance") for name in {one.identifier for one in points}
    ]
    grouped = by_database(points, "lifeboat")
    begun = [begin(one, of_database(one, grouped), wish, options, NOW) for one in databases]
    named = {"alias/lifeboat": SOURCE_KEY}
    return [copy for one in begun if one.chosen for copy in complete(one, (KEYS, {}), named, ({}, {}), options).copies]


def shared(one: Copy) -> RecoveryPoint:
    """Show a published copy as the DR account sees it: under its key, without its tags."""
    return copying(one, SOURCE, WEST, status="available", tags={}, source_region=WEST, created=NOW)


@given(SNAPSHOTS)
def test_what_is_published_is_not_published_again(points: list[RecoveryPoint]) -> None:
    rows = {one.key: copying(one, SOURCE, WEST, status="available") for one in publish(points)}
    decision = decide(publish([*points, *rows.values()]), rows, EVERYTHING, {})
    assert (decision.start, decision.queued, len(decision.available)) == ([], [], len(rows))


@given(SNAPSHOTS)
def test_the_newest_finished_snapshot_of_each_database_is_published(points: list[RecoveryPoint]) -> None:
    oldest_first = sorted((point for point in points if point.is_available), key=lambda one: one.created or NOW)
    newest = {point.identifier: point.arn for point in oldest_first}
    assert {one.identifier: one.source_arn for one in publish(points)} == newest


@given(SNAPSHOTS)
def test_what_is_published_lands_and_is_not_replicated_again(points: list[RecoveryPoint]) -> None:
    options = ReplicateOptions("lifeboat", frozenset({SOURCE}), Place(DR, EAST))

    def replicate() -> list[Copy]:
        offers = [read_offer(shared(one), options, {}) for one in publish(points)]
        newest = newest_by_database(one for one in offers if isinstance(one, Offer))
        return [copy for offer in newest for copy in plan_copies(offer, ReplicateWish(DR_KEY), options)]

    copies = replicate()
    assert sorted(one.name for one in copies) == sorted(one.name for one in publish(points))
    rows = {one.key: copying(one, DR, EAST, status="available") for one in copies}
    decision = decide(replicate(), rows, EVERYTHING, {})
    assert (decision.start, decision.queued) == ([], [])
    assert not [one for one, row in decision.available if why_not_landed(one, row)]


ACCOUNTS = st.sets(st.sampled_from([DR, STRANGER, "444444444444"]))


@given(ACCOUNTS, ACCOUNTS)
def test_what_is_shared_as_wanted_needs_no_second_share(have: set[str], wanted: set[str]) -> None:
    plan = plan_share(copied(), have, wanted, None)
    now = (have | plan.add) - plan.remove
    assert now == wanted
    assert not plan_share(copied(), now, wanted, None).is_needed


DIGITS = st.text("0123456789", min_size=12, max_size=12) | st.text("1\u0661\uff12", min_size=12, max_size=12)
AROUND = st.sampled_from(["{}", "{}", "{}\n", " {}", "-{}", "{}0", "all"])


@given(DIGITS | st.just(SOURCE), AROUND)
def test_nothing_but_another_account_passes_as_an_account(digits: str, around: str) -> None:
    account = around.format(digits)
    is_another = account != SOURCE and len(account) == 12 and account.isascii() and account.isdecimal()
    try:
        assert is_another == (check_accounts("share_with", [account], SOURCE) == {account})
    except LifeboatError:
        assert not is_another


@given(st.sampled_from([SOURCE, STRANGER, DR]), st.sets(st.sampled_from([SOURCE, "444444444444"])), st.booleans())
def test_no_offer_is_taken_from_an_account_that_is_not_a_source(owner: str, sources: set[str], named: bool) -> None:
    point = copied(account=owner) if named else copied(account=owner, name="lifeboat-x-20261123130000-5f0c2a9b7d31")
    found = read_offer(point, ReplicateOptions("lifeboat", frozenset(sources), Place(DR, EAST)), {})
    assert not isinstance(found, Offer) or found.point.account in sources
