# SPDX-License-Identifier: GPL-3.0-or-later
"""The wording of pages: times, durations and verdicts."""

from __future__ import annotations

from datetime import timezone

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.measures import number
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import from_iso
from ansible_collections.lifeboat.rds.plugins.module_utils._core.words import duration

NOT_KNOWN = "not known"
WORDS = {"verified": "Verified", "failed": "Failed", "unverified": "Unverified"}
# The verdict for each status of a check or of a step.
STATES = {"passed": "verified", "verified": "verified", "failed": "failed"}
HARMLESS = "harmless"  # a check that has no influence on the verdict


def verdict_of(value: object) -> str:
    """Return a verdict. Anything unknown is unverified."""
    return str(value) if value in WORDS else "unverified"


def state_of(status: object) -> str:
    """Find the verdict whose colour and symbol the status of a check gets."""
    return STATES.get(str(status), "unverified")


def time(value: object) -> str:
    """Format a time in UTC: ``2026-11-23 14:04:00 UTC``. A text that is not a time with a zone is returned as it is."""
    if value is None:
        return NOT_KNOWN
    try:
        moment = from_iso(str(value))
    except ValueError:
        return str(value)
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC" if moment.tzinfo else str(value)


def length(value: object) -> str:
    """Format seconds; what is not measured becomes a dash."""
    return duration(number(value))


def count(how_many: int, one: str, many: str = "") -> str:
    """Write a number with its noun: ``1 database``, ``2 databases``."""
    return f"{how_many} {one if how_many == 1 else many or one + 's'}"


def shorten(text: str, limit: int) -> str:
    """Shorten a text in the middle, because similar names often differ at the end."""
    half = (limit - 1) // 2
    return text if len(text) <= limit else f"{text[:half]}…{text[-half:]}"
