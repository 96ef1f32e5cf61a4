# SPDX-License-Identifier: GPL-3.0-or-later
"""Give servers what they need of this machine: folders, threads, and processes that die with the lab."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from lifeboat_lab.engines.users import EngineError, User

if TYPE_CHECKING:
    from lifeboat_lab.engines.certificates import Authority

LAUNCHER = Path(__file__).parent.with_name("launch.py")
# A socket's path has 107 bytes at most; this remains without the folder and the name in it.
LONGEST_ROOT = 80
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "LDAPNOINIT": "1"}


class Host:
    """One lab's private folder, and the threads that work in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.jobs = ThreadPoolExecutor(8, "database")
        # The kernel's parent-death signal looks at the *thread* that started a process: this one lives with the lab.
        self._spawner = ThreadPoolExecutor(1, "spawner")
        self._closed = False
        self.authority = self.jobs.submit(_new_authority)

    def sockets(self, name: str, owner: User) -> Path:
        """Make a folder for sockets, whose paths the kernel limits to 107 bytes.

        :raises EngineError: when the path would be too long.
        """
        if len(os.fsencode(self.root)) > LONGEST_ROOT:
            raise EngineError(f"{self.root} is too long a path for sockets. Set LAB_DIR to a shorter one.")
        return self.folder(name, owner)

    def folder(self, name: str, owner: User) -> Path:
        folder = self.root / name
        folder.mkdir(mode=0o700)
        os.chown(folder, owner.uid, owner.gid)
        return folder

    def place_for_data(self, purpose: str, owner: User) -> Path:
        """Return a path that does not exist yet, in a new folder of its own."""
        return self.folder(f"{purpose}-{secrets.token_hex(6)}", owner) / "data"

    def discard(self, data: Path) -> None:
        """Remove the folder that holds this data."""
        shutil.rmtree(data.parent, ignore_errors=True)

    def copy_tree(self, source: Path, target: Path, owner: User) -> None:
        self.run(owner, "/bin/cp", "-a", "--reflink=auto", str(source), str(target))

    def spawn(self, owner: User, command: Sequence[str], log: Path, death: signal.Signals) -> subprocess.Popen[bytes]:
        """Start a server. It gets ``death`` when the lab dies.

        :raises EngineError: when the lab is closing.
        """
        if self._closed:
            raise EngineError("the lab is closing")
        return self._spawner.submit(self._spawn, _tied(owner, command, death), log).result()

    def _spawn(self, command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
            )

    def run(self, owner: User, *command: str, says: str = "") -> None:
        """Run a short program with some input.

        :raises EngineError: when it fails.
        """
        done = subprocess.run(
            _tied(owner, command, signal.SIGKILL),
            input=says.encode(),
            capture_output=True,
            cwd="/",
            env=ENVIRONMENT,
            check=False,
        )
        if done.returncode:
            raise EngineError(f"{command[0]} failed: {done.stderr.decode(errors='replace')[-2000:]}")

    def finish_jobs(self) -> None:
        """Let running jobs end, and begin no others."""
        self._closed = True
        self.jobs.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """End the threads. The caller removes the folder."""
        self._spawner.shutdown()


def _new_authority() -> Authority:
    # Imported here because it is slow, and runs beside other work.
    from lifeboat_lab.engines.certificates import Authority

    return Authority()


def _tied(owner: User, command: Sequence[str], death: signal.Signals) -> list[str]:
    tie = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(death))]
    return [*tie, str(owner.uid), str(owner.gid), *command]
