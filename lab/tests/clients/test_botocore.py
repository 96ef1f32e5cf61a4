# SPDX-License-Identifier: GPL-3.0-or-later
"""Test botocore's own paginators and waiters of RDS (aws_rds.md 3, 8), with shorter delays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError, WaiterError

from helpers import settings
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh

WHO = {"MasterUsername": "keeper", "MasterUserPassword": "a-password"}
SOON = {"Delay": 0.02, "MaxAttempts": 200}
FEW = {"Delay": 0.02, "MaxAttempts": 3}
PLACE = "eu-central-1"


@pytest.fixture(scope="module")
def here(quick: Lab) -> Any:
    return quick.client("production", "rds", PLACE)


def made_instance(here: Any, prefix: str = "waited") -> str:
    name = fresh(prefix)
    here.create_db_instance(
        DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20, **WHO
    )
    return name


def made_cluster(here: Any, prefix: str = "waited") -> str:
    name = fresh(prefix)
    here.create_db_cluster(DBClusterIdentifier=name, Engine="aurora-postgresql", **WHO)
    return name


@pytest.fixture(scope="module")
def instance(here: Any) -> str:
    return made_instance(here)


@pytest.fixture(scope="module")
def cluster(here: Any) -> str:
    return made_cluster(here)


def made_snapshot(here: Any, instance: str) -> str:
    name = fresh("waited")
    here.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=instance)
    return name


def made_cluster_snapshot(here: Any, cluster: str) -> str:
    name = fresh("waited")
    here.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=name, DBClusterIdentifier=cluster)
    return name


def wait(here: Any, waiter: str, config: dict[str, Any] | None = None, **wanted: Any) -> None:
    here.get_waiter(waiter).wait(WaiterConfig=config or SOON, **wanted)


def reason(here: Any, waiter: str, **wanted: Any) -> str:
    """Return why a waiter gave up."""
    with pytest.raises(WaiterError) as caught:
        wait(here, waiter, FEW, **wanted)
    return str(caught.value)


def test_db_instance_available_and_deleted(quick: Lab, here: Any) -> None:
    with settings(quick, scale=1, durations={"create": 0.2, "delete": 0.2}):
        name = made_instance(here)
        wait(here, "db_instance_available", DBInstanceIdentifier=name)
        here.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        assert '"deleting" at least once' in reason(here, "db_instance_available", DBInstanceIdentifier=name)
        wait(here, "db_instance_deleted", DBInstanceIdentifier=name)


def test_db_cluster_available_and_deleted(quick: Lab, here: Any) -> None:
    with settings(quick, scale=1, durations={"create": 0.2, "delete": 0.2}):
        name = made_cluster(here)
        wait(here, "db_cluster_available", DBClusterIdentifier=name)
        here.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)
        wait(here, "db_cluster_deleted", DBClusterIdentifier=name)


def test_db_snapshot_available_and_deleted(quick: Lab, here: Any, instance: str) -> None:
    with settings(quick, scale=1, durations={"snapshot": 0.2, "snapshot_gib": 0}):
        name = made_snapshot(here, instance)
        assert "creating" in reason(here, "db_snapshot_deleted", DBSnapshotIdentifier=name)
        wait(here, "db_snapshot_available", DBSnapshotIdentifier=name)
        here.delete_db_snapshot(DBSnapshotIdentifier=name)
        wait(here, "db_snapshot_deleted", DBSnapshotIdentifier=name)


def test_db_cluster_snapshot_available_and_deleted(quick: Lab, here: Any, cluster: str) -> None:
    with settings(quick, scale=1, durations={"snapshot": 0.2, "snapshot_gib": 0}):
        name = made_cluster_snapshot(here, cluster)
        wait(here, "db_cluster_snapshot_available", DBClusterSnapshotIdentifier=name)
        here.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)
        wait(here, "db_cluster_snapshot_deleted", DBClusterSnapshotIdentifier=name)


def test_db_snapshot_completed_takes_a_vanished_snapshot_for_done(here: Any, instance: str) -> None:
    wait(here, "db_snapshot_completed", DBSnapshotIdentifier=made_snapshot(here, instance))
    wait(here, "db_snapshot_completed", DBSnapshotIdentifier="never-was")


def test_waiters_for_availability_give_up_on_a_vanished_thing(here: Any) -> None:
    assert "DBSnapshotNotFound" in reason(here, "db_snapshot_available", DBSnapshotIdentifier="never-was")
    assert "DBInstanceNotFound" in reason(here, "db_instance_available", DBInstanceIdentifier="never-was")


def failed_copy(quick: Lab, copy: Callable[..., Any], source: str) -> str:
    quick.admin("POST", "faults", {"kind": "failed-copy", "resource": source})
    copy(source, name := fresh("bad"))
    return name


def test_a_failed_copy_ends_the_waiter_but_not_the_one_for_completion(quick: Lab, here: Any, instance: str) -> None:
    def copy(source: str, target: str) -> None:
        here.copy_db_snapshot(SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=target)

    name = failed_copy(quick, copy, made_snapshot(here, instance))
    assert "failed" in reason(here, "db_snapshot_available", DBSnapshotIdentifier=name)
    assert "Max attempts exceeded" in reason(here, "db_snapshot_completed", DBSnapshotIdentifier=name)


def test_a_failed_cluster_copy_ends_the_waiter(quick: Lab, here: Any, cluster: str) -> None:
    def copy(source: str, target: str) -> None:
        here.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=source, TargetDBClusterSnapshotIdentifier=target
        )

    name = failed_copy(quick, copy, made_cluster_snapshot(here, cluster))
    assert "failed" in reason(here, "db_cluster_snapshot_available", DBClusterSnapshotIdentifier=name)


@pytest.mark.parametrize("waiter", ["tenant_database_available", "tenant_database_deleted"])
def test_there_are_no_tenant_databases(here: Any, waiter: str) -> None:
    assert "InvalidAction" in reason(here, waiter, DBInstanceIdentifier="x", TenantDBName="y")


def test_pages_of_twenty_have_everything_once(here: Any, instance: str) -> None:
    before = {row["DBSnapshotIdentifier"] for row in here.describe_db_snapshots()["DBSnapshots"]}
    names = {made_snapshot(here, instance) for _turn in range(25)} | before
    pages = list(here.get_paginator("describe_db_snapshots").paginate(PaginationConfig={"PageSize": 20}))
    found = [row["DBSnapshotIdentifier"] for page in pages for row in page["DBSnapshots"]]
    assert (len(pages[0]["DBSnapshots"]), sorted(found)) == (20, sorted(names))
    some = here.get_paginator("describe_db_snapshots").paginate(PaginationConfig={"MaxItems": 7}).build_full_result()
    assert len(some["DBSnapshots"]) == 7
    more = {"StartingToken": some["NextToken"]}
    rest = here.get_paginator("describe_db_snapshots").paginate(PaginationConfig=more).build_full_result()
    assert {row["DBSnapshotIdentifier"] for row in some["DBSnapshots"] + rest["DBSnapshots"]} == names


# What the paginators of the model need to be asked.
NEEDED: dict[str, dict[str, Any]] = {
    "describe_db_cluster_parameters": {"DBClusterParameterGroupName": "default.aurora-postgresql15"},
    "describe_db_parameters": {"DBParameterGroupName": "default.postgres15"},
    "describe_engine_default_cluster_parameters": {"DBParameterGroupFamily": "aurora-mysql8.0"},
    "describe_engine_default_parameters": {"DBParameterGroupFamily": "mariadb10.11"},
    "describe_option_group_options": {"EngineName": "oracle-ee"},
    "describe_orderable_db_instance_options": {"Engine": "postgres"},
}
PAGED = sorted(
    [*NEEDED, "describe_certificates", "describe_db_cluster_parameter_groups", "describe_db_cluster_snapshots",
     "describe_db_clusters", "describe_db_engine_versions", "describe_db_instances", "describe_db_parameter_groups",
     "describe_db_snapshots", "describe_db_subnet_groups", "describe_option_groups",
     "describe_db_major_engine_versions"]
)  # fmt: skip


@pytest.mark.parametrize("operation", PAGED)
def test_every_list_pages(here: Any, operation: str) -> None:
    paginator = here.get_paginator(operation)
    result = paginator.paginate(PaginationConfig={"PageSize": 20}, **NEEDED.get(operation, {})).build_full_result()
    assert result
    for size in (19, 101 if operation != "describe_orderable_db_instance_options" else 1001):
        # The limits of some are in the model, so that the client refuses by itself.
        with pytest.raises((ClientError, ParamValidationError), match=r"InvalidParameterValue|MaxRecords"):
            getattr(here, operation)(MaxRecords=size, **NEEDED.get(operation, {}))
