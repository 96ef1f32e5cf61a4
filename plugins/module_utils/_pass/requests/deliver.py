# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what topic_delivery is asked."""

from __future__ import annotations

from dataclasses import dataclass

from ..._core.watching.delivery import Delivery
from .common import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverRequest(Request):
    """Which key a topic should be under, and to whom it should pass on which messages."""

    topic_arn: str
    kms_key_id: str | None  # None leaves the key as it is, an empty text takes it away
    wanted: tuple[Delivery, ...]
