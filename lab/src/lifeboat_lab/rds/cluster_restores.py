# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer RestoreDBClusterFromSnapshot: Aurora data without members, or a whole Multi-AZ DB cluster (aws_rds.md 7.2)."""

from __future__ import annotations

from typing import Any

from lifeboat_lab import keys
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import creation, database_rows, requested, restores
from lifeboat_lab.rds.database import AURORA_LIKE
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import Call, World


def restore_cluster(world: World, call: Call) -> dict[str, Any]:
    params = call.params
    name = requested.new_name(world, call, CLUSTER)
    requested.check_quota(world, call, CLUSTER)
    snapshot = _source(world, call)
    engine = snapshot.portrait.engine
    restores.check_engine(call, engine)
    multi_az = not engine.startswith(AURORA_LIKE)
    version = restores.version_for(world, snapshot, params.get("EngineVersion"), CLUSTER, multi_az=multi_az)
    requested.check_numbers(params, CLUSTER)
    requested.check_place(world, call, CLUSTER, engine, version)
    # Its size is the snapshot's: the request has no AllocatedStorage.
    space = creation.space_for({**params, "AllocatedStorage": snapshot.portrait.storage}, engine, CLUSTER)
    found = restores.rebuild(
        world, call, CLUSTER, snapshot, name, version, _key(world, call, snapshot, multi_az=multi_az),
        world.settings.seconds("restore_cluster"), space,
    )  # fmt: skip
    creation.begin(world, found)
    return {"DBCluster": database_rows.cluster(world, found)}


def _source(world: World, call: Call) -> Snapshot:
    """Return a cluster snapshot by name or ARN; an instance's by ARN only, for a Multi-AZ DB cluster.

    :raises AwsError: when there is none that may be restored so.
    """
    name = call.params["SnapshotIdentifier"]
    if f":{INSTANCE.snapshot_arn_type}:" not in name:
        snapshot = restores.available(world, call, CLUSTER, name, CLUSTER.snapshot_bad_state)
        if snapshot.of_multi_az_cluster:
            restores.refuse_shared_and_encrypted(call, snapshot)
        return snapshot
    snapshot = restores.available(world, call, INSTANCE, name, INSTANCE.snapshot_bad_state)
    if snapshot.portrait.engine not in requested.MULTI_AZ_ENGINES:
        raise AwsError(
            "InvalidParameterCombination", f"A DB cluster cannot be made of {snapshot.portrait.engine} snapshots."
        )
    restores.refuse_shared_and_encrypted(call, snapshot)
    return snapshot


def _key(world: World, call: Call, snapshot: Snapshot, *, multi_az: bool) -> str | None:
    """Return the key to restore under: the given one, otherwise the snapshot's.

    Aurora storage is always encrypted since 2026-02-18 (aws_rds.md 0).

    :raises AwsError: when one of them cannot be used.
    """
    world.keys.check_stored(snapshot.key, call.caller, keys.TO_RUN, call.region)
    if name := call.params.get("KmsKeyId"):
        return world.keys.for_rds(name, call.caller, call.region, keys.TO_RUN).arn
    if snapshot.key is None and not multi_az and world.settings.rules["aurora_encrypted_by_default"]:
        return keys.AWS_OWNED
    return snapshot.key
