# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy snapshots: what may be copied, under which key, when, and how much data moves."""

from __future__ import annotations

from typing import Any

from lifeboat_lab import keys
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import names, option_rules, shelf, snapshot_rows
from lifeboat_lab.rds.kinds import INSTANCE, KINDS, Kind
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import Call, Place, World


def copy(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Copy a snapshot that the caller may read into the caller's account and this Region."""
    params = call.params
    source = world.snapshot(kind, params[f"Source{kind.snapshot_identifier}"], call.account, call.region, anywhere=True)
    place = world.place(call.account, call.region)
    parameter = f"Target{kind.snapshot_identifier}"
    name = shelf.new_name(place, kind, params[parameter], parameter)
    if source.status(world.now()) != "available":
        raise AwsError(kind.snapshot_bad_state, f"{kind.snapshot} {source.identifier} is not in the available state.")
    _check_route(world, call, source)
    key = _key_of_copy(world, call, source)
    option_group = option_rules.of_copy(world, call, source)
    tags = _tags_of_copy(world, call, source)
    shelf.check_quota(world, place, kind)
    _check_copies_in_flight(world, place, kind)
    snapshot = _start(world, place, source, name, key, option_group)
    snapshot.tags = tags
    return {kind.snapshot: snapshot_rows.row(world, snapshot, call.account)}


def _check_route(world: World, call: Call, source: Snapshot) -> None:
    """Check that a snapshot may go there at all, whatever its key (aws_rds.md 0, 1.1, 1.5, 13)."""
    rules = world.settings.rules
    crosses_account, crosses_region = source.account != call.account, source.region != call.region
    if source.of_multi_az_cluster and not rules["multi_az_cluster_snapshots_travel"]:
        raise AwsError(
            source.kind.snapshot_bad_state, "Snapshots of Multi-AZ DB clusters can be neither copied nor shared."
        )
    if names.area(source.region) != names.area(call.region) or (crosses_region and names.area(call.region) == "cn"):
        raise AwsError("InvalidParameterValue", f"Cannot copy from {source.region} to {call.region}.")
    if source.portrait.engine.startswith("custom-") and not (
        rules["rds_custom_copies"] and crosses_region and not crosses_account
    ):
        raise AwsError("InvalidParameterCombination", "RDS Custom snapshots cannot be copied.")
    # Before 2025-09 no Aurora snapshot and no encrypted RDS snapshot could cross both borders in one call.
    single_step = rules[f"single_step_{source.kind.name}s"]
    if crosses_account and crosses_region and not single_step and (source.kind is not INSTANCE or source.key):
        raise AwsError(
            "InvalidParameterValue",
            "A shared snapshot cannot be copied to another Region in one step. Copy it in its own Region first.",
        )


def _key_of_copy(world: World, call: Call, source: Snapshot) -> str | None:
    """Apply the key rules of both calls (aws_rds.md 1.3)."""
    wanted = call.params.get("KmsKeyId")
    if source.key is None:
        if wanted and source.kind is not INSTANCE and not world.settings.rules["encrypt_cluster_by_copy"]:
            raise AwsError(
                "InvalidParameterCombination",
                "KmsKeyId cannot be specified when copying an unencrypted DB cluster snapshot.",
            )
    else:
        _check_key_is_given(world, call, source)
        world.keys.check_stored(source.key, call.caller, keys.TO_COPY, call.region)
    if not wanted:
        return source.key
    return world.keys.for_rds(wanted, call.caller, call.region, keys.TO_COPY).arn


def _check_key_is_given(world: World, call: Call, source: Snapshot) -> None:
    rules, named = world.settings.rules, call.params[f"Source{source.kind.snapshot_identifier}"]
    if rules["encrypted_copy_needs_arn"] and not named.startswith("arn:"):
        raise AwsError("InvalidParameterValue", "The source of an encrypted copy must be given as an ARN.")
    elsewhere = (source.account, source.region) != (call.account, call.region)
    owned_by_aws = source.key == keys.AWS_OWNED
    if elsewhere and not call.params.get("KmsKeyId") and (not owned_by_aws or rules["sse_rds_copy_needs_key"]):
        raise keys.inaccessible("None")


def _tags_of_copy(world: World, call: Call, source: Snapshot) -> dict[str, str]:
    """Return the copy's tags: copied on request, and never across accounts (aws_rds.md 1.10)."""
    explicit = names.tags(call.params.get("Tags"))
    if not call.params.get("CopyTags"):
        return explicit
    if source.account != call.account:
        if world.settings.rules["copy_tags_across_accounts"] == "refused":
            raise AwsError("InvalidParameterCombination", "CopyTags cannot be used with another account's snapshot.")
        return explicit
    return explicit or dict(source.tags)


def _check_copies_in_flight(world: World, place: Place, kind: Kind) -> None:
    """Check the limit of copies in flight.

    AWS uses the code of the snapshot quota with another message (aws_rds.md 1.6).
    """
    now, together = world.now(), world.settings.rules["one_copy_limit"]
    most = world.settings.quotas[INSTANCE.copy_quota if together else kind.copy_quota]
    tables = [place.snapshots[each.name] for each in (KINDS if together else (kind,))]
    flying = sum(each.verb == "copying" and each.in_flight(now) for table in tables for each in table.values())
    if flying >= most:
        raise AwsError("SnapshotQuotaExceeded", f"Cannot copy more than {most} snapshots across regions")


def _start(
    world: World, place: Place, source: Snapshot, name: str, key: str | None, option_group: str
) -> Snapshot:  # fmt: skip
    now = world.now()
    snapshot = Snapshot(
        source.kind, place.account, place.region, name, "manual", source.portrait, key, option_group,
        started=now, ready=now, frozen=source.frozen.share(), verb="copying",
        original=source.original, taken=source.taken, source=source,
        fails=world.faults.strikes("failed-copy", place.account, place.region, resource=source.identifier) is not None,
    )  # fmt: skip
    snapshot.incremental = _is_incremental(world, place, snapshot)
    place.snapshots[source.kind.name].add(snapshot)
    queue(world, place, snapshot)
    _tell(world, snapshot, "started")
    return snapshot


def queue(world: World, place: Place, member: Snapshot) -> None:
    """Line up the copies of one database to one place, in the order of their requests (aws_rds.md 1.6)."""
    now, free = world.now(), 0.0
    for each in place.snapshots[member.kind.name].values():
        if each.verb != "copying" or each.portrait.resource_id != member.portrait.resource_id:
            continue
        if each is member or now < each.started:
            _schedule(world, each, max(now, free))
        if now < each.ready:
            free = max(free, each.ready)


def _schedule(world: World, snapshot: Snapshot, start: float) -> None:
    share = world.settings.incremental_share if snapshot.incremental else 1.0
    snapshot.started = start
    snapshot.ready = start + world.settings.seconds_for("copy", snapshot.portrait.gib * share)
    keeps = snapshot.kind is not INSTANCE and world.settings.rules["cluster_copy_keeps_time"]
    snapshot.created = snapshot.source.created if keeps and snapshot.source else snapshot.ready
    world.clock.at(snapshot.ready, lambda: _finish(world, snapshot))


def _is_incremental(world: World, place: Place, new: Snapshot) -> bool:
    """Tell whether only changed data is moved (aws_rds.md 1.7).

    For instances: the newest completed copy here of the same database still exists, all copies have the same key and
    the same inheritance, and the source, if it is a copy, is incremental itself. Aurora stores every copy in full, but
    only changed data crosses a Region's border.
    """
    source, rules = new.source, world.settings.rules
    assert source is not None
    others = [
        each
        for each in place.snapshots[new.kind.name].values()
        if each.verb == "copying" and each.portrait.resource_id == new.portrait.resource_id
        and each.status(world.now()) == "available"
    ]  # fmt: skip
    if not others or (new.kind is not INSTANCE and source.region == place.region):
        return False
    if (
        new.kind is INSTANCE
        and source.source is not None
        and not (source.incremental and rules["copy_of_copy_incremental"])
    ):
        return False
    if source.account != place.account and source.region != place.region and not rules["single_step_incremental"]:
        return False
    if new.kind is not INSTANCE:
        return True
    anchor = place.anchors.get(new.portrait.resource_id)
    same = all(each.lineage == new.lineage for each in others)
    return same and anchor in {each.arn for each in others}


def _tell(world: World, snapshot: Snapshot, what: str) -> None:
    """Raise the events of copies: for instances only, and none for a failure (aws_rds.md 5.1)."""
    source = snapshot.source
    assert source is not None
    if snapshot.kind is not INSTANCE:
        if what == "finished" and world.settings.rules["cluster_copy_event"]:
            world.events.emit("RDS-EVENT-0075", snapshot)
        return
    local = source.region == snapshot.region
    event = _LOCAL_EVENTS[what] if local else _EVENTS[what]
    minutes = max(1, round((snapshot.ready - snapshot.started) * world.settings.scale / 60))
    world.events.emit(event, snapshot, snapshot=source.identifier, region=source.region, minutes=minutes)


_EVENTS = {"started": "RDS-EVENT-0059", "finished": "RDS-EVENT-0060", "cancelled": "RDS-EVENT-0061"}
_LOCAL_EVENTS = {"started": "RDS-EVENT-0196", "finished": "RDS-EVENT-0197", "cancelled": "RDS-EVENT-0190"}


def _finish(world: World, snapshot: Snapshot) -> None:
    """Finish a copy; the next one builds on it."""
    with world.lock:
        place = world.place(snapshot.account, snapshot.region)
        gone = place.snapshots[snapshot.kind.name].get(snapshot.identifier) is not snapshot
        if gone or snapshot.finished or snapshot.fails or snapshot.in_flight(world.now()):
            return
        snapshot.finished = True
        place.anchors[snapshot.portrait.resource_id] = snapshot.arn
        _tell(world, snapshot, "finished")


def cancelled(world: World, snapshot: Snapshot) -> None:
    """Move up the copies that wait behind one that was deleted in flight."""
    _tell(world, snapshot, "cancelled")
    place = world.place(snapshot.account, snapshot.region)
    waiting = [
        each
        for each in place.snapshots[snapshot.kind.name].values()
        if each.portrait.resource_id == snapshot.portrait.resource_id and world.now() < each.started
    ]
    if waiting:
        queue(world, place, waiting[0])


def fail_copies_of(world: World, source: Snapshot) -> None:
    """Fail the running copies of a deleted source at once; AWS only says that they may fail (aws_rds.md 1.1)."""
    now = world.now()
    for other in world.snapshots(source.kind):
        if other.source is source and other.in_flight(now):
            other.fail(now)
