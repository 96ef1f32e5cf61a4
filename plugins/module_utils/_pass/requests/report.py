# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what drill_report is asked."""

from __future__ import annotations

from dataclasses import dataclass

from ..._core.evidence.document import DrillFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """What is to be reported of a drill or a recovery, and how exactly its clocks agree."""

    drill: DrillFacts
    rpo_tolerance: int  # seconds by which the two clocks of the RPO may differ
