# SPDX-License-Identifier: GPL-3.0-or-later
"""New databases from snapshots: new servers on copies of their files."""

from __future__ import annotations

from typing import Any

from lab import keys
from lab.errors import AwsError
from lab.rds import databases, logins, names, network, rows
from lab.rds.kinds import CLUSTER, INSTANCE, Kind
from lab.rds.stored import Snapshot
from lab.rds.world import Call, Database, World

# What a restored database does not take over from its source.
OWN_CHOICE = ("DeletionProtection", "CopyTagsToSnapshot", "DBSubnetGroupName", "VpcSecurityGroupIds",
              "PubliclyAccessible", "BackupRetentionPeriod", "MultiAZ", "DBClusterIdentifier",
              "DBParameterGroupName", "DBClusterParameterGroupName", "OptionGroupName")  # fmt: skip


def restore_instance(world: World, call: Call) -> dict[str, Any]:
    """RestoreDBInstanceFromDBSnapshot."""
    params = call.params
    name = databases.new_name(world, call, INSTANCE)
    if bool(params.get("DBSnapshotIdentifier")) == bool(params.get("DBClusterSnapshotIdentifier")):
        raise AwsError(
            "InvalidParameterCombination", "Give one of DBSnapshotIdentifier and DBClusterSnapshotIdentifier."
        )
    if params.get("DBClusterSnapshotIdentifier"):
        raise AwsError(
            "InvalidParameterCombination", "Only snapshots of Multi-AZ DB clusters become instances, never Aurora's."
        )
    snapshot = _source(world, call, INSTANCE, params["DBSnapshotIdentifier"])
    if snapshot.account != call.account and snapshot.key:
        # RDS User Guide, sharing an encrypted snapshot: it has to be copied first.
        raise AwsError(
            INSTANCE.snapshot_bad_state,
            "A snapshot that is both shared and encrypted cannot be restored. Copy it into your account first.",
        )
    world.keys.check_stored(snapshot.key, call.caller, keys.TO_RUN, call.region)
    found = _restore(
        world,
        call,
        snapshot,
        name,
        snapshot.key,
        world.settings.seconds_for("restore_instance", snapshot.portrait.storage),
    )
    return {"DBInstance": rows.instance(world, found)}


def restore_cluster(world: World, call: Call) -> dict[str, Any]:
    """RestoreDBClusterFromSnapshot: the cluster alone, without members."""
    params = call.params
    name = databases.new_name(world, call, CLUSTER)
    if f":{INSTANCE.snapshot_arn_type}:" in params["SnapshotIdentifier"]:
        raise AwsError("InvalidParameterCombination", "The lab has no Multi-AZ DB clusters.")
    snapshot = _source(world, call, CLUSTER, params["SnapshotIdentifier"])
    if params.get("BackupRetentionPeriod") == 0:
        raise AwsError("InvalidParameterValue", "Invalid backup retention period: 0. It is at least 1 for a cluster.")
    world.keys.check_stored(snapshot.key, call.caller, keys.TO_RUN, call.region)
    key = snapshot.key
    if params.get("KmsKeyId"):
        key = world.keys.for_rds(params["KmsKeyId"], call.caller, call.region, keys.TO_RUN).arn
    found = _restore(world, call, snapshot, name, key, world.settings.seconds("restore_cluster"))
    return {"DBCluster": rows.cluster(world, found)}


def _source(world: World, call: Call, kind: Kind, name: str) -> Snapshot:
    snapshot = world.snapshot(kind, name, call.account, call.region)
    if snapshot.status(world.now()) != "available":
        raise AwsError(kind.snapshot_bad_state, f"{kind.snapshot} {name} is not in the available state.")
    engine = call.params.get("Engine") or snapshot.portrait.engine
    if engine != snapshot.portrait.engine:
        raise AwsError(
            "InvalidParameterCombination", f"The snapshot's engine is {snapshot.portrait.engine}, not {engine}."
        )
    if snapshot.frozen.has_files:
        databases.check_engine(world, {"EngineVersion": None, **call.params, "Engine": engine}, kind)
    if (call.params.get("AllocatedStorage") or snapshot.portrait.storage) < snapshot.portrait.storage:
        raise AwsError("InvalidParameterValue", "AllocatedStorage cannot be less than the snapshot's.")
    network.check(world, call)
    logins.check_option(world, engine, call.params)
    return snapshot


def _restore(world: World, call: Call, snapshot: Snapshot, name: str, key: str | None, duration: float) -> Database:
    about, now = snapshot.portrait, world.now()
    kept = {option: value for option, value in about.options.items() if option not in OWN_CHOICE}
    found = Database(
        snapshot.kind, call.account, call.region, name, about.engine, about.version, about.master_username,
        about.database_name, key, now + duration, now,
        storage=call.params.get("AllocatedStorage") or about.storage,
        tags=names.tags(call.params.get("Tags")) or _inherited(world, call, snapshot),
        options=kept | databases.options(call.params, retention=about.options.get("BackupRetentionPeriod", 1)),
    )  # fmt: skip
    fault = world.faults.strikes("unreachable-restore", call.account, call.region, resource=name)
    found.unreachable = fault is not None
    world.place(call.account, call.region).databases[snapshot.kind.name][name] = found
    if snapshot.frozen.has_files:
        frozen = snapshot.frozen.share()
        found.server = world.engines.server(about.engine)
        world.then(found, lambda: _thaw(world, found, frozen))
    return found


def _inherited(world: World, call: Call, snapshot: Snapshot) -> dict[str, str]:
    """Without tags in the request, those of the source database, in its own account (RDS User Guide, tagging)."""
    for found in world.place(call.account, call.region).databases[snapshot.kind.name].values():
        if found.resource_id == snapshot.portrait.resource_id:
            return dict(found.tags)
    return {}


def _thaw(world: World, found: Database, frozen: Any) -> None:
    server = databases.server_of(found)
    try:
        world.engines.fill(server, frozen.path())
    finally:
        frozen.release()
    if not found.unreachable and not found.is_cluster:
        server.start()
