# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on each database of a drill or a recovery, and on all of it.

Whatever is missing makes it unverified, never verified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..checking.checks import Verdict, verdict_of
from ..words import duration, printable
from .measures import Facts, Measures, disagreement, measure, number

WORST_FIRST: tuple[Verdict, ...] = ("failed", "unverified")
WANTED_END = {"drill": "deleted", "recovery": "kept"}  # by purpose: the state that a restored database must end in
RPO_TOLERANCE = 900  # seconds by which the two measurements of the RPO may differ without a warning


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a database is not verified."""

    verdict: Verdict
    reason: str
    is_follow_up: bool = False  # reported only if it is the first one, since it follows from any earlier one


@dataclass(frozen=True, slots=True)
class Judged:
    """A database of a drill with its verdict and its measurements."""

    name: str
    verdict: Verdict
    reason: str
    recovery_point_arn: str | None
    measures: Measures
    passed: int
    total: int
    warnings: tuple[str, ...] = ()

    def as_result(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "verdict": self.verdict,
            "reason": self.reason,
            "recovery_point_arn": self.recovery_point_arn,
            **self.measures.as_result(),
            "checks_passed": self.passed,
            "checks_total": self.total,
            "warnings": list(self.warnings),
        }


def judge_database(
    facts: Facts,
    started: datetime,
    problems: Iterable[Facts] = (),
    rpo_tolerance: float = RPO_TOLERANCE,
    purpose: str = "drill",
) -> Judged:
    """Judge one database of a drill or a recovery.

    :param facts: what the modules reported about it.
    :param started: when the drill began.
    :param problems: further problems of this database.
    :param rpo_tolerance: seconds by which the two measurements of the RPO may differ without a warning.
    :param purpose: ``drill`` or ``recovery``.
    """
    measures, goals = measure(facts, started), facts.get("objectives") or {}
    findings = [
        *(finding for name, judge in PIECES.items() if (finding := judge(facts.get(name)))),
        *judge_end(facts, purpose),
        *accepted(facts),
        *missed("RPO", measures.rpo, number(goals.get("rpo"))),
        *missed_rto(measures, number(goals.get("rto"))),
        *(Finding(problem["verdict"], printable(problem["reason"])) for problem in problems),
    ]
    verdict, reason = worst([one for one in findings if not one.is_follow_up or one is findings[0]])
    rows = (facts.get("check") or {}).get("checks") or []
    warning = disagreement(measures, rpo_tolerance)
    return Judged(
        name=printable(facts["name"]),
        verdict=verdict,
        reason=reason,
        recovery_point_arn=printable(facts["recovery_point_arn"]) if facts.get("recovery_point_arn") else None,
        measures=measures,
        passed=sum(row.get("status") == "passed" for row in rows),
        total=len(rows),
        warnings=(warning,) if warning else (),
    )


def worst(findings: Sequence[Finding]) -> tuple[Verdict, str]:
    """Find the worst verdict, with all reasons for it."""
    for verdict in WORST_FIRST:
        reasons = [finding.reason for finding in findings if finding.verdict == verdict]
        if reasons:
            return verdict, "; ".join(dict.fromkeys(reasons))
    return "verified", ""


def judge_restore(piece: Facts | None) -> Finding | None:
    """Judge the restore."""
    status = status_of(piece)
    if status == "restored":
        return None
    if status == "failed":
        return Finding("failed", f"restore failed{because(piece)}")
    return not_done("restore", piece)


def judge_credentials(piece: Facts | None) -> Finding | None:
    """Judge the credentials. A password that could not be set is unverified, since it says nothing about the data."""
    return None if status_of(piece) == "set" else not_done("credentials", piece)


def judge_check(piece: Facts | None) -> Finding | None:
    """Judge the checks. The check's own verdict counts, unless its rows are worse."""
    if not piece:
        return not_done("check", piece)
    found, why = verdict_of(piece.get("checks") or [])
    claimed = piece.get("verdict")
    if "failed" in (found, claimed):
        return Finding("failed", printable(why if found == "failed" else piece.get("reason") or "a check failed"))
    if found == claimed == "verified":
        return None
    return Finding("unverified", printable(piece.get("reason") or why or f"the check's verdict is {claimed}"))


def judge_end(facts: Facts, purpose: str) -> list[Finding]:
    """Judge what happened to the restored database in the end.

    A drill must delete it, since it costs money and contains production data. A recovery must keep it.
    """
    piece = facts.get("teardown")
    status = status_of(piece)
    has_nothing_to_keep = purpose == "recovery" and status_of(facts.get("restore")) != "restored"
    if status == WANTED_END[purpose] or has_nothing_to_keep:
        return []
    if status is None:
        return [Finding("unverified", not_done("teardown", piece).reason)]
    what = "left behind" if purpose == "drill" else "not kept"
    return [Finding("failed", printable(f"{what}, teardown {status}{because(piece)}"))]


PIECES: Mapping[str, Callable[[Facts | None], Finding | None]] = {
    "restore": judge_restore,
    "credentials": judge_credentials,
    "check": judge_check,
}


def status_of(piece: Facts | None) -> str | None:
    """Read the status of a step, or return None when there is no status."""
    status = (piece or {}).get("status")
    return None if status is None else str(status)


def not_done(name: str, piece: Facts | None) -> Finding:
    """Build the finding for a step that was not done."""
    status = status_of(piece)
    text = f"{name} is {status}" if status else f"nothing is known of the {name}"
    return Finding("unverified", printable(f"{text}{because(piece)}"), is_follow_up=not piece)


def because(piece: Facts | None) -> str:
    """Write the reason of a step for the end of a sentence."""
    reason = (piece or {}).get("reason")
    return f": {printable(reason)}" if reason else ""


def missed(name: str, achieved: float | None, objective: float | None, *, is_follow_up: bool = False) -> list[Finding]:
    """Compare a measurement with its objective."""
    if objective is None:
        return []
    if achieved is None:
        return [Finding("unverified", f"{name} could not be measured", is_follow_up)]
    if achieved <= objective:
        return []
    return [Finding("failed", f"{name} {duration(achieved)} is over the objective of {duration(objective)}")]


def missed_rto(measures: Measures, objective: float | None) -> list[Finding]:
    """Compare the recovery time with its objective.

    The objective is for the validated recovery. It is missed as soon as the known phases exceed it.
    """
    is_over = objective is not None and measures.known > objective
    achieved = measures.known if is_over else measures.rto_validated
    return missed("RTO", achieved, objective, is_follow_up=True)


def accepted(facts: Facts) -> list[Finding]:
    """Report a database whose definition accepts that nobody looks at its data. It is never verified."""
    if not facts.get("accept_unverified"):
        return []
    return [Finding("unverified", "its definition says accept_unverified")]


def judge_drill(
    databases: Sequence[Facts],
    problems: Sequence[Facts],
    started: datetime,
    rpo_tolerance: float = RPO_TOLERANCE,
    purpose: str = "drill",
) -> list[Judged]:
    """Judge all databases of a drill or a recovery, each with the problems that name it."""
    own = [[one for one in problems if one.get("database") == facts["name"]] for facts in databases]
    return [
        judge_database(facts, started, about, rpo_tolerance, purpose)
        for facts, about in zip(databases, own, strict=True)
    ]


def drill_verdict(judged: Sequence[Judged], problems: Iterable[Facts]) -> Verdict:
    """Judge a drill: verified only if there are databases, all are verified, and there are no problems."""
    verdicts = [one.verdict for one in judged] + [problem["verdict"] for problem in problems]
    if "failed" in verdicts:
        return "failed"
    return "verified" if judged and all(verdict == "verified" for verdict in verdicts) else "unverified"
