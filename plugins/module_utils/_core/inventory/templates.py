# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what Ansible would still make another value of."""

from __future__ import annotations

from typing import Any


def is_template(value: Any) -> bool:
    """Tell whether Ansible would make another value of this text."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)
