# SPDX-License-Identifier: GPL-3.0-or-later
"""At which of its API calls a run dies, and whether that call took effect."""

from __future__ import annotations

import os
from itertools import product

THOROUGH = bool(os.environ.get("LIFEBOAT_THOROUGH"))
SAMPLE = 6  # crash points of each route and size, unless all are wanted

Point = tuple[int, bool]


def points(calls: int) -> list[Point]:
    """Each call, before and after it took effect; or some of them, from the first to the last."""
    every = list(product(range(1, calls + 1), (False, True)))
    return every if THOROUGH else [every[len(every) * turn // SAMPLE] for turn in range(SAMPLE)]
