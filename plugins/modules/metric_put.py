#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: metric_put
short_description: Put metrics into CloudWatch
version_added: 0.1.0
description:
  - Puts your own metrics into CloudWatch, whose alarms can act on them.
  - Checks all metrics before the first call. Then it makes as few calls as CloudWatch allows, with 1,000 metrics or 1
    MB in each.
options:
  namespace:
    description: The namespace of the metrics. It must not be one of AWS.
    type: str
    default: Lifeboat
  metrics:
    description: The metrics. An empty list changes nothing.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the metric.
        type: str
        required: true
      value:
        description: The number. Leave the metric out if the number is not known, instead of setting 0.
        type: float
        required: true
      unit:
        description: The unit as CloudWatch spells it, such as V(Seconds) or V(Count).
        type: str
        default: None
      dimensions:
        description:
          - The dimensions, which distinguish this metric from others with the same name. At most 30 pairs of printable
            ASCII.
          - An alarm must name all of them.
        type: dict
        default: {}
      timestamp:
        description:
          - The time of the number, as ISO 8601 with a zone. By default the time at which CloudWatch receives it.
          - CloudWatch accepts times from two weeks ago to two hours ahead.
        type: str
notes:
  - Needs the IAM action C(cloudwatch:PutMetricData). The condition key C(cloudwatch:namespace) can limit it to the
    namespace.
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
    details: CloudWatch only adds metrics. RV(steps) lists them.
  idempotent:
    details: Each run adds the numbers again.
seealso:
  - module: lifeboat.rds.posture_report
"""

EXAMPLES = r"""
- name: Put the age of the recovery points of this DR site
  lifeboat.rds.metric_put:
    account_id: "210987654321"
    region: eu-central-1
    metrics: "{{ report.posture | lifeboat.rds.posture_metrics('210987654321', 'eu-central-1') }}"

- name: Put a heartbeat
  lifeboat.rds.metric_put:
    account_id: "210987654321"
    region: eu-central-1
    metrics:
      - name: Passed
        value: 1
        unit: Count
        dimensions: {Installation: lifeboat, Playbook: replicate}
"""

RETURN = r"""
steps:
  description: One entry for each metric.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(metric).
      type: str
      returned: always
      sample: metric
    name:
      description: The name of the metric.
      type: str
      returned: always
      sample: RecoveryPointAge
    value:
      description: The number.
      type: float
      returned: always
      sample: 43140.0
    unit:
      description: The unit.
      type: str
      returned: always
      sample: Seconds
    dimensions:
      description: Its dimensions.
      type: dict
      returned: always
      sample: {Database: orders, Installation: lifeboat, Kind: instance}
    status:
      description: V(put) or V(failed).
      type: str
      returned: always
      sample: put
    changed:
      description: Whether it was put, or would be in check mode.
      type: bool
      returned: always
    reason:
      description: Where it was put, or why not.
      type: str
      returned: always
      sample: it belongs to Lifeboat
api_calls:
  description: The number of HTTP requests to AWS by service and operation, retries included.
  returned: always
  type: dict
  sample: {"cloudwatch:PutMetricData": 1, "sts:GetCallerIdentity": 1}
now:
  description: The time at AWS.
  returned: success
  type: str
  sample: "2026-11-23T14:05:00Z"
"""

from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.result import Report
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.metrics import (
    Metric,
    batches,
    read_metrics,
    read_namespace,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module

METRIC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "value": {"type": "float", "required": True},
    "unit": {"type": "str", "default": "None"},
    "dimensions": {"type": "dict", "default": {}},
    "timestamp": {"type": "str"},
}
ARGUMENTS: dict[str, Any] = {
    "namespace": {"type": "str", "default": "Lifeboat"},
    "metrics": {"type": "list", "elements": "dict", "required": True, "options": METRIC},
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Put all metrics, as many with each call as CloudWatch takes. A refused call does not stop the others."""
    namespace, metrics = read_namespace(params["namespace"]), read_metrics(params["metrics"])
    site.check_account(params["account_id"])
    report = Report(check_mode=check_mode)
    for batch in batches(metrics):
        put(namespace, batch, site, report)
    return report.as_result()


def put(namespace: str, batch: list[Metric], site: Site, report: Report) -> None:
    """Put one batch, of which CloudWatch takes all or nothing."""
    status, reason = "put", f"it belongs to {namespace}"
    try:
        if not report.check_mode:
            site.put_metrics(namespace, batch)
    except AwsRefusal as refusal:
        status, reason = "failed", str(refusal)
    for metric in batch:
        facts = {"name": metric.name, "value": metric.value, "unit": metric.unit, "dimensions": dict(metric.dimensions)}
        report.step(status, reason=reason, changed=status == "put", kind="metric", **facts)


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
