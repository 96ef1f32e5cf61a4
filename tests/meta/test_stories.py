# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test runs alone: one whose module tells a story brings the tests before it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROTECT = "tests/integration/test_protect.py"
TESTS = re.findall(r"^def (test_\w+)", (ROOT / PROTECT).read_text(encoding="utf-8"), re.MULTILINE)


def collected(*words: str) -> list[str]:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return re.findall(r"^\S+::(test_\w+)", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param((f"{PROTECT}::{TESTS[2]}",), id="by its name"),
        pytest.param((PROTECT, "-k", TESTS[2]), id="by a word"),
        pytest.param((f"{PROTECT}::{TESTS[2]}", f"{PROTECT}::{TESTS[0]}"), id="in another order"),
    ],
)
def test_a_test_of_a_story_brings_those_before_it(words: tuple[str, ...]) -> None:
    assert collected(*words) == TESTS[:3]


def test_a_test_of_another_module_comes_alone() -> None:
    module = "tests/integration/test_status.py"
    last = collected(module)[-1]
    assert collected(f"{module}::{last}") == [last]
