# SPDX-License-Identifier: GPL-3.0-or-later
"""List and change event subscriptions."""

from __future__ import annotations

from .._core.watching.subscription import Subscription, SubscriptionStep
from . import subscription_rows
from .connection import Connection
from .errors import refusals


class Subscriptions(Connection):
    """The event subscriptions of a Region."""

    def event_subscriptions(self) -> list[Subscription]:
        """List every event subscription here. Their tags cost a call each, and are not read."""
        found = self._pages("describe_event_subscriptions", "EventSubscriptionsList")
        return [subscription_rows.subscription(row) for row in found]

    def event_categories(self) -> dict[str, frozenset[str]]:
        """Map each type of source to its categories of events."""
        with refusals(f"Cannot list the categories of events in {self.region}"):
            answer = self._client("rds").describe_event_categories()["EventCategoriesMapList"]
        return {row["SourceType"]: frozenset(row["EventCategories"]) for row in answer}

    def change_subscription(self, name: str, step: SubscriptionStep) -> None:
        """Carry out one step with an event subscription. Tags are changed by tag and untag."""
        with refusals(f"Cannot {subscription_rows.VERBS[step.action]} the event subscription {name} in {self.region}"):
            change = getattr(self._client("rds"), subscription_rows.OPERATIONS[step.action])
            change(SubscriptionName=name, **subscription_rows.parameters(step.values))
