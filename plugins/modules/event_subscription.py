#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: event_subscription
short_description: Manage RDS event subscriptions
version_added: 0.1.0
description:
  - Creates, changes and deletes RDS event subscriptions, through which RDS sends what happens to databases and
    snapshots to an SNS topic.
  - Refuses wrong input before the first write. That includes unknown types of source and unknown categories (the error
    lists the valid ones), source ids that do not exist, FIFO topics, topics of another Region, and a quota that does
    not suffice.
  - If the status of a subscription is C(no-permission) or C(topic-not-exist), the module sets the topic again, so that
    RDS checks it again. If that does not help, the error contains the statement that the policy of the topic needs.
  - RDS needs some time for each change, and only then accepts the next one. The action plugin repeats the module until
    everything is done.
options:
  state:
    description:
      - V(present) creates the subscriptions, or changes them to what O(subscriptions) describe.
      - V(absent) deletes the subscriptions with these names. The other settings are ignored.
    type: str
    choices: [present, absent]
    default: present
  subscriptions:
    description: The subscriptions. Each name may appear once.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the subscription, with less than 255 characters.
        type: str
        required: true
      sns_topic_arn:
        description:
          - The ARN of a standard SNS topic in this Region.
          - It may belong to another account. Then the policy of the topic must allow RDS to publish for this account.
          - Required with O(state=present).
        type: str
      source_type:
        description:
          - The type of source, such as V(db-instance), V(db-cluster), V(db-snapshot) or V(db-cluster-snapshot). All
            types when left out.
          - To limit the sources of several types, create a subscription for each type.
          - RDS cannot remove the type from a subscription. If it is left out and the subscription has one, the
            subscription is deleted and created again, and the events in between are lost.
        type: str
      source_ids:
        description:
          - The identifiers of the sources. All sources of the type when empty.
          - They are added and removed one by one, new ones first, so that a limited subscription never includes all
            sources in between.
        type: list
        elements: str
        default: []
      event_categories:
        description: The categories of events. All categories of the type when empty.
        type: list
        elements: str
        default: []
      enabled:
        description: Whether RDS sends events.
        type: bool
        default: true
      tags:
        description: Tags of the subscription, besides our own. When left out, other tags stay as they are.
        type: dict
      purge_tags:
        description: Whether to remove tags that are not in O(subscriptions[].tags), if that is set.
        type: bool
        default: true
  adopt:
    description:
      - Whether to change or delete subscriptions that do not carry our tag. A changed one gets the tag.
      - Otherwise such a subscription is an error.
    type: bool
    default: false
notes:
  - Needs the IAM actions C(rds:DescribeEventSubscriptions), C(rds:DescribeEventCategories),
    C(rds:DescribeAccountAttributes), C(rds:ListTagsForResource), C(rds:CreateEventSubscription),
    C(rds:ModifyEventSubscription), C(rds:DeleteEventSubscription), C(rds:AddSourceIdentifierToSubscription),
    C(rds:RemoveSourceIdentifierFromSubscription), C(rds:AddTagsToResource) and C(rds:RemoveTagsFromResource).
  - For source ids, it also needs the action that lists them, such as C(rds:DescribeDBInstances).
  - Event subscriptions belong to one Region. AWS may deliver an event late, or never, so nothing should depend on its
    arrival.
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.passes
  - lifeboat.rds.site
  - lifeboat.rds.waiting
"""

EXAMPLES = r"""
- name: Subscribe to the snapshots of all databases
  lifeboat.rds.event_subscription:
    account_id: "123456789012"
    region: eu-west-1
    subscriptions:
      - name: lifeboat-db-snapshot
        sns_topic_arn: arn:aws:sns:eu-west-1:123456789012:lifeboat-events
        source_type: db-snapshot
        event_categories: [creation, deletion, notification]
      - name: lifeboat-db-cluster-snapshot
        sns_topic_arn: arn:aws:sns:eu-west-1:123456789012:lifeboat-events
        source_type: db-cluster-snapshot
        event_categories: [backup, notification]

- name: Subscribe to low storage and failures of two databases
  lifeboat.rds.event_subscription:
    account_id: "123456789012"
    region: eu-west-1
    subscriptions:
      - name: shop-trouble
        sns_topic_arn: arn:aws:sns:eu-west-1:123456789012:shop
        source_type: db-instance
        source_ids: [orders, billing]
        event_categories: [failure, low storage]
        tags: {team: shop}

- name: Remove a subscription
  lifeboat.rds.event_subscription:
    account_id: "123456789012"
    region: eu-west-1
    state: absent
    subscriptions: [{name: shop-trouble}]
"""

RETURN = r"""
steps:
  description: What was done with each subscription, and why.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: V(event_subscription).
      type: str
      returned: always
      sample: event_subscription
    name:
      description: The name of the subscription.
      type: str
      returned: always
      sample: lifeboat-db-snapshot
    status:
      description:
        - What became of it. V(active), V(absent) (there was none), V(deleted) or V(failed).
        - While RDS works on it V(creating), V(modifying) or V(deleting), and V(queued) while RDS takes no change.
      type: str
      returned: always
      sample: active
    changed:
      description: Whether this run changed the item.
      type: bool
      returned: always
    reason:
      description: The reason for each change.
      type: str
      returned: always
      sample: "the categories change: added deletion"
    seconds:
      description: The number of seconds that it took, by the clock of AWS, if this run saw it start.
      type: int
      returned: when it is done
in_flight:
  description: What AWS is still working on. Run the module again to continue.
  returned: always
  type: list
  elements: dict
  sample: []
resume:
  description: What the next pass needs to know. The action plugin reads it and removes it.
  returned: when the module runs without its action plugin
  type: list
  elements: dict
  sample: []
waiting:
  description: The values of O(wait), O(wait_timeout) and O(poll_interval) that were used.
  returned: always
  type: dict
  sample: {wait: true, wait_timeout: 14400, poll_interval: 15}
api_calls:
  description: The number of HTTP requests to AWS by service and operation, retries included.
  returned: always
  type: dict
  sample: {"rds:DescribeEventSubscriptions": 1, "sts:GetCallerIdentity": 1}
now:
  description: The time at AWS.
  returned: success
  type: str
  sample: "2026-11-23T14:05:00Z"
"""

from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import WAITING
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.requests.subscribe import read_subscribe
from ansible_collections.lifeboat.rds.plugins.module_utils._pass.subscribe import subscribe

ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "subscriptions": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "sns_topic_arn": {"type": "str"},
            "source_type": {"type": "str"},
            "source_ids": {"type": "list", "elements": "str", "default": []},
            "event_categories": {"type": "list", "elements": "str", "default": []},
            "enabled": {"type": "bool", "default": True},
            "tags": {"type": "dict"},
            "purge_tags": {"type": "bool", "default": True},
        },
    },
    "adopt": {"type": "bool", "default": False},
    **WAITING,
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Run one pass: bring each subscription one step further."""
    return subscribe(read_subscribe(params), site, check_mode=check_mode)


def main() -> None:
    # Every pass compares everything, so the last one is as good as a full pass.
    run_module(run, ARGUMENTS, last_full_pass=False)


if __name__ == "__main__":
    main()
