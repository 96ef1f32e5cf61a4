# SPDX-License-Identifier: GPL-3.0-or-later
"""Take and delete snapshots of instances and clusters."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from lifeboat_lab.engines import Frozen, offer
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import names, option_rules, shelf, snapshot_rows
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.kinds import INSTANCE, Kind
from lifeboat_lab.rds.stored import Portrait, Snapshot
from lifeboat_lab.rds.world import Call, Place, World

# A snapshot may be taken of what runs (aws_rds.md 1.12).
USABLE = ("available", "storage-optimization", "storage-initialization")
# Creation and completion of manual and of automated snapshots, by kind (aws_rds.md 5.1).
_EVENTS = {
    ("instance", "manual"): ("RDS-EVENT-0040", "RDS-EVENT-0042"),
    ("instance", "automated"): ("RDS-EVENT-0090", "RDS-EVENT-0091"),
    ("cluster", "manual"): ("RDS-EVENT-0074", "RDS-EVENT-0075"),
    ("cluster", "automated"): ("RDS-EVENT-0168", "RDS-EVENT-0169"),
}
# The prefixes of the names that RDS and AWS Backup give.
_STEMS = {"automated": "rds:", "awsbackup": "awsbackup:job-"}


def create(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer CreateDBSnapshot, CreateDBClusterSnapshot."""
    found = world.database(kind, call.params[kind.identifier], call.account, call.region)
    place = world.place(call.account, call.region)
    name = shelf.new_name(place, kind, call.params[kind.snapshot_identifier], kind.snapshot_identifier)
    if found.cluster:
        raise AwsError(kind.bad_state, f"{found.identifier} belongs to a cluster. Take a snapshot of that.")
    if found.status(world.now()) not in USABLE:
        raise AwsError(kind.bad_state, f"{kind.noun} {found.identifier} is not currently in the available state.")
    # Explicit tags replace the database's own (aws_rds.md 1.10).
    tags = names.tags(call.params.get("Tags")) or _inherited(found)
    shelf.check_quota(world, place, kind)
    snapshot = take(world, found, name, "manual")
    snapshot.tags = tags
    snapshot.fails = world.faults.strikes("failed-snapshot", call.account, call.region, resource=name) is not None
    if kind is INSTANCE:
        found.occupy("backing-up", snapshot.ready)
    return {kind.snapshot: snapshot_rows.row(world, snapshot, call.account)}


def _inherited(found: Database) -> dict[str, str]:
    return dict(found.tags) if found.options.get("CopyTagsToSnapshot") else {}


def take(
    world: World, found: Database, name: str, type_: str, *, seconds: float | None = None, age: float = 0.0,
    frozen: Frozen | None = None,
) -> Snapshot:  # fmt: skip
    """Freeze a database's data now and register it, if wanted as if that had been some time ago."""
    place = world.place(found.account, found.region)
    about = portrait(world, found)
    incremental = found.kind is INSTANCE and _has_earlier(place, about)
    if seconds is None:
        share = world.settings.incremental_share if incremental else 1.0
        seconds = world.settings.seconds_for("snapshot", about.gib * share)
    begun = world.now() - age
    snapshot = Snapshot(
        found.kind, found.account, found.region, name, type_, about, found.key, option_rules.of_database(found),
        started=begun, ready=begun + seconds, frozen=frozen or world.engines.freeze(found.server),
        created=begun + seconds, original=begun + seconds, taken=begun, incremental=incremental,
    )  # fmt: skip
    place.snapshots[found.kind.name].add(snapshot)
    # AWS does not document which events the snapshots of AWS Backup raise.
    if not age and type_ != "awsbackup":
        if found.kind is INSTANCE:
            world.events.emit("RDS-EVENT-0001", found)
        world.events.emit(_EVENTS[found.kind.name, type_][0], snapshot)
        # The snapshot is complete only when its files are.
        snapshot.frozen.when_done(lambda: world.clock.at(snapshot.ready, lambda: _finish(world, found, snapshot)))
    return snapshot


def _has_earlier(place: Place, about: Portrait) -> bool:
    found = place.snapshots["instance"].values()
    return any(each.portrait.resource_id == about.resource_id and not each.fails for each in found)


def _finish(world: World, found: Database, snapshot: Snapshot) -> None:
    with world.lock:
        place = world.place(snapshot.account, snapshot.region)
        gone = place.snapshots[snapshot.kind.name].get(snapshot.identifier) is not snapshot
        if gone or snapshot.finished or snapshot.status(world.now()) != "available":
            return
        snapshot.finished = True
        world.events.emit(_EVENTS[snapshot.kind.name, snapshot.type][1], snapshot)
        if snapshot.kind is INSTANCE:
            world.events.emit("RDS-EVENT-0002", found)


def portrait(world: World, found: Database) -> Portrait:
    """Return what a snapshot that is taken now remembers of its database."""
    kept = {name: value for name, value in found.options.items() if name not in ("DBName", "DatabaseName")}
    return Portrait(
        found.identifier, found.resource_id, found.engine, found.version, found.storage,
        found.options.get("Port") or offer(found.engine).port,
        found.master_username, found.database_name, found.created, kept, option_rules.persistent(world, found),
    )  # fmt: skip


def take_automated(
    world: World, found: Database, *, type_: str = "automated", seconds: float | None = 0.0, age: float = 0.0,
    frozen: Frozen | None = None,
) -> Snapshot:  # fmt: skip
    """Take an automated snapshot or one of AWS Backup, complete at once unless told otherwise, and named after its
    time."""
    taken_names = world.place(found.account, found.region).snapshots[found.kind.name]
    moment = datetime.fromtimestamp(world.now() - age, timezone.utc)
    while (name := f"{_STEMS[type_]}{found.identifier}-{moment:%Y-%m-%d-%H-%M}") in taken_names:
        moment += timedelta(minutes=1)
    snapshot = take(world, found, name, type_, seconds=seconds, age=age, frozen=frozen)
    snapshot.tags = _inherited(found)
    return snapshot


def take_final(world: World, found: Database, wanted: str) -> Snapshot:
    """Take the snapshot that a deletion may leave."""
    place = world.place(found.account, found.region)
    name = shelf.new_name(place, found.kind, wanted, "FinalDBSnapshotIdentifier")
    shelf.check_quota(world, place, found.kind)
    snapshot = take(world, found, name, "manual")
    snapshot.tags = _inherited(found)
    return snapshot


def automated(world: World, found: Database) -> list[Snapshot]:
    """Return a database's automated snapshots, the oldest first."""
    snapshots = world.place(found.account, found.region).snapshots[found.kind.name].values()
    mine = [each for each in snapshots if each.type == "automated" and _is_of(each, found)]
    return sorted(mine, key=lambda each: each.taken)


def _is_of(snapshot: Snapshot, found: Database) -> bool:
    return snapshot.portrait.resource_id == found.resource_id


def being_frozen(world: World, found: Database) -> list[Frozen]:
    """Return the copies that are still being made of a database's files."""
    with world.lock:
        return [each.frozen for each in world.snapshots(found.kind) if _is_of(each, found) and not each.frozen.done()]
