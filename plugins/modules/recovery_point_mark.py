#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: recovery_point_mark
short_description: Mark the recovery points that a drill verified
version_added: 0.1.0
description:
  - Tags recovery points of the DR site with C(lifeboat:verified) and the time of the drill.
  - M(lifeboat.rds.snapshot_prune) never deletes the last verified recovery point of a database, and
    M(lifeboat.rds.snapshot_restore) can choose it.
  - Checks all of them before it marks the first one. Only recovery points of this installation can be marked.
options:
  recovery_points:
    description: The ARNs of the recovery points that passed. An empty list changes nothing.
    type: list
    elements: str
    required: true
  time:
    description:
      - When they were verified, as ISO 8601 with a zone. The time at AWS if not set.
      - A recovery point that was verified later keeps its mark.
    type: str
notes:
  - Needs the IAM actions C(rds:DescribeDBSnapshots), C(rds:DescribeDBClusterSnapshots) and C(rds:AddTagsToResource).
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.shown
  - lifeboat.rds.site
seealso:
  - module: lifeboat.rds.drill_report
"""

EXAMPLES = r"""
- name: Mark what the drill verified
  lifeboat.rds.recovery_point_mark:
    account_id: "210987654321"
    region: eu-central-1
    recovery_points: "{{ passed | map(attribute='recovery_point_arn') }}"
    time: "{{ restored.began }}"
  vars:
    passed: "{{ report.databases | selectattr('verdict', 'eq', 'verified') }}"
"""

RETURN = r"""
steps:
  description: What was done with each item, and the reason.
  returned: always
  type: list
  elements: dict
  contains:
    database:
      description: The identifier of the database.
      type: str
      returned: always
      sample: orders
    kind:
      description: V(instance) or V(cluster).
      type: str
      returned: always
      sample: instance
    name:
      description: The name of the snapshot or database that the step is about.
      type: str
      returned: when it has one
      sample: lifeboat-orders-20261123020500-5f0c2a9b7d31
    status:
      description: The state of the item after this run.
      type: str
      returned: always
      sample: marked
    changed:
      description: Whether this run changed the item.
      type: bool
      returned: always
    reason:
      description: The reason for the status.
      type: str
      returned: always
api_calls:
  description: The number of HTTP requests to AWS by service and operation, retries included.
  returned: always
  type: dict
  sample: {"rds:DescribeDBSnapshots": 2, "sts:GetCallerIdentity": 1}
now:
  description: The time at AWS.
  returned: success
  type: str
  sample: "2026-11-23T14:05:00Z"
"""

from datetime import datetime
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.marks import (
    check_markable,
    is_marked,
    read_arn,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import VERIFIED, RecoveryPoint, iso
from ansible_collections.lifeboat.rds.plugins.module_utils._core.result import Report, facts_of
from ansible_collections.lifeboat.rds.plugins.module_utils._core.words import read_time
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module

ARGUMENTS: dict[str, Any] = {
    "recovery_points": {"type": "list", "elements": "str", "required": True},
    "time": {"type": "str"},
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Mark each recovery point that is not marked yet."""
    when = read_time("Cannot mark recovery points (time)", params["time"]) if params["time"] else None
    site.check_account(params["account_id"])
    report, points = Report(check_mode=check_mode), find(params["recovery_points"], params["prefix"], site)
    for point in points:
        mark(point, when or site.now, site, report)
    return report.as_result()


def find(arns: list[str], prefix: str, site: Site) -> list[RecoveryPoint]:
    """Return the recovery points, each once.

    :raises LifeboatError: when one of them may not be marked.
    """
    wanted = {arn: read_arn(arn, site.account, site.region) for arn in arns}
    kinds = {kind: [name for one, name in wanted.values() if one == kind] for kind in ("instance", "cluster")}
    found = {point.arn: point for point in site.recovery_points_named(kinds)}
    return [check_markable(arn, found.get(arn), prefix) for arn in wanted]


def mark(point: RecoveryPoint, when: datetime, site: Site, report: Report) -> None:
    """Tag one recovery point with the time of the drill that verified it."""
    if is_marked(point, when):
        report.step("marked", reason=f"it was verified at {point.tags[VERIFIED]}", **facts_of(point))
        return
    report.change(point.name, point.tags.get(VERIFIED), iso(when))
    try:
        if not report.check_mode:
            site.tag(point.arn, {VERIFIED: str(iso(when))})
    except AwsRefusal as refusal:
        report.step("failed", reason=str(refusal), **facts_of(point))
        return
    report.step("marked", reason="a drill verified it", changed=True, **facts_of(point))


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
