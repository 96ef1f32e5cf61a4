#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: snapshot_copy
short_description: Publish the newest recovery point of RDS databases for another account
version_added: 0.1.0
description:
  - Makes sure that each selected DB instance and DB cluster has a manual snapshot which the DR account may copy.
  - The newest automated snapshot is copied once. The same copy turns it into a manual one and, where it is encrypted
    under the AWS-managed key C(aws/rds), puts it under O(kms_key_id).
  - Snapshots that the DR account already has (see M(lifeboat.rds.snapshot_prune)) are neither copied nor shared again.
  - A database that cannot be published is reported with its reason and does not stop the others.
    The module fails at the end, unless O(accept_unprotected=true).
options:
  kms_key_id:
    description:
      - The customer managed key for copies of snapshots under C(aws/rds), as key ID, ARN or alias.
      - Its policy must admit the DR account. Snapshots under another customer managed key keep theirs.
    type: str
  share_with:
    description:
      - The accounts that may copy the published snapshots, as 12-digit IDs. Others lose their access.
      - Each snapshot is shared as soon as it is available.
    type: list
    elements: str
    default: []
  accept_unprotected:
    description: Do not fail because of databases that have no recovery point to publish.
    type: bool
    default: false
notes:
  - Needs the IAM actions C(rds:DescribeDBInstances), C(rds:DescribeDBClusters), C(rds:DescribeDBSnapshots),
    C(rds:DescribeDBClusterSnapshots), C(rds:DescribeDBSnapshotAttributes), C(rds:DescribeDBClusterSnapshotAttributes),
    C(rds:CopyDBSnapshot), C(rds:CopyDBClusterSnapshot), C(rds:AddTagsToResource), C(rds:ModifyDBSnapshotAttribute),
    C(rds:ModifyDBClusterSnapshotAttribute) and C(kms:DescribeKey), and the use of the keys.
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.passes
  - lifeboat.rds.site
  - lifeboat.rds.selection
  - lifeboat.rds.copies
  - lifeboat.rds.waiting
"""

EXAMPLES = r"""
- name: Publish the newest recovery point of every database for the DR account
  lifeboat.rds.snapshot_copy:
    account_id: "123456789012"
    region: eu-west-1
    kms_key_id: alias/lifeboat
    share_with: ["210987654321"]
  register: published

- name: Start what may be started for the shop's databases, and look again from the next scheduled run
  lifeboat.rds.snapshot_copy:
    account_id: "123456789012"
    region: eu-west-1
    databases: ["shop-*"]
    kms_key_id: alias/lifeboat
    share_with: ["210987654321"]
    wait: false
"""

RETURN = r"""
manifest:
  description: What is published, for O(lifeboat.rds.snapshot_replicate#module:published) at the DR site.
  returned: always
  type: dict
  contains:
    points:
      description: One entry for each database, with its lineage, its snapshot and the tags of the database.
      type: list
      elements: dict
      returned: always
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
      sample: published
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
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keys import check_key
from ansible_collections.lifeboat.rds.plugins.module_utils._core.manifest import describe_published, published_manifest
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.plan import Copy, Rows, expected
from ansible_collections.lifeboat.rds.plugins.module_utils._core.publication import (
    Publication,
    PublishOptions,
    newest_automated,
    plan_publication,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.selection import databases_among
from ansible_collections.lifeboat.rds.plugins.module_utils._core.sharing import check_accounts, plan_share
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import (
    LIMITS,
    SELECTION,
    WAITING,
    extra_tags,
    limits,
    selection,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.reconcile import (
    by_key,
    facts,
    look_again,
    reconcile,
    seconds_since,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._module.result import Report

ARGUMENTS: dict[str, Any] = {
    "kms_key_id": {"type": "str"},
    "share_with": {"type": "list", "elements": "str", "default": []},
    "accept_unprotected": {"type": "bool", "default": False},
    **SELECTION,
    **LIMITS,
    **WAITING,
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """One pass: publish what is not published yet."""
    report, wanted = Report(check_mode=check_mode), check_accounts(params["share_with"], params["account_id"])
    publications: list[Publication] = []
    if params["resume"] is None:
        publications, rows = look(params, site, report)
        copies = [one.copy for one in publications if one.copy]
    else:
        copies, rows = look_again(params["resume"], site)
    available = reconcile(copies, rows, site, report, limits(params), params["prefix"], check_mode=check_mode)
    for copy, row in available:
        share(copy, row, wanted, site, report, check_mode=check_mode)
    if params["resume"] is not None:
        return report.as_result()
    return report.as_result(manifest=manifest(publications, rows, site, check_mode=check_mode))


def look(params: dict[str, Any], site: Site, report: Report) -> tuple[list[Publication], Rows]:
    """Read the site, and decide what each selected database needs."""
    site.check_account(params["account_id"])
    key_id = params["kms_key_id"]
    key_arn = check_key(site.key(key_id), site.account, site.region).arn if key_id else None
    options = PublishOptions(params["prefix"], key_arn, extra_tags(params))
    where = f"account {site.account}, {site.region}"
    databases = databases_among(site.databases(), selection(params), where)
    points = site.recovery_points()
    sources = [newest_automated(database, points) for database in databases]
    keys, _refused = site.keys(source.kms_key_id for source in sources if source)
    publications = [plan_publication(*one, keys, options) for one in zip(databases, sources, strict=True)]
    for one in publications:
        if one.problem:
            status = "unprotected" if params["accept_unprotected"] else "failed"
            report.step(status, reason=one.problem, database=one.database.id.identifier, kind=one.database.id.kind)
    return publications, by_key(points)


def share(
    copy: Copy, row: RecoveryPoint, wanted: frozenset[str], site: Site, report: Report, *, check_mode: bool
) -> None:
    """Let those accounts copy a published snapshot that do not have it yet."""
    about = facts(copy) | {"seconds": seconds_since(copy.started, site.now)}
    missing = frozenset(account for account in wanted if not row.has_landed_in(account))
    if wanted and not missing:
        report.step("landed", reason="the DR account has it", **about)
        return
    try:
        # A copy that this task saw start was never shared: its accounts need no call.
        have = frozenset() if copy.started else site.shared_with(row)
        plan = plan_share(row, have, missing, None)
        if plan.is_needed:
            report.change(f"{row.name} shared with", sorted(have), sorted(missing))
            if not check_mode:
                site.share(row, add=plan.add, remove=plan.remove)
    except AwsRefusal as refusal:
        report.step("failed", reason=str(refusal), **about)
        return
    report.step("published", reason=copy.reason, changed=plan.is_needed, **about)


def manifest(publications: list[Publication], rows: Rows, site: Site, *, check_mode: bool) -> dict[str, Any]:
    """What is published now; in check mode also what would be."""
    points = []
    for one in publications:
        if one.copy is None or one.source is None or one.lineage is None:
            continue
        row = rows.get(one.copy.key)
        if row is None and check_mode:
            row = expected(one.copy, one.source, site.account, site.region)
        if row is not None and row.is_available:
            points.append(describe_published(one.database, one.lineage.original, row))
    return published_manifest(site.account, site.region, points)


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
