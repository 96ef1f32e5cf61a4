# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument pieces that modules share; their documentation is in the doc fragments of the same names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.copying.plan import Limits
from .._core.errors import LifeboatError
from .._core.inventory.selection import Selection

SITE: dict[str, Any] = {
    "account_id": {"type": "str", "required": True},
    "prefix": {"type": "str", "default": "lifeboat"},
}
SELECTION: dict[str, Any] = {
    "databases": {"type": "list", "elements": "str", "default": []},
    "match_tags": {"type": "dict", "default": {}},
    "engines": {"type": "list", "elements": "str", "default": []},
    "kinds": {"type": "list", "elements": "str", "choices": ["instance", "cluster"], "default": []},
}


def overrides_of(**settings: dict[str, Any]) -> dict[str, Any]:
    """The option ``overrides`` of a module that has these settings for each database."""
    choice = {name: {**one, "default": None} for name, one in SELECTION.items()}
    return {"overrides": {"type": "list", "elements": "dict", "default": [], "options": {**choice, **settings}}}


WAITING: dict[str, Any] = {
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 14400},
    "poll_interval": {"type": "int", "default": 15},
    "resume": {"type": "list", "elements": "dict"},
}
STORE: dict[str, Any] = {"store": {"type": "str"}}
LIMITS: dict[str, Any] = {
    "max_in_flight": {
        "type": "dict",
        "default": {},
        "options": {"instance": {"type": "int", "default": 20}, "cluster": {"type": "int", "default": 5}},
    },
    "tags": {"type": "dict", "default": {}},
}


def selection(params: Mapping[str, Any]) -> Selection:
    return Selection(
        identifiers=tuple(params["databases"]),
        tags={str(key): str(value) for key, value in params["match_tags"].items()},
        engines=tuple(params["engines"]),
        kinds=tuple(params["kinds"]),
    )


def limits(params: Mapping[str, Any]) -> Limits:
    """How many copies may be in flight.

    :raises LifeboatError: when nothing could ever start.
    """
    given = {kind: number for kind, number in params["max_in_flight"].items() if number is not None}
    for kind, number in given.items():
        if number < 1:
            what = f"Cannot copy with max_in_flight.{kind} {number}"
            raise LifeboatError(what, why="it is below 1, so that no copy would ever start", remedy="Raise it")
    return Limits(**given)


def extra_tags(params: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in params["tags"].items()}
