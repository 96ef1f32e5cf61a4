# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what an account has, and how much it may have."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.rds import requested
from lifeboat_lab.rds.kinds import KINDS, Kind
from lifeboat_lab.rds.world import Call, World


def account_attributes(world: World, call: Call) -> dict[str, Any]:
    """Answer DescribeAccountAttributes: what there is without the defaults, and the most there may be."""
    place, quotas = world.place(call.account, call.region), world.settings.quotas
    groups, subscriptions = place.groups, world.events.subscriptions(call.account, call.region)
    used = [
        ("DBInstances", len(place.databases["instance"]), quotas["instances"]),
        ("AllocatedStorage", requested.allocated_storage(place), quotas["storage"]),
        ("DBClusters", len(place.databases["cluster"]), quotas["clusters"]),
        *(_snapshots(world, call, kind) for kind in KINDS),
        ("DBSubnetGroups", len(groups.subnets), quotas["subnet_groups"]),
        ("SubnetsPerDBSubnetGroup", _widest(world, call), quotas["subnets_per_group"]),
        ("DBParameterGroups", len(groups.parameters), quotas["parameter_groups"]),
        ("DBClusterParameterGroups", len(groups.cluster_parameters), quotas["cluster_parameter_groups"]),
        ("EventSubscriptions", len(subscriptions), quotas["event_subscriptions"]),
        ("OptionGroups", len(groups.options), quotas["option_groups"]),
    ]
    return {"AccountQuotas": [{"AccountQuotaName": name, "Used": count, "Max": most} for name, count, most in used]}


def _snapshots(world: World, call: Call, kind: Kind) -> tuple[str, int, int]:
    found = world.place(call.account, call.region).snapshots[kind.name].values()
    name = "ManualSnapshots" if kind.name == "instance" else "ManualClusterSnapshots"
    return name, sum(each.type == "manual" for each in found), world.settings.quotas[kind.quota]


def _widest(world: World, call: Call) -> int:
    found = world.place(call.account, call.region).groups.subnets.values()
    return max((len(each.subnets) for each in found), default=0)
