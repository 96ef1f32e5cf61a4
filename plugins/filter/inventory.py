# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn what the inventory says of databases and sites into what modules take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.definitions import RECOVERY
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.sites import (
    by_site,
    publishing_for,
    publishing_regions,
)

# How an entry narrows what its identifier or pattern matches.
NARROWER = ("match_tags", "engines", "kinds")
# What may be said of a database's recovery.
OF_RECOVERIES = tuple(RECOVERY)


def overrides(definitions: Mapping[str, Any], *settings: str) -> list[dict[str, Any]]:
    """Return what is said of some databases about these settings, in the order of the inventory.

    :raises AnsibleFilterError: when no setting is named, or the definitions are not a dictionary.
    """
    if not settings:
        raise AnsibleFilterError("lifeboat.rds.overrides: name the settings that the module takes, such as 'rpo'")
    if not isinstance(definitions, Mapping) or not all(
        one is None or isinstance(one, Mapping) for one in definitions.values()
    ):
        raise AnsibleFilterError(
            "lifeboat.rds.overrides: lifeboat_databases is a dictionary of dictionaries, by identifier or pattern"
        )
    entries = ((name, picked(one or {}, settings), picked(one or {}, NARROWER)) for name, one in definitions.items())
    return [{"databases": [name], **narrower, **said} for name, said, narrower in entries if said]


def recovery_overrides(definitions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is said under ``recovery``. The other settings of restores are those of drills.

    :raises AnsibleFilterError: when the definitions are not a dictionary.
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


class FilterModule:
    """Make the filters over what the inventory says."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "by_site": by_site,
            "overrides": overrides,
            "publishing_for": publishing_for,
            "publishing_regions": publishing_regions,
            "recovery_overrides": recovery_overrides,
        }
