# SPDX-License-Identifier: GPL-3.0-or-later
"""Test amazon.aws's and community.aws's own modules, in playbooks that say themselves what they expect."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from clients import warm
from lifeboat_lab import Lab

HERE = Path(__file__).parent
PLAYBOOKS = sorted(path.name for path in HERE.glob("*.yml"))
READS = ("Describe", "List", "Get")
PATIENCE = 600
LOCAL = ["-i", "localhost,", "-c", "local"]


@dataclass(frozen=True)
class Run:
    """A playbook that is running, and what it has printed."""

    process: subprocess.Popen[bytes]
    output: Path


@pytest.fixture(scope="module")
def runs(quick: Lab, ansible: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """Start all playbooks at once."""
    folder, found = tmp_path_factory.mktemp("runs"), {}
    # The lab is also that of the other clients' tests, whichever ran before.
    quick.admin("DELETE", "calls")
    with warm.interpreter(folder) as python:
        for name in PLAYBOOKS:
            command = ["ansible-playbook", name, *LOCAL, "-e", f"ansible_python_interpreter={python}"]
            with (folder / name).open("wb") as output:
                process = subprocess.Popen(command, cwd=HERE, env=ansible, stdout=output, stderr=subprocess.STDOUT)
            found[name] = Run(process, folder / name)
        yield found
        for run in found.values():
            run.process.kill()
            run.process.wait()


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_modules_meet_what_they_know_from_aws(runs: dict[str, Run], playbook: str) -> None:
    run = runs[playbook]
    assert run.process.wait(PATIENCE) == 0, run.output.read_text(encoding="utf-8")


def test_in_check_mode_nothing_is_written(quick: Lab, runs: dict[str, Run]) -> None:
    for run in runs.values():
        run.process.wait(PATIENCE)
    checks = [call for call in quick.calls() if "/checker/" in call.get("principal", "")]
    assert checks
    # One task tries on purpose what its role may not do.
    tried = [(call["action"], call["error"]) for call in checks if not call["action"].startswith(READS)]
    assert tried == [("CreateDBSnapshot", "AccessDenied")]
