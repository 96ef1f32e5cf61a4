# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module's own main in this process: options as a task has them, the answer as Ansible reads it.

Below: what an answer says of each item.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import Mock

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible.plugins.action import ActionBase


def answer_of(main: Callable[[], None], options: Mapping[str, Any], *, check_mode: bool = False) -> dict[str, Any]:
    """Return what a module answers, failures included."""
    output = io.StringIO()
    arguments = {**options, "_ansible_check_mode": check_mode}
    with patch_module_args(arguments), contextlib.redirect_stdout(output), pytest.raises(SystemExit):
        main()
    found: dict[str, Any] = json.loads(output.getvalue())
    return found


def answer_of_action(
    action: type[ActionBase], options: Mapping[str, Any], *, check_mode: bool = False
) -> dict[str, Any]:
    """Return what an action plugin answers that does everything on the controller, as JSON carries it."""
    task = Mock(args=dict(options), check_mode=check_mode, async_val=0)
    made = action(task, *(Mock() for _part in range(5)))
    found: dict[str, Any] = json.loads(json.dumps(made.run()))
    return found


def by_database(result: Mapping[str, Any]) -> dict[str, str]:
    """Return what became of each database."""
    return {step["database"]: step["status"] for step in result["steps"]}


def by_name(result: Mapping[str, Any]) -> dict[str, str]:
    """Return what became of each thing that a step names."""
    return {step["name"]: step["status"] for step in result["steps"]}


def check_statuses(result: Mapping[str, Any]) -> list[str]:
    """Return how each check of one database ended, in their order."""
    return [row["status"] for row in result["checks"]]
