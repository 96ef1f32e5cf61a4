# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook, killed for real at one of its API calls, is finished by the next run: protect.yml and recover.yml.

The lab holds the call, before or after it took effect, and everything that belongs to the run gets a SIGKILL: also
the workers, which ansible-core forks into sessions of their own and which would go on. With LIFEBOAT_THOROUGH=1 it
happens before every call and after every call that changes something, for all classes of databases; else at two that
hurt.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lifeboat_lab import Lab
from lifeboat_lab.settings import DURATIONS
from tests.fleet.drills import Range, twice
from tests.fleet.fleet import DR, Fleet
from tests.fleet.routes import ROUTES, Route
from tests.fleet.rules import doubled, not_idle, unfinished
from tests.fleet.test_recover_crash import recover, trespasses, unprotected
from tests.fleet.test_recover_crash import unfinished as unfinished_recovery

THOROUGH = bool(os.environ.get("LIFEBOAT_THOROUGH"))
ROOT = Path(__file__).parents[2]
MARK = "LIFEBOAT_TEST_RUN"  # in the environment of everything that belongs to one run
PATIENCE = 300
CHANGES = ["Copy*", "Create*", "Modify*", "Add*", "Delete*", "Restore*"]
# As the administrators: what the roles may do is not the question here.
SETTINGS = {
    "lifeboat_poll_interval": 1,
    "lifeboat_profiles": dict.fromkeys(("publish", "replicate", "prune"), "{{ inventory_hostname }}"),
}
# One database of each class, together where AWS is the same.
FLEETS = [[route for route in ROUTES if bool(route.lab) is old] for old in (False, True)]
every_fleet = pytest.mark.parametrize("routes", FLEETS, ids=["one step", "two steps"])


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Everything is done when it is looked at again: ansible-playbook waits in real time."""
    with Lab(metadata_only=True, scale=1, durations=dict.fromkeys(DURATIONS, 0)) as running:
        yield running


@pytest.fixture(scope="module")
def fleet(lab: Lab) -> Fleet:
    return Fleet(lab)


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
    process.mark = f"{MARK}={environment[MARK]}".encode()  # type: ignore[attr-defined]
    return process


def members(mark: bytes) -> list[int]:
    """List the processes of one run. Its children inherit its environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def kill(process: subprocess.Popen[bytes]) -> None:
    """No process of the run is left, and none had the time to do anything about it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    while left := members(process.mark):  # type: ignore[attr-defined]
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


def begin(fleet: Fleet, routes: Sequence[Route]) -> None:
    fleet.begin(routes[0], 1, and_of=routes[1:])


def after_the_kill(fleet: Fleet, routes: Sequence[Route]) -> Iterator[str]:
    """Report what is wrong after one more run, and the next."""
    results = fleet.protect()
    yield from (f"the next run failed: {one['msg']}" for one in results if one.get("failed"))
    yield from unfinished(routes, fleet.status(), fleet.keys["dr"])
    yield from doubled(routes, fleet.new_calls(), 1)
    yield from not_idle(fleet.protect(), fleet.new_calls())


@pytest.mark.parametrize(
    "words",
    [
        pytest.param({"kind": "hold-after", "action": "CopyDB*", "account": DR.profile}, id="a copy that it began"),
        pytest.param({"kind": "hold-before", "action": "AddTagsToResource"}, id="unshared and not marked"),
    ],
)
def test_a_killed_playbook_is_finished_by_the_next_run(fleet: Fleet, words: dict[str, Any]) -> None:
    begin(fleet, ROUTES[:1])
    assert kill_at(fleet, **words)
    assert list(after_the_kill(fleet, ROUTES[:1])) == []


@pytest.mark.parametrize(
    "words",
    [
        pytest.param({"kind": "hold-after", "action": "RestoreDBCluster*"}, id="a cluster that it restored"),
        pytest.param({"kind": "hold-after", "action": "ModifyDB*"}, id="a password that RDS makes"),
    ],
)
def test_a_killed_recovery_is_finished_by_the_next_run(fleet: Fleet, tmp_path: Path, words: dict[str, Any]) -> None:
    ground = Range.prepare(fleet)
    told = {
        "lifeboat_profiles": {"recover": "{{ inventory_hostname }}"},
        "recover_subnet_group": ground.network["db_subnet_group_name"],
        "recover_security_groups": ground.network["vpc_security_group_ids"],
        "recover_kms_key_id": fleet.keys["dr"],
        "recover_restore_as": "{database}-killed",
        "recover_instance_class": "db.r6g.large",
        "recover_overrides": [],
        "lifeboat_databases": {},
        "lifeboat_evidence": str(tmp_path),
    }
    assert kill_at(fleet, "recover.yml", told, account=DR.profile, **words)
    calls = fleet.new_calls()
    assert any(call["action"].startswith("Restore") for call in calls)
    assert list(unfinished_recovery(recover(ground, "killed", "next"))) == []
    calls += fleet.new_calls()
    assert [*trespasses(calls, "killed"), *twice(calls), *unprotected(ground, "killed")] == []


@pytest.mark.skipif(not THOROUGH, reason="every call takes seconds: LIFEBOAT_THOROUGH=1")
@pytest.mark.parametrize(
    "words",
    [
        pytest.param({"kind": "hold-before"}, id="before each call"),
        pytest.param({"kind": "hold-after", "action": CHANGES}, id="after each change"),
    ],
)
@every_fleet
def test_a_playbook_killed_at_any_call_is_finished_by_the_next_run(
    fleet: Fleet, routes: list[Route], words: dict[str, Any]
) -> None:
    wrong = {}
    for call in itertools.count():
        begin(fleet, routes)
        if not kill_at(fleet, **words, skip=call):
            break
        if complaints := list(after_the_kill(fleet, routes)):
            wrong[call + 1] = complaints
    assert wrong == {}
    assert call >= len(routes) * 5, "each database is copied or taken, shared, copied, unshared and marked"
