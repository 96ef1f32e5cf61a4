# SPDX-License-Identifier: GPL-3.0-or-later
"""The wait loop: the controller repeats a module's pass until nothing is in flight.

A full pass reads everything. It is the first and the last one. Between them, poll passes read only what the previous
pass left in flight. As soon as nothing is left, the module itself adds the last full pass. No state survives the task:
run it again to go on after a killed run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase
from ansible.utils.display import Display

from ansible_collections.lifeboat.rds.plugins.module_utils._module.total import Total
from ansible_collections.lifeboat.rds.plugins.plugin_utils.progress import progress_line, without_times

# runs the module once with additional arguments, and returns its result
Pass = Callable[[dict[str, Any]], dict[str, Any]]
PROGRESS_EVERY = 60  # seconds without a change, after which the line is shown again
STARTING = 1  # seconds until a module's first call: it has to start Python and boto3 first
HIDDEN = ("resume", "waiting", "invocation")  # keys that passes hand to each other


class ControllerClock:
    """Monotonic time, and a sleep that ends when the parent process ends.

    A forked worker survives when ansible-playbook is killed, and would go on with passes that nobody wants.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()

    def now(self) -> float:
        """Read the time in seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep in short pieces, and stop when the parent process is gone.

        It looks for the parent even when the time is 0, because another pass follows.

        :raises AnsibleActionFail: when ansible-playbook is gone.
        """
        end = self.now() + seconds
        while True:
            if os.getppid() != self._parent:
                raise AnsibleActionFail("Stopped: the ansible-playbook process that started this task is gone.")
            if (left := end - self.now()) <= 0:
                return
            time.sleep(min(1.0, left))


def repeat_passes(one_pass: Pass, clock: ControllerClock, show: Callable[[str], None], *, site: str) -> dict[str, Any]:
    """Run passes until nothing is in flight or the time is over, and merge their results.

    :param show: shows a line of progress to the user.
    :param site: the name of the site, for that line.
    :raises AnsibleActionFail: when ansible-playbook is gone.
    """
    total, started, shown, shown_at = Total(), clock.now(), "", clock.now()
    result = one_pass({})
    total.add(result)
    waiting = result.get("waiting", {})
    while must_go_on(result, waiting, clock.now() - started):
        elapsed, limit = clock.now() - started, waiting["wait_timeout"]
        line = progress_line(site, list(total.steps.values()), result, elapsed, limit)
        if without_times(line) != without_times(shown) or clock.now() - shown_at >= PROGRESS_EVERY:
            show(line)
            shown, shown_at = line, clock.now()
        clock.sleep(max(0, waiting["poll_interval"] - STARTING))
        left = max(0, int(waiting["wait_timeout"] - (clock.now() - started)))
        result = one_pass({"resume": result["resume"], "wait_timeout": left})
        total.add(result)
    return {name: value for name, value in total.as_result().items() if name not in HIDDEN}


def must_go_on(result: dict[str, Any], waiting: dict[str, Any], elapsed: float) -> bool:
    """Tell whether another pass is needed: something is in flight, the task waits, and there is time left."""
    return bool(waiting and waiting["wait"] and result.get("resume") and elapsed < waiting["wait_timeout"])


def plan_of(result: dict[str, Any]) -> str:
    """Write the plan of a result as Ansible shows a diff.

    Of a task that failed for one item it shows none itself, unless its failed_when lets it pass, as our roles do.
    """
    return str(CallbackBase()._get_diff(result.get("diff") or {})).rstrip()


class PassesAction(ActionBase):
    """The base class of action plugins that repeat the module with their own name. One that never waits runs once."""

    _supports_check_mode = True
    _supports_async = False  # an async task would run one pass and not wait, without saying so

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Repeat the module's pass, and show progress."""
        super().run(tmp, task_vars)
        variables = task_vars or {}

        def one_pass(told: dict[str, Any]) -> dict[str, Any]:
            return self._execute_module(module_args={**self._task.args, **told}, task_vars=variables)

        def show(line: str) -> None:
            if not self._task.no_log:
                Display().display(line, stderr=True)  # stdout would break callbacks that write JSON

        site = str(variables.get("inventory_hostname", "localhost"))
        result = repeat_passes(one_pass, ControllerClock(), show, site=site)
        if result.get("failed") and self._task.check_mode and self._task.diff and not self._task.failed_when:
            show(plan_of(result))
        self._remove_tmp_path(self._connection._shell.tmpdir)
        return result
