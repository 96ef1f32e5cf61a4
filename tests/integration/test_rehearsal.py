# SPDX-License-Identifier: GPL-3.0-or-later
"""The rehearsal as a whole, and what is left of it when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.play import ROOT, newest_evidence
from tests.machine import processes_with

REHEARSE = [str(ROOT / "tools" / "run.sh"), "rehearse"]


def environment(evidence: Path) -> dict[str, str]:
    """Build the environment of `tools/run.sh`, with the Ansible that runs this test."""
    return os.environ | {
        "VENV": os.path.relpath(sys.prefix, ROOT),
        "LIFEBOAT_EVIDENCE": str(evidence),
        "ANSIBLE_NOCOLOR": "1",
    }


@pytest.mark.smoke
def test_a_rehearsal_ends_verified_and_leaves_no_process(tmp_path: Path) -> None:
    done = subprocess.run(
        REHEARSE, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "verdict: verified"
    evidence = newest_evidence(tmp_path)
    assert [one["name"] for one in evidence["databases"]] == ["billing", "catalog", "events", "orders"]
    assert {one["verdict"] for one in evidence["databases"]} == {"verified"}
    assert all(one["checks_passed"] == one["checks_total"] == 5 for one in evidence["databases"])
    assert processes_with(str(tmp_path)) == {}


def test_an_interrupted_rehearsal_leaves_no_process_and_is_not_verified(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with output.open("w") as file:
        running = subprocess.Popen(
            REHEARSE, cwd=ROOT, env=environment(tmp_path), stdout=file, stderr=file, start_new_session=True
        )
        wait_until(lambda: "TASK [" in output.read_text(), 60)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) != 0
    wait_until(lambda: processes_with(str(tmp_path)) == {}, 20)
    assert list(tmp_path.glob("*.json")) == []


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Poll for what another process does.

    :raises AssertionError: when it does not come.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
