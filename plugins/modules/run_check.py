# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: run_check
short_description: Refuse misspelt names and wrong values before a run calls anything
version_added: 0.1.0
description:
  - Fails when a variable begins with C(lifeboat_) and is none of this collection's, or is named almost as a variable of
    one of its roles. It says which one may have been meant.
  - Fails when C(lifeboat_databases), or another dictionary of the inventory, has a key that nothing reads.
  - Fails when the value of a C(lifeboat_) variable is not of its type, or none of those that there are.
  - It decrypts nothing, judges no value that is a template, and reads none but one that is a template as a whole.
  - With O(sites) it looks at all sites of the inventory, and at the run itself. It fails when a group is named almost
    as C(lifeboat_source) or C(lifeboat_dr), when the limit leaves none of O(sites), when no task has one of the tags
    that the run asks for, when a site has no account or no Region, and when ansible-core is too old.
  - The roles of this collection begin with it, and so do its playbooks, with O(sites).
  - It always runs on the controller, whatever the host of the task is.
options:
  sites:
    description:
      - The inventory hosts that the run is for, whatever its limit. At least one of them must be within the limit,
        unless C(lifeboat_accept_no_sites) is true.
      - When left out, only the names of the task's own host are looked at.
    type: list
    elements: str
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
notes:
  - Names of your own that it refuses are allowed once the list C(lifeboat_own_names) has them.
"""

EXAMPLES = r"""
- name: Refuse names that nobody knows at one site
  lifeboat.rds.run_check:

# In a first play on all hosts, with the tag "always".
- name: Refuse names that nobody knows, and a run without a DR site
  lifeboat.rds.run_check:
    sites: "{{ groups['lifeboat_dr'] }}"
  run_once: true
"""

RETURN = r"""
sites:
  description: Those of O(sites) that the limit leaves.
  returned: when O(sites) is set
  type: list
  elements: str
  sample: [production_dr]
"""
