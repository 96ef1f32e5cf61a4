# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site does about an event of RDS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.reaction import (
    databases_of,
    parts_of,
    subjects_at,
)


class FilterModule:
    """The filters over events."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"event_databases": databases_of, "event_parts": parts_of, "event_subjects": subjects_at}
