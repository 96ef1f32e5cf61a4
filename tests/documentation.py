# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation tells a reader to type."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from textwrap import dedent

A_TIME = "2026-11-25T03:00:00Z"  # a time before the damage


def code_blocks(text: str, language: str = "sh") -> list[str]:
    """Return the code blocks of a page that are in one language, also those that stand indented in a list."""
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [dedent(block) for block in found]


def as_of_now(command: str) -> str:
    """Write a command for the lab, whose snapshots are as old as the test: the time in it is the present."""
    return command.replace(A_TIME, f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}")
