# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of docs/ runs as it is written, in the order of a reader. tests/newcomer runs those of the README."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifeboat_lab import Lab
from tests.documentation import as_of_now, code_blocks
from tests.integration.play import ROLES, ROOT
from tests.warm import environment_for_commands

PAGES = (
    "docs/inventory.md",
    "docs/prepare.md",
    "docs/protect.md",
    "docs/routes.md",
    "docs/schedules.md",
    "docs/retention.md",
    "docs/status.md",
    "docs/posture.md",
    "docs/subscriptions.md",
    "docs/own-events.md",
    "docs/events.md",
    "docs/drill.md",
    "docs/recover.md",
    "CONTRIBUTING.md",
    "docs/lab.md",
)
# These run tests, this one among them, or a whole rehearsal, which is a test of its own.
ELSEWHERE = ("make rehearse", "make check", "make test")


def not_run_yet() -> Iterator[tuple[str, str]]:
    """Yield the blocks of all pages, without the commands that an earlier block ran."""
    seen = set(ELSEWHERE)
    for page in PAGES:
        for block in code_blocks((ROOT / page).read_text(encoding="utf-8")):
            if "ansible-rulebook " in block:
                continue  # it does not end by itself: the tests of the rulebooks run it
            # Comments, and how often to look, make no other command.
            lines = [re.sub(r" +#.*| -e lifeboat_poll_interval=1", "", line) for line in block.splitlines()]
            new = [line for line in lines if line not in seen]
            seen |= {line for line in lines if line.startswith("ansible-playbook")}
            if new:
                yield page, "\n".join(new)


COMMANDS = list(not_run_yet())

# A reader runs the commands of one page after those of the pages before it.
pytestmark = pytest.mark.story


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(roles=ROLES, scale=1200, shop=True) as running:
        yield running


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 8


def test_the_readmes_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    text = "\n".join((ROOT / page).read_text(encoding="utf-8") for page in ("README.md", *PAGES))
    for target in re.findall(r"(?:^|`)make (\w+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.fixture(scope="module")
def environment(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return that of a reader who set no inventory: the example's is the default, and the lab needs no patience."""
    programs = tmp_path_factory.mktemp("programs")
    return environment_for_commands(lab.env(), programs, ROOT / "inventory", ROOT / "tests" / "integration" / "quick")


@pytest.mark.parametrize(("page", "block"), COMMANDS, ids=[block.splitlines()[-1] for _page, block in COMMANDS])
def test_runs_as_it_is_written(page: str, block: str, environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-ec", as_of_now(block)],
        cwd=ROOT,
        env=environment | {"LIFEBOAT_EVIDENCE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
