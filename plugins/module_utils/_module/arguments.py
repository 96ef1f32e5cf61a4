# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that modules share, and how to read each. The doc fragments of the same names document them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, get_origin, get_type_hints

from .._core.copying.plan import Limits
from .._core.errors import LifeboatError
from .._core.handover.store import Address, read_address
from .._core.inventory.overrides import Override, PerDatabase, S, read_overrides
from .._core.inventory.protection import Protection, check_protection
from .._core.inventory.selection import Selection

SITE: dict[str, Any] = {
    "account_id": {"type": "str", "required": True},
    "prefix": {"type": "str", "default": "lifeboat"},
    "profile_from": {"type": "str"},
}
SELECTION: dict[str, Any] = {
    "databases": {"type": "list", "elements": "str", "default": []},
    "match_tags": {"type": "dict", "default": {}},
    "engines": {"type": "list", "elements": "str", "default": []},
    "kinds": {"type": "list", "elements": "str", "choices": ["instance", "cluster"], "default": []},
}


def overrides_of(**settings: dict[str, Any]) -> dict[str, Any]:
    """Return the option ``overrides`` of a module that has these settings for each database."""
    choice = {name: {**one, "default": None} for name, one in SELECTION.items()}
    return {"overrides": {"type": "list", "elements": "dict", "default": [], "options": {**choice, **settings}}}


# What ``overrides`` of several modules say about whether a database is protected at all.
PROTECTION: dict[str, Any] = {"protect": {"type": "bool"}, "reason": {"type": "str"}}
WAITING: dict[str, Any] = {
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 14400},
    "poll_interval": {"type": "int", "default": 15},
    "resume": {"type": "list", "elements": "dict"},
}
SIGNING: dict[str, Any] = {
    "signing_key": {"type": "path"},
    "signing_passphrase": {"type": "str", "no_log": True},
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


def read_selection(params: Mapping[str, Any]) -> Selection:
    return Selection(
        identifiers=tuple(params["databases"]),
        tags=read_tags(params["match_tags"]),
        engines=tuple(params["engines"]),
        kinds=tuple(params["kinds"]),
    )


def read_limits(given: Mapping[str, int | None]) -> Limits:
    """Read how many copies may be in flight. A limit that is not given is the one that AWS documents.

    :raises LifeboatError: when a limit is below 1.
    """
    limits = {kind: number for kind, number in given.items() if number is not None}
    for kind, number in limits.items():
        if number < 1:
            raise LifeboatError(
                f"Cannot copy with max_in_flight.{kind} {number}",
                why="it is below 1, so that no copy would ever start",
                remedy=f"Set max_in_flight.{kind} to 1 or more",
            )
    return Limits(**limits)


def read_tags(given: Mapping[Any, Any]) -> dict[str, str]:
    """Convert the keys and values of tags to text: YAML reads some of them as numbers or booleans."""
    return {str(key): str(value) for key, value in given.items()}


def read_store(text: str | None) -> Address | None:
    return None if text is None else read_address(text)


def read_request(kind: type[S], params: Mapping[str, Any], **read: Any) -> S:
    """Read what a pass is asked. A field is the option of its name, unless its value is given here.

    :param kind: a dataclass. A list becomes a tuple or a frozenset where the field is one.
    """
    hints = get_type_hints(kind)
    return kind(
        **{
            field.name: read[field.name] if field.name in read else frozen(params[field.name], hints[field.name])
            for field in fields(kind)
        }
    )


def frozen(value: Any, hint: Any) -> Any:
    """Convert a list into the immutable collection that a field declares. Nothing else is converted."""
    collection = get_origin(hint)
    return collection(value) if collection in (tuple, frozenset) else value


def read_settings(kind: type[S], params: Mapping[str, Any], **readers: Callable[[Any], Any]) -> PerDatabase[S]:
    """Read the settings that ``overrides`` may change for some databases.

    :param kind: a dataclass whose fields are named like the options. Those without an option have a default of theirs.
    :param readers: by option: how to convert its value into that of the field. None is not converted.
    """

    def read(given: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: readers[name](value) if name in readers and value is not None else value
            for name, value in given.items()
        }

    names = [field.name for field in fields(kind)]
    default = kind(**read({name: params[name] for name in names if name in params}))
    told = (
        (one.selection, {name: one.settings[name] for name in names if name in one.settings})
        for one in read_overrides(params["overrides"])
    )
    return PerDatabase(default, tuple(Override(selection, read(settings)) for selection, settings in told))


def read_protection(params: Mapping[str, Any]) -> PerDatabase[Protection]:
    """Read which databases need no recovery points of their own.

    :raises LifeboatError: when one is excluded without a reason.
    """
    check_protection(read_overrides(params["overrides"]))
    return read_settings(Protection, params)
