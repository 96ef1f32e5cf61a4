# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the options of recovery_point_info into what its pass is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.errors import LifeboatError
from ..._pass.requests.cover import CoverRequest, Objective
from ..arguments import read_protection, read_request, read_selection, read_settings


def read_cover(params: Mapping[str, Any]) -> CoverRequest:
    """Read the options of recovery_point_info.

    :raises LifeboatError: when shared snapshots are to be read and no account is named, or an exclusion has no reason.
    """
    if params["source_regions"] and not params["source_accounts"]:
        raise LifeboatError(
            "Cannot look at what other accounts share",
            why="source_accounts is empty, and anybody may share a snapshot with this account",
            remedy="Set source_accounts to at least one account ID",
        )
    return read_request(
        CoverRequest,
        params,
        selection=read_selection(params),
        objectives=read_settings(Objective, params),
        protection=read_protection(params),
    )
