# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what recovery_point_info is asked."""

from __future__ import annotations

from dataclasses import dataclass

from ..._core.inventory.overrides import PerDatabase
from ..._core.inventory.protection import Protection
from ..._core.inventory.selection import Selection
from .common import Request


@dataclass(frozen=True, slots=True)
class Objective:
    """How old the newest recovery point of a database may be, in seconds; None is not declared."""

    rpo: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverRequest(Request):
    """Which databases to look at, where their recovery points may be, and whose shares are in order."""

    selection: Selection
    objectives: PerDatabase[Objective]
    protection: PerDatabase[Protection]
    history: bool  # whether databases that are gone and never were published are listed
    dr_accounts: tuple[str, ...]
    source_accounts: tuple[str, ...]
    source_regions: tuple[str, ...]
    audit_shares: bool
    allowed_accounts: tuple[str, ...]
