# SPDX-License-Identifier: GPL-3.0-or-later
"""Show what is in the lab."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.admin.forms import Routes, alone
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import World
from lifeboat_lab.wire import iso


def routes(world: World) -> Routes:
    return {("GET", "status"): alone(lambda: _status(world))}


def _status(world: World) -> dict[str, Any]:
    with world.lock:
        return {
            "accounts": [
                {"name": account.name, "id": account.id, "region": account.region,
                 "dark": world.accounts.is_dark(account.id, None)}
                for account in world.accounts.all
            ],
            "dark": [
                {"account": account, "region": region}
                for account, region in sorted(world.accounts.dark, key=str)
            ],
            "databases": [_seen(world, found) for found in world.databases()],
            "snapshots": [_stored(world, found) for found in world.snapshots()],
            "settings": world.settings.as_dict(),
            "engines": world.engines.versions(),
        }  # fmt: skip


def _stored(world: World, found: Snapshot) -> dict[str, Any]:
    return {
        "arn": found.arn,
        "type": found.type,
        "status": found.status(world.now()),
        "resource_id": found.portrait.resource_id,
        "key": found.key,
        "option_group": found.option_group,
        "tags": dict(found.tags),
        "shared_with": list(found.shared_with),
        "source": found.source.arn if found.source else None,
        "original": iso(found.original),
    }


def _seen(world: World, found: Database) -> dict[str, Any]:
    server = found.data.server
    running = server is not None and server.running
    return {
        "arn": found.arn,
        "status": found.status(world.now()),
        "port": server.port if server else None,
        "running": running,
        "created": iso(found.created),
    }
