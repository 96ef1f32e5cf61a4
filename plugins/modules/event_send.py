#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: event_send
short_description: Send your own events to an SNS topic, in the form of RDS events
version_added: 0.1.0
description:
  - Sends messages to an SNS topic in the form of those of RDS event subscriptions, so that a listener can read both.
  - RDS has no event for the copy of a cluster snapshot, and none for a copy that failed. The filter
    P(lifeboat.rds.own_events#filter) makes events from the results of this collection's modules.
  - Checks all events before the first call. Then it sends ten events with each call.
options:
  topic_arn:
    description: The ARN of the topic, in any Region. Not a FIFO topic.
    type: str
    required: true
  events:
    description: The events. An empty list sends nothing.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description:
          - The id, such as V(LIFEBOAT-EVENT-0011). It is the message attribute C(EventID), which filter policies read.
          - It must not start with V(RDS-).
        type: str
        required: true
      source_type:
        description: The type of the source, such as V(db-cluster-snapshot).
        type: str
        required: true
      source_id:
        description: The identifier of the source.
        type: str
        required: true
      source_arn:
        description: The ARN of the source. It is the message attribute C(Resource).
        type: str
      text:
        description: What happened, in one line. It is cut after 2,000 characters.
        type: str
        required: true
      database:
        description: The identifier of the database that it concerns.
        type: str
notes:
  - Needs the IAM action C(sns:Publish) on the topic, and C(kms:GenerateDataKey*) and C(kms:Decrypt) on its key.
  - The time of an event is that of the call, by the clock of AWS.
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes.add
  - lifeboat.rds.attributes
  - lifeboat.rds.site
attributes:
  diff_mode:
    details: A topic keeps nothing. RV(steps) lists what was sent.
  idempotent:
    details: Each run sends the events again.
seealso:
  - module: lifeboat.rds.event_subscription
  - module: lifeboat.rds.metric_put
"""

EXAMPLES = r"""
- name: Send what a run did
  lifeboat.rds.event_send:
    account_id: "210987654321"
    region: eu-central-1
    topic_arn: arn:aws:sns:eu-central-1:210987654321:lifeboat-events
    events: "{{ {'replicate': replicated} | lifeboat.rds.own_events('production_dr', '210987654321', 'eu-central-1') }}"

- name: Send an event of your own
  lifeboat.rds.event_send:
    account_id: "210987654321"
    region: eu-central-1
    topic_arn: arn:aws:sns:eu-central-1:210987654321:lifeboat-events
    events:
      - id: ACME-EVENT-0001
        source_type: db-instance
        source_id: orders
        text: The application was stopped for the failback
"""

RETURN = r"""
steps:
  description: One entry for each event.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(event).
      type: str
      returned: always
      sample: event
    name:
      description: The id of the event.
      type: str
      returned: always
      sample: LIFEBOAT-EVENT-0011
    database:
      description: The database that it concerns.
      type: str
      returned: always, but empty when it concerns none
      sample: orders
    source:
      description: The identifier of what it is about.
      type: str
      returned: always
      sample: lifeboat-orders-20261123020500-5f0c2a9b7d31
    status:
      description: V(sent) or V(failed).
      type: str
      returned: always
      sample: sent
    changed:
      description: Whether it was sent, or would be in check mode.
      type: bool
      returned: always
    reason:
      description: What happened, or why it was not sent.
      type: str
      returned: always
      sample: Finished the copy of a recovery point of orders
api_calls:
  description: The number of HTTP requests to AWS by service and operation, retries included.
  returned: always
  type: dict
  sample: {"sns:PublishBatch": 1, "sts:GetCallerIdentity": 1}
now:
  description: The time at AWS.
  returned: success
  type: str
  sample: "2026-11-23T14:05:00Z"
"""

from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.topic import Topic
from ansible_collections.lifeboat.rds.plugins.module_utils._core.result import Report
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.events import (
    OwnEvent,
    batches,
    read_events,
    read_topic,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module

EVENT: dict[str, Any] = {
    "id": {"type": "str", "required": True},
    "source_type": {"type": "str", "required": True},
    "source_id": {"type": "str", "required": True},
    "source_arn": {"type": "str"},
    "text": {"type": "str", "required": True},
    "database": {"type": "str"},
}
ARGUMENTS: dict[str, Any] = {
    "topic_arn": {"type": "str", "required": True},
    "events": {"type": "list", "elements": "dict", "required": True, "options": EVENT},
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Send all events, ten with each call. A refused call does not stop the others."""
    region, events = read_topic(params["topic_arn"]), read_events(params["events"])
    site.check_account(params["account_id"])
    report = Report(check_mode=check_mode)
    topic = Topic(site.in_region(region), params["topic_arn"])
    for batch in batches(events):
        send(batch, topic, site, report)
    return report.as_result()


def send(batch: list[OwnEvent], topic: Topic, site: Site, report: Report) -> None:
    """Send one batch, of which SNS may take a part."""
    try:
        missed = {} if report.check_mode else topic.send(batch, site.now)
    except AwsRefusal as refusal:
        missed = dict.fromkeys(range(len(batch)), str(refusal))
    for place, event in enumerate(batch):
        status, reason = ("failed", missed[place]) if place in missed else ("sent", event.text)
        facts = {"name": event.id, "database": event.database, "source": event.source_id}
        report.step(status, reason=reason, changed=status == "sent", kind="event", **facts)


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
