# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares values from columns with values written in YAML."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from ..model import from_iso


def is_same(found: Any, expected: Any) -> bool:
    """Tell whether a value from a column equals the expected one, which a template may have turned into text."""
    if found is None or expected is None:
        return found is expected
    if isinstance(found, bool) or isinstance(expected, bool):
        return str(found).lower() == str(expected).lower()
    if isinstance(found, (int, float, Decimal)):
        return is_same_number(found, expected)
    if isinstance(found, datetime):
        return is_same_time(found, expected)
    if isinstance(found, (dict, list)):
        return bool(found == expected)
    if isinstance(expected, (dict, list)):
        return is_same_document(found, expected)
    return as_text(found) == as_text(expected)


def is_same_document(found: object, expected: object) -> bool:
    """Compare JSON that MariaDB and MySQL return as text."""
    try:
        return isinstance(found, str) and bool(json.loads(found) == expected)
    except ValueError:
        return False


def is_same_number(found: float | Decimal, expected: object) -> bool:
    """Compare numbers by value, so that 1 and 1.0 are equal."""
    try:
        return Decimal(str(found)) == Decimal(str(expected))
    except InvalidOperation:
        return False


def is_same_time(found: datetime, expected: object) -> bool:
    """Compare times by the moment, whatever their zones."""
    try:
        return as_moment(found) == as_moment(from_iso(str(expected)))
    except ValueError:
        return False


def as_text(value: object) -> str:
    """Convert a value to text; bytes become hexadecimal digits."""
    return bytes(value).hex() if isinstance(value, (bytes, bytearray, memoryview)) else str(value)


def as_moment(value: Any) -> datetime | None:
    """Convert a value from a column to a time, or return None. Without a zone it is UTC, like the session."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    return None
