# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads files that somebody else may have put there: regular files only, and never more than a given size."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from .._core.foreign import EVIDENCE, Malformed

KINDS = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def why_not_regular(mode: int) -> str | None:
    """Explain why something of this mode is not read, or return None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return f"it is {next((name for is_one, name in KINDS if is_one(mode)), 'a device')}, not a regular file"


def read_regular(path: Path, largest: int = EVIDENCE.size) -> bytes:
    """Read a regular file. A link is not followed, and nothing is waited for.

    :raises Malformed: when it is not a regular file, or too large.
    :raises OSError: when it is not there, or may not be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO) and (why := why_not_regular(os.lstat(path).st_mode)):
            raise Malformed(why) from error
        raise
    if why := why_not_regular(os.fstat(handle).st_mode):
        os.close(handle)
        raise Malformed(why)
    with os.fdopen(handle, "rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise Malformed(f"it has more than {largest} bytes")
    return content
