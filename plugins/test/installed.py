# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an optional collection is there."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from ansible.errors import AnsibleFilterError


def installed(collection: str) -> bool:
    """Tell whether Ansible finds a collection: its loader serves Python's imports as well.

    :raises AnsibleFilterError: when the name is none of a collection.
    """
    if collection.count(".") != 1:
        raise AnsibleFilterError(f"lifeboat.rds.installed: {collection} is no NAMESPACE.NAME of a collection")
    try:
        return find_spec(f"ansible_collections.{collection}") is not None
    except ModuleNotFoundError:  # not even the namespace
        return False


class TestModule:
    """The tests of this collection."""

    def tests(self) -> dict[str, Callable[..., bool]]:
        return {"installed": installed}
