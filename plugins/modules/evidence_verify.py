# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: evidence_verify
short_description: Verify the evidence of drills and recoveries
version_added: 0.1.0
description:
  - Verifies that the documents of M(lifeboat.rds.drill_report) are complete, unchanged, and signed by the given keys.
  - With O(public_keys), everything in the directory must be signed, or must be made of what is signed. Each page and
    each JUnit XML is made again and compared with the file. Any other file, a link and anything that is not a regular
    file is a problem.
  - The name of each file, and the folder of its site, if it lies in one, must agree with what the document says.
  - Each document contains the digest of the previous one of the same account and Region. So a document that was changed
    or deleted is noticed, as long as a later one is there. The newest one is protected by its signature and by
    O(newest_sha256).
  - It calls no AWS API and writes nothing, so an auditor can run it on a copy of the directory.
  - It always runs on the controller, whatever the host of the task is.
options:
  directory:
    description: The directory of the documents, on the controller. Subfolders are read too, since a copy of a bucket
      has them.
    type: path
    required: true
  public_keys:
    description:
      - Public keys in PEM, as paths or as text. List the former keys too, if keys were replaced.
      - With keys, each document must be signed by one of them, and nothing may lie in the directory that does not
        follow from these. Without keys, neither signatures nor pages are verified, and other files are ignored.
    type: list
    elements: str
    default: []
  newest_sha256:
    description:
      - Digests of documents that must be there, from RV(lifeboat.rds.drill_report#module:sha256). Keep that of the
        newest document of each history somewhere else, to notice that the last documents were deleted.
    type: list
    elements: str
    default: []
requirements:
  - cryptography, on the controller, where O(public_keys) are given.
  - matplotlib, on the controller, to verify pages that have pictures.
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.info
attributes:
  action:
    support: full
    description: Has a corresponding action plugin, so that some parts of the options can be executed on the controller.
    details: It does everything. The module itself is never run on a host.
  async:
    support: none
    description: Supports being used with the C(async) keyword.
seealso:
  - module: lifeboat.rds.evidence_render
  - module: lifeboat.rds.drill_report
  - module: lifeboat.rds.evidence_sync
"""

EXAMPLES = r"""
- name: Verify the copy of an auditor
  lifeboat.rds.evidence_verify:
    directory: /mnt/evidence
    public_keys:
      - /etc/lifeboat/public-2025.pem
      - /etc/lifeboat/public-2026.pem
    newest_sha256:
      - 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

- name: Verify only the histories
  lifeboat.rds.evidence_verify:
    directory: /mnt/evidence
"""

RETURN = r"""
documents:
  description: The documents, by their names.
  returned: when they were looked at
  type: list
  elements: dict
  contains:
    file:
      description: The name of the file.
      type: str
      returned: always
      sample: 20261123t1404-1.json
    sha256:
      description: The digest of its bytes.
      type: str
      returned: always
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    document:
      description: V(drill), V(recovery) or V(posture).
      type: str
      returned: always
      sample: drill
    account_id:
      description: The account of its site.
      type: str
      returned: always, but empty for a posture
      sample: "123456789012"
    region:
      description: The Region of its site.
      type: str
      returned: always, but empty for a posture
      sample: eu-central-1
    number:
      description: The number of the document in the history of its site.
      type: int
      returned: always, but empty for a posture
      sample: 12
    signed_by:
      description: The name of the key that signed it, by what the document says.
      type: str
      returned: always, but empty for what is not signed
      sample: "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
    signature:
      description: V(good), V(bad), or V(unchecked) if no keys were given.
      type: str
      returned: always
      sample: good
    good:
      description: Whether it is right.
      type: bool
      returned: always
    reason:
      description: What is wrong with it, otherwise empty.
      type: str
      returned: always
      sample: "number 11, 20261101t0200-1.json, is missing before it"
histories:
  description: The drills and recoveries of each site, as one history.
  returned: when they were looked at
  type: list
  elements: dict
  contains:
    account_id:
      description: The account of the site.
      type: str
      returned: always
      sample: "123456789012"
    region:
      description: The Region of the site.
      type: str
      returned: always
      sample: eu-central-1
    documents:
      description: The number of its documents.
      type: int
      returned: always
      sample: 12
    first:
      description: The number of the first one that is there.
      type: int
      returned: always
      sample: 1
    newest:
      description: The C(file), the C(number) and the C(sha256) of the newest one that is there.
      type: dict
      returned: always
      sample:
        file: 20261123t1404-1.json
        number: 12
        sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    good:
      description: Whether all of them are right.
      type: bool
      returned: always
pages:
  description: The pages and JUnit XML, by their files. Empty where no keys were given.
  returned: when they were looked at
  type: list
  elements: dict
  contains:
    file:
      description: The path of the file below O(directory).
      type: str
      returned: always
      sample: 20261123t1404-1.html
    compared:
      description:
        - V(bytes) if the whole file was compared with the one that its document gives.
        - V(outlines) if everything was compared except numbers in its pictures, that is where and how long things are
          drawn. Other versions of matplotlib compute other ones.
        - V(nothing) if its document is missing or not good, or if the file cannot be made again here.
      type: str
      returned: always
      sample: bytes
    good:
      description: Whether it is right.
      type: bool
      returned: always
    reason:
      description: What is wrong with it, otherwise empty.
      type: str
      returned: always
      sample: ""
problems:
  description: Everything that is wrong. The module fails unless the list is empty.
  returned: when they were looked at
  type: list
  elements: str
  sample: ["20261123t1404-1.json: it was changed, or its signature was: they do not belong together"]
"""
