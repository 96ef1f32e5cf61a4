# SPDX-License-Identifier: GPL-3.0-or-later
"""The contents of the page of a drill or a recovery, in the order of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.checking.checks import is_harmless
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.judge import Finding, missed, missed_rto
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.measures import (
    PHASES,
    Facts,
    Measures,
    number,
)

from .about import Pair, pairs
from .words import HARMLESS, NOT_KNOWN, count, length, state_of, time, verdict_of

KINDS = {"drill": "Recovery drill", "recovery": "Recovery"}
PHASE_NAMES = dict(
    zip(
        PHASES,
        ("choose", "restore call", "available", "member", "password", "connection", "checks"),
        strict=True,
    )
)
NO_CHECK = "no check of "  # how the evidence begins such a line
ENDS = {"deleted": "Deleted: nothing of it is left", "kept": "Kept, as a recovery should be"}
WANTED_END = {"drill": "deleted", "recovery": "kept"}


@dataclass(frozen=True, slots=True)
class Goal:
    """An objective, and whether it was met."""

    wanted: str

    state: str  # a verdict, or empty when no objective is set
    word: str


@dataclass(frozen=True, slots=True)
class Measured:
    """The objectives and measurements of one database."""

    rpo_goal: Goal
    rpo: str
    rpo_newest_row: str
    rto_goal: Goal
    rto_connect: str
    rto_validated: str
    checks: str


@dataclass(frozen=True, slots=True)
class Checked:
    """One check of a database."""

    check: str
    target: str
    expected: str
    found: str
    state: str
    word: str
    reason: str
    time: str


@dataclass(frozen=True, slots=True)
class Database:
    """One restored database."""

    name: str
    anchor: str
    verdict: str
    reason: str
    warnings: tuple[str, ...]
    measured: Measured
    phases: Mapping[str, str]
    details: tuple[Pair, ...]
    checks: tuple[Checked, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """The things that were not tested about one database."""

    name: str
    text: str


def title(facts: Facts) -> str:
    """Write the title of the page."""
    name = f" ({facts['name']})" if facts.get("name") else ""
    return f"{KINDS[facts['document']]} {facts['drill_id']}{name}"


def lede(facts: Facts) -> str:
    """Summarize the verdict in one sentence."""
    rows = facts["databases"]
    by_verdict = {one: sum(verdict_of(row.get("verdict")) == one for row in rows) for one in ("verified", "failed")}
    if not rows:
        return "No database was restored, so nothing is proven."
    if verdict_of(facts["verdict"]) == "verified":
        end = "kept" if facts["document"] == "recovery" else "removed again, with nothing left behind"
        return (
            f"{count(len(rows), 'database')} restored from recovery points of this account and reached over a real"
            f" connection; every check passed, every objective that was set was met, and the databases are {end}."
        )
    left = len(rows) - sum(by_verdict.values())
    return (
        f"{by_verdict['verified']} of {count(len(rows), 'database')} verified, {by_verdict['failed']} failed,"
        f" {left} could not be verified."
    )


def headline(facts: Facts) -> tuple[Pair, ...]:
    """List what was done, where, when and by whom."""
    site, who = facts["site"], facts.get("who") or {}
    where = ", ".join(str(one) for one in (site.get("name"), site.get("region"), site.get("account_id")) if one)
    person = "@".join(str(one) for one in (who.get("user"), who.get("host")) if one)
    awx = " ".join(str(one) for one in (who.get("awx_user"), who.get("awx_job")) if one)
    return pairs(
        ("What", facts.get("name")),
        ("Identifier", facts["drill_id"]),
        ("Where", where),
        ("Started", time(facts["started"])),
        ("Finished", time(facts["finished"])),
        ("Who", person or NOT_KNOWN),
        ("AWX", awx),
        ("As", who.get("caller_arn")),
    )


def databases(facts: Facts) -> list[Database]:
    """Build the part about each database."""
    return [database(row, f"database-{place}", facts["document"]) for place, row in enumerate(facts["databases"], 1)]


def database(row: Facts, anchor: str, purpose: str) -> Database:
    """Build the part about one database."""
    phases = row.get("rto_phases") or {}
    return Database(
        name=str(row.get("name") or NOT_KNOWN),
        anchor=anchor,
        verdict=verdict_of(row.get("verdict")),
        reason=str(row.get("reason") or ""),
        warnings=tuple(row.get("warnings") or ()),
        measured=measured(row),
        phases={name: length(phases[name]) for name in PHASES if name in phases},
        details=details(row, purpose),
        checks=tuple(checked(one) for one in (row.get("check") or {}).get("checks") or ()),
    )


def measured(row: Facts) -> Measured:
    """Compare measurements with objectives."""
    goals = row.get("objectives") or {}
    rpo, rto = number(goals.get("rpo")), number(goals.get("rto"))
    found = Measures(
        number_or_none(row.get("rpo_seconds")), row.get("rpo_newest_row_seconds"), row.get("rto_phases") or {}
    )
    return Measured(
        rpo_goal=goal(rpo, missed("RPO", found.rpo, rpo)),
        rpo=length(row.get("rpo_seconds")),
        rpo_newest_row=length(row.get("rpo_newest_row_seconds")),
        rto_goal=goal(rto, missed_rto(found, rto)),
        rto_connect=length(row.get("rto_connect_seconds")),
        rto_validated=length(row.get("rto_validated_seconds")),
        checks=f"{row.get('checks_passed', 0)} of {row.get('checks_total', 0)}",
    )


def number_or_none(value: object) -> int | None:
    """Read whole seconds."""
    seconds = number(value)
    return None if seconds is None else int(seconds)


def goal(wanted: float | None, findings: Sequence[Finding]) -> Goal:
    """Describe an objective by what was found against it."""
    if wanted is None:
        return Goal("none set", "", "")
    state = findings[0].verdict if findings else "verified"
    return Goal(length(wanted), state, {"verified": "met", "failed": "missed"}.get(state, "not measured"))


def details(row: Facts, purpose: str) -> tuple[Pair, ...]:
    """List everything about a restored database that is neither a measurement nor a check."""
    engine = " ".join(str(row[key]) for key in ("engine", "engine_version") if row.get(key))
    kind = f"DB {row['kind']}" if row.get("kind") else ""
    return pairs(
        ("Database", ", ".join(one for one in (kind, engine) if one)),
        ("Owner", row.get("owner")),
        ("Recovery point", row.get("recovery_point")),
        ("Its ARN", row.get("recovery_point_arn")),
        ("Lineage", row.get("lineage")),
        ("Made", time(row["original_time"]) if row.get("original_time") else None),
        ("Restored as", restored(row)),
        ("Different from the original", "; ".join(map(str, row.get("unlike") or ()))),
        ("Credentials", piece(row.get("credentials"), {"set": "reset on the restored database"})),
        ("Checked on", row.get("checked_on")),
        ("Reached at", reached(row.get("reached") or {})),
        ("Afterwards", end_of(row.get("teardown"), purpose)),
        ("Accepted as unverified", "by its definition" if row.get("accept_unverified") else None),
    )


def restored(row: Facts) -> str:
    """Describe what the database was restored as, and how that went."""
    found = row.get("restore") or {}
    kind = row.get("restored_kind") or row.get("kind")
    target = " ".join(str(one) for one in (found.get("target"), f"(DB {kind})" if kind else "") if one)
    how = piece(found, {"restored": ""})
    return ": ".join(one for one in (target if found.get("target") else "", how) if one) or NOT_KNOWN


def piece(found: Facts | None, good: Mapping[str, str]) -> str:
    """Describe a step by its status and reason. A good status gets a wording of its own."""
    status = (found or {}).get("status")
    if status is None:
        return NOT_KNOWN
    reason = (found or {}).get("reason")
    word = good.get(str(status), str(status))
    return f"{word}: {reason}" if reason and word else str(reason or word)


def end_of(found: Facts | None, purpose: str) -> str:
    """Describe what happened to the restored database in the end."""
    status = (found or {}).get("status")
    if status is not None and status == WANTED_END.get(purpose):
        return piece(found, ENDS)
    return "left behind: " + piece(found, {}) if status is not None else NOT_KNOWN


def reached(found: Facts) -> str:
    """Write the address that was used to reach the database."""
    if not found.get("host"):
        return ""
    through = " through a port forward" if found.get("forwarded") else ""
    return f"{found['host']}:{found.get('port')}{through}"


def checked(row: Facts) -> Checked:
    """Build the row of one check."""
    status = str(row.get("status"))
    return Checked(
        check=str(row.get("check") or NOT_KNOWN),
        target=shown(row.get("target")),
        expected=shown(row.get("expected")),
        found=shown(row.get("found")),
        state=HARMLESS if is_harmless(row) else state_of(status),
        word=f"{status} (optional)" if row.get("optional") else status,
        reason=str(row.get("reason") or ""),
        time=length(row.get("seconds")),
    )


def shown(value: Any) -> str:
    """Write a value; an empty one becomes a dash."""
    return "-" if value is None or value == "" else str(value)


def problems(facts: Facts) -> list[tuple[str, str, str]]:
    """List the problems besides the databases: which database they concern, their verdict, and the reason."""
    return [
        (str(one.get("database") or ""), verdict_of(one.get("verdict")), str(one.get("reason") or NOT_KNOWN))
        for one in facts.get("problems") or ()
    ]


def gaps(facts: Facts) -> tuple[list[str], list[Gap]]:
    """Split the lines about what was not tested: those about everything, and those about one database each."""
    names = [str(row.get("name")) for row in facts["databases"]]
    found: dict[str, list[str]] = {}
    general = []
    for line in map(str, facts.get("not_tested") or ()):
        name = max((one for one in names if line.startswith(f"{one}: ")), key=len, default=None)
        if name is None:
            general.append(line)
        else:
            found.setdefault(name, []).append(line.removeprefix(f"{name}: ").rstrip("."))
    return general, [Gap(name, "; ".join(joined(texts))) for name, texts in found.items()]


def joined(texts: Sequence[str]) -> Iterator[str]:
    """Merge the texts about missing kinds of checks into one, which comes last."""
    yield from (text for text in texts if not text.startswith(NO_CHECK))
    kinds = [text.removeprefix(NO_CHECK) for text in texts if text.startswith(NO_CHECK)]
    if kinds:
        yield NO_CHECK + ", ".join(kinds)


def controls(facts: Facts) -> Iterator[tuple[str, str, str]]:
    """List the controls of frameworks that the drill is evidence for."""
    for one in facts.get("controls") or ():
        yield tuple(str(one.get(key) or "-") for key in ("framework", "control", "title"))  # type: ignore[misc]


def phases_seen(rows: Sequence[Database]) -> list[tuple[str, str]]:
    """List the phases that at least one database has, with their names on the page."""
    return [(name, PHASE_NAMES[name]) for name in PHASES if any(name in row.phases for row in rows)]
