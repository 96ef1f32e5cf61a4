# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what snapshot_copy is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..._core.copying.publish import PublishWish
from ..._core.inventory.overrides import PerDatabase
from ..._core.inventory.protection import Protection
from ..._core.inventory.selection import Selection
from .common import CopyRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInRequest:
    """Where stand-ins for Multi-AZ DB clusters may live, and for how long."""

    subnet_group: str
    security_groups: tuple[str, ...]
    instance_class: str
    expire_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRequest(CopyRequest):
    """Which databases to publish, how, and for whom."""

    wishes: PerDatabase[PublishWish]
    protection: PerDatabase[Protection]
    snapshot_time: datetime | None
    publish_region: str | None  # None is the home Region
    share_with: frozenset[str]
    stand_in: StandInRequest | None
    accept_unprotected: bool
    accept_empty: bool
    selection: Selection
    settled: frozenset[str]  # ARNs of what earlier passes of this process have shared
