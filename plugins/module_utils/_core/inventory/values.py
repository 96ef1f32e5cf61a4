# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the values of our variables, as they stand in the inventory, against their argument specifications.

Templates and encrypted values are not judged. Ansible says whether a value is right; this finds the part that is not,
and says what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..errors import LifeboatError
from ..nearness import remedy_for
from ..words import printable
from .definitions import NOT_WHOLE
from .keys import wrong_names
from .templates import is_template
from .variables import DEFINITIONS, VARIABLES, Variable

# Tells whether a value is right for an entry of an argument specification.
Fits = Callable[[Mapping[str, Any], Any], bool]

# What stands in an inventory in full. Whatever else there is, Ansible makes something of it that cannot be told yet.
PLAIN = (str, int, float, list, Mapping)
# For each type: what a value is not, and the remedy.
WANTED: Mapping[str, tuple[str, str]] = {
    "int": ("a whole number", "Write a whole number"),
    "bool": ("true or false", "Write true or false"),
    "list": ("a list", "Write it as a list, in brackets"),
    "dict": ("a dictionary", "Write keys and values there"),
    "str": ("a text", "Write one text, in quotes"),
    "path": ("a path", "Write one path, in quotes"),
}


def wrong_values(variables: Mapping[str, Any], fits: Fits) -> Iterator[LifeboatError]:
    """Yield what is wrong with the values of our variables at one site. What databases say is checked elsewhere."""
    for name, variable in VARIABLES.items():
        if name in variables and name != DEFINITIONS:
            yield from wrong_value(name, variable, variables[name], fits)


def wrong_value(what: str, wanted: Variable, value: Any, fits: Fits) -> Iterator[LifeboatError]:
    """Yield an error for each part of a value that is wrong: a key of a dictionary, one of a list, or all of it."""
    if value is None or is_template(value):
        return
    if not isinstance(value, PLAIN):
        if takes_no_text(wanted):
            yield encrypted_whole(what, wanted)
    elif isinstance(value, Mapping) and wanted.type == "dict" and wanted.options:
        yield from wrong_names(what, value, tuple(wanted.options))
        for key in [one for one in wanted.options if one in value]:
            yield from wrong_value(f"{what}.{key}", wanted.options[key], value[key], fits)
    elif isinstance(value, list) and wanted.elements:
        for one in value:
            yield from wrong_value(what, wanted.element, one, fits)
    elif is_lossy(wanted, value) or not fits(wanted.spec, value):
        yield unlike(what, wanted, value)
    elif wanted.form and not wanted.form.pattern.fullmatch(str(value)):
        yield LifeboatError(f"Cannot use {what}", why=found(value), remedy=wanted.form.remedy)


def takes_no_text(wanted: Variable) -> bool:
    """Tell whether a text is wrong although Ansible makes a list or a dictionary of one."""
    return wanted.type in ("list", "dict") and wanted.as_written


def encrypted_whole(what: str, wanted: Variable) -> LifeboatError:
    """Describe a list or a dictionary that is encrypted, which makes one text of it."""
    noun, remedy = WANTED[wanted.type]
    return LifeboatError(f"Cannot use {what}", why=f"it is not {noun}", remedy=f"{remedy}. {NOT_WHOLE}")


def is_lossy(wanted: Variable, value: Any) -> bool:
    """Tell whether Ansible would make something else of a value without a word, or roles would before it does.

    It writes lists, booleans and numbers such as 1.10 as text, reads ``yes`` as the number 1, and a number as a list.
    """
    if wanted.type in ("list", "dict") and isinstance(value, str):
        return takes_no_text(wanted)
    refused: Mapping[str, tuple[type, ...]] = {
        "int": (bool,),
        "list": (int, float),
        "dict": (int, float, list),
        "str": (bool, float, list, Mapping),
        "path": (int, float, list, Mapping),
    }
    return isinstance(value, refused.get(wanted.type, ()))


def unlike(what: str, wanted: Variable, value: Any) -> LifeboatError:
    """Describe a value that is of another type, or is none of those that there are."""
    if wanted.choices and isinstance(value, str):
        remedy = remedy_for(value, wanted.choices, f"Use one of {', '.join(wanted.choices)}")
        return LifeboatError(f"Cannot use {what}", why=found(value), remedy=remedy)
    noun, remedy = WANTED[wanted.type]
    why = f"it is not {noun}" if wanted.secret else f"{found(value)}, not {noun}"
    return LifeboatError(f"Cannot use {what}", why=why, remedy=remedy)


def found(value: Any) -> str:
    """Say what there is."""
    return f"it is {printable(repr(value), 70)}"
