# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test asks of the machine that it runs on."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest


def missing(what: str) -> None:
    """Skip a test for want of something on this machine; in CI, where everything is, fail."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


def processes_with(text: str) -> dict[int, str]:
    """Return the command lines of the processes that have a text in their environment, which children inherit."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended
            if text.encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
    return found
