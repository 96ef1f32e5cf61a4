#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: recovery_point_info
short_description: Show the newest recovery point of each database at each place
version_added: 0.1.0
description:
  - Shows for each database that this site has, and for each that it holds recovery points of, the newest one at each
    place that the site sees, its age against the objective, and what is unprotected and why.
  - Reads pages only.
options:
  source_regions:
    description: Also look at what other accounts share with this one in these Regions.
    type: list
    elements: str
    default: []
  source_accounts:
    description: The accounts whose shared snapshots count. Required with O(source_regions).
    type: list
    elements: str
    default: []
  rpo:
    description: The age in seconds that the newest recovery point of a database should not exceed.
    type: int
notes:
  - Needs the IAM actions C(rds:DescribeDBInstances), C(rds:DescribeDBClusters), C(rds:DescribeDBSnapshots) and
    C(rds:DescribeDBClusterSnapshots).
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.info
  - lifeboat.rds.site
"""

EXAMPLES = r"""
- name: See what the DR site could restore
  lifeboat.rds.recovery_point_info:
    account_id: "210987654321"
    region: eu-central-1
    rpo: 86400
  register: recovery_points
"""

RETURN = r"""
databases:
  description: One entry for each database.
  returned: always
  type: list
  elements: dict
  contains:
    database:
      description: Its identifier.
      type: str
      returned: always
      sample: orders
    kind:
      description: V(instance) or V(cluster).
      type: str
      returned: always
    engine:
      description: Its engine.
      type: str
      returned: always
    exists:
      description: Whether the database itself is at this site now.
      type: bool
      returned: always
    newest:
      description: The newest recovery point by place, which is account, Region and type.
      type: dict
      returned: always
    in_flight:
      description: The names of recovery points that are being made.
      type: list
      elements: str
      returned: always
    age_seconds:
      description: The age of the newest recovery point, counted from its original time.
      type: int
      returned: always
    protected:
      description: Whether there is a recovery point within the objective.
      type: bool
      returned: always
    reason:
      description: Why not.
      type: str
      returned: always
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
from ansible_collections.lifeboat.rds.plugins.module_utils._core.coverage import cover, describe
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.sharing import check_accounts
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module

ARGUMENTS: dict[str, Any] = {
    "source_regions": {"type": "list", "elements": "str", "default": []},
    "source_accounts": {"type": "list", "elements": "str", "default": []},
    "rpo": {"type": "int"},
}


def run(params: dict[str, Any], site: Site, **_check_mode: bool) -> dict[str, Any]:
    """Read everything by page; there is nothing to change, so check mode does the same."""
    site.check_account(params["account_id"])
    accounts = check_accounts(params["source_accounts"], site.account)
    if params["source_regions"] and not accounts:
        raise LifeboatError(
            "Cannot look at what other accounts share",
            why="source_accounts is empty, and anybody may share a snapshot with this account",
            remedy="Name the accounts in source_accounts",
        )
    points = site.recovery_points()
    for region in params["source_regions"]:
        shared = site.in_region(region).recovery_points("shared")
        points += [point for point in shared if point.account in accounts]
    databases = [one for one in site.databases() if one.cluster is None]
    covered = cover(databases, points, params["prefix"])
    return {"changed": False, "databases": [describe(one, site.now, params["rpo"]) for one in covered]}


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
