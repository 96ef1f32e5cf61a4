#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: site_info
short_description: Check that the credentials are those of a site
version_added: 0.1.0
description:
  - Asks AWS whose credentials the task has, and fails when they are not those of O(account_id).
  - Every module of this collection checks that by itself. Before modules of other collections, use this one.
notes:
  - Needs no permission.
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
- name: Refuse the credentials of another account
  lifeboat.rds.site_info:
    account_id: "210987654321"
    region: eu-central-1
"""

RETURN = r"""
caller_arn:
  description: The user or role that the credentials are of.
  returned: success
  type: str
  sample: arn:aws:sts::210987654321:assumed-role/lifeboat-drill/nightly
api_calls:
  description: The number of HTTP requests to AWS by service and operation, retries included.
  returned: always
  type: dict
  sample: {"sts:GetCallerIdentity": 1}
now:
  description: The time at AWS.
  returned: success
  type: str
  sample: "2026-11-23T14:05:00Z"
"""

from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module

ARGUMENTS: dict[str, Any] = {}


def run(params: dict[str, Any], site: Site, **_check_mode: bool) -> dict[str, Any]:
    """Ask AWS, in check mode as well: nothing changes."""
    site.check_account(params["account_id"])
    return {"changed": False, "caller_arn": site.caller}


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
