# SPDX-License-Identifier: GPL-3.0-or-later
"""Reboot, stop and start databases."""

from __future__ import annotations

from typing import Any

from lifeboat_lab import keys
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import agenda, database_rows, lockouts, servers, shelf, snapshots
from lifeboat_lab.rds.database import LOCKED, LONGEST_STOP, Database
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE, Kind
from lifeboat_lab.rds.world import Call, World

RESTART = "restart"


def reboot(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer RebootDBInstance; RebootDBCluster for Multi-AZ DB clusters."""
    found = _available(world, call, kind)
    if found.is_cluster and found.is_aurora:
        raise AwsError(kind.bad_state, "Reboot the instances of an Aurora cluster.")
    if found.cluster and found.cluster.is_multi_az_cluster:
        raise AwsError(INSTANCE.bad_state, f"Reboot the Multi-AZ DB cluster {found.cluster.identifier}.")
    if call.params.get("ForceFailover") and not found.options.get("MultiAZ"):
        raise AwsError("InvalidParameterCombination", "ForceFailover needs a Multi-AZ DB instance.")
    found.occupy("rebooting", world.now() + world.settings.seconds("reboot"))
    for each in (found, *found.members):
        each.awaiting_reboot.clear()
    servers.restart(world, found)
    if not found.is_cluster:
        world.events.emit("RDS-EVENT-0006", found)
    return database_rows.answer(world, found)


def stop(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer StopDBInstance, StopDBCluster: the data stay, nothing answers."""
    found = _available(world, call, kind)
    if found.is_multi_az_cluster or found.cluster:
        raise AwsError(CLUSTER.bad_state, "Only Aurora clusters and single instances can be stopped.")
    if name := call.params.get("DBSnapshotIdentifier"):
        place = world.place(call.account, call.region)
        shelf.check_quota(world, place, kind)
        snapshots.take(world, found, shelf.new_name(place, kind, name, "DBSnapshotIdentifier"), "manual")
    now = world.now()
    found.stopped = now
    found.occupy("stopping", now + world.settings.seconds("stop"))
    servers.adjust(world, found, gate=True)
    agenda.plan(world, found, RESTART, now + LONGEST_STOP, lambda: _start(world, found))
    if not found.is_cluster:
        world.events.emit("RDS-EVENT-0004", found)
    return database_rows.answer(world, found)


def start(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer StartDBInstance, StartDBCluster: after a stop, or when the key can be used again (aws_rds.md 9)."""
    found = world.database(kind, call.params[kind.identifier], call.account, call.region)
    status = found.status(world.now())
    if found.cluster or status not in ("stopped", LOCKED):
        raise AwsError(kind.bad_state, f"{kind.noun} {found.identifier} is not stopped, but {status}.")
    if not lockouts.key_works(world, found):
        raise keys.inaccessible(found.key)
    _start(world, found)
    return database_rows.answer(world, found)


def _start(world: World, found: Database) -> None:
    if found.gone is not None or not lockouts.key_works(world, found):
        return
    agenda.cancel(found, RESTART)
    found.stopped = found.locked = None
    found.occupy("starting", world.now() + world.settings.seconds("start"))
    servers.adjust(world, found, gate=True)


def _available(world: World, call: Call, kind: Kind) -> Database:
    found = world.database(kind, call.params[kind.identifier], call.account, call.region)
    if not found.is_usable(world.now()):
        raise AwsError(kind.bad_state, f"{kind.noun} {found.identifier} is not in available state.")
    return found
