# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account has and may have, and which engines there are."""

from __future__ import annotations

from typing import Any

from lab.engines import SERVED, offer
from lab.rds.kinds import KINDS, Kind
from lab.rds.world import Call, World

MOST_DATABASES = 40


def account_attributes(world: World, call: Call) -> dict[str, Any]:
    """DescribeAccountAttributes."""
    place = world.place(call.account, call.region)
    used = [
        ("DBInstances", len(place.databases["instance"]), MOST_DATABASES),
        ("DBClusters", len(place.databases["cluster"]), MOST_DATABASES),
        *(_snapshots(world, call, kind) for kind in KINDS),
    ]
    return {"AccountQuotas": [{"AccountQuotaName": name, "Used": count, "Max": most} for name, count, most in used]}


def _snapshots(world: World, call: Call, kind: Kind) -> tuple[str, int, int]:
    found = world.place(call.account, call.region).snapshots[kind.name].values()
    name = "ManualSnapshots" if kind.name == "instance" else "ManualClusterSnapshots"
    return name, sum(each.type == "manual" for each in found), world.settings.quotas[kind.quota]


def engine_versions(world: World, call: Call) -> dict[str, Any]:
    """DescribeDBEngineVersions: one version of each engine that has a server."""
    offered = [_offered(world, engine) for engine in SERVED if world.engines.why_not(engine) is None]
    wanted = {"Engine": call.params.get("Engine"), "EngineVersion": call.params.get("EngineVersion")}
    chosen = [row for row in offered if all(value in (None, row[name]) for name, value in wanted.items())]
    return {"DBEngineVersions": chosen}


def _offered(world: World, engine: str) -> dict[str, Any]:
    about, version = offer(engine), world.engines.version(engine)
    return {
        "Engine": engine,
        "EngineVersion": version,
        "MajorEngineVersion": about.series(version),
        "DBParameterGroupFamily": about.parameter_family(version),
        "DBEngineDescription": about.description,
        "DBEngineVersionDescription": f"{about.description} {version}",
        "Status": "available",
    }
