# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the policies of topics, queues, secrets and buckets (IAM User Guide, evaluation logic)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from helpers import DR, HOME, PRODUCTION, allow, become, document, message_of, narrow_role, outcome
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh

As = Callable[..., Any]
# SQS has its own word for it.
DENIED = ("AccessDenied", "AuthorizationError", "AccessDeniedException")


@pytest.fixture(scope="module")
def role(empty_lab: Lab) -> As:
    def made(service: str, *statements: dict[str, Any], profile: str = "production") -> Any:
        arn = narrow_role(empty_lab.client(profile, "iam"), *statements)
        return become(empty_lab, arn, service, HOME, by=profile)

    return made


@pytest.fixture
def topic(empty_lab: Lab) -> str:
    arn: str = empty_lab.client("production", "sns").create_topic(Name=fresh("topic"))["TopicArn"]
    return arn


@pytest.fixture
def queue(empty_lab: Lab) -> tuple[str, str]:
    """Return the URL and the ARN of a new queue."""
    sqs = empty_lab.client("production", "sqs")
    url = sqs.create_queue(QueueName=fresh("queue"))["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def open_topic(lab: Lab, arn: str, *statements: dict[str, Any]) -> None:
    client = lab.client("production", "sns")
    client.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=document(*statements))


def open_queue(lab: Lab, url: str, *statements: dict[str, Any]) -> None:
    lab.client("production", "sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(*statements)})


def published(client: Any, arn: str) -> bool:
    return outcome(client.publish, TopicArn=arn, Message="x") not in DENIED


def test_at_home_identity_policies_open_a_topic(role: As, topic: str) -> None:
    assert published(role("sns", allow("sns:Publish", topic)), topic)
    code, message = message_of(role("sns", allow("sns:Publish", f"{topic}x")).publish, TopicArn=topic, Message="x")
    assert code in DENIED
    assert f"is not authorized to perform: sns:Publish on resource: {topic} because no identity-based" in message
    entries = [{"Id": "1", "Message": "x"}]
    client = role("sns", allow("sns:Publish", topic))
    assert outcome(client.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries) == "ok"


def test_or_the_topics_policy_if_it_names_the_caller(empty_lab: Lab, role: As, topic: str) -> None:
    arn = narrow_role(empty_lab.client("production", "iam"))
    client = become(empty_lab, arn, "sns", HOME)
    assert not published(client, topic)
    open_topic(empty_lab, topic, allow("sns:Publish", topic, Principal={"AWS": f"arn:aws:iam::{PRODUCTION}:root"}))
    assert not published(client, topic)
    open_topic(empty_lab, topic, allow("sns:Publish", topic, Principal={"AWS": arn}))
    assert published(client, topic)
    open_topic(empty_lab, topic, allow("*", topic, Principal="*") | {"Effect": "Deny"})
    assert not published(role("sns", allow("sns:*")), topic)


def test_another_account_publishes_if_both_sides_allow_it(empty_lab: Lab, role: As, topic: str) -> None:
    theirs = role("sns", allow("sns:*"), profile="production_dr")
    assert not published(theirs, topic)
    open_topic(empty_lab, topic, allow(["sns:Publish", "sns:Subscribe"], topic, Principal={"AWS": DR}))
    assert published(theirs, topic)
    assert not published(role("sns", profile="production_dr"), topic)
    assert outcome(theirs.get_topic_attributes, TopicArn=topic) in DENIED
    queue = f"arn:aws:sqs:{HOME}:{DR}:theirs"
    assert outcome(theirs.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=queue) == "ok"
    assert not published(theirs, f"{topic}-none")


def test_a_subscription_may_be_bound_to_its_endpoint(role: As, topic: str) -> None:
    client = role("sns", allow("sns:Subscribe", topic, Condition={"StringEquals": {"sns:Protocol": "sqs"}}))
    queue = f"arn:aws:sqs:{HOME}:{PRODUCTION}:x"
    assert outcome(client.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=queue) == "ok"
    assert outcome(client.subscribe, TopicArn=topic, Protocol="email", Endpoint="me@example.com") in DENIED


def test_topics_are_made_by_name_and_tag(role: As) -> None:
    arn = f"arn:aws:sns:{HOME}:{PRODUCTION}:events-*"
    tags = [{"Key": "team", "Value": "blue"}]
    client = role("sns", allow("sns:CreateTopic", arn))
    assert outcome(client.create_topic, Name="events-1") == "ok"
    assert outcome(client.create_topic, Name="other-1") in DENIED
    assert outcome(client.create_topic, Name="events-2", Tags=tags) in DENIED
    assert outcome(role("sns", allow("sns:*", arn)).create_topic, Name="events-3", Tags=tags) == "ok"
    assert outcome(role("sns", allow("sns:ListTopics", arn)).list_topics) in DENIED
    assert outcome(role("sns", allow("sns:ListTopics")).list_topics) == "ok"


def sent(client: Any, url: str) -> bool:
    return outcome(client.send_message, QueueUrl=url, MessageBody="x") not in DENIED


def test_at_home_identity_policies_open_a_queue(role: As, queue: tuple[str, str]) -> None:
    url, arn = queue
    client = role("sqs", allow(["sqs:SendMessage", "sqs:ReceiveMessage"], arn))
    assert sent(client, url)
    assert outcome(client.send_message_batch, QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}]) == "ok"
    assert outcome(client.receive_message, QueueUrl=url) == "ok"
    assert outcome(client.get_queue_attributes, QueueUrl=url) in DENIED
    _code, message = message_of(role("sqs").send_message, QueueUrl=url, MessageBody="x")
    assert f"is not authorized to perform: sqs:SendMessage on resource: {arn} because" in message


def test_another_account_uses_a_queue_if_both_sides_allow_it(empty_lab: Lab, role: As, queue: tuple[str, str]) -> None:
    url, arn = queue
    theirs = role("sqs", allow("sqs:*"), profile="production_dr")
    assert not sent(theirs, url)
    open_queue(empty_lab, url, allow("sqs:*", arn, Principal={"AWS": f"arn:aws:iam::{DR}:root"}))
    assert sent(theirs, url)
    assert not sent(role("sqs", profile="production_dr"), url)
    found = theirs.receive_message(QueueUrl=url)["Messages"][0]
    assert outcome(theirs.delete_message, QueueUrl=url, ReceiptHandle=found["ReceiptHandle"]) == "ok"
    assert theirs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["QueueArn"] == arn
    name = url.rsplit("/", 1)[-1]
    assert theirs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=PRODUCTION)["QueueUrl"] == url


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("set_queue_attributes", {"Attributes": {"VisibilityTimeout": "1"}}),
        ("delete_queue", {}),
        ("list_queue_tags", {}),
    ],
)
def test_a_queue_is_managed_by_its_account_alone(
    empty_lab: Lab, role: As, queue: tuple[str, str], action: str, more: dict[str, Any]
) -> None:
    """Follow the SQS Developer Guide: cross-account permissions do not apply to these."""
    url, arn = queue
    open_queue(empty_lab, url, allow("sqs:*", arn, Principal="*"))
    theirs = role("sqs", allow("sqs:*"), profile="production_dr")
    assert outcome(getattr(theirs, action), QueueUrl=url, **more) in DENIED
    assert outcome(getattr(role("sqs"), action), QueueUrl=url, **more) == "ok"


def test_secrets_are_resources(empty_lab: Lab, role: As) -> None:
    owner = empty_lab.client("production", "secretsmanager")
    tags = [{"Key": "team", "Value": "blue"}]
    arn = owner.create_secret(Name="master", SecretString="x", Tags=tags)["ARN"]
    own = f"arn:aws:secretsmanager:{HOME}:{PRODUCTION}:secret:master-??????"
    client = role("secretsmanager", allow("secretsmanager:GetSecretValue", own))
    assert outcome(client.get_secret_value, SecretId="master") == "ok"
    assert outcome(client.get_secret_value, SecretId=arn) == "ok"
    assert outcome(client.describe_secret, SecretId="master") in DENIED
    blue = {"Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}}
    assert outcome(role("secretsmanager", allow("*", **blue)).get_secret_value, SecretId="master") == "ok"
    assert outcome(role("secretsmanager", allow("*", **blue)).list_secrets) in DENIED
    assert outcome(role("secretsmanager", allow("*", f"{own}x")).get_secret_value, SecretId="master") in DENIED
    creator = role("secretsmanager", allow("secretsmanager:CreateSecret", own.replace("master", "other")))
    assert outcome(creator.create_secret, Name="other", SecretString="x") == "ok"
    assert outcome(creator.create_secret, Name="another", SecretString="x") in DENIED
    assert outcome(creator.create_secret, Name="other", SecretString="x", Tags=tags) in DENIED


def test_buckets_and_objects_are_resources(empty_lab: Lab, role: As) -> None:
    owner, name = empty_lab.client("production", "s3", "us-east-1"), fresh("bucket")
    owner.create_bucket(Bucket=name)
    bucket = f"arn:aws:s3:::{name}"
    client = role("s3", allow("s3:*", f"{bucket}/reports/*"), allow("s3:ListBucket", bucket))
    assert outcome(client.put_object, Bucket=name, Key="reports/1", Body=b"x") == "ok"
    assert outcome(client.get_object, Bucket=name, Key="reports/1") == "ok"
    assert outcome(client.put_object, Bucket=name, Key="other/1", Body=b"x") in DENIED
    assert outcome(client.list_objects_v2, Bucket=name) == "ok"
    assert outcome(client.get_bucket_versioning, Bucket=name) in DENIED
    assert outcome(client.list_buckets) in DENIED
    narrow = {"Condition": {"StringLike": {"s3:prefix": "reports/*"}}}
    client = role("s3", allow("s3:ListBucket", bucket, **narrow))
    assert outcome(client.list_objects_v2, Bucket=name, Prefix="reports/1") == "ok"
    assert outcome(client.list_objects_v2, Bucket=name) in DENIED


def test_other_services_are_looked_at_by_action(role: As) -> None:
    client = role("ec2", allow("ec2:DescribeVpcs", "arn:aws:ec2:*:*:nothing/*"))
    assert outcome(client.describe_vpcs) == "ok"
    assert outcome(client.describe_subnets) == "UnauthorizedOperation"


def test_another_account_uses_a_bucket_if_both_sides_allow_it(empty_lab: Lab, role: As) -> None:
    owner, name = empty_lab.client("production", "s3", "us-east-1"), fresh("bucket")
    owner.create_bucket(Bucket=name)
    owner.put_object(Bucket=name, Key="theirs/1", Body=b"x")
    theirs = role("s3", allow("s3:*"), profile="production_dr")
    assert outcome(theirs.get_object, Bucket=name, Key="theirs/1") in DENIED
    dr = {"Principal": {"AWS": f"arn:aws:iam::{DR}:root"}}
    mine = "arn:aws:s3:::" + name
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    statements = [
        allow(["s3:GetObject", "s3:PutObject"], mine + "/theirs/${aws:PrincipalAccount}-*", **dr),
        allow("s3:ListBucket", mine, **dr, Condition={"StringLike": {"s3:prefix": "theirs/*"}}),
        {**allow("s3:*", [mine, f"{mine}/*"], Principal="*", Condition=insecure), "Effect": "Deny"},
    ]
    owner.put_bucket_policy(Bucket=name, Policy=document(*statements))
    assert outcome(theirs.put_object, Bucket=name, Key=f"theirs/{DR}-1", Body=b"x") == "ok"
    assert outcome(theirs.get_object, Bucket=name, Key=f"theirs/{DR}-1") == "ok"
    assert outcome(theirs.put_object, Bucket=name, Key="theirs/1", Body=b"x") in DENIED
    assert outcome(theirs.list_objects_v2, Bucket=name, Prefix="theirs/") == "ok"
    assert outcome(theirs.list_objects_v2, Bucket=name) in DENIED
    assert outcome(role("s3", profile="production_dr").get_object, Bucket=name, Key=f"theirs/{DR}-1") in DENIED
    assert outcome(owner.get_object, Bucket=name, Key="theirs/1") == "ok"


def test_what_is_not_in_a_bucket_is_hidden_from_whom_may_not_list_it(empty_lab: Lab, role: As) -> None:
    owner, name = empty_lab.client("production", "s3", "us-east-1"), fresh("bucket")
    owner.create_bucket(Bucket=name)
    reader, everything = allow("s3:GetObject"), allow("s3:ListBucket")
    some = allow("s3:ListBucket", Condition={"StringLike": {"s3:prefix": "reports/*"}})
    assert outcome(role("s3", reader).get_object, Bucket=name, Key="reports/1") in DENIED
    assert outcome(role("s3", reader, some).get_object, Bucket=name, Key="reports/1") in DENIED
    assert outcome(role("s3", reader, everything).get_object, Bucket=name, Key="reports/1") == "NoSuchKey"


def test_the_lock_of_a_bucket_is_told_as_it_was_set(empty_lab: Lab) -> None:
    owner, name = empty_lab.client("production", "s3", "us-east-1"), fresh("bucket")
    owner.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 7}}}
    owner.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
    assert owner.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"] == lock
