# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the options of topic_delivery into what its pass is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.watching.delivery import Delivery
from ..._pass.requests.deliver import DeliverRequest
from ..arguments import read_request


def read_deliver(params: Mapping[str, Any]) -> DeliverRequest:
    return read_request(
        DeliverRequest,
        params,
        wanted=tuple(
            Delivery(one["protocol"], one["endpoint"], one["raw"], one["filter_policy"] or {})
            for one in params["subscriptions"]
        ),
    )
