# SPDX-License-Identifier: GPL-3.0-or-later
"""Which messages an SNS topic passes on to whom, as wanted against as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FilterPolicy = Mapping[str, Any]
REASONS = {"RawMessageDelivery": "raw delivery", "FilterPolicy": "the filter policy"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A subscription of a topic. Without a filter policy it gets every message."""

    protocol: str
    endpoint: str
    raw: bool = False
    filter_policy: FilterPolicy = field(default_factory=dict)
    arn: str | None = None  # none until it exists, and until its owner has confirmed it

    @property
    def key(self) -> tuple[str, str]:
        return self.protocol, self.endpoint

    @property
    def attributes(self) -> dict[str, str]:
        """As SNS takes them. An empty filter policy takes one away."""
        return {
            "RawMessageDelivery": str(self.raw).lower(),
            "FilterPolicy": json.dumps(self.filter_policy, sort_keys=True),
        }

    def as_document(self) -> dict[str, Any]:
        """As the difference of a run shows it."""
        return {"protocol": self.protocol, "raw": self.raw, "filter_policy": dict(self.filter_policy)}


def changes(wanted: Delivery, found: Delivery) -> dict[str, str]:
    """The attributes to set. The order of names and values in a filter policy means nothing."""
    differs = {
        "RawMessageDelivery": wanted.raw != found.raw,
        "FilterPolicy": normal(wanted.filter_policy) != normal(found.filter_policy),
    }
    return {name: value for name, value in wanted.attributes.items() if differs[name]}


def normal(policy: FilterPolicy) -> dict[str, list[str]]:
    """Each name with its sorted values."""
    values = {name: value if isinstance(value, list) else [value] for name, value in policy.items()}
    return {name: sorted(json.dumps(one, sort_keys=True) for one in many) for name, many in values.items()}


def reason_of(attributes: Mapping[str, str]) -> str:
    return " and ".join(REASONS[name] for name in attributes) + (" differs" if len(attributes) == 1 else " differ")
