# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn what the inventory says of sites into roles, policies and places of stores."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover import rights
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.guards import horizon, month_guards
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import from_iso, iso


def place_in_s3(store: str) -> dict[str, str]:
    """Return the bucket of a store and the start of the keys in it, both empty for a directory or no store.

    :raises AnsibleFilterError: when it is neither an S3 prefix nor the absolute path of a directory.
    """
    try:
        return rights.place_in_s3(store)
    except LifeboatError as error:
        raise AnsibleFilterError(str(error)) from error


def age_guards(now: str, days: int) -> dict[str, Any]:
    """Return what policies need to enforce a minimum age, for templates."""
    moment, months = from_iso(now), month_guards(from_iso(now), timedelta(days=days))
    return {
        "months": [{"month": one.month, "until": iso(one.until)} for one in months],
        "horizon": iso(horizon(moment)),
    }


class FilterModule:
    """Make the filters of the prepare role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "age_guards": age_guards,
            "place_in_s3": place_in_s3,
            "roles_of": rights.roles_of,
            "with_statements": rights.with_statements,
        }
