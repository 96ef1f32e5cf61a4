# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook, killed for real at one of its API calls, is finished by the next run: protect.yml and recover.yml.

The lab holds the call, before or after it took effect, and everything that belongs to the run gets a SIGKILL: also
the workers, which ansible-core forks into sessions of their own and which would go on. With LIFEBOAT_THOROUGH=1 it
happens before every call and after every call that changes something, for all classes of databases; else at two that
hurt.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from lifeboat_lab import Lab
from lifeboat_lab.settings import DURATIONS
from tests.fleet.deaths import THOROUGH
from tests.fleet.drills import Range, twice
from tests.fleet.fleet import DR, Fleet
from tests.fleet.kills import kill_at
from tests.fleet.recoveries import recover, recovery_trespasses, unfinished_recovery, unprotected
from tests.fleet.routes import ROUTES, Route
from tests.fleet.rules import doubled, not_idle, unfinished

CHANGES = ["Copy*", "Create*", "Modify*", "Add*", "Delete*", "Restore*"]
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
    assert [*recovery_trespasses(calls, "killed"), *twice(calls), *unprotected(ground, "killed")] == []


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
