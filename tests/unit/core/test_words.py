# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.words import (
    duration,
    printable,
    read_time,
    rough_duration,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain ünïcode 🦜", "plain ünïcode 🦜", id="plain"),
        pytest.param("a\nb\tc\r", "a\\nb\\tc\\r", id="lines"),
        pytest.param("\x1b[31m\x07\x7f\x9b", "\\x1b[31m\\x07\\x7f\\x9b", id="terminal"),
        pytest.param("\u202eabc\u2028\u200b", "\\u202eabc\\u2028\\u200b", id="direction-and-invisible"),
        pytest.param("\ud800", "\\ud800", id="half-a-character"),
        pytest.param("x" * 301, "x" * 299 + "…", id="too-long"),
        pytest.param("x" * 300, "x" * 300, id="just-not-too-long"),
        pytest.param("\0" * 1_000_000, "\\x00" * 74 + "\\x0…", id="a-megabyte"),
        pytest.param(None, "None", id="no-text"),
    ],
)
def test_what_is_shown_is_one_harmless_line(text: object, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("text", ["soon", "2026-11-23T14:00:00", ""])
def test_a_time_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(LifeboatError, match="not a time with a zone"):
        read_time("Cannot do it", text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        pytest.param(None, "-", id="unknown"),
        pytest.param(0, "0 s", id="nothing"),
        pytest.param(0.04, "0.0 s", id="next-to-nothing"),
        pytest.param(0.44, "0.4 s", id="less-than-a-second"),
        pytest.param(3.0, "3 s", id="whole-seconds"),
        pytest.param(42.9, "42 s", id="seconds"),
        pytest.param(60, "1 min", id="a-minute"),
        pytest.param(303, "5 min 3 s", id="minutes"),
        pytest.param(7523, "2 h 5 min", id="hours"),
        pytest.param(273600, "3 d 4 h", id="days"),
    ],
)
def test_a_time_is_shown_by_its_largest_units(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119.9, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (14400, "4 h")],
)
def test_a_duration_is_rounded_down_to_what_is_read_at_a_glance(seconds: float, text: str) -> None:
    assert rough_duration(seconds) == text
