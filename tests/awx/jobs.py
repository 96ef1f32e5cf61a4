# SPDX-License-Identifier: GPL-3.0-or-later
"""A job as AWX runs it: ansible-runner, a private data directory, a script for an inventory, perhaps a slice of it."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import ansible_runner

from lifeboat_lab import Lab
from tests.awx.rules import is_a
from tests.machine import processes_with
from tests.warm import interpreter

ROOT = Path(__file__).parents[2]
MARK = "LIFEBOAT_TEST_JOB"  # in the environment of everything that belongs to one job
# AWX injects these as the credential types of roles/awx say; the others make the lab be found.
NEEDED = ("AWS_", "LAB_", "NO_PROXY", "no_proxy", "PATH", "HOME")
Event = dict[str, Any]
# Of which type AWX lets an answer be.
ANSWERS = {"text": str, "multiplechoice": str, "integer": int}


def sliced(inventory: Mapping[str, Any], number: int, count: int) -> dict[str, Any]:
    """Cut an inventory as AWX does for one slice: every so many hosts in the order of their names."""
    hosts = sorted(inventory["_meta"]["hostvars"])[number - 1 :: count]
    left = {
        name: group | {"hosts": [host for host in group.get("hosts", []) if host in hosts]}
        for name, group in inventory.items()
        if name != "_meta"
    }
    return left | {"_meta": {"hostvars": {host: inventory["_meta"]["hostvars"][host] for host in hosts}}}


def launched(survey: Iterable[Mapping[str, Any]], **answers: Any) -> dict[str, Any]:
    """Build the extra variables of a launch: the given answers, and the defaults of the other questions."""
    questions = {question["variable"]: question for question in survey}
    for name, value in answers.items():
        question = questions[name]
        assert is_a(value, ANSWERS[question["type"]]) and value in question.get("choices", [value])
    return {name: question["default"] for name, question in questions.items()} | answers


class Job:
    """One run of a playbook, and what came out of it while it ran."""

    def __init__(
        self, lab: Lab, folder: Path, inventory: Mapping[str, Any], *, cold: bool = False, **extra_vars: Any
    ) -> None:
        """Prepare a job.

        :param cold: start a Python for each module, as AWX does: only then each process of the job bears its mark.
        """
        self.mark = uuid4().hex
        self.folder = folder / self.mark
        self.events: list[Event] = []
        (self.folder / "env").mkdir(parents=True)
        (self.folder / "inventory").mkdir()
        (self.folder / "project").symlink_to(ROOT)
        hosts = self.folder / "inventory" / "hosts"
        hosts.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(inventory)}\nEND\n", encoding="utf-8")
        hosts.chmod(0o700)
        found = {name: value for name, value in lab.env().items() if name.startswith(NEEDED)}
        self.write("envvars", found | {MARK: self.mark, "LC_ALL": "C.UTF-8"})
        quick = {} if cold else {"ansible_python_interpreter": str(interpreter())}
        self.write("extravars", {"lifeboat_poll_interval": 1} | quick | extra_vars)
        self.write("settings", {"idle_timeout": 120, "job_timeout": 300, "suppress_ansible_output": True})

    def write(self, name: str, content: Any) -> None:
        (self.folder / "env" / name).write_text(json.dumps(content), encoding="utf-8")

    def run(
        self,
        playbook: str,
        *,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Any:
        """Run a playbook and return the finished runner."""

        def keep(event: Event) -> bool:
            self.events.append(event)
            return False

        return ansible_runner.run(
            private_data_dir=str(self.folder),
            playbook=f"playbooks/{playbook}",
            event_handler=keep,
            cancel_callback=cancelled,
        )

    def artifacts(self) -> dict[str, Any]:
        """Return what set_stats left, as AWX reads it."""
        (stats,) = [event for event in self.events if event["event"] == "playbook_on_stats"]
        return dict(stats["event_data"].get("artifact_data", {}))

    def progress(self) -> list[str]:
        """Return the progress lines, which arrive as events of their own."""
        return [
            event["stdout"] for event in self.events if event["event"] == "verbose" and " done · " in event["stdout"]
        ]

    def printed(self) -> str:
        """Return all output without the colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(event["stdout"] for event in self.events))

    def kill(self) -> None:
        """End `ansible-playbook` itself as the kernel does; its workers hear nothing of it."""
        os.kill(min(processes_with(f"{MARK}={self.mark}")), signal.SIGKILL)

    def wait_until_gone(self, patience: float = 60) -> None:
        deadline = time.monotonic() + patience
        while processes_with(f"{MARK}={self.mark}"):
            assert time.monotonic() < deadline, "something of the job is still there"
            time.sleep(0.05)
