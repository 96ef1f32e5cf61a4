# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose the user who runs the database servers."""

from __future__ import annotations

import contextlib
import os
import pwd
from dataclasses import dataclass


class EngineError(RuntimeError):
    """Raised when a database server cannot be found, started or asked."""


@dataclass(frozen=True)
class User:
    """The system user who runs a server's programs."""

    uid: int
    gid: int


def user(*names: str) -> User:
    """Return the current user, or for root the first of these: database servers refuse to run as root.

    :raises EngineError: when there is none of them.
    """
    if os.geteuid() != 0:
        return User(os.geteuid(), os.getegid())
    for name in (*names, "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return User(entry.pw_uid, entry.pw_gid)
    raise EngineError(f"Database servers do not run as root. Create the user {names[0]} or nobody.")
