# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.quota import Quota
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.subscription import (
    Subscription,
    SubscriptionStep,
)
from ansible_collections.lifeboat.rds.plugins.modules import event_subscription, event_subscription_info
from tests.builders import SOURCE, STRANGER, WEST, automated, database, refusal

Row = dict[str, Any]
TOPIC = f"arn:aws:sns:{WEST}:{SOURCE}:events"
OURS = {"lifeboat:managed-by": "lifeboat"}
CATEGORIES = {"db-instance": frozenset({"backup", "failure"}), "db-snapshot": frozenset({"creation", "deletion"})}
WRITES = ("change_subscription", "tag", "untag")
ONE: Row = {
    "name": "one",
    "sns_topic_arn": TOPIC,
    "source_type": "db-instance",
    "source_ids": [],
    "event_categories": ["failure"],
    "enabled": True,
    "tags": None,
    "purge_tags": True,
}


def found(name: str = "one", **more: Any) -> Subscription:
    given = {"topic": TOPIC, "status": "active", "source_type": "db-instance", "categories": frozenset({"failure"})}
    return Subscription(name, f"arn:aws:rds:{WEST}:{SOURCE}:es:{name}", **(given | more))


class Rds:
    """The event subscriptions of a Region. Each change is done once somebody has looked at it."""

    def __init__(self, *there: Subscription, tags: Row | None = None) -> None:
        self.there = {one.name: replace(one, tags=None) for one in there}
        self.tags = {one.arn: dict(OURS if tags is None else tags) for one in there}
        self.refusals: list[AwsRefusal] = []
        self.has_trouble = ""
        self.asked: list[str] = []

    def list(self) -> list[Subscription]:
        answer = list(self.there.values())
        kept = [one for one in answer if one.status != "deleting"]
        in_trouble = self.has_trouble or "active"
        self.there = {one.name: one if one.is_settled else replace(one, status=in_trouble) for one in kept}
        return answer

    def change(self, name: str, step: SubscriptionStep) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.asked.append(f"{step.action} {step.values.get('source', '')}".strip())
        one = self.there.get(name)
        assert one is None or one.is_settled, "RDS refuses what it does not settle"
        if step.action == "delete":
            self.there[name] = replace(self.there[name], status="deleting")
            return
        values = {key: value for key, value in step.values.items() if key not in ("source", "tags")}
        values |= {key: frozenset(values[key]) for key in ("categories", "source_ids") if key in values}
        if one is None:
            self.there[name] = one = found(name, status="creating", **values)
            self.tags[one.arn] = step.values["tags"]
            return
        sources = {"add_source": one.source_ids | {step.values.get("source")}}
        sources["remove_source"] = one.source_ids - {step.values.get("source")}
        self.there[name] = replace(one, **{"source_ids": sources.get(step.action, one.source_ids), **values})
        self.there[name] = replace(self.there[name], status="modifying")

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        self.tags[arn] = {key: value for key, value in self.tags[arn].items() if key not in keys}


@pytest.fixture
def region(site: Any) -> Any:
    """Build a site with these event subscriptions and two databases."""

    def make(rds: Rds, **more: Any) -> Mock:
        quotas = {"EventSubscriptions": Quota(len(rds.there), 20)}
        databases = [database("orders"), database("billing")]
        made = site(databases=databases, points=[automated()], **{"account_quotas": quotas, **more})
        made.event_subscriptions.side_effect = rds.list
        made.event_categories.side_effect = lambda: CATEGORIES
        made.tags.side_effect = lambda arn: dict(rds.tags[arn])
        made.tag.side_effect = lambda arn, tags: rds.tags[arn].update(tags)
        made.untag.side_effect = rds.untag
        made.change_subscription.side_effect = rds.change
        return made

    return make


@pytest.fixture
def run(options: Any) -> Any:
    """Run passes until nothing is in flight, as the wait loop does, and return them all."""

    def run(site: Mock, *wanted: Row, check_mode: bool = False, **given: Any) -> list[Row]:
        given = {"state": "present", "subscriptions": [{**ONE, **one} for one in wanted or ({},)], **given}
        passes: list[Row] = []
        while not passes or (passes[-1]["resume"] and not check_mode and len(passes) < 20):
            resume = json.loads(json.dumps(passes[-1]["resume"])) if passes else None
            asked = options(event_subscription, **{**given, "resume": resume})
            passes.append(event_subscription.run(asked, site, check_mode=check_mode))
        return passes

    return run


def written(site: Mock) -> list[str]:
    return [name for name, _arguments, _named in site.mock_calls if name in WRITES]


def outcome(result: Row) -> list[tuple[str, bool]]:
    return [(step["status"], step["changed"]) for step in result["steps"]]


def test_what_is_missing_is_made_and_waited_for(run: Any, region: Any) -> None:
    rds = Rds()
    passes = run(region(rds))
    assert [outcome(one) for one in passes] == [[("creating", True)], [("creating", False)], [("active", False)]]
    assert rds.there["one"].categories == {"failure"}
    assert rds.tags[rds.there["one"].arn] == OURS


def test_what_is_right_is_left_alone(run: Any, region: Any) -> None:
    site = region(Rds(found()))
    (result,) = run(site)
    assert (outcome(result), result["changed"]) == ([("active", False)], False)
    assert (written(site), result["diff"]) == ([], {"before": {}, "after": {}})


def test_a_pass_that_finds_it_right_asks_for_what_it_needs_and_no_more(run: Any, region: Any) -> None:
    site = region(Rds(found("one"), found("two"), found("somebody's")))
    run(site, {"name": "one"}, {"name": "two"})
    called = [name for name, _arguments, _named in site.mock_calls if name != "check_account"]
    assert called == ["event_subscriptions", "tags", "tags", "event_categories"]


@pytest.mark.parametrize(
    ("wanted", "there", "asked"),
    [
        ({"enabled": False}, found(), ["modify"]),
        ({"source_ids": ["Orders"]}, found(source_ids=frozenset({"orders"})), []),
        (
            {"source_ids": ["orders"]}, found(source_ids=frozenset({"billing"})),
            ["add_source orders", "remove_source billing"],
        ),
        ({"source_ids": ["orders"], "enabled": False}, found(), ["modify", "add_source orders"]),
        ({"source_type": None, "event_categories": []}, found(), ["delete", "create"]),
    ],
    ids=["disable", "case of an id", "sources", "both", "all types"],
)  # fmt: skip
def test_steps_are_taken_one_after_the_other_as_rds_settles(
    run: Any, region: Any, wanted: Row, there: Subscription, asked: list[str]
) -> None:
    rds = Rds(there)
    passes = run(region(rds), wanted)
    assert rds.asked == asked
    assert outcome(passes[-1]) == [("active", False)]
    assert not run(region(rds), wanted)[0]["changed"]


def test_tags_are_set_and_purged_in_the_pass_that_read_them(run: Any, region: Any) -> None:
    rds = Rds(found(), tags={"old": "1", **OURS})
    (result,) = run(region(rds), {"tags": {"team": "shop"}})
    assert outcome(result) == [("active", True)]
    assert rds.tags[found().arn] == {"team": "shop", **OURS}
    assert result["diff"]["before"]["one"]["tags"] == {"old": "1", **OURS}
    assert result["diff"]["after"]["one"]["tags"] == {"team": "shop", **OURS}


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ({}, []),
        ({"enabled": False, "source_ids": ["orders"], "tags": {"a": "1"}}, [found(source_ids=frozenset({"billing"}))]),
        ({"source_type": None, "event_categories": []}, [found()]),
        ({}, [found()]),
    ],
    ids=["create", "change", "make anew", "right"],
)
def test_check_mode_tells_exactly_what_a_run_then_does(run: Any, region: Any, wanted: Row, there: Any) -> None:
    planned_at = region(Rds(*there))
    (planned,) = run(planned_at, wanted, check_mode=True)
    assert written(planned_at) == []
    passes = run(region(Rds(*there)), wanted)
    assert planned["diff"] == passes[0]["diff"]
    assert planned["changed"] == any(one["changed"] for one in passes)
    reasons = "; ".join(step["reason"] for one in passes for step in one["steps"] if step["changed"])
    assert [step["reason"] for step in planned["steps"]] == [reasons or "it is as it should be"]


def test_what_is_not_wanted_goes_and_stays_gone(run: Any, region: Any) -> None:
    rds = Rds(found())
    passes = run(region(rds), state="absent")
    assert [outcome(one) for one in passes] == [[("deleting", True)], [("deleting", False)], [("deleted", False)]]
    assert passes[0]["diff"]["after"] == {"one": None}
    (again,) = run(region(rds), state="absent")
    assert outcome(again) == [("absent", False)]


def test_one_that_goes_before_it_is_deleted_is_gone(run: Any, region: Any) -> None:
    rds = Rds(found())
    site = region(rds)

    def gone(name: str, _step: SubscriptionStep) -> None:
        del rds.there[name]
        raise refusal("missing")

    site.change_subscription.side_effect = gone
    assert outcome(run(site, state="absent")[-1]) == [("deleted", False)]


def test_what_rds_is_busy_with_is_tried_again(run: Any, region: Any) -> None:
    rds = Rds(found())
    rds.refusals = [refusal("wait"), refusal("unreachable")]
    passes = run(region(rds), {"enabled": False})
    assert [outcome(one)[0] for one in passes[:3]] == [("queued", False), ("queued", False), ("modifying", True)]
    assert not rds.there["one"].enabled


@pytest.mark.parametrize("status", ["creating", "modifying", "deleting"])
def test_a_killed_run_is_continued_by_the_next(run: Any, region: Any, status: str) -> None:
    rds = Rds(found(status=status))
    passes = run(region(rds), {"enabled": False})
    assert outcome(passes[0]) == [(status, False)]
    assert outcome(passes[-1]) == [("active", False)]
    assert not rds.there["one"].enabled


@pytest.mark.parametrize("status", ["no-permission", "topic-not-exist"])
def test_what_goes_nowhere_is_repaired_by_telling_rds_the_topic_again(run: Any, region: Any, status: str) -> None:
    rds = Rds(found(status=status))
    passes = run(region(rds))
    assert rds.asked == ["modify"]
    assert outcome(passes[-1]) == [("active", False)]
    assert passes[0]["diff"]["before"]["one"]["status"] == status


@pytest.mark.parametrize(
    ("status", "message"),
    [("no-permission", "Add this statement to the policy of"), ("topic-not-exist", "Create the topic")],
)
def test_what_still_goes_nowhere_fails_with_what_is_missing(run: Any, region: Any, status: str, message: str) -> None:
    rds = Rds(found(status=status))
    rds.has_trouble = status
    last = run(region(rds))[-1]
    assert rds.asked == ["modify"]
    assert last["failed"]
    assert status in last["msg"]
    assert message in last["msg"]


def test_a_change_that_does_not_show_is_not_asked_for_for_ever(run: Any, region: Any) -> None:
    rds = Rds(found())
    site = region(rds)
    site.change_subscription.side_effect = lambda name, step: rds.asked.append(step.action)
    last = run(site, {"enabled": False})[-1]
    assert rds.asked == ["modify"]
    assert "RDS took the change, and still: it is enabled" in last["msg"]


def test_a_topic_that_is_closed_to_rds_is_explained_and_does_not_stop_the_others(run: Any, region: Any) -> None:
    rds = Rds()
    foreign = TOPIC.replace(SOURCE, STRANGER)
    rds.refusals = [AwsRefusal("Cannot create it", why="no", code="SNSNoAuthorization", meaning="permission")]
    passes = run(region(rds), {"name": "one", "sns_topic_arn": foreign}, {"name": "two"})
    assert outcome(passes[0]) == [("failed", False), ("creating", True)]
    assert f"account {STRANGER} must do it" in passes[0]["msg"]
    assert f'"aws:SourceAccount": "{SOURCE}"' in passes[0]["msg"]
    assert outcome(passes[-1]) == [("active", False)]


def test_one_of_somebody_else_is_left_alone_unless_it_is_to_be_adopted(run: Any, region: Any) -> None:
    rds = Rds(found(), tags={"owner": "them"})
    site = region(rds)
    for state in ("present", "absent"):
        with pytest.raises(LifeboatError, match="does not carry our tag"):
            run(site, {"enabled": False}, state=state)
    assert written(site) == []
    run(site, adopt=True)
    assert rds.tags[found().arn] == {"owner": "them", **OURS}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([{"event_categories": ["nap"]}], "Valid are backup, failure"),
        ([{"source_ids": ["odrers"]}], "no db-instance odrers"),
        ([{"source_type": "db-snapshot", "event_categories": [], "source_ids": ["rds:no"]}], "no db-snapshot rds:no"),
        ([{"sns_topic_arn": f"{TOPIC}.fifo"}], "Set sns_topic_arn to a standard topic"),
        ([{"sns_topic_arn": TOPIC.replace(WEST, "eu-west-1")}], "is in eu-west-1"),
        ([{"sns_topic_arn": None}], "Set it to the ARN"),
        ([{"source_type": "db-instance, db-cluster"}], "one type of source"),
        ([{}, {}], "listed twice"),
        ([{"name": str(number)} for number in range(20)], "Remove 1, or ask AWS to raise L-A59F4C87 to 21"),
    ],
    ids=["category", "source", "snapshot", "fifo", "Region", "no topic", "two types", "twice", "quota"],
)  # fmt: skip
@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_bad_input_stops_the_call_before_the_first_write(
    run: Any, region: Any, wanted: list[Row], message: str, check_mode: bool
) -> None:
    site = region(Rds())
    with pytest.raises(LifeboatError, match=message):
        run(site, {"name": "good"}, *wanted, check_mode=check_mode)
    assert written(site) == []


def test_the_account_is_checked_first(run: Any, region: Any) -> None:
    site = region(Rds())
    with pytest.raises(LifeboatError, match="these credentials belong to"):
        run(site, account_id=STRANGER)
    assert written(site) == []


def test_sources_that_exist_are_taken(run: Any, region: Any) -> None:
    rds = Rds()
    snapshot = {"source_type": "db-snapshot", "event_categories": [], "source_ids": [automated().name]}
    run(region(rds), {"name": "db", "source_ids": ["orders"]}, {"name": "snapshot", **snapshot})
    assert rds.there["db"].source_ids == {"orders"}
    assert rds.there["snapshot"].source_ids == {automated().name}


def test_every_step_has_what_the_documentation_promises(run: Any, region: Any, promised: Any) -> None:
    for one in run(region(Rds())):
        assert promised(event_subscription) <= set(one["steps"][0])


def test_the_info_module_shows_those_of_these_names_with_status_and_tags(region: Any, options: Any) -> None:
    site = region(Rds(found("two", status="no-permission"), found("one"), tags={"team": "shop"}))
    result = event_subscription_info.run(options(event_subscription_info), site, check_mode=False)
    assert [(one["name"], one["status"]) for one in result["subscriptions"]] == [
        ("one", "active"),
        ("two", "no-permission"),
    ]
    assert result["subscriptions"][0]["tags"] == {"team": "shop"}
    assert result["event_categories"]["db-snapshot"] == ["creation", "deletion"]
    named = event_subscription_info.run(options(event_subscription_info, names=["two", "no"]), site, check_mode=True)
    assert [one["name"] for one in named["subscriptions"]] == ["two"]
