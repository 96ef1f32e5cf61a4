# SPDX-License-Identifier: GPL-3.0-or-later
"""Publish to SNS topics as an AWS service on behalf of an account, where the topic lets it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.sns.models import Topic, sns_backends

from lifeboat_lab import policy
from lifeboat_lab.authorization import service_may
from lifeboat_lab.keys import Keys

# What a service needs to handle what is encrypted (SNS Developer Guide, key management; aws_rds.md 6).
TO_PASS_ON = ("kms:GenerateDataKey", "kms:Decrypt")


@dataclass(frozen=True)
class Sender:
    """A service that acts for an account, for one of its resources or, without an ARN, for any."""

    service: str
    account: str
    arn: str | None = None

    def may(self, document: str, action: str, resource: str) -> bool:
        """Tell whether the policy of a resource lets the service do something with it."""
        context = {"aws:SourceAccount": self.account}
        if self.arn:
            return service_may(document, self.service, action, resource, context | {"aws:SourceArn": self.arn})
        return service_may(_for_some_source(document), self.service, action, resource, context)

    def opens(self, keys: Keys, name: str, account: str, region: str) -> bool:
        """Tell whether the service can use a key. Keys that AWS manages cannot be opened to it (aws_rds.md 6)."""
        key = keys.find(name, account, region)
        if key is None or not keys.works(key) or any(alias.startswith("alias/aws/") for alias in key.aliases):
            return False
        return all(self.may(key.policy, action, key.arn) for action in TO_PASS_ON)


def _for_some_source(document: str) -> dict[str, Any]:
    """Return a policy without its conditions on the source's ARN: as it is for a resource that it lets in."""
    found = json.loads(document)
    statements = policy.as_list(found.get("Statement"))
    kept = [each for each in statements if each.get("Effect") == "Allow" or not _asks_for_source(each)]
    return {**found, "Statement": [_without_source(each) for each in kept]}


def _asks_for_source(statement: Mapping[str, Any]) -> bool:
    pairs = (statement.get("Condition") or {}).values()
    return any(key.lower() == "aws:sourcearn" for pair in pairs for key in pair)


def _without_source(statement: Mapping[str, Any]) -> dict[str, Any]:
    conditions = {
        name: {key: value for key, value in pairs.items() if key.lower() != "aws:sourcearn"}
        for name, pairs in (statement.get("Condition") or {}).items()
    }
    return {**statement, "Condition": conditions}


def find(arn: str) -> Topic | None:
    """Return the topic behind an ARN."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "sns" or parts[4] not in sns_backends:
        return None
    regions = sns_backends[parts[4]]
    return regions[parts[3]].topics.get(arn) if parts[3] in regions else None


def trouble(keys: Keys, arn: str, sender: Sender) -> str | None:
    """Return why a service cannot publish to a topic, as the status of an event subscription (aws_rds.md 6)."""
    topic = find(arn)
    if topic is None or keys.accounts.is_dark(topic.account_id, topic.sns_backend.region_name):
        return "topic-not-exist"
    if not sender.may(topic.policy, "sns:Publish", arn):
        return "no-permission"
    key = topic.kms_master_key_id
    if key and not sender.opens(keys, key, topic.account_id, topic.sns_backend.region_name):
        return "no-permission"
    return None


def publish(
    keys: Keys, arn: str, sender: Sender, subject: str, message: str, attributes: Mapping[str, str] | None = None
) -> bool:
    """Publish to a topic, if the service may. A dark place publishes nothing."""
    topic = find(arn)
    if topic is None or trouble(keys, arn, sender):
        return False
    if keys.accounts.is_dark(sender.account, topic.sns_backend.region_name):
        return False
    typed = {name: {"Type": "String", "Value": value} for name, value in (attributes or {}).items()}
    topic.publish(message, subject=subject, message_attributes=typed)
    return True
