# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the way from topics to queues (aws_rds.md 6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from helpers import DR, PRODUCTION, allow_service, join, key_policy, make_queue, received, settings, silent
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh

SNS, RDS_EVENTS = "sns.amazonaws.com", "events.rds.amazonaws.com"


@pytest.fixture(scope="module")
def sqs_of_dr(lab: Lab) -> Any:
    return lab.client("production_dr", "sqs", "us-west-2")


def publish(sns: Any, topic: str, text: str = "hello", **more: Any) -> None:
    sns.publish(TopicArn=topic, Message=text, **more)


def test_without_raw_delivery_the_message_is_in_an_envelope(rds: Any, sns: Any, sqs: Any, topic: str) -> None:
    """Follow aws_rds.md 5.3."""
    url, arn = make_queue(sqs, topic)
    join(sns, topic, arn)
    rds.create_event_subscription(SubscriptionName=fresh("envelope"), SnsTopicArn=topic)
    (message,) = received(sqs, url)
    envelope = json.loads(message["Body"])
    assert (envelope["Type"], envelope["TopicArn"]) == ("Notification", topic)
    assert envelope["Subject"] == "RDS Notification Message"
    assert "RDS" in envelope["Message"]


def test_a_queue_of_another_account_gets_messages(sns: Any, sqs_of_dr: Any, topic: str) -> None:
    url, arn = make_queue(sqs_of_dr, topic)
    join(sns, topic, arn)
    publish(sns, topic)
    (message,) = received(sqs_of_dr, url)
    assert json.loads(message["Body"])["Message"] == "hello"


def test_a_queues_owner_may_subscribe_to_another_accounts_topic(lab: Lab, sns: Any, sqs_of_dr: Any, topic: str) -> None:
    url, arn = make_queue(sqs_of_dr, topic)
    policy = json.loads(allow_service(RDS_EVENTS, "sns:Publish", topic))
    owner = {"Effect": "Allow", "Principal": {"AWS": DR}, "Action": "sns:Subscribe", "Resource": topic}
    policy["Statement"].append(owner)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    join(lab.client("production_dr", "sns", "us-west-2"), topic, arn)
    publish(sns, topic)
    assert len(received(sqs_of_dr, url)) == 1


@pytest.mark.parametrize(
    "policy",
    [
        allow_service(SNS, "sqs:SendMessage", ArnEquals={"aws:SourceArn": f"arn:aws:sns:us-west-2:{PRODUCTION}:other"}),
        allow_service(SNS, "sqs:ReceiveMessage"),
        allow_service("events.amazonaws.com", "sqs:SendMessage"),
        allow_service(SNS, "sqs:SendMessage", f"arn:aws:sqs:us-west-2:{PRODUCTION}:other"),
        allow_service(SNS, "sqs:SendMessage", StringEquals={"aws:SourceAccount": DR}),
    ],
)
def test_a_queue_whose_policy_does_not_admit_the_topic_gets_nothing(
    sns: Any, sqs: Any, topic: str, policy: str
) -> None:
    url, arn = make_queue(sqs, topic, policy)
    join(sns, topic, arn)
    publish(sns, topic)
    assert silent(sqs, url)


def test_a_queue_without_a_policy_gets_nothing(sns: Any, sqs: Any, topic: str) -> None:
    url = sqs.create_queue(QueueName=fresh("queue"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    join(sns, topic, arn)
    publish(sns, topic)
    assert silent(sqs, url)


def test_a_queues_policy_stays_when_other_attributes_are_set(sns: Any, sqs: Any, topic: str) -> None:
    url, arn = make_queue(sqs, topic)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "10"})
    join(sns, topic, arn)
    publish(sns, topic)
    assert len(received(sqs, url)) == 1


@pytest.mark.parametrize("open_to_sns", [True, False])
def test_the_key_of_an_encrypted_queue_must_admit_sns(
    lab: Lab, sns: Any, sqs: Any, topic: str, open_to_sns: bool
) -> None:
    policy = allow_service(SNS, "kms:*") if open_to_sns else key_policy(PRODUCTION)
    key = lab.client("production", "kms").create_key(Policy=policy, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"][
        "Arn"
    ]
    url, arn = make_queue(sqs, topic, KmsMasterKeyId=key)
    join(sns, topic, arn)
    publish(sns, topic)
    assert silent(sqs, url) is not open_to_sns


def test_publishing_succeeds_when_a_queue_or_a_listener_is_gone(sns: Any, sqs: Any, topic: str) -> None:
    url, arn = make_queue(sqs, topic)
    join(sns, topic, f"{arn}-gone")
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://127.0.0.1:9/")
    join(sns, topic, arn)
    publish(sns, topic)
    assert len(received(sqs, url)) == 1


def test_nothing_goes_to_a_dark_account(lab: Lab, sns: Any, sqs: Any, sqs_of_dr: Any, topic: str) -> None:
    dark, dark_arn = make_queue(sqs_of_dr, topic)
    url, arn = make_queue(sqs, topic)
    join(sns, topic, dark_arn)
    join(sns, topic, arn)
    lab.admin("POST", "dark", {"account": "production_dr"})
    publish(sns, topic)
    assert len(received(sqs, url)) == 1
    lab.admin("POST", "dark", {"account": "production_dr", "dark": False})
    assert silent(sqs_of_dr, dark)


def test_nothing_comes_from_a_dark_account(lab: Lab, sns: Any, sqs_of_dr: Any) -> None:
    """Check also what has happened before and is on its way."""
    ours = lab.client("production_dr", "sns", "us-west-2")
    topic = ours.create_topic(Name=fresh("topic"))["TopicArn"]
    policy = allow_service(RDS_EVENTS, "sns:Publish", topic)
    ours.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    url, arn = make_queue(sqs_of_dr, topic)
    join(ours, topic, arn)
    rds = lab.client("stranger", "rds")
    with settings(lab, durations={"subscription": 0.3 * 20000}):
        rds.create_event_subscription(SubscriptionName="of-a-stranger", SnsTopicArn=topic)
    lab.admin("POST", "dark", {"account": "stranger"})
    assert received(sqs_of_dr, url, wait=0.6) == []
    lab.admin("POST", "dark", {"account": "stranger", "dark": False})
