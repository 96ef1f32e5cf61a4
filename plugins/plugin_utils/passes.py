# SPDX-License-Identifier: GPL-3.0-or-later
"""The wait loop: a module's pass, repeated from the controller until nothing is in flight.

A full pass reads everything; it comes first and last. Between, poll passes get what the last pass left in flight and
read only that; the module takes the last full pass itself, once nothing is left. No state outlives the task: a killed
run is resumed by running it again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.lifeboat.rds.plugins.module_utils._module.total import Total
from ansible_collections.lifeboat.rds.plugins.plugin_utils.progress import progress_line, said

Pass = Callable[[dict[str, Any]], dict[str, Any]]  # a module's result, by what it is told besides the task's options
PROGRESS_EVERY = 60  # seconds without a change after which the line is shown again
STARTING = 1  # seconds until a module's process looks: Python and boto3 come first
HIDDEN = ("resume", "waiting", "invocation")  # between passes only


class Clock:
    """Monotonic time, and a sleep that ends with its parent.

    A forked worker survives a killed ansible-playbook and would go on with passes that nobody asked for.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep in short pieces. Looks for the parent also where there is nothing to sleep: the next pass follows.

        :raises AnsibleActionFail: when ansible-playbook is gone.
        """
        end = self.now() + seconds
        while True:
            if os.getppid() != self._parent:
                raise AnsibleActionFail("Stopped: the ansible-playbook process that started this task is gone.")
            if (left := end - self.now()) <= 0:
                return
            time.sleep(min(1.0, left))


def repeat_passes(one_pass: Pass, clock: Clock, show: Callable[[str], None], *, site: str) -> dict[str, Any]:
    """Run passes until nothing is in flight or the time is over, and return their merged result.

    :raises AnsibleActionFail: when ansible-playbook is gone.
    """
    total, started, shown, shown_at = Total(), clock.now(), "", clock.now()
    result = one_pass({})
    total.add(result)
    waiting = result.get("waiting", {})
    while must_go_on(result, waiting, clock.now() - started):
        line = progress_line(site, list(total.steps.values()), result, clock.now() - started)
        if said(line) != said(shown) or clock.now() - shown_at >= PROGRESS_EVERY:
            show(line)
            shown, shown_at = line, clock.now()
        clock.sleep(max(0, waiting["poll_interval"] - STARTING))
        left = max(0, int(waiting["wait_timeout"] - (clock.now() - started)))
        result = one_pass({"resume": result["resume"], "wait_timeout": left})
        total.add(result)
    return {name: value for name, value in total.as_result().items() if name not in HIDDEN}


def must_go_on(result: dict[str, Any], waiting: dict[str, Any], elapsed: float) -> bool:
    """Whether to look again: something is in flight, waiting is wanted, and there is time left."""
    return bool(waiting and waiting["wait"] and result.get("resume") and elapsed < waiting["wait_timeout"])


class PassesAction(ActionBase):
    """Base of the action plugins that repeat the module of their own name."""

    _supports_check_mode = True
    _supports_async = False  # async would give one pass and silently no wait

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}

        def one_pass(told: dict[str, Any]) -> dict[str, Any]:
            return self._execute_module(module_args={**self._task.args, **told}, task_vars=variables)

        def show(line: str) -> None:
            if not self._task.no_log:
                Display().display(line, stderr=True)  # on stdout it would break the json callbacks

        site = str(variables.get("inventory_hostname", "localhost"))
        result = repeat_passes(one_pass, Clock(), show, site=site)
        self._remove_tmp_path(self._connection._shell.tmpdir)
        return result
