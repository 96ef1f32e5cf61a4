# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: evidence_render
short_description: Make pages of drills, recoveries and postures
version_added: 0.1.0
description:
  - Makes an HTML page of each document of the evidence, beside the document and with its name, and JUnit XML of drills
    and recoveries, for a CI server.
  - A page is one file that needs nothing else. It contains no scripts and loads nothing. Text from rows, tags and names
    is shown as text.
  - The page of a drill or a recovery shows the history of its site up to that document, from the other documents in
    O(directory). So later documents do not change it.
  - A page that is already right is not written again. A document that cannot be shown does not stop the others, but the
    task fails in the end.
  - It neither changes nor verifies the documents.
  - It always runs on the controller, whatever the host of the task is.
options:
  directory:
    description: The directory of the evidence, on the controller.
    type: path
    required: true
  documents:
    description:
      - Names of documents in O(directory), or their paths. Pages are written beside the documents.
      - When empty, all drills, recoveries and postures in O(directory).
    type: list
    elements: str
    default: []
  formats:
    description:
      - V(html) makes pages, in files that end with C(.html).
      - V(junit) makes JUnit XML of drills and recoveries, in files that end with C(.xml). V(failed) is a failure in it,
        and V(unverified) an error.
    type: list
    elements: str
    choices: [html, junit]
    default: [html, junit]
requirements:
  - matplotlib, on the controller, for the pictures. Without it the pages only have tables, and say so.
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - lifeboat.rds.attributes
attributes:
  action:
    support: full
    description: Has a corresponding action plugin, so that some parts of the options can be executed on the controller.
    details: It does everything. The module itself is never run on a host.
  async:
    support: none
    description: Supports being used with the C(async) keyword.
  check_mode:
    support: full
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    details: It makes every page, compares it with the file, and writes none.
  diff_mode:
    support: full
    description: Returns details on what has changed (or would change in C(check_mode)), when in diff mode.
    details: It shows the paths of the pages that are written, but not their text.
seealso:
  - module: lifeboat.rds.drill_report
"""

EXAMPLES = r"""
- name: Make the pages of a drill
  lifeboat.rds.evidence_render:
    directory: /var/lib/lifeboat/evidence
    documents: ["{{ report.evidence }}"]

- name: Make all pages again after an update
  lifeboat.rds.evidence_render:
    directory: /var/lib/lifeboat/evidence
"""

RETURN = r"""
documents:
  description: One entry for each document, in their order.
  returned: always
  type: list
  elements: dict
  contains:
    document:
      description: The path of the document.
      type: str
      returned: always
      sample: /var/lib/lifeboat/evidence/20261123t1404-1.json
    pages:
      description: The paths of its pages, in check mode those that it would have.
      type: list
      elements: str
      returned: always
      sample:
        - /var/lib/lifeboat/evidence/20261123t1404-1.html
        - /var/lib/lifeboat/evidence/20261123t1404-1.xml
    changed:
      description: Whether one of them was written.
      type: bool
      returned: always
      sample: true
    reason:
      description: Why the document could not be shown. Null when it could.
      type: str
      returned: always
      sample:
pictures:
  description: Whether the pages have pictures, for which matplotlib is needed.
  returned: always
  type: bool
  sample: true
"""
