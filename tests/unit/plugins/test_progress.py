# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.plugin_utils.progress import progress_line, without_times


def line(*in_flight: dict[str, Any], steps: int = 4, elapsed: float = 0, now: str = "2026-11-23T14:00:00Z") -> str:
    return progress_line("production", [{}] * steps, {"in_flight": list(in_flight), "now": now}, elapsed, 14400)


def test_a_line_says_who_what_and_how_long() -> None:
    copying = [
        {"status": "copying", "percent": percent, "since": f"2026-11-23T13:{minute}:00Z"}
        for percent, minute in ((30, 55), (33, 48))
    ]
    wanted = "[production] 2 of 4 done · 2 copying 31 % · oldest 12 min · 2 min of 4 h"
    assert line(*copying, elapsed=130) == wanted


def test_each_state_is_counted_by_itself_in_a_fixed_order() -> None:
    states = [{"status": status} for status in ("queued", "creating", "queued")]
    assert line(*states) == "[production] 1 of 4 done · 1 creating · 2 queued · 0 s of 4 h"


def test_progress_is_the_mean_of_those_that_show_any() -> None:
    assert " 3 copying 50 % " in line({"status": "copying"}, *({"status": "copying", "percent": n} for n in (40, 60)))


def test_no_progress_yet_is_progress_too() -> None:
    assert "1 copying 0 %" in line({"status": "copying", "percent": 0})


def test_a_line_is_not_shown_again_if_only_its_time_changed() -> None:
    assert without_times(line({"status": "queued"}, elapsed=1)) == without_times(
        line({"status": "queued"}, elapsed=999)
    )


@pytest.mark.parametrize("since", [{}, {"since": None}])
def test_what_has_not_begun_has_no_age(since: dict[str, Any]) -> None:
    assert "oldest" not in line({"status": "queued", **since})


def test_the_oldest_of_those_that_began_is_shown() -> None:
    began = [{"status": "copying", "since": f"2026-11-23T{time}Z"} for time in ("13:59:00", "11:59:00")]
    assert " · oldest 2 h · " in line(*began, {"status": "queued"})


def test_a_line_is_not_shown_again_if_only_the_oldest_grew_older() -> None:
    earlier, later = (
        line({"status": "copying", "percent": 5, "since": "2026-11-23T13:00:00Z"}, now=now)
        for now in ("2026-11-23T14:00:00Z", "2026-11-23T14:30:00Z")
    )
    assert earlier != later
    assert without_times(earlier) == without_times(later) == "[production] 3 of 4 done · 1 copying 5 %"
