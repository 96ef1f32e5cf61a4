# SPDX-License-Identifier: GPL-3.0-or-later
"""Limit the calls per second with a token bucket for each account and Region. Time is an argument."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass

# Seconds since 1970 as a float are a little off, so allow for that when a token is due.
_ROUNDING = 1e-6


@dataclass
class Bucket:
    """Tokens as of a moment; each call takes one."""

    tokens: float
    at: float


class Throttle:
    """The buckets, which start full."""

    def __init__(self) -> None:
        self._buckets: dict[Hashable, Bucket] = {}
        self._lock = threading.Lock()

    def admits(self, whose: Hashable, now: float, per_second: float, burst: float) -> bool:
        """Tell whether one more call is answered now. A refused call costs nothing."""
        with self._lock:
            bucket = self._buckets.setdefault(whose, Bucket(burst, now))
            bucket.tokens = min(burst, bucket.tokens + max(0.0, now - bucket.at) * per_second)
            bucket.at = max(bucket.at, now)
            if bucket.tokens < 1 - _ROUNDING:
                return False
            bucket.tokens -= 1
            return True

    def forget(self) -> None:
        """Start with full buckets."""
        with self._lock:
            self._buckets.clear()
