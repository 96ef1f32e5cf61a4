# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell the lab's time, and advance it."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.admin.forms import Routes, alone, known, seconds
from lifeboat_lab.rds.world import World
from lifeboat_lab.settings import BadRequest
from lifeboat_lab.wire import iso


def routes(world: World) -> Routes:
    return {
        ("GET", "clock"): alone(lambda: _read(world)),
        ("POST", "clock"): lambda body: _advance(world, body),
    }


def _read(world: World) -> dict[str, Any]:
    return {"now": iso(world.now())}


def _advance(world: World, body: Any) -> dict[str, Any]:
    known(body, "advance")
    wanted = seconds(body, "advance")
    with world.lock:
        served = [found.identifier for found in world.databases() if found.server is not None]
    if served:
        raise BadRequest(
            f"the clock cannot be advanced: SQL's now() would disagree in {', '.join(served)}. "
            "Use a lab without database servers (--metadata-only)."
        )
    world.clock.advance(wanted)
    return _read(world)
