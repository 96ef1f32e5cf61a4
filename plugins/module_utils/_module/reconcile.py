# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""One pass over copies: look, decide, act within the limits, report what is in flight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.model import RecoveryPoint, from_iso, iso
from .._core.plan import Copy, Decision, Limits, Rows, after_earlier, decide, foreign_in_flight, require_ours
from .result import Report

# After these the copy may exist, or may be made later: the next pass looks again before it acts.
TRY_AGAIN = ("wait", "taken", "unreachable")


def names_by_kind(copies: Iterable[Copy]) -> dict[str, list[str]]:
    """The names to look at: of the copies, and of those that they wait for."""
    names: dict[str, list[str]] = {"instance": [], "cluster": []}
    for copy in copies:
        names[copy.kind] += [name for name in (copy.name, copy.waits_for) if name]
    return names


def by_key(points: Iterable[RecoveryPoint]) -> dict[tuple[str, str], RecoveryPoint]:
    return {(point.kind, point.name): point for point in points}


def look_again(resume: Iterable[Mapping[str, Any]], site: Site) -> tuple[list[Copy], Rows]:
    """What an earlier pass left in flight, and how it stands now: a call for each 50 of a kind."""
    copies = [Copy(**document) for document in resume]
    return copies, by_key(site.recovery_points_named(names_by_kind(copies)))


def reconcile(
    copies: list[Copy], rows: Rows, site: Site, report: Report, limits: Limits, prefix: str, *, check_mode: bool
) -> list[tuple[Copy, RecoveryPoint]]:
    """Start what may be started and return the copies that are available."""
    require_ours(copies, rows, prefix, site.region)
    ordered = after_earlier(copies, rows, prefix)
    decision = decide(ordered, rows, limits, foreign_in_flight(rows.values(), copies))
    for copy in decision.start:
        start(copy, site, report, check_mode=check_mode)
    report_unfinished(decision, report, site.now)
    return decision.available


def start(copy: Copy, site: Site, report: Report, *, check_mode: bool) -> None:
    """Ask for one copy."""
    report.change(copy.name, None, {"copy_of": copy.source_arn, "kms_key_id": copy.kms_key_id, "tags": dict(copy.tags)})
    if check_mode:
        report.step("copying", reason=copy.reason, changed=True, **facts(copy))
        return
    try:
        row = site.copy(copy)
    except AwsRefusal as refusal:
        if refusal.meaning not in TRY_AGAIN:
            report.step("failed", reason=str(refusal), **facts(copy))
            return
        queue(copy, report, refusal.why)
        return
    started = replace(copy, started=iso(site.now))
    report.step("copying", reason=copy.reason, changed=True, **facts(copy))
    wait_for(started, report, row)


def report_unfinished(decision: Decision, report: Report, now: datetime) -> None:
    for copy, row in decision.in_flight:
        report.step("copying", reason=f"{row.status}, {row.percent} %", **facts(copy))
        wait_for(copy if copy.started else replace(copy, started=iso(row.created or now)), report, row)
    for copy in decision.queued:
        queue(copy, report, "waits for a free copy slot of its destination")
    for copy, row in decision.failed:
        remedy = "Delete it with snapshot_prune and run again."
        reason = f"The copy {row.name} of {copy.identifier} is {row.status}. {remedy}"
        report.step("failed", reason=reason, **facts(copy))


def queue(copy: Copy, report: Report, reason: str) -> None:
    report.step("queued", reason=reason, **facts(copy))
    report.wait_for(copy.as_document(), status="queued", **facts(copy))


def wait_for(copy: Copy, report: Report, row: RecoveryPoint) -> None:
    report.wait_for(copy.as_document(), status=row.status, percent=row.percent, since=copy.started, **facts(copy))


def facts(copy: Copy) -> dict[str, Any]:
    return {"database": copy.identifier, "kind": copy.kind, "name": copy.name, "source": copy.source_arn}


def seconds_since(started: str | None, now: datetime) -> int | None:
    """How long something took, on AWS's clock; None when this run did not see it start."""
    return None if started is None else int((now - from_iso(started)).total_seconds())
