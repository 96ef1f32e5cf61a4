# SPDX-License-Identifier: GPL-3.0-or-later
"""What recovery_point_info is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.errors import LifeboatError
from ..._core.inventory.overrides import PerDatabase
from ..._core.inventory.selection import Selection
from ..arguments import read_selection, read_settings
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
    dr_accounts: tuple[str, ...]
    source_accounts: tuple[str, ...]
    source_regions: tuple[str, ...]
    audit_shares: bool
    allowed_accounts: tuple[str, ...]


def read_cover(params: Mapping[str, Any]) -> CoverRequest:
    """Read the options of recovery_point_info.

    :raises LifeboatError: when shared snapshots are to be read, and no account is named.
    """
    if params["source_regions"] and not params["source_accounts"]:
        raise LifeboatError(
            "Cannot look at what other accounts share",
            why="source_accounts is empty, and anybody may share a snapshot with this account",
            remedy="Set source_accounts to at least one account ID",
        )
    return CoverRequest(
        account_id=params["account_id"],
        prefix=params["prefix"],
        selection=read_selection(params),
        objectives=read_settings(Objective, params),
        dr_accounts=tuple(params["dr_accounts"]),
        source_accounts=tuple(params["source_accounts"]),
        source_regions=tuple(params["source_regions"]),
        audit_shares=params["audit_shares"],
        allowed_accounts=tuple(params["allowed_accounts"]),
    )
