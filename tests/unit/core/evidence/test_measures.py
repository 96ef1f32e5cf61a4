# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.judge import judge_database
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.measures import (
    CLOCKS,
    PHASES,
    disagreement,
    measure,
)

STARTED = datetime(2026, 11, 23, 14, 0, tzinfo=timezone.utc)
CONNECTED = {"check": "connection", "status": "passed", "seconds": 0.2}
COUNTED = {"check": "rows", "status": "passed", "seconds": 0.5}

Row = dict[str, Any]


def facts(**changes: Any) -> Row:
    """Build a cluster with all phases measured, apart from the changes."""
    whole: Row = {
        "name": "events",
        "kind": "cluster",
        "original_time": "2026-11-23T12:00:00Z",
        "restore": {"status": "restored", "phases": {"choose": 1, "restore_call": 2, "available": 30, "member": 60}},
        "credentials": {"status": "set", "seconds": 4},
        "check": {"connected_seconds": 3.5, "checks": [CONNECTED, COUNTED, COUNTED]},
    }
    return whole | changes


def test_every_phase_counts_once() -> None:
    found = measure(facts(), STARTED)
    assert dict(found.phases) == {
        "choose": 1, "restore_call": 2, "available": 30, "member": 60, "credentials": 4, "reachable": 3.5, "checked": 1,
    }  # fmt: skip
    assert (found.rto_connect, found.rto_validated, found.restore) == (100.5, 101.5, 93)


@pytest.mark.parametrize("phase", PHASES)
def test_each_phase_has_a_clock(phase: str) -> None:
    assert CLOCKS[phase]


@pytest.mark.parametrize("phase", ["choose", "restore_call", "available", "member"])
def test_a_phase_that_is_not_known_leaves_the_sum_unknown(phase: str) -> None:
    restore = facts()["restore"]
    phases = {name: seconds for name, seconds in restore["phases"].items() if name != phase}
    found = measure(facts(restore={**restore, "phases": phases}), STARTED)
    assert (found.phases[phase], found.rto_connect, found.rto_validated) == (None, None, None)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"kind": "instance"}, id="an instance"),
        pytest.param({"restored_kind": "instance"}, id="a stand-in of a cluster"),
    ],
)
def test_only_a_cluster_has_a_member_to_wait_for(changes: Row) -> None:
    found = measure(facts(**changes), STARTED)
    assert ("member" in found.phases, found.rto_validated) == (False, 41.5)


def test_an_adopted_database_whose_beginning_nobody_saw_has_no_rto() -> None:
    found = measure(facts(restore={"status": "restored", "seconds": None, "phases": {}}), STARTED)
    assert (found.rto_connect, found.rto_validated) == (None, None)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(None, id="nothing was checked"),
        pytest.param({"connected_seconds": 3.5, "checks": []}, id="no connection is told of"),
        pytest.param({"checks": [{**CONNECTED, "status": "unverified"}]}, id="none was accepted"),
    ],
)
def test_what_was_never_reached_has_no_time_to_connect(check: Row | None) -> None:
    found = measure(facts(check=check), STARTED)
    assert (found.phases["reachable"], found.phases["checked"]) == (None, None)
    assert (found.rto_connect, found.rto_validated) == (None, None)


def test_without_the_time_since_the_start_the_connections_own_time_counts() -> None:
    assert measure(facts(check={"checks": [CONNECTED, COUNTED]}), STARTED).phases["reachable"] == 0.2


def test_a_check_without_a_time_leaves_the_validated_recovery_unknown_but_not_the_connected_one() -> None:
    found = measure(facts(check={"checks": [CONNECTED, {"check": "rows", "status": "passed"}]}), STARTED)
    assert (found.rto_connect, found.rto_validated) == (97.2, None)


# -- the RPO ----------------------------------------------------------------------------------------------------------


def with_row(newest: str | None) -> Row:
    return facts(check={"checks": [CONNECTED], "newest_row": newest})


@pytest.mark.parametrize(
    ("newest", "seconds"),
    [
        pytest.param("2026-11-23T11:00:00Z", 10800, id="older than the snapshot"),
        pytest.param(None, None, id="no row"),
        pytest.param("noon", None, id="no time"),
        pytest.param("2026-11-23T14:00:01Z", None, id="from after the start"),
    ],
)
def test_the_newest_row_is_the_other_clock_of_the_rpo(newest: str | None, seconds: int | None) -> None:
    assert measure(with_row(newest), STARTED).rpo_newest_row == seconds


@pytest.mark.parametrize(
    ("newest", "tolerance", "said"),
    [
        pytest.param("2026-11-23T11:45:00Z", 900, None, id="within the tolerance"),
        pytest.param("2026-11-23T11:44:59Z", 900, "the newest row is 15 min 1 s older", id="older than that"),
        pytest.param("2026-11-23T12:15:01Z", 900, "the newest row is 15 min 1 s newer", id="newer than that"),
        pytest.param("2026-11-23T11:59:59Z", 0, "the newest row is 1 s older", id="no tolerance"),
        pytest.param(None, 0, None, id="no row"),
    ],
)
def test_two_clocks_that_disagree_are_told(newest: str | None, tolerance: int, said: str | None) -> None:
    found = disagreement(measure(with_row(newest), STARTED), tolerance)
    assert found == said or (said and found and found.startswith(said))


def test_a_disagreement_warns_and_changes_no_verdict() -> None:
    quiet, loud = (judge_database(with_row(newest), STARTED) for newest in (None, "2026-11-22T12:00:00Z"))
    assert quiet.verdict == loud.verdict
    assert (quiet.warnings, len(loud.warnings)) == ((), 1)
