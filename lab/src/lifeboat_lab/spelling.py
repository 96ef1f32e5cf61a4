# SPDX-License-Identifier: GPL-3.0-or-later
"""Say that a name is unknown, which one was probably meant, and which ones are known."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def unknown(noun: str, given: object, known: Collection[str], *, list_all: bool = True) -> str:
    """Return the message for an unknown name, or for several; without ``list_all`` only the likely ones are named."""
    names = given if isinstance(given, list) and given else [given]
    near = [match for name in names if isinstance(name, str) for match in difflib.get_close_matches(name, known)]
    message = f"Unknown {noun} {', '.join(map(repr, names))}."
    if near:
        message += f" Did you mean {' or '.join(map(repr, dict.fromkeys(near)))}?"
    if list_all:
        message += f" Known are {', '.join(known)}." if known else " None is known here."
    return message
