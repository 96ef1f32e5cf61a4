# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the options of snapshot_replicate into what its pass is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._pass.requests.replicate import ReplicateRequest, ReplicateSettings
from ..arguments import read_limits, read_request, read_settings, read_store, read_tags


def read_replicate(params: Mapping[str, Any]) -> ReplicateRequest:
    """Read the options of snapshot_replicate.

    :raises LifeboatError: when a limit or the store is not valid.
    """
    return read_request(
        ReplicateRequest,
        params,
        limits=read_limits(params["max_in_flight"]),
        tags=read_tags(params["tags"]),
        store=read_store(params["store"]),
        settings=read_settings(ReplicateSettings, params),
    )
