# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over copies: look, decide, act within the limits, report what is in flight."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.copying.intermediates import failure_tags
from .._core.copying.plan import (
    Copy,
    Decision,
    PointKey,
    Rows,
    Slot,
    after_earlier,
    as_made,
    decide,
    foreign_in_flight,
    why_taken,
)
from .._core.copying.quota import advice, affordable
from .._core.model import RecoveryPoint, from_iso, iso
from .._core.result import Report
from .requests.common import CopyRequest

# After these the call may have succeeded although AWS did not say so: the next pass reads before it acts.
DOUBTFUL = ("taken", "unreachable")
TRY_AGAIN = ("wait", *DOUBTFUL)
GONE = "it is gone: somebody else deleted it"

Waiting = tuple[Copy, str]  # and the reason
Detour = Callable[[Copy], list[Copy]]


def names_to_poll(copies: Iterable[Copy]) -> dict[str, dict[str, set[str]]]:
    """Return what is in flight and what queued copies wait for, by Region and kind. The queue itself is not polled."""
    names: dict[str, dict[str, set[str]]] = {}
    for copy in copies:
        wanted = {copy.name} if copy.started or copy.doubtful else {copy.waits_for} if copy.waits_for else set()
        names.setdefault(copy.region, {"instance": set(), "cluster": set()})[copy.kind] |= wanted
    return names


def points_by_key(points: Iterable[RecoveryPoint]) -> dict[PointKey, RecoveryPoint]:
    return {point.key: point for point in points}


@dataclass(frozen=True, slots=True)
class Answers:
    """What AWS said about one copy that holds for the others as well."""

    full: set[Slot] = field(default_factory=set)  # where it takes no more copies now
    closed: dict[Slot, str] = field(default_factory=dict)  # where it takes no more snapshots, and why
    refused_steps: set[tuple[str, str]] = field(default_factory=set)  # source Region and kind of refused single steps
    lost: set[str] = field(default_factory=set)  # ARNs of what will not be made, so that nothing can follow from it


@dataclass(frozen=True, slots=True)
class Work:
    """The copies of one pass: where they are made, by whose wish, and what became known meanwhile."""

    site: Site
    report: Report
    request: CopyRequest
    detour: Detour | None = None  # what to do instead of a single step that AWS refuses
    answers: Answers = field(default_factory=Answers)
    planned: dict[PointKey, RecoveryPoint] = field(default_factory=dict)  # what check mode assumes to exist by now

    @property
    def prefix(self) -> str:
        return self.request.prefix

    @property
    def check_mode(self) -> bool:
        return self.report.check_mode

    @property
    def plays_out(self) -> bool:
        """Tell whether this is the plan of a task that waits, which goes on to the end."""
        return self.check_mode and self.request.wait and self.request.resume is None


def look_again(copies: Iterable[Copy], work: Work) -> dict[PointKey, RecoveryPoint]:
    """Read how the copies of an earlier pass stand, with a call for each 50 of a kind and destination.

    A plan goes on as if all that was asked for existed.
    """
    if work.plays_out:
        made = {copy.key: as_made(copy) for copy in copies if copy.started}
        work.planned.update(made)
        return made
    polled, site = names_to_poll(copies).items(), work.site
    return points_by_key(
        point for region, names in polled for point in site.in_region(region).recovery_points_named(names)
    )


def play_out(go_on: Callable[[list[dict[str, Any]]], None], work: Work) -> None:
    """In check mode, run all the passes that a waiting task would, until nothing is left to do.

    The first pass tells the state; those after it add only what they would change.
    """
    report, before = work.report, None
    in_flight = list(report.in_flight)
    while work.plays_out and report.resume and report.resume != before:
        before, said = report.resume, len(report.steps)
        report.resume = []
        go_on(before)
        report.steps[said:] = [step for step in report.steps[said:] if step["changed"] or step["status"] == "failed"]
    report.in_flight = in_flight


def reconcile(copies: list[Copy], rows: Rows, work: Work, held: Iterable[str] = ()) -> list[tuple[Copy, RecoveryPoint]]:
    """Start what may be started and return the copies that are available.

    :param held: the ARNs of databases of which no snapshot can be taken yet.
    """
    ordered = after_earlier(without_taken(copies, rows, work), rows, work.prefix)
    foreign = foreign_in_flight(rows.values(), copies)
    decision = decide(ordered, rows, work.request.limits, foreign, held)
    waiting = start_all(decision.start, work)
    refused = [copy for copy in ordered if is_refused(copy, work) and copy.key not in rows]
    if refused and work.detour:
        longer = decide([step for copy in refused for step in work.detour(copy)], rows, work.request.limits, foreign)
        waiting += start_all(longer.start, work)
        shorter = {copy.key for copy in refused}
        decision.queued = [one for one in decision.queued if one[0].key not in shorter] + longer.queued
    report_unfinished(decision, waiting, work)
    return decision.available


def without_taken(copies: Iterable[Copy], rows: Rows, work: Work) -> list[Copy]:
    """Leave out the copies whose name somebody else's snapshot has, and report each."""
    judged = [(copy, why_taken(copy, rows, work.prefix)) for copy in copies]
    for copy, why in judged:
        if why:
            give_up(copy, str(why), work)
    return [copy for copy, why in judged if why is None]


def is_refused(copy: Copy, work: Work) -> bool:
    return copy.is_single_step and (copy.source_region, copy.kind) in work.answers.refused_steps


def within_quota(copies: list[Copy], rows: Rows, work: Work) -> list[Copy]:
    """Return the copies that fit into the quotas, which are read before the first write; report the others."""
    missing = [copy for copy in copies if copy.key not in rows]
    quotas: dict[Slot, Any] = {}
    for region in sorted({copy.region for copy in missing}):
        try:
            quotas |= work.site.in_region(region).quotas()
        except AwsRefusal as refusal:  # without the quotas, AWS itself refuses what does not fit
            work.report.warnings.append(str(refusal))
    _fit, left = affordable(missing, quotas)
    for copy in left:
        wanted = sum(one.slot == copy.slot for one in missing)
        work.report.step("failed", reason=advice(copy.slot, quotas[copy.slot], wanted), **facts(copy))
    lost = {copy.key for copy in left}
    return [copy for copy in copies if copy.key not in lost]


def start_all(copies: Iterable[Copy], work: Work) -> list[Waiting]:
    """Start copies, with one call each, and return those that have to wait."""
    asked = [start(copy, work) for copy in copies if not (work.detour and is_refused(copy, work))]
    return [one for one in asked if one is not None]


def start(copy: Copy, work: Work) -> Waiting | None:
    """Start one copy, unless AWS's answer to an earlier one means that it would be refused."""
    if copy.slot in work.answers.closed:
        give_up(copy, work.answers.closed[copy.slot], work)
        return None
    if copy.slot in work.answers.full and not copy.is_taken:
        return copy, "waits for a free copy slot at its destination"
    begun = copy.begun(str(iso(work.site.now)))
    if work.check_mode:
        work.report.resume.append(begun.as_document())
    else:
        try:
            row = work.site.in_region(copy.region).copy(begun)
        except AwsRefusal as refusal:
            return after_refusal(copy, refusal, work)
        wait_for(begun, work.report, row)
    change = {"copy_of": copy.source_arn, "kms_key_id": copy.kms_key_id, "tags": dict(copy.tags), "why": copy.reason}
    work.report.change(copy.name, None, change)
    work.report.step("copying", reason=copy.reason, changed=True, **facts(copy))
    return None


def after_refusal(copy: Copy, refusal: AwsRefusal, work: Work) -> Waiting | None:
    """Note what a refusal means for this and other copies. Return the copy if it can be tried again, otherwise None."""
    if copy.is_single_step and work.detour and refusal.is_about_the_route:
        work.answers.refused_steps.add((copy.source_region, copy.kind))
        work.report.warnings.append(f"AWS refused to copy {copy.name} in one step, so it takes two: {refusal.why}.")
        return None
    if refusal.meaning in DOUBTFUL or (refusal.meaning == "missing" and is_made(copy, work)):
        return replace(copy, doubtful=True), refusal.why
    if refusal.meaning == "wait":
        work.answers.full.update([copy.slot] if refusal.is_about_copy_slots else [])
        return copy, refusal.why
    if refusal.meaning == "prune":
        work.answers.closed[copy.slot] = str(refusal)
    give_up(copy, str(refusal), work)
    return None


def is_made(copy: Copy, work: Work) -> bool:
    """Look whether another run has made a copy whose source is gone since."""
    return bool(work.site.in_region(copy.region).recovery_points_named({copy.kind: [copy.name]}))


def report_unfinished(decision: Decision, waiting: Iterable[Waiting], work: Work) -> None:
    report, now = work.report, work.site.now
    for copy, row in decision.in_flight:
        done = "" if row.percent is None else f", {row.percent} %"
        report.step("copying", reason=f"{row.status}{done}", **facts(copy))
        wait_for(copy if copy.started or copy.doubtful else replace(copy, started=iso(row.created or now)), report, row)
    for copy, row in decision.failed:
        remedy = "Delete it with snapshot_prune and run again."
        give_up(copy, f"The copy {row.name} of {copy.identifier} is {row.status}. {remedy}", work)
        release_failed(row, work)
    for copy, reason in (*decision.queued, *waiting):
        if copy.source_arn in work.answers.lost:
            give_up(copy, f"{copy.name} of {copy.identifier} is not made: the previous step failed.", work)
        else:
            queue(copy, report, reason)


def release_failed(row: RecoveryPoint, work: Work) -> None:
    """Say on a failed copy that it never landed, so that AWS lets prune delete it."""
    tags = failure_tags(row)
    if not tags or work.check_mode:
        return
    try:
        work.site.in_region(row.region).tag(row.arn, tags)
    except AwsRefusal as refusal:  # it stays until it is old enough, or an administrator deletes it
        work.report.warnings.append(str(refusal))


def give_up(copy: Copy, reason: str, work: Work) -> None:
    work.answers.lost.add(copy.arn)
    work.report.step("failed", reason=reason, **facts(copy))


def queue(copy: Copy, report: Report, reason: str) -> None:
    report.step("queued", reason=reason, **facts(copy))
    report.wait_for(copy.as_document(), status="queued", **facts(copy))


def wait_for(copy: Copy, report: Report, row: RecoveryPoint) -> None:
    report.wait_for(copy.as_document(), status=row.status, percent=row.percent, since=copy.started, **facts(copy))


def facts(copy: Copy) -> dict[str, Any]:
    about = {"database": copy.identifier, "kind": copy.kind, "name": copy.name, "region": copy.region}
    return about | {"source": copy.source_arn}


def seconds_since(started: str | None, now: datetime) -> int | None:
    """Return how long something took, on AWS's clock, or None when this run did not see it start."""
    return None if started is None else int((now - from_iso(started)).total_seconds())


def seconds_of(copy: Copy, work: Work) -> int | None:
    """Return how long a copy took, or None in a plan."""
    return None if work.check_mode else seconds_since(copy.started, work.site.now)


def remove_left_over(points: Iterable[RecoveryPoint], work: Work) -> None:
    """Delete intermediate snapshots that are not needed any more."""
    for point in points:
        work.report.change(point.arn, {"status": point.status, "tags": dict(point.tags)}, None)
        about: dict[str, Any] = {"kind": point.kind, "name": point.name, "region": point.region}
        about["database"] = point.identifier
        try:
            if not work.check_mode:
                work.site.in_region(point.region).delete_recovery_point(point)
        except AwsRefusal as refusal:
            if refusal.meaning not in (*TRY_AGAIN, "missing"):
                work.report.step("failed", reason=str(refusal), **about)
            continue
        work.report.step(
            "removed", reason="an intermediate snapshot that no copy needs any more", changed=True, **about
        )
