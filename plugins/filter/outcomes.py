# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and write the fact lifeboat_outcomes: how each step of a run ended at a site."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching import outcomes


class FilterModule:
    """Make the filters over outcomes."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "after_failure": outcomes.after_failure,
            "after_plan": outcomes.after_plan,
            "after_posture": outcomes.after_posture,
            "after_result": outcomes.after_result,
            "after_verdict": outcomes.after_verdict,
            "deleted": outcomes.deleted_by,
            "failure_of": outcomes.failure_of,
            "manifests": outcomes.manifests_of,
            "passes_done": outcomes.succeeded,
            "run_failures": outcomes.failures_of,
            "run_summary": outcomes.summary_of,
            "run_verdict": outcomes.verdict_of,
            "without_steps": outcomes.without,
        }
