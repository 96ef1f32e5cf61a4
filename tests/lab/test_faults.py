# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from botocore.config import Config

from lab import Lab
from tests.lab.helpers import automated, code_of, connect, copied, fresh, instance, until

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def faults(lab: Lab) -> Iterator[Any]:
    yield lambda **fault: lab.admin("POST", "faults", fault)
    lab.admin("DELETE", "faults")


def test_an_action_fails_as_often_as_told(lab: Lab, dr: Any, faults: Any) -> None:
    client = lab.client("production_dr", "rds", config=ONCE)
    faults(kind="error", action="DescribeDBClusters", code="Throttling", message="Rate exceeded", status=400, count=2)
    outcomes = [code_of(client.describe_db_clusters) for _turn in range(2)]
    assert outcomes == ["Throttling", "Throttling"]
    assert client.describe_db_clusters()["DBClusters"] == []
    assert client.describe_db_instances()


def test_a_copy_ends_as_failed_on_request(rds: Any, faults: Any) -> None:
    faults(kind="failed-copy", account="production")
    source = automated(rds, "catalog")["DBSnapshotArn"]
    assert copied(rds, source)["Status"] == "failed"
    assert copied(rds, source)["Status"] == "available"


def test_a_restore_that_nobody_can_reach(rds: Any, faults: Any) -> None:
    faults(kind="unreachable-restore", account="production", count=None)
    name = fresh("mute")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=name, DBSnapshotIdentifier=automated(rds, "catalog")["DBSnapshotIdentifier"]
    )
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    rds.modify_db_instance(DBInstanceIdentifier=name, MasterUserPassword="a-new-password", ApplyImmediately=True)
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        connect(instance(rds, name))
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
