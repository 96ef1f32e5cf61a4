# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options of the same name in module_utils/_module/arguments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  account_id:
    description:
      - The 12-digit ID of the account of this site.
      - The module checks that its credentials belong to it before the first write.
    type: str
    required: true
  prefix:
    description:
      - The start of the names of all snapshots and databases that this installation makes.
      - It is also the value of their ownership tag, C(lifeboat:managed-by). Nothing without that tag is changed or
        deleted.
      - Use the same prefix at the source and the DR site.
    type: str
    default: lifeboat
  profile_from:
    description:
      - The name of the variable that chose O(ignore:profile), such as V(lifeboat_profiles.publish).
      - Messages about the credentials name it.
    type: str
"""
