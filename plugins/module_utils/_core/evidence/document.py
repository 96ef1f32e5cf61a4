# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a drill or a recovery: the document that is kept, and the table and the line for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..checking.checks import LADDER
from ..model import Purpose, iso
from ..words import duration, printable
from .judge import Judged, drill_verdict
from .measures import CLOCKS, STARTED, Facts
from .shape import LONGEST, database_facts, scrub

COLLECTION_VERSION = "0.1.0"  # as in galaxy.yml, which modules cannot read
VERSION = 1  # of the document's format
TIMES = ("RPO", "RTO-connect", "RTO-validated", "restore", "credentials")
COLUMNS = ("database", "verdict", *TIMES, "checks", "reason")
NEVER_TESTED = (
    "Applications: nothing but the checks used the restored databases.",
    "Load: how fast a restored database answers under production traffic.",
)


def not_tested(databases: Sequence[Facts]) -> list[str]:
    """List what a reader must not conclude from a drill."""
    gaps = [
        f"{printable(facts['name'])}: no check of {kind}."
        for facts in databases
        for kind in LADDER
        if kind not in kinds_passed_or_failed(facts)
    ]
    return [*NEVER_TESTED, *stand_ins(databases), *configurations(databases), *gaps]


def stand_ins(databases: Iterable[Facts]) -> list[str]:
    """List the Multi-AZ DB clusters that were restored as an instance, because their snapshots cannot be shared."""
    return [
        f"{printable(facts['name'])}: it is a DB {facts.get('kind')}, but a DB {facts['restored_kind']} was restored."
        for facts in databases
        if facts.get("restored_kind") not in (None, facts.get("kind"))
    ]


def configurations(databases: Iterable[Facts]) -> list[str]:
    """List how restored databases differ from their originals in configuration, or that this is not known."""
    return [
        f"{printable(facts['name'])}: its configuration ({printable(one)})."
        for facts in databases
        for one in facts.get("unlike") or ()
    ]


def kinds_passed_or_failed(facts: Facts) -> set[str]:
    """List the kinds of checks that passed or failed."""
    rows = (facts.get("check") or {}).get("checks") or []
    return {str(row.get("check")) for row in rows if row.get("status") in ("passed", "failed")}


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillFacts:
    """The facts about a drill or a recovery, as the role that ran it reports them."""

    purpose: Purpose
    drill_id: str
    name: str | None
    site: Facts
    who: Facts
    started: datetime
    started_clock: str
    controls: Sequence[Facts]
    databases: Sequence[Facts]
    problems: Sequence[Facts]


def document(
    drill: DrillFacts, judged: Sequence[Judged], *, finished: datetime, tool: Mapping[str, str]
) -> dict[str, Any]:
    """Build the evidence document: the facts as reported, and the conclusions.

    Its place in the site's history, and who signs it, are added when it is written.
    """
    rows = [
        database_facts(facts) | one.as_result() | {"name": printable(facts["name"], LONGEST)}
        for facts, one in zip(drill.databases, judged, strict=True)
    ]
    return {
        "document": drill.purpose,
        "version": VERSION,
        "verdict": drill_verdict(judged, drill.problems),
        "drill_id": drill.drill_id,
        "name": scrub(drill.name),
        "site": scrub(drill.site),
        "who": scrub(drill.who),
        "started": iso(drill.started),
        "clocks": {"started": STARTED[drill.started_clock], **CLOCKS},
        "finished": iso(finished),
        "tool": dict(tool),
        "controls": scrub(drill.controls),
        "history": None,
        "signed_by": None,
        "databases": rows,
        "problems": scrub(drill.problems),
        "not_tested": not_tested(drill.databases),
    }


def table(judged: Sequence[Judged], problems: Iterable[Facts]) -> list[str]:
    """Write a table of the drill, then the problems of the drill as a whole, and the warnings."""
    rows = [COLUMNS, *(cells(one) for one in judged)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    names = {one.name for one in judged}
    whole = [problem for problem in problems if printable(problem.get("database") or "") not in names]
    warnings = [f"warning: {one.name}: {warning}" for one in judged for warning in one.warnings]
    return lines + [printable(line) for line in (*map(problem_line, whole), *warnings)]


def cells(one: Judged) -> tuple[str, ...]:
    """Write the cells of one database."""
    found = one.measures
    seconds = (found.rpo, found.rto_connect, found.rto_validated, found.restore, found.phases["credentials"])
    times = [duration(one) for one in seconds]
    return (one.name, one.verdict, *times, f"{one.passed}/{one.total}", one.reason)


def problem_line(problem: Facts) -> str:
    """Write one problem as a line."""
    about = f"{problem['database']}: " if problem.get("database") else ""
    return f"{problem['verdict']}: {about}{problem['reason']}"


def summary(purpose: str, drill_id: str, judged: Sequence[Judged], problems: Iterable[Facts]) -> str:
    """Write the summary, for example ``lifeboat drill 20261123t1404: FAILED (3 of 4 verified)``."""
    verified = sum(one.verdict == "verified" for one in judged)
    verdict = drill_verdict(judged, problems).upper()
    return f"lifeboat {purpose} {drill_id}: {verdict} ({verified} of {len(judged)} verified)"
