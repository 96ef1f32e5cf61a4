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
  - Ensures that each selected DB instance and DB cluster has a manual snapshot that the DR account may copy.
  - The newest automated snapshot is copied once, unless O(source) says otherwise. The same copy turns it into a manual
    one and, where it is encrypted under a key of AWS, puts it under O(kms_key_id).
  - Reports copies that exceed the quota of manual snapshots before it starts the first one, and how many snapshots to
    prune.
  - Snapshots that the DR account already has (see M(lifeboat.rds.snapshot_prune)) are neither copied nor shared again.
  - A database that cannot be published is reported with its reason and does not stop the others.
    The module fails at the end, unless O(accept_unprotected=true).
  - Replicas are covered by what they replicate, and are left out unless O(overrides[].protect=true).
options:
  source:
    description:
      - V(automated) publishes the newest automated snapshot of each database.
      - V(manual) publishes the newest manual snapshot that somebody else made.
      - V(awsbackup) publishes the newest snapshot that AWS Backup made of a DB instance.
        It is only read, and does not count toward the quota of manual snapshots.
      - V(snapshot) takes a snapshot now, unless the newest recovery point is younger than O(interval).
        Under a customer managed key it is shared as it is, which saves a copy.
        RDS takes no snapshot of a database that is stopped or broken. Then the newest one that was taken stays offered.
        A broken database, or one of which no snapshot was ever taken, is reported as failed.
      - Snapshots that this module did not take are always copied once, so that the name of the copy tells the other
        account where it comes from.
    type: str
    choices: [automated, manual, awsbackup, snapshot]
    default: automated
  interval:
    description: With O(source=snapshot), the least number of seconds between two snapshots. At least 300.
    type: int
    default: 86400
  snapshot_time:
    description:
      - With O(source=snapshot), the time that the recovery points stand for, with its zone, instead of O(interval).
      - A snapshot that was already taken for this time is used, so that an interrupted run can be run again. Otherwise
        one is taken now.
      - Set it to the time at which the applications were stopped, by the clock of AWS. It must be past.
    type: str
  kms_key_id:
    description:
      - The customer managed key for copies of snapshots under C(aws/rds) or under a key that AWS owns, as key ID, ARN
        or alias. With O(publish_region) it is a key of that Region, and everything encrypted is put under it.
      - Its policy must allow the DR account to use it. Snapshots under another customer managed key keep that key.
    type: str
  option_group:
    description:
      - The option group that copies get in O(publish_region). It must exist there, for the engine of the database.
      - A copy in its own Region keeps its option group.
    type: str
  publish_region:
    description:
      - The Region where the recovery points are offered. The Region of the databases when left out.
      - With O(share_with) empty, the copies stay in this account and are safe in another Region.
    type: str
  stand_in:
    description:
      - The network in which instances may stand in for Multi-AZ DB clusters, whose snapshots AWS neither copies nor
        shares.
      - The module restores such an instance from the cluster's snapshot, takes a snapshot of it, and deletes it. The
        instance is never public. It carries our tags and an expiry.
    type: dict
    suboptions:
      subnet_group:
        description: A DB subnet group of private subnets.
        type: str
        required: true
      security_groups:
        description: The IDs of VPC security groups.
        type: list
        elements: str
        required: true
      instance_class:
        description: The class of the instances.
        type: str
        default: db.t4g.medium
      expire_hours:
        description: The number of hours after which any run may delete a stand-in that a killed run left.
        type: int
        default: 24
  share_with:
    description:
      - The accounts that may copy the published snapshots, as 12-digit IDs. Others lose their access.
      - Each snapshot is shared as soon as it is available.
    type: list
    elements: str
    default: []
  accept_unprotected:
    description:
      - Whether to succeed although some databases have no snapshot yet. A warning names them.
      - What is wrong with a database for another reason fails it all the same. To leave one out, exclude it with
        O(overrides[].protect).
    type: bool
    default: false
  accept_empty:
    description:
      - Whether to succeed although there is no database here, and no snapshot that an earlier run published.
      - Otherwise the module fails, since the Region is probably wrong. It names the Regions of the account that have
        database instances, as far as it may list them.
    type: bool
    default: false
notes:
  - Needs the IAM actions C(rds:DescribeDBInstances), C(rds:DescribeDBClusters), C(rds:DescribeDBSnapshots),
    C(rds:DescribeDBClusterSnapshots), C(rds:DescribeDBSnapshotAttributes), C(rds:DescribeDBClusterSnapshotAttributes),
    C(rds:CopyDBSnapshot), C(rds:CopyDBClusterSnapshot), C(rds:AddTagsToResource), C(rds:ModifyDBSnapshotAttribute),
    C(rds:ModifyDBClusterSnapshotAttribute), C(rds:DescribeAccountAttributes), C(rds:DescribeOptionGroups) and
    C(kms:DescribeKey), and the use of the keys.
  - To tell the secondary clusters of global databases where their rows do not, C(rds:DescribeGlobalClusters).
  - For the configuration of databases in parameter groups of their own also C(rds:DescribeDBParameterGroups),
    C(rds:DescribeDBParameters), C(rds:DescribeDBClusterParameterGroups) and C(rds:DescribeDBClusterParameters).
  - For O(source=snapshot) also C(rds:CreateDBSnapshot) and C(rds:CreateDBClusterSnapshot), for O(stand_in) also
    C(rds:RestoreDBInstanceFromDBSnapshot), C(rds:DeleteDBInstance), C(rds:DescribeDBSubnetGroups) and
    C(ec2:DescribeRouteTables).
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
  - lifeboat.rds.selection
  - lifeboat.rds.overrides.copy
  - lifeboat.rds.copies
  - lifeboat.rds.store
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

- name: Start the copies of the shop's databases, and leave the rest to the next scheduled run
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
  description: What is published. Hand it over as O(lifeboat.rds.snapshot_replicate#module:published) at the DR site.
  returned: always
  type: dict
  contains:
    points:
      description: One entry for each database, with its lineage, its snapshot and the tags of the database.
      type: list
      elements: dict
      returned: always
    planned:
      description: Always V(true). A check mode of the DR site then expects that these snapshots are shared.
      type: bool
      returned: in check mode
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
      description:
        - The state of the item after this run.
        - V(excluded) is a database with O(overrides[].protect=false), V(replica) one that replicates another database
          and is covered by it. V(unprotected) is one that has no snapshot yet, with O(accept_unprotected).
      type: str
      returned: always
      sample: published
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
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import (
    LIMITS,
    PROTECTION,
    SELECTION,
    STORE,
    WAITING,
    overrides_of,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.requests.publish import read_publish
from ansible_collections.lifeboat.rds.plugins.module_utils._pass.publish import publish

SOURCES = ["automated", "manual", "awsbackup", "snapshot"]
ARGUMENTS: dict[str, Any] = {
    "source": {"type": "str", "choices": SOURCES, "default": "automated"},
    "interval": {"type": "int", "default": 86400},
    "snapshot_time": {"type": "str"},
    "kms_key_id": {"type": "str"},
    "option_group": {"type": "str"},
    "publish_region": {"type": "str"},
    "share_with": {"type": "list", "elements": "str", "default": []},
    "stand_in": {
        "type": "dict",
        "options": {
            "subnet_group": {"type": "str", "required": True},
            "security_groups": {"type": "list", "elements": "str", "required": True},
            "instance_class": {"type": "str", "default": "db.t4g.medium"},
            "expire_hours": {"type": "int", "default": 24},
        },
    },
    "accept_unprotected": {"type": "bool", "default": False},
    "accept_empty": {"type": "bool", "default": False},
    **SELECTION,
    **overrides_of(
        source={"type": "str", "choices": SOURCES},
        interval={"type": "int"},
        kms_key_id={"type": "str"},
        option_group={"type": "str"},
        **PROTECTION,
    ),
    **LIMITS,
    **STORE,
    **WAITING,
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Run one pass: publish what is not published yet."""
    return publish(read_publish(params), site, check_mode=check_mode)


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
