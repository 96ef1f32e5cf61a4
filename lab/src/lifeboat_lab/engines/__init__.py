# SPDX-License-Identifier: GPL-3.0-or-later
"""Run real database servers behind the simulated databases."""

from __future__ import annotations

from lifeboat_lab.engines.base import NOTHING, EngineError, Family, Frozen, Server
from lifeboat_lab.engines.catalogue import SERVED, SUPERUSER, Offer, offer
from lifeboat_lab.engines.engines import CORRUPTIONS, Engines

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
