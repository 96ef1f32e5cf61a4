# SPDX-License-Identifier: GPL-3.0-or-later
"""Tag databases, snapshots, groups and event subscriptions. Other resources are moto's."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import groups, known_groups, names, subscriptions
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.events import Subscription
from lifeboat_lab.rds.groups import Group
from lifeboat_lab.rds.kinds import KINDS
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import Call, World


def is_ours(params: dict[str, Any]) -> bool:
    """Tell whether the lab, and not moto, knows the resource."""
    parts = str(params.get("ResourceName")).split(":", 6)
    types = {name for kind in KINDS for name in (kind.arn_type, kind.snapshot_arn_type)}
    return len(parts) == 7 and parts[5] in types | groups.ARN_TYPES | {"es"}


def list_tags(world: World, call: Call) -> dict[str, Any]:
    return {"TagList": names.tag_rows(_resource(world, call).tags)}


def add_tags(world: World, call: Call) -> dict[str, Any]:
    resource = _resource(world, call)
    wanted = resource.tags | names.tags(call.params.get("Tags"))
    names.check_tag_count(wanted)
    resource.tags = wanted
    return {}


def remove_tags(world: World, call: Call) -> dict[str, Any]:
    resource = _resource(world, call)
    resource.tags = {key: value for key, value in resource.tags.items() if key not in call.params["TagKeys"]}
    return {}


def _resource(world: World, call: Call) -> Database | Snapshot | Group | Subscription:
    return resource(world, call.params["ResourceName"], call.account, call.region)


def resource(world: World, arn: str, own: str, here: str) -> Database | Snapshot | Group | Subscription:
    """Return an account's own resource by ARN. RDS has no policies that would open another account's.

    :raises AwsError: when there is none in this Region.
    """
    region, account, arn_type, name = arn.split(":", 6)[3:]
    if arn_type in groups.ARN_TYPES:
        return known_groups.by_arn(world, arn, own, here)
    for kind in KINDS:
        if arn_type == kind.arn_type and (account, region) == (own, here):
            return world.database(kind, name, own, here)
        if arn_type == kind.snapshot_arn_type:
            if (account, region) != (own, here):
                raise AwsError(kind.snapshot_not_found, f"{kind.snapshot} {arn} not found.", 404)
            return world.snapshot(kind, name, own, here)
    if arn_type == "es" and (account, region) == (own, here):
        return subscriptions.named(world, own, here, name)
    raise AwsError("InvalidParameterValue", f"The specified resource name does not match an RDS resource: {arn}")
