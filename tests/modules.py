# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module's own main in this process: options as a task has them, the answer as Ansible reads it."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args


def answer(module: ModuleType, options: Mapping[str, Any], *, check_mode: bool = False) -> dict[str, Any]:
    """Return what the module answers, failures included."""
    output = io.StringIO()
    arguments = {**options, "_ansible_check_mode": check_mode}
    with patch_module_args(arguments), contextlib.redirect_stdout(output), pytest.raises(SystemExit):
        module.main()
    found: dict[str, Any] = json.loads(output.getvalue())
    return found
