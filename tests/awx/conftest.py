# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/awx.yml as an operator runs it, against a stand-in of AWX."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.awx.standin import TOKEN, Awx, serving
from tests.warm import ansible_playbook

ROOT = Path(__file__).parents[2]
PLAYBOOKS = sorted({f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml")})
Configure = Callable[..., "Done"]


class Done:
    """How `ansible-playbook` ended, and how many objects it changed."""

    def __init__(self, code: int, output: str) -> None:
        self.code = code
        self.output = output
        counted = re.search(r"^localhost .*changed=(\d+)", output, re.MULTILINE)
        self.tasks_changed = int(counted[1]) if counted else None
        self.changed = re.findall(r"^changed: \[localhost\](?: => \(item=(.*)\))?", output, re.MULTILINE)


def environment(url: str) -> dict[str, str]:
    """Where AWX is, and who asks: as awx.awx wants to know it."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("CONTROLLER_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{mine['PATH']}"
    ours = {"CONTROLLER_HOST": url, "CONTROLLER_OAUTH_TOKEN": TOKEN, "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8"}
    return mine | ours | {"PATH": path}


@pytest.fixture(scope="module")
def awx() -> Awx:
    if find_spec("ansible_collections.awx") is None:
        pytest.skip("this release of Ansible comes without awx.awx")
    # Small pages, so that lists have several.
    return Awx(PLAYBOOKS, page_size=3)


@pytest.fixture(scope="module")
def url(awx: Awx) -> Iterator[str]:
    with serving(awx) as address:
        yield address


@pytest.fixture(scope="module")
def configure(awx: Awx, url: str) -> Configure:
    def configure(variables: dict[str, Any], *arguments: str) -> Done:
        awx.writes.clear()
        words = ["playbooks/awx.yml", "-e", json.dumps(variables), *arguments]
        done = ansible_playbook(words, cwd=ROOT, env=environment(url), timeout=600)
        return Done(done.returncode, done.stdout + done.stderr)

    return configure


@pytest.fixture(autouse=True)
def _no_directory_of_make(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the directory for evidence that the Makefile sets: AWX knows nothing of it."""
    monkeypatch.delenv("LIFEBOAT_EVIDENCE", raising=False)
