# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the options of snapshot_prune into what its pass is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.errors import LifeboatError
from ..._core.keeping.bound import read_token
from ..._core.keeping.policy import Declared
from ..._core.sharing import ACCOUNT
from ..._pass.requests.prune import PruneRequest
from ..arguments import read_request, read_selection, read_settings, read_store


def read_prune(params: Mapping[str, Any]) -> PruneRequest:
    """Read the options of snapshot_prune.

    :raises LifeboatError: when a retention, an account or a token is not valid.
    """
    retention = read_settings(Declared, params)
    for declared in retention.every:
        declared.check()
    return read_request(
        PruneRequest,
        params,
        retention=retention,
        dr_accounts=read_accounts(params["dr_accounts"]),
        accept_deletions=tuple(map(read_token, params["accept_deletions"])),
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
