# SPDX-License-Identifier: GPL-3.0-or-later
"""Show what the role prune would do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.outcomes import plan_lines


class FilterModule:
    """Make the filter of the role prune."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"prune_plan": plan_lines}
