#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: database_info
short_description: List the databases of a site with their tags
version_added: 0.1.0
description:
  - Lists every DB instance and DB cluster of a site, those that drills and recoveries restored included.
  - Reads pages. The modules for instances and clusters of amazon.aws ask for the tags of each database one by one.
notes:
  - Needs the IAM actions C(rds:DescribeDBInstances) and C(rds:DescribeDBClusters).
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
- name: List the databases of the DR site
  lifeboat.rds.database_info:
    account_id: "210987654321"
    region: eu-central-1
  register: standing

- name: Show what recoveries restored
  ansible.builtin.debug:
    msg: "{{ standing.databases | selectattr('purpose', 'eq', 'recovery') | map(attribute='database') }}"
"""

RETURN = r"""
databases:
  description: One entry for each DB instance and DB cluster.
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
    arn:
      description: Its ARN.
      type: str
      returned: always
      sample: arn:aws:rds:eu-central-1:210987654321:db:orders
    cluster:
      description: The DB cluster that a DB instance is a member of. Null when it is not a member.
      type: str
      returned: always
    engine:
      description: Its engine.
      type: str
      returned: always
    engine_version:
      description: The version of its engine.
      type: str
      returned: always
    status:
      description: Its status, in the words of AWS.
      type: str
      returned: always
      sample: available
    purpose:
      description: What it was restored for, V(drill), V(recovery) or V(stand_in). Empty when it was not.
      type: str
      returned: always
    tags:
      description: Its tags.
      type: dict
      returned: always
      sample: {"lifeboat:managed-by": "lifeboat", "lifeboat:purpose": "recovery"}
api_calls:
  description: The number of HTTP requests to AWS by service and operation, retries included.
  returned: always
  type: dict
  sample: {"rds:DescribeDBInstances": 1, "rds:DescribeDBClusters": 1, "sts:GetCallerIdentity": 1}
now:
  description: The time at AWS.
  returned: success
  type: str
  sample: "2026-11-23T14:05:00Z"
"""

from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import PURPOSE, Database
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module

ARGUMENTS: dict[str, Any] = {}


def run(params: dict[str, Any], site: Site, **_check_mode: bool) -> dict[str, Any]:
    """Read everything by page. Nothing changes, so check mode does the same."""
    site.check_account(params["account_id"])
    return {"changed": False, "databases": [described(one) for one in site.databases()]}


def described(database: Database) -> dict[str, Any]:
    return {
        "database": database.id.identifier,
        "kind": database.id.kind,
        "arn": database.id.arn,
        "cluster": database.cluster,
        "engine": database.engine,
        "engine_version": database.engine_version,
        "status": database.status,
        "purpose": database.tags.get(PURPOSE, ""),
        "tags": dict(database.tags),
    }


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
