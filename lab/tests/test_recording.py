# SPDX-License-Identifier: GPL-3.0-or-later
"""Test that what was done in one lab is done again in another, with other ids, by the same principals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from helpers import DR, HOME, PRODUCTION, make_key, make_role
from lifeboat_lab import Lab

Steps = list[dict[str, Any]]
ROLES = {"maker": "production/maker"}


@pytest.fixture(scope="module")
def first() -> Iterator[Lab]:
    with Lab(metadata_only=True, roles=ROLES) as lab:
        yield lab


@pytest.fixture(scope="module")
def steps(first: Lab) -> Steps:
    """Record a key, a role that may use it, what that role made, and a network."""
    with first.recording() as found:
        key = make_key(first.client("production", "kms"), PRODUCTION, DR)
        first.client("production", "kms").create_alias(AliasName="alias/of-all", TargetKeyId=key)
        iam = first.client("production", "iam")
        make_role(iam, "maker", PRODUCTION, "sns:*", "kms:*")
        statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName="maker", PolicyName="its-key", PolicyDocument=document)
        first.client("maker", "sns").create_topic(Name="news", Attributes={"KmsMasterKeyId": key})
        ec2 = first.client("production", "ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=f"{HOME}a")
        ec2.describe_vpcs()
        with pytest.raises(ClientError):
            iam.get_role(RoleName="nobody")
    return found


@pytest.fixture(scope="module")
def second(steps: Steps) -> Iterator[Lab]:
    with Lab(metadata_only=True, roles=ROLES) as lab:
        lab.replay(steps)
        yield lab


def key_of(lab: Lab) -> str:
    return lab.client("production", "kms").describe_key(KeyId="alias/of-all")["KeyMetadata"]["Arn"]


def test_what_refers_to_a_key_refers_to_the_new_one(first: Lab, second: Lab) -> None:
    assert key_of(first) != key_of(second)
    found = second.client("production", "iam").get_role_policy(RoleName="maker", PolicyName="its-key")
    assert found["PolicyDocument"]["Statement"][0]["Resource"] == key_of(second)
    topic = f"arn:aws:sns:{HOME}:{PRODUCTION}:news"
    assert second.client("maker", "sns").get_topic_attributes(TopicArn=topic)["Attributes"]["KmsMasterKeyId"] == (
        key_of(second)
    )


def test_a_network_is_put_together_again(second: Lab) -> None:
    ec2 = second.client("production", "ec2")
    (vpc,) = [row["VpcId"] for row in ec2.describe_vpcs()["Vpcs"] if row["CidrBlock"] == "10.0.0.0/16"]
    found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    assert [row["CidrBlock"] for row in found] == ["10.0.1.0/24"]


def test_reads_that_told_nothing_and_what_was_refused_are_left_out(steps: Steps) -> None:
    assert [step["action"] for step in steps if step["action"].startswith(("Describe", "Get"))] == []


def test_who_did_something_does_it_again(steps: Steps) -> None:
    assert {step["principal"].split("/")[1] for step in steps} == {"admin", "maker"}
    assert "AssumeRole" not in [step["action"] for step in steps], "its answer has secrets"
    assert not any("HTTP_X_AMZ_SECURITY_TOKEN" in step["environ"] for step in steps)


def test_a_replay_is_in_no_log(second: Lab) -> None:
    assert "CreateKey" not in [call["action"] for call in second.calls()]


def test_what_cannot_be_done_here_says_why(first: Lab, steps: Steps) -> None:
    with pytest.raises(ValueError, match=r"replaying CreateAlias: .*already exists"):
        first.replay([step for step in steps if step["action"] != "CreateKey"])
    stranger = dict(steps[0], principal=f"arn:aws:iam::{PRODUCTION}:user/nobody")
    with pytest.raises(ValueError, match=r"this lab has no arn:aws:iam::\d+:user/nobody"):
        first.replay([stranger])


def test_a_recording_has_a_beginning_and_an_end(first: Lab) -> None:
    with pytest.raises(ValueError, match="nothing is being recorded"):
        first.admin("GET", "recording")
    with pytest.raises(ValueError, match="steps must be those of a recording"):
        first.admin("POST", "replay", {"steps": [{"action": "CreateKey"}]})
