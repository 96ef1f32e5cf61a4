#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: snapshot_prune
short_description: Keep recovery points by retention rules, retire what has landed, delete the others
version_added: 0.1.0
description:
  - Decides for every recovery point of this installation whether it stays, and gives the reason. Nothing is changed
    unless O(apply) is set.
  - At a source site it first retires what the DR sites have (O(landed)). It takes back the share with such an account
    and marks the snapshot, so that it is never copied or shared again.
  - Then it deletes what no rule keeps. A recovery point stays if at least one of O(keep), O(max_age_days), O(daily),
    O(weekly), O(monthly) and O(yearly) keeps it. All of them go by the original time, at which the snapshot of the
    database was first made.
  - At a DR site it deletes nothing of a database for which none of these options is set, and says so in a warning.
  - At a source site, the newest published copy, the newest copy that has landed, and copies that have not landed also
    stay. A copy that has not landed is overtaken when a newer one has. Then only the retention rules keep it.
  - At a DR site, the newest landed recovery point of a database and its last verified one also stay, even if the
    database no longer exists. So do those from which a database was recovered that still runs there, or a drill's
    database that is still there. O(release) deletes them all the same.
  - There is a floor at a DR site. The newest two recovery points of a database stay, and all that are younger than 7
    days, whatever the retention says, unless O(below_floor) is set. Their age goes by the time that AWS gives.
  - A run deletes nothing when a declared retention would delete more than half of the recovery points and more than
    5, or so many of those of one database, or more than 2 of a database of which not more than the newest 2 would
    stay. It fails, and its message has what O(accept_deletions) accepts that plan with. In check mode and without
    O(apply), this is a warning. What is released and failed copies do not count, nor does at a source site what goes
    without a declared retention or is younger than 7 days.
  - A recovery point with a C(retain) tag stays. Snapshots that do not carry both our tag and our name are ignored.
  - O(databases) selects by the database that a snapshot was taken from, whether it still exists or not. O(match_tags)
    goes by the tags of the snapshot.
options:
  apply:
    description:
      - Whether to carry out the plan. Otherwise nothing is changed, and the result is the plan.
    type: bool
    default: false
  landed:
    description: The RV(lifeboat.rds.snapshot_replicate#module:manifest) of the DR sites.
    type: list
    elements: dict
    default: []
  dr_accounts:
    description:
      - At a source site, the accounts of all DR sites. A published copy has landed once it has landed in each of them.
      - When empty, it is enough that it has landed in any account.
    type: list
    elements: str
    default: []
  keep:
    description:
      - How many of the newest recovery points of each database stay.
      - If it is not set, it is 1 at a source site, and at a DR site where another of these options is set.
    type: int
  max_age_days:
    description:
      - Recovery points that are younger than this number of days stay.
      - If it is not set, no recovery point stays because of its age.
    type: int
  daily:
    description: The newest recovery point of each day (UTC) stays, for this number of the newest days that have any.
    type: int
  weekly:
    description: The same for weeks, from Monday to Sunday.
    type: int
  monthly:
    description: The same for months.
    type: int
  yearly:
    description: The same for years.
    type: int
  below_floor:
    description:
      - Whether the retention also holds for what the floor of a DR site keeps.
      - If it is not set, the floor stays.
    type: bool
  accept_deletions:
    description:
      - What the message of a run says that refused to delete so much. It accepts the deletions of that run alone, so it
        works once.
      - Several sites may have several of them.
    type: list
    elements: str
    default: []
  release:
    description:
      - The exact names of recovery points to delete although they are the newest, the last verified, or have not
        landed. It is for databases that are gone.
      - At the site of the database, it is an error while that database still exists.
      - It does not release a recovery point with a C(retain) tag, or one that is still being made. A name that does not
        exist is a warning.
    type: list
    elements: str
    default: []
notes:
  - Needs the IAM actions C(rds:DescribeDBSnapshots), C(rds:DescribeDBClusterSnapshots), C(rds:AddTagsToResource),
    C(rds:ModifyDBSnapshotAttribute), C(rds:ModifyDBClusterSnapshotAttribute), C(rds:DeleteDBSnapshot) and
    C(rds:DeleteDBClusterSnapshot) on snapshots that carry our tag. A DR site that deletes something, and O(release) at
    a source site, also need C(rds:DescribeDBInstances) and C(rds:DescribeDBClusters).
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.shown
  - lifeboat.rds.site
  - lifeboat.rds.selection
  - lifeboat.rds.overrides.prune
  - lifeboat.rds.store
"""

EXAMPLES = r"""
- name: Show what would be deleted at the DR site, and what stays and why
  lifeboat.rds.snapshot_prune:
    account_id: "210987654321"
    region: eu-central-1
    daily: 7
    weekly: 5
    monthly: 12
  register: plan

- name: Take back the shares of what has landed, and keep only the newest published copy of each database
  lifeboat.rds.snapshot_prune:
    account_id: "123456789012"
    region: eu-west-1
    apply: true
    landed: ["{{ replicated.manifest }}"]
    dr_accounts: ["210987654321"]

- name: Keep five weeks of recovery points at the DR site, and seven years of the ledgers'
  lifeboat.rds.snapshot_prune:
    account_id: "210987654321"
    region: eu-central-1
    apply: true
    keep: 3
    max_age_days: 35
    overrides:
      - databases: ["ledger-*"]
        monthly: 12
        yearly: 7

- name: Keep only the newest recovery point of each database, as in a lab
  lifeboat.rds.snapshot_prune:
    account_id: "210987654321"
    region: eu-central-1
    apply: true
    keep: 1
    below_floor: true

- name: Delete the last recovery point of a database that is gone
  lifeboat.rds.snapshot_prune:
    account_id: "210987654321"
    region: eu-central-1
    apply: true
    release: [lifeboat-orders-20261123020500-5f0c2a9b7d31]
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
    region:
      description: The Region of the snapshot.
      type: str
      returned: always
      sample: eu-central-1
    status:
      description:
        - V(kept), V(deleted), V(retired) (its share was taken back and it was marked as landed; it stays) or V(failed).
        - Without O(apply), V(would_delete) and V(would_retire) instead. V(would_delete) also when the run refuses to
          delete so much.
      type: str
      returned: always
      sample: kept
    changed:
      description: Whether this run changed the item.
      type: bool
      returned: always
    reason:
      description: Why it stays, by the first rule that keeps it, or why nothing keeps it.
      type: str
      returned: always
      sample: the first of 2026-11
accept_deletions:
  description: What O(accept_deletions) accepts this plan with.
  returned: when the plan deletes too much for one run
  type: str
  sample: 20261123140500-5f0c2a9b7d31
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
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import SELECTION, STORE, overrides_of
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.requests.prune import read_prune
from ansible_collections.lifeboat.rds.plugins.module_utils._pass.prune import prune

SETTINGS: dict[str, dict[str, Any]] = {
    "keep": {"type": "int"},
    "max_age_days": {"type": "int"},
    "daily": {"type": "int"},
    "weekly": {"type": "int"},
    "monthly": {"type": "int"},
    "yearly": {"type": "int"},
    "below_floor": {"type": "bool"},
}
ARGUMENTS: dict[str, Any] = {
    "apply": {"type": "bool", "default": False},
    "landed": {"type": "list", "elements": "dict", "default": []},
    "dr_accounts": {"type": "list", "elements": "str", "default": []},
    "release": {"type": "list", "elements": "str", "default": []},
    "accept_deletions": {"type": "list", "elements": "str", "default": []},
    **SETTINGS,
    **overrides_of(**SETTINGS),
    **SELECTION,
    **STORE,
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Retire what has landed, then delete what need not stay."""
    return prune(read_prune(params), site, check_mode=check_mode)


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
