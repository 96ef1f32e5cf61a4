# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.result import Report
from ansible_collections.lifeboat.rds.plugins.module_utils._module.total import Total

Row = dict[str, Any]


def step(status: str, *, changed: bool = False, reason: str = "", name: str | None = "a", **facts: Any) -> Row:
    one = {"database": "orders", "kind": "instance", "status": status, "changed": changed, "reason": reason, **facts}
    return one if name is None else one | {"name": name}


def result(*steps: Row, **more: Any) -> Row:
    """Build the result of a pass from its report."""
    report = Report(steps=list(steps))
    return report.as_result(**more)


def total(*results: Row) -> Row:
    merged = Total()
    for one in results:
        merged.add(one)
    return merged.as_result()


def test_one_pass_is_its_own_total() -> None:
    one = result(step("copying", changed=True), api_calls={"rds:CopyDBSnapshot": 1}, manifest={"points": []})
    assert total(one) == one


@pytest.mark.parametrize(
    ("passes", "changed"),
    [
        pytest.param([True, False, False], True, id="the first"),
        pytest.param([False, False, True], True, id="the last"),
        pytest.param([False, False], False, id="none"),
    ],
)
def test_changed_if_any_pass_changed_something(passes: list[bool], changed: bool) -> None:
    assert total(*({"changed": one} for one in passes))["changed"] is changed


def test_calls_are_added_up() -> None:
    first, second = {"api_calls": {"a": 1, "b": 2}}, {"api_calls": {"b": 3, "c": 4}}
    assert total(first, second)["api_calls"] == {"a": 1, "b": 5, "c": 4}


def test_the_latest_word_on_each_item_counts() -> None:
    merged = total(
        result(step("copying", name="a"), step("queued", name="b")),
        result(step("published", name="a", seconds=7)),
    )
    assert [(one["name"], one["status"], one.get("seconds")) for one in merged["steps"]] == [
        ("a", "published", 7),
        ("b", "queued", None),
    ]


def test_why_is_told_as_the_pass_said_that_acted() -> None:
    merged = total(
        result(step("copying", changed=True, reason="re-keyed")),
        result(step("copying", reason="copying, 40 %")),
        result(step("landed", reason="nothing to do", seconds=60)),
        result(step("landed", reason="nothing to do")),
    )
    assert merged["steps"] == [step("landed", changed=True, reason="re-keyed", seconds=60)]


def test_of_several_steps_with_an_item_each_says_why() -> None:
    merged = total(
        result(step("copying", changed=True, reason="re-keyed")),
        result(step("published", changed=True, reason="for the DR account")),
        result(step("published", reason="nothing to do")),
    )
    assert merged["steps"] == [step("published", changed=True, reason="re-keyed; for the DR account")]


def test_a_pass_that_stays_alone_keeps_all_its_steps() -> None:
    """A plan lists what is to be done with an item one after the other."""
    one = result(step("copying", changed=True), step("published", changed=True))
    assert total(one)["steps"] == one["steps"]


def test_why_something_failed_is_told_by_the_pass_that_saw_it() -> None:
    merged = total(result(step("copying", changed=True, reason="re-keyed")), result(step("failed", reason="broken")))
    assert (merged["steps"][0]["reason"], merged["failed"], merged["msg"]) == ("broken", True, "broken")


def test_an_item_that_failed_in_an_earlier_pass_and_stayed_so_fails_the_task() -> None:
    merged = total(
        result(step("failed", reason="no snapshot", name=None), step("copying", database="billing", name="b")),
        result(step("published", database="billing", name="b")),
    )
    assert (merged["failed"], merged["msg"]) == (True, "no snapshot")


def test_an_item_that_failed_first_and_succeeded_then_does_not_fail_the_task() -> None:
    merged = total(result(step("failed", reason="throttled")), result(step("published")))
    assert (merged.get("failed"), merged.get("msg")) == (None, None)


def test_a_database_that_had_no_snapshot_at_first_and_was_published_then_does_not_fail_the_task() -> None:
    """A step has a name only when there is something to name: a long wait outlasts a first backup."""
    merged = total(result(step("failed", reason="no snapshot yet", name=None)), result(step("published")))
    assert merged.get("failed") is None


def test_a_pass_that_crashed_fails_the_task_and_takes_nothing_back() -> None:
    first = result(step("copying", changed=True), api_calls={"a": 1})
    merged = total(first, {"failed": True, "msg": "Cannot list", "api_calls": {"a": 1}})
    assert (merged["failed"], merged["msg"], merged["changed"]) == (True, "Cannot list", True)
    assert (merged["steps"], merged["api_calls"]) == (first["steps"], {"a": 2})


def test_the_crash_of_a_pass_that_was_not_the_last_is_forgotten() -> None:
    assert "failed" not in total({"failed": True, "msg": "Cannot list"}, result(step("published")))


def test_what_only_a_full_pass_knows_outlasts_the_poll_passes() -> None:
    merged = total(result(manifest={"points": [1]}, refused=[2]), result())
    assert (merged["manifest"], merged["refused"]) == ({"points": [1]}, [2])


def test_the_last_full_pass_has_the_last_word_on_them() -> None:
    assert total(result(manifest=1), result(), result(manifest=2))["manifest"] == 2


def test_the_beginning_is_the_first_pass_and_the_difference_spans_all() -> None:
    first = {"began": "14:00", "now": "14:01", "diff": {"before": {"a": 1}, "after": {"a": 2}}}
    last = {"began": "14:30", "now": "14:31", "diff": {"before": {"a": 2, "b": 0}, "after": {"a": 3, "b": 1}}}
    diff = {"before": {"a": 1, "b": 0}, "after": {"a": 3, "b": 1}}
    assert total(first, last) == {"began": "14:00", "now": "14:31", "diff": diff, "changed": False, "api_calls": {}}


def test_the_same_name_of_another_kind_is_another_item() -> None:
    merged = total(result(step("deleted", kind="cluster")), result(step("deleting", kind="instance")))
    assert [one["kind"] for one in merged["steps"]] == ["cluster", "instance"]


def test_passwords_of_all_passes_are_kept() -> None:
    assert total(result(credentials={"a": "x"}), result(credentials={}))["credentials"] == {"a": "x"}


def test_a_warning_of_any_pass_is_given_once() -> None:
    """Poll passes have none: that must not take back those of the full pass before them."""
    passes = [
        {"warnings": ["not adopted"]},
        {"warnings": []},
        {"warnings": ["not adopted", "another"]},
        {"warnings": []},
    ]
    assert total(*passes)["warnings"] == ["not adopted", "another"]


def test_what_is_in_flight_is_what_the_last_pass_left() -> None:
    merged = total(result() | {"resume": [1, 2]}, result() | {"resume": [2]}, result())
    assert merged["resume"] == []
