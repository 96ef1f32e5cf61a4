# SPDX-License-Identifier: GPL-3.0-or-later
"""Option groups: which options the data of a database depend on, and which group a copy needs at its destination.

An option group belongs to a Region. A copy within its account and Region keeps its group. A copy to elsewhere gets the
default group unless it names another one, and AWS refuses it if it lacks options that the data depend on (RDS User
Guide, copying a snapshot). ``CopyOptionGroup`` copies Oracle's group too, across accounts and within a Region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """An option group of a Region."""

    name: str
    engine: str | None
    persistent: frozenset[str]  # options that data depend on


Groups = Mapping[str, OptionGroup]


def is_default(name: str) -> bool:
    """Tell whether an option group is a default one, which exists in every Region."""
    return name.startswith("default:")


def custom(name: str | None) -> str | None:
    """Return the name unless it is that of a default option group, or not known."""
    return None if name is None or is_default(name) else name


def why_not_usable(
    wanted: str, engine: str, needed: frozenset[str], groups: Groups, region: str
) -> tuple[str, str] | None:
    """Explain why a copy cannot use an option group of its destination, with the remedy, or return None if it can.

    :param needed: the options that the data depend on.
    """
    group = groups.get(wanted)
    if group is None:
        return f"{region} has no option group {wanted}", "Create it there, or set option_group to another one"
    if group.engine not in (None, engine):
        return f"the option group {wanted} is for {group.engine}, not {engine}", "Set option_group to another one"
    if missing := needed - group.persistent:
        return f"the option group {wanted} lacks {', '.join(sorted(missing))}", "Add what it lacks"
    return None
