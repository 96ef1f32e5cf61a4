# SPDX-License-Identifier: GPL-3.0-or-later
"""Real database servers behind the simulated databases."""

from __future__ import annotations

from lab.engines.base import NOTHING, EngineError, Family, Frozen, Server
from lab.engines.catalogue import SERVED, SUPERUSER, Offer, offer
from lab.engines.engines import CORRUPTIONS, Engines

__all__ = [
    "CORRUPTIONS",
    "NOTHING",
    "SERVED",
    "SUPERUSER",
    "EngineError",
    "Engines",
    "Family",
    "Frozen",
    "Offer",
    "Server",
    "offer",
]
