# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The wait loop: a module's pass, repeated from the controller until nothing is in flight.

A full pass reads everything; it comes first and last. Between, poll passes get what the last pass left in flight and
read only that. No state outlives the task: a killed run is resumed by running it again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.lifeboat.rds.plugins.plugin_utils.progress import progress_line

Pass = Callable[[list[dict[str, Any]] | None], dict[str, Any]]
PROGRESS_EVERY = 60  # seconds without a change after which the line is shown again
FIRST = ("diff", "began")  # the first pass says it all
HIDDEN = ("resume", "waiting", "invocation")


class Clock:
    """Monotonic time, and a sleep that ends with its parent.

    A forked worker survives a killed ansible-playbook and would go on with passes that nobody asked for.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep in short pieces.

        :raises AnsibleActionFail: when ansible-playbook is gone.
        """
        end = self.now() + seconds
        while (left := end - self.now()) > 0:
            if os.getppid() != self._parent:
                raise AnsibleActionFail("Stopped: the ansible-playbook process that started this task is gone.")
            time.sleep(min(1.0, left))


@dataclass(slots=True)
class Total:
    """The passes of one task, merged."""

    result: dict[str, Any] = field(default_factory=dict)
    steps: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)
    api_calls: dict[str, int] = field(default_factory=dict)

    def add(self, result: dict[str, Any]) -> None:
        """Count a pass in: changed if any changed, the latest word on each item, calls added up."""
        for step in result.get("steps", []):
            key = tuple(step.get(name) for name in ("kind", "database", "name"))
            self.steps[key] = merge_step(self.steps.get(key, {}), step)
        for call, number in result.get("api_calls", {}).items():
            self.api_calls[call] = self.api_calls.get(call, 0) + number
        first = not self.result
        kept = {"began": result.get("now")} if first else {name: self.result[name] for name in FIRST if name in self.result}
        changed = bool(self.result.get("changed")) or bool(result.get("changed"))
        credentials = {**self.result.get("credentials", {}), **result.get("credentials", {})}
        self.result = {**result, **kept, "changed": changed}
        if credentials:
            self.result["credentials"] = credentials

    def as_result(self) -> dict[str, Any]:
        """What the task returns; what failed in any pass fails it."""
        result = {name: value for name, value in self.result.items() if name not in HIDDEN}
        if self.steps:
            result["steps"] = list(self.steps.values())
        failed = [step["reason"] for step in self.steps.values() if step["status"] == "failed"]
        if failed:
            result |= {"failed": True, "msg": " ".join(failed)}
        return result | {"api_calls": self.api_calls}


def merge_step(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The newer status; changed stays, and so does a time that only an earlier pass could measure."""
    merged = {**old, **new, "changed": bool(old.get("changed")) or bool(new.get("changed"))}
    if merged["changed"] and not new.get("changed") and old.get("changed"):
        merged["reason"] = old["reason"]
    return merged


def repeat_passes(
    one_pass: Pass, clock: Clock, show: Callable[[str], None], *, site: str, last_full_pass: bool
) -> dict[str, Any]:
    """Run passes until nothing is in flight or the time is over, and return their merged result.

    :raises AnsibleActionFail: when ansible-playbook is gone.
    """
    total, started, shown, shown_at = Total(), clock.now(), "", clock.now()
    result = one_pass(None)
    total.add(result)
    polls = 0
    while must_go_on(result, clock.now() - started):
        line = progress_line(site, list(total.steps.values()), result["in_flight"], clock.now() - started, result)
        if line != shown or clock.now() - shown_at >= PROGRESS_EVERY:
            show(line)
            shown, shown_at = line, clock.now()
        clock.sleep(result["waiting"]["poll_interval"])
        result = one_pass(result["resume"])
        total.add(result)
        polls += 1
    if polls and last_full_pass and "resume" in result:
        total.add(one_pass(None))
    return total.as_result()


def must_go_on(result: dict[str, Any], elapsed: float) -> bool:
    """Whether to look again: something is in flight, waiting is wanted, and there is time left."""
    waiting = result.get("waiting")
    return bool(waiting and waiting["wait"] and result.get("resume") and elapsed < waiting["wait_timeout"])


class PassesAction(ActionBase):
    """Base of the action plugins that repeat the module of their own name."""

    _supports_check_mode = True
    _supports_async = False  # async would give one pass and silently no wait
    last_full_pass = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}

        def one_pass(resume: list[dict[str, Any]] | None) -> dict[str, Any]:
            arguments = {**self._task.args, **({} if resume is None else {"_resume": resume})}
            return self._execute_module(module_args=arguments, task_vars=variables)

        def show(line: str) -> None:
            if not self._task.no_log:
                Display().display(line, stderr=True)  # on stdout it would break the json callbacks

        site = str(variables.get("inventory_hostname", "localhost"))
        result = repeat_passes(one_pass, Clock(), show, site=site, last_full_pass=self.last_full_pass)
        self._remove_tmp_path(self._connection._shell.tmpdir)
        return result
