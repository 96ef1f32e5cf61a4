# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of a site up to one document, for its page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.measures import Facts, number

from .documents import Document
from .pictures import Point
from .words import NOT_KNOWN, length, time, verdict_of

SHOWN = 24  # the newest documents

OF_EACH_DATABASE = 6  # earlier results of each database


@dataclass(frozen=True, slots=True)
class Extreme:
    """The largest time of all databases, in seconds, and the database that has it."""

    seconds: float | None = None
    name: str = ""

    @property
    def text(self) -> str:
        return f"{length(self.seconds)} ({self.name})" if self.seconds is not None else "-"


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of the history."""

    kind: str
    drill_id: str
    name: str
    started: str
    verdict: str
    verified: str
    rto: Extreme
    rpo: Extreme
    file: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class Earlier:
    """The result of a database in an earlier document."""

    drill_id: str
    started: str
    verdict: str
    rpo: str
    rto: str
    checks: str


def entries(history: Sequence[Document]) -> list[Entry]:
    """Build the rows of the newest documents. The last one is the document of the page."""
    return [entry(one, is_this=one is history[-1]) for one in history[-SHOWN:]]


def entry(document: Document, *, is_this: bool) -> Entry:
    """Build the row of one document."""
    facts, rows = document.facts, document.facts["databases"]
    verified = sum(verdict_of(row.get("verdict")) == "verified" for row in rows)
    return Entry(
        kind=document.kind,
        drill_id=str(facts["drill_id"]),
        name=str(facts.get("name") or ""),
        started=time(facts["started"]),
        verdict=verdict_of(facts["verdict"]),
        verified=f"{verified} of {len(rows)}",
        rto=largest(rows, "rto_validated_seconds"),
        rpo=largest(rows, "rpo_seconds"),
        file=document.file,
        is_this=is_this,
    )


def largest(rows: Iterable[Facts], name: str) -> Extreme:
    """Find the largest value of one measurement."""
    known = [(seconds, str(row.get("name"))) for row in rows if (seconds := number(row.get(name))) is not None]
    return Extreme(*max(known)) if known else Extreme()


def points(found: Iterable[Entry]) -> list[Point]:
    """Convert the rows to points for the picture."""
    return [Point(one.started[:10], one.verdict, one.rto.seconds, one.rpo.seconds) for one in found]


def earlier(history: Sequence[Document], name: str) -> list[Earlier]:
    """List the results of a database in the documents before the last one, newest first."""
    return list(results_of(history[:-1], name))[-OF_EACH_DATABASE:][::-1]


def results_of(history: Iterable[Document], name: str) -> Iterator[Earlier]:
    """Find the results of a database in documents."""
    for document in history:
        for row in document.facts["databases"]:
            if row.get("name") == name:
                yield Earlier(
                    drill_id=str(document.facts.get("drill_id") or NOT_KNOWN),
                    started=time(document.facts["started"]),
                    verdict=verdict_of(row.get("verdict")),
                    rpo=length(row.get("rpo_seconds")),
                    rto=length(row.get("rto_validated_seconds")),
                    checks=f"{row.get('checks_passed', 0)} of {row.get('checks_total', 0)}",
                )
