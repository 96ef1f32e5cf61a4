#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: snapshot_replicate
short_description: Own a copy of every recovery point that other accounts published for this one
version_added: 0.1.0
description:
  - Copies the newest recovery point of each database that the O(source_accounts) shared with this account to the
    Region of this site, across account and Region in one step, under this account's own key.
  - A copy has landed when it is available and matches its source in lineage, engine, size and key.
  - Snapshots that other accounts share are never adopted, whatever their names.
    Those that are named like ours are reported as RV(refused).
  - An unencrypted DB cluster snapshot stays so, since AWS encrypts none by copying. It is encrypted at restore.
options:
  source_accounts:
    description: The 12-digit IDs of the accounts whose databases this site protects.
    type: list
    elements: str
    required: true
  source_regions:
    description: The Regions in which those accounts publish. Shared snapshots are visible in their own Region only.
    type: list
    elements: str
    required: true
  kms_key_id:
    description:
      - The customer managed key of this account and Region for the copies, as key ID, ARN or alias.
      - A key of another account is refused, since the copies would be lost together with it.
    type: str
    required: true
  published:
    description:
      - The RV(lifeboat.rds.snapshot_copy#module:manifest) of the source sites, where they are at hand.
      - Without them everything that is visibly shared is replicated all the same.
    type: list
    elements: dict
    default: []
notes:
  - Needs the IAM actions C(rds:DescribeDBSnapshots), C(rds:DescribeDBClusterSnapshots), C(rds:CopyDBSnapshot) and
    C(rds:CopyDBClusterSnapshot) on the source's and on its own snapshots, C(rds:AddTagsToResource), C(kms:DescribeKey),
    and the use of the source's and its own keys.
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.passes
  - lifeboat.rds.site
  - lifeboat.rds.copies
  - lifeboat.rds.waiting
"""

EXAMPLES = r"""
- name: Copy what production published to this account
  lifeboat.rds.snapshot_replicate:
    account_id: "210987654321"
    region: eu-central-1
    source_accounts: ["123456789012"]
    source_regions: [eu-west-1]
    kms_key_id: alias/lifeboat
  register: replicated
"""

RETURN = r"""
manifest:
  description: What has landed, for O(lifeboat.rds.snapshot_prune#module:landed) at the source sites.
  returned: always
  type: dict
  contains:
    points:
      description: The name, the ARN here and the time of each recovery point that has landed.
      type: list
      elements: dict
      returned: always
    refused:
      description: What was not adopted, and why.
      type: list
      elements: dict
      returned: always
refused:
  description: Shared snapshots that are named like ours but not adopted.
  returned: always
  type: list
  elements: dict
  contains:
    arn:
      description: The ARN of the shared snapshot.
      type: str
      returned: always
    reason:
      description: Why it is not adopted.
      type: str
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
      sample: landed
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

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keys import check_key
from ansible_collections.lifeboat.rds.plugins.module_utils._core.manifest import landed_manifest, read_published
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from ansible_collections.lifeboat.rds.plugins.module_utils._core.plan import Copy, Rows
from ansible_collections.lifeboat.rds.plugins.module_utils._core.replication import (
    Offer,
    Refusal,
    ReplicateOptions,
    landed_points,
    newest_by_database,
    offer_of,
    plan_copy,
    read_offer,
    why_not_copyable,
    why_not_landed,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.sharing import check_accounts
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import LIMITS, WAITING, extra_tags, limits
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
    "source_accounts": {"type": "list", "elements": "str", "required": True},
    "source_regions": {"type": "list", "elements": "str", "required": True},
    "kms_key_id": {"type": "str", "required": True, "no_log": False},
    "published": {"type": "list", "elements": "dict", "default": []},
    **LIMITS,
    **WAITING,
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """One pass: copy what is offered and not here yet."""
    report = Report(check_mode=check_mode)
    if params["resume"] is not None:
        copies, rows = look_again(params["resume"], site)
        settle(copies, rows, params, site, report, check_mode=check_mode)
        return report.as_result()
    options = read_options(params, site)
    offers, refusals = look(params, options, site)
    rows = by_key(site.recovery_points("manual"))
    copies = possible(offers, rows, options, site, report, check_mode=check_mode)
    settle(copies, rows, params, site, report, check_mode=check_mode)
    report.warnings += [f"Not adopted: {one.arn}, since {one.reason}." for one in refusals]
    refused = [{"arn": one.arn, "reason": one.reason} for one in refusals]
    points = landed_points([plan_copy(offer, options) for offer in offers], rows, options.prefix, str(iso(site.now)))
    return report.as_result(refused=refused, manifest=landed_manifest(site.account, site.region, points, refused))


def read_options(params: dict[str, Any], site: Site) -> ReplicateOptions:
    """Check the accounts and the key before anything else is read."""
    site.check_account(params["account_id"])
    return ReplicateOptions(
        prefix=params["prefix"],
        source_accounts=check_accounts(params["source_accounts"], site.account),
        kms_key_arn=check_key(site.key(params["kms_key_id"]), site.account, site.region).arn,
        region=site.region,
        tags=extra_tags(params),
    )


def look(params: dict[str, Any], options: ReplicateOptions, site: Site) -> tuple[list[Offer], list[Refusal]]:
    """What other accounts offer: what is visibly shared, and what their manifests name beyond it."""
    published = read_published(params["published"])
    places = [site.in_region(region) for region in params["source_regions"]]
    shared = [point for place in places for point in place.recovery_points("shared")]
    read = [read_offer(point, options, published) for point in shared]
    seen = {point.arn for point in shared}
    read += [offer_of(entry, options) for arn, entry in published.items() if arn not in seen]
    return [one for one in read if isinstance(one, Offer)], [one for one in read if isinstance(one, Refusal)]


def possible(
    offers: list[Offer], rows: Rows, options: ReplicateOptions, site: Site, report: Report, *, check_mode: bool
) -> list[Copy]:
    """The copies that are here, or can be made: the source's key must be usable from here."""
    plans = [(offer, plan_copy(offer, options)) for offer in newest_by_database(offers)]
    new = [offer.point.kms_key_id for offer, copy in plans if copy.key not in rows and offer.is_visible]
    keys, refused = site.keys(new)
    copies = []
    for offer, copy in plans:
        problem = why_not_copyable(offer, keys, refused)
        if copy.key in rows or problem is None or (check_mode and not offer.is_visible):
            copies.append(copy)
        else:
            report.step("failed", reason=f"Cannot copy {copy.source_arn}: {problem}", **facts(copy))
    return copies


def settle(
    copies: list[Copy], rows: Rows, params: dict[str, Any], site: Site, report: Report, *, check_mode: bool
) -> None:
    """Act on the copies, and say of the finished ones whether they landed."""
    done = reconcile(copies, rows, site, report, limits(params), params["prefix"], check_mode=check_mode)
    for copy, row in done:
        about = facts(copy) | {"seconds": seconds_since(copy.started, site.now)}
        if problem := why_not_landed(copy, row):
            reason = f"{row.name} does not match its source: {problem}. Delete it and run again."
            report.step("failed", reason=reason, **about)
        else:
            report.step("landed", reason=copy.reason, **about)


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
