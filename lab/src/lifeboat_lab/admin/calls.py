# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the log of every call, and what the calls cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lifeboat_lab.accounts import Accounts
from lifeboat_lab.admin.forms import Routes, alone
from lifeboat_lab.journal import Journal


def routes(journal: Journal, accounts: Accounts) -> Routes:
    return {
        ("GET", "calls"): lambda query: _read(journal, accounts, query),
        ("DELETE", "calls"): alone(lambda: _forget(journal.clear)),
        ("GET", "cost"): alone(journal.costs),
        ("DELETE", "cost"): alone(lambda: _forget(journal.clear_costs)),
    }


def _read(journal: Journal, accounts: Accounts, query: dict[str, str]) -> list[dict[str, Any]]:
    """Return the logged calls that the query selects; it may give an account by its name."""
    numbers = {account.name: account.id for account in accounts.all}
    if (account := query.get("account")) in numbers:
        query = query | {"account": numbers[str(account)]}
    return journal.read(query)


def _forget(clear: Callable[[], None]) -> dict[str, Any]:
    clear()
    return {}
