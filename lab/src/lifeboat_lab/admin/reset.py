# SPDX-License-Identifier: GPL-3.0-or-later
"""Start anew within one running lab, for tests that need many fresh starts."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.admin.forms import Routes, alone
from lifeboat_lab.rds.world import World
from lifeboat_lab.settings import BadRequest


def routes(world: World) -> Routes:
    return {("POST", "reset"): alone(lambda: _reset(world))}


def _reset(world: World) -> dict[str, Any]:
    with world.lock:
        if served := [found.identifier for found in world.databases() if found.server is not None]:
            raise BadRequest(f"this lab has database servers, behind {', '.join(served)}. Start another lab instead.")
        world.forget_everything()
    world.faults.clear()
    return {}
