# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what Ansible would still make another value of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .role_variables import READS
from .variables import DEFINITIONS

OUR_ROLES = "lifeboat.rds."


def is_template(value: Any) -> bool:
    """Tell whether Ansible would make another value of this text."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def has_template(value: Any) -> bool:
    """Tell whether Ansible would make another value of this, or of something in it."""
    if isinstance(value, Mapping):
        return any(has_template(one) for one in value.values())
    if isinstance(value, (list, tuple)):
        return any(has_template(one) for one in value)
    return is_template(value)


def templates_among(variables: Mapping[str, Any], roles: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Yield the variables of the inventory that are templates, or have some in them, and that these roles read.

    :param roles: with their collection.
    """
    ours = [role.removeprefix(OUR_ROLES) for role in roles if role.startswith(OUR_ROLES)]
    for name in sorted({name for role in ours for name in READS.get(role, ())}):
        value = variables.get(name)
        # The entries of databases are dictionaries of what several roles read: each of them tells what it lacks.
        if is_template(value) or (name != DEFINITIONS and has_template(value)):
            yield name, value
