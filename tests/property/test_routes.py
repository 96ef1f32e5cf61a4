# SPDX-License-Identifier: GPL-3.0-or-later
"""Every step of every route is legal, according to a checker that does not know the planner.

The checker plays AWS: it knows what a copy, a share and a restore need (RDS and Aurora User Guides).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.routes import (
    Place,
    RouteStep,
    Start,
    Unsupported,
)
from tests.builders import route

S, D = "111111111111", "222222222222"
REGIONS = st.sampled_from(["us-west-2", "us-east-1", "eu-west-1"])
STARTS = st.builds(
    Start,
    kind=st.sampled_from(["instance", "cluster"]),
    engine=st.sampled_from(["postgres", "mysql", "aurora-mysql", "oracle-ee", "sqlserver-ee"]),
    origin=st.sampled_from(["automated", "manual", "awsbackup"]),
    encryption=st.sampled_from(["none", "aws-managed", "aws-owned", "customer"]),
    options=st.sampled_from([frozenset(), frozenset({"TDE"}), frozenset({"Timezone"})]),
)


@dataclass(frozen=True)
class Snapshot:
    """The properties of the snapshot that the next step uses, as AWS knows them."""

    account: str
    region: str
    kind: str
    is_manual: bool
    key: str  # none, managed or owned (by AWS), or the account whose customer key it is under
    options: frozenset[str]
    is_multi_az: bool
    shared_with: frozenset[str] = frozenset()


def may_be_shared(one: Snapshot, engine: str) -> bool:
    stuck = one.options - ({"Timezone", "OLS"} if engine.startswith("oracle") else set())
    return one.is_manual and one.key not in ("managed", "owned") and not one.is_multi_az and not stuck


def key_after(one: Snapshot, step: RouteStep) -> str:
    """Find the key of a copy, or raise AssertionError where AWS refuses the copy."""
    elsewhere = (one.account, one.region) != (step.by, step.region)
    if step.under == "unchanged":
        assert one.key == "none" or not elsewhere, "an encrypted copy to elsewhere must name a key"
        return one.key
    if one.key == "none" and one.kind == "cluster":
        raise AssertionError("no copy encrypts a cluster snapshot")
    return "managed" if step.under == "own" else step.by


def carry_out(one: Snapshot, step: RouteStep, engine: str) -> Snapshot:
    """Find the snapshot after a step, or raise AssertionError where AWS refuses the step."""
    if step.action == "share":
        assert step.by == one.account
        assert step.region == one.region
        assert may_be_shared(one, engine)
        return replace(one, shared_with=frozenset({D}))
    if step.action == "copy":
        assert not one.is_multi_az
        assert step.by == one.account or step.by in one.shared_with
        key = key_after(one, step)
        assert one.key in ("none", "managed", "owned", S, D)
        return replace(one, account=step.by, region=step.region, key=key, is_manual=True, shared_with=frozenset())
    assert (step.by, step.region) == (one.account, one.region), "a stand-in lives where its cluster does"
    if step.action == "restore":
        assert one.is_multi_az
    if step.action == "take":
        return replace(one, is_multi_az=False, kind="instance", is_manual=True)
    return one


def begin(start: Start, place: Place) -> Snapshot:
    key = {"none": "none", "aws-managed": "managed", "aws-owned": "owned", "customer": S}[start.encryption]
    is_multi_az = start.kind == "cluster" and start.engine in ("mysql", "postgres")
    return Snapshot(place.account, place.region, start.kind, start.origin == "manual", key, start.options, is_multi_az)


@given(STARTS, REGIONS, st.sampled_from([S, D]), REGIONS, st.none() | REGIONS, st.booleans())
def test_every_step_is_legal_and_the_dr_site_ends_with_its_own(
    start: Start, source: str, account: str, dr: str, publish_in: str | None, single_step: bool
) -> None:
    if account == S and source == dr:
        return
    here, there = Place(S, source), Place(account, dr)
    steps = route(start, here, there, publish_in=publish_in, single_step=single_step)
    if isinstance(steps, Unsupported):
        assert start.options
        assert account != S
        return
    now = begin(start, here)
    for step in steps:
        if not single_step and step.action == "copy" and step.by != now.account:
            assert step.region == now.region, "one step must not cross both borders"
        now = carry_out(now, step, start.engine)
    assert (now.account, now.region, now.is_manual) == (account, dr, True)
    if now.key != "none":
        assert now.key == account, "under its own customer key"
    else:
        assert start.encryption == "none"
        assert now.kind == "cluster" or account == S


@given(STARTS, REGIONS, REGIONS)
def test_no_route_has_more_copies_than_a_shorter_legal_one(start: Start, source: str, dr: str) -> None:
    """One copy if the snapshot can be shared as it is, otherwise two, but never three."""
    steps = route(start, Place(S, source), Place(D, dr))
    if isinstance(steps, Unsupported):
        return
    copies = sum(step.action == "copy" for step in steps)
    first = begin(start, Place(S, source))
    taken = replace(first, is_multi_az=False, is_manual=True) if first.is_multi_az else first
    assert copies == (1 if may_be_shared(taken, start.engine) else 2)
