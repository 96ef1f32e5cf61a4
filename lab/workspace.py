# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab keeps what it needs for a while: one private folder a run, and a cache that warm starts use.

A run's folder is locked while its lab lives. The next lab to start removes the folders of dead ones.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
from pathlib import Path


MEMORY = Path("/dev/shm")
ROOM = 2 << 30


def cache() -> Path:
    """What later labs of this user may use again: on disk, where programs may also be executed."""
    folder = _own(Path(tempfile.gettempdir())) / "cache"
    folder.mkdir(mode=0o711, exist_ok=True)
    return folder


def places() -> list[Path]:
    """Where runs may lie, the fastest first. Databases are small and short-lived: memory is best if there is plenty."""
    if chosen := os.environ.get("LAB_DIR"):
        return [Path(chosen)]
    return [*([MEMORY] if MEMORY.is_dir() else []), Path(tempfile.gettempdir())]


def _chosen_place() -> Path:
    for place in places()[:-1]:
        status = os.statvfs(place)
        if status.f_bavail * status.f_frsize >= ROOM and os.access(place, os.W_OK) and _free_memory() >= ROOM:
            return place
    return places()[-1]


def _free_memory() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return 0


def _own(place: Path) -> Path:
    """The user's folder there. Others may pass through it, since database servers may run as another user.

    :raises PermissionError: when somebody else got there first.
    """
    folder = place / f"aws-lab-{os.geteuid()}"
    folder.mkdir(mode=0o711, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PermissionError(f"{folder} is not ours alone; remove it")
    return folder


def publish(fresh: Path, place: Path) -> None:
    """Put something into the cache at once or not at all; who comes second throws his own away."""
    try:
        fresh.rename(place)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        if not place.exists():
            raise


class Run:
    """The folder of one running lab."""

    def __init__(self) -> None:
        fresh = Path(tempfile.mkdtemp(prefix="new-", dir=_own(_chosen_place())))
        fresh.chmod(0o711)
        # Locked before it gets the name that others look for.
        self._lock = lock(fresh)
        self.folder = fresh.rename(fresh.with_name(fresh.name.replace("new-", "run-", 1)))

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)


def lock(folder: Path) -> int | None:
    """Hold a folder for as long as this process lives; None when another one holds it."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def clean_up_after_the_dead() -> list[Path]:
    """Remove the folders of labs that were killed, with any server that is still using one."""
    removed = []
    for folder in [run for place in places() for run in place.glob(f"aws-lab-{os.geteuid()}/run-*")]:
        with contextlib.suppress(OSError):
            handle = lock(folder)
            if handle is None:
                continue
            end_processes_in(folder)
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)
            removed.append(folder)
    return removed


def end_processes_in(folder: Path) -> None:
    """Kill database servers whose data lies in this folder (their command line says so)."""
    needle = os.fsencode(f"{folder}/")
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"postgres") and any(word.startswith(needle) for word in words):
                os.kill(int(process.name), signal.SIGKILL)
