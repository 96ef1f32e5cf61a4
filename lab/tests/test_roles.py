# SPDX-License-Identifier: GPL-3.0-or-later
"""Test who may assume a role, for how long, and with which rights (STS API Reference; IAM User Guide, roles)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from helpers import DR, HOME, PRODUCTION, allow, become, message_of, narrow_role, outcome
from lifeboat_lab import Lab
from lifeboat_lab.accounts import Accounts, Principal, Session
from lifeboat_lab.errors import AwsError
from lifeboat_lab.testing import fresh

ASSUME = "sts:AssumeRole"
As = Callable[..., Any]


def trust(principal: Any, **condition: Any) -> dict[str, Any]:
    who = principal if isinstance(principal, dict) else {"AWS": principal}
    return {"Effect": "Allow", "Principal": who, "Action": ASSUME, "Condition": condition}


def account(number: str) -> str:
    return f"arn:aws:iam::{number}:root"


@pytest.fixture(scope="module")
def iam(empty_lab: Lab) -> Any:
    return empty_lab.client("production", "iam")


@pytest.fixture(scope="module")
def user(empty_lab: Lab) -> As:
    """Return a function that gives STS as a new user of an account with these statements, and the user's ARN."""

    def made(*statements: dict[str, Any], profile: str = "production_dr") -> tuple[Any, str]:
        client, name = empty_lab.client(profile, "iam"), fresh("user")
        arn = client.create_user(UserName=name)["User"]["Arn"]
        if statements:
            document = str({"Version": "2012-10-17", "Statement": list(statements)}).replace("'", '"')
            client.put_user_policy(UserName=name, PolicyName="x", PolicyDocument=document)
        key = client.create_access_key(UserName=name)["AccessKey"]
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return empty_lab.client(profile, "sts", **keys), arn

    return made


def assume(sts: Any, arn: str, **more: Any) -> str:
    return outcome(sts.assume_role, RoleArn=arn, RoleSessionName="me", **more)


def test_a_role_must_exist(empty_lab: Lab) -> None:
    sts, arn = empty_lab.client("production", "sts"), f"arn:aws:iam::{PRODUCTION}:role/none"
    code, message = message_of(sts.assume_role, RoleArn=arn, RoleSessionName="me")
    assert code == "AccessDenied"
    assert (
        f"arn:aws:iam::{PRODUCTION}:user/admin is not authorized to perform: sts:AssumeRole on resource: {arn}"
        in message
    )
    assert assume(sts, "arn:aws:iam::999999999999:role/none") == "AccessDenied"


def test_at_home_naming_the_caller_is_enough(user: As, iam: Any) -> None:
    sts, arn = user(profile="production")
    assert assume(sts, narrow_role(iam, trust=trust(arn))) == "ok"
    assert assume(sts, narrow_role(iam, trust=trust(account(PRODUCTION)))) == "AccessDenied"
    assert assume(sts, narrow_role(iam, trust=trust(f"arn:aws:iam::{PRODUCTION}:user/x"))) == "AccessDenied"


def test_naming_the_account_leaves_it_to_identity_policies(user: As, iam: Any) -> None:
    role = narrow_role(iam, trust=trust(account(PRODUCTION)))
    assert assume(user(allow(ASSUME, role), profile="production")[0], role) == "ok"
    assert assume(user(allow(ASSUME, f"{role}x"), profile="production")[0], role) == "AccessDenied"


def test_from_another_account_both_sides_must_allow_it(user: As, iam: Any) -> None:
    sts, arn = user(allow(ASSUME, f"arn:aws:iam::{PRODUCTION}:role/*"))
    without, other = user()
    assert assume(sts, narrow_role(iam, trust=trust(DR))) == "ok"
    assert assume(sts, narrow_role(iam, trust=trust(arn))) == "ok"
    assert assume(sts, narrow_role(iam, trust=trust(account(PRODUCTION)))) == "AccessDenied"
    assert assume(without, narrow_role(iam, trust=trust(other))) == "AccessDenied"
    service = trust({"Service": "rds.amazonaws.com"})
    assert assume(sts, narrow_role(iam, trust=service)) == "AccessDenied"


def test_a_deny_beats_the_trust(user: As, iam: Any) -> None:
    sts, arn = user(allow(ASSUME) | {"Effect": "Deny"}, profile="production")
    code, message = message_of(sts.assume_role, RoleArn=narrow_role(iam, trust=trust(arn)), RoleSessionName="me")
    assert (code, message.endswith("with an explicit deny in an identity-based policy")) == ("AccessDenied", True)


@pytest.mark.parametrize(
    ("condition", "more", "code"),
    [
        ({"StringEquals": {"sts:ExternalId": "word"}}, {"ExternalId": "word"}, "ok"),
        ({"StringEquals": {"sts:ExternalId": "word"}}, {"ExternalId": "other"}, "AccessDenied"),
        ({"StringEquals": {"sts:ExternalId": "word"}}, {}, "AccessDenied"),
        ({"StringLike": {"sts:RoleSessionName": "m?"}}, {}, "ok"),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/user-*"}}, {}, "ok"),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, {}, "AccessDenied"),
        ({"StringEquals": {"aws:PrincipalAccount": DR}}, {}, "ok"),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, {}, "AccessDenied"),
        # Long-term keys do not have the key at all.
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, {}, "AccessDenied"),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, {}, "ok"),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, {}, "AccessDenied"),
    ],
)
def test_the_conditions_of_a_trust_policy_count(
    user: As, iam: Any, condition: dict[str, Any], more: dict[str, Any], code: str
) -> None:
    sts, arn = user(allow(ASSUME))
    assert assume(sts, narrow_role(iam, trust=trust(arn, **condition)), **more) == code


def test_a_session_lasts_as_long_as_the_role_says(empty_lab: Lab, iam: Any) -> None:
    sts, plain = empty_lab.client("production", "sts"), narrow_role(iam)
    assert _lasts(sts, plain) == 3600
    assert _lasts(sts, plain, DurationSeconds=900) == 900
    assert assume(sts, plain, DurationSeconds=3601) == "ValidationError"
    long = narrow_role(iam, MaxSessionDuration=7200)
    assert _lasts(sts, long, DurationSeconds=7200) == 7200


def _lasts(sts: Any, arn: str, **more: Any) -> int:
    """Return the length of a session in whole minutes, as seconds."""
    found = sts.assume_role(RoleArn=arn, RoleSessionName="me", **more)["Credentials"]["Expiration"]
    return round((found - datetime.now(timezone.utc)).total_seconds() / 60) * 60


def test_a_session_that_is_over_is_refused() -> None:
    arn = f"arn:aws:iam::{DR}:role/x"
    everybody = Accounts(())
    past = datetime.now(timezone.utc) - timedelta(seconds=1)
    everybody.sessions["ASIA"] = Session(Principal(DR, arn, arn, role="AROA"), past, "")
    with pytest.raises(AwsError) as caught:
        everybody.principal_of("ASIA")
    assert caught.value.code == "ExpiredToken"


def test_a_session_needs_its_token(empty_lab: Lab, iam: Any) -> None:
    found = empty_lab.client("production", "sts").assume_role(RoleArn=narrow_role(iam), RoleSessionName="me")[
        "Credentials"
    ]
    keys = {"aws_access_key_id": found["AccessKeyId"], "aws_secret_access_key": found["SecretAccessKey"]}
    for more in ({}, {"aws_session_token": "another"}):
        client = empty_lab.client("production", "rds", HOME, **keys, **more)
        assert outcome(client.describe_db_instances) == "InvalidClientTokenId"


def test_roles_are_chained_for_an_hour_at_most(empty_lab: Lab, iam: Any) -> None:
    second = narrow_role(iam, MaxSessionDuration=7200)
    sts = become(empty_lab, narrow_role(iam, allow(ASSUME, second)), "sts", HOME)
    assert assume(sts, second) == "ok"
    assert assume(sts, second, DurationSeconds=7200) == "ValidationError"
    assert assume(sts, narrow_role(iam, trust=trust(account(PRODUCTION)))) == "AccessDenied"


def test_a_trust_may_name_a_role_or_its_session(empty_lab: Lab, iam: Any) -> None:
    first = narrow_role(iam)
    sts = become(empty_lab, first, "sts", HOME)
    assert assume(sts, narrow_role(iam, trust=trust(first))) == "ok"
    session = f"arn:aws:sts::{PRODUCTION}:assumed-role/{first.rsplit('/', 1)[-1]}/test"
    assert assume(sts, narrow_role(iam, trust=trust(session))) == "ok"
    assert assume(sts, narrow_role(iam, trust=trust(f"{session}s"))) == "AccessDenied"


def test_session_policies_narrow_a_session(empty_lab: Lab, iam: Any) -> None:
    """Follow the IAM User Guide, session policies: what both allow."""
    role = narrow_role(iam, allow(["rds:DescribeDBInstances", "rds:DescribeDBClusters"]))
    document = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "rds:%s", "Resource": "*"}}'
    client = become(empty_lab, role, "rds", HOME, Policy=document % "DescribeDB*s")
    assert outcome(client.describe_db_instances) == "ok"
    code, message = message_of(client.describe_db_snapshots)
    assert (code, "no identity-based policy allows" in message) == ("AccessDenied", True)
    arn = iam.create_policy(PolicyName=fresh("limit"), PolicyDocument=document % "DescribeDBClusters")["Policy"]["Arn"]
    client = become(empty_lab, role, "rds", HOME, PolicyArns=[{"arn": arn}])
    assert outcome(client.describe_db_clusters) == "ok"
    code, message = message_of(client.describe_db_instances)
    assert (code, "because no session policy allows the" in message) == ("AccessDenied", True)
    sts = empty_lab.client("production", "sts")
    assert assume(sts, role, Policy="nonsense") == "MalformedPolicyDocument"
    assert assume(sts, role, PolicyArns=[{"arn": f"{arn}x"}]) == "MalformedPolicyDocument"


def test_tags_of_a_session_and_of_its_role_are_the_principals(empty_lab: Lab, iam: Any) -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue", "aws:PrincipalTag/stage": "test"}}
    role = narrow_role(iam, allow("rds:*", Condition=condition), Tags=[{"Key": "team", "Value": "blue"}])
    tags = [{"Key": "stage", "Value": "test"}]
    assert outcome(become(empty_lab, role, "rds", HOME, Tags=tags).describe_db_instances) == "ok"
    assert outcome(become(empty_lab, role, "rds", HOME).describe_db_instances) == "AccessDenied"
    untagged = narrow_role(iam, trust=trust(account(PRODUCTION)))
    assert assume(empty_lab.client("production", "sts"), untagged, Tags=tags) == "AccessDenied"


def test_a_role_that_is_gone_may_nothing_nor_may_another_of_its_name(empty_lab: Lab, iam: Any) -> None:
    role = narrow_role(iam)
    name = role.rsplit("/", 1)[-1]
    everything = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
    iam.put_role_policy(RoleName=name, PolicyName="x", PolicyDocument=everything)
    client = become(empty_lab, role, "rds", HOME)
    assert outcome(client.describe_db_instances) == "ok"
    iam.delete_role_policy(RoleName=name, PolicyName="x")
    iam.delete_role(RoleName=name)
    assert outcome(client.describe_db_instances) == "AccessDenied"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=everything)
    iam.put_role_policy(RoleName=name, PolicyName="x", PolicyDocument=everything)
    assert outcome(client.describe_db_instances) == "AccessDenied"


def test_everybody_may_ask_who_he_is(empty_lab: Lab, iam: Any) -> None:
    """Follow the STS API Reference, GetCallerIdentity: also with an explicit deny."""
    role = narrow_role(iam, allow("*") | {"Effect": "Deny"})
    found = become(empty_lab, role, "sts", HOME).get_caller_identity()
    assert found["Account"] == PRODUCTION
    assert found["Arn"] == f"arn:aws:sts::{PRODUCTION}:assumed-role/{role.rsplit('/', 1)[-1]}/test"
    assert found["UserId"].startswith("AROA") and found["UserId"].endswith(":test")


def test_there_are_no_other_ways_to_credentials(empty_lab: Lab, iam: Any) -> None:
    sts, role = empty_lab.client("production", "sts"), narrow_role(iam)
    assert outcome(sts.get_session_token) == "InvalidAction"
    assert outcome(sts.get_federation_token, Name="me") == "InvalidAction"
    unsigned = empty_lab.client("production", "sts", config=Config(signature_version=UNSIGNED))
    identity = {"RoleArn": role, "RoleSessionName": "me", "WebIdentityToken": "token"}
    assert outcome(unsigned.assume_role_with_web_identity, **identity) == "InvalidAction"
    assertion = {"RoleArn": role, "PrincipalArn": role.replace("role", "saml-provider"), "SAMLAssertion": "a" * 4}
    assert outcome(unsigned.assume_role_with_saml, **assertion) == "InvalidAction"
    assert outcome(sts.assume_role, RoleArn=role, RoleSessionName="a b") == "ValidationError"
