# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what snapshot_prune is asked."""

from __future__ import annotations

from dataclasses import dataclass

from ..._core.handover.store import Address
from ..._core.inventory.overrides import PerDatabase
from ..._core.inventory.selection import Selection
from ..._core.keeping.bound import Token
from ..._core.keeping.policy import Declared
from .common import Documents, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneRequest(Request):
    """What to keep, what has landed elsewhere, and whether to delete at all."""

    apply: bool  # otherwise report only
    retention: PerDatabase[Declared]
    landed: Documents
    dr_accounts: frozenset[str]
    release: frozenset[str]
    accept_deletions: tuple[Token, ...]  # each for one plan
    selection: Selection
    store: Address | None
