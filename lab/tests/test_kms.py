# SPDX-License-Identifier: GPL-3.0-or-later
"""Test KMS keys as their own API shows them, and as RDS looks at them (aws_rds.md 9; KMS Developer Guide)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from helpers import (  # fmt: skip
    DR,
    DR_HOME,
    HOME,
    PRODUCTION,
    become,
    key_policy,
    make_key,
    message_of,
    narrow_role,
    outcome,
    settings,
)
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh

NOT_ACCESSIBLE = "KMSKeyNotAccessibleFault"
ROOT = {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}
As = Callable[..., Any]


def allow(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    found = {"Effect": "Allow", "Action": action, "Resource": resource}
    return found | ({"Condition": condition} if condition else {})


def policy(*statements: dict[str, Any]) -> str:
    """Build a key policy that lets the key's administrator keep it."""
    admin = allow("kms:*") | {"Principal": {"AWS": f"arn:aws:iam::{PRODUCTION}:user/admin"}}
    return json.dumps({"Version": "2012-10-17", "Statement": [admin, *statements]})


@pytest.fixture(scope="module")
def kms(empty_lab: Lab) -> Any:
    return empty_lab.client("production", "kms")


@pytest.fixture(scope="module")
def role(empty_lab: Lab) -> As:
    """Return a function that gives a client of a new role with these statements."""

    def made(*statements: dict[str, Any], service: str = "kms", profile: str = "production", region: str = HOME) -> Any:
        arn = narrow_role(empty_lab.client(profile, "iam"), *statements)
        return become(empty_lab, arn, service, region, by=profile)

    return made


def new_key(kms: Any, *statements: dict[str, Any], **options: Any) -> str:
    return kms.create_key(Policy=policy(*statements), **options)["KeyMetadata"]["Arn"]


def encrypt(client: Any, key: str, **more: Any) -> str:
    return outcome(client.encrypt, KeyId=key, Plaintext=b"x", **more)


def test_an_ordinary_client_encrypts_and_decrypts(kms: Any) -> None:
    key, other = make_key(kms, PRODUCTION), make_key(kms, PRODUCTION)
    kms.create_alias(AliasName="alias/ordinary", TargetKeyId=key)
    data = kms.generate_data_key(KeyId="alias/ordinary", KeySpec="AES_256", EncryptionContext={"a": "b"})
    found = kms.decrypt(CiphertextBlob=data["CiphertextBlob"], EncryptionContext={"a": "b"})
    assert (found["Plaintext"], found["KeyId"]) == (data["Plaintext"], key)
    moved = kms.re_encrypt(
        CiphertextBlob=data["CiphertextBlob"], SourceEncryptionContext={"a": "b"}, DestinationKeyId=other
    )
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], KeyId=other)["Plaintext"] == data["Plaintext"]
    assert "Plaintext" not in kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_128")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyUsage"] == "ENCRYPT_DECRYPT"


def test_identity_policies_count_where_the_key_delegates_to_its_account(kms: Any, role: As) -> None:
    key = make_key(kms, PRODUCTION)
    assert encrypt(role(allow("kms:Encrypt", key)), key) == "ok"
    assert encrypt(role(allow("kms:Encrypt", f"{key}0")), key) == "AccessDeniedException"
    code, message = message_of(role().encrypt, KeyId=key, Plaintext=b"x")
    assert code == "AccessDeniedException"
    assert f"is not authorized to perform: kms:Encrypt on resource: {key} because no identity-based" in message


def test_a_key_policy_that_does_not_delegate_is_all_that_counts(empty_lab: Lab, kms: Any, role: As) -> None:
    closed = new_key(kms)
    code, message = message_of(role(allow("*")).encrypt, KeyId=closed, Plaintext=b"x")
    assert (code, "no resource-based policy allows" in message) == ("AccessDeniedException", True)
    arn = narrow_role(empty_lab.client("production", "iam"))
    named = new_key(kms, allow("kms:Encrypt") | {"Principal": {"AWS": arn}})
    assert encrypt(become(empty_lab, arn, "kms", HOME), named) == "ok"


@pytest.mark.parametrize("action", ["put_key_policy", "create_grant", "disable_key", "schedule_key_deletion"])
def test_every_action_is_looked_at_on_the_key(kms: Any, role: As, action: str) -> None:
    key = make_key(kms, PRODUCTION)
    words = {
        "put_key_policy": {"Policy": key_policy(PRODUCTION)},
        "create_grant": {"GranteePrincipal": f"arn:aws:iam::{PRODUCTION}:role/x", "Operations": ["Decrypt"]},
    }
    name = "kms:" + "".join(word.capitalize() for word in action.split("_"))
    without = role(allow("kms:*", f"{key}0"))
    assert outcome(getattr(without, action), KeyId=key, **words.get(action, {})) == "AccessDeniedException"
    # A policy must not lock its author out, so he may see to policies, too.
    client = role(allow([name, "kms:PutKeyPolicy"], key))
    assert outcome(getattr(client, action), KeyId=key, **words.get(action, {})) == "ok"


def test_aliases_are_resources_of_their_own(kms: Any, role: As) -> None:
    key, name = make_key(kms, PRODUCTION), f"alias/{fresh('mine')}"
    alias = f"arn:aws:kms:{HOME}:{PRODUCTION}:{name}"
    for resources in ([key], [alias]):
        client = role(allow("kms:CreateAlias", resources))
        assert outcome(client.create_alias, AliasName=name, TargetKeyId=key) == "AccessDeniedException"
    assert outcome(role(allow("kms:*", [key, alias])).create_alias, AliasName=name, TargetKeyId=key) == "ok"
    assert encrypt(role(allow("kms:*", StringEquals={"kms:RequestAlias": name})), name) == "ok"
    assert encrypt(role(allow("kms:*", StringEquals={"kms:RequestAlias": name})), key) == "AccessDeniedException"
    by_alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": name}}
    assert encrypt(role(allow("kms:*", **by_alias)), key) == "ok"


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({"StringEquals": {"kms:EncryptionContext:db": "orders"}}, "ok"),
        ({"StringEquals": {"kms:EncryptionContext:db": "billing"}}, "AccessDeniedException"),
        ({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["db"]}}, "ok"),
        ({"StringEquals": {"aws:ResourceTag/team": "blue"}}, "ok"),
        ({"StringEquals": {"aws:ResourceTag/team": "red"}}, "AccessDeniedException"),
        ({"StringEquals": {"kms:CallerAccount": PRODUCTION}}, "ok"),
        ({"StringEquals": {"kms:ViaService": f"rds.{HOME}.amazonaws.com"}}, "AccessDeniedException"),
        ({"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}, "ok"),
    ],
)
def test_conditions_of_direct_calls(kms: Any, role: As, condition: dict[str, Any], code: str) -> None:
    key = new_key(kms, allow("kms:*") | {"Principal": ROOT}, Tags=[{"TagKey": "team", "TagValue": "blue"}])
    assert encrypt(role(allow("kms:*", **condition)), key, EncryptionContext={"db": "orders"}) == code


def test_another_account_uses_a_key_if_both_sides_allow_it(kms: Any, role: As) -> None:
    """Follow aws_rds.md 9: neither the key's policy nor the other account's suffices."""
    open_key, closed = make_key(kms, PRODUCTION, DR), make_key(kms, PRODUCTION)
    theirs = role(allow("kms:*"), profile="production_dr")
    assert encrypt(role(profile="production_dr"), open_key) == "AccessDeniedException"
    assert encrypt(theirs, closed) == "AccessDeniedException"
    made = theirs.encrypt(KeyId=open_key, Plaintext=b"word")
    assert theirs.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == b"word"
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["KeyId"] == open_key
    assert outcome(theirs.generate_data_key, KeyId=open_key, KeySpec="AES_256") == "ok"
    grant = {"GranteePrincipal": f"arn:aws:iam::{DR}:role/x", "Operations": ["Decrypt"]}
    assert outcome(theirs.create_grant, KeyId=open_key, **grant) == "ok"
    assert kms.list_grants(KeyId=open_key)["Grants"]


@pytest.mark.parametrize("action", ["get_key_policy", "disable_key", "list_resource_tags"])
def test_some_actions_are_never_another_accounts(kms: Any, role: As, action: str) -> None:
    client = role(allow("kms:*"), profile="production_dr")
    assert outcome(getattr(client, action), KeyId=make_key(kms, PRODUCTION, DR)) == "AccessDeniedException"
    absent = f"arn:aws:kms:{HOME}:{PRODUCTION}:key/12345678-1234-1234-1234-123456789012"
    assert outcome(client.describe_key, KeyId=absent) == "AccessDeniedException"


def test_a_key_is_there_in_its_own_region_only(empty_lab: Lab, kms: Any) -> None:
    key = make_key(kms, PRODUCTION)
    there = empty_lab.client("production", "kms", DR_HOME)
    assert message_of(there.describe_key, KeyId=key) == ("NotFoundException", f"Invalid arn {HOME}")
    assert outcome(there.describe_key, KeyId=key.rsplit("/", 1)[-1]) == "NotFoundException"


def test_keys_work_by_state(kms: Any) -> None:
    """Follow the KMS Developer Guide, key states of KMS keys."""
    key = make_key(kms, PRODUCTION)
    kms.disable_key(KeyId=key)
    assert encrypt(kms, key) == "DisabledException"
    kms.enable_key(KeyId=key)
    assert encrypt(kms, key) == "ok"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert encrypt(kms, key) == "KMSInvalidStateException"
    assert outcome(kms.enable_key, KeyId=key) == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    imported = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]
    assert (imported["KeyState"], imported["Enabled"]) == ("PendingImport", False)
    assert encrypt(kms, imported["Arn"]) == "KMSInvalidStateException"


def test_a_key_policy_must_be_one_and_not_lock_its_author_out(kms: Any) -> None:
    malformed = "MalformedPolicyDocumentException"
    assert outcome(kms.create_key, Policy="nonsense") == malformed
    assert outcome(kms.create_key, Policy=key_policy(DR)) == malformed
    key = make_key(kms, PRODUCTION)
    assert outcome(kms.put_key_policy, KeyId=key, Policy=key_policy(DR)) == malformed
    assert kms.get_key_policy(KeyId=key)["Policy"] == key_policy(PRODUCTION)
    words = {"KeyId": key, "Policy": key_policy(DR), "BypassPolicyLockoutSafetyCheck": True}
    assert outcome(kms.put_key_policy, **words) == "ok"
    assert outcome(kms.put_key_policy, KeyId=key, Policy=key_policy(PRODUCTION)) == "AccessDeniedException"


def test_the_key_of_rds_is_for_rds_alone(empty_lab: Lab, kms: Any) -> None:
    """Follow aws_rds.md 9: its policy cannot be changed, and nobody else's RDS gets in."""
    key = kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]
    assert (key["KeyManager"], key["MultiRegion"]) == ("AWS", False)
    assert outcome(kms.put_key_policy, KeyId=key["KeyId"], Policy=key_policy(PRODUCTION)) == "AccessDeniedException"
    assert outcome(kms.schedule_key_deletion, KeyId=key["KeyId"]) == "AccessDeniedException"
    assert encrypt(kms, "alias/aws/rds") == "AccessDeniedException"
    assert f"rds.{HOME}.amazonaws.com" in kms.get_key_policy(KeyId=key["KeyId"])["Policy"]
    theirs = empty_lab.client("production_dr", "kms", HOME)
    assert outcome(theirs.describe_key, KeyId=key["Arn"]) == "AccessDeniedException"


def create(client: Any, key: str) -> str:
    """Return the code of creating an encrypted instance under a key."""
    return outcome(
        client.create_db_instance, DBInstanceIdentifier=fresh("db"), Engine="postgres", AllocatedStorage=20,
        DBInstanceClass="db.t3.micro", MasterUsername="me", MasterUserPassword="secret-secret",
        StorageEncrypted=True, KmsKeyId=key,
    )  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [{"Origin": "EXTERNAL"}, {"KeySpec": "RSA_2048"}, {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}],
    ids=["pending import", "asymmetric", "for other things"],
)
def test_rds_refuses_keys_that_cannot_encrypt_storage(empty_lab: Lab, kms: Any, options: dict[str, str]) -> None:
    key = kms.create_key(**options)["KeyMetadata"]["Arn"]
    assert create(empty_lab.client("production", "rds"), key) == NOT_ACCESSIBLE


RDS_AND_KMS = [allow("rds:*"), allow("kms:*")]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        pytest.param(allow("kms:*"), "ok", id="whole account"),
        pytest.param(
            allow("kms:*", StringEquals={"kms:ViaService": f"rds.{HOME}.amazonaws.com"}), "ok", id="through RDS"
        ),
        pytest.param(
            allow("kms:*", StringEquals={"kms:ViaService": f"ec2.{HOME}.amazonaws.com"}), NOT_ACCESSIBLE, id="not EC2"
        ),
        pytest.param(allow("kms:*", Bool={"aws:ViaAWSService": "true"}), "ok", id="through a service"),
        pytest.param(
            allow("kms:*", Bool={"kms:GrantIsForAWSResource": "true"}), NOT_ACCESSIBLE, id="grants alone are not enough"
        ),
        pytest.param(allow(["kms:DescribeKey", "kms:CreateGrant"]), NOT_ACCESSIBLE, id="too few actions"),
    ],
)
def test_what_rds_needs_of_a_key(kms: Any, role: As, statement: dict[str, Any], code: str) -> None:
    key = new_key(kms, statement | {"Principal": ROOT})
    assert create(role(*RDS_AND_KMS, service="rds"), key) == code


def test_a_condition_on_grants_is_about_grants_alone(kms: Any, role: As) -> None:
    """Follow aws_rds.md 9: the two statements of a shared key."""
    use = allow(["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"])
    grants = allow("kms:CreateGrant", Bool={"kms:GrantIsForAWSResource": True})
    key = new_key(kms, use | {"Principal": ROOT}, grants | {"Principal": ROOT})
    assert create(role(*RDS_AND_KMS, service="rds"), key) == "ok"
    grant = {"GranteePrincipal": f"arn:aws:iam::{PRODUCTION}:role/x", "Operations": ["Decrypt"]}
    assert outcome(role(allow("kms:*")).create_grant, KeyId=key, **grant) == "AccessDeniedException"


def test_an_identity_policy_may_bind_a_key_to_rds(kms: Any, role: As) -> None:
    key = make_key(kms, PRODUCTION)
    bound = allow("kms:*", key, StringEquals={"kms:ViaService": [f"rds.{HOME}.amazonaws.com"]})
    assert create(role(allow("rds:*"), bound, service="rds"), key) == "ok"
    assert encrypt(role(bound), key) == "AccessDeniedException"


def test_a_replica_is_a_key_of_its_own_region_and_policy(empty_lab: Lab, kms: Any) -> None:
    """Follow aws_rds.md 9: integrated services treat them as single-Region keys; policies are per replica."""
    primary = kms.create_key(MultiRegion=True)["KeyMetadata"]["Arn"]
    made = kms.replicate_key(KeyId=primary, ReplicaRegion=DR_HOME, Policy=policy())
    replica = made["ReplicaKeyMetadata"]["Arn"]
    assert (replica, made["ReplicaPolicy"]) == (primary.replace(HOME, DR_HOME), policy())
    there = empty_lab.client("production", "kms", DR_HOME)
    about = there.describe_key(KeyId=replica)["KeyMetadata"]["MultiRegionConfiguration"]
    assert (about["MultiRegionKeyType"], about["PrimaryKey"]["Arn"]) == ("REPLICA", primary)
    about = kms.describe_key(KeyId=primary)["KeyMetadata"]["MultiRegionConfiguration"]
    assert (about["MultiRegionKeyType"], [each["Region"] for each in about["ReplicaKeys"]]) == ("PRIMARY", [DR_HOME])
    assert kms.get_key_policy(KeyId=primary)["Policy"] != there.get_key_policy(KeyId=replica)["Policy"]
    assert create(empty_lab.client("production", "rds", DR_HOME), replica) == "ok"
    assert create(empty_lab.client("production", "rds", DR_HOME), primary) == NOT_ACCESSIBLE
    there.disable_key(KeyId=replica)
    assert kms.describe_key(KeyId=primary)["KeyMetadata"]["Enabled"]
    assert outcome(kms.replicate_key, KeyId=primary, ReplicaRegion=DR_HOME) == "AlreadyExistsException"
    single = make_key(kms, PRODUCTION)
    assert outcome(kms.replicate_key, KeyId=single, ReplicaRegion=DR_HOME) == "UnsupportedOperationException"


@pytest.mark.parametrize(
    ("rule", "named", "code"),
    [
        ("either", HOME, "ok"),
        ("either", DR_HOME, "ok"),
        ("source", HOME, "ok"),
        ("source", DR_HOME, NOT_ACCESSIBLE),
        ("destination", HOME, NOT_ACCESSIBLE),
        ("destination", DR_HOME, "ok"),
    ],
)
def test_which_region_a_copy_uses_the_source_key_through(
    empty_lab: Lab, kms: Any, role: As, encrypted: As, rule: str, named: str, code: str
) -> None:
    """Follow aws_rds.md 13, question 15: the documents do not say; ``via_service`` chooses."""
    through = allow("kms:*", StringEquals={"kms:ViaService": f"rds.{named}.amazonaws.com"})
    source = encrypted(new_key(kms, through | {"Principal": ROOT}))
    target = make_key(empty_lab.client("production", "kms", DR_HOME), PRODUCTION)
    there = role(*RDS_AND_KMS, service="rds", region=DR_HOME)
    with settings(empty_lab, rules={"via_service": rule}):
        copy = {"SourceDBSnapshotIdentifier": source, "TargetDBSnapshotIdentifier": fresh("copy"), "KmsKeyId": target}
        assert outcome(there.copy_db_snapshot, **copy) == code


@pytest.fixture(scope="module")
def encrypted(empty_lab: Lab) -> As:
    """Return a function that takes a snapshot under a key and gives its ARN."""
    rds, database = empty_lab.client("production", "rds"), fresh("db")
    rds.create_db_instance(
        DBInstanceIdentifier=database, Engine="postgres", AllocatedStorage=20, DBInstanceClass="db.t3.micro",
        MasterUsername="me", MasterUserPassword="secret-secret",
    )  # fmt: skip
    empty_lab.admin("POST", "clock", {"advance": 7200})
    source = fresh("plain")
    rds.create_db_snapshot(DBInstanceIdentifier=database, DBSnapshotIdentifier=source)
    empty_lab.admin("POST", "clock", {"advance": 7200})

    def made(key: str) -> str:
        found = rds.copy_db_snapshot(
            SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=fresh("locked"), KmsKeyId=key
        )
        empty_lab.admin("POST", "clock", {"advance": 7200})
        arn: str = found["DBSnapshot"]["DBSnapshotArn"]
        return arn

    return made
