# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The record of a drill: what each database proved, the verdict, the table that people read.

What is missing is unverified, and never a pass.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .checks import LADDER, Verdict, printable, verdict_of
from .model import from_iso, iso

COLLECTION_VERSION = "0.1.0"  # as in galaxy.yml, which modules cannot read
VERSION = 1  # of the document
PHASES = ("restore", "credentials", "check")  # of the RTO, one after the other for each database
SECRET = re.compile(r"pass(word|wd|phrase)|secret|token|(private|access)[-_ ]?key", re.IGNORECASE)
WORST_FIRST: tuple[Verdict, ...] = ("failed", "unverified")
COLUMNS = ("database", "verdict", "RPO", "RTO", *PHASES, "checks", "reason")
UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
NEVER_TESTED = (
    "Configuration: parameter groups, option groups, class and storage are the drill's, not the source database's.",
    "Applications: nothing but the checks used the restored databases.",
    "Load: how fast a restored database answers under production traffic.",
)

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stands between a database and the verdict verified."""

    verdict: Verdict
    reason: str
    is_follow_up: bool = False  # no news when something before it already stands in the way


@dataclass(frozen=True, slots=True)
class Judged:
    """A database of the drill with its verdict and its numbers."""

    name: str
    verdict: Verdict
    reason: str
    rpo: int | None
    phases: Mapping[str, float | None]
    passed: int
    total: int

    @property
    def rto(self) -> float | None:
        """Restore, credentials and checks together; unknown as long as one of them is."""
        known = [seconds for seconds in self.phases.values() if seconds is not None]
        return round(sum(known), 3) if len(known) == len(PHASES) else None

    def as_result(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "verdict": self.verdict,
            "reason": self.reason,
            "rpo_seconds": self.rpo,
            "rto_seconds": self.rto,
            "rto_phases": dict(self.phases),
            "checks_passed": self.passed,
            "checks_total": self.total,
        }


def judge_database(facts: Facts, started: datetime, problems: Iterable[Facts] = ()) -> Judged:
    """The verdict on one database of a drill that began at this time."""
    check = facts.get("check") or {}
    rpo = rpo_of(facts.get("original_time"), started)
    phases = {phase: number((facts.get(phase) or {}).get("seconds")) for phase in PHASES}
    goals = facts.get("objectives") or {}
    findings = [
        *(finding for name, judge in PIECES.items() if (finding := judge(facts.get(name)))),
        *missed("RPO", rpo, number(goals.get("rpo"))),
        *missed_rto(phases, number(goals.get("rto"))),
        *(Finding(problem["verdict"], printable(problem["reason"])) for problem in problems),
    ]
    verdict, reason = worst([one for one in findings if not one.is_follow_up or one is findings[0]])
    rows = check.get("checks") or []
    passed = sum(row.get("status") == "passed" for row in rows)
    return Judged(printable(facts["name"]), verdict, reason, rpo, phases, passed, len(rows))


def worst(findings: Sequence[Finding]) -> tuple[Verdict, str]:
    """The worst verdict, and all that speaks for it."""
    for verdict in WORST_FIRST:
        reasons = [finding.reason for finding in findings if finding.verdict == verdict]
        if reasons:
            return verdict, "; ".join(dict.fromkeys(reasons))
    return "verified", ""


def judge_restore(piece: Facts | None) -> Finding | None:
    status = status_of(piece)
    if status == "restored":
        return None
    if status == "failed":
        return Finding("failed", f"restore failed{because(piece)}")
    return not_done("restore", piece)


def judge_credentials(piece: Facts | None) -> Finding | None:
    """A password that could not be set says nothing about the data: nobody looked at them."""
    return None if status_of(piece) == "set" else not_done("credentials", piece)


def judge_check(piece: Facts | None) -> Finding | None:
    """The check's own verdict, unless its rows say worse."""
    if not piece:
        return not_done("check", piece)
    found, why = verdict_of(piece.get("checks") or [])
    claimed = piece.get("verdict")
    if "failed" in (found, claimed):
        return Finding("failed", printable(why if found == "failed" else piece.get("reason") or "a check failed"))
    if found == claimed == "verified":
        return None
    return Finding("unverified", printable(piece.get("reason") or why or f"the check's verdict is {claimed}"))


def judge_teardown(piece: Facts | None) -> Finding | None:
    """Whatever is not known to be deleted costs money and holds production data."""
    status = status_of(piece)
    if status == "deleted":
        return None
    if status is None:
        return Finding("unverified", not_done("teardown", piece).reason)
    return Finding("failed", printable(f"left behind, teardown {status}{because(piece)}"))


PIECES: Mapping[str, Callable[[Facts | None], Finding | None]] = {
    "restore": judge_restore,
    "credentials": judge_credentials,
    "check": judge_check,
    "teardown": judge_teardown,
}


def status_of(piece: Facts | None) -> str | None:
    status = (piece or {}).get("status")
    return None if status is None else str(status)


def not_done(name: str, piece: Facts | None) -> Finding:
    status = status_of(piece)
    text = f"{name} is {status}" if status else f"nothing is known of the {name}"
    return Finding("unverified", printable(f"{text}{because(piece)}"), is_follow_up=not piece)


def because(piece: Facts | None) -> str:
    reason = (piece or {}).get("reason")
    return f": {printable(reason)}" if reason else ""


def rpo_of(original_time: str | None, started: datetime) -> int | None:
    """The data that would be lost, in seconds. A recovery point from after the drill's start measures nothing."""
    try:
        seconds = (started - from_iso(original_time or "")).total_seconds()
    except (ValueError, TypeError):  # no time, or one without a zone
        return None
    return round(seconds) if seconds >= 0 else None


def number(value: object) -> float | None:
    """Seconds, or None where there are none."""
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def missed(name: str, achieved: float | None, objective: float | None, *, is_follow_up: bool = False) -> list[Finding]:
    if objective is None:
        return []
    if achieved is None:
        return [Finding("unverified", f"{name} could not be measured", is_follow_up)]
    if achieved <= objective:
        return []
    return [Finding("failed", f"{name} {duration(achieved)} is over the objective of {duration(objective)}")]


def missed_rto(phases: Mapping[str, float | None], objective: float | None) -> list[Finding]:
    """The objective may be missed before the last phase is known."""
    known = [seconds for seconds in phases.values() if seconds is not None]
    is_known = len(known) == len(phases) or (objective is not None and sum(known) > objective)
    return missed("RTO", sum(known) if is_known else None, objective, is_follow_up=True)


def judge_drill(databases: Sequence[Facts], problems: Sequence[Facts], started: datetime) -> list[Judged]:
    """The databases of a drill, each with the problems that name it."""
    return [
        judge_database(facts, started, [one for one in problems if one.get("database") == facts["name"]])
        for facts in databases
    ]


def drill_verdict(judged: Sequence[Judged], problems: Iterable[Facts]) -> Verdict:
    """Verified only when there is something to verify and nothing speaks against it."""
    verdicts = [one.verdict for one in judged] + [problem["verdict"] for problem in problems]
    if "failed" in verdicts:
        return "failed"
    return "verified" if judged and all(verdict == "verified" for verdict in verdicts) else "unverified"


def not_tested(databases: Iterable[Facts]) -> list[str]:
    """What a reader must not conclude from a drill."""
    gaps = [
        f"{printable(facts['name'])}: no check of {kind}."
        for facts in databases
        for kind in LADDER
        if kind not in kinds_passed_or_failed(facts)
    ]
    return [*NEVER_TESTED, *gaps]


def kinds_passed_or_failed(facts: Facts) -> set[str]:
    rows = (facts.get("check") or {}).get("checks") or []
    return {str(row.get("check")) for row in rows if row.get("status") in ("passed", "failed")}


def scrub(value: Any) -> Any:
    """The same without anything named like a secret, at any depth. Nobody should send one here."""
    if isinstance(value, Mapping):
        return {str(key): scrub(item) for key, item in value.items() if not SECRET.search(str(key))}
    if isinstance(value, (list, tuple)):
        return [scrub(item) for item in value]
    return value


def document(
    params: Facts, judged: Sequence[Judged], *, started: datetime, finished: datetime, tool: Mapping[str, str]
) -> dict[str, Any]:
    """The evidence: the facts as they were given, and what was concluded from them."""
    rows = [
        scrub(facts) | one.as_result() | {"name": facts["name"]}
        for facts, one in zip(params["databases"], judged, strict=True)
    ]
    return {
        "document": "drill",
        "version": VERSION,
        "verdict": drill_verdict(judged, params["problems"]),
        "drill_id": params["drill_id"],
        "site": scrub(params["site"]),
        "started": iso(started),
        "finished": iso(finished),
        "tool": dict(tool),
        "databases": rows,
        "problems": scrub(params["problems"]),
        "not_tested": not_tested(params["databases"]),
    }


def table(judged: Sequence[Judged], problems: Iterable[Facts]) -> list[str]:
    """The drill as aligned lines of plain text, and below them the problems of the drill as a whole."""
    rows = [COLUMNS, *(cells(one) for one in judged)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    names = {one.name for one in judged}
    whole = [problem for problem in problems if printable(problem.get("database") or "") not in names]
    return lines + [printable(problem_line(problem)) for problem in whole]


def cells(one: Judged) -> tuple[str, ...]:
    times = [duration(seconds) for seconds in (one.rpo, one.rto, *(one.phases[phase] for phase in PHASES))]
    return (one.name, one.verdict, *times, f"{one.passed}/{one.total}", one.reason)


def problem_line(problem: Facts) -> str:
    about = f"{problem['database']}: " if problem.get("database") else ""
    return f"{problem['verdict']}: {about}{problem['reason']}"


def duration(seconds: float | None) -> str:
    """The two largest units: ``2 h 5 min``, ``42 s``, and ``0.4 s`` where whole seconds would hide it."""
    if seconds is None:
        return "-"
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    left, parts = int(seconds), []
    for unit, size in UNITS:
        count, left = divmod(left, size)
        parts += [f"{count} {unit}"] if count else []
    return " ".join(parts[:2]) or "0 s"


def summary(drill_id: str, judged: Sequence[Judged], problems: Iterable[Facts]) -> str:
    """For example ``lifeboat drill 20261123t1404: FAILED (3 of 4 verified)``."""
    verified = sum(one.verdict == "verified" for one in judged)
    verdict = drill_verdict(judged, problems).upper()
    return f"lifeboat drill {drill_id}: {verdict} ({verified} of {len(judged)} verified)"
