# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._module import entry
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import WAITING
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import (
    ModuleClock,
    Pace,
    linger,
    read_pace,
    run_module,
)
from tests.builders import NOW, SOURCE, WEST, FakeClock
from tests.modules import answer_of

Row = dict[str, Any]


# -- several passes in one process ------------------------------------------------------------------------------------


class Script:
    """Passes that leave so many items in flight, one after the other."""

    def __init__(self, *left: int) -> None:
        self._left = list(left)
        self.resumed: list[Any] = []

    def __call__(self, resume: list[Row] | None) -> Row:
        self.resumed.append(resume)
        left = self._left.pop(0)
        return {"resume": [{"n": number} for number in range(left)], "api_calls": {"rds:Look": 1}, "changed": False}


def waiting(**changes: Any) -> Pace:
    return read_pace({"wait": True, "wait_timeout": 600, "poll_interval": 2, "resume": None, **changes})


def kinds(script: Script) -> list[str]:
    return ["full" if one is None else f"poll {len(one)}" for one in script.resumed]


def test_a_pass_that_leaves_nothing_is_the_only_one() -> None:
    script, clock = Script(0), FakeClock()
    linger(script, waiting(), clock, last_full_pass=True)
    assert (kinds(script), clock.slept) == (["full"], [])


def test_what_a_pass_leaves_is_looked_at_again_and_a_full_pass_comes_last() -> None:
    script, clock = Script(2, 1, 0, 0), FakeClock()
    result = linger(script, waiting(), clock, last_full_pass=True)
    assert (kinds(script), clock.slept) == (["full", "poll 2", "poll 1", "full"], [2, 2])
    assert result["api_calls"] == {"rds:Look": 4}


def test_a_look_is_due_an_interval_after_the_last_copy_was_started_whatever_else_a_pass_does() -> None:
    clock = FakeClock()
    left = [[{"n": 0}], [{"n": 0}], []]

    def one_pass(_resume: Any) -> Row:
        clock.sleep(3)  # what it takes to share what is available
        return {"resume": left.pop(0), "changed": False}

    linger(one_pass, waiting(poll_interval=4), clock, lambda: 1.0, last_full_pass=False)
    assert clock.slept == [3, 2, 3, 1, 3], "a second after the start of the first pass, and then from each look's own"


def test_some_modules_must_not_take_a_full_pass_again() -> None:
    script = Script(1, 0)
    linger(script, waiting(), FakeClock(), last_full_pass=False)
    assert kinds(script) == ["full", "poll 1"]


def test_a_pass_that_goes_on_for_the_task_starts_from_what_it_was_given() -> None:
    script = Script(0, 0)
    linger(script, waiting(resume=[{"n": 0}]), FakeClock(), last_full_pass=True)
    assert kinds(script) == ["poll 1", "full"]


@pytest.mark.parametrize(("resume", "longest"), [(None, 10), ([{"n": 0}], 60)], ids=["soon", "then every minute"])
def test_progress_can_be_shown_before_the_process_would_be_missed(resume: list[Row] | None, longest: int) -> None:
    script, clock = Script(*[1] * 99), FakeClock()
    result = linger(script, waiting(resume=resume), clock, last_full_pass=True)
    assert (longest - 3 < clock.seconds < longest) and len(result["resume"]) == 1


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"poll_interval": 15}, id="looks are wanted more seldom"),
        pytest.param({"poll_interval": 10}, id="looks are wanted as seldom as progress"),
        pytest.param({"wait": False}, id="waiting is not wanted"),
    ],
)
def test_one_pass_is_enough_where_another_process_takes_the_next(options: Row) -> None:
    script, clock = Script(1), FakeClock()
    linger(script, waiting(**options), clock, last_full_pass=True)
    assert (kinds(script), clock.slept) == (["full"], [])


@pytest.mark.parametrize("timeout", [0, 3], ids=["none", "three seconds"])
def test_nobody_waits_longer_than_the_timeout(timeout: int) -> None:
    script, clock = Script(*[1] * 99), FakeClock()
    linger(script, waiting(poll_interval=1, wait_timeout=timeout), clock, last_full_pass=True)
    assert clock.seconds <= timeout


def test_a_module_that_never_waits_takes_one_pass() -> None:
    script = Script(0)
    linger(script, Pace(), FakeClock(), last_full_pass=True)
    assert kinds(script) == ["full"]


def test_nobody_goes_on_once_the_result_has_no_reader() -> None:
    script, clock = Script(1, 1, 1, 1), FakeClock(orphaned_after=3)
    linger(script, waiting(), clock, last_full_pass=True)
    assert kinds(script) == ["full", "poll 1"]


def test_what_the_last_full_pass_starts_is_left_for_the_next_process() -> None:
    script = Script(1, 0, 3)
    result = linger(script, waiting(), FakeClock(), last_full_pass=True)
    assert (kinds(script), len(result["resume"])) == (["full", "poll 1", "full"], 3)


def test_the_parent_of_a_process_may_go(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ModuleClock()
    assert not clock.is_orphaned()
    monkeypatch.setattr(os, "getppid", lambda: 1)
    assert clock.is_orphaned()


# -- a module's main --------------------------------------------------------------------------------------------------


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Row]:
    """Run a module as Ansible does, on a site that is not there, and return what it prints."""
    site = Mock(spec=Site, account=SOURCE, region=WEST, now=NOW, api_calls=Counter(), last_start=0.0, left_out=[])
    monkeypatch.setattr(Site, "connect", lambda *_options: site)
    monkeypatch.setattr(entry, "ModuleClock", FakeClock)

    def main(run: Callable[..., Row], *, check_mode: bool = False, **given: Any) -> Row:
        return answer_of(lambda: run_module(run, WAITING), {"account_id": SOURCE, **given}, check_mode=check_mode)

    return main


def look(params: Row, site: Mock, *, check_mode: bool) -> Row:
    """Run a pass that takes one call and a minute."""
    site.api_calls["rds:Look"] += 1
    site.now += timedelta(minutes=1)
    return {"changed": not check_mode, "resume": [], "warnings": ["careful"], "resumed": params["resume"]}


def test_a_result_says_what_it_cost_and_when_it_was_at_aws(main: Any) -> None:
    result = main(look)
    assert (result["changed"], result["api_calls"], result["now"]) == (True, {"rds:Look": 1}, "2026-11-23T14:01:00Z")
    assert result["waiting"] == {"wait": True, "wait_timeout": 14400, "poll_interval": 15}


def test_a_warning_is_one_of_ansible(main: Any) -> None:
    """Its shape depends on the line of Ansible."""
    (warning,) = main(look)["warnings"]
    assert "careful" in json.dumps(warning)


def test_a_row_that_is_left_out_is_told(main: Any) -> None:
    def run(_params: Row, site: Mock, **_mode: bool) -> Row:
        site.left_out.append("AWS does not show the DBSnapshotArn of old.")
        return {"changed": False}

    (warning,) = main(run)["warnings"]
    assert "DBSnapshotArn of old" in json.dumps(warning)


def test_check_mode_reaches_the_pass(main: Any) -> None:
    assert main(look, check_mode=True)["changed"] is False


def test_what_the_last_process_left_reaches_the_pass(main: Any) -> None:
    seen = []

    def run(params: Row, site: Mock, *, check_mode: bool) -> Row:
        seen.append(params["resume"])
        return look(params, site, check_mode=check_mode)

    main(run, resume=[{"n": 1}])
    assert seen == [[{"n": 1}], None]


def test_an_error_says_what_why_and_what_to_do_and_what_it_cost(main: Any) -> None:
    def run(_params: Row, site: Mock, *, check_mode: bool) -> Row:
        site.api_calls["rds:Look"] += 1
        raise LifeboatError("Cannot look", why="it is dark", remedy="Make light", code="Dark")

    result = main(run)
    assert {name: result[name] for name in ("failed", "msg", "reason", "remedy", "error_code", "api_calls")} == {
        "failed": True,
        "msg": "Cannot look: it is dark. Make light.",
        "reason": "it is dark",
        "remedy": "Make light",
        "error_code": "Dark",
        "api_calls": {"rds:Look": 1},
    }


def test_an_item_that_failed_fails_the_module_with_its_whole_result(main: Any) -> None:
    def run(params: Row, site: Mock, *, check_mode: bool) -> Row:
        return {**look(params, site, check_mode=check_mode), "failed": True, "msg": "one failed", "steps": []}

    result = main(run)
    assert (result["failed"], result["msg"], result["changed"]) == (True, "one failed", True)
    assert result["waiting"]["wait_timeout"] == 14400


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"prefix": "Life Boat"}, "Cannot use the prefix", id="prefix"),
        pytest.param({"poll_interval": -1}, "poll_interval", id="an interval that is no time"),
    ],
)
def test_bad_input_stops_the_call_before_the_first_pass(main: Any, given: Row, message: str) -> None:
    run = Mock(side_effect=look)
    result = main(run, **given)
    assert result.get("failed")
    assert message in result["msg"]
    run.assert_not_called()


def test_a_crash_between_two_passes_does_not_hide_what_the_first_one_did(main: Any) -> None:
    """What was started is reported as changed, and a password that was set is returned."""

    def run(params: Row, site: Mock, *, check_mode: bool) -> Row:
        if params["resume"] is not None:
            raise LifeboatError("Cannot look", why="it is dark")
        return {"changed": True, "resume": [{"n": 1}], "credentials": {"orders": "word"}}

    result = main(run, poll_interval=1)
    assert (result["failed"], result["changed"], result.get("credentials")) == (True, True, {"orders": "word"})
