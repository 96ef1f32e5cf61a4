# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one command so that it dies with the process that started it, as another user if asked.

Used as a script: ``launch.py PARENT SIGNAL UID GID COMMAND...``. It exists because a threaded program must not
use ``preexec_fn``, and because the kernel forgets the parent-death signal when the user changes.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, signal_number: int, uid: int, gid: int, command: list[str]) -> None:
    """Become ``command``, tied to the parent's life."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0 and uid != 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    libc.prctl(PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        # The parent died before the kernel was told to watch it.
        raise SystemExit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    PARENT, SIGNAL, UID, GID = (int(word) for word in sys.argv[1:5])
    main(PARENT, SIGNAL, UID, GID, sys.argv[5:])
