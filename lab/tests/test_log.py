# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the log: it has every call, what it was about and how it ended, without secrets, and what it cost."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from helpers import DR, PRODUCTION, automated, code_of, make_role
from lifeboat_lab import Lab
from lifeboat_lab.journal import KEEP, Entry, Journal
from lifeboat_lab.settings import BadRequest
from lifeboat_lab.testing import fresh

HOME = "us-west-2"
DB = f"arn:aws:rds:{HOME}:{PRODUCTION}:db"
SNAPSHOT = f"arn:aws:rds:{HOME}:{PRODUCTION}:snapshot"


def last(lab: Lab, **wanted: Any) -> dict[str, Any]:
    found: dict[str, Any] = lab.calls(limit=1, **wanted)[0]
    return found


def test_a_call_says_who_did_what_where_and_how_it_ended(lab: Lab, rds: Any) -> None:
    began = datetime.now(timezone.utc)
    code_of(rds.modify_db_instance, DBInstanceIdentifier="No-Such", ApplyImmediately=True)
    call = last(lab)
    assert {name: call[name] for name in ("account", "principal", "region", "service", "action")} == {
        "account": PRODUCTION,
        "principal": f"arn:aws:iam::{PRODUCTION}:user/admin",
        "region": HOME,
        "service": "rds",
        "action": "ModifyDBInstance",
    }
    assert (call["status"], call["error"]) == (404, "DBInstanceNotFound")
    assert "No-Such" in call["message"]
    assert call["resources"] == [f"{DB}:no-such"]
    assert call["parameters"] == {"DBInstanceIdentifier": "No-Such"}
    assert abs((datetime.fromisoformat(call["time"]) - began).total_seconds()) < 5
    assert 0 < call["cpu"] <= call["took"] < 1
    assert call["faults"] == []


def test_a_key_is_named_by_the_alias_it_was_called(lab: Lab) -> None:
    lab.client("production_dr", "kms").describe_key(KeyId="alias/aws/rds")
    call = last(lab)
    assert (call["account"], call["action"], call["status"]) == (DR, "DescribeKey", 200)
    assert "error" not in call
    assert call["resources"] == [f"arn:aws:kms:us-east-1:{DR}:alias/aws/rds"]


def test_source_and_target_are_there_as_arns(lab: Lab, rds: Any) -> None:
    source, name = automated(rds, "catalog"), fresh("logged")
    rds.copy_db_snapshot(
        SourceDBSnapshotIdentifier=source["DBSnapshotIdentifier"],
        TargetDBSnapshotIdentifier=name,
        CopyTags=True,
    )
    call = last(lab)
    assert call["resources"] == [source["DBSnapshotArn"], f"{SNAPSHOT}:{name}"]
    assert call["parameters"]["CopyTags"] == "true"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "resources"),
    [
        ("rds", "delete_db_cluster", {"DBClusterIdentifier": "c", "FinalDBSnapshotIdentifier": "f"},
         [f"arn:aws:rds:{HOME}:{PRODUCTION}:cluster:c", f"arn:aws:rds:{HOME}:{PRODUCTION}:cluster-snapshot:f"]),
        ("rds", "delete_db_instance", {"DBInstanceIdentifier": "i", "FinalDBSnapshotIdentifier": "f"},
         [f"{DB}:i", f"{SNAPSHOT}:f"]),
        ("rds", "restore_db_cluster_from_snapshot",
         {"DBClusterIdentifier": "c", "SnapshotIdentifier": "s", "Engine": "aurora-postgresql", "KmsKeyId": "alias/k"},
         [f"arn:aws:rds:{HOME}:{PRODUCTION}:cluster:c", f"arn:aws:rds:{HOME}:{PRODUCTION}:cluster-snapshot:s",
          f"arn:aws:kms:{HOME}:{PRODUCTION}:alias/k"]),
        ("rds", "delete_db_subnet_group", {"DBSubnetGroupName": "g"}, [f"arn:aws:rds:{HOME}:{PRODUCTION}:subgrp:g"]),
        ("rds", "list_tags_for_resource", {"ResourceName": f"{DB}:x"}, [f"{DB}:x"]),
        ("sns", "get_topic_attributes", {"TopicArn": f"arn:aws:sns:{HOME}:{PRODUCTION}:t"},
         [f"arn:aws:sns:{HOME}:{PRODUCTION}:t"]),
        ("sqs", "get_queue_url", {"QueueName": "q"}, [f"arn:aws:sqs:{HOME}:{PRODUCTION}:q"]),
        ("sqs", "receive_message", {"QueueUrl": f"http://127.0.0.1:1/{DR}/q"}, [f"arn:aws:sqs:{HOME}:{DR}:q"]),
        ("iam", "get_role", {"RoleName": "r"}, [f"arn:aws:iam::{PRODUCTION}:role/r"]),
        ("kms", "disable_key", {"KeyId": "1-2"}, [f"arn:aws:kms:{HOME}:{PRODUCTION}:key/1-2"]),
        ("sts", "assume_role", {"RoleArn": f"arn:aws:iam::{DR}:role/r", "RoleSessionName": "test"},
         [f"arn:aws:iam::{DR}:role/r"]),
        ("s3", "get_object", {"Bucket": "no-such-bucket", "Key": "a/b"}, ["arn:aws:s3:::no-such-bucket/a/b"]),
        ("secretsmanager", "describe_secret", {"SecretId": "s"}, ["s"]),
        ("lambda", "get_function", {"FunctionName": "f"}, []),
    ],
)  # fmt: skip
def test_the_resources_of_a_call(
    lab: Lab, service: str, operation: str, parameters: dict[str, Any], resources: list[str]
) -> None:
    code_of(getattr(lab.client("production", service, HOME), operation), **parameters)
    call = last(lab)
    action = "".join(word.capitalize() for word in operation.split("_")).replace("Db", "DB")
    assert (call["action"], call["resources"]) == (action, resources)


def test_there_are_no_secrets_in_it(lab: Lab, rds: Any) -> None:
    before = last(lab)["sequence"]
    secret = "do-not-log-me-1"
    code_of(rds.modify_db_instance, DBInstanceIdentifier="no-such", MasterUserPassword=secret)
    manager = lab.client("production", "secretsmanager")
    name = fresh("secret")
    manager.create_secret(Name=name, SecretString=secret)
    manager.put_secret_value(SecretId=name, SecretString=secret)
    manager.get_secret_value(SecretId=name)
    lab.client("production", "ssm").put_parameter(Name=name, Value=secret, Type="SecureString")
    lab.client("production", "iam").create_user(UserName=name)
    lab.client("production", "iam").create_login_profile(UserName=name, Password=secret)
    made = lab.client("production", "iam").create_access_key(UserName=name)["AccessKey"]
    code_of(
        rds.copy_db_snapshot,
        SourceDBSnapshotIdentifier="x",
        TargetDBSnapshotIdentifier="y",
        PreSignedUrl=f"https://rds.us-west-2.amazonaws.com/?X-Amz-Signature={secret}",
    )
    client = lab.client("production", "sts")
    make_role(lab.client("production", "iam"), name, PRODUCTION, "rds:*")
    session = client.assume_role(RoleArn=f"arn:aws:iam::{PRODUCTION}:role/{name}", RoleSessionName="test")
    signatures: list[str] = []
    client.meta.events.register(
        "before-send.sts", lambda request, **_: signatures.append(str(request.headers["Authorization"]))
    )
    client.get_caller_identity()
    seen = str(lab.calls(since=before))
    assert name in seen
    lent = session["Credentials"]
    hidden_ones = (secret, made["SecretAccessKey"], lent["SecretAccessKey"], lent["SessionToken"])
    for hidden in (*hidden_ones, "Signature=", "AWS4-HMAC", signatures[0][-60:]):
        assert hidden not in seen


def test_what_was_answered_on_purpose_with_nothing_has_no_status(lab: Lab) -> None:
    client = lab.client("production", "rds", config=Config(retries={"total_max_attempts": 1}))
    with lab.fault("reset-before") as fault, pytest.raises(ConnectionClosedError):
        client.describe_db_instances()
    call = last(lab)
    assert ("status" in call, call["error"], call["faults"]) == (False, "no answer", [f"reset-before {fault.id}"])


def test_who_is_refused_at_the_door_is_in_it_too(lab: Lab) -> None:
    client = lab.client("production", "rds", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x")
    code_of(client.describe_db_instances)
    call = last(lab)
    assert (call["error"], call["action"], "account" in call) == ("InvalidClientTokenId", "DescribeDBInstances", False)


# --- Asking ---


def test_it_is_asked_by_field_or_pattern(lab: Lab, rds: Any) -> None:
    before = last(lab)["sequence"]
    rds.describe_db_instances(DBInstanceIdentifier="orders")
    lab.client("production_dr", "rds").describe_db_clusters()
    code_of(rds.delete_db_snapshot, DBSnapshotIdentifier="no-such")

    def actions(**wanted: Any) -> list[str]:
        return [call["action"] for call in lab.calls(since=before, **wanted)]

    assert actions() == ["DescribeDBInstances", "DescribeDBClusters", "DeleteDBSnapshot"]
    assert actions(account=DR) == actions(account="production_dr") == ["DescribeDBClusters"]
    assert actions(action="Describe*", account=PRODUCTION) == ["DescribeDBInstances"]
    assert actions(status=404) == ["DeleteDBSnapshot"]
    assert actions(error="DBSnapshotNotFound") == ["DeleteDBSnapshot"]
    assert actions(resources="*:db:orders") == ["DescribeDBInstances"]
    assert actions(region="us-east-1", service="rds") == ["DescribeDBClusters"]
    assert actions(principal="*user/admin") == actions()
    assert actions(service="kms") == []


def test_it_goes_on_from_a_number_or_a_time(lab: Lab, rds: Any) -> None:
    rds.describe_db_instances()
    first = last(lab)
    rds.describe_db_clusters()
    rds.describe_db_snapshots()
    assert [call["sequence"] for call in lab.calls(since=first["sequence"])] == [
        first["sequence"] + 1,
        first["sequence"] + 2,
    ]
    assert [call["action"] for call in lab.calls(since=first["sequence"], limit=1)] == ["DescribeDBClusters"]
    assert lab.calls(since=first["time"])[-3]["sequence"] == first["sequence"]
    assert lab.calls(since="2999-01-01T00:00:00Z") == []


def test_the_limit_keeps_the_newest_when_it_goes_on_from_nothing(lab: Lab, rds: Any) -> None:
    rds.describe_db_instances()
    rds.describe_db_clusters()
    assert [call["action"] for call in lab.calls(limit=2)] == ["DescribeDBInstances", "DescribeDBClusters"]


def test_it_is_forgotten_and_the_numbers_go_on(lab: Lab, rds: Any) -> None:
    rds.describe_db_instances()
    before = last(lab)["sequence"]
    lab.admin("DELETE", "calls")
    assert lab.calls() == []
    rds.describe_db_instances()
    assert last(lab)["sequence"] == before + 1
    assert len(lab.calls(since=before)) == len(lab.calls(since=0)) == 1


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"colour": "red"}, "Unknown field 'colour'. Known are account"),
        ({"limit": 0}, "limit must be"),
        ({"limit": "many"}, "limit must be"),
        ({"since": "yesterday"}, "since must be a sequence number or a time"),
        ({"since": "2026-01-01T00:00:00"}, "time zone"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_the_reason(lab: Lab, wanted: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        lab.calls(**wanted)


# --- Size and cost ---


def entry(number: int) -> Entry:
    return Entry(float(number), service="rds", action=f"Action{number % 3}", took=0.25, cpu=0.125)


def test_the_newest_are_kept_and_the_rest_goes() -> None:
    journal = Journal()
    for number in range(KEEP + 10):
        journal.write(entry(number))
    kept = journal.read({})
    assert (len(kept), kept[0]["sequence"], kept[-1]["sequence"]) == (KEEP, 11, KEEP + 10)
    assert [call["sequence"] for call in journal.read({"since": str(KEEP + 8)})] == [KEEP + 9, KEEP + 10]
    assert len(journal.read({"since": "3", "limit": "5"})) == 5


def test_it_does_not_slow_down_with_its_size() -> None:
    def seconds(journal: Journal) -> float:
        began = time.perf_counter()
        for number in range(2000):
            journal.write(entry(number))
        return time.perf_counter() - began

    journal = Journal()
    first = min(seconds(journal) for _turn in range(5))
    for number in range(KEEP):
        journal.write(entry(number))
    assert min(seconds(journal) for _turn in range(5)) < 3 * first + 0.01


def test_costs_are_added_up_by_action() -> None:
    journal = Journal()
    for number in range(4):
        journal.write(entry(number))
    assert journal.costs()[0] == {
        "service": "rds", "action": "Action0", "calls": 2, "seconds": 0.5, "mean": 0.25, "cpu_seconds": 0.25,
        "cpu_mean": 0.125,
    }  # fmt: skip
    journal.clear()
    assert len(journal.costs()) == 3
    journal.clear_costs()
    assert journal.costs() == []


def test_nonsense_is_no_question() -> None:
    with pytest.raises(BadRequest, match="Unknown"):
        Journal().read({"message": "x"})


def test_the_lab_says_what_its_calls_cost(lab: Lab, rds: Any) -> None:
    lab.admin("DELETE", "cost")
    began = time.perf_counter()
    for _turn in range(3):
        rds.describe_db_instances(DBInstanceIdentifier="orders")
    took = time.perf_counter() - began
    (row,) = lab.admin("GET", "cost")
    assert (row["service"], row["action"], row["calls"]) == ("rds", "DescribeDBInstances", 3)
    assert 0 < row["cpu_mean"] <= row["mean"] < took / 3
    assert row["seconds"] == pytest.approx(3 * row["mean"])
