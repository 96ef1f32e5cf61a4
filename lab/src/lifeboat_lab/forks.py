# SPDX-License-Identifier: GPL-3.0-or-later
"""Start labs as forks of one process that has imported what they need, since that is most of what a start costs.

For who starts many, such as tests: ``with Forks() as forks: Lab.spawn = forks.spawn``.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import TracebackType
from typing import IO, NoReturn


class Forks:
    """The process that forks. It starts with the first lab, and ends with the ``with`` block or with this process."""

    def __init__(self) -> None:
        self._link: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._labs: list[Forked] = []

    def __enter__(self) -> Forks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def spawn(self, words: Sequence[str], env: Mapping[str, str]) -> Forked:
        """Run ``python -m lifeboat_lab`` with these words.

        :raises ChildProcessError: when the process that forks has ended.
        """
        link = self._link or self._start(env)
        lifeline, ours = os.pipe()
        status, theirs = socket.socketpair()
        asked = json.dumps([[*words], {**env}, os.getcwd()]).encode()
        with theirs, open(lifeline, "rb"):
            socket.send_fds(link, [len(asked).to_bytes(4, "big")], [theirs.fileno(), lifeline, 2])
            link.sendall(asked)
        told = status.recv(4)
        if not told:
            raise ChildProcessError("The process that forks labs has ended. Its standard error says why.")
        self._labs.append(Forked(int.from_bytes(told, "big"), open(ours, "wb"), status))  # noqa: SIM115
        return self._labs[-1]

    def _start(self, env: Mapping[str, str]) -> socket.socket:
        self._link, theirs = socket.socketpair()
        with theirs:
            program = f"from lifeboat_lab import forks; forks.serve({theirs.fileno()})"
            self._process = subprocess.Popen(
                [sys.executable, "-c", program],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env=env,
            )
        return self._link

    def close(self) -> None:
        """End the labs that are left, and the process, and wait for it."""
        for lab in self._labs:
            lab.stdin.close()
        if self._link and self._process:
            self._link.close()
            self._process.wait()
            self._link = None


class Forked:
    """One lab that was forked: as much of a Popen as is used of it."""

    def __init__(self, pid: int, lifeline: IO[bytes], status: socket.socket) -> None:
        self.pid = pid
        self.stdin = lifeline
        self._status = status
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return the exit status.

        :raises subprocess.TimeoutExpired: when it still runs.
        """
        if self._code is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("lifeboat_lab", timeout or 0)
            self._code = int.from_bytes(self._status.recv(4), "big", signed=True)
            self._status.close()
        return self._code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


# --- In the process that forks -------------------------------------------------------------------------------------


def serve(number: int) -> None:
    """Fork for whoever asks, until nobody can any more; then wait for the forks, so that their seconds are counted."""
    link = socket.socket(fileno=number)
    waiting: dict[int, socket.socket] = {}

    def reap(*_: object) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                tell_end(*ended)

    def tell_end(process: int, status: int) -> None:
        with waiting.pop(process) as asker, contextlib.suppress(OSError):
            asker.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))

    import_all()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, reap)
    while asked := receive(link):
        words, environment, folder, files = asked
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        process = os.fork()
        if process == 0:
            for other in (link, *waiting.values()):
                other.close()
            become_lab(words, environment, folder, files)
        waiting[process] = socket.socket(fileno=files[0])
        with contextlib.suppress(OSError):
            waiting[process].sendall(process.to_bytes(4, "big"))
        for file in files[1:]:
            os.close(file)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for process in [*waiting]:
        tell_end(*os.waitpid(process, 0))


def receive(link: socket.socket) -> tuple[list[str], dict[str, str], str, list[int]] | None:
    """Return what is asked; None when nobody can ask any more."""
    length, files = socket.recv_fds(link, 4, 3)[:2]
    if not length:
        return None
    words, environment, folder = json.loads(link.recv(int.from_bytes(length, "big"), socket.MSG_WAITALL))
    return words, environment, folder, files


def become_lab(words: list[str], environment: dict[str, str], folder: str, files: list[int]) -> NoReturn:
    """Do in a fork what a new process would."""
    from moto.moto_api._internal import mock_random

    # By its name: the command line starts labs, and labs start forks.
    main = import_module("lifeboat_lab.cli").main

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    os.setsid()
    _status, lifeline, errors = files
    os.dup2(lifeline, 0)
    os.dup2(errors, 2)
    for file in files:
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # Otherwise each lab would give the same ids to what it makes.
    mock_random.seed()
    code = 1
    try:
        code = main(words)
    except BaseException:  # noqa: BLE001
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def import_all() -> None:
    """Import what a lab imports when it starts, and in the background of its start."""
    # With it, moto takes every caller for one and the same account.
    os.environ.pop("MOTO_ACCOUNT_ID", None)
    from lifeboat_lab import running, server, wire  # noqa: F401

    server.import_slow_modules()
    wire.rds_model()
