# SPDX-License-Identifier: GPL-3.0-or-later
"""Test KMS keys as RDS looks at them."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import (  # fmt: skip
    DR,
    PRODUCTION,
    automated,
    automated_cluster,
    cluster_copied,
    code_of,
    copied,
    make_key,
    make_role,
    settings,
    share,
)
from lifeboat_lab import Lab, keys
from lifeboat_lab.testing import fresh

NOT_ACCESSIBLE = "KMSKeyNotAccessibleFault"


def copy_code(client: Any, source: str, **more: Any) -> str:
    """Return the code with which a copy is refused."""
    return code_of(
        client.copy_db_snapshot, SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=fresh("copy"), **more
    )


@pytest.fixture(scope="module")
def shared(rds: Any, open_key: str) -> dict[str, Any]:
    """Share an encrypted snapshot of billing with the DR account, whose key admits that account."""
    row = copied(rds, automated(rds, "billing")["DBSnapshotArn"], KmsKeyId=open_key)
    share(rds, row["DBSnapshotIdentifier"], DR)
    return row


def test_without_a_key_a_copy_at_home_keeps_the_key(rds: Any) -> None:
    """Follow aws_rds.md 1.3."""
    source = automated(rds, "billing")
    copy = copied(rds, source["DBSnapshotArn"])
    assert (copy["KmsKeyId"], copy["StorageEncryptionType"]) == (source["KmsKeyId"], "sse-kms")


def test_with_a_key_a_copy_is_encrypted_again(rds: Any, open_key: str) -> None:
    assert copied(rds, automated(rds, "orders")["DBSnapshotArn"], KmsKeyId=open_key)["KmsKeyId"] == open_key


@pytest.mark.parametrize("form", ["arn", "id", "alias", "alias-arn"])
def test_a_key_may_be_given_as_arn_id_alias_or_alias_arn(lab: Lab, rds: Any, form: str) -> None:
    kms = lab.client("production", "kms")
    key = kms.describe_key(KeyId="alias/shop-data")["KeyMetadata"]
    name = {
        "arn": key["Arn"],
        "id": key["KeyId"],
        "alias": "alias/shop-data",
        "alias-arn": f"arn:aws:kms:us-west-2:{PRODUCTION}:alias/shop-data",
    }[form]
    assert copied(rds, automated(rds, "orders")["DBSnapshotArn"], KmsKeyId=name)["KmsKeyId"] == key["Arn"]


def test_encrypted_across_regions_needs_a_key_of_that_region(lab: Lab, rds: Any) -> None:
    """Follow aws_rds.md 1.3, 9."""
    there = lab.client("production", "rds", "eu-west-1")
    source = automated(rds, "billing")
    assert copy_code(there, source["DBSnapshotArn"]) == NOT_ACCESSIBLE
    assert copy_code(there, source["DBSnapshotArn"], KmsKeyId=source["KmsKeyId"]) == NOT_ACCESSIBLE
    key = make_key(lab.client("production", "kms", "eu-west-1"), PRODUCTION)
    assert copied(there, source["DBSnapshotArn"], KmsKeyId=key)["KmsKeyId"] == key


def test_encrypted_and_shared_needs_a_key(shared: dict[str, Any], dr_here: Any, dr_key_here: str) -> None:
    """Follow aws_rds.md 1.3."""
    assert copy_code(dr_here, shared["DBSnapshotArn"]) == NOT_ACCESSIBLE
    copy = copied(dr_here, shared["DBSnapshotArn"], KmsKeyId=dr_key_here)
    assert (copy["KmsKeyId"], copy["SourceDBSnapshotIdentifier"]) == (dr_key_here, shared["DBSnapshotArn"])


def test_account_region_and_key_change_in_one_call(shared: dict[str, Any], dr: Any, dr_key: str) -> None:
    copy = copied(dr, shared["DBSnapshotArn"], KmsKeyId=dr_key, SourceRegion="us-west-2")
    assert (copy["KmsKeyId"], copy["SourceRegion"]) == (dr_key, "us-west-2")
    assert copy["DbiResourceId"] == shared["DbiResourceId"]


def test_one_step_can_be_forbidden_as_before_2025_09(lab: Lab, shared: dict[str, Any], dr: Any, dr_key: str) -> None:
    """Cover question 1 of aws_rds.md 13."""
    with settings(lab, rules={"single_step_instances": False}):
        assert copy_code(dr, shared["DBSnapshotArn"], KmsKeyId=dr_key) == "InvalidParameterValue"


def test_an_unencrypted_instance_snapshot_becomes_encrypted(rds: Any, open_key: str) -> None:
    source = automated(rds, "catalog")
    assert (source["Encrypted"], source["StorageEncryptionType"]) == (False, "none")
    copy = copied(rds, source["DBSnapshotArn"], KmsKeyId=open_key)
    assert (copy["Encrypted"], copy["KmsKeyId"]) == (True, open_key)


def test_an_unencrypted_cluster_snapshot_does_not(lab: Lab, rds: Any, open_key: str) -> None:
    """Follow aws_rds.md 1.3."""
    name = fresh("plain")
    with settings(lab, rules={"aurora_encrypted_by_default": False}):
        rds.create_db_cluster(
            DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="me",
            MasterUserPassword="secret-secret",
        )  # fmt: skip
    rds.get_waiter("db_cluster_available").wait(DBClusterIdentifier=name, WaiterConfig={"Delay": 1})
    rds.create_db_cluster_snapshot(DBClusterIdentifier=name, DBClusterSnapshotIdentifier=f"{name}-1")
    rds.get_waiter("db_cluster_snapshot_available").wait(
        DBClusterSnapshotIdentifier=f"{name}-1", WaiterConfig={"Delay": 1}
    )
    refused = code_of(
        rds.copy_db_cluster_snapshot,
        SourceDBClusterSnapshotIdentifier=f"{name}-1",
        TargetDBClusterSnapshotIdentifier=fresh("copy"),
        KmsKeyId=open_key,
    )
    assert refused == "InvalidParameterCombination"
    assert cluster_copied(rds, f"{name}-1")["StorageEncryptionType"] == "none"
    rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)


def test_a_key_that_is_not_there_is_refused(rds: Any) -> None:
    source = automated(rds, "orders")["DBSnapshotArn"]
    for name in ("alias/none", "12345678-1234-1234-1234-123456789012",
                 "arn:aws:kms:us-west-2:999999999999:key/12345678-1234-1234-1234-123456789012"):  # fmt: skip
        assert copy_code(rds, source, KmsKeyId=name) == NOT_ACCESSIBLE


@pytest.mark.parametrize("state", ["disabled", "pending deletion"])
def test_a_key_must_be_enabled_as_source_and_as_target(lab: Lab, rds: Any, state: str) -> None:
    kms = lab.client("production", "kms")
    key = make_key(kms, PRODUCTION)
    stored = copied(rds, automated(rds, "orders")["DBSnapshotArn"], KmsKeyId=key)["DBSnapshotArn"]
    if state == "disabled":
        kms.disable_key(KeyId=key)
    else:
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert copy_code(rds, automated(rds, "orders")["DBSnapshotArn"], KmsKeyId=key) == NOT_ACCESSIBLE
    assert copy_code(rds, stored) == NOT_ACCESSIBLE
    refused = code_of(
        rds.restore_db_instance_from_db_snapshot, DBInstanceIdentifier=fresh("dead"), DBSnapshotIdentifier=stored
    )
    assert refused == NOT_ACCESSIBLE


def test_the_source_key_must_admit_the_other_account(rds: Any, dr: Any, dr_key: str) -> None:
    closed = copied(rds, automated(rds, "billing")["DBSnapshotArn"])
    share(rds, closed["DBSnapshotIdentifier"], DR)
    assert copy_code(dr, closed["DBSnapshotArn"], KmsKeyId=dr_key) == NOT_ACCESSIBLE


def test_a_key_of_another_account_may_be_used_if_it_admits_the_caller(
    shared: dict[str, Any], dr_here: Any, open_key: str
) -> None:
    """Allow it as AWS does, although the copy then depends on the other account for good."""
    assert copied(dr_here, shared["DBSnapshotArn"], KmsKeyId=open_key)["KmsKeyId"] == open_key


def test_a_role_needs_the_key_actions_of_a_copy(lab: Lab, shared: dict[str, Any], dr_key: str) -> None:
    iam = lab.client("production_dr", "iam")
    make_role(iam, "copier", DR, "rds:*", "kms:DescribeKey")
    copier = lab.client("copier", "rds")
    assert copy_code(copier, shared["DBSnapshotArn"], KmsKeyId=dr_key) == NOT_ACCESSIBLE
    iam.attach_role_policy(RoleName="copier", PolicyArn=_policy(iam))
    assert copied(copier, shared["DBSnapshotArn"], KmsKeyId=dr_key)["KmsKeyId"] == dr_key


def _policy(iam: Any) -> str:
    document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}'
    return iam.create_policy(PolicyName="keys", PolicyDocument=document)["Policy"]["Arn"]


def test_the_managed_key_is_the_accounts_own_and_managed_by_aws(lab: Lab, rds: Any) -> None:
    kms = lab.client("production", "kms")
    key = kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]
    assert key["KeyManager"] == "AWS"
    assert key["Arn"] == automated(rds, "orders")["KmsKeyId"]
    assert kms.describe_key(KeyId="alias/shop-data")["KeyMetadata"]["KeyManager"] == "CUSTOMER"
    other = lab.client("production", "kms", "eu-west-1").describe_key(KeyId="alias/aws/rds")["KeyMetadata"]
    assert other["Arn"] != key["Arn"]
    aliases = {row["AliasName"]: row["TargetKeyId"] for row in kms.list_aliases()["Aliases"]}
    assert aliases["alias/aws/rds"] == key["KeyId"]
    assert code_of(kms.disable_key, KeyId=key["Arn"]) == "AccessDeniedException"


def test_another_accounts_key_is_described_if_its_policy_admits_the_caller(lab: Lab, open_key: str) -> None:
    dr_kms = lab.client("production_dr", "kms", "us-west-2")
    assert dr_kms.describe_key(KeyId=open_key)["KeyMetadata"]["AWSAccountId"] == PRODUCTION
    closed = make_key(lab.client("production", "kms"), PRODUCTION)
    assert code_of(dr_kms.describe_key, KeyId=closed) == "AccessDeniedException"


def test_cluster_copies_follow_the_same_rules(lab: Lab, rds: Any, dr: Any, dr_key: str) -> None:
    source = automated_cluster(rds, "events")
    there = lab.client("production", "rds", "eu-west-1")
    refused = code_of(
        there.copy_db_cluster_snapshot,
        SourceDBClusterSnapshotIdentifier=source["DBClusterSnapshotArn"],
        TargetDBClusterSnapshotIdentifier=fresh("copy"),
    )
    assert refused == NOT_ACCESSIBLE
    copy = cluster_copied(there, source["DBClusterSnapshotArn"], KmsKeyId="alias/aws/rds")
    assert (copy["StorageEncrypted"], copy["StorageEncryptionType"]) == (True, "sse-kms")


def test_a_snapshot_row_says_how_it_is_encrypted(rds: Any) -> None:
    assert automated(rds, "orders")["Encrypted"] is True
    assert "KmsKeyId" not in automated(rds, "catalog")


def test_the_kinds_of_storage_have_names_and_an_aws_owned_key_is_never_shown() -> None:
    key = f"arn:aws:kms:us-west-2:{PRODUCTION}:key/1"
    assert [keys.storage_type(each) for each in (None, key, keys.AWS_OWNED)] == ["none", "sse-kms", "sse-rds"]
    assert [keys.shown(each) for each in (None, key, keys.AWS_OWNED)] == [None, key, None]
