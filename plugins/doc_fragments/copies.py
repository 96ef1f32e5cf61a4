# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options of the same name in module_utils/_module/arguments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  max_in_flight:
    description:
      - The number of copies that may be in flight at once, for each destination Region.
      - AWS documents 20 for DB snapshots and 5 for DB cluster snapshots.
    type: dict
    default: {}
    suboptions:
      instance:
        description: The number of DB snapshot copies.
        type: int
        default: 20
      cluster:
        description: The number of DB cluster snapshot copies.
        type: int
        default: 5
  tags:
    description: Tags for everything that the module makes, besides our own.
    type: dict
    default: {}
"""
