# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the suite are made in order, and their costs are told whatever becomes of them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.parts import Cost, count_tests, table

ROOT = Path(__file__).parents[3]
MAKEFILE = """\
good:
\t@echo "$${SAID:-made good}"; echo "=== 12 passed, 1 skipped in 3.45s ==="
bad:
\t@echo "1 failed, 2 passed in 0.10s" >&2; exit 3
busy:
\t@$(PYTHON) -c 'import time; [0 for _ in iter(lambda: time.process_time() < 1.2, False)]'
endless:
\t@trap 'echo cleaned up; exit 1' INT; touch started; sleep 60
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    return tmp_path


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment = inherited | {"PYTHONPATH": str(ROOT), "PYTHON": sys.executable}
    command = [sys.executable, "-m", "tools.parts", *words]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


def run(folder: Path, *words: str) -> tuple[int, str, dict[str, list[str]]]:
    """Return the exit status, the output before the table, and the table's rows by part."""
    process = start(folder, *words)
    output, errors = process.communicate(timeout=60)
    assert errors == ""
    said, _heading, rows = output.partition(": what each part cost\n")
    return process.returncode, said, {row.split()[0]: row.split()[1:] for row in rows.splitlines()}


def test_all_are_made_and_told(folder: Path) -> None:
    code, said, rows = run(folder, "--title", "all", "good", "busy")
    assert code == 0
    assert said.startswith("made good\n")
    assert said.endswith("=== all")
    assert list(rows) == ["part", "good", "busy", "total"]
    assert rows["good"][2:] == ["12", "passed"]
    assert int(rows["busy"][1]) >= 1 > int(rows["good"][1])
    assert rows["busy"][2:] == ["-", "passed"]
    assert rows["total"][2] == "12"


def test_the_first_that_fails_ends_the_run_and_the_table_is_printed(folder: Path) -> None:
    code, said, rows = run(folder, "good", "bad", "busy")
    assert code == 2, "what make ends with"
    assert "1 failed, 2 passed in 0.10s" in said
    assert rows["bad"][2:] == ["3", "failed", "(2)"]
    assert rows["busy"] == ["-", "-", "-", "not", "run"]
    assert rows["total"][2] == "15"


def test_an_interrupted_part_cleans_up_and_the_table_is_printed(folder: Path) -> None:
    process = start(folder, "good", "endless")
    deadline = time.monotonic() + 60
    while not (folder / "started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert re.search(r"^  endless .* interrupted$", output, re.MULTILINE)
    assert "cleaned up" in output.splitlines()


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b"================== 3 passed in 0.12s ==================", 3),
        (b"\x1b[32m\x1b[32m\x1b[1m3318 passed\x1b[0m, \x1b[33m2 skipped\x1b[0m in 88.00s (0:01:28)\x1b[0m", 3318),
        (b"1 failed, 2 passed, 1 xfailed, 3 errors in 0.10s", 7),
        (b'Running sanity test "pep8" on Python 3.11', 1),
        (b"a test that says: 7 passed", 0),
        (b"no tests ran in 0.10s", 0),
        (b"All checks passed!", 0),
        (b"", 0),
    ],
)
def test_counts_what_the_runners_say_that_they_ran(line: bytes, number: int) -> None:
    assert count_tests(line) == number


def test_the_table() -> None:
    costs = [
        Cost("lint", "passed", 41.2, 70.6),
        Cost("pages", "skipped", why="unchanged"),
        Cost("unit", "failed (2)", 9.6, 11, 3758),
        Cost("smoke"),
    ]
    assert table(costs) == [
        "  part    wall s    CPU s   tests",
        "  lint        41       71       -  passed",
        "  pages        -        -       -  skipped: unchanged",
        "  unit        10       11    3758  failed (2)",
        "  smoke        -        -       -  not run",
        "  total       51       82    3758",
    ]
