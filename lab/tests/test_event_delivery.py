# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the way of events from RDS to topics (aws_rds.md 5.2, 5.3, 6)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from helpers import PRODUCTION, allow_service, automated, copied, join, make_queue, received, settings, silent
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh, until

SNS, RDS_EVENTS = "sns.amazonaws.com", "events.rds.amazonaws.com"


class Ear:
    """A subscription to the events of snapshots, a raw queue behind it, and snapshots that make them."""

    def __init__(self, lab: Lab, topic: str, **words: Any) -> None:
        self.rds, self.sqs, self.sns = (lab.client("production", name) for name in ("rds", "sqs", "sns"))
        self.name = fresh("ear")
        self.url, arn = make_queue(self.sqs, topic)
        raw = {"RawMessageDelivery": "true"}
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
        words = {"SourceType": "db-snapshot", "EventCategories": ["deletion"]} | words
        self.rds.create_event_subscription(SubscriptionName=self.name, SnsTopicArn=topic, **words)
        (self.greeting,) = received(self.sqs, self.url)

    def make_event(self) -> str:
        """Delete a snapshot; return its name."""
        name = copied(self.rds, automated(self.rds, "catalog")["DBSnapshotArn"])["DBSnapshotIdentifier"]
        self.rds.delete_db_snapshot(DBSnapshotIdentifier=name)
        return name

    def hear(self, count: int = 1, wait: float = 3.0) -> list[str]:
        """Return the sources of the next events, in their order."""
        heard: list[str] = []
        while len(heard) < count and (messages := received(self.sqs, self.url, wait)):
            heard += [json.loads(message["Body"])["Source ID"] for message in messages]
        return heard


@pytest.fixture
def listen(lab: Lab, topic: str) -> Iterator[Any]:
    ears: list[Ear] = []

    def start(**words: Any) -> Ear:
        ears.append(Ear(lab, topic, **words))
        return ears[-1]

    yield start
    for ear in ears:
        until(lambda ear=ear: ear.rds.describe_event_subscriptions(SubscriptionName=ear.name))
        ear.rds.delete_event_subscription(SubscriptionName=ear.name)


def test_the_first_message_is_plain_text(listen: Any) -> None:
    """Follow aws_rds.md 5.2."""
    body = listen().greeting["Body"]
    assert "db-snapshot" in body
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(body)


def test_a_message_says_what_happened(listen: Any, rds: Any) -> None:
    """Follow aws_rds.md 5.3."""
    ear = listen()
    source = automated(rds, "catalog")["DBSnapshotArn"]
    copy = copied(rds, source, Tags=[{"Key": "team", "Value": "shop"}])
    name, arn = copy["DBSnapshotIdentifier"], copy["DBSnapshotArn"]
    rds.delete_db_snapshot(DBSnapshotIdentifier=name)
    (message,) = received(ear.sqs, ear.url)
    body = json.loads(message["Body"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", body.pop("Event Time"))
    assert body.pop("Event ID").endswith("#RDS-EVENT-0041")
    assert body == {
        "Event Source": "db-snapshot",
        "Identifier Link": f"https://console.aws.amazon.com/rds/home?region=us-west-2#snapshot:id={name}",
        "Source ID": name,
        "Source ARN": arn,
        "Event Message": "Deleted user snapshot",
        "Tags": {"team": "shop"},
    }
    attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert attributes == {"EventID": "RDS-EVENT-0041", "Resource": arn}


def test_a_filter_policy_lets_only_wanted_ids_through(rds: Any, sns: Any, sqs: Any, listen: Any, topic: str) -> None:
    """Follow aws_rds.md 5.3."""
    ear = listen()
    wanted, wanted_arn = make_queue(sqs, topic)
    unwanted, unwanted_arn = make_queue(sqs, topic)
    join(sns, topic, wanted_arn, FilterPolicy=json.dumps({"EventID": ["RDS-EVENT-0041"]}))
    join(sns, topic, unwanted_arn, FilterPolicy=json.dumps({"EventID": ["RDS-EVENT-0042"]}))
    ear.make_event()
    assert len(received(sqs, wanted)) == 1
    assert silent(sqs, unwanted)


def test_only_what_was_subscribed_to_is_told(rds: Any, listen: Any, topic: str) -> None:
    """Follow aws_rds.md 6."""
    others: list[dict[str, Any]] = [
        {"SourceType": "db-snapshot", "EventCategories": ["restoration"]},
        {"SourceType": "db-instance"},
        {"SourceType": "db-snapshot", "SourceIds": [automated(rds, "catalog")["DBSnapshotIdentifier"]]},
        {"Enabled": False},
    ]
    for words in others:
        rds.create_event_subscription(SubscriptionName=fresh("other"), SnsTopicArn=topic, **words)
    ear = listen()
    name = ear.make_event()
    assert ear.hear(count=2, wait=0.3) == [name]


def test_nothing_is_told_after_a_subscription_is_deleted(rds: Any, listen: Any, topic: str, lab: Lab) -> None:
    ear = listen()
    gone = fresh("gone")
    rds.create_event_subscription(SubscriptionName=gone, SnsTopicArn=topic)
    assert received(ear.sqs, ear.url)
    rds.delete_event_subscription(SubscriptionName=gone)
    name = ear.make_event()
    assert ear.hear(count=2, wait=0.3) == [name]


def test_a_topic_in_another_account_hears_of_the_resources_that_its_policy_names(lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 6."""
    sns, sqs = lab.client("production_dr", "sns", "us-west-2"), lab.client("production_dr", "sqs", "us-west-2")
    topic = sns.create_topic(Name=fresh("topic"))["TopicArn"]
    prefix = f"arn:aws:rds:us-west-2:{PRODUCTION}:snapshot:named-*"
    words = {"ArnLike": {"aws:SourceArn": prefix}, "StringEquals": {"aws:SourceAccount": PRODUCTION}}
    policy = allow_service(RDS_EVENTS, "sns:Publish", topic, **words)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    url, arn = make_queue(sqs, topic)
    join(sns, topic, arn, RawMessageDelivery="true")
    name = fresh("across")
    rds.create_event_subscription(SubscriptionName=name, SnsTopicArn=topic, EventCategories=["deletion"])
    assert received(sqs, url)
    for prefix in ("named", "other"):
        copy = copied(rds, automated(rds, "catalog")["DBSnapshotArn"], fresh(prefix))["DBSnapshotIdentifier"]
        rds.delete_db_snapshot(DBSnapshotIdentifier=copy)
    sources = [json.loads(message["Body"])["Source ID"] for message in received(sqs, url)]
    assert all(source.startswith("named-") for source in sources)
    assert silent(sqs, url)
    assert rds.describe_event_subscriptions(SubscriptionName=name)["EventSubscriptionsList"][0]["Status"] == "active"
    rds.delete_event_subscription(SubscriptionName=name)


def test_an_event_is_lost_on_request(listen: Any, faults: Any) -> None:
    ear = listen()
    faults(kind="event-lost", account="production", resource=ear.name)
    ear.make_event()
    name = ear.make_event()
    assert ear.hear(count=2, wait=0.3) == [name]


def test_an_event_comes_twice_on_request(listen: Any, faults: Any) -> None:
    ear = listen()
    faults(kind="event-doubled", account="production", resource=ear.name)
    name = ear.make_event()
    assert ear.hear(count=2) == [name, name]


def test_an_event_comes_late_on_request(listen: Any, faults: Any) -> None:
    ear = listen()
    faults(kind="event-late", account="production", resource=ear.name, seconds=1)
    late, punctual = ear.make_event(), ear.make_event()
    assert ear.hear(wait=0.5) == [punctual]
    assert ear.hear() == [late]


def test_an_event_comes_after_the_next_one_on_request(listen: Any, faults: Any) -> None:
    ear = listen()
    faults(kind="event-reordered", account="production", resource=ear.name)
    first, second = ear.make_event(), ear.make_event()
    assert ear.hear(count=2) == [second, first]


def test_an_event_that_waits_for_the_next_one_comes_alone_at_last(listen: Any, faults: Any) -> None:
    ear = listen()
    faults(kind="event-reordered", account="production", resource=ear.name)
    name = ear.make_event()
    assert ear.hear(wait=5) == [name]


def test_events_take_their_time(lab: Lab, listen: Any) -> None:
    ear = listen()
    with settings(lab, durations={"event": 1.0 * 20000}):
        name = ear.make_event()
        assert silent(ear.sqs, ear.url)
        assert ear.hear() == [name]


def test_a_lost_permission_shows_at_the_next_delivery(sns: Any, rds: Any, listen: Any, topic: str) -> None:
    ear = listen()
    closed = allow_service("s3.amazonaws.com", "sns:Publish")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=closed)
    ear.make_event()
    assert silent(ear.sqs, ear.url)
    row = rds.describe_event_subscriptions(SubscriptionName=ear.name)["EventSubscriptionsList"][0]
    assert row["Status"] == "no-permission"
