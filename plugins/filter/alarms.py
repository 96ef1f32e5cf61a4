# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn the alarms of an installation into what CloudWatch takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.alarms import alarm_plan


class FilterModule:
    """Make the filter of the subscription role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"alarm_plan": alarm_plan}
