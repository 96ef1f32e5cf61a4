# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the fields of admin requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lifeboat_lab.settings import BadRequest
from lifeboat_lab.spelling import unknown

# The function for a method and a path; it gets the body, or the query of a GET. For a path that ends in ``/*`` it gets
# the rest of the path instead.
Routes = dict[tuple[str, str], Callable[[Any], Any]]


def known(body: Any, *names: str) -> None:
    """Refuse a body that is not an object or has unknown fields.

    :raises BadRequest: when the body is not an object, or has other fields than these.
    """
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    if wrong := sorted(set(body) - set(names)):
        raise BadRequest(unknown("field", wrong, names))


def alone(work: Callable[[], Any]) -> Callable[[Any], Any]:
    """Wrap work that takes no fields, so that it refuses a body that has some."""

    def checked(body: Any) -> Any:
        if body is not None:
            known(body)
        return work()

    return checked


def flag(body: dict[str, Any], name: str, *, default: bool) -> bool:
    """Read a boolean field.

    :raises BadRequest: when the field is not a boolean.
    """
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false")
    return value


def seconds(body: dict[str, Any], name: str) -> float:
    """Read a field with a number of seconds; return 0 when it is not given.

    :raises BadRequest: when it is anything else.
    """
    value = body.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise BadRequest(f"{name} must be a number of seconds, and not negative")
    return float(value)
