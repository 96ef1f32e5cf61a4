# SPDX-License-Identifier: GPL-3.0-or-later
"""Run drill_report and show its table and its verdict on the controller."""

from __future__ import annotations

from typing import Any

from ansible import constants
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display


class ActionModule(ActionBase):
    """Run the module of this name and show what it concluded."""

    _supports_check_mode = True
    _supports_async = False  # the table would never be shown

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        result = self._execute_module(task_vars=task_vars)
        if "verdict" in result and not self._task.no_log and not boolean(self._task.args.get("quiet", False)):
            self.show(result)
        self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def show(self, result: dict[str, Any]) -> None:
        """Show the table, then the line that sums it up."""
        # Callbacks that print JSON on stdout would be broken by it there.
        is_json = "json" in str(constants.DEFAULT_STDOUT_CALLBACK)
        last = f"{result['summary']} evidence: {result.get('evidence', 'not written')}"
        for line in [*result["table"], last]:
            Display().display(line, stderr=is_json)
