# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.lifeboat.rds.plugins.module_utils._core.result import Report


def test_an_empty_report_changed_nothing_and_failed_nowhere() -> None:
    assert Report().as_result() == {
        "changed": False,
        "steps": [],
        "in_flight": [],
        "resume": [],
        "diff": {"before": {}, "after": {}},
        "warnings": [],
    }


def test_two_reports_share_nothing() -> None:
    Report().step("copying", reason="")
    assert Report().steps == []


def test_a_step_says_what_became_of_an_item_and_why_and_nothing_that_is_not_known() -> None:
    report = Report()
    report.step("published", reason="shared", changed=True, name="a", seconds=None)
    assert report.steps == [{"name": "a", "status": "published", "changed": True, "reason": "shared"}]


def test_one_failed_item_fails_the_module_after_all_had_their_turn() -> None:
    report = Report()
    report.step("failed", reason="First.", name="a")
    report.step("published", reason="done", changed=True, name="b")
    report.step("failed", reason="Second.", name="c")
    result = report.as_result()
    assert (result["failed"], result["msg"], result["changed"]) == (True, "First. Second.", True)
    assert len(result["steps"]) == 3


def test_an_unprotected_database_that_was_accepted_does_not_fail_the_module() -> None:
    report = Report()
    report.step("unprotected", reason="no snapshot", name="a")
    assert "failed" not in report.as_result()


def test_what_waits_is_shown_to_people_and_left_for_the_next_pass() -> None:
    report = Report()
    report.wait_for({"name": "a", "started": None}, name="a", status="queued", percent=None)
    result = report.as_result()
    assert (result["resume"], result["in_flight"]) == (
        [{"name": "a", "started": None}],
        [{"name": "a", "status": "queued"}],
    )


def test_the_difference_shows_each_item_before_and_after() -> None:
    report = Report()
    report.change("a", None, {"copy_of": "b"})
    report.change("c", "shared", "landed")
    assert report.as_result()["diff"] == {
        "before": {"a": None, "c": "shared"},
        "after": {"a": {"copy_of": "b"}, "c": "landed"},
    }


def test_a_module_adds_what_it_alone_returns() -> None:
    assert Report().as_result(drill_id="d1")["drill_id"] == "d1"
