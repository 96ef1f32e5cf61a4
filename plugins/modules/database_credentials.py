#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: database_credentials
short_description: Give the databases of a drill new random master passwords
version_added: 0.1.0
description:
  - Sets a new random master password on every DB instance and DB cluster that a drill restored, and waits until they
    are in force. The passwords of the original databases stop working on the restored ones.
  - Only databases that the drill O(drill_id) made are touched.
  - Run the task with C(no_log) and register its result, since it returns the passwords.
options:
  drill_id:
    description: The drill.
    type: str
    required: true
notes:
  - Needs the IAM actions C(rds:DescribeDBInstances), C(rds:DescribeDBClusters), C(rds:ModifyDBInstance) and
    C(rds:ModifyDBCluster).
  - Every run sets new passwords, so the module is not idempotent.
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
"""

RETURN = r"""
credentials:
  description: The passwords by the identifier of the restored database.
  returned: always
  type: dict
  sample: {}
steps:
  description: What was done with each item, and why.
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
      description: What became of it.
      type: str
      returned: always
      sample: set
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

import secrets
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import Database, iso
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restore import belongs_to, check_drill_id
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import WAITING
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.reconcile import seconds_since
from ansible_collections.lifeboat.rds.plugins.module_utils._module.remove import names_of
from ansible_collections.lifeboat.rds.plugins.module_utils._module.result import Report

ARGUMENTS: dict[str, Any] = {"drill_id": {"type": "str", "required": True}, **WAITING}
BYTES = 24  # of randomness: 32 characters, within the limits of every engine


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Set the passwords in the first pass; the later ones see that they are in force."""
    report = Report(check_mode=check_mode)
    if params["resume"] is not None:
        started = {one["name"]: one["started"] for one in params["resume"]}
        for database in site.databases_named(names_of(params["resume"])):
            settle(database, started[database.id.identifier], site, report)
        return report.as_result(credentials={})
    check_drill_id(params["drill_id"])
    site.check_account(params["account_id"])
    mine = [one for one in site.databases() if belongs_to(one, params["prefix"], params["drill_id"])]
    passwords = {
        one.id.identifier: secrets.token_urlsafe(BYTES) for one in mine if one.is_usable and one.cluster is None
    }
    for database in mine:
        name = database.id.identifier
        if name in passwords and not change(database, passwords[name], site, report, check_mode=check_mode):
            del passwords[name]
    return report.as_result(credentials={} if check_mode else passwords)


def change(database: Database, password: str, site: Site, report: Report, *, check_mode: bool) -> bool:
    """Ask for one new password, and say whether AWS took it."""
    about = {"kind": database.id.kind, "name": database.id.identifier}
    report.change(database.id.identifier, "the password of the original database", "a new random password")
    try:
        if not check_mode:
            site.set_password(database, password)
            report.wait_for({**about, "started": str(iso(site.now))}, status="modifying", **about)
    except AwsRefusal as refusal:
        report.step("failed", reason=str(refusal), **about)
        return False
    report.step("modifying", reason="a restored database has the original's password", changed=True, **about)
    return True


def settle(database: Database, started: str, site: Site, report: Report) -> None:
    """Whether a new password is in force."""
    about = {"kind": database.id.kind, "name": database.id.identifier}
    if database.is_usable and not database.pending:
        report.step("set", reason="the new password is in force", seconds=seconds_since(started, site.now), **about)
        return
    report.step("modifying", reason=f"it is {database.status}", **about)
    report.wait_for({**about, "started": started}, status=database.status, since=started, **about)


def main() -> None:
    run_module(run, ARGUMENTS, last_full_pass=False)  # it would set new passwords


if __name__ == "__main__":
    main()
