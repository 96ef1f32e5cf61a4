# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook playbooks/failback.yml, killed for real at one of its API calls, is finished by the next run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from lifeboat_lab import Lab
from lifeboat_lab.settings import DURATIONS
from tests.fleet.failbacks import CLASSES, WayBack, failback_trespasses, made_twice
from tests.fleet.fleet import DR, SOURCE, Fleet
from tests.fleet.kills import kill_at
from tests.fleet.rules import not_idle

# As the administrators: what the roles may do is not the question here.
WORK = ("failback_publish", "failback_replicate", "failback_recover")


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """Everything is done when it is looked at again: ansible-playbook waits in real time."""
    with Lab(metadata_only=True, scale=1, durations=dict.fromkeys(DURATIONS, 0)) as running:
        yield Fleet(running)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(
            {"kind": "hold-after", "action": "CreateDB*", "account": DR.profile}, id="a snapshot that it began"
        ),
        pytest.param(
            {"kind": "hold-after", "action": "Restore*", "account": SOURCE.profile}, id="a restore that it began"
        ),
    ],
)
def test_a_killed_playbook_is_finished_by_the_next_run(fleet: Fleet, words: dict[str, Any]) -> None:
    way = WayBack.prepare(fleet)
    told = {
        "lifeboat_poll_interval": 1,
        "lifeboat_profiles": dict.fromkeys(WORK, "{{ inventory_hostname }}"),
        "lifeboat_failback_subnet_group": way.network["db_subnet_group_name"],
        "lifeboat_failback_security_groups": way.network["vpc_security_group_ids"],
        "failback_overrides": [{"db_instance_class": "db.r6g.large"}],
        "failback_names": {f"{name}-00000": f"recovered-{name}-00000-failback" for name in CLASSES},
        "failback_id": re.sub("[-:Z]", "", way.time).lower(),
    }
    assert kill_at(fleet, "failback.yml", told, **words)
    results = way.go_back()
    assert [one["msg"] for one in results if one.get("failed")] == []
    assert list(way.unfinished()) == []
    calls = fleet.new_calls()
    assert [*made_twice(calls), *failback_trespasses(calls)] == []
    assert list(not_idle(way.go_back(), fleet.new_calls())) == []
