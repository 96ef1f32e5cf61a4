# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command in the foreground with a lab behind it, and leave nothing when either ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from lifeboat_lab.client import Lab

PATIENCE = 15.0
LAUNCHER = Path(__file__).with_name("launch.py")


class Interrupted(BaseException):
    """Raised by a signal that arrives while the lab is starting or stopping."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run_with(lab: Lab, command: Sequence[str]) -> int:
    """Start the lab, run the command, and return its exit code, or 128 and the signal's number.

    :raises FileNotFoundError: before anything starts, when there is no such command.
    """
    program = _found(command[0])
    try:
        with _signals(_interrupt), lab:
            return _run([program, *command[1:]], lab.env())
    except Interrupted as stopped:
        return 128 + stopped.number


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise Interrupted(number)


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    child = _start(command, environment)

    def forward(number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        signal.alarm(int(PATIENCE))

    def lose_patience(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, lose_patience)
    with _signals(forward), _terminal_for(child.pid):
        code = child.wait()
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    # End what the command left running.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    return code if code >= 0 else 128 - code


def _start(command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start the command in a process group of its own, as a shell would, so that a signal reaches all of it, once."""
    tie = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(signal.SIGTERM))]
    identity = [str(os.geteuid()), str(os.getegid())]
    return subprocess.Popen([*tie, *identity, *command], env=environment, process_group=0)


def _found(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name}: command not found")
    return path


@contextlib.contextmanager
def _signals(handler: signal._HANDLER) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextlib.contextmanager
def _terminal_for(group: int) -> Iterator[None]:
    """Give the terminal to the command while it runs, so that it can read and be interrupted."""
    if not (sys.stdin.isatty() and os.tcgetpgrp(0) == os.getpgrp()):
        yield
        return
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        with contextlib.suppress(OSError):
            os.tcsetpgrp(0, group)
        yield
    finally:
        with contextlib.suppress(OSError):
            os.tcsetpgrp(0, os.getpgrp())
        signal.signal(signal.SIGTTOU, before)
