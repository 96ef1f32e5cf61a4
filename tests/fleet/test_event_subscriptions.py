# SPDX-License-Identifier: GPL-3.0-or-later
"""Event subscriptions that make no sense are refused with the remedy; an open topic of another account is taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fleet.fleet import A_COPY, DR, SOURCE, Fleet, writing
from tests.fleet.tasks import Tasks, tasks_of

Row = dict[str, Any]
DATABASE = "shop-00000"
DEFAULTS = Path(__file__).parents[2] / "roles" / "subscription" / "defaults" / "main.yml"
TOPIC = f"arn:aws:sns:{SOURCE.region}:{SOURCE.account}:lifeboat-events"


def events() -> list[Row]:
    """Read the event subscriptions of the role's defaults."""
    text = DEFAULTS.read_text(encoding="utf-8").replace("{{ subscription_prefix }}", "lifeboat")
    return [one | {"sns_topic_arn": TOPIC} for one in yaml.safe_load(text)["subscription_events"]]


def subscription(**more: Any) -> Row:
    one = {
        "name": "lifeboat-bad",
        "sns_topic_arn": TOPIC,
        "source_type": "db-instance",
        "event_categories": ["failure"],
    }
    return {"subscriptions": [one | more]}


BAD: dict[str, tuple[Row, list[str]]] = {
    "unknown category": (subscription(event_categories=["nap"]), ["nap is not a category", "Valid are availability, "]),
    "unknown type of source": (subscription(source_type="db-instanze"), ["Valid are blue-green-deployment, "]),
    "several types of source": (
        subscription(source_type="db-instance,db-cluster"), ["Describe one subscription for each type"],
    ),
    "a list of types of source": (
        subscription(source_type=["db-instance", "db-cluster"]), ["Describe one subscription for each type"],
    ),
    "unknown source": (subscription(source_ids=["odrers"]), ["no db-instance odrers", "Correct source_ids"]),
    "FIFO topic": (subscription(sns_topic_arn=f"{TOPIC}.fifo"), ["FIFO topic", "Set sns_topic_arn to"]),
    "topic of another Region": (
        subscription(sns_topic_arn=TOPIC.replace(SOURCE.region, DR.region)),
        [f"is in {DR.region}", f"Use a topic in {SOURCE.region}"],
    ),
    "topic of another account": (
        subscription(sns_topic_arn="@closed"),
        [f"account {DR.account} must do it", "events.rds.amazonaws.com", "SNSNoAuthorization"],
    ),
    "topic that does not exist": (subscription(sns_topic_arn=f"{TOPIC}-not"), ["does not exist", "Make the topic"]),
    "quota": (
        {"subscriptions": [{"name": f"lifeboat-{number}", "sns_topic_arn": TOPIC} for number in range(17)]},
        ["it has 4 of 20, and 17 more are wanted", "Remove 1, or ask AWS to raise L-A59F4C87 to 21"],
    ),
    "somebody else's": (
        subscription(name="lifeboat-foreign"), ["does not carry our tag lifeboat:managed-by=lifeboat", "adopt"],
    ),
}  # fmt: skip

# Only AWS can tell, when it is asked to subscribe.
ASKS_AWS = {"topic of another account", "topic that does not exist"}


@pytest.fixture
def source(fleet: Fleet) -> Iterator[Tasks]:
    """Prepare a source site with a topic that is open to RDS, and the four subscriptions of the role's defaults."""
    fleet.reset()
    for name in names(fleet):  # a reset of the lab leaves them
        fleet.others(SOURCE).delete_event_subscription(SubscriptionName=name)
    fleet.pass_time(A_COPY)
    fleet.lab.admin("POST", "seed", {"account": SOURCE.profile, "prefix": "shop", "databases": 1, "snapshots": 0})
    with tasks_of(fleet.lab) as tasks:
        sns = fleet.others(SOURCE, "sns")
        assert sns.create_topic(Name="lifeboat-events")["TopicArn"] == TOPIC
        open_to_rds(sns, TOPIC)
        made = tasks.run("event_subscription", SOURCE, subscriptions=events())
        assert not made.get("failed"), made
        yield tasks


def open_to_rds(sns: Any, topic: str) -> None:
    about = {"Effect": "Allow", "Principal": {"Service": "events.rds.amazonaws.com"}, "Action": "sns:Publish"}
    condition = {"StringEquals": {"aws:SourceAccount": SOURCE.account}}
    policy = {"Version": "2012-10-17", "Statement": [{**about, "Resource": topic, "Condition": condition}]}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))


def names(fleet: Fleet) -> list[str]:
    rows = fleet.others(SOURCE).describe_event_subscriptions()["EventSubscriptionsList"]
    return sorted(row["CustSubscriptionId"] for row in rows)


def topic_of_dr(fleet: Fleet, name: str) -> str:
    """Make a topic of the DR account in the source's Region that is closed to RDS."""
    return str(fleet.lab.client(DR.profile, "sns", SOURCE.region).create_topic(Name=name)["TopicArn"])


@pytest.fixture
def refuse(fleet: Fleet, source: Tasks) -> Callable[[str], Row]:
    """Ask for what is bad, and return the answer."""

    def refuse(name: str) -> Row:
        options = json.dumps(BAD[name][0])
        if "@closed" in options:
            options = options.replace("@closed", topic_of_dr(fleet, "closed"))
        answer = source.run("event_subscription", SOURCE, **json.loads(options))
        assert answer["failed"], answer
        return answer

    return refuse


def add_foreign(fleet: Fleet) -> None:
    """Make a subscription as somebody else."""
    fleet.others(SOURCE).create_event_subscription(SubscriptionName="lifeboat-foreign", SnsTopicArn=TOPIC)
    fleet.pass_time(A_COPY)


@pytest.mark.parametrize("name", BAD)
def test_is_refused_with_reason_and_remedy(name: str, fleet: Fleet, refuse: Callable[[str], Row]) -> None:
    if name == "somebody else's":
        add_foreign(fleet)
    answer = refuse(name)
    assert [part for part in BAD[name][1] if part not in answer["msg"]] == [], answer["msg"]


def test_what_is_refused_has_made_nothing(fleet: Fleet, refuse: Callable[[str], Row]) -> None:
    add_foreign(fleet)
    fleet.new_calls()
    for name in BAD.keys() - ASKS_AWS:
        refuse(name)
    assert writing(fleet.new_calls()) == []
    for name in ASKS_AWS:
        refuse(name)
    assert names(fleet) == sorted([*(one["name"] for one in events()), "lifeboat-foreign"])


def test_a_topic_of_another_account_that_is_open_to_rds_is_taken(fleet: Fleet, source: Tasks) -> None:
    def ask(**options: Any) -> Row:
        return source.run("event_subscription", SOURCE, **options)

    arn = topic_of_dr(fleet, "open")
    refused = ask(**subscription(sns_topic_arn=arn))["msg"]
    statement = refused.split("must do it, since it owns the topic): ")[1].split(". If the topic")[0]
    policy = {"Version": "2012-10-17", "Statement": [json.loads(statement)]}
    fleet.lab.client(DR.profile, "sns", SOURCE.region).set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )
    gone = {"state": "absent", "subscriptions": [{"name": "lifeboat-bad"}]}
    answers = {
        "open": ask(**subscription(sns_topic_arn=arn, source_ids=[DATABASE], tags={"team": "shop"})),
        "moved": ask(**subscription(source_type="db-snapshot", event_categories=[])),
        "gone": ask(**gone),
        "still gone": ask(**gone),
    }
    assert {name: (one["steps"][0]["status"], one["changed"]) for name, one in answers.items()} == {
        "open": ("active", True),
        "moved": ("active", True),
        "gone": ("deleted", True),
        "still gone": ("absent", False),
    }
    before, after = (answers["moved"]["diff"][side]["lifeboat-bad"] for side in ("before", "after"))
    assert {name for name, value in after.items() if value != before[name]} == {
        "sns_topic_arn", "source_type", "source_ids", "event_categories",
    }  # fmt: skip
