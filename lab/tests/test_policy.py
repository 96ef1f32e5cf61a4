# SPDX-License-Identifier: GPL-3.0-or-later
"""Test how policies are read and evaluated (IAM User Guide: policy elements, evaluation logic)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from helpers import allow, document
from lifeboat_lab import authorization, policy
from lifeboat_lab.conditions import Context, condition

ROLE = "arn:aws:iam::222222222222:role/copier"
SESSION = "arn:aws:sts::222222222222:assumed-role/copier/x"
ROOT = "arn:aws:iam::222222222222:root"
NAMES = {SESSION: True, ROLE: True, ROOT: False, "222222222222": False}
SNAPSHOT = "arn:aws:rds:us-east-1:222222222222:snapshot:ours-1"


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def decide(*statements: dict[str, Any], resource: str | None = SNAPSHOT, context: Context | None = None) -> Any:
    found = policy.statements(document(*statements))
    return policy.decide(found, "rds:CopyDBSnapshot", resource, context or {})


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        pytest.param([], False, id="nothing allows"),
        pytest.param([allow("rds:CopyDBSnapshot")], True, id="exactly"),
        pytest.param([allow("rds:Copy*")], True, id="wildcard"),
        pytest.param([allow("rds:CopyDB????????")], True, id="question marks"),
        pytest.param([allow("RDS:copydbsnapshot")], True, id="case does not matter"),
        pytest.param([allow(["kms:*", "rds:*"])], True, id="one of a list"),
        pytest.param([allow("rds:Describe*")], False, id="another action"),
        pytest.param([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], True, id="not action"),
        pytest.param([{"Effect": "Allow", "NotAction": "rds:C*", "Resource": "*"}], False, id="not this action"),
        pytest.param([allow(), deny("rds:Copy*")], False, id="deny beats allow"),
        pytest.param([deny("rds:Copy*"), allow()], False, id="in any order"),
        pytest.param([allow(), deny("rds:Delete*")], True, id="deny of something else"),
        pytest.param([allow(resource=SNAPSHOT)], True, id="resource"),
        pytest.param([allow(resource="arn:aws:rds:*:222222222222:snapshot:ours-*")], True, id="resource wildcard"),
        pytest.param([allow(resource="arn:aws:rds:*:*:snapshot:OURS-1")], False, id="resources have a case"),
        pytest.param([allow(resource="arn:aws:rds:us-east-1")], True, id="a short ARN is completed"),
        pytest.param([allow(resource="arn:aws:rds:eu-west-1")], False, id="a short ARN of elsewhere"),
        pytest.param([allow(resource="arn:aws:rds:*:*:snapshot:ours-[0-9]")], False, id="brackets are not a wildcard"),
        pytest.param([allow(resource="arn:aws:rds:*:*:db:*")], False, id="another resource"),
        pytest.param([allow(), deny(resource="arn:aws:rds:*:*:db:x")], True, id="deny of another resource"),
        pytest.param([allow(), deny(resource="arn:aws:rds:*:*:snapshot:*")], False, id="deny of the resource"),
        pytest.param([{"Effect": "Allow", "Action": "*", "NotResource": SNAPSHOT}], False, id="not this resource"),
        pytest.param([{"Effect": "Allow", "Action": "*", "NotResource": "arn:x:*"}], True, id="not resource"),
    ],
)
def test_statements_cover_actions_and_resources(statements: list[dict[str, Any]], allowed: bool) -> None:
    assert decide(*statements).allowed is allowed


def test_a_refusal_is_told_from_a_lack() -> None:
    assert (decide(deny()).denied, decide().denied) == (True, False)


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '{"Statement": [{"Effect": "Maybe"}]}', '{"Statement": 1}'])
def test_what_is_no_policy_allows_nothing(text: str) -> None:
    assert policy.statements(text) == ()


# What a request may bring along.
KNOWN: Context = {
    "aws:principalarn": ROLE,
    "aws:principalaccount": "222222222222",
    "aws:requestedregion": "us-east-1",
    "aws:requesttag/team": "blue",
    "aws:tagkeys": ("team", "stage"),
    "aws:sourceip": "127.0.0.1",
    "aws:currenttime": "2026-11-23T10:00:00.000Z",
    "aws:securetransport": "true",
    "rds:storagesize": "20",
    "rds:db-tag/Team": "blue",
}


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "holds"),
    [
        ("StringEquals", "aws:RequestTag/team", "blue", True),
        ("StringEquals", "AWS:requesttag/TEAM", ["red", "blue"], True),
        ("StringEquals", "aws:RequestTag/team", "Blue", False),
        ("StringEquals", "aws:RequestTag/team", "bl*", False),
        ("StringEqualsIgnoreCase", "aws:RequestTag/team", "BLUE", True),
        ("StringLike", "aws:RequestTag/team", "b?u*", True),
        ("StringLike", "aws:RequestTag/team", "B*", False),
        ("StringNotEquals", "aws:RequestTag/team", ["red", "green"], True),
        ("StringNotEquals", "aws:RequestTag/team", ["red", "blue"], False),
        ("StringNotLike", "aws:RequestTag/team", "b*", False),
        ("StringNotEqualsIgnoreCase", "aws:RequestTag/team", "BLUE", False),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/cop*", True),
        ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::222222222222:role/*", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:*:role/copier", False),
        ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/other", True),
        ("Bool", "aws:SecureTransport", True, True),
        ("Bool", "aws:SecureTransport", "false", False),
        ("NumericEquals", "rds:StorageSize", 20, True),
        ("NumericNotEquals", "rds:StorageSize", "20.0", False),
        ("NumericLessThan", "rds:StorageSize", "100", True),
        ("NumericLessThanEquals", "rds:StorageSize", "19", False),
        ("NumericGreaterThan", "rds:StorageSize", "3", True),
        ("NumericGreaterThanEquals", "rds:StorageSize", "twenty", False),
        ("DateGreaterThan", "aws:CurrentTime", "2026-11-23T09:59:59Z", True),
        ("DateLessThan", "aws:CurrentTime", "2026-11-23T11:00:00+02:00", False),
        ("DateLessThanEquals", "aws:CurrentTime", "1795428000", True),
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "127.0.0.0/8"], True),
        ("NotIpAddress", "aws:SourceIp", "127.0.0.1", False),
        ("IpAddress", "aws:SourceIp", "nonsense", False),
        ("Null", "aws:RequestTag/team", "false", True),
        ("Null", "aws:RequestTag/other", True, True),
        ("Null", "aws:RequestTag/other", False, False),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team", "stage", "more"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team"], False),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["team"], True),
        ("ForAnyValue:StringLike", "aws:TagKeys", ["x*"], False),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["team"], True),
        ("ForAllValues:StringNotLike", "aws:TagKeys", ["t*"], False),
        ("StringLike", "aws:PrincipalArn", "arn:aws:iam::${aws:PrincipalAccount}:role/*", True),
        ("StringEquals", "aws:PrincipalArn", "${aws:PrincipalAccount}", False),
        ("StringEquals", "aws:RequestTag/team", "${aws:PrincipalTag/team, 'blue'}", True),
        ("StringEquals", "rds:db-tag/Team", "blue", True),
        ("StringMatches", "aws:RequestTag/team", "blue", False),
    ],
)
def test_conditions(operator: str, key: str, wanted: Any, holds: bool) -> None:
    statement = allow(Condition={operator: {key: wanted}})
    assert decide(statement, context=KNOWN).allowed is holds


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("StringEquals", False),
        ("StringLike", False),
        ("Bool", False),
        ("NumericLessThan", False),
        ("IpAddress", False),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("StringNotEquals", True),
        ("ArnNotLike", True),
        ("NotIpAddress", True),
        ("NumericNotEquals", True),
        ("StringEqualsIfExists", True),
        ("BoolIfExists", True),
        ("ForAnyValue:StringLikeIfExists", True),
        ("ForAllValues:StringEquals", True),
    ],
)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_key_that_is_absent_or_that_nobody_knows(operator: str, holds: bool, effect: str) -> None:
    """Apply neither an Allow nor a Deny that asks for it; negated ones and IfExists apply."""
    statement = {"Effect": effect, "Action": "*", "Resource": "*", "Condition": {operator: {"aws:Unheard": "x"}}}
    verdict = decide(statement, context=KNOWN)
    assert (verdict.allowed, verdict.denied) == (holds and effect == "Allow", holds and effect == "Deny")


def test_all_conditions_of_a_statement_have_to_hold() -> None:
    both = {"StringEquals": {"aws:RequestTag/team": "blue", "aws:RequestedRegion": "eu-west-1"}}
    assert not decide(allow(Condition=both), context=KNOWN).allowed


def test_rds_tag_keys_have_a_case() -> None:
    """Follow the RDS User Guide, specifying conditions with custom tags."""
    assert not condition("StringEquals", "rds:db-tag/team", ["blue"]).holds(KNOWN)
    assert condition("StringEquals", "RDS:DB-tag/Team", ["blue"]).holds(KNOWN)


@pytest.mark.parametrize(
    ("resource", "covered"),
    [
        ("arn:aws:rds:${aws:RequestedRegion}:${aws:PrincipalAccount}:snapshot:*", True),
        ("arn:aws:rds:*:*:snapshot:${aws:username}-*", False),
        ("arn:aws:rds:*:*:snapshot:${aws:username, 'ours'}-*", True),
        ("arn:aws:rds:*:*:snapshot:${*}", False),
    ],
)
def test_resources_have_variables(resource: str, covered: bool) -> None:
    assert decide(allow(resource=resource), context=KNOWN).allowed is covered


def test_the_value_of_a_variable_is_no_wildcard() -> None:
    statement = allow(resource="arn:aws:rds:*:*:snapshot:${aws:username}")
    assert not decide(statement, context={"aws:username": "*"}).allowed
    odd = SNAPSHOT.replace("ours-1", "*")
    assert decide(statement, resource=odd, context={"aws:username": "*"}).allowed


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize(
    ("operator", "key", "wanted"),
    [
        ("DateGreaterThan", "aws:CurrentTime", "${aws:PrincipalTag/since}"),
        ("DateNotEquals", "aws:CurrentTime", "${aws:PrincipalTag/since}"),
        ("DateGreaterThanIfExists", "aws:EpochTime", "${aws:PrincipalTag/since}"),
        ("NumericLessThan", "rds:StorageSize", "${aws:PrincipalTag/size}"),
        ("Bool", "aws:SecureTransport", "${aws:PrincipalTag/safe}"),
        ("NotIpAddress", "aws:SourceIp", "${aws:PrincipalTag/home}"),
        ("Null", "aws:RequestTag/other", "${aws:PrincipalTag/safe}"),
    ],
)
def test_only_texts_and_arns_have_variables(effect: str, operator: str, key: str, wanted: str) -> None:
    """Follow the IAM User Guide, condition operators: "Policy variables - Not supported"."""
    tags: Context = {"since": "2020-01-01T00:00:00Z", "size": "100", "safe": "true", "home": "10.0.0.0/8"}
    known = {**KNOWN, **{f"aws:principaltag/{tag}": value for tag, value in tags.items()}}
    statement = {**allow(Condition={operator: {key: wanted}}), "Effect": effect}
    assert decide(allow(), statement, context=known).allowed
    assert not decide(statement, context=known).allowed


def test_older_policies_have_no_variables() -> None:
    found = policy.statements(document(allow(resource="${aws:username}"), version="2008-10-17"))
    assert not policy.decide(found, "rds:X", "me", {"aws:username": "me"}).allowed
    assert policy.decide(found, "rds:X", "${aws:username}", {}).allowed


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        pytest.param([allow(resource="arn:x:*")], True, id="resources are not looked at"),
        pytest.param([allow(), deny(resource="arn:x:*")], True, id="nor do they refuse"),
        pytest.param([allow(Condition={"StringEquals": {"ec2:Vpc": "x"}})], True, id="nor keys of the service"),
        pytest.param([allow(), deny(Condition={"StringNotEquals": {"ec2:Vpc": "x"}})], True, id="nor do those"),
        pytest.param([allow(Condition={"StringEquals": {"aws:RequestedRegion": "x"}})], False, id="known keys are"),
        pytest.param([allow(), deny("rds:*")], False, id="a plain deny is"),
    ],
)
def test_by_action_alone_nobody_is_refused_for_what_the_lab_cannot_judge(
    statements: list[dict[str, Any]], allowed: bool
) -> None:
    assert decide(*statements, resource=None, context=KNOWN).allowed is allowed


def key(principal: Any, effect: str = "Allow", **condition: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": "kms:*", "Resource": "*", "Condition": condition}


def unless(*principals: str) -> dict[str, Any]:
    return {"Effect": "Deny", "NotPrincipal": {"AWS": list(principals)}, "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("statements", "word"),
    [
        pytest.param([key({"AWS": ROOT})], "account", id="the account"),
        pytest.param([key({"AWS": "222222222222"})], "account", id="its number"),
        pytest.param([key({"AWS": [ROLE, "x"]})], "direct", id="the role"),
        pytest.param([key({"AWS": ROOT}), key({"AWS": SESSION})], "direct", id="the session, too"),
        pytest.param([key({"AWS": "arn:aws:iam::222222222222:role/other"})], None, id="another role"),
        pytest.param([key({"AWS": "arn:aws:iam::222222222222:role/*"})], None, id="names have no wildcards"),
        pytest.param([key({"AWS": "*"})], "direct", id="everybody"),
        pytest.param([key("*")], "direct", id="everybody, short"),
        pytest.param([key({"Service": "rds.amazonaws.com"})], None, id="a service"),
        pytest.param([key({"AWS": "*"}, ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/cop*"})], "direct", id="arn"),
        pytest.param([key({"AWS": "*"}, StringEquals={"aws:PrincipalArn": "arn:x"})], None, id="not this arn"),
        pytest.param([key({"AWS": "*"}), key({"AWS": ROLE}, "Deny")], None, id="deny beats allow"),
        pytest.param([key({"AWS": "*"}), key({"AWS": ROOT}, "Deny")], None, id="deny of the account"),
        pytest.param([key({"AWS": "*"}, NumericEquals={"x:y": 1})], None, id="unknown condition"),
        pytest.param([key("*"), unless(ROLE, ROOT)], "direct", id="spared by name and account"),
        pytest.param([key("*"), unless(ROLE)], None, id="not spared by the name alone"),
        pytest.param([key("*"), unless(ROOT)], None, id="nor by the account alone"),
    ],
)
def test_resource_policies(statements: list[dict[str, Any]], word: str | None) -> None:
    found = policy.statements(document(*statements))
    verdict = policy.admitted(found, "kms:Decrypt", "arn:key", NAMES, {"aws:principalarn": ROLE})
    assert verdict.allowed is (word is not None)
    assert verdict.direct is (word == "direct")


@pytest.mark.parametrize(
    ("identity", "granted", "own", "closed", "allowed"),
    [
        pytest.param(True, None, True, False, True, id="own account: identity policies are enough"),
        pytest.param(False, "direct", True, False, True, id="or the resource's, if it names the caller"),
        pytest.param(False, "account", True, False, False, id="naming the account only delegates"),
        pytest.param(True, None, True, True, False, id="a key's policy has to admit him"),
        pytest.param(True, "account", True, True, True, id="or to delegate"),
        pytest.param(False, "direct", True, True, True, id="its own word is enough"),
        pytest.param(False, "account", True, True, False, id="its delegation is not"),
        pytest.param(True, None, False, False, False, id="another account needs the resource's"),
        pytest.param(False, "direct", False, False, False, id="and his own"),
        pytest.param(True, "account", False, True, True, id="both"),
    ],
)
def test_identity_and_resource_policies_together(
    identity: bool, granted: str | None, own: bool, closed: bool, allowed: bool
) -> None:
    mine = policy.Decision(identity)
    theirs = policy.Decision(granted is not None, by=policy.RESOURCE, direct=granted == "direct")
    assert authorization.joint(mine, theirs, own=own, closed=closed).allowed is allowed


TOPIC = "arn:aws:sns:us-east-1:222222222222:rds"
RDS = "events.rds.amazonaws.com"
BY = {"aws:SourceAccount": "111111111111", "aws:SourceArn": "arn:aws:rds:us-east-1:111111111111:db:orders"}


def topic(principal: Any, resource: str = TOPIC, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement | {"Condition": condition}]}


@pytest.mark.parametrize(
    ("found", "allowed"),
    [
        pytest.param(topic({"Service": RDS}), True, id="the service"),
        pytest.param(topic({"Service": ["sqs.amazonaws.com", RDS]}), True, id="one of them"),
        pytest.param(topic({"Service": "rds.amazonaws.com"}), False, id="another service"),
        pytest.param(topic({"Service": RDS}, TOPIC + "x"), False, id="another topic"),
        pytest.param(topic({"AWS": "111111111111"}), False, id="an account is not a service"),
        pytest.param(topic("*", StringEquals={"AWS:SourceOwner": "111111111111"}), True, id="default policy"),
        pytest.param(topic("*", StringEquals={"AWS:SourceOwner": "222222222222"}), False, id="of another account"),
        pytest.param(topic({"Service": RDS}, StringEquals={"aws:SourceAccount": "111111111111"}), True, id="account"),
        pytest.param(topic({"Service": RDS}, StringEquals={"aws:SourceAccount": "3"}), False, id="not this account"),
        pytest.param(
            topic({"Service": RDS}, ArnLike={"aws:SourceArn": "arn:aws:rds:*:111111111111:db:*"}), True, id="source"
        ),
        pytest.param(
            topic({"Service": RDS}, ArnLike={"aws:SourceArn": "arn:aws:rds:*:*:snapshot:*"}), False, id="not that"
        ),
    ],
)
def test_a_service_publishes_where_the_policy_lets_it(found: dict[str, Any], allowed: bool) -> None:
    """Follow the RDS User Guide, granting permissions to publish to a topic (aws_rds.md 6)."""
    assert authorization.service_may(found, RDS, "sns:Publish", TOPIC, BY) is allowed
    assert authorization.service_may(json.dumps(found), RDS, "SNS:Publish", TOPIC, BY) is allowed
