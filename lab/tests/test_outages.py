# SPDX-License-Identifier: GPL-3.0-or-later
"""Test an account that goes dark, and comes back."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from helpers import DR, PRODUCTION, automated, code_of, copied, done, make_role, settings, share, snapshot  # fmt: skip
from lifeboat_lab import Lab
from lifeboat_lab.testing import connect, fresh, instance, until

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture(scope="module")
def dark(lab: Lab, rds: Any, dr: Any, dr_here: Any, open_key: str, dr_key: str) -> Iterator[dict[str, Any]]:
    """Take production away, and return what the DR account has: a share, a copy under production's key, one under its
    own."""
    source = copied(rds, automated(rds, "billing")["DBSnapshotArn"], KmsKeyId=open_key)
    share(rds, source["DBSnapshotIdentifier"], DR)
    bad = copied(dr_here, source["DBSnapshotArn"], KmsKeyId=open_key)
    good = copied(dr, source["DBSnapshotArn"], KmsKeyId=dr_key)
    late = fresh("late")
    with settings(lab, scale=300):
        dr.copy_db_snapshot(
            SourceDBSnapshotIdentifier=source["DBSnapshotArn"], TargetDBSnapshotIdentifier=late, KmsKeyId=dr_key
        )
    port = instance(rds, "orders")["Endpoint"]
    make_role(lab.client("production", "iam"), "open-to-dr", DR, "rds:*")
    lab.admin("POST", "dark", {"account": "production"})
    yield {"source": source, "bad": bad, "good": good, "late": late, "endpoint": port}
    lab.admin("POST", "dark", {"account": "production", "dark": False})
    assert instance(rds, "orders")["DBInstanceStatus"] == "available"
    with pytest.raises(psycopg.OperationalError, match="password"):
        connect(instance(rds, "orders"))


def test_no_call_is_answered(lab: Lab, dark: dict[str, Any]) -> None:
    for service, operation in (
        ("rds", "describe_db_instances"),
        ("sts", "get_caller_identity"),
        ("s3", "list_buckets"),
    ):
        with pytest.raises(ConnectionClosedError):
            getattr(lab.client("production", service, config=ONCE), operation)()


def test_nobody_else_gets_the_port_of_a_database_that_is_to_come_back(dark: dict[str, Any]) -> None:
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((dark["endpoint"]["Address"], dark["endpoint"]["Port"]))


def test_nobody_gets_in_through_a_role(lab: Lab, dark: dict[str, Any]) -> None:
    with pytest.raises(ConnectionClosedError):
        lab.client("production_dr", "sts", config=ONCE).assume_role(
            RoleArn=f"arn:aws:iam::{PRODUCTION}:role/open-to-dr", RoleSessionName="test"
        )


def test_what_it_shared_is_gone(dark: dict[str, Any], dr_here: Any, dr: Any, dr_key: str) -> None:
    arn = dark["source"]["DBSnapshotArn"]
    assert dr_here.describe_db_snapshots(SnapshotType="shared")["DBSnapshots"] == []
    assert code_of(dr_here.describe_db_snapshots, DBSnapshotIdentifier=arn) == "DBSnapshotNotFound"
    refused = code_of(
        dr.copy_db_snapshot,
        SourceDBSnapshotIdentifier=arn,
        TargetDBSnapshotIdentifier=fresh("copy"),
        KmsKeyId=dr_key,
    )
    assert refused == "DBSnapshotNotFound"


def test_what_is_under_its_keys_is_lost_for_its_owner_too(
    lab: Lab, dark: dict[str, Any], dr_here: Any, dr_key_here: str, open_key: str
) -> None:
    name = dark["bad"]["DBSnapshotIdentifier"]
    copy = code_of(
        dr_here.copy_db_snapshot,
        SourceDBSnapshotIdentifier=name,
        TargetDBSnapshotIdentifier=fresh("copy"),
        KmsKeyId=dr_key_here,
    )
    restore = code_of(
        dr_here.restore_db_instance_from_db_snapshot,
        DBInstanceIdentifier=fresh("lost"),
        DBSnapshotIdentifier=name,
    )
    assert (copy, restore) == ("KMSKeyNotAccessibleFault", "KMSKeyNotAccessibleFault")
    described = code_of(lab.client("production_dr", "kms", "us-west-2").describe_key, KeyId=open_key)
    assert described == "AccessDeniedException"


def test_what_is_under_an_own_key_can_be_restored(dark: dict[str, Any], dr: Any) -> None:
    name = fresh("saved")
    dr.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=name, DBSnapshotIdentifier=dark["good"]["DBSnapshotIdentifier"]
    )
    until(lambda: instance(dr, name)["DBInstanceStatus"] == "available")
    dr.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def test_a_copy_that_was_under_way_fails(dark: dict[str, Any], dr: Any) -> None:
    assert until(lambda: done(snapshot(dr, dark["late"])))["Status"] == "failed"


def test_its_databases_do_not_answer(dark: dict[str, Any]) -> None:
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(host="127.0.0.1", port=dark["endpoint"]["Port"], user="shop", password="x", dbname="orders")


def test_unanswered_calls_are_in_the_log(lab: Lab, dark: dict[str, Any]) -> None:
    with pytest.raises(ConnectionClosedError):
        lab.client("production", "rds", config=ONCE).describe_db_clusters()
    last = lab.calls(account=PRODUCTION)[-1]
    assert (last["action"], last["error"], "status" in last) == ("DescribeDBClusters", "no answer", False)
