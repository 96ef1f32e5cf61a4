# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders a document as a page that stands alone: one file without scripts or references to other files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.measures import PHASES, number

from . import drill, history, pictures, posture
from .about import about
from .documents import Document
from .svg import PHASES as PHASE_COLOURS
from .words import WORDS, length, time, verdict_of

TEMPLATES = Path(__file__).parent / "templates"
COLOUR_OF = dict(zip(PHASES, PHASE_COLOURS, strict=True))

View = dict[str, Any]


def page(document: Document, documents: Sequence[Document], *, with_pictures: bool) -> str:
    """Render the page of a document.

    :param documents: the history of its site up to this document. A posture has none.
    """
    view = drill_view(document, documents) if document.is_drill else posture_view(document)
    drawn = draw(document, view) if with_pictures else {}
    template = environment().get_template(f"{'drill' if document.is_drill else 'posture'}.html.j2")
    return template.render(view, pictures=drawn, with_pictures=with_pictures, about=about(document))


def environment() -> Environment:
    """Build the Jinja environment. It escapes everything that is not marked as safe."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals |= {"words": WORDS, "css_string": css_string}
    made.globals["style"] = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))
    return made


def css_string(text: str) -> Markup:
    """Write a text as a CSS string inside a page. All special characters are escaped, so none can end the string."""
    return Markup('"' + "".join(one if one.isascii() and one.isalnum() else f"\\{ord(one):06x}" for one in text) + '"')


def drill_view(document: Document, documents: Sequence[Document]) -> View:
    """Gather what the template of a drill needs."""
    facts, rows = document.facts, drill.databases(document.facts)
    found, (general, gaps) = history.entries(documents), drill.gaps(facts)
    verdict = verdict_of(facts["verdict"])
    return {
        "kind": drill.KINDS[document.kind],
        "title": drill.title(facts),
        "verdict": verdict,
        "word": WORDS[verdict],
        "lede": drill.lede(facts),
        "headline": drill.headline(facts),
        "databases": rows,
        "problems": drill.problems(facts),
        "phases": drill.phases_seen(rows),
        "not_tested": general,
        "gaps": gaps,
        "controls": list(drill.controls(facts)),
        "history": found,
        "left_out": len(documents) - len(found),
        "earlier": {one.name: history.earlier(documents, one.name) for one in rows},
    }


def posture_view(document: Document) -> View:
    """Gather what the template of a posture needs."""
    facts, rows, places = document.facts, posture.databases(document.facts), posture.sites(document.facts)
    verdict, word = posture.verdict(facts, places)
    return {
        "kind": "Posture",
        "title": f"Posture of {time(facts['time'])}",
        "verdict": verdict,
        "word": word,
        "lede": posture.lede(facts, places),
        "headline": posture.headline(facts, places),
        "databases": rows,
        "aside": posture.aside(facts),
        "sites": places,
    }


def draw(document: Document, view: View) -> dict[str, list[Markup]]:
    """Draw the pictures of a page, by section."""
    if not document.is_drill:
        return {"ages": marked(pictures.ages(posture.bars(view["databases"])))}
    bars = [phase_bar(row) for row in document.facts["databases"]]
    legend = [(COLOUR_OF[name], drill.PHASE_NAMES[name]) for name in PHASES if measured(bars, COLOUR_OF[name])]
    found = history.points(view["history"])
    return {
        "phases": marked(pictures.phases(bars, legend) if legend else []),
        "trend": marked([pictures.trend(found)] if len(found) > 1 else []),
    }


def marked(found: Iterable[str]) -> list[Markup]:
    """Mark pictures as safe HTML. They have already escaped all texts."""
    return [Markup(one) for one in found]


def measured(bars: Iterable[pictures.Bar], colour: str) -> bool:
    """Tell whether a colour occurs in a bar."""
    return any(colour == one for drawn in bars for one, _seconds in drawn.pieces)


def phase_bar(row: Mapping[str, Any]) -> pictures.Bar:
    """Build the bar of a database's phases.

    It ends before the first unmeasured phase, since later ones have no start.
    """
    found = row.get("rto_phases") or {}
    seconds = [(name, number(found[name])) for name in PHASES if name in found]
    known = takewhile(lambda one: one[1] is not None, seconds)
    pieces = tuple((COLOUR_OF[name], one or 0.0) for name, one in known)
    goal, whole = number((row.get("objectives") or {}).get("rto")), number(row.get("rto_validated_seconds"))
    label = "not all measured" if whole is None else length(whole)
    if whole is not None and goal is not None:
        label = f"{label} of {length(goal)}"
    return pictures.Bar(str(row.get("name")), pieces, label, goal)
