# SPDX-License-Identifier: GPL-3.0-or-later
"""A real ansible-rulebook, as an operator starts it, and an end of it and of all that it started in any case."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Thread
from uuid import uuid4

import pytest

from tests.awx.jobs import MARK
from tests.documentation import code_blocks
from tests.integration.play import ROOT
from tests.machine import processes_with

EDA = ROOT / ".venv-eda"
PROFILE = "production_listen"
PAGE = ROOT / "docs" / "events.md"


def command_of(rulebook: str) -> str:
    """Return the command of the page that runs a rulebook."""
    (found,) = [
        one
        for one in code_blocks(PAGE.read_text(encoding="utf-8"))
        if f"--rulebook {rulebook} " in one.replace("\\\n", "")
    ]
    return str(found)


class Rulebook:
    """A running ansible-rulebook, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self.reader = Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def output(self) -> str:
        return "".join(list(self.lines))

    def said(self, pattern: str) -> list[str]:
        """Find what the rulebook said of this kind, in order."""
        return re.findall(pattern, self.output, re.MULTILINE)

    def runs(self) -> list[str]:
        """How each host ended in each run that is over."""
        return self.said(r"^\w+ +: ok=.* failed=(\d+)")


@contextmanager
def running(rulebook: str, settings: Mapping[str, str], profile: str = PROFILE) -> Iterator[Rulebook]:
    """Run a rulebook by the command of the page, or as another profile than that one's."""
    if not (EDA / "ready").exists() or shutil.which("java") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            f"needs Java 17, and what `make {EDA.name}/ready` builds"
        )
    mark = uuid4().hex
    ours = {
        MARK: mark,
        "PATH": f"{EDA / 'bin'}{os.pathsep}{settings['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(EDA / "collections"),
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
    process = subprocess.Popen(
        ["bash", "-ec", command_of(rulebook).replace(PROFILE, profile)],
        cwd=ROOT,
        env={**settings, **ours},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    started = Rulebook(process)
    try:
        yield started
    finally:
        # The playbook that it may be running has a session of its own.
        for number in processes_with(f"{MARK}={mark}"):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        process.wait()
        started.reader.join()
