# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaking things on request: faults, and accounts gone dark."""

from __future__ import annotations

from typing import Any

from lab import outages
from lab.admin.forms import Routes, flag, known
from lab.rds.world import World


def routes(world: World) -> Routes:
    return {
        ("POST", "dark"): lambda body: _darken(world, body),
        ("GET", "faults"): lambda _query: world.faults.as_list(),
        ("POST", "faults"): lambda body: _add(world, body),
        ("DELETE", "faults"): lambda _body: _forget(world),
    }


def _darken(world: World, body: Any) -> dict[str, Any]:
    known(body, "account", "dark")
    account = world.accounts.find(body.get("account"))
    dark = flag(body, "dark", default=True)
    (outages.go_dark if dark else outages.come_back)(world, account.id)
    return {"account": account.id, "dark": dark}


def _add(world: World, body: Any) -> dict[str, Any]:
    if isinstance(body, dict) and body.get("account"):
        body = body | {"account": world.accounts.find(body["account"]).id}
    return vars(world.faults.add(body))


def _forget(world: World) -> dict[str, Any]:
    world.faults.clear()
    return {}
