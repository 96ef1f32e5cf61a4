# SPDX-License-Identifier: GPL-3.0-or-later
"""How pages say things: times, durations, verdicts."""

from __future__ import annotations

from datetime import timezone

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.measures import duration, number
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import from_iso

NOT_KNOWN = "not known"
WORDS = {"verified": "Verified", "failed": "Failed", "unverified": "Unverified"}
# Of checks, and of the pieces of a judgement.
STATES = {"passed": "verified", "verified": "verified", "failed": "failed"}
HARMLESS = "harmless"  # what no verdict depends on


def verdict_of(value: object) -> str:
    """One of the three verdicts: what is no known one is not verified."""
    return str(value) if value in WORDS else "unverified"


def state_of(status: object) -> str:
    """The verdict whose colour and symbol a status of a check has."""
    return STATES.get(str(status), "unverified")


def time(value: object) -> str:
    """A moment for people, in UTC: ``2026-11-23 14:04:00 UTC``; a text that is no moment as it is."""
    if value is None:
        return NOT_KNOWN
    try:
        moment = from_iso(str(value))
    except ValueError:
        return str(value)
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC" if moment.tzinfo else str(value)


def length(value: object) -> str:
    """Seconds for people, or a dash for what nobody measured."""
    return duration(number(value))


def count(how_many: int, one: str, many: str = "") -> str:
    """``1 database``, ``2 databases``."""
    return f"{how_many} {one if how_many == 1 else many or one + 's'}"


def shorten(text: str, limit: int) -> str:
    """A text that fits into a picture, with both of its ends: names that begin alike often end differently."""
    half = (limit - 1) // 2
    return text if len(text) <= limit else f"{text[:half]}…{text[-half:]}"
