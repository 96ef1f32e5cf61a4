# SPDX-License-Identifier: GPL-3.0-or-later
"""Deliver from SNS topics to SQS queues: across accounts, and only where the queue's policy and key admit SNS.

moto looks for a queue in the account of the subscription, and at no policy.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from moto.sns.models import SNSBackend, Subscription, Topic, sns_backends
from moto.sqs.models import Queue, sqs_backends

from lifeboat_lab import topics
from lifeboat_lab.keys import Keys

log = logging.getLogger("lifeboat_lab")
SERVICE = "sns.amazonaws.com"
# Protocols that lead out of the lab, or to programs.
ELSEWHERE = ("http", "https", "lambda")
_publish = Subscription.publish
_set_attributes = Queue._set_attributes


def connect(keys: Keys) -> None:
    """Make moto's SNS deliver as AWS does from now on."""

    def publish(self: Subscription, message: str, message_id: str, **words: Any) -> None:
        if self.protocol in ELSEWHERE:
            threading.Thread(target=_post, args=(self, message, message_id, words), daemon=True).start()
        elif self.protocol != "sqs" or _admits(keys, self):
            _publish(self, message, message_id, **words)

    def set_attributes(self: Queue, attributes: dict[str, Any], now: float | None = None) -> None:
        """Set attributes and keep the policy, which moto would drop."""
        before = getattr(self, "_policy_json", None)
        _set_attributes(self, attributes, now)
        if before is not None and "Policy" not in attributes:
            self._policy_json = before

    Subscription.publish = publish  # type: ignore[method-assign]
    Queue._set_attributes = set_attributes  # type: ignore[method-assign]
    SNSBackend._get_topic_subscriptions = _subscriptions_of  # type: ignore[method-assign]


def _post(subscription: Subscription, message: str, message_id: str, words: dict[str, Any]) -> None:
    """Deliver a message in the background. The publisher does not learn of a failed delivery."""
    try:
        _publish(subscription, message, message_id, **words)
    except Exception as error:  # noqa: BLE001 - whatever moto or the listener trips over
        log.warning("no delivery to %s: %r", subscription.endpoint, error)


def _subscriptions_of(self: SNSBackend, topic: Topic) -> list[Subscription]:
    """Return a topic's subscriptions in all accounts: a queue's owner may subscribe to another account's topic."""
    backends = [regions[self.region_name] for regions in list(sns_backends.values()) if self.region_name in regions]
    return [each for backend in backends for each in list(backend.subscriptions.values()) if each.topic is topic]


def _admits(keys: Keys, subscription: Subscription) -> bool:
    """Tell whether the queue takes messages from the topic. Otherwise SNS drops them silently."""
    queue = find(subscription.endpoint)
    topic = subscription.topic
    if queue is None or keys.accounts.is_dark(queue.account_id, queue.region):
        return False
    sender = topics.Sender(SERVICE, topic.account_id, topic.arn)
    if not sender.may(queue.policy or "{}", "sqs:SendMessage", queue.queue_arn):
        return False
    key = queue.kms_master_key_id
    if key and not sender.opens(keys, key, queue.account_id, queue.region):
        return False
    # Where moto looks for the queue.
    subscription.account_id = queue.account_id
    return True


def find(arn: str) -> Queue | None:
    """Return the queue behind an ARN."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[4] not in sqs_backends or parts[3] not in sqs_backends[parts[4]]:
        return None
    return sqs_backends[parts[4]][parts[3]].queues.get(parts[5])
