# SPDX-License-Identifier: GPL-3.0-or-later
"""Test event subscriptions (aws_rds.md 6)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from helpers import DR, PRODUCTION, allow_service, automated, automated_cluster, code_of, key_policy, make_key, settings
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh, until

ELSEWHERE = "eu-west-1"
RDS_EVENTS = "events.rds.amazonaws.com"


@pytest.fixture(scope="module")
def topic(sns: Any) -> str:
    return sns.create_topic(Name="subscriptions")["TopicArn"]


@pytest.fixture
def subscribe(rds: Any, topic: str) -> Iterator[Any]:
    """Make a subscription that is settled, unless it is refused, and take it away afterwards."""
    made = []

    def create(**more: Any) -> dict[str, Any]:
        name = more.pop("SubscriptionName", fresh("subscription"))
        rds.create_event_subscription(SubscriptionName=name, **({"SnsTopicArn": topic} | more))
        made.append(name)
        return settled(rds, name)

    yield create
    for name in made:
        if name in names_of(rds):
            settled(rds, name)
            rds.delete_event_subscription(SubscriptionName=name)


def names_of(rds: Any) -> list[str]:
    return [row["CustSubscriptionId"] for row in rds.describe_event_subscriptions()["EventSubscriptionsList"]]


def subscription(rds: Any, name: str) -> dict[str, Any]:
    return rds.describe_event_subscriptions(SubscriptionName=name)["EventSubscriptionsList"][0]


def settled(rds: Any, name: str) -> dict[str, Any]:
    return until(lambda: _if_settled(subscription(rds, name)))


def _if_settled(row: dict[str, Any]) -> dict[str, Any] | None:
    return row if row["Status"] not in ("creating", "modifying", "deleting") else None


def refusal(rds: Any, topic: str, **more: Any) -> str:
    return code_of(rds.create_event_subscription, **({"SubscriptionName": fresh("no"), "SnsTopicArn": topic} | more))


def test_a_subscription_shows_what_was_asked_for(rds: Any, topic: str, subscribe: Any) -> None:
    snapshot = automated(rds, "orders")["DBSnapshotIdentifier"]
    row = subscribe(SourceType="db-snapshot", EventCategories=["creation", "deletion"], SourceIds=[snapshot])
    name = row["CustSubscriptionId"]
    assert row["EventSubscriptionArn"] == f"arn:aws:rds:us-west-2:{PRODUCTION}:es:{name}"
    assert (row["CustomerAwsId"], row["SnsTopicArn"], row["Enabled"]) == (PRODUCTION, topic, True)
    assert (row["SourceType"], row["SourceIdsList"]) == ("db-snapshot", [snapshot])
    assert (row["EventCategoriesList"], row["Status"]) == (["creation", "deletion"], "active")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", row["SubscriptionCreationTime"])


def test_it_is_creating_modifying_and_deleting_for_a_while(lab: Lab) -> None:
    rds = lab.client("production", "rds", "eu-central-1")
    topic = lab.client("production", "sns", "eu-central-1").create_topic(Name="slow")["TopicArn"]
    with settings(lab, durations={"subscription": 0}):
        for name in ("to-modify", "to-delete"):
            rds.create_event_subscription(SubscriptionName=name, SnsTopicArn=topic)
    with settings(lab, durations={"subscription": 6_000_000}):
        created = rds.create_event_subscription(SubscriptionName="new", SnsTopicArn=topic)
        modified = rds.modify_event_subscription(SubscriptionName="to-modify", Enabled=False)
        deleted = rds.delete_event_subscription(SubscriptionName="to-delete")
    for answer, status in ((created, "creating"), (modified, "modifying"), (deleted, "deleting")):
        row = answer["EventSubscription"]
        name = row["CustSubscriptionId"]
        assert (row["Status"], subscription(rds, name)["Status"]) == (status, status)
        assert code_of(rds.delete_event_subscription, SubscriptionName=name) == "InvalidEventSubscriptionState"
        assert code_of(rds.modify_event_subscription, SubscriptionName=name) == "InvalidEventSubscriptionState"


def test_a_deleted_one_is_gone(rds: Any, subscribe: Any) -> None:
    name = subscribe()["CustSubscriptionId"]
    rds.delete_event_subscription(SubscriptionName=name)
    until(lambda: name not in names_of(rds))
    assert code_of(rds.describe_event_subscriptions, SubscriptionName=name) == "SubscriptionNotFound"
    assert code_of(rds.delete_event_subscription, SubscriptionName=name) == "SubscriptionNotFound"
    assert code_of(rds.modify_event_subscription, SubscriptionName=name) == "SubscriptionNotFound"


def test_creating_twice_is_refused(rds: Any, topic: str, subscribe: Any) -> None:
    name = subscribe()["CustSubscriptionId"]
    assert refusal(rds, topic, SubscriptionName=name) == "SubscriptionAlreadyExist"


def test_names_have_less_than_255_characters(rds: Any, topic: str, subscribe: Any) -> None:
    assert subscribe(SubscriptionName="n" * 254)["Status"] == "active"
    assert refusal(rds, topic, SubscriptionName="n" * 255) == "InvalidParameterValue"


def test_the_accounts_quotas_tell_how_many_there_are(rds: Any, subscribe: Any) -> None:
    def told() -> dict[str, Any]:
        rows = rds.describe_account_attributes()["AccountQuotas"]
        return next(row for row in rows if row["AccountQuotaName"] == "EventSubscriptions")

    # What an earlier test deleted still counts while it is being deleted.
    until(lambda: {row["Status"] for row in rds.describe_event_subscriptions()["EventSubscriptionsList"]} <= {"active"})
    before = told()
    subscribe()
    assert told() == before | {"Used": before["Used"] + 1, "Max": 20}


def test_there_is_a_quota_for_each_region(lab: Lab, rds: Any, topic: str) -> None:
    with settings(lab, quotas={"event_subscriptions": 0}):
        assert refusal(rds, topic) == "EventSubscriptionQuotaExceeded"


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (f"arn:aws:sns:us-west-2:{PRODUCTION}:nowhere", "SNSTopicArnNotFound"),
        ("arn:aws:sns:us-west-2:999999999999:nowhere", "SNSTopicArnNotFound"),
        (f"arn:aws:sns:eu-west-1:{PRODUCTION}:subscriptions", "SNSInvalidTopic"),
        (f"arn:aws:sqs:us-west-2:{PRODUCTION}:queue", "SNSInvalidTopic"),
        ("subscriptions", "SNSInvalidTopic"),
    ],
)
def test_the_topic_must_be_there_in_the_same_region(rds: Any, arn: str, code: str) -> None:
    assert refusal(rds, arn) == code


def test_fifo_topics_are_refused(rds: Any, sns: Any) -> None:
    fifo = sns.create_topic(Name=f"{fresh('topic')}.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    assert refusal(rds, fifo) == "SNSInvalidTopic"


def test_a_topic_lets_rds_of_its_own_account_publish_by_default(lab: Lab, topic: str) -> None:
    dr_here = lab.client("production_dr", "rds", "us-west-2")
    assert refusal(dr_here, topic) == "SNSNoAuthorization"


@pytest.mark.parametrize(
    ("condition", "accepted"),
    [
        ({}, True),
        ({"StringEquals": {"aws:SourceAccount": DR}}, True),
        ({"StringEquals": {"aws:SourceAccount": PRODUCTION}}, False),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:rds:us-west-2:{DR}:snapshot:*"}}, True),
    ],
)
def test_another_accounts_topic_must_admit_rds(lab: Lab, sns: Any, condition: Any, accepted: bool) -> None:
    arn = sns.create_topic(Name=fresh("topic"))["TopicArn"]
    policy = allow_service(RDS_EVENTS, "sns:Publish", arn, **condition)
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    rds = lab.client("production_dr", "rds", "us-west-2")
    if accepted:
        name = fresh("across")
        rds.create_event_subscription(SubscriptionName=name, SnsTopicArn=arn)
        settled(rds, name)
        rds.delete_event_subscription(SubscriptionName=name)
    else:
        assert refusal(rds, arn) == "SNSNoAuthorization"


@pytest.mark.parametrize("open_to_rds", [True, False])
def test_the_key_of_an_encrypted_topic_must_admit_rds(
    lab: Lab, rds: Any, sns: Any, subscribe: Any, open_to_rds: bool
) -> None:
    policy = allow_service(RDS_EVENTS, "kms:*") if open_to_rds else key_policy(PRODUCTION)
    key = lab.client("production", "kms").create_key(Policy=policy, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"][
        "Arn"
    ]
    arn = sns.create_topic(Name=fresh("topic"), Attributes={"KmsMasterKeyId": key})["TopicArn"]
    if open_to_rds:
        assert subscribe(SnsTopicArn=arn)["Status"] == "active"
    else:
        assert refusal(rds, arn) == "SNSNoAuthorization"


def test_the_key_that_aws_manages_for_sns_is_closed_to_rds(rds: Any, sns: Any) -> None:
    arn = sns.create_topic(Name=fresh("topic"), Attributes={"KmsMasterKeyId": "alias/aws/sns"})["TopicArn"]
    assert refusal(rds, arn) == "SNSNoAuthorization"


def test_the_status_tells_of_lost_permission_and_of_a_lost_topic(rds: Any, sns: Any, subscribe: Any) -> None:
    arn = sns.create_topic(Name=fresh("topic"))["TopicArn"]
    name = subscribe(SnsTopicArn=arn)["CustSubscriptionId"]
    closed = allow_service("s3.amazonaws.com", "sns:Publish")
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=closed)
    assert subscription(rds, name)["Status"] == "no-permission"
    sns.set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=allow_service(RDS_EVENTS, "sns:Publish")
    )
    assert subscription(rds, name)["Status"] == "active"
    sns.delete_topic(TopicArn=arn)
    assert subscription(rds, name)["Status"] == "topic-not-exist"


def test_categories_are_those_of_the_type_of_source(rds: Any, topic: str) -> None:
    assert refusal(rds, topic, SourceType="db-snapshot", EventCategories=["backup"]) == "SubscriptionCategoryNotFound"
    assert refusal(rds, topic, EventCategories=["no such"]) == "SubscriptionCategoryNotFound"
    assert refusal(rds, topic, SourceType="db-none") == "InvalidParameterValue"


def test_sources_must_exist(rds: Any, topic: str, subscribe: Any) -> None:
    cluster_snapshot = automated_cluster(rds, "events")["DBClusterSnapshotIdentifier"]
    subscribe(SourceType="db-instance", SourceIds=["orders", "BILLING"])
    subscribe(SourceType="db-cluster", SourceIds=["events"])
    subscribe(SourceType="db-cluster-snapshot", SourceIds=[cluster_snapshot])
    for source_type in ("db-instance", "db-cluster", "db-snapshot", "db-cluster-snapshot", "db-parameter-group"):
        assert refusal(rds, topic, SourceType=source_type, SourceIds=["nothing"]) == "SourceNotFound"


def test_another_accounts_snapshot_is_no_source(rds: Any, dr_here: Any, lab: Lab) -> None:
    topic = lab.client("production_dr", "sns", "us-west-2").create_topic(Name="sources")["TopicArn"]
    snapshot = automated(rds, "catalog")["DBSnapshotIdentifier"]
    assert refusal(dr_here, topic, SourceType="db-snapshot", SourceIds=[snapshot]) == "SourceNotFound"


def test_sources_need_a_type(rds: Any, topic: str) -> None:
    assert refusal(rds, topic, SourceIds=["orders"]) == "InvalidParameterCombination"


def test_sources_are_added_and_removed_one_by_one(rds: Any, subscribe: Any) -> None:
    name = subscribe(SourceType="db-instance", SourceIds=["orders"])["CustSubscriptionId"]
    words = {"SubscriptionName": name, "SourceIdentifier": "billing"}
    changed = rds.add_source_identifier_to_subscription(**words)["EventSubscription"]
    assert (changed["SourceIdsList"], changed["Status"]) == (["orders", "billing"], "modifying")
    settled(rds, name)
    assert code_of(rds.add_source_identifier_to_subscription, **words | {"SourceIdentifier": "no"}) == "SourceNotFound"
    rds.remove_source_identifier_from_subscription(SubscriptionName=name, SourceIdentifier="orders")
    assert settled(rds, name)["SourceIdsList"] == ["billing"]
    gone = {"SubscriptionName": name, "SourceIdentifier": "orders"}
    assert code_of(rds.remove_source_identifier_from_subscription, **gone) == "SourceNotFound"
    assert code_of(rds.add_source_identifier_to_subscription, **words | {"SubscriptionName": "no"}) == (
        "SubscriptionNotFound"
    )


def test_modify_keeps_what_it_is_not_given(rds: Any, subscribe: Any) -> None:
    """Keep EventCategories too, which is the lab's choice: the documents do not say it."""
    name = subscribe(SourceType="db-instance", EventCategories=["backup"], SourceIds=["orders"])["CustSubscriptionId"]
    rds.modify_event_subscription(SubscriptionName=name, Enabled=False)
    row = settled(rds, name)
    assert (row["EventCategoriesList"], row["SourceIdsList"], row["Enabled"]) == (["backup"], ["orders"], False)
    rds.modify_event_subscription(SubscriptionName=name, EventCategories=["creation", "deletion"])
    assert settled(rds, name)["EventCategoriesList"] == ["creation", "deletion"]


def test_modify_checks_topic_and_categories_as_create_does(rds: Any, topic: str, subscribe: Any) -> None:
    name = subscribe(SourceType="db-snapshot")["CustSubscriptionId"]

    def refused(**words: Any) -> str:
        return code_of(rds.modify_event_subscription, SubscriptionName=name, **words)

    assert refused(SnsTopicArn=f"{topic}-no") == "SNSTopicArnNotFound"
    assert refused(EventCategories=["backup"]) == "SubscriptionCategoryNotFound"
    assert subscription(rds, name)["Status"] == "active"


def test_the_type_of_source_stays_while_there_are_sources(rds: Any, subscribe: Any) -> None:
    name = subscribe(SourceType="db-instance", SourceIds=["orders"])["CustSubscriptionId"]
    words = {"SubscriptionName": name, "SourceType": "db-cluster"}
    assert code_of(rds.modify_event_subscription, **words) == "InvalidParameterCombination"


def test_subscriptions_have_tags(rds: Any, subscribe: Any) -> None:
    arn = subscribe(Tags=[{"Key": "team", "Value": "shop"}])["EventSubscriptionArn"]
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "stage", "Value": "test"}])
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["team"])
    assert rds.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "stage", "Value": "test"}]
    assert code_of(rds.list_tags_for_resource, ResourceName=f"{arn}-no") == "SubscriptionNotFound"


def test_subscriptions_are_listed_by_page_in_their_own_region(lab: Lab, sns: Any) -> None:
    rds = lab.client("production", "rds", ELSEWHERE)
    topic = lab.client("production", "sns", ELSEWHERE).create_topic(Name="pages")["TopicArn"]
    with settings(lab, quotas={"event_subscriptions": 45}):
        for number in range(45):
            rds.create_event_subscription(SubscriptionName=f"page-{number:02}", SnsTopicArn=topic)
    pages = list(rds.get_paginator("describe_event_subscriptions").paginate(PaginationConfig={"PageSize": 20}))
    assert [len(page["EventSubscriptionsList"]) for page in pages] == [20, 20, 5]
    assert code_of(rds.describe_event_subscriptions, MaxRecords=19) == "InvalidParameterValue"
    assert code_of(rds.describe_event_subscriptions, Marker="no marker") == "InvalidParameterValue"
    assert not any(name.startswith("page-") for name in names_of(lab.client("production", "rds")))


def test_a_key_that_is_disabled_closes_the_topic(lab: Lab, rds: Any, sns: Any, subscribe: Any) -> None:
    kms = lab.client("production", "kms")
    key = make_key(kms, PRODUCTION)
    admitted = [
        json.loads(each)["Statement"][0] for each in (key_policy(PRODUCTION), allow_service(RDS_EVENTS, "kms:*"))
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": admitted})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    arn = sns.create_topic(Name=fresh("topic"), Attributes={"KmsMasterKeyId": key})["TopicArn"]
    name = subscribe(SnsTopicArn=arn)["CustSubscriptionId"]
    kms.disable_key(KeyId=key)
    assert subscription(rds, name)["Status"] == "no-permission"
