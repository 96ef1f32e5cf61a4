# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand on a posture: the sites to the report, and its numbers to the alarms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.posture_metrics import (
    posture_metrics,
    posture_sites,
    posture_writer,
)


class FilterModule:
    """Make the filters of the posture role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "posture_metrics": posture_metrics,
            "posture_sites": posture_sites,
            "posture_writer": posture_writer,
        }
