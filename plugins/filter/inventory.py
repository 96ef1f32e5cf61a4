# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn what the inventory says of databases and sites into what modules take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory import settings as said
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.sites import (
    by_site,
    publishing_for,
    publishing_regions,
)


def overrides(definitions: Mapping[str, Any], *settings: str) -> list[dict[str, Any]]:
    """Return what is said of some databases about these settings, in the order of the inventory.

    :raises AnsibleFilterError: when no setting is named, or the definitions are not a dictionary of dictionaries.
    """
    try:
        return said.overrides(definitions, *settings)
    except LifeboatError as error:
        raise AnsibleFilterError(str(error)) from error


def recovery_overrides(definitions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is said under ``recovery``. The other settings of restores are those of drills.

    :raises AnsibleFilterError: when the definitions are not a dictionary of dictionaries.
    """
    try:
        return said.recovery_overrides(definitions)
    except LifeboatError as error:
        raise AnsibleFilterError(str(error)) from error


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
