# SPDX-License-Identifier: GPL-3.0-or-later
"""List databases and snapshots: what a request selects (aws_rds.md 3)."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from lifeboat_lab.accounts import PARTITION
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import database_rows, paging, snapshot_rows
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE, Kind
from lifeboat_lab.rds.paging import Filters
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import Call, World, own_name

TYPES = (None, "manual", "automated", "shared", "public", "awsbackup")
_arn = attrgetter("arn")


def describe_databases(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer DescribeDBInstances, DescribeDBClusters."""
    if name := call.params.get(kind.identifier):
        found = [world.database(kind, name, call.account, call.region)]
    else:
        found = list(world.place(call.account, call.region).databases[kind.name].values())
    found = paging.filtered(found, call.params, _database_filters(kind))
    page, marker = paging.page(found, call.params, _arn)
    return {f"{kind.noun}s": [database_rows.database(world, each) for each in page], "Marker": marker}


def describe_snapshots(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer DescribeDBSnapshots, DescribeDBClusterSnapshots."""
    if call.params.get("SnapshotType") not in TYPES:
        raise AwsError("InvalidParameterValue", f"Invalid snapshot type: {call.params['SnapshotType']}")
    if name := call.params.get(kind.snapshot_identifier):
        found = [_named(world, call, kind, name)]
    else:
        found = _candidates(world, call, kind)
    page, marker = paging.page_of_ordered(found, call.params, _arn, _selection(world, call, kind))
    return {f"{kind.snapshot}s": [snapshot_rows.row(world, each, call.account) for each in page], "Marker": marker}


def _selection(world: World, call: Call, kind: Kind) -> Callable[[Snapshot], bool]:
    """Combine everything that a request asks of a snapshot into one test."""
    params, account = call.params, call.account
    types = _types(call) if not params.get(kind.snapshot_identifier) else set(TYPES)
    passes = paging.filtering(params, _snapshot_filters(kind, account))
    named, resource = params.get(kind.identifier), params.get(kind.resource_field)
    database = _database_name(world, call, kind, named) if named else None

    def fits(each: Snapshot) -> bool:
        if database is not None and each.portrait.database_id != database:
            return False
        if resource and each.portrait.resource_id.lower() != resource.lower():
            return False
        return each.visible_to(account) and each.type_for(account) in types and passes(each)

    return fits


def _named(world: World, call: Call, kind: Kind, name: str) -> Snapshot:
    wanted = call.params.get("SnapshotType")
    if kind is CLUSTER and call.params.get(kind.identifier):
        raise AwsError("InvalidParameterCombination", "Give a cluster or a snapshot identifier, not both.")
    found = world.snapshot(kind, name, call.account, call.region)
    seen = found.type_for(call.account)
    if seen == "automated" and wanted is None and world.settings.rules["automated_needs_type"]:
        raise AwsError(
            "InvalidParameterCombination", f"{name} is an automated snapshot: SnapshotType must be given as well."
        )
    if wanted not in (None, seen):
        raise AwsError(kind.snapshot_not_found, f"{kind.snapshot} {name} not found.", 404)
    return found


def _database_name(world: World, call: Call, kind: Kind, database: str) -> str:
    """Return the plain name of a database, which must exist unless it is another account's."""
    looks_abroad = call.params.get("SnapshotType") in ("shared", "public") or any(
        call.params.get(name) for name in ("IncludeShared", "IncludePublic")
    )
    plain = database.rsplit(":", 1)[-1].lower()
    if not looks_abroad and world.settings.rules["database_name_must_exist"]:
        world.database(kind, database, call.account, call.region)
    return plain


def _types(call: Call) -> set[str]:
    """Return the wanted snapshot types, otherwise those of the caller's own."""
    if wanted := call.params.get("SnapshotType"):
        return {wanted}
    return {"manual", "automated"} | {
        name.removeprefix("Include").lower() for name in ("IncludeShared", "IncludePublic") if call.params.get(name)
    }


def _candidates(world: World, call: Call, kind: Kind) -> list[Snapshot]:
    """Return the snapshots that can match, in order. Others' snapshots are visible in their own Region only."""
    types = _types(call)
    found = _own(world, call, kind) if types - {"shared", "public"} else []
    if types & {"shared", "public"}:
        others = [known.id for known in world.accounts.all if known.id != call.account]
        foreign = [each for account in others for each in _table(world, account, call, kind) if each.shared_with]
        found = sorted([*found, *foreign], key=_arn)
    return found


def _own(world: World, call: Call, kind: Kind) -> list[Snapshot]:
    """Return the caller's own snapshots.

    A filter by name is looked up directly, since clients poll for progress like that.
    """
    table = _table(world, call.account, call, kind)
    rules = [rule for rule in call.params.get("Filters") or [] if rule["Name"] == kind.snapshot_filter]
    if not rules:
        return table
    by_name = world.place(call.account, call.region).snapshots[kind.name]
    names = {
        own_name(value, kind.snapshot_arn_type, call.account, call.region) for value in rules[0].get("Values") or []
    }
    return sorted((by_name[name] for name in names if name and name in by_name), key=_arn) if table else []


def _table(world: World, account: str, call: Call, kind: Kind) -> list[Snapshot]:
    if world.accounts.is_dark(account, call.region):
        return []
    return world.place(account, call.region).snapshots[kind.name].ordered


def _database_filters(kind: Kind) -> Filters:
    filters: Filters = {
        kind.id_filter: lambda found: (found.identifier, found.arn),
        kind.resource_filter: lambda found: (found.resource_id,),
        "engine": lambda found: (found.engine,),
    }
    if kind is INSTANCE:
        filters["db-cluster-id"] = lambda found: (found.cluster.identifier, found.cluster.arn) if found.cluster else ()
    return filters


def _snapshot_filters(kind: Kind, account: str) -> Filters:
    filters: Filters = {
        kind.id_filter: lambda found: (found.portrait.database_id, _database_arn(found)),
        kind.snapshot_filter: lambda found: (found.identifier, found.arn),
        "snapshot-type": lambda found: (found.type_for(account),),
        "engine": lambda found: (found.portrait.engine,),
    }
    if kind is INSTANCE:
        filters["dbi-resource-id"] = lambda found: (found.portrait.resource_id,)
    return filters


def _database_arn(found: Snapshot) -> str:
    database = found.portrait.database_id
    return f"arn:{PARTITION}:rds:{found.region}:{found.account}:{found.kind.arn_type}:{database}"
