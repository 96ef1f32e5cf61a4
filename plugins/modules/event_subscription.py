#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: event_subscription
short_description: Make RDS event subscriptions what they should be
version_added: 0.1.0
description:
  - Makes, changes and removes RDS event subscriptions, through which RDS tells an SNS topic what happens to databases
    and snapshots.
  - Everything that is wrong with the input is refused before the first write. That includes unknown types of source and
    categories (with the valid ones), source ids that do not exist, FIFO topics, topics of another Region and a quota
    that does not suffice.
  - A subscription whose status is C(no-permission) or C(topic-not-exist) counts as changed from outside. RDS is told
    the topic again, so that it looks again. If that does not help, the error has the statement that the topic's policy
    needs.
  - RDS works on each change for a while, and takes the next one only then. Until everything is done the module is
    repeated by its action plugin.
options:
  state:
    description:
      - V(present) makes the subscriptions exactly what O(subscriptions) say.
      - V(absent) removes those of these names. Nothing but their names is read.
    type: str
    choices: [present, absent]
    default: present
  subscriptions:
    description: The subscriptions, each with a name of its own.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the subscription, of less than 255 characters.
        type: str
        required: true
      sns_topic_arn:
        description:
          - The ARN of a standard SNS topic in this Region.
          - It may belong to another account, whose owner then has to let RDS publish for this account.
          - Required with O(state=present).
        type: str
      source_type:
        description:
          - The one type of source that it is about, such as V(db-instance), V(db-cluster), V(db-snapshot) or
            V(db-cluster-snapshot). Without it, it is about all types.
          - To limit several types, make a subscription for each.
          - RDS cannot take the type away from a subscription. Where it is left out and there is one, the subscription
            is deleted and made anew, and events of that time are missed.
        type: str
      source_ids:
        description:
          - The identifiers of the sources that it is about. All sources of the type when empty.
          - They are added and removed one by one, new ones first, so that a limited subscription is never about
            everything in between.
        type: list
        elements: str
        default: []
      event_categories:
        description: The categories of events that it is about. All categories of the type when empty.
        type: list
        elements: str
        default: []
      enabled:
        description: Whether RDS publishes.
        type: bool
        default: true
      tags:
        description: Tags to put on it, beside its own. When left out, other tags stay as they are.
        type: dict
      purge_tags:
        description: Whether to remove tags that are not in O(subscriptions[].tags), if that is set.
        type: bool
        default: true
  adopt:
    description:
      - Also change or remove subscriptions that exist and do not carry our tag. What is changed gets it.
      - Without it, such a subscription is an error.
    type: bool
    default: false
notes:
  - Needs the IAM actions C(rds:DescribeEventSubscriptions), C(rds:DescribeEventCategories),
    C(rds:DescribeAccountAttributes), C(rds:ListTagsForResource), C(rds:CreateEventSubscription),
    C(rds:ModifyEventSubscription), C(rds:DeleteEventSubscription), C(rds:AddSourceIdentifierToSubscription),
    C(rds:RemoveSourceIdentifierFromSubscription), C(rds:AddTagsToResource) and C(rds:RemoveTagsFromResource).
  - For source ids also the one action that lists them, such as C(rds:DescribeDBInstances).
  - Event subscriptions belong to one Region. AWS delivers their events as best it can, late or not at all at times, so
    nothing should depend on one that arrives.
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
- name: Hear of the snapshots of all databases
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

- name: Hear of low storage and failures of two databases
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
      description: Whether this run changed it.
      type: bool
      returned: always
    reason:
      description: Why, for each change.
      type: str
      returned: always
      sample: "the categories change: added deletion"
    seconds:
      description: How long it took on the clock of AWS, where this run saw it start.
      type: int
      returned: when it is done
in_flight:
  description: What AWS still works on. Run the module again to go on with it.
  returned: always
  type: list
  elements: dict
  sample: []
resume:
  description: What the next pass needs to know of it. For the action plugin, which takes it out.
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
  description: HTTP requests to AWS by service and operation, retries counted.
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
    # Every pass compares anew, so the last one is as good as a first.
    run_module(run, ARGUMENTS, last_full_pass=False)


if __name__ == "__main__":
    main()
