# SPDX-License-Identifier: GPL-3.0-or-later
"""Share what the lab's tests need: keys, roles, error codes, copies, queues."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from lifeboat_lab.testing import PASSWORD, fresh, instance, until

# A client that does not try again.
ONCE = Config(retries={"total_max_attempts": 1})

PRODUCTION, DR, STRANGER = "111111111111", "222222222222", "333333333333"
HOME, DR_HOME = "us-west-2", "us-east-1"


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    """Return the error code with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def snapshot(client: Any, name: str, **more: Any) -> dict[str, Any]:
    return client.describe_db_snapshots(DBSnapshotIdentifier=name, **more)["DBSnapshots"][0]


def cluster_snapshot(client: Any, name: str, **more: Any) -> dict[str, Any]:
    return client.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name, **more)["DBClusterSnapshots"][0]


def copied(client: Any, source: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    """Copy an instance snapshot and wait until that is done."""
    name = name or fresh("copy")
    client.copy_db_snapshot(SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=name, **more)
    return until(lambda: done(snapshot(client, name)))


def cluster_copied(client: Any, source: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    """Copy a cluster snapshot and wait until that is done."""
    name = name or fresh("copy")
    client.copy_db_cluster_snapshot(
        SourceDBClusterSnapshotIdentifier=source, TargetDBClusterSnapshotIdentifier=name, **more
    )
    return until(lambda: done(cluster_snapshot(client, name)))


def done(row: dict[str, Any]) -> dict[str, Any] | None:
    return row if row["Status"] in ("available", "failed") else None


def share(client: Any, name: str, *accounts: str) -> None:
    client.modify_db_snapshot_attribute(DBSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=list(accounts))


def share_cluster(client: Any, name: str, *accounts: str) -> None:
    client.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=list(accounts)
    )


def automated(client: Any, database: str) -> dict[str, Any]:
    """Return the newest complete automated snapshot of an instance."""
    rows = client.describe_db_snapshots(DBInstanceIdentifier=database, SnapshotType="automated")["DBSnapshots"]
    # One that is being taken, since the window has just opened, has no time yet (aws_rds.md 1.9).
    return max((row for row in rows if "SnapshotCreateTime" in row), key=lambda row: row["SnapshotCreateTime"])


def automated_cluster(client: Any, database: str) -> dict[str, Any]:
    rows = client.describe_db_cluster_snapshots(DBClusterIdentifier=database, SnapshotType="automated")
    return max(rows["DBClusterSnapshots"], key=lambda row: row["SnapshotCreateTime"])


def key_policy(*principals: str) -> str:
    """Build a key policy that lets these principals do everything; an account number means the whole account."""
    names = [f"arn:aws:iam::{name}:root" if name.isdigit() else name for name in principals]
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": names}, "Action": "kms:*", "Resource": "*"}],
        }
    )


def make_key(client: Any, *principals: str) -> str:
    return client.create_key(Policy=key_policy(*principals))["KeyMetadata"]["Arn"]


def make_role(iam: Any, name: str, account: str, *actions: str, deny: tuple[str, ...] = ()) -> None:
    """Create a role that its own account may assume, with these actions."""
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))
    statements = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]
    if deny:
        statements.append({"Effect": "Deny", "Action": list(deny), "Resource": "*"})
    iam.put_role_policy(RoleName=name, PolicyName="what-it-may", PolicyDocument=document(*statements))


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    """Write a policy of these statements."""
    return json.dumps({"Version": version, "Statement": list(statements)})


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """Write a statement that allows something."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@contextmanager
def settings(lab: Any, **wanted: Any) -> Iterator[None]:
    """Change settings for a while."""
    before = lab.admin("GET", "settings")
    lab.admin("PATCH", "settings", wanted)
    try:
        yield
    finally:
        lab.admin("PATCH", "settings", before)


def restored(client: Any, source: str, **more: Any) -> dict[str, Any]:
    """Restore an instance from a snapshot, and set the password that the tests know."""
    name = fresh("restored")
    client.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=source, **more)
    until(lambda: instance(client, name)["DBInstanceStatus"] == "available")
    client.modify_db_instance(DBInstanceIdentifier=name, MasterUserPassword=PASSWORD, ApplyImmediately=True)
    until(lambda: instance(client, name)["DBInstanceStatus"] == "available")
    return instance(client, name)


def allow_service(service: str, action: str, resource: str = "*", **condition: Any) -> str:
    """Build a resource policy that lets one AWS service do something."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}
    return document(statement | ({"Condition": condition} if condition else {}))


def make_queue(client: Any, topic: str, policy: str | None = None, **attributes: str) -> tuple[str, str]:
    """Create a queue and return its URL and ARN; unless told otherwise, it is open to the topic."""
    url = client.create_queue(QueueName=fresh("queue"), Attributes=attributes)["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = policy or allow_service("sns.amazonaws.com", "sqs:SendMessage", arn, ArnEquals={"aws:SourceArn": topic})
    client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def received(client: Any, url: str, wait: float = 5.0) -> list[dict[str, Any]]:
    """Return what is in a queue as soon as there is something; nothing after the wait."""
    deadline = time.monotonic() + wait
    while True:
        found = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        if messages := found.get("Messages", []):
            for message in messages:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return messages
        if time.monotonic() > deadline:
            return []
        time.sleep(0.03)


def message_of(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    """Return the error code and the message with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def missing(what: str) -> None:
    """Skip a test for want of something on this machine; in CI, where everything is, fail."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


def narrow_role(iam: Any, *statements: dict[str, Any], trust: dict[str, Any] | None = None, **options: Any) -> str:
    """Create a role with these statements and return its ARN; unless told otherwise, its own account may assume it."""
    name = fresh("role")
    trusted = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust or trusted), **options)
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="narrow", PolicyDocument=document(*statements))
    return made["Role"]["Arn"]


def become(lab: Any, arn: str, service: str, region: str, by: str = "production", **more: Any) -> Any:
    """Return a client of a role that one of the profiles assumes."""
    wanted = {"RoleSessionName": "test", **more}
    found = lab.client(by, "sts").assume_role(RoleArn=arn, **wanted)["Credentials"]
    return lab.client(
        by,
        service,
        region,
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )


def outcome(call: Callable[..., Any], **parameters: Any) -> str:
    """Return the error code of a call, or ``ok``."""
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


def outcomes(call: Any, times: int, **parameters: Any) -> list[str]:
    """Make a call again and again, and return the outcomes."""
    found = []
    for _turn in range(times):
        try:
            call(**parameters)
            found.append("ok")
        except ClientError as error:
            found.append(error.response["Error"]["Code"])
        except ConnectionClosedError:
            found.append("closed")
    return found


def join(sns: Any, topic: str, queue: str, **attributes: str) -> None:
    """Send what is published to a topic on to a queue."""
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=attributes)


def silent(sqs: Any, url: str) -> bool:
    return received(sqs, url, wait=0.3) == []


def advance(lab: Any, seconds: float) -> None:
    """Let so many seconds pass."""
    lab.admin("POST", "clock", {"advance": seconds})
