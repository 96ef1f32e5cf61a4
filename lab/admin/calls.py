# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of every call."""

from __future__ import annotations

from typing import Any

from lab.admin.forms import Routes
from lab.journal import Journal


def routes(journal: Journal) -> Routes:
    return {("GET", "calls"): journal.read, ("DELETE", "calls"): lambda _body: _forget(journal)}


def _forget(journal: Journal) -> dict[str, Any]:
    journal.clear()
    return {}
