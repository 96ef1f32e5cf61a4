# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking, copying and deleting snapshots of both kinds."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from lab import keys
from lab.engines import Frozen, offer
from lab.errors import AwsError
from lab.rds import names, rows
from lab.rds.kinds import INSTANCE, Kind
from lab.rds.world import Call, Database, Place, Portrait, Snapshot, World


def create(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """CreateDBSnapshot, CreateDBClusterSnapshot."""
    found = world.database(kind, call.params[kind.identifier], call.account, call.region)
    place = world.place(call.account, call.region)
    name = _new_name(place, kind, call.params[kind.snapshot_identifier], kind.snapshot_identifier)
    if found.status(world.now()) != "available":
        raise AwsError(kind.bad_state, f"{kind.noun} {found.identifier} is not currently in the available state.")
    _check_quota(world, place, kind)
    snapshot = take(world, found, name, "manual", seconds=world.settings.seconds_for("snapshot", found.storage))
    # Explicit tags take the place of the database's own (RDS User Guide, tagging).
    snapshot.tags = names.tags(call.params.get("Tags")) or _inherited(found)
    if kind is INSTANCE:
        found.occupy("backing-up", snapshot.ready)
    return {kind.snapshot: rows.snapshot(world, snapshot, call.account)}


def _inherited(found: Database) -> dict[str, str]:
    return dict(found.tags) if found.options.get("CopyTagsToSnapshot") else {}


def take(
    world: World, found: Database, name: str, kind_of_backup: str, *, seconds: float, age: float = 0.0,
    frozen: Frozen | None = None,
) -> Snapshot:  # fmt: skip
    """Freeze a database's data now and register it, if wanted as if that had been some time ago."""
    now = world.now()
    snapshot = Snapshot(
        found.kind, found.account, found.region, name, kind_of_backup, portrait(found), found.key,
        started=now - age, ready=now - age + seconds, frozen=frozen or world.engines.freeze(found.server),
        created=now - age + seconds, original=now - age + seconds, taken=now - age,
    )  # fmt: skip
    world.place(found.account, found.region).snapshots[found.kind.name][name] = snapshot
    return snapshot


def portrait(found: Database) -> Portrait:
    kept = {name: value for name, value in found.options.items() if name not in ("DBName", "DatabaseName")}
    return Portrait(
        found.identifier, found.resource_id, found.engine, found.version, found.storage,
        found.options.get("Port") or offer(found.engine).port, found.master_username, found.database_name,
        found.created, kept,
    )  # fmt: skip


def take_automated(world: World, found: Database, *, age: float = 0.0, frozen: Frozen | None = None) -> Snapshot:
    """An automated snapshot, complete at once; it is named after its time."""
    taken_names = world.place(found.account, found.region).snapshots[found.kind.name]
    moment = datetime.fromtimestamp(world.now() - age, timezone.utc)
    while (name := f"rds:{found.identifier}-{moment:%Y-%m-%d-%H-%M}") in taken_names:
        moment += timedelta(minutes=1)
    snapshot = take(world, found, name, "automated", seconds=0.0, age=age, frozen=frozen)
    snapshot.tags = _inherited(found)
    return snapshot


def take_final(world: World, found: Database, wanted: str) -> None:
    """The snapshot that a deletion may leave behind."""
    place = world.place(found.account, found.region)
    name = _new_name(place, found.kind, wanted, "FinalDBSnapshotIdentifier")
    _check_quota(world, place, found.kind)
    take(world, found, name, "manual", seconds=world.settings.seconds_for("snapshot", found.storage)).tags = _inherited(
        found
    )


def drop_automated(world: World, found: Database) -> None:
    snapshots = world.place(found.account, found.region).snapshots[found.kind.name]
    for snapshot in list(snapshots.values()):
        if snapshot.type == "automated" and snapshot.portrait.resource_id == found.resource_id:
            _remove(world, snapshot)


def being_frozen(world: World, found: Database) -> list[Frozen]:
    """What still reads a database's files."""
    with world.lock:
        return [
            snapshot.frozen
            for snapshot in world.snapshots(found.kind)
            if snapshot.portrait.resource_id == found.resource_id and not snapshot.frozen.done()
        ]


def copy(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """CopyDBSnapshot, CopyDBClusterSnapshot: into the caller's account and this Region, from wherever."""
    params = call.params
    source = world.snapshot(kind, params[f"Source{kind.snapshot_identifier}"], call.account, call.region, anywhere=True)
    place = world.place(call.account, call.region)
    name = _new_name(place, kind, params[f"Target{kind.snapshot_identifier}"], f"Target{kind.snapshot_identifier}")
    if source.status(world.now()) != "available":
        raise AwsError(kind.snapshot_bad_state, f"{kind.snapshot} {source.identifier} is not in the available state.")
    _check_single_step(world, call, source)
    key = _key_of_copy(world, call, source)
    tags = names.tags(params.get("Tags"))
    _check_quota(world, place, kind)
    _check_copies_in_flight(world, place, kind)
    snapshot = _start_copy(world, place, source, name, key)
    # Tags do not cross accounts (RDS User Guide, tagging).
    if not tags and params.get("CopyTags") and source.account == call.account:
        tags = dict(source.tags)
    snapshot.tags = tags
    return {kind.snapshot: rows.snapshot(world, snapshot, call.account)}


def _start_copy(world: World, place: Place, source: Snapshot, name: str, key: str | None) -> Snapshot:
    """Copies of one database to one place wait for each other (RDS User Guide, copying a snapshot)."""
    now = world.now()
    others = [
        other.ready
        for other in place.snapshots[source.kind.name].values()
        if other.verb == "copying" and other.portrait.resource_id == source.portrait.resource_id
    ]
    started = max([now, *others])
    ready = started + world.settings.seconds_for("copy", source.portrait.storage)
    fault = world.faults.strikes("failed-copy", place.account, place.region, resource=source.identifier)
    snapshot = Snapshot(
        source.kind, place.account, place.region, name, "manual", source.portrait, key,
        started=started, ready=ready, frozen=source.frozen.share(), verb="copying",
        created=ready if source.kind is INSTANCE else source.created,
        original=source.original, taken=source.taken, source=source, fails=fault is not None,
    )  # fmt: skip
    place.snapshots[source.kind.name][name] = snapshot
    return snapshot


def _check_single_step(world: World, call: Call, source: Snapshot) -> None:
    crosses_both = source.account != call.account and source.region != call.region
    rule = f"single_step_{source.kind.name}s"
    # Before 2025-09 no Aurora snapshot and no encrypted RDS snapshot could cross both borders in one call.
    if crosses_both and not world.settings.rules[rule] and (source.kind is not INSTANCE or source.key):
        raise AwsError(
            "InvalidParameterValue",
            "A shared snapshot cannot be copied to another Region in one step. Copy it in its own Region first.",
        )


def _key_of_copy(world: World, call: Call, source: Snapshot) -> str | None:
    """The key rules of CopyDBSnapshot and CopyDBClusterSnapshot (API Reference, KmsKeyId)."""
    wanted = call.params.get("KmsKeyId")
    elsewhere = (source.account, source.region) != (call.account, call.region)
    if source.key is None:
        if wanted and source.kind is not INSTANCE:
            raise AwsError(
                "InvalidParameterCombination",
                "KmsKeyId cannot be specified when copying an unencrypted DB cluster snapshot.",
            )
    else:
        if elsewhere and not wanted:
            raise keys.inaccessible("None")
        world.keys.check_stored(source.key, call.caller, keys.TO_COPY, call.region)
    if not wanted:
        return source.key
    return world.keys.for_rds(wanted, call.caller, call.region, keys.TO_COPY).arn


def _new_name(place: Place, kind: Kind, wanted: str, parameter: str) -> str:
    name = names.identifier(wanted, parameter, kind.longest_snapshot_name)
    if name in place.snapshots[kind.name]:
        raise AwsError(
            kind.snapshot_exists,
            f"Cannot create the snapshot because a snapshot with the identifier {name} already exists.",
        )
    return name


def _check_quota(world: World, place: Place, kind: Kind) -> None:
    """Automated snapshots do not count (RDS User Guide, quotas)."""
    most = world.settings.quotas[kind.quota]
    if sum(snapshot.type == "manual" for snapshot in place.snapshots[kind.name].values()) >= most:
        raise AwsError("SnapshotQuotaExceeded", f"Cannot create more than {most} manual snapshots")


def _check_copies_in_flight(world: World, place: Place, kind: Kind) -> None:
    """The same code as for the quota, and another message."""
    most, now = world.settings.quotas[kind.copy_quota], world.now()
    flying = [each for each in place.snapshots[kind.name].values() if each.verb == "copying" and each.in_flight(now)]
    if len(flying) >= most:
        raise AwsError("SnapshotQuotaExceeded", f"Cannot copy more than {most} snapshots across regions")


def delete(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """DeleteDBSnapshot, DeleteDBClusterSnapshot; a copy in flight is cancelled."""
    name = call.params[kind.snapshot_identifier]
    snapshot = world.snapshot(kind, name, call.account, call.region)
    if snapshot.account != call.account:
        raise AwsError(kind.snapshot_not_found, f"{kind.snapshot} {name} not found.", 404)
    if snapshot.type != "manual":
        raise AwsError(kind.snapshot_bad_state, f"Only manual snapshots can be deleted; {name} is {snapshot.type}.")
    if snapshot.verb == "creating" and snapshot.in_flight(world.now()):
        raise AwsError(kind.snapshot_bad_state, f"{kind.snapshot} {name} is being created.")
    row = rows.snapshot(world, snapshot, call.account) | {"Status": "deleted"}
    _remove(world, snapshot)
    return {kind.snapshot: row}


def _remove(world: World, snapshot: Snapshot) -> None:
    world.place(snapshot.account, snapshot.region).snapshots[snapshot.kind.name].pop(snapshot.identifier, None)
    fail_copies_of(world, snapshot)
    snapshot.frozen.release()


def fail_copies_of(world: World, snapshot: Snapshot) -> None:
    """A copy whose source goes away while it runs may fail (RDS User Guide); here it does."""
    now = world.now()
    for other in world.snapshots(snapshot.kind):
        if other.source is snapshot and other.in_flight(now):
            other.fails = True
