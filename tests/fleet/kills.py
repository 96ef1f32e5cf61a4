# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook, killed for real at one of its API calls, with everything that belongs to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.fleet.fleet import Fleet
from tests.machine import processes_with

ROOT = Path(__file__).parents[2]
MARK = "LIFEBOAT_TEST_RUN"  # in the environment of everything that belongs to one run
PATIENCE = 300
# As the administrators: what the roles may do is not the question here.
SETTINGS = {
    "lifeboat_poll_interval": 1,
    "lifeboat_profiles": dict.fromkeys(("publish", "replicate", "prune"), "{{ inventory_hostname }}"),
}


def settings(fleet: Fleet) -> dict[str, Any]:
    """Turn the options of the fleet's modules into variables of the roles."""
    told = {"publish_overrides": fleet.publish, "replicate_overrides": fleet.replicate}
    found = {name: options["overrides"] for name, options in told.items() if "overrides" in options}
    return SETTINGS | found | ({"publish_stand_in": fleet.publish["stand_in"]} if "stand_in" in fleet.publish else {})


def start(fleet: Fleet, playbook: str, told: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    command = ["ansible-playbook", f"playbooks/{playbook}", "-e", json.dumps({**settings(fleet), **told})]
    environment = fleet.lab.env() | {MARK: uuid4().hex}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    process.mark = f"{MARK}={environment[MARK]}"  # type: ignore[attr-defined]
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    """No process of the run is left, and none had the time to do anything about it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    while left := processes_with(process.mark):  # type: ignore[attr-defined]
        for number in left:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
    process.wait()


def kill_at(fleet: Fleet, playbook: str = "protect.yml", told: Mapping[str, Any] | None = None, **words: Any) -> bool:
    """Whether there was such a call to be killed at."""
    with fleet.lab.fault(**words) as hold:
        process = start(fleet, playbook, told or {})
        try:
            deadline = time.monotonic() + PATIENCE
            while not hold.used() and process.poll() is None:
                assert time.monotonic() < deadline, "neither at its end nor at the call"
                time.sleep(0.02)
        finally:
            kill(process)
        return bool(hold.used())
