# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of every call, and what the calls cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.admin.forms import Routes, alone
from lab.journal import Journal


def routes(journal: Journal) -> Routes:
    return {
        ("GET", "calls"): journal.read,
        ("DELETE", "calls"): alone(lambda: _forget(journal.clear)),
        ("GET", "cost"): alone(journal.costs),
        ("DELETE", "cost"): alone(lambda: _forget(journal.clear_costs)),
    }


def _forget(clear: Callable[[], None]) -> dict[str, Any]:
    clear()
    return {}
