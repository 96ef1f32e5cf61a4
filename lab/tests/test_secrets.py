# SPDX-License-Identifier: GPL-3.0-or-later
"""Test master passwords that RDS keeps in Secrets Manager (aws_rds.md 7.1, 7.2; RDS User Guide, its password page)."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from helpers import automated, automated_cluster, code_of, restored, settings  # fmt: skip
from lifeboat_lab import Lab
from lifeboat_lab.testing import PASSWORD, ask, cluster, connect, delete, fresh, instance, until, usable


@pytest.fixture(scope="module")
def vault(lab: Lab) -> Any:
    """Return Secrets Manager as the production account sees it at home."""
    return lab.client("production", "secretsmanager")


@pytest.fixture(scope="module")
def managed(rds: Any) -> dict[str, Any]:
    """Restore an instance whose password RDS manages."""
    name = restored(rds, automated(rds, "catalog")["DBSnapshotIdentifier"])["DBInstanceIdentifier"]
    rds.modify_db_instance(DBInstanceIdentifier=name, ManageMasterUserPassword=True, ApplyImmediately=True)
    return usable(rds, name)


def value(vault: Any, row: dict[str, Any]) -> dict[str, str]:
    """Return what is in a database's secret."""
    answer = vault.get_secret_value(SecretId=row["MasterUserSecret"]["SecretArn"])
    found: dict[str, str] = json.loads(answer["SecretString"])
    return found


def test_the_secret_has_the_only_password_that_opens_the_door(vault: Any, managed: dict[str, Any]) -> None:
    found = value(vault, managed)
    assert found["username"] == managed["MasterUsername"]
    assert ask(managed, "SELECT count(*) FROM products", password=found["password"]) == 3000
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(managed)


def test_the_row_says_where_it_is(vault: Any, managed: dict[str, Any]) -> None:
    secret = managed["MasterUserSecret"]
    assert ":secret:rds!db-" in secret["SecretArn"]
    assert secret["SecretStatus"] == "active"
    assert secret["KmsKeyId"].startswith("arn:aws:kms:us-west-2:111111111111:key/")
    about = vault.describe_secret(SecretId=secret["SecretArn"])
    assert about["OwningService"] == "rds"
    assert {"Key": "aws:rds:primaryDBInstanceArn", "Value": managed["DBInstanceArn"]} in about["Tags"]


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("delete_secret", {}),
        ("put_secret_value", {"SecretString": "x"}),
        ("update_secret", {"SecretString": "x"}),
        ("rotate_secret", {}),
    ],
)
def test_nobody_else_changes_it(vault: Any, managed: dict[str, Any], action: str, more: dict[str, Any]) -> None:
    arn = managed["MasterUserSecret"]["SecretArn"]
    assert code_of(getattr(vault, action), SecretId=arn, **more) == "InvalidRequestException"
    assert value(vault, managed)


def test_other_secrets_are_their_owners(vault: Any) -> None:
    name = fresh("mine")
    vault.create_secret(Name=name, SecretString="x")
    vault.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_a_managed_password_is_not_given_as_well(rds: Any, managed: dict[str, Any]) -> None:
    name = managed["DBInstanceIdentifier"]
    for wrong in (
        {"MasterUserPassword": PASSWORD},
        {"MasterUserPassword": PASSWORD, "ManageMasterUserPassword": True},
        {"ManageMasterUserPassword": False},
        {"MasterUserSecretKmsKeyId": "alias/shop-data"},
        {"RotateMasterUserPassword": True},
    ):
        refused = code_of(rds.modify_db_instance, DBInstanceIdentifier=name, **wrong)
        assert refused == "InvalidParameterCombination", wrong


def test_rotation_makes_a_new_password_and_keeps_the_secret(
    lab: Lab, rds: Any, vault: Any, managed: dict[str, Any]
) -> None:
    name, before = managed["DBInstanceIdentifier"], value(vault, managed)["password"]
    with settings(lab, scale=600):
        rds.modify_db_instance(DBInstanceIdentifier=name, RotateMasterUserPassword=True, ApplyImmediately=True)
        row = instance(rds, name)
        assert (row["DBInstanceStatus"], row["MasterUserSecret"]["SecretStatus"]) == (
            "resetting-master-credentials", "rotating",
        )  # fmt: skip
    row = usable(rds, name)
    after = value(vault, row)["password"]
    assert after != before
    assert row["MasterUserSecret"]["SecretArn"] == managed["MasterUserSecret"]["SecretArn"]
    assert ask(row, "SELECT 1", password=after) == 1
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(row, password=before)


def test_switched_off_the_secret_is_gone_and_the_given_password_holds(rds: Any, vault: Any) -> None:
    name = restored(rds, automated(rds, "catalog")["DBSnapshotIdentifier"])["DBInstanceIdentifier"]
    rds.modify_db_instance(DBInstanceIdentifier=name, ManageMasterUserPassword=True)
    secret = usable(rds, name)["MasterUserSecret"]["SecretArn"]
    rds.modify_db_instance(DBInstanceIdentifier=name, ManageMasterUserPassword=False, MasterUserPassword=PASSWORD)
    row = usable(rds, name)
    assert "MasterUserSecret" not in row
    assert ask(row, "SELECT 1") == 1
    assert code_of(vault.get_secret_value, SecretId=secret) == "ResourceNotFoundException"
    delete(rds, name)


def test_a_new_instance_may_have_one_from_the_start_and_takes_it_along(lab: Lab, rds: Any, vault: Any) -> None:
    name = fresh("managed")
    rds.create_db_instance(
        DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
        MasterUsername="me", ManageMasterUserPassword=True, MasterUserSecretKmsKeyId="alias/shop-data", DBName="things",
    )  # fmt: skip
    row = usable(rds, name)
    assert ask(row, "SELECT current_user", password=value(vault, row)["password"]) == "me"
    key = lab.client("production", "kms").describe_key(KeyId="alias/shop-data")["KeyMetadata"]["Arn"]
    assert row["MasterUserSecret"]["KmsKeyId"] == key
    delete(rds, name)
    gone = code_of(vault.get_secret_value, SecretId=row["MasterUserSecret"]["SecretArn"])
    assert gone == "ResourceNotFoundException"


def test_a_cluster_has_one_of_its_own_and_its_members_have_none(rds: Any, vault: Any) -> None:
    name = fresh("managed")
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier=name, Engine="aurora-postgresql",
        SnapshotIdentifier=automated_cluster(rds, "events")["DBClusterSnapshotIdentifier"],
    )  # fmt: skip
    until(lambda: cluster(rds, name)["Status"] == "available")
    rds.modify_db_cluster(DBClusterIdentifier=name, ManageMasterUserPassword=True, ApplyImmediately=True)
    row = until(lambda: (row := cluster(rds, name))["Status"] == "available" and row)
    assert ":secret:rds!cluster-" in row["MasterUserSecret"]["SecretArn"]
    member = f"{name}-1"
    rds.create_db_instance(
        DBInstanceIdentifier=member, DBClusterIdentifier=name, DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
    )  # fmt: skip
    found = usable(rds, member)
    assert "MasterUserSecret" not in found
    refused = code_of(rds.modify_db_instance, DBInstanceIdentifier=member, ManageMasterUserPassword=True)
    assert refused == "InvalidParameterCombination"
    assert ask(found, "SELECT count(*) FROM events", database="events", password=value(vault, row)["password"]) == 3000
    rds.delete_db_instance(DBInstanceIdentifier=member)
    rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)


def test_at_the_restore_of_an_instance_it_is_for_oracle_only(rds: Any, empty_lab: Lab) -> None:
    """Follow aws_rds.md 7.1."""
    prefix = fresh("sown")
    empty_lab.admin(
        "POST", "seed", {"account": "production", "prefix": prefix, "snapshots": 1, "engine": "oracle-ee",
                         "version": "19.0.0.0.ru-2025-07.rur-2025-07.r1"},
    )  # fmt: skip
    bare, name = empty_lab.client("production", "rds"), fresh("oracle")
    bare.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=name, ManageMasterUserPassword=True,
        DBSnapshotIdentifier=automated(bare, f"{prefix}-00000")["DBSnapshotIdentifier"],
    )  # fmt: skip
    found = value(empty_lab.client("production", "secretsmanager"), instance(bare, name))
    assert found["username"] == instance(bare, name)["MasterUsername"]
    refused = code_of(
        rds.restore_db_instance_from_db_snapshot, DBInstanceIdentifier=fresh("no"), ManageMasterUserPassword=True,
        DBSnapshotIdentifier=automated(rds, "catalog")["DBSnapshotIdentifier"],
    )  # fmt: skip
    assert refused == "InvalidParameterCombination"
