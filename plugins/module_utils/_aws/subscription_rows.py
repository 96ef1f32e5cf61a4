# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert event subscriptions between the API and our model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.watching.subscription import Action, Subscription
from .rows import tag_list

OPERATIONS: dict[Action, str] = {
    "create": "create_event_subscription",
    "modify": "modify_event_subscription",
    "add_source": "add_source_identifier_to_subscription",
    "remove_source": "remove_source_identifier_from_subscription",
    "delete": "delete_event_subscription",
}
VERBS: dict[Action, str] = {
    "create": "create",
    "modify": "change",
    "add_source": "add a source to",
    "remove_source": "remove a source from",
    "delete": "delete",
}
PARAMETERS = {
    "topic": "SnsTopicArn",
    "source_type": "SourceType",
    "source_ids": "SourceIds",
    "categories": "EventCategories",
    "enabled": "Enabled",
    "source": "SourceIdentifier",
    "tags": "Tags",
}


def subscription(row: Mapping[str, Any]) -> Subscription:
    return Subscription(
        name=row["CustSubscriptionId"],
        arn=row["EventSubscriptionArn"],
        topic=row.get("SnsTopicArn", ""),
        status=row["Status"],
        source_type=row.get("SourceType") or None,
        source_ids=frozenset(row.get("SourceIdsList") or ()),
        categories=frozenset(row.get("EventCategoriesList") or ()),
        enabled=row.get("Enabled", True),
    )


def parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Build the parameters of a change. An empty list is left out, which means all."""
    given = {name: tag_list(value) if name == "tags" else value for name, value in values.items()}
    return {PARAMETERS[name]: value for name, value in given.items() if value not in (None, [])}
