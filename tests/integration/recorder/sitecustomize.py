# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets a test know the passwords that a drill makes, so that it can look for them where they must not be.

Python imports this at the start of every process that has its folder in PYTHONPATH.
"""

from __future__ import annotations

import os
import secrets

make = secrets.token_urlsafe


def token_urlsafe(size=None):
    """Make a token and write it down."""
    made = make(size)
    with open(os.environ["MADE_PASSWORDS"], "a", encoding="utf-8") as file:
        file.write(f"{made}\n")
    return made


secrets.token_urlsafe = token_urlsafe
