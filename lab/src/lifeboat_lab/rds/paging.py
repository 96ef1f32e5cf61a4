# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter lists and cut them into pages, the same way for all."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar

from lifeboat_lab.errors import AwsError

Row = TypeVar("Row")
# A filter's name, and what its values are compared with.
Filters = dict[str, Callable[[Any], Iterable[str | None]]]


def filtered(found: Iterable[Row], params: dict[str, Any], known: Filters) -> list[Row]:
    """Return what passes the request's filters.

    :raises AwsError: when there is no filter of that name.
    """
    passes = filtering(params, known)
    return [each for each in found if passes(each)]


def filtering(params: dict[str, Any], known: Filters) -> Callable[[Any], bool]:
    """Combine the request's filters into one test.

    :raises AwsError: when there is no filter of that name.
    """
    rules = []
    for rule in params.get("Filters") or []:
        if rule["Name"] not in known:
            raise AwsError("InvalidParameterValue", f"Unrecognized filter name: {rule['Name']}")
        rules.append((known[rule["Name"]], {value.lower() for value in rule.get("Values") or []}))
    return lambda each: all(not values.isdisjoint(str(have).lower() for have in read(each)) for read, values in rules)


def page(
    found: Iterable[Row], params: dict[str, Any], key: Callable[[Row], str], most: int = 100
) -> tuple[list[Row], str | None]:
    """Return one page, and the marker of the next one.

    :raises AwsError: when the size or the marker is not acceptable.
    """
    return page_of_ordered(sorted(found, key=key), params, key, most=most)


def page_of_ordered(
    ordered: Sequence[Row], params: dict[str, Any], key: Callable[[Row], str],
    keep: Callable[[Row], bool] = lambda _row: True, most: int = 100,
) -> tuple[list[Row], str | None]:  # fmt: skip
    """Return one page of rows that are in order already, and look at no more rows than it needs.

    Pages are cut by a key that never changes, so that rows that come or go between two calls are neither repeated nor
    hidden.

    :raises AwsError: when the size or the marker is not acceptable.
    """
    size = params.get("MaxRecords", 100)
    if not 20 <= size <= most:
        raise AwsError("InvalidParameterValue", f"Invalid value {size} for MaxRecords. Must be between 20 and {most}")
    marker = params.get("Marker")
    start = bisect_right(ordered, _after(marker), key=key) if marker else 0
    wanted = (ordered[place] for place in range(start, len(ordered)) if keep(ordered[place]))
    rows = list(islice(wanted, size + 1))
    if len(rows) <= size:
        return rows, None
    return rows[:size], base64.urlsafe_b64encode(key(rows[size - 1]).encode()).decode()


def _after(marker: str) -> str:
    try:
        return base64.urlsafe_b64decode(marker.encode()).decode()
    except (binascii.Error, ValueError):
        raise AwsError("InvalidParameterValue", "Invalid or expired Marker") from None
