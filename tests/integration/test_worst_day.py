# SPDX-License-Identifier: GPL-3.0-or-later
"""The run-book for the worst day and the way back: every command as it is written, in the order of a reader.

The source account is dark until the run-book says how to come back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifeboat_lab import Lab
from tests.documentation import as_of_now, code_blocks
from tests.integration.play import ROLES, ROOT, play
from tests.prepared import prepare
from tests.warm import environment_for_commands

QUICK = ROOT / "tests" / "integration" / "quick"
COMING_BACK = "## To come back"


def in_their_order() -> Iterator[tuple[bool, str]]:
    """Each command once, and whether the source account is back by then."""
    worst_day, failback = (
        (ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("worst-day.md", "failback.md")
    )
    at_night, _heading, later = worst_day.partition(COMING_BACK)
    seen: set[str] = set()
    for is_back, text in ((False, at_night), (True, failback), (True, later)):
        for line in "\n".join(code_blocks(text)).splitlines():
            if line and line not in seen:
                seen.add(line)
                yield is_back, line


COMMANDS = list(in_their_order())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(roles=ROLES, scale=1200, shop=True) as running:
        evidence = tmp_path_factory.mktemp("evidence")
        prepare(running, evidence=evidence)
        done = play(running, "protect.yml", evidence=evidence)
        assert done.code == 0, done.output
        yield running


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reader stands: the playbooks, and the tasks of the reader's team."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "playbooks").symlink_to(ROOT / "playbooks")
    for name, what in (("stop.yml", "failback_recovered"), ("start.yml", "recover_endpoints")):
        (folder / name).write_text(json.dumps([{"ansible.builtin.assert": {"that": f"{what} | length > 0"}}]))
    return folder


def test_there_are_commands_for_the_night_and_for_the_way_back() -> None:
    assert [sum(is_back == wanted for is_back, _line in COMMANDS) for wanted in (False, True)] == [7, 6]


@pytest.mark.parametrize(("is_back", "line"), COMMANDS, ids=[line for _is_back, line in COMMANDS])
def test_runs_as_it_is_written(is_back: bool, line: str, lab: Lab, checkout: Path) -> None:
    lab.admin("POST", "dark", {"account": "production", "dark": not is_back})
    ours = lab.env() | {"LIFEBOAT_EVIDENCE": str(checkout / "evidence")}
    environment = environment_for_commands(ours, checkout / "bin", ROOT / "inventory", QUICK)
    awscli = Path(sys.executable).parents[1] / "awscli" / "bin"
    environment["PATH"] = f"{checkout / 'bin'}{os.pathsep}{awscli}{os.pathsep}{environment['PATH']}"
    # Of a profile, version 1 of the AWS CLI does not take where RDS of us-east-1 is.
    command = as_of_now(line).replace("aws rds", f"aws --endpoint-url {lab.url} rds")
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
