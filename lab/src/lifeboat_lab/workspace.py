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
        self.folder, self._lock = _new_folder(_chosen_place(), "run-")
        self.folder.chmod(0o711)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


class TemporaryHome:
    """A home for a lab that nobody gave one. It is ours while this process lives."""

    def __init__(self) -> None:
        self.folder, self._lock = _new_folder(Path(tempfile.gettempdir()), "home-")

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def _new_folder(place: Path, prefix: str) -> tuple[Path, int]:
    """A private folder, locked. Another lab that is just cleaning up may take it for a dead one: then a new one."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_own(place)))
        with contextlib.suppress(FileNotFoundError):
            handle = lock(folder)
            if handle is not None and folder.exists():
                return folder, handle


def lock(path: Path) -> int | None:
    """Hold a file or folder for as long as this process lives; None when another one holds it."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def lock_home(folder: Path) -> int | None:
    """A home is held by a file in it, since its folder may be held by who made it."""
    (folder / "lock").touch(0o600)
    return lock(folder / "lock")


def clean_up_after_the_dead() -> list[Path]:
    """Remove the folders of labs that were killed, with any server that is still using one."""
    removed = []
    for pattern in ("run-*", "home-*"):
        for folder in [found for place in places() for found in place.glob(f"aws-lab-{os.geteuid()}/{pattern}")]:
            with contextlib.suppress(OSError):
                if _remove_if_dead(folder):
                    removed.append(folder)
    return removed


def _remove_if_dead(folder: Path) -> bool:
    held = [lock(folder)]
    if (folder / "lock").exists():
        held.append(lock(folder / "lock"))
    dead = None not in held
    if dead:
        end_processes_in(folder)
        shutil.rmtree(folder, ignore_errors=True)
    for handle in held:
        if handle is not None:
            os.close(handle)
    return dead


def end_processes_in(folder: Path) -> None:
    """Kill database servers whose data lies in this folder (their command line says so)."""
    needle = os.fsencode(f"{folder}/")
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[0].endswith((b"postgres", b"mariadbd")) and any(needle in word for word in words):
                os.kill(int(process.name), signal.SIGKILL)
