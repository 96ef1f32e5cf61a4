#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: topic_delivery
short_description: Set the key and the subscriptions of an SNS topic
version_added: 0.1.0
description:
  - Puts an SNS topic under a KMS key, and subscribes endpoints to it with a filter policy and raw delivery.
  - It completes C(community.aws.sns_topic), which creates the topic and its policy, but sets neither a key nor a filter
    policy. Set C(purge_subscriptions=false) in that module, otherwise it removes the subscriptions.
  - A new subscription has its filter policy from the first message on.
  - Subscriptions that are not listed stay. They are deleted together with their topic.
options:
  topic_arn:
    description: The ARN of the topic.
    type: str
    required: true
  kms_key_id:
    description:
      - The ID, alias or ARN of the key that encrypts the topic, or an empty string for none.
      - RDS can only publish to a topic under a customer managed key whose policy allows RDS to use it.
      - When left out, the key stays as it is.
    type: str
  subscriptions:
    description: The subscriptions of the topic.
    type: list
    elements: dict
    default: []
    suboptions:
      endpoint:
        description: The ARN of the queue, or the address of another kind of endpoint.
        type: str
        required: true
      protocol:
        description: The protocol of the endpoint, such as V(sqs), V(email) or V(https).
        type: str
        default: sqs
      raw:
        description: Whether it receives the message alone. Otherwise SNS wraps the message in an envelope.
        type: bool
        default: false
      filter_policy:
        description: The attributes that a message must have to be delivered, by name. All messages when empty.
        type: dict
        default: {}
notes:
  - Needs the IAM actions C(sns:GetTopicAttributes), C(sns:SetTopicAttributes), C(sns:ListSubscriptionsByTopic),
    C(sns:Subscribe), C(sns:GetSubscriptionAttributes) and C(sns:SetSubscriptionAttributes).
  - A change of a filter policy takes effect after some minutes.
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.site
attributes:
  check_mode:
    support: full
    description:
      - Can run in C(check_mode) and return changed status prediction without modifying the target.
      - If the topic does not exist yet, the prediction assumes that it would be created before.
"""

EXAMPLES = r"""
- name: Forward finished snapshots to a queue
  lifeboat.rds.topic_delivery:
    account_id: "123456789012"
    region: eu-west-1
    topic_arn: arn:aws:sns:eu-west-1:123456789012:lifeboat-events
    subscriptions:
      - endpoint: arn:aws:sqs:eu-west-1:123456789012:lifeboat-events
        raw: true
        filter_policy: {EventID: [RDS-EVENT-0042, RDS-EVENT-0091]}

- name: Mail everything to the operators
  lifeboat.rds.topic_delivery:
    account_id: "123456789012"
    region: eu-west-1
    topic_arn: arn:aws:sns:eu-west-1:123456789012:lifeboat-events
    subscriptions:
      - {protocol: email, endpoint: ops@example.com}
"""

RETURN = r"""
steps:
  description: What was done with the topic and each subscription, and why.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: V(topic) or V(topic_subscription).
      type: str
      returned: always
      sample: topic_subscription
    name:
      description: The ARN of the topic, or the endpoint.
      type: str
      returned: always
      sample: arn:aws:sqs:eu-west-1:123456789012:lifeboat-events
    status:
      description: What became of it. V(active), V(pending) (its owner has not confirmed it) or V(failed).
      type: str
      returned: always
      sample: active
    changed:
      description: Whether this run changed the item.
      type: bool
      returned: always
    reason:
      description: The reason for the status.
      type: str
      returned: always
      sample: the filter policy differs
api_calls:
  description: The number of HTTP requests to AWS by service and operation, retries included.
  returned: always
  type: dict
  sample: {"sns:ListSubscriptionsByTopic": 1, "sts:GetCallerIdentity": 1}
now:
  description: The time at AWS.
  returned: success
  type: str
  sample: "2026-11-23T14:05:00Z"
"""

from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.topic import Topic
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.requests.deliver import read_deliver
from ansible_collections.lifeboat.rds.plugins.module_utils._pass.deliver import deliver

ARGUMENTS: dict[str, Any] = {
    "topic_arn": {"type": "str", "required": True},
    "kms_key_id": {"type": "str"},
    "subscriptions": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "endpoint": {"type": "str", "required": True},
            "protocol": {"type": "str", "default": "sqs"},
            "raw": {"type": "bool", "default": False},
            "filter_policy": {"type": "dict", "default": {}},
        },
    },
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Set the key and the subscriptions of a topic."""
    request = read_deliver(params)
    return deliver(request, site, Topic(site, request.topic_arn), check_mode=check_mode)


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
