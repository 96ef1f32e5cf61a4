#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: posture_report
short_description: Report how all sites together protect their databases
version_added: 0.1.0
description:
  - Joins the results of M(lifeboat.rds.recovery_point_info) at all sites, database by database, with the evidence of
    drills and recoveries.
  - A database is unprotected if one site reports that it is. The databases of a site that could not be read are
    unknown, and never count as protected.
  - A database is verified only if it is protected and if its newest drill verified it, in each account that it lands in
    and not longer ago than O(max_drill_age).
  - Writes one JSON document that is never overwritten, and returns it. It calls no AWS API.
options:
  directory:
    description:
      - The directory of the evidence of all DR sites, to which this document is added. It is created if it does not
        exist.
      - Only the documents of drills and recoveries in it count. Others are ignored with a warning.
    type: path
    required: true
  sites:
    description: The sites, each with its result, or why there is none. At least one site must have a result.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the site, such as its name in the inventory.
        type: str
        required: true
      side:
        description: Whether it is a site of databases (V(source)), or of their recovery points (V(dr)).
        type: str
        choices: [source, dr]
        required: true
      account_id:
        description: The 12-digit ID of its account.
        type: str
        required: true
      region:
        description: Its Region.
        type: str
        required: true
      dr_accounts:
        description: For a source site, the accounts in which the recovery points of its databases must have landed.
        type: list
        elements: str
        default: []
      problem:
        description: Why the site could not be read.
        type: str
      result:
        description: The result of M(lifeboat.rds.recovery_point_info). It is ignored if O(sites[].problem) is set.
        type: dict
  public_keys:
    description:
      - Public keys, as the paths of PEM files or as PEM text. With them, only evidence that one of them signed counts.
        What else is in O(directory) is ignored with a warning.
      - It needs the Python library C(cryptography).
    type: list
    elements: str
    default: []
  max_drill_age:
    description: How old the newest drill of a database may be, in seconds. The default is 100 days.
    type: int
    default: 8640000
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - lifeboat.rds.attributes
  - lifeboat.rds.signing
  - lifeboat.rds.overrides.posture
attributes:
  check_mode:
    support: full
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    details: It joins everything, writes nothing, and predicts the path of the document.
  idempotent:
    support: none
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    details: Each run writes a document of its own.
seealso:
  - module: lifeboat.rds.recovery_point_info
  - module: lifeboat.rds.drill_report
  - module: lifeboat.rds.metric_put
"""

EXAMPLES = r"""
- name: Join the results of two sites
  lifeboat.rds.posture_report:
    directory: /var/lib/lifeboat/evidence
    sites:
      - name: production
        side: source
        account_id: "123456789012"
        region: eu-west-1
        dr_accounts: ["210987654321"]
        problem: "Cannot tell whose credentials these are in eu-west-1: the token has expired."
      - name: production_dr
        side: dr
        account_id: "210987654321"
        region: eu-central-1
        result: "{{ recovery_points }}"
    overrides: "{{ lifeboat_databases | lifeboat.rds.overrides('rto', 'owner', 'max_drill_age') }}"
  register: report
"""

RETURN = r"""
posture:
  description: The document, as C(docs/schemas/posture.schema.json) of the collection's repository describes it.
  returned: success
  type: dict
  contains:
    time:
      description: The time at AWS.
      type: str
      returned: success
      sample: "2026-11-23T14:05:00Z"
    sites:
      description: The sites, with their quotas for manual snapshots, or why they could not be looked at.
      type: list
      elements: dict
      returned: success
    databases:
      description:
        - One entry for each database that a site knows, with its newest recovery point at each place, its objectives,
          and its last drill and the last one that verified it.
        - V(protected) is V(true), V(false), or null where a site that would know could not be looked at.
        - V(state) is the worst of what holds for it, and V(verdict) what that means. V(reason) says why it is not
          verified.
      type: list
      elements: dict
      returned: success
    verdict:
      description:
        - V(failed) if a database is unprotected, or failed in its newest drill.
        - V(unverified) if a site could not be read, no database was found, or a database is unknown, has no recipe, was
          not verified by its newest drill, or not drilled for too long.
        - V(verified) otherwise.
      type: str
      returned: success
      sample: failed
    words:
      description: What the verdict is made of.
      type: str
      returned: success
      sample: 1 unprotected, 2 never drilled
    states:
      description: The number of databases in each state.
      type: dict
      returned: success
      sample: {"unprotected": 1, "never_drilled": 2, "verified": 1}
    unprotected:
      description: The number of unprotected databases.
      type: int
      returned: success
      sample: 1
    unknown:
      description: The number of databases whose state is not known.
      type: int
      returned: success
      sample: 0
    total:
      description: The number of all databases.
      type: int
      returned: success
      sample: 4
path:
  description: The path of the document, in check mode the one that it would have.
  returned: success
  type: str
  sample: /var/lib/lifeboat/evidence/posture-20261123t140500z.json
table:
  description: A table of plain text with a line for each database, followed by why something is not protected.
  returned: success
  type: list
  elements: str
  sample:
    - "database  kind      state     age         objective  last drill            last verified"
    - "orders    instance  Verified  3 h 12 min  1 d 12 h   verified 2 d 4 h ago  2 d 4 h ago"
summary:
  description: The posture in one line.
  returned: success
  type: str
  sample: "lifeboat posture 2026-11-23T14:05:00Z: FAILED (1 of 4 verified: 1 unprotected, 2 never drilled)"
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.overrides import PerDatabase, read_overrides
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.posture import (
    Expected,
    document,
    latest,
    read_site,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.posture_lines import summary, table
from ansible_collections.lifeboat.rds.plugins.module_utils._files.posture import last_drills, predict, write
from ansible_collections.lifeboat.rds.plugins.module_utils._files.signing import find_signer
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import SIGNING
from ansible_collections.lifeboat.rds.plugins.module_utils._module.document import finish_document, tool_of

SITE: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "side": {"type": "str", "choices": ["source", "dr"], "required": True},
    "account_id": {"type": "str", "required": True},
    "region": {"type": "str", "required": True},
    "dr_accounts": {"type": "list", "elements": "str", "default": []},
    "problem": {"type": "str"},
    "result": {"type": "dict"},
}
EXPECTED: dict[str, Any] = {
    "owner": {"type": "str"},
    "rto": {"type": "int"},
    "max_drill_age": {"type": "int"},
}
OVERRIDE: dict[str, Any] = {
    "databases": {"type": "list", "elements": "str"},
    "match_tags": {"type": "dict"},
    "engines": {"type": "list", "elements": "str"},
    "kinds": {"type": "list", "elements": "str", "choices": ["instance", "cluster"]},
    **EXPECTED,
}
ARGUMENTS: dict[str, Any] = {
    "directory": {"type": "path", "required": True},
    "sites": {"type": "list", "elements": "dict", "required": True, "options": SITE},
    "public_keys": {"type": "list", "elements": "str", "default": []},
    "max_drill_age": {"type": "int", "default": 8640000},
    "overrides": {"type": "list", "elements": "dict", "default": [], "options": OVERRIDE},
    **SIGNING,
}


def run(params: dict[str, Any], tool: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return the posture, and what to warn of."""
    looks = [read_site(site) for site in params["sites"]]
    drills, warnings = last_drills(params["directory"], latest(looks), params["public_keys"])
    expected = Expected(max_drill_age=params["max_drill_age"])
    settings = PerDatabase(expected, tuple(read_overrides(params["overrides"])))
    return document(looks, drills, settings, tool), warnings


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    result: dict[str, Any] = {}
    directory = os.path.abspath(module.params["directory"])
    try:
        posture, warned = run(module.params, tool_of(module))
        signer, unsigned = find_signer(module.params["signing_key"], module.params["signing_passphrase"])
        posture["signed_by"] = signer.name if signer else None
        result = {"posture": posture, "table": table(posture), "summary": summary(posture)}
        result["path"] = predict(directory, posture) if module.check_mode else write(directory, posture, signer)
    except LifeboatError as error:
        module.fail_json(**error.as_result(), **result)
    for warning in warned:
        module.warn(warning)
    finish_document(module, result["path"], result, unsigned)


if __name__ == "__main__":
    main()
