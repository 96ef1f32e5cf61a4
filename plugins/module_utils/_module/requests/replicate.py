# SPDX-License-Identifier: GPL-3.0-or-later
"""What snapshot_replicate is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..._core.inventory.overrides import PerDatabase
from ..arguments import read_limits, read_settings, read_store, read_tags
from .common import CopyRequest, Documents


@dataclass(frozen=True, slots=True)
class ReplicateSettings:
    """How the recovery points of one database are to be copied."""

    kms_key_id: str
    option_group: str | None
    copy_option_group: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicateRequest(CopyRequest):
    """Whose recovery points to copy, from where, and how."""

    settings: PerDatabase[ReplicateSettings]
    source_accounts: frozenset[str]
    source_regions: tuple[str, ...]
    single_step: Literal["auto", "always", "never"]
    published: Documents  # manifests that were handed over in memory


def read_replicate(params: Mapping[str, Any]) -> ReplicateRequest:
    """Read the options of snapshot_replicate.

    :raises LifeboatError: when a limit or the store is not valid.
    """
    return ReplicateRequest(
        account_id=params["account_id"],
        prefix=params["prefix"],
        resume=params["resume"],
        wait=params["wait"],
        limits=read_limits(params["max_in_flight"]),
        tags=read_tags(params["tags"]),
        store=read_store(params["store"]),
        settings=read_settings(ReplicateSettings, params),
        source_accounts=frozenset(params["source_accounts"]),
        source_regions=tuple(params["source_regions"]),
        single_step=params["single_step"],
        published=params["published"],
    )
