# SPDX-License-Identifier: GPL-3.0-or-later
"""Test what organizations and permissions boundaries leave a caller (IAM User Guide, evaluation logic; SCPs; RCPs)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from helpers import DR, DR_HOME, allow, become, document, message_of, narrow_role, outcome
from lifeboat_lab import Lab

SNAPSHOT = {"DBSnapshotIdentifier": "not-there"}
DENY_DELETION = {"Effect": "Deny", "Action": "rds:DeleteDBSnapshot", "Resource": "*"}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Run a lab in which staging manages the organization of production_dr and staging_dr."""
    with Lab(metadata_only=True, scale=1) as running:
        members = ["production_dr", "staging_dr"]
        running.admin("POST", "organization", {"management": "staging", "members": members})
        yield running


@pytest.fixture
def attached(lab: Lab) -> Iterator[Callable[..., None]]:
    """Return a function that attaches a policy for one test, to the whole organization unless a target is given."""
    manager, made = lab.client("staging", "organizations"), []

    def attach(*statements: dict[str, Any], kind: str = "SERVICE_CONTROL_POLICY", target: str | None = None) -> None:
        target = target or manager.list_roots()["Roots"][0]["Id"]
        policy = manager.create_policy(
            Name=f"test-{len(made)}", Description="", Type=kind, Content=document(*statements)
        )["Policy"]["PolicySummary"]["Id"]
        manager.attach_policy(PolicyId=policy, TargetId=target)
        made.append((policy, target))

    yield attach
    for policy, target in made:
        manager.detach_policy(PolicyId=policy, TargetId=target)
        manager.delete_policy(PolicyId=policy)


def deletes(lab: Lab, profile: str) -> str:
    return outcome(lab.client(profile, "rds", DR_HOME).delete_db_snapshot, **SNAPSHOT)


def test_a_service_control_policy_limits_administrators_of_member_accounts_alone(
    lab: Lab, attached: Callable[..., None]
) -> None:
    profiles = ("production_dr", "staging_dr", "staging", "production")
    assert [deletes(lab, profile) for profile in profiles] == ["DBSnapshotNotFound"] * 4
    attached(DENY_DELETION)
    assert [deletes(lab, profile) for profile in profiles] == ["AccessDenied"] * 2 + ["DBSnapshotNotFound"] * 2
    code, message = message_of(lab.client("staging_dr", "rds", DR_HOME).delete_db_snapshot, **SNAPSHOT)
    assert (code, message.endswith("with an explicit deny in a service control policy")) == ("AccessDenied", True)


def test_every_level_must_allow(lab: Lab, attached: Callable[..., None]) -> None:
    manager = lab.client("staging", "organizations")
    attached(allow("rds:Describe*"), target=DR)
    full = {"PolicyId": "p-FullAWSAccess", "TargetId": DR}
    manager.detach_policy(**full)
    try:
        assert outcome(lab.client("production_dr", "rds", DR_HOME).describe_db_snapshots) == "ok"
        code, message = message_of(lab.client("production_dr", "rds", DR_HOME).delete_db_snapshot, **SNAPSHOT)
        assert (code, "because no service control policy allows" in message) == ("AccessDenied", True)
    finally:
        manager.attach_policy(**full)
    assert deletes(lab, "production_dr") == "DBSnapshotNotFound"


def test_a_service_control_policy_limits_whom_a_resource_admits(lab: Lab, attached: Callable[..., None]) -> None:
    arn = lab.client("production_dr", "sns", DR_HOME).create_topic(Name="heard")["TopicArn"]
    say = {"TopicArn": arn, "Message": "hello"}
    # His own topic admits him by its default policy.
    assert outcome(lab.client("production_dr", "sns", DR_HOME).publish, **say) == "ok"
    attached({"Effect": "Deny", "Action": "sns:Publish", "Resource": "*"})
    assert outcome(lab.client("production_dr", "sns", DR_HOME).publish, **say) == "AccessDenied"


def test_a_resource_control_policy_closes_keys_and_secrets_but_not_snapshots(
    lab: Lab, attached: Callable[..., None]
) -> None:
    key = lab.client("production_dr", "kms", DR_HOME).create_key()["KeyMetadata"]["KeyId"]
    secret = lab.client("production_dr", "secretsmanager", DR_HOME).create_secret(Name="word", SecretString="x")["ARN"]
    attached(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["kms:DisableKey", "secretsmanager:*", "rds:*"],
            "Resource": "*",
        },
        kind="RESOURCE_CONTROL_POLICY",
    )
    code, message = message_of(lab.client("production_dr", "kms", DR_HOME).disable_key, KeyId=key)
    assert code == "AccessDeniedException"
    assert message.endswith("with an explicit deny in a resource control policy")
    secrets = lab.client("production_dr", "secretsmanager", DR_HOME)
    assert outcome(secrets.get_secret_value, SecretId=secret) == "AccessDeniedException"
    assert deletes(lab, "production_dr") == "DBSnapshotNotFound"


def test_an_account_is_in_one_organization(lab: Lab) -> None:
    with pytest.raises(Exception, match="already in an organization: production_dr"):
        lab.admin("POST", "organization", {"management": "production", "members": ["production_dr"]})


def bounded_role(lab: Lab, *statements: dict[str, Any]) -> Any:
    iam = lab.client("production", "iam")
    boundary = iam.create_policy(
        PolicyName=f"limit-{len(iam.list_policies()['Policies'])}", PolicyDocument=document(*statements)
    )
    return narrow_role(iam, allow(), PermissionsBoundary=boundary["Policy"]["Arn"])


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([allow("rds:Describe*")], "because no permissions boundary allows the rds:DeleteDBSnapshot action"),
        ([allow(), DENY_DELETION], "with an explicit deny in a permissions boundary"),
    ],
)
def test_a_role_may_do_what_its_boundary_allows(lab: Lab, statements: list[dict[str, Any]], words: str) -> None:
    rds = become(lab, bounded_role(lab, *statements), "rds", DR_HOME)
    assert outcome(rds.describe_db_snapshots) == "ok"
    code, message = message_of(rds.delete_db_snapshot, **SNAPSHOT)
    assert (code, message.endswith(words)) == ("AccessDenied", True)


def test_a_boundary_gives_nothing(lab: Lab) -> None:
    iam = lab.client("production", "iam")
    everything = iam.create_policy(PolicyName="everything", PolicyDocument=document(allow()))["Policy"]["Arn"]
    role = narrow_role(iam, allow("rds:Describe*"), PermissionsBoundary=everything)
    assert outcome(become(lab, role, "rds", DR_HOME).delete_db_snapshot, **SNAPSHOT) == "AccessDenied"


def test_a_boundary_limits_a_role_that_a_resource_admits(lab: Lab) -> None:
    role = bounded_role(lab, allow("rds:*"))
    kms = lab.client("production", "kms", DR_HOME)
    statement = {"Effect": "Allow", "Principal": {"AWS": [role, "arn:aws:iam::111111111111:root"]}, "Action": "kms:*"}
    key = kms.create_key(Policy=document(statement | {"Resource": "*"}))["KeyMetadata"]["KeyId"]
    assert outcome(become(lab, role, "kms", DR_HOME).disable_key, KeyId=key) == "AccessDeniedException"


def test_iam_refuses_a_variable_in_a_date(lab: Lab) -> None:
    iam = lab.client("production", "iam")
    role = narrow_role(iam).rpartition("/")[2]
    late = allow(Condition={"DateLessThan": {"aws:CurrentTime": "${aws:PrincipalTag/until}"}})
    put = {"RoleName": role, "PolicyName": "late", "PolicyDocument": document(late)}
    assert outcome(iam.put_role_policy, **put) == "MalformedPolicyDocument"
    assert outcome(iam.create_policy, PolicyName="late", PolicyDocument=document(late)) == "MalformedPolicyDocument"
