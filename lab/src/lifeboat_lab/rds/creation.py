# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer CreateDBInstance and CreateDBCluster, and make the server behind what is created."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import (
    agenda,
    backups,
    database_rows,
    members,
    names,
    network,
    passwords,
    requested,
    secrets,
    servers,
    storage,
)
from lifeboat_lab.rds.catalogue import failure
from lifeboat_lab.rds.database import AURORA_LIKE, BAD_ENDS, Database
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE, Kind
from lifeboat_lab.rds.world import Call, World

DEFAULT_GIB = 20
# Aurora allocates what is needed, and reports this.
AURORA_GIB = 1


def create_instance(world: World, call: Call) -> dict[str, Any]:
    """Answer CreateDBInstance: an instance of its own, or a member of an Aurora cluster."""
    if call.params.get("DBClusterIdentifier"):
        found = members.create(world, call)
    else:
        found = new_database(world, call, INSTANCE)
        begin(world, found)
    return {"DBInstance": database_rows.instance(world, found)}


def create_cluster(world: World, call: Call) -> dict[str, Any]:
    """Answer CreateDBCluster: Aurora's data without a member that could serve it, or a whole Multi-AZ DB cluster."""
    found = new_database(world, call, CLUSTER)
    begin(world, found)
    return {"DBCluster": database_rows.cluster(world, found)}


def new_database(world: World, call: Call, kind: Kind) -> Database:
    """Register a database and begin to make its server."""
    params = call.params
    name = requested.new_name(world, call, kind)
    requested.check_quota(world, call, kind)
    multi_az = kind is CLUSTER and bool(params.get("DBClusterInstanceClass"))
    engine, version = requested.engine(world, params["Engine"], params.get("EngineVersion"), kind, multi_az=multi_az)
    requested.check_numbers(params, kind)
    requested.check_place(world, call, kind, engine, version)
    space = space_for(params, engine, kind)
    if kind is INSTANCE and not engine.startswith(AURORA_LIKE):
        requested.check_storage_quota(world, call, space.gib)
    password, secret_key = passwords.at_creation(world, call, is_cluster=kind is CLUSTER)
    now = world.now()
    found = Database(
        kind, call.account, call.region, name, engine, version,
        requested.master_username(params), requested.database_name(params), requested.key(world, call),
        now + world.settings.seconds("create"), now, storage=space.gib,
        tags=names.tags(params.get("Tags")), options=requested.kept(params),
    )  # fmt: skip
    settle_options(world, found, space)
    register(world, found)
    if secret_key:
        secrets.create(world, found, password, secret_key)
    found.server = world.engines.server(engine)
    if found.server:
        world.then(found, lambda: _first_start(world, found, password))
        servers.adjust(world, found, gate=True)
    return found


def space_for(params: dict[str, Any], engine: str, kind: Kind) -> storage.Storage:
    """Return the storage of a new database.

    :raises AwsError: when a database cannot have such storage.
    """
    gib, type_, iops = params.get("AllocatedStorage"), params.get("StorageType"), params.get("Iops")
    if kind is INSTANCE:
        return storage.of_instance(gib or DEFAULT_GIB, type_, iops)
    if engine.startswith(AURORA_LIKE):
        if params.get("DBClusterInstanceClass"):
            raise AwsError("InvalidParameterCombination", "DBClusterInstanceClass is for Multi-AZ DB clusters only.")
        return storage.of_aurora(type_)
    requested.required(params, "DBClusterInstanceClass")
    return storage.of_multi_az_cluster(gib, type_, iops)


def settle_options(world: World, found: Database, space: storage.Storage) -> None:
    """Keep the checked storage, and choose as AWS does who can reach the database."""
    found.options |= {"StorageType": space.type, "Iops": space.iops}
    if not (found.is_cluster and found.is_aurora):
        found.options.setdefault("PubliclyAccessible", network.is_public_by_default(world, found))


def register(world: World, found: Database) -> None:
    world.place(found.account, found.region).databases[found.kind.name][found.identifier] = found
    if found.is_multi_az_cluster:
        members.add_all(world, found)


def begin(world: World, found: Database) -> None:
    """Plan the end of the creation: an event, and a first backup."""
    event = "RDS-EVENT-0170" if found.is_cluster else "RDS-EVENT-0005"
    agenda.when_settled(world, found, lambda: _tell(world, found, event))
    backups.begin(world, found)


def _tell(world: World, found: Database, event: str) -> None:
    status = found.status(world.now())
    if status in BAD_ENDS:
        event = failure("db-cluster" if found.is_cluster else "db-instance", status)
    world.events.emit(event, found, state=status, reason=f"It is {status}.", database=found.identifier)


def _first_start(world: World, found: Database, password: str) -> None:
    server = servers.server_of(found)
    world.engines.create(server)
    server.start()
    server.create_master(found.master_username, password, found.database_name)
