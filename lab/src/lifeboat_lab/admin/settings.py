# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and change the settings."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.admin.forms import Routes, alone
from lifeboat_lab.rds.world import World


def routes(world: World) -> Routes:
    return {
        ("GET", "settings"): alone(world.settings.as_dict),
        ("PATCH", "settings"): lambda body: _change(world, body),
    }


def _change(world: World, body: Any) -> dict[str, Any]:
    with world.lock:
        world.settings.update(body)
        return world.settings.as_dict()
