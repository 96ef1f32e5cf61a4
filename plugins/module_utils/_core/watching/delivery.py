# SPDX-License-Identifier: GPL-3.0-or-later
"""The subscriptions of an SNS topic: which messages it sends to whom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FilterPolicy = Mapping[str, Any]
REASONS = {"RawMessageDelivery": "raw delivery", "FilterPolicy": "the filter policy"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One subscription of a topic. Without a filter policy it gets every message."""

    protocol: str
    endpoint: str
    raw: bool = False
    filter_policy: FilterPolicy = field(default_factory=dict)
    arn: str | None = None  # None until it exists and its owner has confirmed it

    @property
    def key(self) -> tuple[str, str]:
        return self.protocol, self.endpoint

    @property
    def attributes(self) -> dict[str, str]:
        """Return the attributes as SNS expects them. An empty filter policy removes an existing one."""
        return {
            "RawMessageDelivery": str(self.raw).lower(),
            "FilterPolicy": json.dumps(self.filter_policy, sort_keys=True),
        }

    def as_document(self) -> dict[str, Any]:
        """Describe it for the diff."""
        return {"protocol": self.protocol, "raw": self.raw, "filter_policy": dict(self.filter_policy)}


def changes(wanted: Delivery, found: Delivery) -> dict[str, str]:
    """Find the attributes that must be set. The order of names and values in a filter policy does not matter."""
    differs = {
        "RawMessageDelivery": wanted.raw != found.raw,
        "FilterPolicy": normal(wanted.filter_policy) != normal(found.filter_policy),
    }
    return {name: value for name, value in wanted.attributes.items() if differs[name]}


def normal(policy: FilterPolicy) -> dict[str, list[str]]:
    """Normalize a filter policy: every name has a sorted list of values."""
    values = {name: value if isinstance(value, list) else [value] for name, value in policy.items()}
    return {name: sorted(json.dumps(one, sort_keys=True) for one in many) for name, many in values.items()}


def reason_of(attributes: Mapping[str, str]) -> str:
    """Explain which attributes differ."""
    return " and ".join(REASONS[name] for name in attributes) + (" differs" if len(attributes) == 1 else " differ")
