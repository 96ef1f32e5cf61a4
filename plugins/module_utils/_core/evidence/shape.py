# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes reported facts as the schema of the evidence demands: no secrets, and short printable texts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..foreign import is_whole
from ..words import printable
from .measures import PHASES, Facts, number

SECRET = re.compile(r"pass(word|wd|phrase)|secret|token|(private|access)[-_ ]?key", re.IGNORECASE)
LONGEST = 2000  # characters of any text in the document


def scrub(value: Any) -> Any:
    """Remove everything named like a secret, at any depth, and make all texts safe to show anywhere.

    Nobody should pass a secret here, but text may come from a row of a database.
    """
    if isinstance(value, Mapping):
        kept = {str(key): item for key, item in value.items() if not SECRET.search(str(key))}
        return {printable(key, LONGEST): scrub(item) for key, item in kept.items()}
    if isinstance(value, (list, tuple)):
        return [scrub(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no infinity and no NaN
    return printable(value, LONGEST) if isinstance(value, str) else value


def text(value: Any) -> str | None:
    """Make a value printable text, or None."""
    return None if value is None else printable(value, LONGEST)


def amount(value: Any) -> float | None:
    """Read seconds or a count, or return None. Whole numbers stay whole."""
    return value if is_whole(value) and value >= 0 else number(value)


def flag(value: Any) -> bool:
    """Tell whether a value is true."""
    return value is True


def phases(value: Any) -> dict[str, float | None]:
    """Read the seconds of each phase. Other keys are left out."""
    known = value if isinstance(value, Mapping) else {}
    return {phase: amount(known[phase]) for phase in PHASES if phase in known}


def rows(value: Any) -> list[dict[str, Any]]:
    """Read the results of the checks of a database. Entries of another shape are dropped."""
    return [shaped(row, ROW) for row in value if isinstance(row, Mapping)] if isinstance(value, (list, tuple)) else []


Shape = Mapping[str, Callable[[Any], Any]]
OUTCOME: Shape = {"status": text, "reason": text, "seconds": amount}
ROW: Shape = {
    **OUTCOME,
    **dict.fromkeys(("check", "target", "expected", "found"), text),
    "optional": flag,
}
PIECES: Mapping[str, Shape] = {
    "restore": {**OUTCOME, "target": text, "phases": phases},
    "credentials": OUTCOME,
    "check": {
        **dict.fromkeys(("name", "verdict", "reason", "newest_row"), text),
        **dict.fromkeys(("seconds", "connected_seconds", "checks_passed", "checks_total"), amount),
        "checks": rows,
    },
    "teardown": OUTCOME,
}


def shaped(piece: Facts, shape: Shape) -> dict[str, Any]:
    """Shape a piece. Fields that the schema knows get its types; the others are only scrubbed."""
    return scrub(piece) | {key: read(piece[key]) for key, read in shape.items() if key in piece}


def database_facts(facts: Facts) -> dict[str, Any]:
    """Shape the facts about a database."""
    pieces = {name: shaped(facts[name], shape) for name, shape in PIECES.items() if facts.get(name)}
    return {**scrub(facts), **pieces}
