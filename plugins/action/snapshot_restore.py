# SPDX-License-Identifier: GPL-3.0-or-later
"""Repeat the passes of snapshot_restore on the controller until nothing is in flight."""

from __future__ import annotations

from ansible_collections.lifeboat.rds.plugins.plugin_utils.passes import PassesAction


class ActionModule(PassesAction):
    """Repeat the passes of the module of this name until nothing is in flight."""
