# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the shop, and damage it."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.admin.forms import Routes, known
from lifeboat_lab.rds.world import World
from lifeboat_lab.settings import BadRequest
from lifeboat_lab.shop import Shop


def routes(world: World, shop: Shop) -> Routes:
    return {("POST", "shop"): lambda body: _do(world, shop, body)}


def _do(world: World, shop: Shop, body: Any) -> dict[str, Any]:
    known(body, "do", "account")
    account = world.accounts.find(body.get("account", "production"))
    deeds = {"create": shop.create, "lose-rows": shop.lose_rows, "damage": shop.damage, "beat": shop.beat}
    deed = deeds.get(str(body.get("do")))
    if deed is None:
        raise BadRequest(f"do must be one of {', '.join(deeds)}")
    return deed(account)
