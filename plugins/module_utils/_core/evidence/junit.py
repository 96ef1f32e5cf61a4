# SPDX-License-Identifier: GPL-3.0-or-later
"""A drill or a recovery as JUnit XML, which every CI server shows. A case passes only if it is verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

from ..checking.checks import is_harmless
from ..words import printable
from .document import problem_line
from .judge import WANTED_END, Finding, judge_credentials, judge_restore, missed, missed_rto, not_done
from .measures import Facts, Measures, number, restore_phases, total
from .shape import LONGEST

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
CaseOutcome = Literal["failure", "error", "skipped"]

# JUnit has no third state, so unverified becomes an error.
OUTCOMES: dict[str, CaseOutcome] = {"failed": "failure", "unverified": "error"}


@dataclass(frozen=True, slots=True)
class Case:
    """One test case. Without an outcome, it passed."""

    subject: str
    name: str
    seconds: float | None = None
    outcome: CaseOutcome | None = None
    reason: str = ""


def junit(document: Facts) -> str:
    """Write a drill's or a recovery's document as JUnit XML."""
    cases = [case for facts in document["databases"] for case in cases_of(facts, str(document["document"]))]
    suite = suite_of(document, [*cases, *cases_of_all(document)])
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return DECLARATION + ElementTree.tostring(root, encoding="unicode") + "\n"


def suite_of(document: Facts, cases: list[Case]) -> ElementTree.Element:
    """Build the suite, with all attributes and elements that the strictest common schema requires, in its order."""
    site = document.get("site") or {}
    attributes = {
        "name": f"lifeboat {document['document']} {document['drill_id']}",
        "id": "0",
        "package": "lifeboat.rds",
        "timestamp": str(document["started"]).rstrip("Z"),  # the schema allows no zone
        "hostname": f"{site.get('account_id')}/{site.get('region')}",
        "tests": str(len(cases)),
        "failures": str(sum(case.outcome == "failure" for case in cases)),
        "errors": str(sum(case.outcome == "error" for case in cases)),
        "skipped": str(sum(case.outcome == "skipped" for case in cases)),
        "time": seconds_of(sum(case.seconds or 0 for case in cases)),
    }
    suite = element("testsuite", attributes)
    suite.append(properties(document))
    suite.extend(case_element(case) for case in cases)
    warnings = (f"{facts['name']}: {one}" for facts in document["databases"] for one in facts.get("warnings") or ())
    for name, lines in (("system-out", document.get("not_tested") or ()), ("system-err", warnings)):
        ElementTree.SubElement(suite, name).text = "\n".join(printable(line, LONGEST) for line in lines)
    return suite


def properties(document: Facts) -> ElementTree.Element:
    """Build the properties of the suite."""
    found = {"verdict": document["verdict"], "name": document.get("name"), **(document.get("tool") or {})}
    parent = ElementTree.Element("properties")
    for name, value in found.items():
        if value is not None:
            parent.append(element("property", {"name": str(name), "value": str(value)}))
    return parent


def case_element(case: Case) -> ElementTree.Element:
    """Build the element of a case."""
    attributes = {"classname": case.subject, "name": case.name, "time": seconds_of(case.seconds)}
    made = element("testcase", attributes)
    if case.outcome:
        reason = case.reason or case.outcome
        inner = element(case.outcome, {"message": reason, "type": case.outcome})
        inner.text = printable(reason, LONGEST)
        made.append(inner)
    return made


def element(name: str, attributes: dict[str, str]) -> ElementTree.Element:
    """Build an element whose attributes are legal XML. ElementTree also writes characters that no parser accepts."""
    return ElementTree.Element(name, {key: printable(value, LONGEST) for key, value in attributes.items()})


def seconds_of(seconds: float | None) -> str:
    """Format seconds; unknown ones are 0."""
    return f"{seconds or 0:.3f}"


def cases_of(facts: Facts, purpose: str) -> Iterator[Case]:
    """Build the cases of one database: its steps, its checks, its objectives, and its verdict."""
    name, check = str(facts["name"]), facts.get("check") or {}
    restored = total(restore_phases(facts).values())
    yield judged(name, "restore", judge_restore(facts.get("restore")), restored)
    credentials = facts.get("credentials") or {}
    yield judged(name, "credentials", judge_credentials(credentials), number(credentials.get("seconds")))
    yield from (check_case(name, row) for row in check.get("checks") or ())
    yield judged(name, "teardown", judge_end(facts.get("teardown"), WANTED_END.get(purpose)))
    yield from objectives(name, facts)
    verdict = str(facts["verdict"])
    yield Case(name, "verdict", None, outcome_of(verdict), str(facts.get("reason") or verdict))


def judged(subject: str, name: str, finding: Finding | None, seconds: float | None = None) -> Case:
    """Turn a finding into a case."""
    if finding is None:
        return Case(subject, name, seconds)
    return Case(subject, name, seconds, OUTCOMES[finding.verdict], finding.reason)


def judge_end(piece: Facts | None, wanted: str | None) -> Finding | None:
    """Judge what happened to the restored database in the end.

    An unknown end is unverified, any unwanted one failed.
    """
    status = (piece or {}).get("status")
    if status is None:
        return Finding("unverified", not_done("teardown", piece).reason)
    if status == wanted:
        return None
    return Finding("failed", f"teardown {status}: {(piece or {}).get('reason') or 'no reason is known'}")


def check_case(subject: str, row: Facts) -> Case:
    """Turn a check into a case."""
    name = " ".join(str(row[key]) for key in ("check", "target") if row.get(key)) or "check"
    status = row.get("status")
    if status == "passed":
        return Case(subject, name, number(row.get("seconds")))
    outcome: CaseOutcome = "skipped" if is_harmless(row) else outcome_of(str(status)) or "error"
    found = f"expected {row.get('expected')}, found {row.get('found')}"
    return Case(subject, name, number(row.get("seconds")), outcome, str(row.get("reason") or f"{status}: {found}"))


def outcome_of(verdict: str) -> CaseOutcome | None:
    """Turn a verdict into an outcome. An unknown verdict is an error."""
    return None if verdict == "verified" else OUTCOMES.get(verdict, "error")


def objectives(subject: str, facts: Facts) -> Iterator[Case]:
    """Compare the measurements with the objectives that are set."""
    goals, phases = facts.get("objectives") or {}, facts.get("rto_phases") or {}
    measures = Measures(facts.get("rpo_seconds"), facts.get("rpo_newest_row_seconds"), phases)
    rpo, rto = number(goals.get("rpo")), number(goals.get("rto"))
    if rpo is not None:
        yield judged(subject, "objective RPO", next(iter(missed("RPO", measures.rpo, rpo)), None))
    if rto is not None:
        yield judged(subject, "objective RTO", next(iter(missed_rto(measures, rto)), None))


def cases_of_all(document: Facts) -> Iterator[Case]:
    """Build the cases of the whole drill: its problems, and its verdict."""
    subject, verdict = str(document["document"]), str(document["verdict"])
    for place, problem in enumerate(document.get("problems") or (), 1):
        outcome = outcome_of(str(problem["verdict"])) or "error"
        yield Case(subject, f"problem {place}", None, outcome, problem_line(problem))
    yield Case(subject, "verdict", None, outcome_of(verdict), f"the {subject} is {verdict}")
