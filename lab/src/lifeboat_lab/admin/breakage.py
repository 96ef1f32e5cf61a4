# SPDX-License-Identifier: GPL-3.0-or-later
"""Break things on request: make faults, and take accounts and Regions away."""

from __future__ import annotations

from typing import Any

from lifeboat_lab import outages, regions
from lifeboat_lab.admin import fault_form
from lifeboat_lab.admin.forms import Routes, alone, flag, known
from lifeboat_lab.rds.world import World
from lifeboat_lab.settings import BadRequest


def routes(world: World) -> Routes:
    return {
        ("POST", "dark"): lambda body: _darken(world, body),
        ("GET", "faults"): alone(world.faults.as_list),
        ("POST", "faults"): lambda body: _add(world, body),
        ("DELETE", "faults"): alone(lambda: _forget(world)),
        ("DELETE", "faults/*"): lambda number: _take_back(world, number),
    }


def _darken(world: World, body: Any) -> dict[str, Any]:
    known(body, "account", "region", "dark")
    account, region = body.get("account"), body.get("region")
    if account is None and region is None:
        raise BadRequest("set account, region, or both")
    account = None if account is None else world.accounts.find(account).id
    region = None if region is None else regions.check(region)
    dark = flag(body, "dark", default=True)
    outages.set_dark(world, account, region, dark=dark)
    return {"account": account, "region": region, "dark": dark}


def _add(world: World, body: Any) -> dict[str, Any]:
    return world.faults.add(fault_form.read(body, world.accounts)).as_dict()


def _take_back(world: World, number: str) -> dict[str, Any]:
    if not number.isdigit():
        raise BadRequest(f"faults/{number} does not exist: faults have numbers")
    world.faults.remove(int(number))
    return {}


def _forget(world: World) -> dict[str, Any]:
    world.faults.clear()
    return {}
