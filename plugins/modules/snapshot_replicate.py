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
    Region of this site, across account and Region in one step where AWS allows it, under this account's own key.
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
  option_group:
    description:
      - The option group of this Region for the copies of DB snapshots. It must exist, for the engine of the database.
      - Without it a copy gets the default option group, and AWS refuses one whose data depend on more than that.
    type: str
  copy_option_group:
    description:
      - Let AWS copy the option group of the source along, which it does for Oracle and within a Region.
      - Only snapshots with an option group other than the default one are meant.
      - Where a copy takes two steps, the first one takes it along. The second one needs an O(option_group).
    type: bool
    default: false
  single_step:
    description:
      - Whether copies cross account and Region in one step. Where AWS refuses that, V(auto) takes two steps for the
        rest of the run. The first is a copy of its own in the Region of the source, and it is removed in the end.
      - V(always) fails then, V(never) does not try.
    type: str
    choices: [auto, always, never]
    default: auto
  published:
    description:
      - The RV(lifeboat.rds.snapshot_copy#module:manifest) of the source sites, where they are at hand.
      - Without them everything that is visibly shared is replicated all the same.
    type: list
    elements: dict
    default: []
notes:
  - Needs the IAM actions C(rds:DescribeDBSnapshots), C(rds:DescribeDBClusterSnapshots), C(rds:CopyDBSnapshot) and
    C(rds:CopyDBClusterSnapshot) on the source's and on its own snapshots, C(rds:AddTagsToResource),
    C(rds:DeleteDBSnapshot) and C(rds:DeleteDBClusterSnapshot) on what carries our tag,
    C(rds:DescribeAccountAttributes), C(rds:DescribeOptionGroups), C(kms:DescribeKey), and the use of the keys of the
    source and its own.
  - To keep the configuration of the databases that a manifest tells, C(rds:DescribeDBParameters),
    C(rds:CreateDBParameterGroup), C(rds:ModifyDBParameterGroup), and the same for C(DBCluster).
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes.plan
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.passes
  - lifeboat.rds.site
  - lifeboat.rds.overrides.replicate
  - lifeboat.rds.copies
  - lifeboat.rds.store
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
    name:
      description: The name of the shared snapshot.
      type: str
      returned: always
    arn:
      description: Its ARN.
      type: str
      returned: always
    reason:
      description: Why it is not adopted.
      type: str
      returned: always
steps:
  description:
    - What was done with each item, and why.
    - In check mode an item has an entry for each step that would be taken with it, in their order.
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
    region:
      description: The Region where it is made.
      type: str
      returned: when it is a snapshot
      sample: us-east-1
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
      description: Why, in one sentence for each step that changed something.
      type: str
      returned: always
    seconds:
      description: How long it took on the clock of AWS, where this run saw it start.
      type: int
      returned: when it is done
    newly_landed:
      description: Always V(true). It has landed, and the manifest in O(store) did not say so yet.
      type: bool
      returned: when there is such a manifest
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
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import LIMITS, STORE, WAITING, overrides_of
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.requests.replicate import read_replicate
from ansible_collections.lifeboat.rds.plugins.module_utils._pass.replicate import replicate

ARGUMENTS: dict[str, Any] = {
    "source_accounts": {"type": "list", "elements": "str", "required": True},
    "source_regions": {"type": "list", "elements": "str", "required": True},
    "kms_key_id": {"type": "str", "required": True, "no_log": False},
    "option_group": {"type": "str"},
    "copy_option_group": {"type": "bool", "default": False},
    "single_step": {"type": "str", "choices": ["auto", "always", "never"], "default": "auto"},
    "published": {"type": "list", "elements": "dict", "default": []},
    **overrides_of(
        kms_key_id={"type": "str", "no_log": False},
        option_group={"type": "str"},
        copy_option_group={"type": "bool"},
    ),
    **LIMITS,
    **STORE,
    **WAITING,
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Run one pass: copy what is offered and not here yet."""
    return replicate(read_replicate(params), site, check_mode=check_mode)


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
