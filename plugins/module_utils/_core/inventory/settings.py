# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn what the inventory says of databases into the overrides that modules take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import LifeboatError
from .definitions import NARROWER, RECOVERY

# What may be said of a database's recovery.
OF_RECOVERIES = tuple(RECOVERY)
WHAT = "Cannot read the settings of databases"


def overrides(definitions: Mapping[str, Any], *settings: str) -> list[dict[str, Any]]:
    """Return what is said of some databases about these settings, in the order of the inventory.

    :raises LifeboatError: when no setting is named, or the definitions are not a dictionary of dictionaries.
    """
    if not settings:
        remedy = "In lifeboat.rds.overrides, name the settings that the module takes, such as 'rpo'"
        raise LifeboatError(WHAT, why="none is asked for", remedy=remedy)
    if not isinstance(definitions, Mapping) or not all(
        one is None or isinstance(one, Mapping) for one in definitions.values()
    ):
        remedy = "Set lifeboat_databases to a dictionary of dictionaries, by identifier or pattern"
        raise LifeboatError(WHAT, why="lifeboat_databases has another form", remedy=remedy)
    entries = ((name, picked(one or {}, settings), picked(one or {}, NARROWER)) for name, one in definitions.items())
    return [{"databases": [name], **narrower, **said} for name, said, narrower in entries if said]


def recovery_overrides(definitions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is said under ``recovery``. The other settings of restores are those of drills.

    :raises LifeboatError: when the definitions are not a dictionary of dictionaries.
    """
    overrides(definitions, *OF_RECOVERIES)
    narrowed = {
        name: {**picked(one or {}, NARROWER), **((one or {}).get("recovery") or {})}
        for name, one in definitions.items()
    }
    return overrides(narrowed, *OF_RECOVERIES)


def picked(definition: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Pick the settings that are said. Null in YAML is as good as left out."""
    return {name: definition[name] for name in names if definition.get(name) is not None}
