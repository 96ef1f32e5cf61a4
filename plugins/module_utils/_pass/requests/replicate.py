# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what snapshot_replicate is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..._core.inventory.overrides import PerDatabase
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
