# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory says of databases, in the form that modules take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.definitions import RECOVERY

# How an entry narrows what its identifier or pattern matches.
NARROWER = ("match_tags", "engines", "kinds")
# What may be said of a database's recovery.
OF_RECOVERIES = tuple(RECOVERY)


def overrides(definitions: Mapping[str, Any], *settings: str) -> list[dict[str, Any]]:
    """What is said of some databases about these settings, in the order of the inventory.

    :raises AnsibleFilterError: when no setting is named, or the definitions are no dictionary.
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
    """What is said under ``recovery``; the other settings of restores are those of drills.

    :raises AnsibleFilterError: when the definitions are no dictionary.
    """
    overrides(definitions, *OF_RECOVERIES)
    narrowed = {
        name: {**picked(one or {}, NARROWER), **((one or {}).get("recovery") or {})}
        for name, one in definitions.items()
    }
    return overrides(narrowed, *OF_RECOVERIES)


def picked(definition: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Null in YAML is as good as left out."""
    return {name: definition[name] for name in names if definition.get(name) is not None}


def publishing_for(hosts: Iterable[Mapping[str, Any]], account: str) -> list[str]:
    """The source sites that publish for an account; an account without quotes in YAML is a number."""
    return [
        str(host["inventory_hostname"])
        for host in hosts
        if str(account) in (str(one) for one in host.get("lifeboat_dr_accounts") or ())
    ]


class FilterModule:
    """The filters over what the inventory says."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "overrides": overrides,
            "publishing_for": publishing_for,
            "recovery_overrides": recovery_overrides,
        }
