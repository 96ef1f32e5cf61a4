# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcomes of steps: a failure stays until the same step succeeds."""

from __future__ import annotations

from ansible_collections.lifeboat.rds.plugins.filter.outcomes import (
    record_failure,
    record_result,
    record_verdict,
    run_failures,
)

FAILED = {
    "failed": True,
    "msg": "Cannot publish orders.",
    "steps": [{"database": "orders"}],
    "manifest": {"points": []},
}
DONE = {"changed": True, "steps": [], "manifest": {"points": ["one"]}, "api_calls": {"CopyDBSnapshot": 1}}


def test_a_result_that_failed_keeps_its_steps_and_its_manifest() -> None:
    outcome = record_result({}, "publish", FAILED)["publish"]
    assert outcome == {"failed": True, "why": FAILED["msg"], "steps": FAILED["steps"], "manifest": FAILED["manifest"]}


def test_a_result_keeps_only_what_later_steps_need() -> None:
    assert "api_calls" not in record_result({}, "publish", DONE)["publish"]


def test_a_later_success_clears_an_earlier_failure() -> None:
    outcomes = record_result(record_result({}, "publish", FAILED), "publish", DONE)
    assert (run_failures(outcomes), outcomes["publish"]["manifest"]) == ([], DONE["manifest"])


def test_a_success_clears_no_failure_of_another_step() -> None:
    outcomes = record_result(record_result({}, "publish", FAILED), "replicate", DONE)
    assert run_failures(outcomes) == [FAILED["msg"]]


def test_what_a_step_recorded_stays_when_its_play_records_the_same_failure() -> None:
    recorded = record_result({}, "publish", FAILED)
    assert record_failure(recorded, "publish", FAILED) == recorded


def test_a_failure_after_the_module_counts_and_what_the_module_did_stays() -> None:
    outcome = record_failure(record_result({}, "reap", DONE), "reap", {"msg": "Something is left."})["reap"]
    assert (outcome["failed"], outcome["why"], outcome["steps"]) == (True, "Something is left.", [])


def test_a_failure_without_a_reason_is_one_all_the_same() -> None:
    assert run_failures(record_failure({}, "prune", {})) == ["it failed without a reason"]


def test_a_verdict_that_is_not_verified_is_a_failure() -> None:
    outcomes = record_verdict({}, "drill", {"verdict": "unverified"})
    assert run_failures(outcomes) == ["The drill ended unverified."]


def test_a_missing_verdict_is_not_a_verified_one() -> None:
    assert run_failures(record_verdict({}, "recover", {})) == ["The recovery ended unverified."]


def test_a_verified_drill_fails_nothing() -> None:
    assert run_failures(record_verdict({}, "drill", {"verdict": "verified"}, [""])) == []


def test_what_went_wrong_beside_a_verdict_is_a_failure() -> None:
    outcomes = record_verdict({}, "drill", {"verdict": "verified"}, ["no mark"])
    assert run_failures(outcomes) == ["no mark."]


def test_those_who_are_told_the_verdict_are_told_only_what_is_beside_it() -> None:
    outcomes = record_verdict({}, "drill", {"verdict": "failed"}, ["No mark."])
    assert run_failures(outcomes, beside_verdicts=True) == ["No mark."]
    assert run_failures(outcomes) == ["No mark. The drill ended failed."]


def test_a_verdict_alone_is_not_told_twice() -> None:
    assert run_failures(record_verdict({}, "drill", {"verdict": "failed"}), beside_verdicts=True) == []


def test_a_plan_has_no_verdict_and_fails_by_its_problems() -> None:
    assert run_failures(record_verdict({}, "drill", {"verdict": "unverified"}, planned=True)) == []
    assert run_failures(record_verdict({}, "drill", {}, ["No network."], planned=True)) == ["No network."]


def test_a_drill_that_could_not_begin_again_has_no_verdict_of_before() -> None:
    before = record_verdict({}, "drill", {"verdict": "verified"})
    assert "verdict" not in record_failure(before, "drill", {"msg": "Bad checks."})["drill"]
