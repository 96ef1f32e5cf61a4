# SPDX-License-Identifier: GPL-3.0-or-later
"""From any state, the steps lead to the wanted state, in an order that RDS accepts, and then there are no more."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.subscription import (
    TROUBLED,
    Subscription,
    SubscriptionStep,
    WantedSubscription,
    difference_of,
    plan,
)

CATALOGUE = {
    "db-instance": frozenset({"backup", "creation", "failure"}),
    "db-snapshot": frozenset({"creation", "deletion"}),
}
ALL = frozenset().union(*CATALOGUE.values())
TOPICS = ["arn:aws:sns:us-west-2:111111111111:a", "arn:aws:sns:us-west-2:111111111111:b"]
OURS = {"lifeboat:managed-by": "lifeboat"}


def valid(source_type: str | None) -> frozenset[str]:
    return CATALOGUE[source_type] if source_type else ALL


@st.composite
def parts(draw: st.DrawFn) -> dict[str, object]:
    source_type = draw(st.sampled_from([None, *CATALOGUE]))
    ids = draw(st.frozensets(st.sampled_from("abc"))) if source_type else frozenset()
    return {
        "topic": draw(st.sampled_from(TOPICS)),
        "source_type": source_type,
        "source_ids": ids,
        "categories": draw(st.frozensets(st.sampled_from(sorted(valid(source_type))))),
        "enabled": draw(st.booleans()),
        "tags": {**draw(st.dictionaries(st.sampled_from("xyz"), st.sampled_from("12"))), **OURS},
    }


found = st.builds(
    lambda given, status: Subscription("s", "arn:aws:rds:us-west-2:111111111111:es:s", status=status, **given),
    parts(),
    st.sampled_from(["active", *TROUBLED]),
)
wanted = st.builds(lambda given, purge: WantedSubscription("s", purge_tags=purge, **given), parts(), st.booleans())


def applied(step: SubscriptionStep, have: Subscription | None) -> Subscription | None:
    """Apply a step like RDS does. It accepts a new source type only when no source IDs of the old type are left."""
    values = step.values
    if step.action == "delete":
        return None
    if have is None:
        assert step.action == "create"
        given = {**values, "source_ids": frozenset(values["source_ids"]), "categories": frozenset(values["categories"])}
        return Subscription("s", "arn", status="active", **given)
    assert step.action != "create"
    if step.action == "modify":
        assert not have.source_ids or values["source_type"] == have.source_type
        assert values["categories"], "an empty list may mean no change"
        return replace(have, **{**values, "categories": frozenset(values["categories"])}, status="active")
    if step.action == "add_source":
        return replace(have, source_ids=have.source_ids | {values["source"]})
    if step.action == "remove_source":
        return replace(have, source_ids=have.source_ids - {values["source"]})
    tags = dict(have.tags or {})
    if step.action == "tag":
        return replace(have, tags=tags | values["tags"])
    return replace(have, tags={key: value for key, value in tags.items() if key not in values["keys"]})


def carried_out(want: WantedSubscription, have: Subscription | None) -> list[Subscription | None]:
    """Apply all steps, and list the state after each."""
    states = [have]
    for step in plan(want, have, valid(want.source_type)):
        states.append(applied(step, states[-1]))
    return states


@given(wanted, st.none() | found)
def test_after_its_steps_nothing_is_left_to_do(want: WantedSubscription, have: Subscription | None) -> None:
    assert plan(want, carried_out(want, have)[-1], valid(want.source_type)) == []


@given(wanted, st.none() | found)
def test_the_difference_tells_what_the_steps_lead_to(want: WantedSubscription, have: Subscription | None) -> None:
    end = carried_out(want, have)[-1]
    told = difference_of(want, have, valid(want.source_type))[1]
    told.pop("status", None)
    assert difference_of(want, end, valid(want.source_type))[0] == told


@given(wanted, st.none() | found)
def test_a_killed_run_is_continued_by_the_next(want: WantedSubscription, have: Subscription | None) -> None:
    for state in carried_out(want, have):
        assert plan(want, carried_out(want, state)[-1], valid(want.source_type)) == []


@given(wanted, found)
def test_what_is_limited_before_and_after_is_never_about_everything_in_between(
    want: WantedSubscription, have: Subscription
) -> None:
    """A new source type is the exception, because RDS accepts it only when the list of source IDs is empty."""
    if want.source_ids and have.source_ids and want.source_type == have.source_type:
        assert all(state is not None and state.source_ids for state in carried_out(want, have))
