# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the options of drill_report into what its pass is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.errors import LifeboatError
from ..._core.evidence.document import DrillFacts
from ..._core.restoring.target import check_drill_id
from ..._core.words import read_time
from ..._pass.requests.report import ReportRequest


def read_report(params: Mapping[str, Any]) -> ReportRequest:
    """Read the options of drill_report.

    :raises LifeboatError: when the drill id, the start or the tolerance is not valid.
    """
    drill_id = check_drill_id(params["drill_id"])
    started = read_time("Cannot report the drill (started)", params["started"])
    if params["rpo_tolerance"] < 0:
        what = f"Cannot report the drill with rpo_tolerance {params['rpo_tolerance']}"
        raise LifeboatError(what, why="it is below 0", remedy="Set rpo_tolerance to 0 or more")
    drill = DrillFacts(
        purpose=params["purpose"],
        drill_id=drill_id,
        name=params["name"],
        site=params["site"],
        who=params["who"],
        started=started,
        started_clock=params["started_clock"],
        controls=params["controls"],
        databases=params["databases"],
        problems=params["problems"],
    )
    return ReportRequest(drill=drill, rpo_tolerance=params["rpo_tolerance"])
