# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.topic import Topic
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.delivery import Delivery
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.events import OwnEvent
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.subscription import (
    Subscription,
    SubscriptionStep,
)
from tests.builders import DR, EAST, NOW
from tests.unit.aws.wire import AwsError

ARN = f"arn:aws:rds:{EAST}:{DR}:es:one"
TOPIC, QUEUE = f"arn:aws:sns:{EAST}:{DR}:events", f"arn:aws:sqs:{EAST}:{DR}:events"
KEY = ("sqs", QUEUE)
TO_QUEUE = f"{TOPIC}:1"


def test_every_page_of_event_subscriptions_is_read(aws: Any, legal: Any) -> None:
    row = {
        "CustSubscriptionId": "one",
        "EventSubscriptionArn": ARN,
        "SnsTopicArn": TOPIC,
        "Status": "no-permission",
        "SourceType": "db-instance",
        "SourceIdsList": ["orders"],
        "EventCategoriesList": ["failure"],
        "Enabled": False,
    }
    legal("DescribeEventSubscriptions", "EventSubscriptionsList", row)
    bare = {"CustSubscriptionId": "two", "EventSubscriptionArn": ARN, "SnsTopicArn": TOPIC, "Status": "active"}
    pages = [{"EventSubscriptionsList": [row], "Marker": "m"}, {"EventSubscriptionsList": [bare]}]
    site, wire = aws(DescribeEventSubscriptions=pages)
    assert site.event_subscriptions() == [
        Subscription(
            "one", ARN, TOPIC, "no-permission", "db-instance", frozenset({"orders"}), frozenset({"failure"}), False
        ),
        Subscription("two", ARN, TOPIC, "active"),
    ]
    assert len(wire.asked) == 2


def test_all_categories_come_in_one_call(aws: Any) -> None:
    rows = [{"SourceType": "db-proxy", "EventCategories": ["failure"]}]
    site, wire = aws(DescribeEventCategories={"EventCategoriesMapList": rows})
    assert site.event_categories() == {"db-proxy": {"failure"}}
    assert wire.asked == [("DescribeEventCategories", {})]


@pytest.mark.parametrize(
    ("step", "operation", "sent"),
    [
        (
            SubscriptionStep(
                "create",
                "",
                {"topic": TOPIC, "source_type": None, "source_ids": [], "categories": [], "tags": {"a": "1"}},
            ),
            "CreateEventSubscription",
            {"SnsTopicArn": TOPIC, "Tags": [{"Key": "a", "Value": "1"}]},
        ),
        (
            SubscriptionStep(
                "modify", "", {"topic": TOPIC, "source_type": "db-proxy", "categories": ["failure"], "enabled": False}
            ),
            "ModifyEventSubscription",
            {"SnsTopicArn": TOPIC, "SourceType": "db-proxy", "EventCategories": ["failure"], "Enabled": False},
        ),
        (
            SubscriptionStep("add_source", "", {"source": "a"}),
            "AddSourceIdentifierToSubscription",
            {"SourceIdentifier": "a"},
        ),
        (
            SubscriptionStep("remove_source", "", {"source": "a"}),
            "RemoveSourceIdentifierFromSubscription",
            {"SourceIdentifier": "a"},
        ),
        (SubscriptionStep("delete", ""), "DeleteEventSubscription", {}),
    ],
    ids=["create", "modify", "add", "remove", "delete"],
)
def test_a_step_is_one_call(aws: Any, step: SubscriptionStep, operation: str, sent: Any) -> None:
    site, wire = aws(**{operation: {}})
    site.change_subscription("one", step)
    assert wire.asked == [(operation, {"SubscriptionName": "one", **sent})]


def test_a_refused_step_says_what_could_not_be_done(aws: Any) -> None:
    site, _wire = aws(AddSourceIdentifierToSubscription=AwsError("SourceNotFound", "no a"))
    with pytest.raises(AwsRefusal, match=f"Cannot add a source to the event subscription one in {EAST}: no a"):
        site.change_subscription("one", SubscriptionStep("add_source", "", {"source": "a"}))


def test_tags_are_read_and_removed(aws: Any) -> None:
    site, wire = aws(ListTagsForResource={"TagList": [{"Key": "a", "Value": "1"}]}, RemoveTagsFromResource={})
    assert site.tags(ARN) == {"a": "1"}
    site.untag(ARN, ["a"])
    assert wire.asked[-1] == ("RemoveTagsFromResource", {"ResourceName": ARN, "TagKeys": ["a"]})


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ({"Attributes": {"KmsMasterKeyId": "alias/a"}}, "alias/a"),
        ({"Attributes": {}}, ""),
        (AwsError("NotFound", "Topic does not exist", 404), None),
    ],
    ids=["a key", "no key", "no topic"],
)
def test_the_key_of_a_topic_is_told_from_no_key_and_no_topic(aws: Any, answer: Any, key: str | None) -> None:
    site, _wire = aws(GetTopicAttributes=answer)
    assert Topic(site, TOPIC).key() == key


def test_a_topic_that_cannot_be_read_is_not_taken_for_missing(aws: Any) -> None:
    site, _wire = aws(GetTopicAttributes=AwsError("AuthorizationError", "no", 403))
    with pytest.raises(AwsRefusal, match="Allow it to this role"):
        Topic(site, TOPIC).key()


def test_the_subscriptions_of_a_topic_are_read_by_page_and_by_attribute(aws: Any) -> None:
    row = {"Protocol": "sqs", "Endpoint": QUEUE, "SubscriptionArn": TO_QUEUE}
    mail = {"Protocol": "email", "Endpoint": "ops@example.com", "SubscriptionArn": "PendingConfirmation"}
    site, wire = aws(
        ListSubscriptionsByTopic=[{"Subscriptions": [row], "NextToken": "n"}, {"Subscriptions": [mail]}],
        GetSubscriptionAttributes={"Attributes": {"RawMessageDelivery": "true", "FilterPolicy": '{"a": ["b"]}'}},
    )
    topic = Topic(site, TOPIC)
    found = {key: topic.delivery(key, arn) for key, arn in topic.deliveries().items()}
    assert found[KEY] == Delivery(*KEY, True, {"a": ["b"]}, TO_QUEUE)
    assert found["email", "ops@example.com"].arn is None
    assert len(wire.asked) == 3


def test_a_new_subscription_is_filtered_from_its_first_message_on(aws: Any) -> None:
    site, wire = aws(Subscribe={"SubscriptionArn": TO_QUEUE})
    Topic(site, TOPIC).subscribe(Delivery(*KEY, True, {"a": ["b"]}))
    attributes = {"RawMessageDelivery": "true", "FilterPolicy": '{"a": ["b"]}'}
    expected = {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE, "Attributes": attributes}
    assert wire.asked == [("Subscribe", expected)]


def test_a_change_sets_what_differs_and_the_key(aws: Any) -> None:
    site, wire = aws(SetSubscriptionAttributes={}, SetTopicAttributes={})
    topic = Topic(site, TOPIC)
    topic.change(TO_QUEUE, {"FilterPolicy": "{}"})
    topic.set_key("alias/a")
    assert [operation for operation, _sent in wire.asked] == ["SetSubscriptionAttributes", "SetTopicAttributes"]
    assert wire.asked[1][1]["AttributeValue"] == "alias/a"


def test_ten_events_are_one_call_and_those_that_are_not_taken_are_told(aws: Any) -> None:
    failed = {"Id": "1", "Code": "InternalError", "Message": "try again", "SenderFault": False}
    site, wire = aws(PublishBatch={"Successful": [{"Id": "0", "MessageId": "m"}], "Failed": [failed]})
    events = [
        OwnEvent("LIFEBOAT-EVENT-0011", "db-snapshot", "a", "Finished", ARN),
        OwnEvent("X-EVENT-0001", "b", "b", "c"),
    ]
    assert Topic(site, TOPIC).send(events, NOW) == {1: "try again"}
    ((operation, sent),) = wire.asked
    assert (operation, sent["TopicArn"]) == ("PublishBatch", TOPIC)
    assert [sorted(entry["MessageAttributes"]) for entry in sent["PublishBatchRequestEntries"]] == [
        ["EventID", "Resource"],
        ["EventID"],
    ]
