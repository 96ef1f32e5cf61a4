# SPDX-License-Identifier: GPL-3.0-or-later
"""Run recovery_point_mark, and show its plan also when an item in it fails."""

from __future__ import annotations

from ansible_collections.lifeboat.rds.plugins.plugin_utils.passes import PassesAction


class ActionModule(PassesAction):
    """Run the one pass of the module of this name."""
