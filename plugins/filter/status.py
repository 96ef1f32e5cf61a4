# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the recovery points of a site to an operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.status_lines import (
    status_problems,
    status_table,
)


class FilterModule:
    """Make the filters of the status role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"status_problems": status_problems, "status_table": status_table}
