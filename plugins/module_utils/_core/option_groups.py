# SPDX-License-Identifier: GPL-3.0-or-later
"""Option groups: what the data of a database depend on, and what of it a copy needs at its destination.

They belong to a Region. RDS User Guide, copying a snapshot: a copy in its own account and Region keeps its group, one
that goes elsewhere gets the default group unless it names another, and without the options on which its data depend
it is refused. ``CopyOptionGroup`` takes Oracle's along, across accounts and within a Region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """An option group of this Region."""

    name: str
    engine: str
    persistent: frozenset[str]  # options that data depend on


Groups = Mapping[str, OptionGroup]


def is_default(name: str) -> bool:
    return not name or name.startswith("default:")


def custom(name: str | None) -> str | None:
    """An option group that must be there; a default one is in every Region."""
    return None if is_default(name or "") else name


def why_not_usable(
    wanted: str, engine: str, needed: frozenset[str], groups: Groups, region: str
) -> tuple[str, str] | None:
    """Why a copy cannot be put into an option group of its destination, and the remedy; or None."""
    group = groups.get(wanted)
    if group is None:
        return f"{region} has no option group {wanted}", "Make it there, or name another one as option_group"
    if group.engine != engine:
        return f"the option group {wanted} is for {group.engine}, not {engine}", "Name another one as option_group"
    if missing := needed - group.persistent:
        return f"the option group {wanted} lacks {', '.join(sorted(missing))}", "Add it there"
    return None
