# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation tells a reader to type."""

from __future__ import annotations

import re
from textwrap import dedent


def code_blocks(text: str, language: str = "sh") -> list[str]:
    """Return the code blocks of a page that are in one language, also those that stand indented in a list."""
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [dedent(block) for block in found]
