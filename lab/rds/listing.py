# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists: what is selected, what is filtered, and by page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any

from lab.errors import AwsError
from lab.rds import rows
from lab.rds.kinds import CLUSTER, INSTANCE, Kind
from lab.rds.world import Call, Database, Snapshot, World

# A filter's name, and what its values are compared with.
Filters = dict[str, Callable[[Any], Iterable[str | None]]]


def describe_databases(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """DescribeDBInstances, DescribeDBClusters."""
    if name := call.params.get(kind.identifier):
        found = [world.database(kind, name, call.account, call.region)]
    else:
        found = list(world.place(call.account, call.region).databases[kind.name].values())
    found = _filter(found, call, _database_filters(kind))
    page, marker = _page(found, call)
    return {f"{kind.noun}s": [rows.database(world, each) for each in page], "Marker": marker}


def describe_snapshots(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """DescribeDBSnapshots, DescribeDBClusterSnapshots."""
    found = _filter(_selected(world, call, kind), call, _snapshot_filters(kind, call.account))
    page, marker = _page(found, call)
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
        if account != call.account and (account in world.accounts.dark or not types & {"shared", "public"}):
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


def _filter(found: list[Any], call: Call, known: Filters) -> list[Any]:
    for rule in call.params.get("Filters") or []:
        read = known.get(rule["Name"])
        if read is None:
            raise AwsError("InvalidParameterValue", f"Unrecognized filter name: {rule['Name']}")
        values = {value.lower() for value in rule.get("Values") or []}
        found = [each for each in found if values & {str(have).lower() for have in read(each)}]
    return found


def _page(found: list[Database] | list[Snapshot], call: Call) -> tuple[list[Any], str | None]:
    """Pages are cut by ARN, so that what comes or goes between two calls neither repeats nor hides a row."""
    size = call.params.get("MaxRecords") or 100
    if not 20 <= size <= 100:
        raise AwsError("InvalidParameterValue", f"Invalid value {size} for MaxRecords. Must be between 20 and 100")
    ordered: list[Any] = sorted(found, key=lambda each: each.arn)
    if marker := call.params.get("Marker"):
        after = _after(marker)
        ordered = [each for each in ordered if each.arn > after]
    page = ordered[:size]
    return page, base64.urlsafe_b64encode(page[-1].arn.encode()).decode() if len(ordered) > size else None


def _after(marker: str) -> str:
    try:
        return base64.urlsafe_b64decode(marker.encode()).decode()
    except (binascii.Error, ValueError):
        raise AwsError("InvalidParameterValue", "Invalid or expired Marker") from None
