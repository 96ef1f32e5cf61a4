# SPDX-License-Identifier: GPL-3.0-or-later
"""Make members of clusters: Aurora's one by one, those of a Multi-AZ DB cluster together with it."""

from __future__ import annotations

import itertools
from concurrent.futures import Future
from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import names, requested, servers
from lifeboat_lab.rds.database import USABLE, Database
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE
from lifeboat_lab.rds.world import Call, World

# What is the cluster's to say (API Reference, CreateDBInstance and ModifyDBInstance).
MANAGED_BY_CLUSTER = ("BackupRetentionPeriod", "KmsKeyId", "ManageMasterUserPassword", "MasterUserPassword",
                      "MasterUsername", "PreferredBackupWindow", "RotateMasterUserPassword", "StorageEncrypted",
                      "VpcSecurityGroupIds")  # fmt: skip
MULTI_AZ_MEMBERS = 3


def create(world: World, call: Call) -> Database:
    """Create a member of an Aurora cluster on request."""
    requested.new_name(world, call, INSTANCE)
    requested.check_quota(world, call, INSTANCE)
    cluster = world.database(CLUSTER, call.params["DBClusterIdentifier"], call.account, call.region)
    _check(world, call, cluster)
    requested.check_numbers(call.params, INSTANCE)
    requested.check_place(world, call, INSTANCE, cluster.engine, cluster.version, cluster)
    member = add(world, call, cluster, seconds=world.settings.seconds("member"))
    world.clock.at(member.ready, lambda: _tell(world, member))
    return member


def add(world: World, call: Call, cluster: Database, *, seconds: float) -> Database:
    """Add a member; the first one that is available opens the cluster's endpoint."""
    params, now = call.params, world.now()
    member = _member(cluster, requested.new_name(world, call, INSTANCE), now + seconds, now)
    member.tags = names.tags(params.get("Tags"))
    member.options = requested.kept(params) | {"PubliclyAccessible": bool(params.get("PubliclyAccessible"))}
    _register(world, cluster, member)
    _open(world, cluster, member)
    return member


def _check(world: World, call: Call, cluster: Database) -> None:
    params = call.params
    if cluster.is_multi_az_cluster:
        raise AwsError("InvalidParameterCombination", "The instances of a Multi-AZ DB cluster come by themselves.")
    if cluster.status(world.now()) not in (*USABLE, "backing-up"):
        raise AwsError(CLUSTER.bad_state, f"DBCluster {cluster.identifier} is not available.")
    if params["Engine"] != cluster.engine:
        raise AwsError(
            "InvalidParameterCombination",
            f"The engine name requested for your DB instance ({params['Engine']}) doesn't match the engine name "
            f"of your DB cluster ({cluster.engine}).",
        )
    if params["DBInstanceClass"] == requested.SERVERLESS and not cluster.options.get(
        "ServerlessV2ScalingConfiguration"
    ):
        raise AwsError(
            CLUSTER.bad_state,
            "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB "
            "instance.",
        )
    check_managed(params)


def check_managed(params: dict[str, Any]) -> None:
    """Refuse a request for a member that sets what belongs to the cluster.

    :raises AwsError: when a request for a member sets what is the cluster's.
    """
    if named := [name for name in MANAGED_BY_CLUSTER if params.get(name) is not None]:
        raise AwsError(
            "InvalidParameterCombination",
            f"The DB instance is a member of a DB cluster. Set {named[0]} for the DB cluster using the ModifyDbCluster "
            "API.",
        )


def add_all(world: World, cluster: Database) -> None:
    """Add the writer and the two readers of a Multi-AZ DB cluster, which share its fate."""
    taken = world.place(cluster.account, cluster.region).databases["instance"]
    numbers = (f"{cluster.identifier}-instance-{number}" for number in itertools.count(1))
    for name in itertools.islice((name for name in numbers if name not in taken), MULTI_AZ_MEMBERS):
        member = _member(cluster, name, cluster.ready, cluster.created)
        member.options = {
            "DBInstanceClass": cluster.options.get("DBClusterInstanceClass"),
            **{each: cluster.options.get(each) for each in ("StorageType", "Iops", "PubliclyAccessible")},
        }
        _register(world, cluster, member)


def _member(cluster: Database, name: str, ready: float, created: float) -> Database:
    return Database(
        INSTANCE, cluster.account, cluster.region, name, cluster.engine, cluster.version, cluster.master_username,
        cluster.database_name, cluster.key, ready, created, storage=cluster.storage, cluster=cluster,
    )  # fmt: skip


def _register(world: World, cluster: Database, member: Database) -> None:
    cluster.members.append(member)
    world.place(cluster.account, cluster.region).databases["instance"][member.identifier] = member


def _open(world: World, cluster: Database, member: Database) -> None:
    """Make a member available once the cluster's server runs for it."""
    if cluster.server is None:
        return
    done: Future[Any] = Future()
    member.wait_for(done)

    def begin() -> None:
        with world.lock:
            job = servers.adjust(world, cluster)
        if job is not None:
            job.add_done_callback(finish)

    def finish(job: Future[Any]) -> None:
        if not job.cancelled() and (error := job.exception()):
            done.set_exception(error)
        else:
            done.set_result(None)

    world.clock.at(member.ready, begin)


def _tell(world: World, member: Database) -> None:
    with world.lock:
        if member.gone is None:
            world.events.emit("RDS-EVENT-0005", member)


def writer(cluster: Database) -> Database | None:
    """Return the member that writes: the first one that is not being deleted."""
    staying = [member for member in cluster.members if member.gone is None]
    return next(iter(staying or cluster.members), None)
