#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: snapshot_replicate
short_description: Copy the recovery points that other accounts published for this one
version_added: 0.1.0
description:
  - Copies the newest recovery point of each database that the O(source_accounts) shared with this account to the
    Region of this site, across account and Region in one step where AWS allows it, under this account's own key.
  - A copy has landed when it is available and matches its source in lineage, engine, size and key.
  - Never adopts snapshots that other accounts share, whatever their names. Those that are named like ours are reported
    as RV(refused).
  - An unencrypted DB cluster snapshot stays unencrypted, since AWS does not encrypt it in a copy. It is encrypted at
    restore.
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
      - Without it a copy gets the default option group. AWS refuses that for data that depend on another one.
    type: str
  copy_option_group:
    description:
      - Whether AWS copies the option group of the source too, which it does for Oracle and within a Region.
      - It only concerns snapshots with an option group other than the default one.
      - If a copy takes two steps, only the first one copies the option group. The second one needs O(option_group).
    type: bool
    default: false
  single_step:
    description:
      - Whether copies cross account and Region in one step. If AWS refuses that, V(auto) takes two steps for the rest
        of the run. The first step makes a copy in the Region of the source, which is deleted in the end.
      - V(always) fails if AWS refuses the single step. V(never) always takes two steps.
    type: str
    choices: [auto, always, never]
    default: auto
  published:
    description:
      - The RV(lifeboat.rds.snapshot_copy#module:manifest) of the source sites, as far as they are at hand.
      - Everything that is visibly shared is replicated, also without them.
    type: list
    elements: dict
    default: []
notes:
  - Needs the IAM actions C(rds:DescribeDBSnapshots), C(rds:DescribeDBClusterSnapshots), C(rds:CopyDBSnapshot) and
    C(rds:CopyDBClusterSnapshot) on the source's and on its own snapshots, C(rds:AddTagsToResource),
    C(rds:DeleteDBSnapshot) and C(rds:DeleteDBClusterSnapshot) on what carries our tag,
    C(rds:DescribeAccountAttributes), C(rds:DescribeOptionGroups), C(kms:DescribeKey), and the use of the keys of the
    source and its own.
  - To keep the configuration of databases that a manifest describes, C(rds:DescribeDBParameters),
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
  description: What has landed. Hand it over as O(lifeboat.rds.snapshot_prune#module:landed) at the source sites.
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
    - What was done with each item, and the reason.
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
      description: The state of the item after this run.
      type: str
      returned: always
      sample: landed
    changed:
      description: Whether this run changed the item.
      type: bool
      returned: always
    reason:
      description: Why, in one sentence for each step that changed something.
      type: str
      returned: always
    seconds:
      description: The number of seconds that it took, by the clock of AWS, if this run saw it start.
      type: int
      returned: when it is done
    newly_landed:
      description: Always V(true). It has landed since the manifest in O(store) was last written.
      type: bool
      returned: when there is such a manifest
in_flight:
  description: What AWS is still working on. Run the module again to continue.
  returned: always
  type: list
  elements: dict
  sample: []
resume:
  description: What the next pass needs to know. The action plugin reads it and removes it.
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
