# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from lab import policy

ROLE = "arn:aws:iam::222222222222:role/copier"
SESSION = "arn:aws:sts::222222222222:assumed-role/copier/x"
NAMES = {SESSION: "direct", ROLE: "direct", "arn:aws:iam::222222222222:root": "account", "222222222222": "account"}


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        pytest.param([], False, id="nothing allows"),
        pytest.param([allow("rds:CopyDBSnapshot")], True, id="exactly"),
        pytest.param([allow("rds:Copy*")], True, id="wildcard"),
        pytest.param([allow("RDS:copydbsnapshot")], True, id="case does not matter"),
        pytest.param([allow(["kms:*", "rds:*"])], True, id="one of a list"),
        pytest.param([allow("rds:Describe*")], False, id="another action"),
        pytest.param([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], True, id="not action"),
        pytest.param([allow(), deny("rds:Copy*")], False, id="deny beats allow"),
        pytest.param([allow(), deny("rds:Delete*")], True, id="deny of something else"),
        pytest.param([allow("rds:*", "arn:aws:rds:*:*:snapshot:x")], True, id="resources are not looked at"),
        pytest.param([allow(), deny("rds:*", "arn:aws:rds:*:*:db:x")], True, id="nor do they refuse"),
        pytest.param(
            [allow(Condition={"StringEquals": {"aws:RequestTag/a": "b"}})], True, id="unknown condition allows"
        ),
        pytest.param(
            [allow(), deny(Condition={"StringNotEquals": {"aws:RequestedRegion": "x"}})], True, id="nor denies"
        ),
    ],
)
def test_identity_policies_at_action_level(statements: list[dict[str, Any]], allowed: bool) -> None:
    assert policy.decide(statements, "rds:CopyDBSnapshot").allowed is allowed


def test_with_a_resource_it_is_looked_at() -> None:
    statements = [allow("kms:*", "arn:aws:kms:us-east-1:222222222222:key/*")]
    assert policy.decide(statements, "kms:Decrypt", "arn:aws:kms:us-east-1:222222222222:key/1").allowed
    assert not policy.decide(statements, "kms:Decrypt", "arn:aws:kms:us-west-2:111111111111:key/1").allowed


def key(principal: Any, effect: str = "Allow", **condition: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": "kms:*", "Resource": "*", "Condition": condition}


@pytest.mark.parametrize(
    ("statements", "word"),
    [
        pytest.param([key({"AWS": "arn:aws:iam::222222222222:root"})], "account", id="the account"),
        pytest.param([key({"AWS": "222222222222"})], "account", id="its number"),
        pytest.param([key({"AWS": [ROLE, "x"]})], "direct", id="the role"),
        pytest.param([key({"AWS": "arn:aws:iam::222222222222:role/other"})], None, id="another role"),
        pytest.param([key({"AWS": "*"})], "direct", id="everybody"),
        pytest.param([key("*")], "direct", id="everybody, short"),
        pytest.param([key({"Service": "rds.amazonaws.com"})], None, id="a service"),
        pytest.param([key({"AWS": "*"}, ArnLike={"aws:PrincipalArn": "arn:*:role/cop*"})], "direct", id="arn like"),
        pytest.param([key({"AWS": "*"}, StringEquals={"aws:PrincipalArn": "arn:x"})], None, id="not this arn"),
        pytest.param([key({"AWS": "*"}, StringEquals={"kms:CallerAccount": "222222222222"})], "direct", id="caller"),
        pytest.param(
            [key({"AWS": "*"}, StringEquals={"kms:ViaService": ["rds.us-east-1.amazonaws.com"]})], "direct", id="via"
        ),
        pytest.param(
            [key({"AWS": "*"}, StringEquals={"kms:ViaService": "ec2.us-east-1.amazonaws.com"})], None, id="not via"
        ),
        pytest.param([key({"AWS": "*"}, Bool={"kms:GrantIsForAWSResource": True})], "direct", id="grant for aws"),
        pytest.param([key({"AWS": "*"}), key({"AWS": ROLE}, "Deny")], None, id="deny beats allow"),
        pytest.param([key({"AWS": "*"}, NumericEquals={"x:y": 1})], "direct", id="unknown condition"),
    ],
)
def test_key_policies(statements: list[dict[str, Any]], word: str | None) -> None:
    context = {
        "aws:PrincipalArn": ROLE,
        "kms:CallerAccount": "222222222222",
        "kms:ViaService": ["rds.us-west-2.amazonaws.com", "rds.us-east-1.amazonaws.com"],
        "kms:GrantIsForAWSResource": "true",
    }
    assert policy.admitted(statements, "kms:Decrypt", NAMES, context) == word


def test_a_condition_on_what_the_request_lacks_does_not_hold() -> None:
    statement = key({"AWS": "*"}, StringEquals={"kms:ViaService": "rds.us-east-1.amazonaws.com"})
    assert policy.admitted([statement], "kms:DescribeKey", NAMES, {"kms:ViaService": None}) is None
