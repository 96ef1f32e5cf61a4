# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of the evidence: each file is written as a whole, under a free name, and never changed."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from .._core.errors import LifeboatError
from .._core.evidence.history import FILE, Entry, next_place, read_entry, unreadable
from .._core.foreign import Malformed
from .regular import read_regular
from .signing import SIGNATURE_SIZE, SUFFIX, Signer

LOCK = ".lock"  # a file, since NFS locks only what is open for writing, and a directory is not
MODE, FOLDER_MODE, LOCK_MODE = 0o640, 0o750, 0o660


def predict(directory: str, name: str) -> str:
    """Return the path that the next document of this name would get.

    :raises LifeboatError: when it could not be written.
    """
    check_writable(directory)
    return os.path.join(directory, next(file for file in names(name) if is_free(Path(directory), file)))


def check_writable(directory: str) -> None:
    """Check that this user may write to a directory, or create it.

    :raises LifeboatError: when no document could be written there.
    """
    existing = directory
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    if not os.path.isdir(existing) or not os.access(existing, os.W_OK | os.X_OK):
        raise unwritable(directory, f"{existing} is not a directory that this user may write to")
    lock = os.path.join(directory, LOCK)
    if os.path.lexists(lock) and not os.access(lock, os.W_OK):
        raise unwritable(directory, f"{lock} may not be written to by this user")


def names(name: str) -> Iterator[str]:
    return (f"{name}-{number}.json" for number in count(1))


def is_free(directory: Path, file: str) -> bool:
    """Tell whether no document has this name. A signature alone also takes it: a killed run left that one."""
    return not any(os.path.lexists(directory / one) for one in (file, file + SUFFIX))


def unwritable(directory: str, why: str) -> LifeboatError:
    remedy = "Set directory to one that exists or can be created, and that this user may write to"
    return LifeboatError(f"Cannot write the evidence to {directory}", why=why, remedy=remedy)


@contextmanager
def locked(directory: str) -> Iterator[Path]:
    """Lock the directory for this process; create it if it is missing. The system unlocks it when the process dies.

    :raises LifeboatError: when something in it cannot be read or written.
    """
    try:
        os.makedirs(directory, mode=FOLDER_MODE, exist_ok=True)
        with open_lock(os.path.join(directory, LOCK)) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(directory)
    except OSError as error:
        raise unwritable(directory, error.strerror or type(error).__name__) from error


def open_lock(path: str) -> Any:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, LOCK_MODE)
    if os.fstat(handle).st_uid == os.geteuid():
        os.fchmod(handle, LOCK_MODE)  # the umask reduces the mode that open takes
    return os.fdopen(handle, "r+")


def read_entries(paths: Iterable[Path]) -> tuple[dict[Path, Entry], list[LifeboatError]]:
    """Read the documents. Also return what is wrong with the files that cannot be read as one."""
    found, problems = {}, []
    for path in paths:
        try:
            found[path] = read_document(path)[0]
        except LifeboatError as error:
            problems.append(error)
    return found, problems


def read_document(path: Path) -> tuple[Entry, bytes]:
    """Read one document. Return what it says about itself, and its bytes.

    :raises LifeboatError: when it is not a document.
    """
    try:
        content = read_regular(path)
    except Malformed as error:
        raise unreadable(path.name, str(error)) from error
    return read_entry(path.name, content), content


def signature_of(document: Path) -> bytes | None:
    """Read the signature of a document, or return None when there is none. What is no such file is no signature."""
    try:
        return read_regular(document.with_name(document.name + SUFFIX), SIGNATURE_SIZE)
    except FileNotFoundError:
        return None
    except Malformed:
        return b""


def documents_in(directory: Path) -> list[Path]:
    """List what is named like a document. A link or a pipe of that name is told when it is read."""
    return sorted(path for path in directory.glob("*.json") if is_document(path))


def is_document(path: Path) -> bool:
    return bool(FILE.fullmatch(path.name)) and not (path.is_dir() and not path.is_symlink())


def record(
    directory: str, document: Mapping[str, Any], signer: Signer | None
) -> tuple[str, bytes, list[LifeboatError]]:
    """Write the next document of its site's history. Return its path, its bytes, and which files cannot be read.

    :raises LifeboatError: when that is not possible. Then no file is left behind.
    """
    site = (document["site"]["account_id"], document["site"]["region"])
    with locked(directory) as folder:
        entries, problems = read_entries(documents_in(folder))
        place = {"history": next_place(entries.values(), site), "signed_by": signer.name if signer else None}
        content = pack({**document, **place})
        path = add(folder, names(document["drill_id"]), content, signer)
    return str(path), content, problems


def pack(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent=2, allow_nan=False) + "\n").encode()


def add(folder: Path, candidates: Iterator[str], content: bytes, signer: Signer | None = None) -> Path:
    """Write a document and its signature under the first name that is free.

    The signature is written first, so that a document that says it is signed always has one.
    """
    path = folder / next(file for file in candidates if is_free(folder, file))
    signature = path.with_name(path.name + SUFFIX)
    if signer:
        place(signature, signer.sign(content))
    try:
        place(path, content)
    except OSError:
        with suppress(OSError):
            signature.unlink()
        raise
    return path


def place(path: Path, content: bytes, modified: float | None = None) -> None:
    """Write a file as a whole or not at all. Unlike a rename, this never replaces what is there.

    :param modified: its mtime, in seconds of the epoch; now when left out.
    :raises FileExistsError: when something has that name.
    """
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}-") as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), MODE)
        if modified is not None:
            os.utime(file.fileno(), (modified, modified))
        os.fsync(file.fileno())
        os.link(file.name, path)
