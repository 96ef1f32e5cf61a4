# SPDX-License-Identifier: GPL-3.0-or-later
"""Send events to an SNS topic, and manage its key and its subscriptions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from .._core.watching.delivery import Delivery
from .._core.watching.events import SUBJECT, OwnEvent
from .errors import AwsRefusal, refusals
from .site import Site

CONFIRMED = "arn:"  # what the ARN of a subscription starts with once its owner has confirmed it


class Topic:
    """A topic by its ARN. Every method raises AwsRefusal when AWS does not carry out the call."""

    def __init__(self, site: Site, arn: str) -> None:
        self.arn = arn
        self._sns = site.notifications()

    def key(self) -> str | None:
        """Return the key of the topic, empty when it has none. None when there is no such topic."""
        try:
            with refusals(f"Cannot read the topic {self.arn}"):
                return str(self._sns.get_topic_attributes(TopicArn=self.arn)["Attributes"].get("KmsMasterKeyId", ""))
        except AwsRefusal as refusal:
            if refusal.meaning == "missing":
                return None
            raise

    def set_key(self, key_id: str) -> None:
        """Put the topic under a key, or under none."""
        with refusals(f"Cannot put the topic {self.arn} under the key {key_id or 'none'}"):
            self._sns.set_topic_attributes(TopicArn=self.arn, AttributeName="KmsMasterKeyId", AttributeValue=key_id)

    def deliveries(self) -> dict[tuple[str, str], str]:
        """Map protocol and endpoint of each subscription to its ARN, or to a word if it is not confirmed."""
        with refusals(f"Cannot list the subscriptions of {self.arn}"):
            pages = self._sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=self.arn)
            rows = [row for page in pages for row in page["Subscriptions"]]
        return {(row["Protocol"], row["Endpoint"]): row["SubscriptionArn"] for row in rows}

    def delivery(self, key: tuple[str, str], arn: str) -> Delivery:
        """Read one subscription. It costs a call each, since no list has the attributes."""
        if not arn.startswith(CONFIRMED):
            return Delivery(*key)
        with refusals(f"Cannot read the subscription {arn}"):
            found = self._sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        policy = json.loads(found.get("FilterPolicy") or "{}")
        return Delivery(*key, found.get("RawMessageDelivery") == "true", policy, arn)

    def subscribe(self, wanted: Delivery) -> None:
        """Subscribe an endpoint, with its filter in force from the first message."""
        with refusals(f"Cannot subscribe {wanted.endpoint} to {self.arn}"):
            given = {name: value for name, value in wanted.attributes.items() if value not in ("false", "{}")}
            self._sns.subscribe(TopicArn=self.arn, Protocol=wanted.protocol, Endpoint=wanted.endpoint, Attributes=given)

    def change(self, arn: str, attributes: Mapping[str, str]) -> None:
        """Set attributes of a subscription, at a call each."""
        with refusals(f"Cannot change the subscription {arn}"):
            for name, value in attributes.items():
                self._sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, AttributeValue=value)

    def send(self, events: Sequence[OwnEvent], now: datetime) -> dict[int, str]:
        """Send as many events as one call takes, and return why not by the place of each that SNS did not take."""
        with refusals(f"Cannot send to the topic {self.arn}"):
            entries = [
                {"Id": str(place), "Subject": SUBJECT, "Message": event.body(now), "MessageAttributes": strings(event)}
                for place, event in enumerate(events)
            ]
            answer = self._sns.publish_batch(TopicArn=self.arn, PublishBatchRequestEntries=entries)
        return {int(one["Id"]): one.get("Message") or one["Code"] for one in answer.get("Failed", ())}


def strings(event: OwnEvent) -> dict[str, dict[str, str]]:
    return {name: {"DataType": "String", "StringValue": value} for name, value in event.attributes().items()}
