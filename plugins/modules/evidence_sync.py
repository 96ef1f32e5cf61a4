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
  - Keeps the same evidence of one DR site (account and Region) in a directory and in an S3 prefix. A file that is
    missing at one place is copied from the other. No file is ever overwritten.
  - Run it before a drill is reported, to download the newest documents, so that their history continues in a directory
    that is new each time, as in an execution environment. Run it again afterwards, to upload everything that S3 lacks,
    also files that an earlier run could not upload.
  - The evidence of a site is under V(ACCOUNT-REGION/) in the prefix, and postures are under V(posture/).
  - A file that differs between the two places is reported, and not changed at either. Pages (HTML and JUnit XML) are
    only uploaded if they are missing, since they can be made again.
options:
  directory:
    description: The directory of the evidence, on the host that runs the module. It is created for the first download.
    type: path
    required: true
  store:
    description: The S3 prefix, such as V(s3://bucket/prefix).
    type: str
    required: true
  fetch:
    description: The number of the newest documents to download, with their signatures, if they are missing here.
    type: int
    default: 30
  push:
    description: Whether to upload what S3 lacks.
    type: bool
    default: true
  retain_days:
    description:
      - The number of days for which S3 locks each uploaded file. The bucket must have object lock.
      - Leave it out if the bucket has a default retention, such as the bucket of C(playbooks/prepare.yml).
    type: int
  retain_mode:
    description:
      - With V(governance), users with C(s3:BypassGovernanceRetention) can delete locked files. With V(compliance)
        nobody can, not even the root user of the account.
    type: str
    choices: [governance, compliance]
    default: governance
notes:
  - Needs the IAM actions C(s3:ListBucket), C(s3:GetObject) and C(s3:PutObject), and with O(retain_days)
    C(s3:PutObjectRetention).
  - It takes one request for each thousand files of the site, and one for each file that is missing. If S3 encrypts with
    a KMS key, its lists do not tell the digest of a file, so each document takes one request more.
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
- name: Download the history of this site
  lifeboat.rds.evidence_sync:
    account_id: "123456789012"
    region: eu-central-1
    directory: /runner/evidence
    store: s3://dr-evidence/lifeboat
    push: false

- name: Upload what is new
  lifeboat.rds.evidence_sync:
    account_id: "123456789012"
    region: eu-central-1
    directory: /runner/evidence
    store: s3://dr-evidence/lifeboat
    fetch: 0
"""

RETURN = r"""
steps:
  description: What was done with each file that was missing at one place, or differs. Other files are not listed.
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
      description: Whether this run changed the item.
      type: bool
      returned: always
    reason:
      description: The reason for the status.
      type: str
      returned: always
      sample: it was missing there
api_calls:
  description: The number of HTTP requests to AWS by service and operation, retries included.
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
from ansible_collections.lifeboat.rds.plugins.module_utils._core.result import Report
from ansible_collections.lifeboat.rds.plugins.module_utils._files.archive import Places, fetch, put
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.requests.archive import read_archive

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
