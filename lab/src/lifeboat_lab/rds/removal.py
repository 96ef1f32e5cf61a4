# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete snapshots, on request or with their database."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import copies, shelf, snapshot_rows, snapshots
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.kinds import INSTANCE, Kind
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import Call, World


def delete(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer DeleteDBSnapshot, DeleteDBClusterSnapshot; a copy in flight is cancelled."""
    name = call.params[kind.snapshot_identifier]
    snapshot = shelf.own(world, call, kind, name)
    if snapshot.type != "manual":
        raise AwsError(kind.snapshot_bad_state, f"Only manual snapshots can be deleted; {name} is {snapshot.type}.")
    flying = snapshot.in_flight(world.now())
    if snapshot.verb == "creating" and flying:
        raise AwsError(kind.snapshot_bad_state, f"{kind.snapshot} {name} is being created.")
    row = snapshot_rows.row(world, snapshot, call.account) | {"Status": "deleted"}
    remove(world, snapshot)
    if flying:
        copies.cancelled(world, snapshot)
    elif kind is INSTANCE:
        world.events.emit("RDS-EVENT-0041", snapshot)
    return {kind.snapshot: row}


def remove(world: World, snapshot: Snapshot) -> None:
    """Remove a snapshot; its files go with the last one that shares them."""
    world.place(snapshot.account, snapshot.region).snapshots[snapshot.kind.name].remove(snapshot)
    copies.fail_copies_of(world, snapshot)
    snapshot.frozen.release()


def drop_automated(world: World, found: Database) -> None:
    for snapshot in snapshots.automated(world, found):
        remove(world, snapshot)
