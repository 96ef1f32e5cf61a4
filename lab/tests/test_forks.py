# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab that was forked is like one that was started: of its own, with an end of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifeboat_lab import Lab
from lifeboat_lab.forks import Forks
from lifeboat_lab.home import HomeError
from lifeboat_lab.testing import until


class Own(Lab):
    """A lab of the forks of this file."""


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks() as forks:
        Own.spawn = forks.spawn
        yield forks


def lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_forked_labs_share_nothing(forks: Forks) -> None:
    with Own(metadata_only=True) as one, Own(metadata_only=True) as other:
        users = [lab.client("production", "iam").create_user(UserName="reader")["User"] for lab in (one, other)]
        assert len({user["UserId"] for user in users}) == 2
        one.client("production", "sns").create_topic(Name="alarms")
        assert other.client("production", "sns").list_topics()["Topics"] == []


def test_a_forked_lab_ends_with_its_block_and_leaves_nothing(forks: Forks) -> None:
    with Own(metadata_only=True) as lab:
        home, process = lab.home, lab.process
        assert process and process.poll() is None
    assert process.wait(0) == 0
    assert not lives(process.pid)
    assert not home.exists()


def test_a_forked_lab_that_is_killed_says_so(forks: Forks) -> None:
    with Own(metadata_only=True) as lab:
        assert lab.process
        with pytest.raises(subprocess.TimeoutExpired):
            lab.process.wait(0)
        lab.process.kill()
        assert lab.process.wait(20) == -signal.SIGKILL
        lab.process.kill()


def test_a_forked_lab_says_why_it_does_not_start(forks: Forks, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HomeError, match="standard error"), Own(metadata_only=True, durations={"sleep": 1}):
        pass
    assert "sleep" in capfd.readouterr().err


def test_the_process_that_forks_ends_after_its_labs() -> None:
    with Forks() as forks:
        lab = Own(metadata_only=True)
        lab.spawn = forks.spawn  # type: ignore[method-assign]
        lab.start()
        assert lab.process
    assert not lives(lab.process.pid)
    lab.stop()


def test_labs_end_when_the_process_that_wanted_them_is_killed() -> None:
    program = (
        "from lifeboat_lab import Lab\n"
        "from lifeboat_lab.forks import Forks\n"
        "Lab.spawn = Forks().spawn\n"
        "with Lab(metadata_only=True) as lab:\n"
        "    print(lab.process.pid, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as asker:
        assert asker.stdout
        lab = int(asker.stdout.readline())
        assert lives(lab)
        asker.kill()
    until(lambda: not lives(lab))
