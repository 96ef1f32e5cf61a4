# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what event_subscription is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..._core.watching.subscription import WantedSubscription
from .common import LoopRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeRequest(LoopRequest):
    """Which event subscriptions there should be."""

    names: tuple[str, ...]
    wanted: Mapping[str, WantedSubscription]  # by name; a name that is not in it is to go
    adopt: bool  # take over what somebody else made
