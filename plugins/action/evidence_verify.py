# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify evidence on the controller: pages are made again there, to be compared."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._files.verification import verify
from ansible_collections.lifeboat.rds.plugins.plugin_utils.pages.compare import Comparison

ARGUMENTS: dict[str, Any] = {
    "directory": {"type": "path", "required": True},
    "public_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "newest_sha256": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(ActionBase):
    """Verify the evidence on the controller, which has what made the pages."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars) | {"changed": False}
        _validation, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        try:
            result |= verify(given["directory"], given["public_keys"], given["newest_sha256"], Comparison())
        except LifeboatError as error:
            return result | {"failed": True, **error.as_result()}
        if problems := result["problems"]:
            msg = f"The evidence is not as it was written: {'; '.join(problems)}."
            result |= {"failed": True, "msg": msg}
        return result
