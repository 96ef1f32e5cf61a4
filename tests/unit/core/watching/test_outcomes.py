# SPDX-License-Identifier: GPL-3.0-or-later
"""How steps ended: a failure stays until the step succeeds."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.outcomes import (
    after_failure,
    after_plan,
    after_posture,
    after_result,
    after_verdict,
    deleted_by,
    failure_of,
    failures_of,
    manifests_of,
    plan_lines,
    succeeded,
    summary_of,
    verdict_of,
    without,
)

FAILED = {
    "failed": True,
    "msg": "Cannot publish orders.",
    "steps": [{"database": "orders"}],
    "manifest": {"points": []},
}
DONE = {"changed": True, "steps": [], "manifest": {"points": ["one"]}, "api_calls": {"CopyDBSnapshot": 1}}


def test_a_result_that_failed_keeps_its_steps_and_its_manifest() -> None:
    outcome = after_result({}, "publish", FAILED)["publish"]
    partial = {"partial": False}
    assert outcome == partial | {
        "failed": True,
        "why": FAILED["msg"],
        "steps": FAILED["steps"],
        "manifest": FAILED["manifest"],
    }


A, B = ({"status": "failed", "reason": reason} for reason in ("Cannot copy a.", "Cannot copy b."))
C = {"status": "landed", "reason": "it is here"}


@pytest.mark.parametrize(
    ("result", "why"),
    [
        pytest.param({"steps": [C]}, "", id="nothing failed"),
        pytest.param(
            {"steps": [A, C, B], "msg": "Cannot copy a. Cannot copy b."}, "Cannot copy a.\nCannot copy b.", id="two"
        ),
        pytest.param({"steps": [A, A, C], "msg": "Cannot copy a."}, "Cannot copy a.", id="one reason of two items"),
        pytest.param(
            {"steps": [A], "msg": "Too much. Cannot copy a."}, "Too much. Cannot copy a.", id="more than items"
        ),
        pytest.param({"steps": [C], "msg": "The network is gone."}, "The network is gone.", id="after the items"),
        pytest.param({"msg": "Cannot use the prefix.", "failed": True}, "", id="before any item"),
    ],
)
def test_why_items_failed_is_a_line_each_also_when_the_task_itself_passed(result: dict[str, Any], why: str) -> None:
    assert failure_of(result) == why
    outcome = after_result({}, "publish", {**result, "failed": result.get("failed", False)})["publish"]
    assert (outcome["failed"], outcome["why"]) == (bool(result.get("msg")), why or result.get("msg", ""))


def test_a_result_keeps_only_what_later_steps_need() -> None:
    assert "api_calls" not in after_result({}, "publish", DONE)["publish"]


def test_a_later_success_clears_an_earlier_failure() -> None:
    outcomes = after_result(after_result({}, "publish", FAILED), "publish", DONE)
    assert (failures_of(outcomes), outcomes["publish"]["manifest"]) == ([], DONE["manifest"])


def test_a_success_clears_no_failure_of_another_step() -> None:
    outcomes = after_result(after_result({}, "publish", FAILED), "replicate", DONE)
    assert failures_of(outcomes) == [FAILED["msg"]]


def test_what_a_step_recorded_stays_when_its_play_records_the_same_failure() -> None:
    recorded = after_result({}, "publish", FAILED)
    assert after_failure(recorded, "publish", FAILED) == recorded


def test_a_failure_after_the_module_counts_and_what_the_module_did_stays() -> None:
    outcome = after_failure(after_result({}, "reap", DONE), "reap", {"msg": "Something is left."})["reap"]
    assert (outcome["failed"], outcome["why"], outcome["steps"]) == (True, "Something is left.", [])


def test_a_failure_without_a_reason_is_one_all_the_same() -> None:
    assert failures_of(after_failure({}, "prune", {})) == ["it failed without a reason."]


def test_a_verdict_that_is_not_verified_is_a_failure() -> None:
    outcomes = after_verdict({}, "drill", {"verdict": "unverified"})
    assert failures_of(outcomes) == ["The drill ended unverified."]


def test_a_missing_verdict_is_not_a_verified_one() -> None:
    assert failures_of(after_verdict({}, "recover", {})) == ["The recovery ended unverified."]


def test_a_verified_drill_fails_nothing() -> None:
    assert failures_of(after_verdict({}, "drill", {"verdict": "verified"}, [""])) == []


def test_what_went_wrong_beside_a_verdict_is_a_failure() -> None:
    outcomes = after_verdict({}, "drill", {"verdict": "verified"}, ["no mark"])
    assert failures_of(outcomes) == ["no mark."]


def test_those_who_are_told_the_verdict_are_told_only_what_is_beside_it() -> None:
    outcomes = after_verdict({}, "drill", {"verdict": "failed"}, ["No mark."])
    assert failures_of(outcomes, beside_verdicts=True) == ["No mark."]
    assert failures_of(outcomes) == ["No mark. The drill ended failed."]


def test_a_verdict_alone_is_not_told_twice() -> None:
    assert failures_of(after_verdict({}, "drill", {"verdict": "failed"}), beside_verdicts=True) == []


def test_a_plan_has_no_verdict_and_fails_by_its_problems() -> None:
    assert failures_of(after_verdict({}, "drill", {"verdict": "unverified"}, planned=True)) == []
    assert failures_of(after_verdict({}, "drill", {}, ["No network."], planned=True)) == ["No network."]


def test_a_failure_after_a_verdict_is_told_beside_it() -> None:
    recovered = after_verdict({}, "recover", {"verdict": "verified"}, endpoints=["orders"])
    outcomes = after_failure(recovered, "recover", {"msg": "The hook failed."})
    assert (outcomes["recover"]["endpoints"], verdict_of(outcomes)) == (["orders"], "verified")
    assert failures_of(outcomes, beside_verdicts=True) == ["The hook failed."]


def test_a_step_that_begins_anew_has_nothing_of_before() -> None:
    before = after_verdict({}, "drill", {"verdict": "verified"})
    assert verdict_of(after_failure(without(before, "drill", "plan"), "drill", {"msg": "Bad checks."})) == "unverified"


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ({}, "unverified"),
        ({"drill": "verified"}, "verified"),
        ({"drill": "verified", "recover": "failed"}, "failed"),
        ({"drill": "unverified", "recover": "verified"}, "unverified"),
        ({"drill": "unverified", "recover": "failed"}, "failed"),
        ({"drill": "failed", "recover": "unverified"}, "failed"),
    ],
    ids=["none", "one", "the recovery failed", "the drill is unverified", "failed is worse", "in any order"],
)
def test_the_verdict_of_a_run_is_that_of_all_its_drills_and_recoveries(verdicts: dict[str, str], whole: str) -> None:
    outcomes: dict[str, Any] = {}
    for step, verdict in verdicts.items():
        outcomes = after_verdict(outcomes, step, {"verdict": verdict})
    assert verdict_of(outcomes) == whole


def test_a_plan_with_problems_fails_nothing_by_itself() -> None:
    steps = [{"status": "failed", "reason": "No quota."}, {"status": "would_restore", "reason": ""}]
    outcomes = after_plan({}, {"steps": steps, "began": "now", "failed": True, "msg": "No quota."})
    assert (outcomes["plan"]["problems"], outcomes["plan"]["steps"]) == (["No quota."], steps)
    assert failures_of(outcomes) == []


ASIDE_STATES = ("excluded", "replica", "replica", "unprotected")


def step(database: str, status: str = "published", *, changed: bool = True) -> dict[str, Any]:
    return {"database": database, "status": status, "changed": changed}


@pytest.mark.parametrize(
    ("publish", "prune", "line"),
    [
        ([step("orders"), step("billing")], [step("orders", changed=False)], "2 databases, 2 changes"),
        ([step("orders", changed=False)], [], "1 databases, nothing to do"),
        ([], [step("orders", "would_delete", changed=False)], "1 databases, 0 changes, 1 planned"),
        ([], [], ""),
        (
            [
                step("orders"),
                *(step(name, status, changed=False) for name, status in zip("abcd", ASIDE_STATES, strict=True)),
            ],
            [],
            "2 databases, 1 changes, 1 excluded, 2 replicas, 1 accepted without a recovery point",
        ),
    ],
    ids=["changes", "nothing to do", "planned", "nothing looked at", "set aside"],
)
def test_the_summary_counts_each_database_once(publish: Any, prune: Any, line: str) -> None:
    outcomes = after_result(after_result({}, "publish", {"steps": publish}), "prune", {"steps": prune})
    assert summary_of(outcomes) == line


WHERE = "account 222222222222, us-east-1"


def test_the_summary_says_what_was_deleted_and_each_name_follows() -> None:
    gone = step("orders", "deleted") | {"name": "point", "reason": "it is old"}
    outcomes = after_result({}, "prune", {"steps": [gone, step("billing", "kept", changed=False)]}, where=WHERE)
    said = f"Deleted 1 recovery point of 1 database in {WHERE}: it is old."
    assert summary_of(outcomes) == f"2 databases, 1 changes. {said}"
    assert deleted_by(outcomes, "prune") == [said, "point: it is old"]
    assert deleted_by(outcomes, "reap") == []


def test_what_the_reaper_deleted_is_told_beside_what_prune_did() -> None:
    outcomes = after_result(
        {}, "prune", {"steps": [step("orders", "deleted") | {"name": "point", "reason": "old"}]}, where=WHERE
    )
    reaped = {"kind": "instance", "name": "d1-orders", "status": "deleting", "changed": True, "reason": "it expired"}
    outcomes = after_result(outcomes, "reap", {"steps": [reaped]}, where=WHERE)
    assert summary_of(outcomes) == (
        f"1 databases, 2 changes. Deleted 1 recovery point of 1 database in {WHERE}: old. "
        f"Deleted 1 restored database in {WHERE}: it expired."
    )


def test_only_a_pass_that_did_all_leaves_a_heartbeat() -> None:
    outcomes = after_result({}, "publish", DONE, partial=True)
    outcomes = after_result(after_result(outcomes, "replicate", FAILED), "prune", DONE)
    assert succeeded(after_result(outcomes, "on_event", {"databases": []})) == ["prune"]


def site(account: str, **outcomes: Any) -> dict[str, Any]:
    return {"lifeboat_outcomes": after_result({}, "replicate", {"manifest": {"account": account}, **outcomes})}


def test_manifests_are_those_of_the_sites_that_left_one_and_of_the_accounts_that_count() -> None:
    sites = [
        site("1"),
        {"inventory_hostname": "outside"},
        site("2", failed=True, msg="one copy"),
        site("3", manifest=None),
    ]
    assert [one["account"] for one in manifests_of(sites, "replicate")] == ["1", "2"]
    assert [one["account"] for one in manifests_of(sites, "replicate", [2])] == ["2"]
    assert manifests_of(sites, "publish") == []


def test_a_plan_of_prune_has_a_line_for_what_would_go() -> None:
    steps = [step("orders", "would_delete") | {"name": "point", "reason": "it is old"}, step("orders", "kept")]
    assert plan_lines(steps) == ["point: would_delete: it is old"]


POSTURE = {"verdict": "unverified", "words": "2 never drilled", "time": "2026-11-23T14:00:00Z", "databases": []}


@pytest.mark.parametrize(
    ("verdict", "fail_on", "failed"),
    [
        ("failed", "failed", True),
        ("failed", "unverified", True),
        ("failed", "never", False),
        ("unverified", "failed", False),
        ("unverified", "unverified", True),
        ("verified", "unverified", False),
    ],
)
def test_a_posture_fails_from_the_verdict_on_that_the_user_chose(verdict: str, fail_on: str, *, failed: bool) -> None:
    outcome = after_posture({}, POSTURE | {"verdict": verdict}, fail_on)["posture"]
    why = f"The posture is {verdict}: 2 never drilled." if failed else ""
    assert (outcome["failed"], outcome["why"]) == (failed, why)
    assert (outcome["beside"], "databases" in outcome["posture"]) == ("", False)


def test_a_posture_that_could_not_be_written_is_a_failure_beside_its_verdict() -> None:
    outcomes = after_posture({}, {}, "never", "Cannot write the evidence")
    assert failures_of(outcomes, beside_verdicts=True) == failures_of(outcomes) == ["Cannot write the evidence."]
    assert after_failure(outcomes, "posture", {"msg": "Cannot write the evidence."}) == outcomes


def test_what_cannot_be_looked_at_is_in_the_way_of_a_drill_and_a_warning_of_a_recovery() -> None:
    unready = [{"name": name, "reason": "No PyMySQL."} for name in ("orders", "billing")]
    planned = {"steps": [], "warnings": ["An old class."]}
    assert after_plan({}, planned, unready)["plan"]["problems"] == ["No PyMySQL."]
    recovery = after_plan({}, planned, unready, purpose="recovery")["plan"]
    assert (recovery["problems"], recovery["warnings"]) == ([], ["An old class.", "No PyMySQL."])
