# SPDX-License-Identifier: GPL-3.0-or-later
"""A store of documents in a directory that the sites share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .._core.foreign import MANIFEST, Malformed
from .._core.handover.store import StoreError, pack, unpack
from .regular import read_regular

# The part of the store's mode that new files and folders get: at most what its group may do.
FOLDER_MODE, FILE_MODE = 0o2770, 0o660


class Directory:
    """A directory that the sites share."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def read(self, key: str) -> dict[str, Any] | None:
        path = self._path / key
        with troubles(f"Cannot read {path}"):
            content = content_of(path)
        return None if content is None else unpack(content, str(path))

    def write(self, key: str, document: Mapping[str, Any]) -> None:
        path = self._path / key
        with troubles(f"Cannot write {path}"):
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = self._path.stat().st_mode
            for folder in reversed(path.relative_to(self._path).parents[:-1]):
                make_folder(self._path / folder, mode & FOLDER_MODE)
            replace(path, pack(document), mode & FILE_MODE)

    def keys(self, folder: str) -> list[str]:
        path = self._path / folder
        with troubles(f"Cannot list {path}"):
            return [f"{folder}{name}" for name in sorted(os.listdir(path))] if path.is_dir() else []


@contextmanager
def troubles(what: str) -> Iterator[None]:
    """Turn an OSError into a StoreError.

    :raises StoreError: when the call inside fails.
    """
    try:
        yield
    except OSError as error:
        why, remedy = error.strerror or str(error), "Let the user who runs the playbooks read and write the store"
        raise StoreError(what, why=why, remedy=remedy) from error


def content_of(path: Path) -> bytes | None:
    """Read a document, or return None when there is none.

    :raises StoreError: when it is not a regular file, or too large.
    """
    try:
        return read_regular(path, MANIFEST.size)
    except FileNotFoundError:
        return None
    except Malformed as error:
        remedy = "Delete it, and its site will write it again"
        raise StoreError(f"Cannot read {path}", why=str(error), remedy=remedy, is_broken=True) from error


def make_folder(folder: Path, mode: int) -> None:
    """Create a folder if it is missing, with the permissions of the store."""
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)  # the umask reduces the mode that mkdir takes


def replace(path: Path, content: bytes, mode: int) -> None:
    """Write a file to the disk under a temporary name, then rename it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Write the folder to the disk, so that the new name survives a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
