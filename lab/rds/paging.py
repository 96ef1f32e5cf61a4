# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters and pages, which all lists have in the same way."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from lab.errors import AwsError

Row = TypeVar("Row")
# A filter's name, and what its values are compared with.
Filters = dict[str, Callable[[Any], Iterable[str | None]]]


def filtered(found: list[Row], params: dict[str, Any], known: Filters) -> list[Row]:
    """What passes the request's filters.

    :raises AwsError: when there is no filter of that name.
    """
    for rule in params.get("Filters") or []:
        read = known.get(rule["Name"])
        if read is None:
            raise AwsError("InvalidParameterValue", f"Unrecognized filter name: {rule['Name']}")
        values = {value.lower() for value in rule.get("Values") or []}
        found = [each for each in found if values & {str(have).lower() for have in read(each)}]
    return found


def page(
    found: Iterable[Row], params: dict[str, Any], key: Callable[[Row], str], most: int = 100
) -> tuple[list[Row], str | None]:
    """One page, and the marker of the next one.

    Pages are cut by a key that never changes, so that what comes or goes between two calls neither repeats nor hides
    a row.

    :raises AwsError: when the size or the marker is not acceptable.
    """
    size = params.get("MaxRecords", 100)
    if not 20 <= size <= most:
        raise AwsError("InvalidParameterValue", f"Invalid value {size} for MaxRecords. Must be between 20 and {most}")
    ordered = sorted(found, key=key)
    if marker := params.get("Marker"):
        after = _after(marker)
        ordered = [each for each in ordered if key(each) > after]
    rows = ordered[:size]
    return rows, base64.urlsafe_b64encode(key(rows[-1]).encode()).decode() if len(ordered) > size else None


def _after(marker: str) -> str:
    try:
        return base64.urlsafe_b64decode(marker.encode()).decode()
    except (binascii.Error, ValueError):
        raise AwsError("InvalidParameterValue", "Invalid or expired Marker") from None
