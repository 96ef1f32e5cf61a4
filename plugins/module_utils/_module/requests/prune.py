# SPDX-License-Identifier: GPL-3.0-or-later
"""What snapshot_prune is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.errors import LifeboatError
from ..._core.handover.manifest import read_landed
from ..._core.handover.store import Address
from ..._core.inventory.overrides import PerDatabase
from ..._core.inventory.selection import Selection
from ..._core.keeping.policy import Declared
from ..._core.sharing import ACCOUNT
from ..arguments import read_selection, read_settings, read_store
from .common import Documents, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneRequest(Request):
    """What to keep, what has landed elsewhere, and whether to delete at all."""

    apply: bool  # otherwise report only
    retention: PerDatabase[Declared]
    landed: Documents
    dr_accounts: frozenset[str]
    release: frozenset[str]
    selection: Selection
    store: Address | None


def read_prune(params: Mapping[str, Any]) -> PruneRequest:
    """Read the options of snapshot_prune.

    :raises LifeboatError: when a retention, an account or a manifest is not valid.
    """
    read_landed(params["landed"])
    retention = read_settings(Declared, params)
    for declared in retention.every:
        declared.check()
    return PruneRequest(
        account_id=params["account_id"],
        prefix=params["prefix"],
        apply=params["apply"],
        retention=retention,
        landed=params["landed"],
        dr_accounts=read_accounts(params["dr_accounts"]),
        release=frozenset(params["release"]),
        selection=read_selection(params),
        store=read_store(params["store"]),
    )


def read_accounts(accounts: Iterable[str]) -> frozenset[str]:
    """Return the DR accounts in which a published copy must land.

    :raises LifeboatError: when one is not an account ID: nothing would ever land there.
    """
    for account in accounts:
        if not ACCOUNT.fullmatch(account):
            why = "it is not a 12-digit account ID"
            raise LifeboatError(f"Cannot wait for the DR account {account!r}", why=why, remedy="Correct dr_accounts")
    return frozenset(accounts)
