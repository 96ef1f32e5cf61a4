# SPDX-License-Identifier: GPL-3.0-or-later
"""How admin requests are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lifeboat_lab.settings import BadRequest

# What is done with the body (of a GET, the query) of a method and a path. A path that ends in ``/*`` gets the rest
# of the path in its place.
Routes = dict[tuple[str, str], Callable[[Any], Any]]


def known(body: Any, *names: str) -> None:
    """:raises BadRequest: when the body is no object, or has other fields than these."""
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    if unknown := sorted(set(body) - set(names)):
        raise BadRequest(f"unknown: {', '.join(unknown)}; known are {', '.join(names) or 'none'}")


def alone(work: Callable[[], Any]) -> Callable[[Any], Any]:
    """For what takes no words: whoever sends some means something else."""

    def checked(body: Any) -> Any:
        if body is not None:
            known(body)
        return work()

    return checked


def flag(body: dict[str, Any], name: str, *, default: bool) -> bool:
    """:raises BadRequest: when the field is not a boolean."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false")
    return value


def seconds(body: dict[str, Any], name: str) -> float:
    """A field with a number of seconds, 0 when it is not given.

    :raises BadRequest: when it is anything else.
    """
    value = body.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise BadRequest(f"{name} must be a number of seconds, and not negative")
    return float(value)
