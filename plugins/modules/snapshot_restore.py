#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: snapshot_restore
short_description: Restore recovery points as databases, for a drill or for good
version_added: 0.1.0
description:
  - Restores a landed recovery point of each selected database, many at once, and waits until the databases run.
  - A restored database is never public, and lives only in the network that the options name. A database of a drill
    keeps no backups. Its tags tell which drill it belongs to and when it expires.
  - With O(purpose=recovery) it takes the place of the original. It gets the name, class, parameters and tags of the
    original, a standby if the original had one, backups and deletion protection. It has no expiry, and no module of
    this collection deletes it.
  - An Aurora DB cluster gets one member, since AWS restores a cluster without members. A Multi-AZ DB cluster is
    restored as an instance, from the snapshot of the instance that stood in for it. The steps say so.
  - Before the first write it checks that the account is not a source account, and that the key is usable and belongs to
    this account. It reports all problems at once, and then restores nothing.
  - A problem with one database fails only that database. Its subnets must be private, no ingress rule may be open to
    the world, its name must be free, its class offered for its version, the groups that it needs must exist, and its
    recovery point must be under a usable key of this account.
  - Where the quotas do not suffice for all, as many are restored as fit, in the order of O(databases) and then by name.
    Each of the others fails with what to do.
  - In check mode it only makes these checks. So check mode is the preflight of a drill.
  - Run it again with the same O(drill_id) to continue a run that was killed. It adopts what that run started, and
    keeps the recovery points that it chose.
  - Any run that chooses the same recovery point continues a recovery. A complete recovery is left as it is.
  - With O(state=absent) it deletes everything that the drill made, without final snapshots, and nothing else.
  - With O(state=absent) and O(expired) it deletes everything that any drill left and that has expired, by its tags and
    the clock of AWS, as well as stand-ins that a killed run left. It never deletes a recovery, or anything without an
    expiry.
options:
  state:
    description: Whether the databases of the drill run or are deleted.
    type: str
    choices: [present, absent]
    default: present
  purpose:
    description:
      - The databases of a V(drill) are deleted again. Those of a V(recovery) stay in the place of the originals.
      - Only with O(state=present).
    type: str
    choices: [drill, recovery]
    default: drill
  restore_as:
    description:
      - The name of the restored database. V({database}) in it stands for the identifier of the original. When left out,
        it is that identifier.
      - It must be free, and must not start with the prefix and a hyphen. Only with O(purpose=recovery).
    type: str
  fallback_class:
    description:
      - The class of recovered databases of which neither O(db_instance_class) nor the recovery point tells one. Without
        it, such a database is refused.
      - RV(steps[].unlike) says where it was used. Only with O(purpose=recovery).
    type: str
  multi_az:
    description:
      - Whether a restored DB instance has a standby in another Availability Zone. When left out, it has one if the
        original had one.
      - Only with O(purpose=recovery).
    type: bool
  backup_retention_period:
    description: For how many days a recovery keeps backups, V(7) when left out. Only with O(purpose=recovery).
    type: int
  drill_id:
    description:
      - The id of this drill or recovery, of at most 24 characters. In a drill it becomes part of the identifiers of the
        databases.
      - Required unless O(expired) is set.
    type: str
  expired:
    description: Whether to delete what has expired, of any drill, instead of what the drill O(drill_id) made.
    type: bool
    default: false
  recovery_point:
    description: Which recovery point of each database to restore. The newest one by default.
    type: dict
    suboptions:
      choose:
        description:
          - V(newest) is the newest one that has landed, V(verified) the newest one that a drill verified, and V(at) the
            newest one that was made at or before O(recovery_point.at).
          - V(random) is a random one of those between O(recovery_point.from) and O(recovery_point.to). The choice
            follows from O(drill_id), so that a drill that is run again chooses the same.
        type: str
        choices: [newest, verified, at, random]
        default: newest
      at:
        description:
          - A time such as V(2026-11-23T14:05:00Z).
          - A time that has not come yet, by AWS's clock, is refused.
        type: str
      from:
        description: The beginning of the window. Open when left out.
        type: str
      to:
        description: The end of the window. Open when left out.
        type: str
  source_accounts:
    description:
      - The accounts of the source sites. The module refuses to restore in one of them.
      - The accounts that the tags of the recovery points name count as well.
    type: list
    elements: str
    default: []
  db_subnet_group_name:
    description:
      - A DB subnet group. Required to restore, here or in O(overrides).
      - In a drill it must not have public subnets. In a recovery they are only a warning.
    type: str
  vpc_security_group_ids:
    description:
      - The security groups of the restored databases, by ID or by name. Required to restore, here or in O(overrides).
      - They must be in the VPC of O(db_subnet_group_name), and no ingress rule of theirs may be open to the world.
    type: list
    elements: str
    default: []
  db_instance_class:
    description:
      - The class of the restored DB instances and cluster members.
      - When left out, it is the class of the original database, if the recovery point tells it. Otherwise it is
        V(db.t4g.medium) in a drill, and O(fallback_class) in a recovery.
    type: str
  db_parameter_group_name:
    description:
      - The DB parameter group of DB instances and cluster members.
      - When left out, it is the group with the parameters of the original database, if the recovery point names it, and
        otherwise the default group.
    type: str
  db_cluster_parameter_group_name:
    description: The DB cluster parameter group of DB clusters, with the same default as O(db_parameter_group_name).
    type: str
  serverless:
    description:
      - Restore Aurora DB clusters as Aurora Serverless v2 with this capacity.
      - When left out, it is the capacity of the original database, if that was serverless and O(db_instance_class) is
        left out as well.
  kms_key_id:
    description: The key that encrypts databases restored from unencrypted DB cluster snapshots.
    type: str
  iam_authentication:
    description: Whether users can log in with IAM tokens.
    type: bool
    default: false
  expires_after:
    description:
      - The number of minutes after which a run with O(expired) may delete the databases of this drill.
    type: int
    default: 240
notes:
  - Needs the IAM actions C(rds:DescribeDBSnapshots), C(rds:DescribeDBClusterSnapshots), C(rds:DescribeDBInstances),
    C(rds:DescribeDBClusters), C(rds:DescribeDBSubnetGroups), C(rds:DescribeAccountAttributes),
    C(rds:DescribeOrderableDBInstanceOptions), C(ec2:DescribeRouteTables), C(ec2:DescribeSecurityGroups),
    C(rds:RestoreDBInstanceFromDBSnapshot), C(rds:RestoreDBClusterFromSnapshot), C(rds:CreateDBInstance),
    C(rds:AddTagsToResource), C(rds:DeleteDBInstance), C(rds:DeleteDBCluster), C(kms:DescribeKey), C(kms:CreateGrant),
    and the use of the keys.
  - If groups are named, also C(rds:DescribeDBParameterGroups) and C(rds:DescribeDBClusterParameterGroups), and if a
    recovery point needs an option group, C(rds:DescribeOptionGroups).
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
  - lifeboat.rds.overrides.restore
  - lifeboat.rds.waiting
"""

EXAMPLES = r"""
- name: Restore every database for a drill
  lifeboat.rds.snapshot_restore:
    account_id: "210987654321"
    region: eu-central-1
    source_accounts: ["123456789012"]
    drill_id: 20261123t1405
    db_subnet_group_name: lifeboat-drill
    vpc_security_group_ids: [sg-0123456789abcdef0]
    overrides:
      - databases: [ledger]
        db_instance_class: db.r6g.2xlarge
  register: restored

- name: Restore the state before the damage
  lifeboat.rds.snapshot_restore:
    account_id: "210987654321"
    region: eu-central-1
    drill_id: before-the-damage
    databases: [orders]
    recovery_point: {choose: at, at: "2026-11-20T03:00:00Z"}
    db_subnet_group_name: lifeboat-drill
    vpc_security_group_ids: [lifeboat-drill]

- name: Put the databases in the place of the lost ones
  lifeboat.rds.snapshot_restore:
    purpose: recovery
    account_id: "210987654321"
    region: eu-central-1
    source_accounts: ["123456789012"]
    drill_id: 20261123t1405
    db_subnet_group_name: production
    vpc_security_group_ids: [production-databases]
    overrides:
      - databases: [orders]
        restore_as: orders-recovered

- name: Remove everything that the drill made
  lifeboat.rds.snapshot_restore:
    state: absent
    account_id: "210987654321"
    region: eu-central-1
    drill_id: 20261123t1405

- name: Remove what killed drills left
  lifeboat.rds.snapshot_restore:
    state: absent
    expired: true
    account_id: "210987654321"
    region: eu-central-1
"""

RETURN = r"""
drill_id:
  description: The id of the drill or recovery.
  returned: unless O(expired)
  type: str
  sample: 20261123t1405
steps:
  description: What was done with each item, and the reason.
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
      description:
        - V(instance) or V(cluster). With O(state=present) that of the original database, of which
          RV(steps[].restored_kind) may differ.
      type: str
      returned: always
      sample: instance
    restored_kind:
      description: What is restored. It is V(instance) if the original is a Multi-AZ DB cluster.
      type: str
      returned: with O(state=present)
      sample: instance
    region:
      description: The Region of the restored database.
      type: str
      returned: with O(state=present)
      sample: eu-central-1
    name:
      description: The name of the snapshot or database that the step is about.
      type: str
      returned: when it has one
      sample: lifeboat-orders-20261123020500-5f0c2a9b7d31
    status:
      description:
        - The state of the item after this run.
        - V(excluded) is a database that a drill leaves out with O(overrides[].protect=false), V(replaced) one that was
          renamed, and whose name another database has that landed. O(databases) restores them when it names them.
      type: str
      returned: always
      sample: restored
    changed:
      description: Whether this run changed the item.
      type: bool
      returned: always
    reason:
      description: The reason for the status.
      type: str
      returned: always
    seconds:
      description: The number of seconds that it took, by the clock of AWS, if this run saw it start.
      type: int
      returned: when it is done
    phases:
      description:
        - How many seconds each phase took on the clock of AWS, one after the other.
        - Phases that this run did not see are absent.
        - V(choose) ends when the recovery points were chosen and everything was checked, V(restore_call) when AWS
          answered the call, V(available) when the DB instance or DB cluster was usable, and V(member) when the member
          of a DB cluster was usable.
      type: dict
      returned: when it runs
      sample: {choose: 1, restore_call: 2, available: 810, member: 420}
    unlike:
      description: How the configuration of the restored database differs, or may differ, from that of the original.
      type: list
      elements: str
      returned: when there is something
      sample: ["class: db.t4g.medium instead of db.r6g.large"]
    adopted:
      description: Always V(true). An earlier run of the same drill or recovery started it.
      type: bool
      returned: when an earlier run started it
    calls:
      description: What AWS would be asked for, in order, each with C(operation) and C(parameters).
      type: list
      elements: dict
      returned: in check mode, when it does not run yet
      sample: [{operation: restore_db_instance_from_db_snapshot, parameters: {DBInstanceIdentifier: orders}}]
    kms_key_id:
      description: The key that would encrypt it.
      type: str
      returned: in check mode, when it does not run yet and there is one
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
    iam:
      description: Whether users can log in with IAM tokens.
      type: bool
      returned: when it runs
    ca:
      description: The certificate authority of its TLS certificate. For a DB cluster, that of its member.
      type: str
      returned: when it runs
      sample: rds-ca-rsa2048-g1
    secret_arn:
      description: The secret with its master password, where RDS manages one.
      type: str
      returned: when it runs and there is one
    engine:
      description: Its engine.
      type: str
      returned: with O(state=present)
    engine_version:
      description: Its version, which is that of the snapshot.
      type: str
      returned: with O(state=present)
      sample: "16.4"
    database_tags:
      description: The tags of the original database that came with the recovery point.
      type: dict
      returned: with O(state=present)
      sample: {team: shop}
    recovery_point:
      description: The snapshot that it was restored from.
      type: str
      returned: with O(state=present)
    recovery_point_arn:
      description: The ARN of that snapshot.
      type: str
      returned: with O(state=present)
    lineage:
      description: The lineage, which all copies of the recovery point share.
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
    PROTECTION,
    SELECTION,
    WAITING,
    overrides_of,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.requests.restore import read_remove, read_restore
from ansible_collections.lifeboat.rds.plugins.module_utils._pass.remove import remove
from ansible_collections.lifeboat.rds.plugins.module_utils._pass.restore import restore

CAPACITY = {name: {"type": "float", "required": True} for name in ("min", "max")}
SETTINGS: dict[str, dict[str, Any]] = {
    "db_subnet_group_name": {"type": "str"},
    "vpc_security_group_ids": {"type": "list", "elements": "str"},
    "db_instance_class": {"type": "str"},
    "db_parameter_group_name": {"type": "str"},
    "db_cluster_parameter_group_name": {"type": "str"},
    "expires_after": {"type": "int"},
    "serverless": {"type": "dict", "options": CAPACITY},
    "restore_as": {"type": "str"},
    "multi_az": {"type": "bool"},
    "backup_retention_period": {"type": "int"},
}
DEFAULTS: dict[str, Any] = {
    "vpc_security_group_ids": [],
    "expires_after": 240,
}
CHOICE: dict[str, Any] = {
    "choose": {"type": "str", "choices": ["newest", "verified", "at", "random"], "default": "newest"},
    **{name: {"type": "str"} for name in ("at", "from", "to")},
}
ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "purpose": {"type": "str", "choices": ["drill", "recovery"], "default": "drill"},
    "drill_id": {"type": "str"},
    "expired": {"type": "bool", "default": False},
    "recovery_point": {"type": "dict", "options": CHOICE},
    "source_accounts": {"type": "list", "elements": "str", "default": []},
    "kms_key_id": {"type": "str"},
    "fallback_class": {"type": "str"},
    "iam_authentication": {"type": "bool", "default": False},
    **{name: one | ({"default": DEFAULTS[name]} if name in DEFAULTS else {}) for name, one in SETTINGS.items()},
    **overrides_of(**SETTINGS, **PROTECTION),
    **SELECTION,
    **WAITING,
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Run one pass: restore databases, or remove restored ones."""
    if is_removal(params):
        return remove(read_remove(params), site, check_mode=check_mode)
    return restore(read_restore(params), site, check_mode=check_mode)


def is_removal(params: dict[str, Any]) -> bool:
    """Tell whether databases are to be removed.

    Only then a full pass comes last: in a restore it would choose recovery points again.
    """
    return bool(params["state"] == "absent")


def main() -> None:
    run_module(run, ARGUMENTS, last_full_pass=is_removal)


if __name__ == "__main__":
    main()
