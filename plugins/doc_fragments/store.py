# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options of the same name in module_utils/_module/arguments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  store:
    description:
      - The store in which the sites leave their manifests for each other, so that each side can run on its own
        schedule. It is an S3 prefix such as V(s3://bucket/prefix), or the absolute path of a directory that all sites
        use.
      - The documents are under O(prefix), one for each site. A missing or old document does no harm, and a problem with
        the store is only a warning.
    type: str
"""
