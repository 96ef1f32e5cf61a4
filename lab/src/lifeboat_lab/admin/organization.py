# SPDX-License-Identifier: GPL-3.0-or-later
"""Put accounts into an organization. Its policies are attached by the API of Organizations, as on AWS."""

from __future__ import annotations

from typing import Any

from lifeboat_lab import organizations
from lifeboat_lab.accounts import Accounts
from lifeboat_lab.admin.forms import Routes, known
from lifeboat_lab.settings import BadRequest


def routes(accounts: Accounts) -> Routes:
    return {("POST", "organization"): lambda body: _found(accounts, body)}


def _found(accounts: Accounts, body: Any) -> dict[str, Any]:
    known(body, "management", "members")
    management = accounts.find(body.get("management"))
    members = [accounts.find(name) for name in body.get("members") or []]
    if taken := [each.name for each in (management, *members) if organizations.is_in_one(each)]:
        raise BadRequest(f"already in an organization: {', '.join(taken)}")
    if management in members or len(set(members)) < len(members):
        raise BadRequest("each account can be in an organization only once")
    organizations.found(management, members)
    return {"management": management.id, "members": [each.id for each in members]}
