# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell people and the hook of a recovery: the run-book before it, where the databases listen after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.facts import Result, definition_for
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.endpoints import (
    recovery_endpoints,
    recovery_table,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.runbook import Occasion, runbook


def recovery_runbook(planned: Result, definitions: Mapping[str, Any], **about: Any) -> str:
    """Write the run-book of what snapshot_restore planned in check mode."""
    steps = [step for step in planned.get("steps", []) if step.get("database")]
    checks = {step["database"]: definition_for(definitions, step).get("checks") or [] for step in steps}
    return "\n".join(runbook(steps, checks, Occasion(time=planned["began"], **about))) + "\n"


class FilterModule:
    """Make the filters of the recover role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "recovery_endpoints": recovery_endpoints,
            "recovery_runbook": recovery_runbook,
            "recovery_table": recovery_table,
        }
