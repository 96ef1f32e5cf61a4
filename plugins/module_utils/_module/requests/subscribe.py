# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the options of event_subscription into what its pass is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.model import MANAGED_BY
from ..._core.watching.subscription import WantedSubscription
from ..._pass.requests.subscribe import SubscribeRequest
from ..arguments import read_request, read_tags


def read_subscribe(params: Mapping[str, Any]) -> SubscribeRequest:
    is_absent = params["state"] == "absent"
    wanted = [] if is_absent else [read_subscription(one, params["prefix"]) for one in params["subscriptions"]]
    return read_request(
        SubscribeRequest,
        params,
        names=tuple(one["name"] for one in params["subscriptions"]),
        wanted={one.name: one for one in wanted},
    )


def read_subscription(given: Mapping[str, Any], prefix: str) -> WantedSubscription:
    """Read one subscription, and add our tag to its own."""
    return WantedSubscription(
        name=given["name"],
        topic=given["sns_topic_arn"] or "",
        source_type=given["source_type"] or None,
        source_ids=frozenset(source.lower() for source in given["source_ids"]),  # RDS keeps them in lower case
        categories=frozenset(given["event_categories"]),
        enabled=given["enabled"],
        tags=read_tags(given["tags"] or {}) | {MANAGED_BY: prefix},
        purge_tags=given["tags"] is not None and given["purge_tags"],
    )
