# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn what the inventory says of sites into roles, policies and places of stores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover import rights


def place_in_s3(store: str) -> dict[str, str]:
    """Return the bucket of a store and the start of the keys in it, both empty for a directory or no store.

    :raises AnsibleFilterError: when it is neither an S3 prefix nor the absolute path of a directory.
    """
    try:
        return rights.place_in_s3(store)
    except LifeboatError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Make the filters of the prepare role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"place_in_s3": place_in_s3, "roles_of": rights.roles_of, "with_statements": rights.with_statements}
