#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: snapshot_restore
short_description: Run recovery points as isolated databases that belong to a drill
version_added: 0.1.0
description:
  - Restores the newest landed recovery point of each selected database, many at once, and waits until they run.
  - A restored database is never public, keeps no backups, and lies in the network that is named.
    Its tags say that it is for a drill, for which, and when it expires.
  - DB clusters get one member, since AWS restores a cluster without any.
  - A run that was killed is continued by running it again with the same O(drill_id).
  - With O(state=absent) everything that the drill made is deleted, without final snapshots, and nothing else is.
options:
  state:
    description: Whether the drill's databases run, or are gone.
    type: str
    choices: [present, absent]
    default: present
  drill_id:
    description: What tells this drill from others. It becomes part of identifiers. At most 24 characters.
    type: str
    required: true
  db_subnet_group_name:
    description: A DB subnet group without public subnets. Required to restore.
    type: str
  vpc_security_group_ids:
    description:
      - The security groups of the restored databases, by ID or by name. Required to restore.
      - They must be in the VPC of O(db_subnet_group_name).
    type: list
    elements: str
    default: []
  db_instance_class:
    description: The class of the restored DB instances and cluster members.
    type: str
    default: db.t4g.medium
  kms_key_id:
    description: The key under which unencrypted DB cluster snapshots are encrypted as they are restored.
    type: str
  expires_after:
    description: After how many minutes the databases may be deleted by whoever cleans up after killed drills.
    type: int
    default: 240
notes:
  - Needs the IAM actions C(rds:DescribeDBSnapshots), C(rds:DescribeDBClusterSnapshots), C(rds:DescribeDBInstances),
    C(rds:DescribeDBClusters), C(rds:DescribeDBSubnetGroups), C(ec2:DescribeRouteTables), C(ec2:DescribeSecurityGroups),
    C(rds:RestoreDBInstanceFromDBSnapshot), C(rds:RestoreDBClusterFromSnapshot), C(rds:CreateDBInstance),
    C(rds:AddTagsToResource), C(rds:DeleteDBInstance), C(rds:DeleteDBCluster), C(kms:DescribeKey), C(kms:CreateGrant),
    and the use of the keys.
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
  - lifeboat.rds.waiting
"""

EXAMPLES = r"""
- name: Restore every database for a drill
  lifeboat.rds.snapshot_restore:
    account_id: "210987654321"
    region: eu-central-1
    drill_id: 20261123t1405
    db_subnet_group_name: lifeboat-drill
    vpc_security_group_ids: [sg-0123456789abcdef0]
  register: restored

- name: Remove everything that the drill made
  lifeboat.rds.snapshot_restore:
    state: absent
    account_id: "210987654321"
    region: eu-central-1
    drill_id: 20261123t1405
"""

RETURN = r"""
drill_id:
  description: The drill.
  returned: always
  type: str
  sample: 20261123t1405
steps:
  description: What was done with each item, and why.
  returned: always
  type: list
  elements: dict
  contains:
    database:
      description: The identifier of the original database.
      type: str
      returned: with O(state=present)
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
      sample: restored
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
    host:
      description: Where the restored database listens.
      type: str
      returned: when it runs
    port:
      description: The port that it listens on.
      type: int
      returned: when it runs
    database_name:
      description: The name of its first database.
      type: str
      returned: when it runs
    master_username:
      description: Its master user.
      type: str
      returned: when it runs
    engine:
      description: Its engine.
      type: str
      returned: with O(state=present)
    recovery_point:
      description: The snapshot that it was restored from.
      type: str
      returned: with O(state=present)
    recovery_point_arn:
      description: The ARN of that snapshot.
      type: str
      returned: with O(state=present)
    lineage:
      description: What all copies of the recovery point have in common.
      type: str
      returned: with O(state=present)
    original_time:
      description: When the first of those copies was made.
      type: str
      returned: with O(state=present)
    database_time:
      description: The last transaction inside, where AWS tells it.
      type: str
      returned: for DB instances, with O(state=present)
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
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import SELECTION, WAITING
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.remove import remove
from ansible_collections.lifeboat.rds.plugins.module_utils._module.restore import restore

ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "drill_id": {"type": "str", "required": True},
    "db_subnet_group_name": {"type": "str"},
    "vpc_security_group_ids": {"type": "list", "elements": "str", "default": []},
    "db_instance_class": {"type": "str", "default": "db.t4g.medium"},
    "kms_key_id": {"type": "str"},
    "expires_after": {"type": "int", "default": 240},
    **SELECTION,
    **WAITING,
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """One pass of the wanted direction."""
    return (restore if params["state"] == "present" else remove)(params, site, check_mode=check_mode)


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
