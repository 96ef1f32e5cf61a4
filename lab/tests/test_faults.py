# SPDX-License-Identifier: GPL-3.0-or-later
"""Test all faults: they strike exactly there, exactly as often, and nowhere else."""

from __future__ import annotations

import email.utils
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from helpers import ONCE, PRODUCTION, automated, code_of, copied, done, outcomes, snapshot
from lifeboat_lab import Lab
from lifeboat_lab.testing import connect, fresh, instance, until

pytestmark = pytest.mark.usefixtures("faults")  # none is left


@pytest.mark.parametrize(
    ("kind", "words", "code", "status"),
    [
        ("throttle", {}, "ThrottlingException", 400),
        ("server-error", {}, "InternalFailure", 500),
        ("server-error", {"status": 503}, "ServiceUnavailable", 503),
        ("access-denied", {}, "AccessDenied", 403),
        ("error", {"code": "InvalidDBSnapshotState", "message": "busy", "status": 400}, "InvalidDBSnapshotState", 400),
    ],
)
def test_a_call_is_refused_in_the_words_of_aws(
    lab: Lab, once: Any, kind: str, words: dict[str, Any], code: str, status: int
) -> None:
    with lab.fault(kind, action="DescribeDBInstances", **words), pytest.raises(ClientError) as caught:
        once.describe_db_instances()
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    if kind == "access-denied":
        assert "user/admin is not authorized to perform: rds:DescribeDBInstances" in answer["Error"]["Message"]


@pytest.mark.parametrize(
    ("service", "operation", "throttled", "failed", "denied"),
    [
        ("sts", "get_caller_identity", "ThrottlingException", "InternalFailure", "AccessDenied"),
        ("sns", "list_topics", "ThrottlingException", "InternalFailure", "AccessDenied"),
        ("kms", "list_keys", "ThrottlingException", "InternalFailure", "AccessDeniedException"),
        ("sqs", "list_queues", "ThrottlingException", "InternalFailure", "AccessDeniedException"),
        ("ec2", "describe_vpcs", "RequestLimitExceeded", "InternalError", "UnauthorizedOperation"),
        ("s3", "list_buckets", "SlowDown", "InternalError", "AccessDenied"),
        ("cloudwatch", "describe_alarms", "ThrottlingException", "InternalFailure", "AccessDeniedException"),
        ("lambda", "list_functions", "ThrottlingException", "InternalFailure", "AccessDeniedException"),
    ],
)
def test_other_services_fail_in_words_of_their_own(
    lab: Lab, service: str, operation: str, throttled: str, failed: str, denied: str
) -> None:
    call = getattr(lab.client("production", service, config=ONCE), operation)
    for kind in ("throttle", "server-error", "access-denied"):
        lab.fault(kind, service=service)
    assert outcomes(call, 4) == [throttled, failed, denied, "ok"]


def tagged(rds: Any, key: str) -> bool:
    rows = rds.list_tags_for_resource(ResourceName=f"arn:aws:rds:us-west-2:{PRODUCTION}:db:orders")["TagList"]
    return key in [row["Key"] for row in rows]


@pytest.mark.parametrize(("kind", "happened"), [("reset-before", False), ("reset-after", True)])
def test_the_connection_is_reset_before_or_after_a_call_took_effect(
    lab: Lab, rds: Any, once: Any, kind: str, happened: bool
) -> None:
    key, arn = fresh("tag"), f"arn:aws:rds:us-west-2:{PRODUCTION}:db:orders"
    with lab.fault(kind, action="AddTagsToResource"), pytest.raises(ConnectionClosedError):
        once.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": key, "Value": "x"}])
    assert tagged(rds, key) is happened
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=[key])
    last = lab.calls(action="AddTagsToResource")[-1]
    assert (last["error"], "status" in last, last["faults"][0].split()[0]) == ("no answer", False, kind)


@pytest.mark.parametrize(("kind", "happened"), [("hold-before", False), ("hold-after", True)])
def test_a_call_is_held_before_or_after_it_took_effect_until_the_fault_is_taken_back(
    lab: Lab, rds: Any, once: Any, kind: str, happened: bool
) -> None:
    key, arn = fresh("tag"), f"arn:aws:rds:us-west-2:{PRODUCTION}:db:orders"
    with ThreadPoolExecutor() as pool:
        with lab.fault(kind, action="AddTagsToResource") as fault:
            held = pool.submit(once.add_tags_to_resource, ResourceName=arn, Tags=[{"Key": key, "Value": "x"}])
            until(fault.used)
            until(lambda: lab.calls(action="AddTagsToResource", faults=f"{kind} {fault.id}"))
            assert (tagged(rds, key), held.done()) == (happened, False)
        assert isinstance(held.exception(timeout=20), ConnectionClosedError)
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=[key])


@pytest.mark.parametrize(("kind", "happened"), [("reset-before", False), ("reset-after", True)])
def test_so_is_one_that_moto_answers(lab: Lab, kind: str, happened: bool) -> None:
    sns, name = lab.client("production", "sns", config=ONCE), fresh("topic")
    with lab.fault(kind, action="CreateTopic"), pytest.raises(ConnectionClosedError):
        sns.create_topic(Name=name)
    assert any(row["TopicArn"].endswith(f":{name}") for row in sns.list_topics()["Topics"]) is happened


def test_the_answer_to_a_refused_call_can_be_lost_too(lab: Lab, once: Any) -> None:
    with lab.fault("reset-after", action="DeleteDBSnapshot"), pytest.raises(ConnectionClosedError):
        once.delete_db_snapshot(DBSnapshotIdentifier="no-such")


def test_a_lost_reply_makes_a_retrying_client_see_its_own_work(lab: Lab) -> None:
    client = lab.client("production", "rds")
    name = fresh("group")
    with lab.fault("reset-after", action="CreateDBParameterGroup"):
        refused = code_of(
            client.create_db_parameter_group,
            DBParameterGroupName=name,
            DBParameterGroupFamily="postgres16",
            Description="x",
        )
    assert refused == "DBParameterGroupAlreadyExists"


def test_a_slow_call_takes_effect_at_once_and_holds_up_nobody(lab: Lab, rds: Any) -> None:
    impatient = lab.client("production", "rds", config=Config(retries={"total_max_attempts": 1}, read_timeout=0.5))
    key, arn = fresh("tag"), f"arn:aws:rds:us-west-2:{PRODUCTION}:db:orders"
    with lab.fault("slow", action="AddTagsToResource", seconds=20):
        began = time.monotonic()
        with pytest.raises(ReadTimeoutError):
            impatient.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": key, "Value": "x"}])
        assert tagged(rds, key)
        rds.remove_tags_from_resource(ResourceName=arn, TagKeys=[key])
        assert time.monotonic() - began < 20
    assert lab.calls(action="AddTagsToResource")[-1]["took"] < 20, "its wait is not the lab's work"


def test_a_slow_answer_comes_after_that_time(lab: Lab, once: Any) -> None:
    with lab.fault("slow", action="DescribeDBClusters", seconds=0.3) as fault:
        began = time.monotonic()
        once.describe_db_clusters()
        assert fault.used() == 1
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("service", ["rds", "iam"])
def test_the_date_of_an_answer_is_wrong(lab: Lab, service: str) -> None:
    client = lab.client("production", service)
    call = {"rds": "describe_db_clusters", "iam": "list_users"}[service]
    began = time.monotonic()
    with lab.fault("wrong-date", service=service, seconds=-3600):
        off = getattr(client, call)()
    right = getattr(client, call)()
    dates = [answer["ResponseMetadata"]["HTTPHeaders"]["date"] for answer in (off, right)]
    early, now = (email.utils.parsedate_to_datetime(date).timestamp() for date in dates)
    assert 3599 <= now - early <= 3601 + time.monotonic() - began


def test_a_copy_ends_as_failed(lab: Lab, rds: Any) -> None:
    source = automated(rds, "catalog")["DBSnapshotArn"]
    with lab.fault("failed-copy", account="production", resource=source) as fault:
        assert copied(rds, source)["Status"] == "failed"
        assert copied(rds, source)["Status"] == "available"
        assert fault.used() == 1


def test_a_copy_ends_as_failed_by_the_name_of_its_target(lab: Lab, rds: Any) -> None:
    source, name = automated(rds, "catalog")["DBSnapshotArn"], fresh("doomed")
    with lab.fault("failed-copy", action="CopyDBSnapshot", resource=name):
        assert copied(rds, source)["Status"] == "available"
        assert copied(rds, source, name)["Status"] == "failed"


def test_a_manual_snapshot_ends_as_failed(lab: Lab, rds: Any) -> None:
    names = [fresh("taken"), fresh("taken")]
    with lab.fault("failed-snapshot", resource="catalog"):
        for name in names:
            rds.create_db_snapshot(DBInstanceIdentifier="catalog", DBSnapshotIdentifier=name)
            until(lambda wanted=name: done(snapshot(rds, wanted)))
            until(lambda: instance(rds, "catalog")["DBInstanceStatus"] == "available")
    assert [snapshot(rds, name)["Status"] for name in names] == ["failed", "available"]


def test_a_restore_that_nobody_can_reach(lab: Lab, rds: Any) -> None:
    name = fresh("mute")
    with lab.fault("unreachable-restore", account="production", count=None):
        rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=name, DBSnapshotIdentifier=automated(rds, "catalog")["DBSnapshotIdentifier"]
        )
        until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    rds.modify_db_instance(DBInstanceIdentifier=name, MasterUserPassword="a-new-password", ApplyImmediately=True)
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        connect(instance(rds, name))
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
