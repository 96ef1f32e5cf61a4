# SPDX-License-Identifier: GPL-3.0-or-later
"""Creating, changing and deleting instances and clusters, with the servers behind them."""

from __future__ import annotations

from typing import Any

from lab import keys
from lab.engines import SUPERUSER, Server, offer
from lab.errors import AwsError
from lab.rds import logins, names, network, removal, rows, snapshots
from lab.rds.kinds import CLUSTER, INSTANCE, Kind
from lab.rds.world import Call, Database, World

INSTANCE_ENGINES = ("postgres", "mariadb", "mysql")
CLUSTER_ENGINES = ("aurora-postgresql", "aurora-mysql")
IMMEDIATE = ("DeletionProtection", "CopyTagsToSnapshot", "BackupRetentionPeriod")
# Said in a request, and kept only to be shown again.
IGNORED = ("MasterUserPassword", "Tags", "KmsKeyId", "ApplyImmediately", "StorageEncrypted")


def create_instance(world: World, call: Call) -> dict[str, Any]:
    """CreateDBInstance: an instance of its own, or a member of an Aurora cluster."""
    if call.params.get("DBClusterIdentifier"):
        found = new_member(world, call, new_name(world, call, INSTANCE))
    else:
        found = new_database(world, call, INSTANCE)
    return {"DBInstance": rows.instance(world, found)}


def create_cluster(world: World, call: Call) -> dict[str, Any]:
    """CreateDBCluster: the data, without a member that could serve it."""
    if call.params.get("DBClusterInstanceClass"):
        raise AwsError("InvalidParameterCombination", "The lab has no Multi-AZ DB clusters.")
    return {"DBCluster": rows.cluster(world, new_database(world, call, CLUSTER))}


def new_database(world: World, call: Call, kind: Kind) -> Database:
    """Register a database and begin to make its server."""
    name = new_name(world, call, kind)
    password = check_password(required(call.params, "MasterUserPassword"))
    if required(call.params, "MasterUsername") == SUPERUSER:
        raise AwsError("InvalidParameterValue", f"MasterUsername {SUPERUSER} cannot be used as it is a reserved word.")
    found = _register(world, call, kind, name, *check_engine(world, call.params, kind))
    if found.server:
        prepare = _first_start if kind is INSTANCE else _prepare_cluster
        world.then(found, lambda: prepare(world, found, password))
    return found


def _register(world: World, call: Call, kind: Kind, name: str, engine: str, version: str) -> Database:
    params = call.params
    network.check(world, call)
    logins.check_option(world, engine, params)
    now = world.now()
    found = Database(
        kind, call.account, call.region, name, engine, version,
        required(params, "MasterUsername"), params.get("DBName") or params.get("DatabaseName"),
        _key(world, call), now + world.settings.seconds("create"), now,
        storage=params.get("AllocatedStorage") or (20 if kind is INSTANCE else 1),
        tags=names.tags(params.get("Tags")), options=options(params, retention=1),
    )  # fmt: skip
    found.server = world.engines.server(engine)
    world.place(call.account, call.region).databases[kind.name][name] = found
    return found


def _first_start(world: World, found: Database, password: str) -> None:
    server = server_of(found)
    world.engines.create(server)
    server.start()
    server.create_master(found.master_username, password, found.database_name)


def _prepare_cluster(world: World, found: Database, password: str) -> None:
    _first_start(world, found, password)
    if not any(member.ready <= world.now() for member in found.members):
        server_of(found).stop()


def new_member(world: World, call: Call, name: str) -> Database:
    """Register a member of a cluster; the first one that is available opens the cluster's endpoint."""
    cluster = world.database(CLUSTER, call.params["DBClusterIdentifier"], call.account, call.region)
    now = world.now()
    if cluster.status(now) != "available":
        raise AwsError(CLUSTER.bad_state, f"DBCluster {cluster.identifier} is not available.")
    if call.params["Engine"] != cluster.engine:
        raise AwsError(
            "InvalidParameterCombination",
            f"The engine name requested for your DB instance ({call.params['Engine']}) doesn't match the engine name "
            f"of your DB cluster ({cluster.engine}).",
        )
    network.check(world, call)
    found = Database(
        INSTANCE, call.account, call.region, name, cluster.engine, cluster.version, cluster.master_username,
        cluster.database_name, cluster.key, now + world.settings.seconds("member"), now, storage=1,
        tags=names.tags(call.params.get("Tags")), options=options(call.params, retention=1), cluster=cluster,
    )  # fmt: skip
    cluster.members.append(found)
    world.place(call.account, call.region).databases["instance"][name] = found
    if cluster.server:
        found.gate = world.later(found.ready, lambda: serve_cluster(world, cluster))
    return found


def serve_cluster(world: World, cluster: Database) -> None:
    """The first member that becomes available opens the cluster's endpoint."""
    with world.lock:
        dark = world.accounts.is_dark(cluster.account, cluster.region)
        wanted = cluster.gone is None and not cluster.unreachable and not dark
        before = cluster.job
    if before is not None:
        before.result()
    if wanted:
        server_of(cluster).start()


def server_of(found: Database) -> Server:
    server = found.data.server
    assert server is not None
    return server


def check_engine(world: World, params: dict[str, Any], kind: Kind) -> tuple[str, str]:
    """Only engines with a real server behind them, in the one version that is there; in a lab without servers, any.

    :raises AwsError: for any other.
    """
    engine, wanted = params["Engine"], params.get("EngineVersion")
    version = world.engines.version(engine)
    if world.engines.metadata_only:
        return engine, wanted or version
    offered = INSTANCE_ENGINES if kind is INSTANCE else CLUSTER_ENGINES
    if engine not in offered:
        raise AwsError("InvalidParameterValue", f"Invalid DB engine: {engine}. The lab has {', '.join(offered)}.")
    if reason := world.engines.why_not(engine):
        raise AwsError("InvalidParameterValue", f"Invalid DB engine: {engine}. {reason}")
    if wanted and not offer(engine).covers(version, wanted):
        raise AwsError(
            "InvalidParameterCombination", f"Cannot find version {wanted} for {engine}. The lab has {version}."
        )
    return engine, version


def new_name(world: World, call: Call, kind: Kind) -> str:
    """The identifier for a new database.

    :raises AwsError: when it is not legal or taken.
    """
    name = names.identifier(call.params[kind.identifier], kind.identifier)
    if name in world.place(call.account, call.region).databases[kind.name]:
        raise AwsError(kind.exists, f"{kind.noun} {name} already exists.")
    return name


def _key(world: World, call: Call) -> str | None:
    name = call.params.get("KmsKeyId")
    if not name and not call.params.get("StorageEncrypted"):
        return None
    if name and call.params.get("StorageEncrypted") is False:
        raise AwsError("InvalidParameterCombination", "KmsKeyId needs StorageEncrypted.")
    return world.keys.for_rds(name or keys.MANAGED_ALIAS, call.caller, call.region, keys.TO_RUN).arn


def options(params: dict[str, Any], *, retention: int) -> dict[str, Any]:
    kept = {name: value for name, value in params.items() if name not in IGNORED}
    kept.setdefault("BackupRetentionPeriod", retention)
    if "Iops" in kept:
        kept.setdefault("StorageType", "io1")
    return kept


def check_password(password: str) -> str:
    """:raises AwsError: when it is too short, too long, or has a character that RDS does not take."""
    if not 8 <= len(password) <= 128 or set(password) & set('/@" ') or not password.isascii():
        raise AwsError(
            "InvalidParameterValue",
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', "
            "'@', '\"', ' ' may be used, and at least 8 of them.",
        )
    return password


def required(params: dict[str, Any], name: str) -> Any:
    if not params.get(name):
        raise AwsError("InvalidParameterValue", f"The parameter {name} must be provided and must not be blank.")
    return params[name]


def modify_instance(world: World, call: Call) -> dict[str, Any]:
    found = world.database(INSTANCE, call.params["DBInstanceIdentifier"], call.account, call.region)
    if found.cluster and call.params.get("MasterUserPassword"):
        raise AwsError(
            "InvalidParameterCombination",
            "For cluster members, the master user password is managed by the DB cluster. Use ModifyDBCluster.",
        )
    _modify(world, call, found)
    return {"DBInstance": rows.instance(world, found)}


def modify_cluster(world: World, call: Call) -> dict[str, Any]:
    found = world.database(CLUSTER, call.params["DBClusterIdentifier"], call.account, call.region)
    _modify(world, call, found)
    return {"DBCluster": rows.cluster(world, found)}


def _modify(world: World, call: Call, found: Database) -> None:
    params = call.params
    if unsupported := [name for name in (f"New{found.kind.identifier}", "ManageMasterUserPassword")
                       if params.get(name)]:  # fmt: skip
        raise AwsError("InvalidParameterCombination", f"The lab does not implement {unsupported[0]}.")
    now = world.now()
    if found.status(now) != "available":
        raise AwsError(found.kind.bad_state, f"{found.kind.noun} {found.identifier} is not in available state.")
    if params.get("EngineVersion"):
        check_engine(world, {"Engine": found.engine, **params}, found.kind)
    network.check(world, call)
    logins.check_option(world, found.engine, params)
    changed = {name: value for name, value in params.items() if name not in (*IGNORED, found.kind.identifier)}
    until = now + world.settings.seconds("modify")
    if password := params.get("MasterUserPassword"):
        check_password(password)
        found.occupy("resetting-master-credentials", until)
        if found.server:
            world.then(found, lambda: _set_password(found, password))
    elif any(found.options.get(name) != value for name, value in changed.items() if name not in IMMEDIATE):
        found.occupy("modifying", until)
    found.storage = params.get("AllocatedStorage") or found.storage
    found.options.update(changed)


def _set_password(found: Database, password: str) -> None:
    """Where no server runs (a cluster without members), it is started for a moment."""
    if found.unreachable:
        return
    server = server_of(found)
    with server.lock:
        ran = server.running
        server.start()
        server.set_password(found.master_username, password)
        if not ran:
            server.stop()


def delete_instance(world: World, call: Call) -> dict[str, Any]:
    found = world.database(INSTANCE, call.params["DBInstanceIdentifier"], call.account, call.region)
    _check_deletion(world, call, found)
    if found.cluster:
        _delete_member(world, found)
    else:
        _delete(world, call, found)
    return {"DBInstance": rows.instance(world, found)}


def delete_cluster(world: World, call: Call) -> dict[str, Any]:
    found = world.database(CLUSTER, call.params["DBClusterIdentifier"], call.account, call.region)
    _check_deletion(world, call, found)
    if any(member.gone is None for member in found.members):
        raise AwsError(
            CLUSTER.bad_state, "Cluster cannot be deleted, it still contains DB instances in non-deleting state."
        )
    _delete(world, call, found)
    return {"DBCluster": rows.cluster(world, found)}


def _check_deletion(world: World, call: Call, found: Database) -> None:
    skip, final = call.params.get("SkipFinalSnapshot"), call.params.get("FinalDBSnapshotIdentifier")
    noun, name, status = found.kind.noun, found.identifier, found.status(world.now())
    if found.options.get("DeletionProtection"):
        raise AwsError(
            "InvalidParameterCombination",
            f"Cannot delete protected {noun} {name}, please disable deletion protection and try again.",
        )
    # RDS User Guide: an instance is deleted when it is available or has failed, not while it is busy.
    if status not in ("available", "failed", "incompatible-restore"):
        raise AwsError(found.kind.bad_state, f"{noun} {name} cannot be deleted while it is {status}.")
    if found.cluster:
        return
    if skip and final:
        raise AwsError("InvalidParameterCombination", "FinalDBSnapshotIdentifier goes not with SkipFinalSnapshot.")
    if not skip and not final:
        raise AwsError(
            "InvalidParameterCombination",
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        )


def _delete(world: World, call: Call, found: Database) -> None:
    if final := call.params.get("FinalDBSnapshotIdentifier"):
        snapshots.take_final(world, found, final)
    if call.params.get("DeleteAutomatedBackups") is not False:
        removal.drop_automated(world, found)
    found.gone = world.now() + world.settings.seconds("delete")
    if found.server:
        found.job = world.engines.jobs.submit(_destroy, world, found, found.job)


def _destroy(world: World, found: Database, before: Any) -> None:
    if before is not None:
        before.exception()
    for frozen in snapshots.being_frozen(world, found):
        frozen.wait()
    world.engines.destroy(server_of(found))


def _delete_member(world: World, found: Database) -> None:
    cluster = found.data
    found.gone = world.now() + world.settings.seconds("delete")
    if cluster.server and all(member.gone is not None for member in cluster.members):
        world.then(cluster, cluster.server.stop, gate=False)
