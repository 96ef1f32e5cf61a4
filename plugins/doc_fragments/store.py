# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options of the same name in module_utils/_module/arguments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  store:
    description:
      - Where the sites leave their manifests for each other, so that each side can run on its own schedule. An S3
        prefix such as V(s3://bucket/prefix), or the absolute path of a directory that all sites use.
      - Documents are under O(prefix), one for each site. A missing or stale one is harmless, and what is wrong with the
        store is a warning.
    type: str
"""
