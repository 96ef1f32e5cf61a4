# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer DeleteDBInstance and DeleteDBCluster: what may be deleted, and what remains (aws_rds.md 7.5)."""

from __future__ import annotations

from typing import Any

from lifeboat_lab import keys
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import agenda, database_rows, removal, secrets, servers, snapshots
from lifeboat_lab.rds.database import BAD_ENDS, USABLE, Database
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE
from lifeboat_lab.rds.world import Call, World

DELETABLE = (*USABLE, "stopped", *BAD_ENDS)


def delete_instance(world: World, call: Call) -> dict[str, Any]:
    found = world.database(INSTANCE, call.params["DBInstanceIdentifier"], call.account, call.region)
    if found.cluster and found.cluster.is_multi_az_cluster:
        raise AwsError(CLUSTER.bad_state, f"{found.identifier} belongs to a Multi-AZ DB cluster and goes with it only.")
    _check(world, call, found)
    if found.cluster:
        _delete_member(world, call, found)
    else:
        _delete(world, call, found)
    return {"DBInstance": database_rows.instance(world, found)}


def delete_cluster(world: World, call: Call) -> dict[str, Any]:
    found = world.database(CLUSTER, call.params["DBClusterIdentifier"], call.account, call.region)
    _check(world, call, found)
    if found.is_aurora and any(member.gone is None for member in found.members):
        raise AwsError(
            CLUSTER.bad_state, "Cluster cannot be deleted, it still contains DB instances in non-deleting state."
        )
    _delete(world, call, found)
    return {"DBCluster": database_rows.cluster(world, found)}


def _check(world: World, call: Call, found: Database) -> None:
    noun, name, status = found.kind.noun, found.identifier, found.status(world.now())
    if found.options.get("DeletionProtection"):
        raise AwsError(
            "InvalidParameterCombination",
            f"Cannot delete protected {noun} {name}, please disable deletion protection and try again.",
        )
    # RDS User Guide: an instance is deleted when it is available or has failed, not while it is busy.
    if status not in DELETABLE:
        raise AwsError(found.kind.bad_state, f"{noun} {name} cannot be deleted while it is {status}.")
    if not found.cluster:
        _check_final_snapshot(world, call, found, status)


def _check_final_snapshot(world: World, call: Call, found: Database, status: str) -> None:
    skip, final = call.params.get("SkipFinalSnapshot"), call.params.get("FinalDBSnapshotIdentifier")
    if skip and final:
        raise AwsError("InvalidParameterCombination", "FinalDBSnapshotIdentifier goes not with SkipFinalSnapshot.")
    if not skip and not final:
        raise AwsError(
            "InvalidParameterCombination",
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        )
    if final and status in BAD_ENDS:
        raise AwsError(
            found.kind.bad_state, f"A final snapshot cannot be taken of what is {status}. Use SkipFinalSnapshot."
        )
    if final:
        world.keys.check_stored(found.key, call.caller, keys.TO_RUN, call.region)


def _delete(world: World, call: Call, found: Database) -> None:
    now = world.now()
    gone = now + world.settings.seconds("delete")
    if final := call.params.get("FinalDBSnapshotIdentifier"):
        # It is `deleting` until that snapshot is complete (API Reference, DeleteDBInstance).
        gone = max(gone, snapshots.take_final(world, found, final).ready)
    if call.params.get("DeleteAutomatedBackups") is not False:
        removal.drop_automated(world, found)
    for each in (found, *found.members):
        each.gone = gone
    secrets.drop(found)
    servers.destroy(world, found)
    _farewell(world, found, gone)


def _delete_member(world: World, call: Call, member: Database) -> None:
    """Delete a member. The last one closes the cluster's endpoint; the data stay."""
    if call.params.get("FinalDBSnapshotIdentifier"):
        raise AwsError("InvalidParameterCombination", "Members of a cluster have no snapshots. Take the cluster's.")
    member.gone = world.now() + world.settings.seconds("delete")
    servers.adjust(world, member.data)
    _farewell(world, member, member.gone)


def _farewell(world: World, found: Database, moment: float) -> None:
    for topic in ("maintenance", "restart"):
        agenda.cancel(found, topic)
    event = "RDS-EVENT-0171" if found.is_cluster else "RDS-EVENT-0003"
    world.clock.at(moment, lambda: world.events.emit(event, found))
