# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.lifeboat.rds.plugins.plugin_utils import passes
from ansible_collections.lifeboat.rds.plugins.plugin_utils.passes import (
    STARTING,
    ControllerClock,
    PassesAction,
    repeat_passes,
)
from tests.builders import FakeClock

Row = dict[str, Any]

MODULES = Path(__file__).parents[3] / "plugins" / "modules"


def one_pass(*items: Row, interval: int = 15, timeout: int = 600, wait: bool = True, **more: Any) -> Row:
    """Build the result of a module. Items that are not done are in flight."""
    left = [one for one in items if one["status"] in ("copying", "queued")]
    return {
        "changed": False,
        "steps": [{"changed": False, "reason": one["status"], **one} for one in items],
        "in_flight": [dict(one) for one in left],
        "resume": [{"name": one["name"]} for one in left],
        "waiting": {"wait": wait, "wait_timeout": timeout, "poll_interval": interval},
        **more,
    }


def item(name: str, status: str, **more: Any) -> Row:
    return {"name": name, "status": status, **more}


class Repeat:
    """Runs the wait loop over scripted passes. The last pass is repeated."""

    def __init__(self, *results: Row) -> None:
        self._results = list(results)
        self.clock = FakeClock()
        self.told: list[Row] = []
        self.shown: list[str] = []

    def __call__(self) -> Row:
        return repeat_passes(self._pass, self.clock, self.shown.append, site="production")

    @property
    def resumed(self) -> list[Any]:
        return [one.get("resume") for one in self.told]

    def _pass(self, told: Row) -> Row:
        self.told.append(told)
        self.clock.seconds += STARTING if told else 0
        return self._results.pop(0) if len(self._results) > 1 else self._results[0]


COPYING, DONE = one_pass(item("a", "copying")), one_pass(item("a", "landed"))


# -- when to go on ----------------------------------------------------------------------------------------------------


def test_one_pass_is_enough_when_nothing_is_in_flight() -> None:
    repeat = Repeat(DONE)
    repeat()
    assert (repeat.resumed, repeat.clock.slept, repeat.shown) == ([None], [], [])


def test_passes_are_repeated_at_the_interval_until_nothing_is_in_flight() -> None:
    repeat = Repeat(COPYING, COPYING, DONE)
    repeat()
    assert (len(repeat.resumed), repeat.clock.slept) == (3, [14, 14]), "a process needs a second until it looks"


def test_each_pass_gets_what_the_last_one_left() -> None:
    both = one_pass(item("a", "copying"), item("b", "queued"))
    repeat = Repeat(both, COPYING, DONE)
    repeat()
    assert repeat.resumed == [None, [{"name": "a"}, {"name": "b"}], [{"name": "a"}]]


def test_a_task_that_does_not_want_to_wait_takes_one_pass_and_says_what_is_in_flight() -> None:
    repeat = Repeat(one_pass(item("a", "copying"), wait=False))
    result = repeat()
    assert (len(repeat.resumed), result["in_flight"]) == (1, [item("a", "copying")])


def test_no_pass_lingers_longer_than_the_task_may_take() -> None:
    repeat = Repeat(one_pass(item("a", "copying"), timeout=30))
    repeat()
    assert [one.get("wait_timeout") for one in repeat.told] == [None, 16, 1]


def test_a_timeout_leaves_things_in_flight_and_is_not_an_error() -> None:
    repeat = Repeat(one_pass(item("a", "copying"), timeout=60))
    result = repeat()
    assert repeat.clock.seconds == 60
    assert (result.get("failed"), result["in_flight"]) == (None, [item("a", "copying")])


def test_an_item_that_failed_does_not_stop_the_others_and_fails_the_task_last() -> None:
    broken = item("b", "failed", reason="b broke")
    first = one_pass(item("a", "copying"), broken, failed=True, msg="b broke")
    repeat = Repeat(first, DONE)
    result = repeat()
    assert len(repeat.resumed) == 2
    assert [(one["name"], one["status"]) for one in result["steps"]] == [("a", "landed"), ("b", "failed")]
    assert (result["failed"], result["msg"]) == (True, "b broke")


def test_the_crash_of_a_pass_ends_the_loop_and_keeps_what_was_done() -> None:
    started = one_pass(item("a", "copying", changed=True), changed=True, api_calls={"x": 1})
    repeat = Repeat(started, {"failed": True, "msg": "MODULE FAILURE", "api_calls": {"x": 1}})
    result = repeat()
    assert len(repeat.resumed) == 2
    assert (result["failed"], result["msg"], result["changed"]) == (True, "MODULE FAILURE", True)
    assert (result["api_calls"], len(result["steps"]), len(result["in_flight"])) == ({"x": 2}, 1, 1)


def test_a_first_pass_that_crashes_is_the_result() -> None:
    crash = {"failed": True, "msg": "Cannot use the prefix"}
    result = Repeat(crash)()
    assert (result["failed"], result["msg"], result["changed"]) == (True, "Cannot use the prefix", False)


def test_passes_are_merged_to_one_result_without_what_is_between_them_only() -> None:
    started = one_pass(item("a", "copying", changed=True, reason="re-keyed"), changed=True, api_calls={"x": 1, "y": 1})
    result = Repeat(started, DONE | {"api_calls": {"x": 1}, "invocation": {}})()
    assert (result["changed"], result["api_calls"]) == (True, {"x": 2, "y": 1})
    assert result["steps"] == [item("a", "landed", changed=True, reason="re-keyed")]
    assert not {"resume", "waiting", "invocation"} & set(result)


# -- progress ---------------------------------------------------------------------------------------------------------


def test_what_is_in_flight_is_shown_at_once() -> None:
    repeat = Repeat(one_pass(item("a", "copying", percent=31), item("b", "landed")), DONE)
    repeat()
    assert repeat.shown == ["[production] 1 of 2 done · 1 copying 31 % · 0 s of 10 min"]


def test_a_line_is_shown_when_something_changed_and_never_twice() -> None:
    passes = [one_pass(item("a", "copying", percent=percent)) for percent in (10, 10, 20, 20, 20)]
    repeat = Repeat(*passes, DONE)
    repeat()
    assert repeat.shown == [
        "[production] 0 of 1 done · 1 copying 10 % · 0 s of 10 min",
        "[production] 0 of 1 done · 1 copying 20 % · 30 s of 10 min",
    ]


def test_without_a_change_a_line_is_shown_each_minute() -> None:
    repeat = Repeat(*[COPYING] * 12, DONE)
    repeat()
    times = [line.rpartition(" · ")[2] for line in repeat.shown]
    assert times == ["0 s of 10 min", "60 s of 10 min", "2 min of 10 min"]


def test_the_time_is_told_of_all_that_the_task_may_wait_not_of_what_is_left() -> None:
    timeouts = (600, 586, 571)  # as the module repeats what each pass was told
    repeat = Repeat(*(one_pass(item("a", "copying", percent=n), timeout=n) for n in timeouts), DONE)
    repeat()
    assert [line.rpartition(" · ")[2] for line in repeat.shown] == ["0 s of 10 min", "15 s of 10 min", "30 s of 10 min"]


def test_a_minute_counts_from_the_last_line() -> None:
    changed = one_pass(item("a", "copying", percent=1))
    repeat = Repeat(*[COPYING] * 3, *[changed] * 6, DONE)
    repeat()
    assert [line.rpartition(" · ")[2] for line in repeat.shown] == [
        "0 s of 10 min",
        "45 s of 10 min",
        "105 s of 10 min",
    ]


# -- the clock --------------------------------------------------------------------------------------------------------


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record how long the clock slept each time, without sleeping."""
    slept: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: sum(slept))
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def test_a_sleep_takes_as_long_as_asked_in_pieces_of_a_second(sleeps: list[float]) -> None:
    ControllerClock().sleep(2.5)
    assert sleeps == [1.0, 1.0, 0.5]


def test_a_sleep_ends_within_a_second_once_the_parent_is_gone(
    sleeps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, parent = ControllerClock(), os.getppid()
    monkeypatch.setattr(os, "getppid", lambda: parent if sum(sleeps) < 3 else 1)
    with pytest.raises(AnsibleActionFail, match="the ansible-playbook process that started this task is gone"):
        clock.sleep(600)
    assert sum(sleeps) == 3


def test_no_sleep_is_none(sleeps: list[float]) -> None:
    ControllerClock().sleep(0)
    assert sleeps == []


def test_no_pass_begins_once_the_parent_is_gone_also_without_a_sleep_before_it(
    sleeps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ControllerClock()
    monkeypatch.setattr(os, "getppid", lambda: 1)
    with pytest.raises(AnsibleActionFail):
        clock.sleep(0)


# -- the action -------------------------------------------------------------------------------------------------------


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Row, list[Row], list[str]]]:
    """Run the action over scripted passes.

    Returns its result, the arguments of each pass, and the lines that were shown.
    """

    def act(
        *results: Row, no_log: bool = False, planned: bool = False, failed_when: Sequence[str] = ()
    ) -> tuple[Row, list[Row], list[str]]:
        script, asked, shown = list(results), [], []

        def execute(module_args: Row, task_vars: Row) -> Row:
            asked.append(module_args)
            return script.pop(0)

        def display(line: str, *, stderr: bool) -> None:
            assert stderr, "on stdout it would break the callbacks that print JSON"
            shown.append(line)

        monkeypatch.setattr(passes, "Display", lambda: SimpleNamespace(display=display))
        monkeypatch.setattr(passes, "ControllerClock", FakeClock)
        monkeypatch.setattr(passes.ActionBase, "run", lambda *_arguments: {})
        action = PassesAction.__new__(PassesAction)
        known = {"no_log": no_log, "check_mode": planned, "diff": planned, "failed_when": failed_when}
        action._task = SimpleNamespace(args={"prefix": "lifeboat"}, **known)
        action._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        monkeypatch.setattr(action, "_execute_module", execute)
        return action.run(task_vars={"inventory_hostname": "production"}), asked, shown

    return act


def test_the_module_gets_the_tasks_arguments_and_what_the_last_pass_left(act: Any) -> None:
    _result, asked, _shown = act(COPYING, DONE)
    assert asked == [{"prefix": "lifeboat"}, {"prefix": "lifeboat", "resume": [{"name": "a"}], "wait_timeout": 586}]


def test_progress_names_the_host(act: Any) -> None:
    _result, _asked, shown = act(COPYING, DONE)
    assert shown == ["[production] 0 of 1 done · 1 copying · 0 s of 10 min"]


def test_nothing_is_shown_of_a_task_that_must_not_be_logged(act: Any) -> None:
    _result, _asked, shown = act(COPYING, DONE, no_log=True)
    assert shown == []


@pytest.mark.parametrize(("failed", "planned"), [(True, True), (True, False), (False, True)])
def test_a_plan_is_shown_also_when_an_item_in_it_fails(act: Any, failed: bool, planned: bool) -> None:
    """Ansible itself shows the diff of a task only if that did not fail."""
    diff = {"before": {"copy": None}, "after": {"copy": {"region": "us-east-1"}}}
    _result, _asked, shown = act({**DONE, "diff": diff, **({"failed": True} if failed else {})}, planned=planned)
    assert ['+        "region": "us-east-1"' in text for text in shown] == ([True] if failed and planned else [])


def test_a_plan_that_ansible_shows_since_the_role_lets_the_task_pass_is_not_shown_twice(act: Any) -> None:
    diff = {"before": {"copy": None}, "after": {"copy": {}}}
    _result, _asked, shown = act({**DONE, "diff": diff, "failed": True}, planned=True, failed_when=["never"])
    assert shown == []


def test_a_module_that_never_waits_runs_once(act: Any) -> None:
    alone = {"changed": True, "steps": [], "failed": True, "msg": "no", "diff": {"before": {}, "after": {"a": 1}}}
    result, asked, shown = act(alone, planned=True)
    assert (result["msg"], len(asked), '+    "a": 1' in shown[0]) == ("no", 1, True)


def test_a_task_in_the_background_is_refused_and_check_mode_is_not() -> None:
    assert (PassesAction._supports_async, PassesAction._supports_check_mode) == (False, True)


@pytest.mark.parametrize("name", sorted(path.stem for path in MODULES.glob("*.py") if "**WAITING" in path.read_text()))
def test_every_module_that_waits_has_the_action_that_repeats_it(name: str) -> None:
    action = importlib.import_module(f"ansible_collections.lifeboat.rds.plugins.action.{name}")
    assert issubclass(action.ActionModule, PassesAction)
