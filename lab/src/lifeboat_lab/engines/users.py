# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs the database servers."""

from __future__ import annotations

import contextlib
import os
import pwd
from dataclasses import dataclass


class EngineError(RuntimeError):
    """A database server could not be found, started or asked."""


@dataclass(frozen=True)
class User:
    """Who runs a server's programs."""

    uid: int
    gid: int


def user(*names: str) -> User:
    """Ourselves, or the first of these where we are root: database servers refuse to run as root.

    :raises EngineError: when there is none of them.
    """
    if os.geteuid() != 0:
        return User(os.geteuid(), os.getegid())
    for name in (*names, "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return User(entry.pw_uid, entry.pw_gid)
    raise EngineError(f"Database servers do not run as root, and there is neither a user {names[0]} nor nobody.")
