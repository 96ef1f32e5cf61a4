# SPDX-License-Identifier: GPL-3.0-or-later
"""The one verdict on a posture: every combination of protection, recipe, existence and drills."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.recipe import NO_RECIPE
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.verdict import (
    BY_NAME,
    STATES,
    counts,
    findings,
    reason_of,
    state_of,
    verdict_of,
    words_of,
)
from tests.builders import DR, EAST, STRANGER, WEST

Row = dict[str, Any]

LIMIT = 1000
# What a drill of one account says: its verdict and its age.
DRILLS: dict[str, Row | None] = {
    "never": None,
    "verified": {"verdict": "verified", "age_seconds": LIMIT, "started": "2026-11-20T00:00:00Z", "drill_id": "d1"},
    "old": {"verdict": "verified", "age_seconds": LIMIT + 1, "started": "2026-11-20T00:00:00Z", "drill_id": "d1"},
    "failed": {"verdict": "failed", "age_seconds": 5, "started": "2026-11-20T00:00:00Z", "drill_id": "d1"},
    "unverified": {"verdict": "unverified", "age_seconds": 5, "started": "2026-11-20T00:00:00Z", "drill_id": "d1"},
}


def row(drill: str = "verified", **more: Any) -> Row:
    last = {"last_drill": DRILLS[drill], "last_verified": None}
    facts: Row = {"protected": True, "reason": None, "exists": True, "max_drill_age": LIMIT, "dr_accounts": [DR]}
    return facts | {"drills": {f"{DR}/{EAST}": last} if DRILLS[drill] else {}} | more


def expected(drill: str, *, protected: bool | None, recipe: bool | None, exists: bool | None) -> str:
    """Say the rule in another form than the code: the first line that holds, from the top."""
    lines = [
        (protected is False, "unprotected"),
        (drill == "failed", "drill_failed"),
        (protected is None, "unknown"),
        (recipe is False, "no_recipe"),
        (drill == "unverified", "drill_unverified"),
        (drill == "never" and exists is not False, "never_drilled"),
        (drill == "old" and exists is not False, "drill_too_old"),
    ]
    return next((name for holds, name in lines if holds), "verified")


COMBINATIONS = list(product(DRILLS, (True, False, None), (True, False, None), (True, False, None)))


@pytest.mark.parametrize(("drill", "protected", "recipe", "exists"), COMBINATIONS)
def test_a_database_is_in_the_worst_state_that_holds_for_it(
    drill: str, protected: Any, recipe: Any, exists: Any
) -> None:
    found = state_of(row(drill, protected=protected, recipe=recipe, exists=exists))
    assert found.name == expected(drill, protected=protected, recipe=recipe, exists=exists)


@pytest.mark.parametrize(("drill", "protected", "recipe", "exists"), COMBINATIONS)
def test_only_a_protected_database_whose_newest_drill_did_not_fail_is_verified(
    drill: str, protected: Any, recipe: Any, exists: Any
) -> None:
    if state_of(row(drill, protected=protected, recipe=recipe, exists=exists)).verdict == "verified":
        assert protected is True
        assert drill not in ("failed", "unverified")
        assert recipe is not False


@pytest.mark.parametrize("state", STATES, ids=lambda one: str(one.name))
def test_one_database_in_a_bad_state_decides_the_verdict_on_all(state: Any) -> None:
    numbers = {"verified": 99, state.name: 1}
    assert verdict_of(numbers) == (state.verdict or "verified"), "what is set aside decides nothing"
    assert (words_of(numbers) == "all protected and verified") == (state.verdict == "verified")


@pytest.mark.parametrize(
    ("numbers", "silent", "verdict", "words"),
    [
        pytest.param({"verified": 4}, [], "verified", "all protected and verified", id="all is well"),
        pytest.param({}, [], "unverified", "no database was found", id="nothing to look at"),
        pytest.param({"verified": 4}, ["b"], "unverified", "1 site could not be looked at", id="a silent site"),
        pytest.param({}, ["a", "b"], "unverified", "2 sites could not be looked at", id="only silent sites"),
        pytest.param(
            {"drill_failed": 4}, [], "failed", "4 failed in the newest drill", id="protected, and every drill failed"
        ),
        pytest.param(
            {"never_drilled": 2, "unprotected": 1, "verified": 1},
            ["b"],
            "failed",
            "1 unprotected, 2 never drilled, 1 site could not be looked at",
            id="the worst comes first",
        ),
    ],
)
def test_each_verdict_has_its_words(numbers: Any, silent: Any, verdict: str, words: str) -> None:
    assert (verdict_of(numbers, silent), words_of(numbers, silent)) == (verdict, words)


def test_the_newest_drill_in_each_account_counts_in_whichever_region_it_was() -> None:
    older = {**(DRILLS["failed"] or {}), "started": "2026-11-01T00:00:00Z"}
    drills = {f"{DR}/{WEST}": {"last_drill": older}, f"{DR}/{EAST}": {"last_drill": DRILLS["verified"]}}
    assert state_of(row(drills=drills)).name == "verified"
    assert state_of(row(drills=drills, dr_accounts=[DR, STRANGER])).name == "never_drilled"
    drills[f"{STRANGER}/{EAST}"] = {"last_drill": DRILLS["failed"]}
    assert state_of(row(drills=drills)).name == "verified", "an account where it need not be"
    assert state_of(row(drills=drills, dr_accounts=[DR, STRANGER])).name == "drill_failed"


def test_each_finding_has_its_reason() -> None:
    found = findings(row("failed", protected=False, reason="production: nothing landed", recipe=False))
    assert {state.name: why for state, why in found.items()} == {
        "unprotected": "production: nothing landed",
        "no_recipe": f"it {NO_RECIPE}",
        "drill_failed": f"its newest drill in {DR}, 5 s ago (d1), failed",
    }
    assert list(findings(row("never")).values()) == [f"it was never drilled in {DR}"]
    assert list(findings(row("old")).values()) == [f"its newest drill in {DR}, 16 min 41 s ago (d1), is too old"]


def test_the_reason_is_only_what_is_as_bad_as_the_worst() -> None:
    nothing = {"protected": False, "reason": "nothing landed"}
    assert reason_of(row("never", **nothing)) == "nothing landed"
    assert reason_of(row("failed", **nothing)) == f"nothing landed; its newest drill in {DR}, 5 s ago (d1), failed"
    assert reason_of(row()) is None


def test_an_older_posture_is_judged_by_what_it_tells() -> None:
    assert state_of({"protected": True, "last_drill": DRILLS["verified"]}).name == "verified"
    assert state_of({"protected": True, "last_drill": DRILLS["failed"]}).name == "drill_failed"
    assert state_of({"protected": True}).name == "never_drilled"
    assert state_of({}).name == "unknown"


def test_every_state_is_counted_also_with_none_in_it() -> None:
    assert counts([row(), row("failed"), row("failed")]) == dict.fromkeys(BY_NAME, 0) | {
        "verified": 1,
        "drill_failed": 2,
    }
