# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the front door: accounts, roles, Regions and permissions."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from helpers import DR, PRODUCTION, STRANGER, automated, code_of, make_role
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh


def client_with(lab: Lab, service: str, key: str, secret: str = "x", **more: Any) -> Any:
    return boto3.client(
        service,
        region_name="us-west-2",
        endpoint_url=lab.url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        **more,
    )


def test_every_profile_is_its_own_account(lab: Lab) -> None:
    found = [lab.client(name, "sts").get_caller_identity() for name in ("production", "production_dr", "stranger")]
    assert [row["Account"] for row in found] == [PRODUCTION, DR, STRANGER]
    assert found[0]["Arn"] == f"arn:aws:iam::{PRODUCTION}:user/admin"


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("rds", "describe_db_instances", "InvalidClientTokenId"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("iam", "list_users", "InvalidClientTokenId"),
        ("kms", "list_keys", "UnrecognizedClientException"),
        ("ec2", "describe_vpcs", "AuthFailure"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
    ],
)
def test_unknown_credentials_are_refused(lab: Lab, service: str, operation: str, code: str) -> None:
    assert code_of(getattr(client_with(lab, service, "AKIAIOSFODNN7EXAMPLE"), operation)) == code


def test_missing_credentials_are_refused(lab: Lab) -> None:
    anonymous = client_with(lab, "rds", "x", config=Config(signature_version=UNSIGNED))
    assert code_of(anonymous.describe_db_instances) == "MissingAuthenticationToken"


def test_a_role_that_does_not_exist_cannot_be_assumed(lab: Lab) -> None:
    sts = lab.client("production", "sts")
    arn = f"arn:aws:iam::{PRODUCTION}:role/no-such-role"
    assert code_of(sts.assume_role, RoleArn=arn, RoleSessionName="test") == "AccessDenied"
    assert code_of(lab.client("nobody", "sts").get_caller_identity) == "AccessDenied"


def test_a_role_is_assumed_only_by_who_it_trusts(lab: Lab) -> None:
    make_role(lab.client("production", "iam"), "mine-alone", PRODUCTION, "rds:*")
    arn = f"arn:aws:iam::{PRODUCTION}:role/mine-alone"
    assert lab.client("production", "sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    refused = code_of(lab.client("production_dr", "sts").assume_role, RoleArn=arn, RoleSessionName="test")
    assert refused == "AccessDenied"


@pytest.fixture(scope="module")
def reader(lab: Lab) -> str:
    """Return a profile that may look at RDS and at keys, but not list keys."""
    make_role(lab.client("production", "iam"), "reader", PRODUCTION, "rds:Describe*", "kms:*", deny=("kms:List*",))
    return "reader"


def test_a_role_does_what_its_policies_allow_and_nothing_else(lab: Lab, reader: str) -> None:
    rds = lab.client(reader, "rds")
    assert rds.describe_db_instances()["DBInstances"]
    refused = code_of(rds.delete_db_snapshot, DBSnapshotIdentifier="x")
    assert refused == "AccessDenied"
    assert code_of(lab.client(reader, "iam").list_users) == "AccessDenied"


def test_a_deleted_role_may_nothing(lab: Lab) -> None:
    iam = lab.client("production", "iam")
    make_role(iam, "short-lived", PRODUCTION, "rds:*")
    role = lab.client("production", "sts").assume_role(
        RoleArn=f"arn:aws:iam::{PRODUCTION}:role/short-lived", RoleSessionName="test"
    )["Credentials"]
    client = client_with(
        lab, "rds", role["AccessKeyId"], role["SecretAccessKey"], aws_session_token=role["SessionToken"]
    )
    assert client.describe_db_instances()
    iam.delete_role_policy(RoleName="short-lived", PolicyName="what-it-may")
    assert code_of(client.describe_db_instances) == "AccessDenied"
    iam.delete_role(RoleName="short-lived")
    assert code_of(client.describe_db_instances) == "AccessDenied"


def test_an_explicit_deny_beats_an_allow_and_json_services_say_so_in_json(lab: Lab, reader: str) -> None:
    kms = lab.client(reader, "kms")
    assert kms.describe_key(KeyId="alias/aws/rds")
    assert code_of(kms.list_keys) == "AccessDeniedException"
    assert code_of(lab.client(reader, "ec2").describe_vpcs) == "UnauthorizedOperation"


def test_everybody_may_ask_who_he_is(lab: Lab, reader: str) -> None:
    arn = lab.client(reader, "sts").get_caller_identity()["Arn"]
    assert arn.startswith(f"arn:aws:sts::{PRODUCTION}:assumed-role/reader/")


def test_setting_tags_needs_its_own_permission(lab: Lab, rds: Any) -> None:
    iam = lab.client("production", "iam")
    make_role(iam, "untagged", PRODUCTION, "rds:Copy*")
    role = lab.client("production", "sts").assume_role(
        RoleArn=f"arn:aws:iam::{PRODUCTION}:role/untagged", RoleSessionName="test"
    )["Credentials"]
    client = client_with(
        lab, "rds", role["AccessKeyId"], role["SecretAccessKey"], aws_session_token=role["SessionToken"]
    )
    parameters = {
        "SourceDBSnapshotIdentifier": automated(rds, "catalog")["DBSnapshotArn"],
        "TargetDBSnapshotIdentifier": fresh("tagged"),
    }
    assert code_of(client.copy_db_snapshot, **parameters, Tags=[{"Key": "a", "Value": "b"}]) == "AccessDenied"
    assert client.copy_db_snapshot(**parameters)["DBSnapshot"]
