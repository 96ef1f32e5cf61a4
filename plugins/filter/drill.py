# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand on what the steps of a drill need of each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.facts import Definitions, drill_facts
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.definitions import check_definitions
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.drill import (
    drill_engines,
    drill_selection,
    drill_targets,
    with_problem,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.words import printable
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.request import read_subject
from ansible_collections.lifeboat.rds.plugins.modules.database_check import ARGUMENTS

# A database that nobody asks: only the form of its checks is looked at.
NOBODY = {"engine": "postgres", "host": "localhost", "port": 1, "database": "x", "username": "x", "password": "x"}


def drill_definitions(definitions: Any) -> Definitions:
    """Return the definitions once they make sense.

    :raises AnsibleFilterError: naming the first entry that does not, and what to do about it.
    """
    try:
        for name, entry in check_definitions(definitions).items():
            check_form(name, entry or {})
    except LifeboatError as error:
        raise AnsibleFilterError(str(error)) from error
    return dict(definitions)


def check_form(name: str, entry: Mapping[str, Any]) -> None:
    """Read checks, and how to connect, as database_check would.

    :raises LifeboatError: when it could not run one of them.
    """
    way = {key: entry[key] for key in ("driver", "tls") if entry.get(key) is not None}
    database = {**NOBODY, **way, "name": name, "checks": plain(entry.get("checks") or [])}
    found = ArgumentSpecValidator(ARGUMENTS).validate({"databases": [database]})
    if found.error_messages:
        why = printable(found.error_messages[0])
        raise LifeboatError(f"Cannot use the checks of lifeboat_databases.{name}", why=why, remedy="Correct them")
    read_subject(found.validated_parameters["databases"][0])


def plain(value: Any) -> Any:
    """Copy lists and mappings. Ansible's own carry all variables along, which the validator would copy with them."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


class FilterModule:
    """Make the filters of the drill role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "drill_definitions": drill_definitions,
            "drill_engines": drill_engines,
            "drill_facts": drill_facts,
            "drill_selection": drill_selection,
            "drill_targets": drill_targets,
            "with_problem": with_problem,
        }
