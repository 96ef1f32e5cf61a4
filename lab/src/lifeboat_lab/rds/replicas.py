# SPDX-License-Identifier: GPL-3.0-or-later
"""Make read replicas as metadata, promote them, and list global databases (RDS API Reference)."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import creation, database_rows, names, paging, replication, requested
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE
from lifeboat_lab.rds.world import Call, World


def create(world: World, call: Call) -> dict[str, Any]:
    """Answer CreateDBInstanceReadReplica. Automated backups of a replica are off until somebody turns them on."""
    if not world.engines.metadata_only:
        raise AwsError("InvalidAction", "The lab makes read replicas only as metadata, without database servers.")
    source = _source(world, call)
    name = requested.new_name(world, call, INSTANCE)
    requested.check_quota(world, call, INSTANCE)
    requested.check_numbers(call.params, INSTANCE)
    now = world.now()
    found = Database(
        INSTANCE, call.account, call.region, name, source.engine, source.version, source.master_username,
        source.database_name, _key(world, call, source), now + world.settings.seconds("create"), now,
        storage=source.storage, tags=names.tags(call.params.get("Tags")),
        options={
            "DBInstanceClass": source.options.get("DBInstanceClass"),
            **requested.kept(call.params), "BackupRetentionPeriod": 0,
        },
    )  # fmt: skip
    creation.register(world, found)
    replication.attach(world, found, source.arn)
    creation.begin(world, found)
    return {"DBInstance": database_rows.instance(world, found)}


def promote(world: World, call: Call) -> dict[str, Any]:
    """Answer PromoteReadReplica: from now on it is a database of its own, with backups."""
    found = world.database(INSTANCE, call.params["DBInstanceIdentifier"], call.account, call.region)
    if not found.source_arn:
        raise AwsError(INSTANCE.bad_state, f"DB instance {found.identifier} is not a read replica.")
    replication.detach(found)
    days = call.params.get("BackupRetentionPeriod")
    found.options["BackupRetentionPeriod"] = 1 if days is None else days
    return {"DBInstance": database_rows.instance(world, found)}


def describe_globals(world: World, call: Call) -> dict[str, Any]:
    """Answer DescribeGlobalClusters: those that have a cluster of the caller's, in whatever Region."""
    mine = [found for found in world.databases() if found.global_cluster and found.account == call.account]
    wanted = call.params.get("GlobalClusterIdentifier")
    known = sorted({found.global_cluster for found in mine if wanted in (None, found.global_cluster)})
    if wanted and not known:
        raise AwsError("GlobalClusterNotFoundFault", f"Global cluster {wanted} not found.", 404)
    page, marker = paging.page(known, call.params, str)
    return {"GlobalClusters": [_global_row(call, name, mine) for name in page], "Marker": marker}


def _global_row(call: Call, name: str, mine: list[Database]) -> dict[str, Any]:
    clusters = [found for found in mine if found.global_cluster == name]
    readers = [found.arn for found in clusters if found.source_arn]
    return {
        "GlobalClusterIdentifier": name,
        "GlobalClusterArn": f"arn:aws:rds::{call.account}:global-cluster:{name}",
        "Status": "available",
        "Engine": clusters[0].engine,
        "EngineVersion": clusters[0].version,
        "GlobalClusterMembers": [
            {
                "DBClusterArn": found.arn,
                "IsWriter": not found.source_arn,
                "Readers": [] if found.source_arn else readers,
            }
            for found in clusters
        ],
    }


def _source(world: World, call: Call) -> Database:
    """Return the database to replicate.

    :raises AwsError: when there is none, or it has no automated backups.
    """
    params = call.params
    name, cluster = params.get("SourceDBInstanceIdentifier"), params.get("SourceDBClusterIdentifier")
    if bool(name) == bool(cluster):
        raise AwsError("InvalidParameterCombination", "Give SourceDBInstanceIdentifier or SourceDBClusterIdentifier.")
    kind = INSTANCE if name else CLUSTER
    given = str(name or cluster)
    region = given.split(":")[3] if given.startswith("arn:") else call.region
    found = world.database(kind, given, call.account, region)
    if not found.is_usable(world.now()):
        raise AwsError(kind.bad_state, f"{kind.noun} {found.identifier} is not in the available state.")
    if not found.options.get("BackupRetentionPeriod"):
        raise AwsError(
            kind.bad_state,
            "Automated backups are not enabled for this database instance. To enable automated backups, use "
            "ModifyDBInstance to set the backup retention period to a non-zero value.",
        )
    return found


def _key(world: World, call: Call, source: Database) -> str | None:
    """Return the key of a replica: its source's, and in another Region one of that Region.

    :raises AwsError: when the source is encrypted, and the other Region's key is not given.
    """
    if source.region == call.region or source.key is None:
        return source.key
    if not call.params.get("KmsKeyId"):
        raise AwsError("InvalidParameterCombination", "KmsKeyId is needed for an encrypted replica in another Region.")
    return requested.key(world, Call(call.caller, call.region, call.action, {**call.params, "Engine": source.engine}))
