# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.quota import Quota
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.subscription import (
    Subscription,
    WantedSubscription,
    difference_of,
    plan,
    plan_removal,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.subscription_checks import (
    check,
    check_catalogue,
    check_names,
    check_ours,
    check_room,
    check_sources,
    statement_for,
    why_no_permission,
)
from tests.builders import SOURCE, STRANGER, WEST

TOPIC = f"arn:aws:sns:{WEST}:{SOURCE}:events"
OTHER = f"arn:aws:sns:{WEST}:{SOURCE}:others"
OURS = {"lifeboat:managed-by": "lifeboat"}
VALID = frozenset({"backup", "creation", "deletion"})
CATALOGUE = {"db-instance": VALID, "db-proxy": frozenset({"failure"})}


def wanted(**more: Any) -> WantedSubscription:
    given = {"source_type": "db-instance", "categories": frozenset({"backup"}), "tags": OURS, **more}
    return WantedSubscription("snapshots", TOPIC, **given)


def found(**more: Any) -> Subscription:
    given = {
        "source_type": "db-instance",
        "categories": frozenset({"backup"}),
        "tags": OURS,
        "status": "active",
        **more,
    }
    return Subscription("snapshots", f"arn:aws:rds:{WEST}:{SOURCE}:es:snapshots", given.pop("topic", TOPIC), **given)


def actions(want: WantedSubscription, have: Subscription | None) -> list[str]:
    return [f"{step.action} {step.values.get('source', '')}".strip() for step in plan(want, have, VALID)]


def ids(*names: str) -> frozenset[str]:
    return frozenset(names)


@pytest.mark.parametrize(
    ("want", "have", "expected"),
    [
        pytest.param(wanted(), found(), [], id="right"),
        pytest.param(wanted(), None, ["create"], id="missing"),
        pytest.param(wanted(), found(status="deleting"), ["create"], id="going"),
        pytest.param(wanted(), found(topic=OTHER), ["modify"], id="another topic"),
        pytest.param(wanted(enabled=False), found(), ["modify"], id="to be disabled"),
        pytest.param(wanted(categories=ids("creation")), found(), ["modify"], id="other categories"),
        pytest.param(wanted(categories=ids()), found(), ["modify"], id="some categories instead of all"),
        pytest.param(wanted(categories=ids()), found(categories=VALID), [], id="all categories by name"),
        pytest.param(wanted(categories=VALID), found(categories=ids()), [], id="all categories without a name"),
        pytest.param(wanted(), found(status="no-permission"), ["modify"], id="no permission"),
        pytest.param(wanted(), found(status="topic-not-exist"), ["modify"], id="no topic"),
        pytest.param(
            wanted(source_ids=ids("a", "b")), found(source_ids=ids("b", "c")), ["add_source a", "remove_source c"],
            id="new sources before old ones go",
        ),
        pytest.param(wanted(), found(source_ids=ids("a")), ["remove_source a"], id="all sources instead of one"),
        pytest.param(
            wanted(source_ids=ids("b")), found(source_type="db-proxy", source_ids=ids("a"), categories=ids("failure")),
            ["remove_source a", "modify", "add_source b"], id="another type of source, which needs an empty list",
        ),
        pytest.param(wanted(), found(source_type=None), ["modify"], id="one type instead of all"),
        pytest.param(wanted(source_type=None), found(), ["delete", "create"], id="all types instead of one"),
        pytest.param(wanted(tags=OURS | {"a": "1"}), found(), ["tag"], id="a tag"),
        pytest.param(wanted(), found(tags=OURS | {"a": "1"}), [], id="a tag of somebody else"),
        pytest.param(wanted(purge_tags=True), found(tags=OURS | {"a": "1"}), ["untag"], id="a tag to purge"),
        pytest.param(
            wanted(purge_tags=True), found(tags=OURS | {"aws:x": "1", "lifeboat:y": "2"}), [], id="tags not to purge"
        ),
        pytest.param(wanted(tags=OURS | {"a": "1"}), found(tags=None), [], id="tags that were not read"),
    ],
)  # fmt: skip
def test_steps_lead_from_what_there_is_to_what_is_wanted(
    want: WantedSubscription, have: Any, expected: list[str]
) -> None:
    assert actions(want, have) == expected


def test_a_change_sends_all_of_it() -> None:
    (step,) = plan(wanted(enabled=False, categories=frozenset()), found(), VALID)
    everything = {"topic": TOPIC, "source_type": "db-instance", "categories": sorted(VALID), "enabled": False}
    assert step.values == everything


def test_reasons_name_each_change() -> None:
    have = found(topic=OTHER, enabled=False, status="no-permission", categories=frozenset({"deletion"}))
    (step,) = plan(wanted(), have, VALID)
    assert step.reason == (
        f"the topic was {OTHER}; the categories change: added backup and removed deletion; it is disabled;"
        " RDS reports no-permission, and checks the topic again when it is set"
    )


@pytest.mark.parametrize(
    ("have", "expected"),
    [(None, []), (found(status="deleting"), []), (found(), ["delete"])],
    ids=["none", "going", "one"],
)
def test_what_is_not_wanted_is_deleted_once(have: Any, expected: list[str]) -> None:
    assert [step.action for step in plan_removal(have)] == expected


def test_the_difference_shows_what_changes_and_nothing_else() -> None:
    before, after = difference_of(wanted(enabled=False), found(), VALID)
    assert before is not None
    assert {name for name in after if before[name] != after[name]} == {"enabled"}


def test_the_difference_shows_a_status_only_when_something_is_wrong_with_it() -> None:
    assert "status" not in difference_of(wanted(), found(), VALID)[1]
    before, after = difference_of(wanted(), found(status="no-permission"), VALID)
    assert before is not None
    assert (before["status"], after["status"]) == ("no-permission", "active")


@pytest.mark.parametrize(
    ("one", "message"),
    [
        pytest.param(replace(wanted(), topic=f"{TOPIC}.fifo"), "FIFO .* Set sns_topic_arn", id="fifo"),
        pytest.param(
            replace(wanted(), topic=TOPIC.replace(WEST, "eu-west-1")),
            f"is in eu-west-1, .* Use a topic in {WEST}", id="another Region",
        ),
        pytest.param(replace(wanted(), topic="events"), "to the ARN of an SNS topic", id="no ARN"),
        pytest.param(replace(wanted(), topic=""), "to the ARN of an SNS topic", id="no topic"),
        pytest.param(
            wanted(source_type="db-instance,db-cluster"), "Describe one subscription for each type", id="two types"
        ),
        pytest.param(
            wanted(source_type="['db-instance', 'db-cluster']"), "Describe one subscription", id="a list of types"
        ),
        pytest.param(wanted(source_type=None, source_ids=ids("a")), "without source_type", id="sources of no type"),
    ],
)  # fmt: skip
def test_impossible_wishes_are_refused_with_the_remedy(one: WantedSubscription, message: str) -> None:
    with pytest.raises(LifeboatError, match=message):
        check([one], WEST)


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (
            wanted(categories=ids("backup", "nap")),
            "nap is not a category of db-instance. Valid are backup, creation, dele",
        ),
        (wanted(source_type="db-instanze"), "no source type db-instanze. Valid are db-instance, db-proxy"),
        (wanted(source_type=None, categories=ids("nap")), "of any source type. Valid are backup, .*failure"),
    ],
    ids=["category", "type", "category of no type"],
)
def test_what_aws_does_not_know_is_refused_with_what_it_knows(one: WantedSubscription, message: str) -> None:
    with pytest.raises(LifeboatError, match=message):
        check_catalogue([one], CATALOGUE)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(LifeboatError, match=r"for 2 reasons: .*FIFO.*one type of source"):
        check([replace(wanted(), topic=f"{TOPIC}.fifo", source_type="a,b")], WEST)


@pytest.mark.parametrize("names", [["a", "a"], [""], ["x" * 255]], ids=["twice", "empty", "too long"])
def test_names_that_rds_does_not_allow_are_refused(names: list[str]) -> None:
    with pytest.raises(LifeboatError, match="Cannot subscribe as"):
        check_names(names)


def test_only_our_own_is_touched() -> None:
    check_ours([found()], "lifeboat")
    for tags in ({}, {"lifeboat:managed-by": "another"}):
        with pytest.raises(LifeboatError, match=r"does not carry our tag lifeboat:managed-by=lifeboat.*adopt"):
            check_ours([found(tags=tags)], "lifeboat")


def test_the_quota_is_told_before_it_is_met() -> None:
    check_room(Quota(18, 20), 2, WEST)
    check_room(None, 99, WEST)
    with pytest.raises(
        LifeboatError, match=f"{WEST}: it has 18 of 20, and 3 more are wanted. Remove 1, .*L-A59F4C87 to 21"
    ):
        check_room(Quota(18, 20), 3, WEST)


def test_sources_that_do_not_exist_are_refused() -> None:
    check_sources(wanted(), ["a"], frozenset({"a"}))
    with pytest.raises(LifeboatError, match="there is no db-instance b, c in this account and Region"):
        check_sources(wanted(), ["a", "c", "b"], frozenset({"a"}))


def test_the_missing_statement_lets_in_this_account_alone() -> None:
    statement = statement_for(TOPIC, SOURCE)
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": SOURCE},
        "ArnLike": {"aws:SourceArn": f"arn:aws:rds:{WEST}:{SOURCE}:*"},
    }
    assert "must do it" not in why_no_permission(TOPIC, SOURCE)
    assert f"account {STRANGER} must do it" in why_no_permission(TOPIC.replace(SOURCE, STRANGER), SOURCE)
