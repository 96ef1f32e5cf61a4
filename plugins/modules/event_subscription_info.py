#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: event_subscription_info
short_description: Show RDS event subscriptions and the valid categories of events
version_added: 0.1.0
description:
  - Shows the RDS event subscriptions of an account in a Region with their status and tags, and the valid categories by
    type of source.
  - Reads the subscriptions by page, the categories in one call, and the tags in one call for each subscription.
options:
  names:
    description:
      - The names of the subscriptions to show. All of them when empty.
      - One that does not exist is not in the result.
    type: list
    elements: str
    default: []
notes:
  - Needs the IAM actions C(rds:DescribeEventSubscriptions), C(rds:DescribeEventCategories) and
    C(rds:ListTagsForResource).
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.info
  - lifeboat.rds.site
"""

EXAMPLES = r"""
- name: Read all event subscriptions
  lifeboat.rds.event_subscription_info:
    account_id: "123456789012"
    region: eu-west-1
  register: events

- name: Fail when RDS cannot publish for one of them
  ansible.builtin.assert:
    that: events.subscriptions | rejectattr('status', 'in', ['active', 'creating', 'modifying']) | length == 0
"""

RETURN = r"""
subscriptions:
  description: The event subscriptions, by name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
      sample: lifeboat-db-snapshot
    arn:
      description: Its ARN.
      type: str
      returned: always
      sample: arn:aws:rds:eu-west-1:123456789012:es:lifeboat-db-snapshot
    status:
      description:
        - V(active), V(creating), V(modifying) or V(deleting).
        - V(no-permission) or V(topic-not-exist) if RDS cannot send its events.
      type: str
      returned: always
      sample: active
    sns_topic_arn:
      description: The topic that RDS publishes to.
      type: str
      returned: always
      sample: arn:aws:sns:eu-west-1:123456789012:lifeboat-events
    source_type:
      description: The type of source that it is about. Null when it is about all.
      type: str
      returned: always
      sample: db-snapshot
    source_ids:
      description: The sources that it is about. All of the type when empty.
      type: list
      elements: str
      returned: always
      sample: []
    event_categories:
      description: The categories of events that it is about. All when empty.
      type: list
      elements: str
      returned: always
      sample: [creation, deletion]
    enabled:
      description: Whether RDS sends events.
      type: bool
      returned: always
    tags:
      description: Its tags.
      type: dict
      returned: always
      sample: {"lifeboat:managed-by": lifeboat}
event_categories:
  description: The valid categories of events, by type of source.
  returned: always
  type: dict
  sample: {db-snapshot: [creation, deletion, failure, notification, restoration]}
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

from dataclasses import replace
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.subscription import Subscription, as_document
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module

ARGUMENTS: dict[str, Any] = {"names": {"type": "list", "elements": "str", "default": []}}


def run(params: dict[str, Any], site: Site, **_check_mode: bool) -> dict[str, Any]:
    """Read all event subscriptions, or those that are named."""
    site.check_account(params["account_id"])
    found = [one for one in site.event_subscriptions() if not params["names"] or one.name in params["names"]]
    categories = site.event_categories()
    return {
        "changed": False,
        "subscriptions": [shown(one, site) for one in sorted(found, key=lambda one: one.name)],
        "event_categories": {source_type: sorted(names) for source_type, names in sorted(categories.items())},
    }


def shown(one: Subscription, site: Site) -> dict[str, Any]:
    tags = site.tags(one.arn) if one.status != "deleting" else {}
    return {"name": one.name, "arn": one.arn, "status": one.status, **as_document(replace(one, tags=tags), (), tags)}


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
