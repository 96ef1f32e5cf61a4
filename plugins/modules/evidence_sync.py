#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: evidence_sync
short_description: Keep the evidence of a DR site in an S3 prefix as well
version_added: 0.1.0
description:
  - Makes a directory and an S3 prefix hold the same evidence of one DR site (account and Region). What is missing at
    one place comes from the other. Nothing is ever written over.
  - Before a drill is reported, the newest documents come from S3, so that their history goes on where the directory is
    a new one each time, as in an execution environment. After it, everything that is missing goes to S3, also what an
    earlier run could not put there.
  - The evidence of a site is under V(ACCOUNT-REGION/) in the prefix, that of postures under V(posture/).
  - A file that is another one at the two places is told, and left alone at both. Pages (HTML and JUnit XML) are only
    put where they are missing, since they can be made anew.
options:
  directory:
    description: The directory of the evidence, on the host that runs the module. It is made if something is fetched.
    type: path
    required: true
  store:
    description: The S3 prefix, such as V(s3://bucket/prefix).
    type: str
    required: true
  fetch:
    description: How many of the newest documents are fetched, with their signatures, where they are missing here.
    type: int
    default: 30
  push:
    description: Put there what is missing there.
    type: bool
    default: true
  retain_days:
    description:
      - For how many days S3 locks each file that is put. The bucket must have object lock.
      - Leave it out where the bucket has a default retention, as that of C(playbooks/prepare.yml).
    type: int
  retain_mode:
    description:
      - With V(governance), whoever has C(s3:BypassGovernanceRetention) can delete what is locked. With V(compliance)
        nobody can, not even the account's root user.
    type: str
    choices: [governance, compliance]
    default: governance
notes:
  - Needs the IAM actions C(s3:ListBucket), C(s3:GetObject) and C(s3:PutObject), and with O(retain_days)
    C(s3:PutObjectRetention).
  - It costs one request for each thousand files of the site, and one for each file that is missing. Under a key of KMS,
    S3 tells nothing of a content in its lists, and each document costs one more.
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.site
seealso:
  - module: lifeboat.rds.drill_report
  - module: lifeboat.rds.evidence_verify
"""

EXAMPLES = r"""
- name: Get the history of this site
  lifeboat.rds.evidence_sync:
    account_id: "123456789012"
    region: eu-central-1
    directory: /runner/evidence
    store: s3://dr-evidence/lifeboat
    push: false

- name: Put there what is new
  lifeboat.rds.evidence_sync:
    account_id: "123456789012"
    region: eu-central-1
    directory: /runner/evidence
    store: s3://dr-evidence/lifeboat
    fetch: 0
"""

RETURN = r"""
steps:
  description: What was done with each file that was missing at one place, or differs. The others are left out.
  returned: when S3 could be listed
  type: list
  elements: dict
  contains:
    name:
      description: The name of the file.
      type: str
      returned: always
      sample: 20261123t1404-1.json
    kind:
      description: V(document), V(signature) or V(page).
      type: str
      returned: always
      sample: document
    status:
      description: V(fetched), V(put) or V(failed).
      type: str
      returned: always
      sample: put
    changed:
      description: Whether this run changed it.
      type: bool
      returned: always
    reason:
      description: Why.
      type: str
      returned: always
      sample: it was missing there
api_calls:
  description: HTTP requests to AWS by service and operation, retries counted.
  returned: always
  type: dict
  sample: {"s3:ListObjectsV2": 1, "s3:PutObject": 2, "sts:GetCallerIdentity": 1}
now:
  description: The time at AWS.
  returned: success
  type: str
  sample: "2026-11-23T14:05:00Z"
"""

from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.archive import Archive
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._files.archive import Places, fetch, put
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.requests.archive import read_archive
from ansible_collections.lifeboat.rds.plugins.module_utils._module.result import Report

ARGUMENTS: dict[str, Any] = {
    "directory": {"type": "path", "required": True},
    "store": {"type": "str", "required": True},
    "fetch": {"type": "int", "default": 30},
    "push": {"type": "bool", "default": True},
    "retain_days": {"type": "int"},
    "retain_mode": {"type": "str", "choices": ["governance", "compliance"], "default": "governance"},
}


def run(params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Fetch what is missing here, then put what is missing there."""
    request = read_archive(params)
    site.check_account(request.account_id)
    places = Places(
        directory=request.directory,
        archive=Archive(request.address, site),
        site=(request.account_id, site.region),
        report=Report(check_mode=check_mode),
        lock=lambda: request.lock_at(site.now),
    )
    if request.fetch:
        fetch(places, request.fetch)
    if request.push:
        put(places)
    return places.report.as_result()


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
