#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: snapshot_share
short_description: Control which AWS accounts may copy or restore RDS snapshots
version_added: 0.1.0
description:
  - Shares manual DB snapshots and DB cluster snapshots with exactly the listed accounts.
  - Never shares with everybody.
  - Refuses what AWS cannot share (automated snapshots, and those under the AWS-managed key C(aws/rds)) before it
    changes anything.
options:
  snapshots:
    description: Names or ARNs of manual snapshots.
    type: list
    elements: str
    required: true
  accounts:
    description: The 12-digit IDs of the accounts that may copy or restore the snapshots. Others lose their access.
    type: list
    elements: str
    required: true
notes:
  - Needs the IAM actions C(rds:DescribeDBSnapshots), C(rds:DescribeDBClusterSnapshots),
    C(rds:DescribeDBSnapshotAttributes), C(rds:DescribeDBClusterSnapshotAttributes), C(rds:ModifyDBSnapshotAttribute),
    C(rds:ModifyDBClusterSnapshotAttribute) and C(kms:DescribeKey).
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.shown
  - lifeboat.rds.site
"""

EXAMPLES = r"""
- name: Allow the DR account to copy a snapshot
  lifeboat.rds.snapshot_share:
    account_id: "123456789012"
    region: eu-west-1
    snapshots: [lifeboat-orders-20261123020500-5f0c2a9b7d31]
    accounts: ["210987654321"]

- name: Take back all shares
  lifeboat.rds.snapshot_share:
    account_id: "123456789012"
    region: eu-west-1
    snapshots: [lifeboat-orders-20261123020500-5f0c2a9b7d31]
    accounts: []
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
      sample: shared
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

from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.result import Report, facts_of
from ansible_collections.lifeboat.rds.plugins.module_utils._core.sharing import SharePlan, check_accounts, plan_share
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module

ARGUMENTS: dict[str, Any] = {
    "snapshots": {"type": "list", "elements": "str", "required": True},
    "accounts": {"type": "list", "elements": "str", "required": True},
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Share each snapshot with exactly the wanted accounts."""
    site.check_account(params["account_id"])
    wanted, report = check_accounts("accounts", params["accounts"], site.account), Report(check_mode=check_mode)
    points = find(params["snapshots"], site)
    keys, _refused = site.keys(point.kms_key_id for point in points if wanted)
    have = {point.arn: site.shared_with(point) if point.origin == "manual" else frozenset() for point in points}
    plans = [plan_share(point, have[point.arn], wanted, keys.get(point.kms_key_id or "")) for point in points]
    for plan in plans:
        if plan.refused:
            raise LifeboatError(f"Cannot share {plan.point.name}", why=plan.refused)
    for plan in plans:
        if plan.is_needed:
            report.change(plan.point.name, sorted(have[plan.point.arn]), sorted(wanted))
        share(plan, site, report, check_mode=check_mode)
    return report.as_result()


def share(plan: SharePlan, site: Site, report: Report, *, check_mode: bool) -> None:
    """Add and remove the accounts of one snapshot."""
    try:
        if plan.is_needed and not check_mode:
            site.share(plan.point, add=plan.add, remove=plan.remove)
    except AwsRefusal as refusal:
        report.step("failed", reason=str(refusal), **facts_of(plan.point))
        return
    report.step("shared", reason=reason_of(plan), changed=plan.is_needed, **facts_of(plan.point))


def find(wanted: list[str], site: Site) -> list[RecoveryPoint]:
    """Find the snapshots of this site by their names or ARNs, in the same order.

    :raises LifeboatError: when one of them does not exist.
    """
    names = [name.split(":", 6)[6] if name.startswith("arn:") else name for name in wanted]
    points = site.recovery_points_named({"instance": names, "cluster": names})
    found = {point.name: point for point in points} | {point.arn: point for point in points}
    for name in wanted:
        if name not in found:
            raise LifeboatError(
                f"Cannot share {name}",
                why=f"{site.region} has no such snapshot",
                remedy="Correct the name or the Region",
            )
    return [found[name] for name in wanted]


def reason_of(plan: SharePlan) -> str:
    changes = (("added", plan.add), ("removed", plan.remove))
    parts = [f"{word} {', '.join(sorted(accounts))}" for word, accounts in changes if accounts]
    return "; ".join(parts) or "shared with these accounts already"


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
