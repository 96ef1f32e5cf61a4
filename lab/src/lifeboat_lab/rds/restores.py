# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer RestoreDBInstanceFromDBSnapshot, and share what both kinds of restores do (aws_rds.md 7.1)."""

from __future__ import annotations

import contextlib
from typing import Any

from lifeboat_lab import keys
from lifeboat_lab.engines import Frozen
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import agenda, creation, database_rows, names, passwords, requested, secrets, servers, storage
from lifeboat_lab.rds.database import BAD_ENDS, Database
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE, Kind
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import Call, World

# What a restored database takes over from its source when the request does not say otherwise; everything else is
# as for a new one (API Reference, RestoreDBInstanceFromDBSnapshot and RestoreDBClusterFromSnapshot).
INHERITED = ("BackupRetentionPeriod", "CharacterSetName", "DBInstanceClass", "EngineLifecycleSupport", "LicenseModel",
             "NcharCharacterSetName", "Port", "ProcessorFeatures", "StorageThroughput", "Timezone")  # fmt: skip
# Engines that choose the name of a database themselves (API Reference, DBName).
_NAMED_AT_RESTORE = ("oracle", "sqlserver")


def restore_instance(world: World, call: Call) -> dict[str, Any]:
    """Answer RestoreDBInstanceFromDBSnapshot."""
    params = call.params
    name = requested.new_name(world, call, INSTANCE)
    requested.check_quota(world, call, INSTANCE)
    snapshot = _source_of_instance(world, call)
    about = snapshot.portrait
    _check_instance_only(params, about.engine)
    version = version_for(world, snapshot, about.version, INSTANCE)
    requested.check_numbers(params, INSTANCE)
    requested.check_place(world, call, INSTANCE, about.engine, version)
    space = _space(params, snapshot)
    requested.check_storage_quota(world, call, space.gib)
    secret_key = secrets.key_for(world, call) if params.get("ManageMasterUserPassword") else None
    found = rebuild(
        world, call, INSTANCE, snapshot, name, version, snapshot.key,
        world.settings.seconds_for("restore_instance", space.gib), space,
    )  # fmt: skip
    if not found.fate:
        # A restored database can be used while its data is still being loaded (aws_rds.md 7.3, 7.4).
        found.aside = "storage-initialization"
        found.aside_until = found.ready + world.settings.seconds("storage_initialization")
    if secret_key:
        secrets.create(world, found, passwords.generate(), secret_key)
    creation.begin(world, found)
    return {"DBInstance": database_rows.instance(world, found)}


def _source_of_instance(world: World, call: Call) -> Snapshot:
    """Return the only snapshot that the request names: an instance's, or a Multi-AZ DB cluster's.

    :raises AwsError: when there is none that may be restored so.
    """
    params = call.params
    plain, of_cluster = params.get("DBSnapshotIdentifier"), params.get("DBClusterSnapshotIdentifier")
    if bool(plain) == bool(of_cluster):
        raise AwsError(
            "InvalidParameterCombination", "Give one of DBSnapshotIdentifier and DBClusterSnapshotIdentifier."
        )
    kind = INSTANCE if plain else CLUSTER
    snapshot = available(world, call, kind, str(plain or of_cluster), INSTANCE.snapshot_bad_state)
    if of_cluster:
        _check_stand_in(world, call, snapshot)
    check_engine(call, snapshot.portrait.engine)
    refuse_shared_and_encrypted(call, snapshot)
    world.keys.check_stored(snapshot.key, call.caller, keys.TO_RUN, call.region)
    return snapshot


def _check_stand_in(world: World, call: Call, snapshot: Snapshot) -> None:
    """Check the rules of an instance that replaces a Multi-AZ DB cluster (aws_rds.md 14.3)."""
    if not snapshot.of_multi_az_cluster:
        raise AwsError(
            "InvalidParameterCombination", "Only snapshots of Multi-AZ DB clusters become instances, never Aurora's."
        )
    if not call.params.get("Engine"):
        raise AwsError("InvalidParameterCombination", "Engine is needed with DBClusterSnapshotIdentifier.")
    if snapshot.type == "automated" and not world.settings.rules["stand_in_from_automated"]:
        raise AwsError(INSTANCE.snapshot_bad_state, "An automated snapshot of a DB cluster cannot become an instance.")


def _check_instance_only(params: dict[str, Any], engine: str) -> None:
    if params.get("DBName") and not engine.startswith(_NAMED_AT_RESTORE):
        raise AwsError("InvalidParameterValue", "DBName must be null when Restoring for this Engine.")
    if params.get("ManageMasterUserPassword") and not engine.startswith("oracle"):
        raise AwsError("InvalidParameterCombination", "ManageMasterUserPassword at a restore is for Oracle only.")


def _space(params: dict[str, Any], snapshot: Snapshot) -> storage.Storage:
    """Return the storage of the restore: gp3, unless the request or the snapshot has IOPS (API Reference, StorageType
    and Iops)."""
    about = snapshot.portrait
    gib = storage.restored(params.get("AllocatedStorage"), about.storage)
    type_, iops = params.get("StorageType"), params.get("Iops")
    before = about.options.get("StorageType")
    if iops is None and before in storage.PROVISIONED and type_ in (None, *storage.PROVISIONED):
        type_, iops = type_ or before, about.options.get("Iops")
    return storage.of_instance(gib, type_, iops)


def available(world: World, call: Call, kind: Kind, name: str, bad_state: str) -> Snapshot:
    """Return the snapshot to restore.

    :raises AwsError: when there is none, or when it is not complete.
    """
    snapshot = world.snapshot(kind, name, call.account, call.region)
    if snapshot.status(world.now()) != "available":
        raise AwsError(bad_state, f"{kind.snapshot} {name} is not in the available state.")
    return snapshot


def check_engine(call: Call, engine: str) -> None:
    """Check that no other engine is asked for.

    :raises AwsError: when another engine is asked for.
    """
    wanted = call.params.get("Engine") or engine
    if wanted != engine:
        raise AwsError("InvalidParameterCombination", f"The snapshot's engine is {engine}, not {wanted}.")


def refuse_shared_and_encrypted(call: Call, snapshot: Snapshot) -> None:
    """Refuse a snapshot that is both shared and encrypted: it has to be copied first (RDS User Guide, sharing an
    encrypted snapshot).

    :raises AwsError: when it is another account's, and encrypted.
    """
    if snapshot.account != call.account and snapshot.key:
        raise AwsError(
            INSTANCE.snapshot_bad_state,
            "A snapshot that is both shared and encrypted cannot be restored. Copy it into your account first.",
        )


def version_for(world: World, snapshot: Snapshot, wanted: str | None, kind: Kind, *, multi_az: bool = False) -> str:
    """Return the version of a restored database. Any will do where there are no files for a server to read."""
    if not snapshot.frozen.has_files:
        return wanted or world.engines.version(snapshot.portrait.engine)
    return requested.engine(world, snapshot.portrait.engine, wanted, kind, multi_az=multi_az)[1]


def rebuild(
    world: World, call: Call, kind: Kind, snapshot: Snapshot, name: str, version: str, key: str | None, seconds: float,
    space: storage.Storage,
) -> Database:  # fmt: skip
    """Register a database, and begin to make a server on a copy of the snapshot's files."""
    about, now = snapshot.portrait, world.now()
    inherited = {option: about.options[option] for option in INHERITED if about.options.get(option) is not None}
    found = Database(
        kind, call.account, call.region, name, about.engine, version, about.master_username,
        call.params.get("DBName") or about.database_name, key, now + seconds, now, storage=space.gib,
        tags=names.tags(call.params.get("Tags")) or _inherited_tags(world, call, snapshot),
        options=inherited | requested.kept(call.params),
    )  # fmt: skip
    if kind is CLUSTER:
        found.options["BackupRetentionPeriod"] = found.options.get("BackupRetentionPeriod") or 1
    _strike(world, call, found)
    creation.settle_options(world, found, space)
    creation.register(world, found)
    if snapshot.frozen.has_files and not found.fate:
        frozen = snapshot.frozen.share()
        found.server = world.engines.server(about.engine)
        world.then(found, lambda: _thaw(world, found, frozen))
        servers.adjust(world, found, gate=True)
    if kind is snapshot.kind is INSTANCE and snapshot.account == call.account:
        agenda.when_settled(world, found, lambda: _tell(world, found, snapshot))
    return found


def _strike(world: World, call: Call, found: Database) -> None:
    """Apply the faults that were asked for."""
    about = (call.account, call.region, call.action)
    found.unreachable = world.faults.strikes("unreachable-restore", *about, resource=found.identifier) is not None
    if ends := world.faults.strikes("restore-ends", *about, resource=found.identifier):
        found.fate = ends.outcome


def _inherited_tags(world: World, call: Call, snapshot: Snapshot) -> dict[str, str]:
    """Return the tags of the source database when the request has none, in its own account only (RDS User Guide,
    tagging)."""
    for found in world.place(call.account, call.region).databases[snapshot.kind.name].values():
        if found.resource_id == snapshot.portrait.resource_id:
            return dict(found.tags)
    return {}


def _thaw(world: World, found: Database, frozen: Frozen) -> None:
    server = servers.server_of(found)
    with contextlib.ExitStack() as stack:
        stack.callback(frozen.release)
        world.engines.fill(server, frozen.path())
    with world.lock:
        wanted = servers.should_run(world, found)
    if wanted:
        server.start()


def _tell(world: World, found: Database, snapshot: Snapshot) -> None:
    if found.status(world.now()) not in BAD_ENDS:
        world.events.emit("RDS-EVENT-0043", snapshot, snapshot=snapshot.identifier)
