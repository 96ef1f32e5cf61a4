# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists: what is selected, what is filtered, and by page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lab.errors import AwsError
from lab.rds import paging, rows
from lab.rds.kinds import CLUSTER, INSTANCE, Kind
from lab.rds.paging import Filters
from lab.rds.world import Call, Snapshot, World


def describe_databases(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """DescribeDBInstances, DescribeDBClusters."""
    if name := call.params.get(kind.identifier):
        found = [world.database(kind, name, call.account, call.region)]
    else:
        found = list(world.place(call.account, call.region).databases[kind.name].values())
    found = paging.filtered(found, call.params, _database_filters(kind))
    page, marker = paging.page(found, call.params, lambda each: each.arn)
    return {f"{kind.noun}s": [rows.database(world, each) for each in page], "Marker": marker}


def describe_snapshots(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """DescribeDBSnapshots, DescribeDBClusterSnapshots."""
    found = paging.filtered(_selected(world, call, kind), call.params, _snapshot_filters(kind, call.account))
    page, marker = paging.page(found, call.params, lambda each: each.arn)
    return {f"{kind.snapshot}s": [rows.snapshot(world, each, call.account) for each in page], "Marker": marker}


def _selected(world: World, call: Call, kind: Kind) -> list[Snapshot]:
    params = call.params
    wanted = params.get("SnapshotType")
    if wanted not in (None, "manual", "automated", "shared", "public", "awsbackup"):
        raise AwsError("InvalidParameterValue", f"Invalid snapshot type: {wanted}")
    name, database = params.get(kind.snapshot_identifier), params.get(kind.identifier)
    if kind is CLUSTER and name and database:
        raise AwsError("InvalidParameterCombination", "Give a cluster or a snapshot identifier, not both.")
    if name:
        found = [world.snapshot(kind, name, call.account, call.region)]
        found = [each for each in found if wanted in (None, _type_for(each, call.account))]
    else:
        found = list(_of_type(world, call, kind))
    if database:
        plain = database.rsplit(":", 1)[-1].lower()
        found = [each for each in found if each.portrait.database_id == plain]
    if resource := params.get(kind.resource_field):
        found = [each for each in found if each.portrait.resource_id.lower() == resource.lower()]
    return found


def _of_type(world: World, call: Call, kind: Kind) -> Iterable[Snapshot]:
    """Own ones unless told otherwise; shared and public ones are seen in their own Region only."""
    wanted = call.params.get("SnapshotType")
    types = {wanted} if wanted else {"manual", "automated"}
    if not wanted and call.params.get("IncludeShared"):
        types.add("shared")
    if not wanted and call.params.get("IncludePublic"):
        types.add("public")
    for account in [known.id for known in world.accounts.all]:
        if account != call.account and not types & {"shared", "public"}:
            continue
        if world.accounts.is_dark(account, call.region):
            continue
        for each in world.place(account, call.region).snapshots[kind.name].values():
            if each.visible_to(call.account) and _type_for(each, call.account) in types:
                yield each


def _type_for(snapshot: Snapshot, account: str) -> str:
    if snapshot.account == account:
        return snapshot.type
    return "shared" if account in snapshot.shared_with else "public"


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
        "snapshot-type": lambda found: (_type_for(found, account),),
        "engine": lambda found: (found.portrait.engine,),
    }
    if kind is INSTANCE:
        filters["dbi-resource-id"] = lambda found: (found.portrait.resource_id,)
    return filters


def _database_arn(found: Snapshot) -> str:
    return f"arn:aws:rds:{found.region}:{found.account}:{found.kind.arn_type}:{found.portrait.database_id}"
