# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the names inside the dictionaries of the inventory, as they stand there: nothing is templated or decrypted.

So a run that needs no password of Ansible Vault needs none for this either, and what is a template is not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..checking.checks import LADDER
from ..errors import LifeboatError
from ..nearness import remedy_for
from ..words import printable
from .definitions import check_definitions, check_entry
from .templates import is_template
from .variables import DEFINITIONS, VARIABLES

Resolve = Callable[[str], Any]  # the value of a variable that is a template as a whole; None when it has none yet

# What stands for a value that only Ansible can read. As a setting, None is as good as left out.
UNREAD = None
OF_CHECKS = {kind: ("check", *rung.required, *rung.expectations, *rung.optional) for kind, rung in LADDER.items()}


def wrong_keys(variables: Mapping[str, Any], resolve: Resolve) -> Iterator[LifeboatError]:
    """Yield what is wrong with what databases say, and with the names in dictionaries that are templates as a whole.

    :param variables: the variables of the host, as they are in the inventory.
    """
    for name, variable in VARIABLES.items():
        if name == DEFINITIONS and name in variables:
            yield from wrong_definitions(read(name, variables, resolve))
        elif variable.options and is_template(variables.get(name)):
            yield from wrong_names(name, resolve(name), tuple(variable.options))


def read(name: str, variables: Mapping[str, Any], resolve: Resolve) -> Any:
    """Read a variable: as it stands, unless it is a template."""
    return resolve(name) if is_template(variables[name]) else variables[name]


def wrong_names(what: str, value: Any, known: tuple[str, ...]) -> Iterator[LifeboatError]:
    """Yield an error for each key that is not known, of a dictionary or of each in a list."""
    for one in value if isinstance(value, list) else ():
        yield from wrong_names(what, one, known)
    for key in value if isinstance(value, Mapping) else ():
        if key not in known:
            remedy = remedy_for(str(key), known, f"Known are {', '.join(known)}")
            yield LifeboatError(f"Cannot use {what}", why=f"unknown key '{printable(key, 70)}'", remedy=remedy)


def wrong_definitions(definitions: Any) -> Iterator[LifeboatError]:
    """Yield what is wrong with the entries of ``lifeboat_databases``."""
    if definitions is None:
        return
    if not isinstance(definitions, Mapping):
        yield from tried(check_definitions, definitions)
        return
    for position, (name, entry) in enumerate(definitions.items()):
        yield from tried(check_entry, name, readable(entry), is_first=position == 0)
        for check in checks_of(entry):
            yield from wrong_check(f"the checks of {DEFINITIONS}.{printable(name, 70)}", check)


def tried(check: Callable[..., Any], *values: Any, **more: Any) -> Iterator[LifeboatError]:
    """Yield the error that a check raises."""
    try:
        check(*values, **more)
    except LifeboatError as error:
        yield error


def readable(entry: Any) -> Any:
    """Return an entry with its settings as far as they can be judged as they stand."""
    if not isinstance(entry, Mapping):
        return UNREAD if is_template(entry) else entry
    return {
        key: readable(value)
        if key == "recovery" and isinstance(value, Mapping)
        else value
        if is_plain(value)
        else UNREAD
        for key, value in entry.items()
    }


def is_plain(value: Any) -> bool:
    """Tell whether a value stands there in full: no part of it is a template or encrypted."""
    if isinstance(value, Mapping):
        return all(is_plain(one) for one in value.values())
    if isinstance(value, (list, tuple)):
        return all(is_plain(one) for one in value)
    return value is None or (isinstance(value, (str, int, float)) and not is_template(value))


def checks_of(entry: Any) -> list[Any]:
    """Return the checks that stand in an entry."""
    checks = entry.get("checks") if isinstance(entry, Mapping) else None
    return checks if isinstance(checks, list) else []


def wrong_check(what: str, check: Any) -> Iterator[LifeboatError]:
    """Yield what is wrong with the names in one check. Its values may be secret, and are not looked at."""
    if not isinstance(check, Mapping):
        return
    kind = check.get("check")
    if isinstance(kind, str) and kind in OF_CHECKS:
        yield from wrong_names(what, check, OF_CHECKS[kind])
    elif isinstance(kind, str) and not is_template(kind):
        remedy = remedy_for(kind, OF_CHECKS, f"Known checks: {', '.join(OF_CHECKS)}")
        yield LifeboatError(f"Cannot use {what}", why=f"unknown check '{printable(kind, 70)}'", remedy=remedy)
    elif kind is None:
        remedy = f"Say which check it is: {', '.join(OF_CHECKS)}"
        yield LifeboatError(f"Cannot use {what}", why="one has no 'check'", remedy=remedy)
