# SPDX-License-Identifier: GPL-3.0-or-later
"""Make and remove the folders of a lab: a private one for each run, and a cache that later labs start faster with.

A run's folder is locked while its lab lives. The next lab to start removes the folders of dead ones. The cache stays.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import tempfile
import time
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 2 << 30
# Seconds; nothing takes longer to make.
LONGEST_MAKING = 3600.0


def cache() -> Path:
    """Return the folder of what later labs of this user may use again: empty databases, and copies of programs.

    :raises PermissionError: when it cannot be made there.
    """
    try:
        return _own(_cache_home() / "lifeboat-lab")
    except OSError as error:
        raise PermissionError(
            f"The lab cannot keep its cache: {error}. Set XDG_CACHE_HOME to a folder that you may write to."
        ) from error


def _cache_home() -> Path:
    """Return the user's cache, or the machine's: where root runs the lab, others run the servers and must get in."""
    home = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not home.is_absolute():
        home = Path.home() / ".cache"
    if os.geteuid() != 0:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return home
    return home if home.is_dir() and may_be_entered(home) else Path("/var/cache")


def may_be_entered(folder: Path) -> bool:
    """Tell whether every user may pass through this folder."""
    path = folder.resolve()
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def places() -> list[Path]:
    """Return where runs may lie, the fastest first.

    Databases are small and short-lived: memory is best if there is plenty.
    """
    if chosen := os.environ.get("LAB_DIR"):
        return [Path(chosen)]
    return [*([MEMORY] if MEMORY.is_dir() else []), Path(tempfile.gettempdir())]


def _all_places() -> set[Path]:
    """Return where runs and homes of this user may lie."""
    return {*places(), Path(tempfile.gettempdir())}


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


def _own(folder: Path) -> Path:
    """Make a folder of this user's. Others may pass through it, since database servers may run as another user.

    :raises PermissionError: when somebody else got there first.
    """
    folder.mkdir(mode=0o711, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PermissionError(f"{folder} does not belong to this user alone; remove it")
    return folder


def _shared(place: Path) -> Path:
    """Return where all labs of this user have their folders."""
    return place / f"lifeboat-lab-{os.geteuid()}"


def staging() -> Path:
    """Return a path in the cache for what is still being made, and remove what killed labs did not finish."""
    folder = cache()
    for left in folder.glob("new-*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_ctime > LONGEST_MAKING:
                shutil.rmtree(left, ignore_errors=True)
    return folder / f"new-{secrets.token_hex(8)}"


def publish(fresh: Path, place: Path) -> None:
    """Move something into the cache at once or not at all; a second maker throws his own away."""
    try:
        fresh.rename(place)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        if not place.exists():
            raise


class RunFolder:
    """The folder of one running lab."""

    def __init__(self) -> None:
        self.folder, self._lock = _new_folder(_chosen_place(), "run-")
        self.folder.chmod(0o711)

    def close(self) -> None:
        """Remove the folder."""
        _remove(self.folder)
        os.close(self._lock)


class TemporaryHome:
    """A home for a lab that was given none. It is locked while this process lives."""

    def __init__(self) -> None:
        self.folder, self._lock = _new_folder(Path(tempfile.gettempdir()), "home-")

    def close(self) -> None:
        _remove(self.folder)
        os.close(self._lock)


def _new_folder(place: Path, prefix: str) -> tuple[Path, int]:
    """Make a private folder and lock it.

    Another lab that is just cleaning up may take it for a dead one: then make a new one.
    """
    while True:
        place.stat()
        with contextlib.suppress(FileNotFoundError):
            folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_own(_shared(place))))
            handle = lock(folder)
            if handle is not None and folder.exists():
                return folder, handle


def _remove(folder: Path) -> None:
    """Remove a folder, and the one around it when it was the last there."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()


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
    """Lock a home by a file in it, since the caller may hold its folder already."""
    (folder / "lock").touch(0o600)
    return lock(folder / "lock")


def clean_up_after_the_dead() -> list[Path]:
    """Remove the folders of labs that were killed, with any server that is still using one."""
    removed = []
    for pattern in ("run-*", "home-*"):
        for folder in [found for place in _all_places() for found in _shared(place).glob(pattern)]:
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
        _remove(folder)
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
