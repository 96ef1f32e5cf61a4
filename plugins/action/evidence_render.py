# SPDX-License-Identifier: GPL-3.0-or-later
"""Make pages of evidence on the controller: that is where Jinja is, and matplotlib if it is installed."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.plugin_utils.pages.files import ENDINGS, render_all

ARGUMENTS: dict[str, Any] = {
    "directory": {"type": "path", "required": True},
    "documents": {"type": "list", "elements": "str", "default": []},
    "formats": {"type": "list", "elements": "str", "choices": list(ENDINGS), "default": list(ENDINGS)},
}


class ActionModule(ActionBase):
    """Make the pages on the controller: that is where Jinja is, and matplotlib if it is anywhere."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        names, formats = given["documents"], given["formats"]
        try:
            result |= render_all(given["directory"], names, formats, check_mode=self._task.check_mode)
        except LifeboatError as error:
            return result | {"failed": True, **error.as_result()}
        if not result["pictures"] and "html" in formats:
            why = "matplotlib is not installed for the Python of ansible-playbook"
            result["warnings"] = [f"The pages have no pictures: {why}. Their tables say the same."]
        return result
