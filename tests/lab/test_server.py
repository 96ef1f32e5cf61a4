# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import email.utils
import time
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from lab import Lab
from tests.lab.helpers import DR, PRODUCTION, STRANGER, automated, code_of, fresh, make_role, settings


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
    """A profile that may look at RDS, and at keys, but not list them."""
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


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("rds", "describe_db_proxies", {}),
        ("rds", "reboot_db_instance", {"DBInstanceIdentifier": "orders"}),
        ("sts", "get_web_identity_token", {"Audience": ["x"], "SigningAlgorithm": "RS256"}),
    ],
)
def test_what_is_not_implemented_is_a_proper_error(
    lab: Lab, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    client = lab.client("production", service)
    if not hasattr(client, operation):
        pytest.skip("this botocore does not know it")
    assert code_of(getattr(client, operation), **parameters) == "InvalidAction"


def test_every_answer_has_the_date(lab: Lab, rds: Any) -> None:
    answers = [rds.describe_db_instances(), lab.client("production", "iam").list_users()]
    for answer in answers:
        said = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
        assert abs(email.utils.parsedate_to_datetime(said).timestamp() - time.time()) < 3


def test_every_call_is_logged_without_secrets(lab: Lab, rds: Any) -> None:
    lab.admin("DELETE", "calls")
    code_of(rds.modify_db_instance, DBInstanceIdentifier="no-such", MasterUserPassword="do-not-log-me")
    lab.client("production_dr", "kms").describe_key(KeyId="alias/aws/rds")
    first, second = lab.calls()
    assert (first["service"], first["action"], first["region"]) == ("rds", "ModifyDBInstance", "us-west-2")
    assert (first["status"], first["error"]) == (404, "DBInstanceNotFound")
    assert first["principal"] == f"arn:aws:iam::{PRODUCTION}:user/admin"
    assert first["parameters"] == {"DBInstanceIdentifier": "no-such"}
    assert (second["account"], second["action"], second["status"]) == (DR, "DescribeKey", 200)
    assert second["parameters"] == {"KeyId": "alias/aws/rds"}
    assert lab.calls(account=DR) == [second]
    assert "do-not-log-me" not in str(lab.calls())


@pytest.mark.parametrize(
    ("method", "path", "body", "why"),
    [
        ("POST", "dark", {"account": "nobody"}, "no account"),
        ("POST", "dark", {"account": "production", "dark": "yes"}, "true or false"),
        ("POST", "dark", {"who": "production"}, "unknown"),
        ("POST", "dark", [], "JSON object"),
        ("PATCH", "settings", {"scale": 0}, "above 0"),
        ("PATCH", "settings", {"speed": 1}, "unknown settings"),
        ("PATCH", "settings", {"durations": {"coffee": 1}}, "unknown durations"),
        ("PATCH", "settings", {"durations": {"copy": -1}}, "negative"),
        ("PATCH", "settings", {"quotas": {"manual_snapshots": "many"}}, "must be a number"),
        ("PATCH", "settings", {"rules": {"single_step_clusters": 1}}, "true or false"),
        ("POST", "faults", {"kind": "earthquake"}, "kind must be one of"),
        ("POST", "faults", {"kind": "error", "action": "CopyDbSnapshot"}, "perhaps CopyDBSnapshot"),
        ("POST", "faults", {"kind": "error", "action": "CopyDBSnapshot", "count": 0}, "count must be a whole number"),
        ("POST", "faults", {"kind": "failed-copy", "colour": "red"}, "unknown: colour"),
        ("POST", "automated-snapshots", {"account": "production", "age": -1}, "not negative"),
        ("POST", "automated-snapshots", {"account": "production", "databases": ["none"]}, "no such database"),
        ("POST", "shop", {"do": "burn"}, "do must be one of"),
        ("POST", "shop", {"do": "create"}, "already exists"),
        ("POST", "shop", {"do": "lose-rows", "account": "production_dr"}, "no shop"),
        ("GET", "nonsense", None, "nothing here"),
    ],
)
def test_nonsense_is_refused_with_the_reason(lab: Lab, method: str, path: str, body: Any, why: str) -> None:
    before = lab.admin("GET", "settings")
    with pytest.raises(ValueError, match=why):
        lab.admin(method, path, body)
    assert lab.admin("GET", "settings") == before


def test_nonsense_has_status_400(lab: Lab) -> None:
    request = urllib.request.Request(f"{lab.url}/_lab/settings", b"{not json", method="PATCH")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 400
    assert b"not JSON" in caught.value.read()


def test_settings_can_be_read_and_changed(lab: Lab) -> None:
    with settings(
        lab, scale=77, durations={"copy": 5}, quotas={"manual_snapshots": 7}, rules={"shared_tags_visible": True}
    ):
        now = lab.admin("GET", "settings")
    assert (now["scale"], now["durations"]["copy"], now["quotas"]["manual_snapshots"]) == (77, 5, 7)
    assert now["rules"]["shared_tags_visible"] is True


def test_the_status_says_what_there_is(lab: Lab) -> None:
    status = lab.admin("GET", "status")
    assert [account["name"] for account in status["accounts"]] == ["production", "production_dr", "stranger"]
    orders = next(row for row in status["databases"] if row["arn"].endswith(":db:orders"))
    assert (orders["status"], orders["running"]) == ("available", True)
