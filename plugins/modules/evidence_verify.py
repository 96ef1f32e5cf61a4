#!/usr/bin/python
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
  - Each document contains the digest of the previous one of the same account and Region. So a document that was changed
    or deleted is noticed, as long as a later one is there. The newest one is protected by its signature and by
    O(newest_sha256).
  - It calls no AWS API and writes nothing, so an auditor can run it on a copy of the directory.
options:
  directory:
    description: The directory of the documents. Subfolders are read too, since a copy of a bucket has them.
    type: path
    required: true
  public_keys:
    description:
      - Public keys in PEM, as paths or as text. List the former keys too, if keys were replaced.
      - With keys, each drill and each recovery must be signed by one of them. Without keys, signatures are not
        verified.
      - They need the Python library C(cryptography).
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
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.info
seealso:
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
problems:
  description: Everything that is wrong. The module fails unless the list is empty.
  returned: when they were looked at
  type: list
  elements: str
  sample: ["20261123t1404-1.json: it was changed, or its signature was: they do not belong together"]
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.audit import (
    audit,
    must_be_signed,
    odd_digests,
    unique,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.history import Entry
from ansible_collections.lifeboat.rds.plugins.module_utils._files.evidence import (
    documents_under,
    read_entries,
    signature_of,
    signatures_alone,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._files.signing import open_public_keys, why_not_signed

ARGUMENTS: dict[str, Any] = {
    "directory": {"type": "path", "required": True},
    "public_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "newest_sha256": {"type": "list", "elements": "str", "default": []},
}


def run(params: dict[str, Any]) -> dict[str, Any]:
    """Check every document, its signature, and its place in its history."""
    if odd := odd_digests(params["newest_sha256"]):
        remedy = "Set newest_sha256 to the sha256 of a result of drill_report"
        raise LifeboatError(
            f"Cannot look for {odd[0]!r} (newest_sha256)", why="it is not a SHA-256 digest", remedy=remedy
        )
    keys, directory = open_public_keys(params["public_keys"]), read_directory(params["directory"])
    try:
        paths = documents_under(directory)
        entries, unreadable = read_entries(paths)
        signatures = look_at_signatures(entries, keys) if keys else {}
        found = audit(unique(entries.values()), signatures, params["newest_sha256"])
        alone = [f"{path.name}: its document is missing" for path in signatures_alone(directory)]
    except OSError as error:
        raise unreadable_directory(params["directory"], error.strerror or str(error)) from error
    return found | {"problems": [*found["problems"], *map(str, unreadable), *alone]}


def read_directory(directory: str) -> Path:
    """Return the directory of the evidence.

    :raises LifeboatError: when it is not a directory.
    """
    if not Path(directory).is_dir():
        raise unreadable_directory(directory, "it is not a directory")
    return Path(directory)


def unreadable_directory(directory: str, why: str) -> LifeboatError:
    return LifeboatError(f"Cannot verify {directory}", why=why, remedy="Set directory to that of the evidence")


def look_at_signatures(entries: Mapping[Path, Entry], keys: Mapping[str, Any]) -> dict[Entry, str]:
    """Return what is wrong with the signature of each document that should have one, or an empty text."""
    return {
        entry: why_not_signed(path.read_bytes(), signature_of(path), entry.signed_by, keys)
        for path, entry in entries.items()
        if must_be_signed(entry)
    }


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        result = run(module.params)
    except LifeboatError as error:
        module.fail_json(**error.as_result())
    if result["problems"]:
        module.fail_json(msg=f"The evidence is not as it was written: {'; '.join(result['problems'])}.", **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
