# SPDX-License-Identifier: GPL-3.0-or-later
"""Write values as text for people, and read the times that people write."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from .errors import LifeboatError
from .model import from_iso

MAX_REASON = 300  # characters
UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def printable(text: object, limit: int = MAX_REASON) -> str:
    """Make one line that is safe to show anywhere, without control, invisible or direction-changing characters."""
    head = str(text)[: limit + 1]
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in head)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def engine_words(engine: str, version: str | None) -> str:
    """Name an engine, with its version if that is known."""
    return engine if version is None else f"{engine} {version}"


def read_time(what: str, text: str) -> datetime:
    """Read a time with a zone.

    :param what: how the error message begins.
    :raises LifeboatError: when the text is not a time, or has no zone.
    """
    with suppress(ValueError):
        moment = from_iso(text)
        if moment.tzinfo is not None:
            return moment
    why = f"'{printable(text)}' is not a time with a zone"
    raise LifeboatError(what, why=why, remedy="Write it in the form 2026-11-23T14:05:00Z")


def duration(seconds: float | None) -> str:
    """Format seconds in the two largest units: ``2 h 5 min``, ``42 s``; ``0.4 s`` below 10 s if they are not whole."""
    if seconds is None:
        return "-"
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    left, parts = int(seconds), []
    for unit, size in UNITS:
        count, left = divmod(left, size)
        parts += [f"{count} {unit}"] if count else []
    return " ".join(parts[:2]) or "0 s"


def rough_duration(seconds: float) -> str:
    """Format seconds in one unit, rounded down: ``42 s``, ``90 min``, ``30 h``. It changes seldom."""
    if seconds < 120:
        return f"{int(seconds)} s"
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
