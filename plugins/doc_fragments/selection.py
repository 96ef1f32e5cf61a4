# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options of the same name in module_utils/_module/arguments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  databases:
    description:
      - Identifiers of DB instances and DB clusters, or patterns such as V(shop-*). All databases when empty.
      - An identifier or a pattern that matches nothing is an error.
    type: list
    elements: str
    default: []
  match_tags:
    description: Only databases that carry all of these tags with these values.
    type: dict
    default: {}
  engines:
    description: Only databases of these engines, for example V(postgres) or V(aurora-postgresql).
    type: list
    elements: str
    default: []
  kinds:
    description: Only DB instances or only DB clusters.
    type: list
    elements: str
    choices: [instance, cluster]
    default: []
"""
