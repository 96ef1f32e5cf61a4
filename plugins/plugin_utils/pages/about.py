# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a page that lets readers verify it: its document, signature, place in the history, tools and clocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.measures import Facts

from .documents import Document


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and its value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class About:
    """The facts about the document behind a page."""

    file: str
    sha256: str
    signed_by: str
    signature: str
    place: str  # in the history of the site, as a sentence
    tools: tuple[Pair, ...]
    clocks: tuple[Pair, ...]


def pairs(*found: tuple[str, object]) -> tuple[Pair, ...]:
    """Keep those pairs that have a value."""
    return tuple(Pair(label, str(value)) for label, value in found if value not in (None, ""))


def about(document: Document) -> About:
    """Gather the facts about a document."""
    facts = document.facts
    return About(
        file=document.file,
        sha256=document.sha256,
        signed_by=str(facts.get("signed_by") or ""),
        signature=document.signature or "",
        place=place(facts.get("history") or {}),
        tools=pairs(*(facts.get("tool") or {}).items()),
        clocks=pairs(*clocks((facts.get("clocks") or {}).items())),
    )


def place(history: Facts) -> str:
    """Describe the place of a document in the history of its site, and which document it follows."""
    number, previous = history.get("number"), history.get("previous")
    if number is None:
        return ""
    if not previous:
        return f"Number {number} of the history of its site: the first one."
    before = f"{previous.get('file')}, SHA-256 {previous.get('sha256')}"
    return f"Number {number} of the history of its site. It follows {before}."


def clocks(found: Iterable[tuple[str, object]]) -> Iterable[tuple[str, object]]:
    """Group the names of times by their clock."""
    by_clock: dict[str, list[str]] = {}
    for name, clock in found:
        by_clock.setdefault(str(clock), []).append(name)
    return [(clock, ", ".join(names)) for clock, names in by_clock.items()]
