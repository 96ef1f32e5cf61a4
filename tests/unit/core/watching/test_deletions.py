# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run says of what it deleted."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.deletions import names_of, told

Row = dict[str, Any]
WHERE = "account 222222222222, us-east-1"


def step(database: str, reason: str = "old", status: str = "deleted", *, changed: bool = True) -> Row:
    about = {"database": database, "kind": "instance", "name": f"{database}-1"}
    return {**about, "status": status, "changed": changed, "reason": reason}


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        pytest.param([], "", id="nothing"),
        pytest.param([step("orders", status="kept", changed=False)], "", id="nothing went"),
        pytest.param([step("orders", changed=False)], "", id="somebody else deleted it"),
        pytest.param([step("orders", status="failed", changed=False)], "", id="it failed"),
        pytest.param([step("orders")], f"Deleted 1 recovery point of 1 database in {WHERE}: old.", id="one"),
        pytest.param(
            [step("orders"), step("orders"), step("billing", "older")],
            f"Deleted 3 recovery points of 2 databases in {WHERE}: old (2), older (1).",
            id="several reasons",
        ),
        pytest.param(
            [step("orders", str(number)) for number in (1, 1, 2, 2, 3, 3, 4, 5)],
            f"Deleted 8 recovery points of 1 database in {WHERE}: 1 (2), 2 (2), 3 (2), other reasons (2).",
            id="many reasons",
        ),
        pytest.param(
            [step("orders", status="would_delete", changed=False)], "", id="a plan, which has lines of its own"
        ),
    ],
)
def test_a_run_says_how_many_of_how_many_databases_where_and_why(steps: list[Row], said: str) -> None:
    assert told("prune", steps, WHERE) == said


def test_check_mode_says_what_would_go() -> None:
    assert told("prune", [step("orders")], WHERE, planned=True).startswith("Would delete 1 recovery point of")


def test_an_instance_and_a_cluster_of_one_name_are_two_databases() -> None:
    assert " of 2 databases in " in told("prune", [step("orders"), step("orders") | {"kind": "cluster"}], WHERE)


def test_a_restored_database_that_is_still_going_counts() -> None:
    gone = {"kind": "instance", "name": "d1-orders", "status": "deleting", "changed": True, "reason": "it expired"}
    assert told("reap", [gone, {**gone, "status": "deleted"}], WHERE) == (
        f"Deleted 2 restored databases in {WHERE}: it expired."
    )


def test_each_name_comes_with_its_reason() -> None:
    steps = [step("orders"), step("billing", status="kept", changed=False), step("events", "older")]
    assert names_of(steps) == ["orders-1: old", "events-1: older"]
