# SPDX-License-Identifier: GPL-3.0-or-later
"""Make many rows of databases and snapshots at once."""

from __future__ import annotations

from lifeboat_lab.admin.forms import Routes
from lifeboat_lab.rds.seeding import Seed, sow
from lifeboat_lab.rds.world import World


def routes(world: World) -> Routes:
    return {("POST", "seed"): lambda body: sow(world, Seed.read(body))}
