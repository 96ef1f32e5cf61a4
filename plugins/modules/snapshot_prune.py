#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: snapshot_prune
short_description: Keep the recovery points that retention wants, retire and delete the others
version_added: 0.1.0
description:
  - At a source site it first retires what the DR site has (O(landed)). The share with that account is taken back, and
    the snapshot is marked, so that it is never copied or shared again.
  - Then it judges every recovery point that this installation made, and deletes what need not stay.
  - At a source site, a published copy that has not landed stays, and so does the newest one.
  - At the DR site, the newest landed recovery point of a database and its last verified one stay, even for a database
    that no longer exists.
  - A recovery point with a C(retain) tag stays. Snapshots that do not carry both our tag and our name are not judged.
  - O(databases) select by the database that a snapshot was taken from, whether it still exists or not.
options:
  landed:
    description: The RV(lifeboat.rds.snapshot_replicate#module:manifest) of the DR sites.
    type: list
    elements: dict
    default: []
  keep:
    description: How many of the newest recovery points of each database stay in any case.
    type: int
    default: 1
  max_age_days:
    description:
      - Recovery points that are younger stay, counted from the original time of the database's snapshot.
      - Without it only O(keep) counts.
    type: int
notes:
  - Needs the IAM actions C(rds:DescribeDBSnapshots), C(rds:DescribeDBClusterSnapshots), C(rds:AddTagsToResource),
    C(rds:ModifyDBSnapshotAttribute), C(rds:ModifyDBClusterSnapshotAttribute), C(rds:DeleteDBSnapshot) and
    C(rds:DeleteDBClusterSnapshot) on snapshots that carry our tag.
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.site
  - lifeboat.rds.selection
"""

EXAMPLES = r"""
- name: Take back the shares of what has landed, and keep only the newest published copy of each database
  lifeboat.rds.snapshot_prune:
    account_id: "123456789012"
    region: eu-west-1
    landed: ["{{ replicated.manifest }}"]

- name: Keep five weeks of recovery points at the DR site
  lifeboat.rds.snapshot_prune:
    account_id: "210987654321"
    region: eu-central-1
    keep: 3
    max_age_days: 35
"""

RETURN = r"""
steps:
  description: What was done with each item, and why.
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
      description: What became of it.
      type: str
      returned: always
      sample: kept
    changed:
      description: Whether this run changed it.
      type: bool
      returned: always
    reason:
      description: Why.
      type: str
      returned: always
    seconds:
      description: How long it took on the clock of AWS, where this run saw it start.
      type: int
      returned: when it is done
api_calls:
  description: HTTP requests to AWS by service and operation, retries counted.
  returned: always
  type: dict
  sample: {"rds:DescribeDBSnapshots": 2, "sts:GetCallerIdentity": 1}
now:
  description: The time at AWS.
  returned: success
  type: str
  sample: "2026-11-23T14:05:00Z"
"""

from datetime import timedelta
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.manifest import read_landed
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import LANDED, RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.retention import (
    Policy,
    Verdict,
    judge,
    retirements,
    with_marks,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.selection import points_among
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import SELECTION, selection
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.result import Report, facts_of

ARGUMENTS: dict[str, Any] = {
    "landed": {"type": "list", "elements": "dict", "default": []},
    "keep": {"type": "int", "default": 1},
    "max_age_days": {"type": "int"},
    **SELECTION,
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Retire what has landed, then delete what need not stay."""
    landed, policy, report = read_landed(params["landed"]), read_policy(params), Report(check_mode=check_mode)
    site.check_account(params["account_id"])
    where = f"the recovery points of account {site.account}, {site.region}"
    points = points_among(site.recovery_points("manual"), selection(params), where)
    retired: dict[str, list[str]] = {}
    refused: set[str] = set()
    for point, account, landed_time in retirements(points, params["prefix"], site.account, landed):
        if retire(point, account, landed_time, site, report, check_mode=check_mode):
            retired.setdefault(point.arn, []).append(account)
        else:
            refused.add(point.arn)
    for verdict in judge(with_marks(points, retired), params["prefix"], policy, site.account, site.now):
        if verdict.point.arn not in refused:
            carry_out(verdict, site, report, retired=verdict.point.arn in retired, check_mode=check_mode)
    return report.as_result()


def read_policy(params: dict[str, Any]) -> Policy:
    """The policy of the options.

    :raises LifeboatError: when it would keep nothing.
    """
    if params["keep"] < 1:
        why = f"keep is {params['keep']}"
        raise LifeboatError("Cannot keep fewer than 1 recovery point", why=why, remedy="Set keep to 1 or more")
    days = params["max_age_days"]
    return Policy(params["keep"], None if days is None else timedelta(days=days))


def retire(
    point: RecoveryPoint, account: str, landed_time: str, site: Site, report: Report, *, check_mode: bool
) -> bool:
    """Take one account's share back, then mark the snapshot: a mark means that the share is gone."""
    report.change(f"{point.name} for {account}", "shared", "landed")
    if check_mode:
        return True
    unshared = False
    try:
        site.share(point, remove=[account])
        unshared = True
        site.tag(point.arn, {f"{LANDED}:{account}": landed_time})
    except AwsRefusal as refusal:
        report.step("failed", reason=str(refusal), changed=unshared, **facts_of(point))
        return False
    return True


def carry_out(verdict: Verdict, site: Site, report: Report, *, retired: bool, check_mode: bool) -> None:
    """Delete a recovery point, or say why it stays."""
    point = verdict.point
    if verdict.keep:
        status = "retired" if retired else "kept"
        report.step(status, reason=verdict.reason, changed=retired, **facts_of(point))
        return
    report.change(point.name, {"arn": point.arn, "status": point.status}, None)
    try:
        if not check_mode:
            site.delete_recovery_point(point)
    except AwsRefusal as refusal:
        report.step("failed", reason=str(refusal), **facts_of(point))
        return
    report.step("deleted", reason=verdict.reason, changed=True, **facts_of(point))


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
