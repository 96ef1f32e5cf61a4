#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: database_credentials
short_description: Set new credentials for restored databases
version_added: 0.1.0
description:
  - Sets a new master password on every DB instance and DB cluster that a drill restored, and waits until it is in
    force, or makes tokens for IAM authentication. A restored database has the password of the original, which then no
    longer works.
  - In a drill it only touches databases that the drill O(drill_id) made, and otherwise only recoveries in O(names).
  - Run the task with C(no_log) and register its result, since it returns the passwords.
options:
  purpose:
    description: Whether the databases belong to a V(drill) or to a V(recovery).
    type: str
    choices: [drill, recovery]
    default: drill
  names:
    description: The identifiers of recovered databases. Required for O(purpose=recovery).
    type: list
    elements: str
  drill_id:
    description: The id of the drill or recovery.
    type: str
    required: true
  mode:
    description:
      - V(random) sets random passwords, which only the result of this module tells. A recovery cannot have one.
      - V(managed) lets RDS make the passwords and keep them in Secrets Manager, where the module reads them. The
        secrets are deleted together with the databases.
      - V(iam) makes tokens for the database user O(username). They are valid for 15 minutes. No password is set, and
        the databases must have been restored with IAM authentication.
    type: str
    choices: [random, managed, iam]
    default: random
  username:
    description:
      - The user who has the role C(rds_iam), or the plugin C(AWSAuthenticationPlugin), in the original databases.
      - Required for O(mode=iam).
    type: str
notes:
  - Needs the IAM actions C(rds:DescribeDBInstances), C(rds:DescribeDBClusters), C(rds:ModifyDBInstance) and
    C(rds:ModifyDBCluster); for O(mode=managed) also C(secretsmanager:CreateSecret), C(secretsmanager:TagResource) and
    C(secretsmanager:GetSecretValue); for O(mode=iam) also C(rds-db:connect).
  - Every run sets new passwords, so the module is not idempotent. With O(mode=managed) it is.
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.passes
  - lifeboat.rds.site
  - lifeboat.rds.waiting
"""

EXAMPLES = r"""
- name: Set new master passwords on the drill's databases
  lifeboat.rds.database_credentials:
    account_id: "210987654321"
    region: eu-central-1
    drill_id: 20261123t1405
  no_log: true
  register: credentials

- name: Let RDS make the passwords of recovered databases and keep them
  lifeboat.rds.database_credentials:
    account_id: "210987654321"
    region: eu-central-1
    drill_id: 20261123t1405
    purpose: recovery
    names: [orders, billing]
    mode: managed
  no_log: true
  register: credentials
"""

RETURN = r"""
credentials:
  description:
    - The credentials by the identifier of the restored database, each with C(username), C(password) and C(kind), which
      is V(password) or V(iam). A token is a password that is sent over TLS only.
  returned: always
  type: dict
  sample: {}
steps:
  description: What was done with each item, and the reason.
  returned: always
  type: list
  elements: dict
  contains:
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
      sample: set
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
    secret_arn:
      description: The secret with the master password, where RDS manages it.
      type: str
      returned: when it is done and there is one
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
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import WAITING
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.requests.credentials import read_credentials
from ansible_collections.lifeboat.rds.plugins.module_utils._pass.credentials import make_credentials

ARGUMENTS: dict[str, Any] = {
    "purpose": {"type": "str", "choices": ["drill", "recovery"], "default": "drill"},
    "names": {"type": "list", "elements": "str"},
    "drill_id": {"type": "str", "required": True},
    "mode": {"type": "str", "choices": ["random", "managed", "iam"], "default": "random"},
    "username": {"type": "str"},
    **WAITING,
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Run one pass: set new passwords, or check whether they are in force."""
    return make_credentials(read_credentials(params), site, check_mode=check_mode)


def main() -> None:
    run_module(run, ARGUMENTS, last_full_pass=False)  # it would set new passwords


if __name__ == "__main__":
    main()
