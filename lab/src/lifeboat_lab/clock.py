# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the lab's time, which is wall time unless somebody advances it, and do what is planned when its moment comes."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger("lifeboat_lab")
Work = Callable[[], object]


class Clock:
    """Seconds since 1970, and an agenda. Work on it must be short: what takes long starts a job of its own."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._agenda: list[tuple[float, int, Work]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        # Runs work that is due, one at a time, so that things happen in the order of their moments.
        self._turn = threading.RLock()
        self._closed = False
        self._thread = threading.Thread(target=self._keep_time, name="clock", daemon=True)
        self._thread.start()

    def now(self) -> float:
        return time.time() + self._offset

    def at(self, moment: float, work: Work) -> None:
        """Do ``work`` when the moment comes; in another thread at once when it has passed already."""
        with self._changed:
            heapq.heappush(self._agenda, (moment, next(self._numbers), work))
            self._changed.notify()

    def advance(self, seconds: float) -> float:
        """Advance the time: everything that becomes due happens at its own moment, before this returns."""
        target = self.now() + seconds
        with self._turn:
            while (due := self._next_due(target)) is not None:
                moment, work = due
                self._offset += max(0.0, moment - self.now())
                _do(work)
            self._offset += max(0.0, target - self.now())
        with self._changed:
            self._changed.notify()
        return self.now()

    def close(self) -> None:
        """Forget the agenda."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(5)

    def _next_due(self, target: float) -> tuple[float, Work] | None:
        with self._changed:
            if self._agenda and self._agenda[0][0] <= target:
                moment, _number, work = heapq.heappop(self._agenda)
                return moment, work
        return None

    def _keep_time(self) -> None:
        while self._wait_until_due():
            with self._turn:
                while not self._closed and (due := self._next_due(self.now())) is not None:
                    _do(due[1])

    def _wait_until_due(self) -> bool:
        """Return True when something is due, False when the clock is closed."""
        with self._changed:
            while not self._closed:
                wait = self._agenda[0][0] - self.now() if self._agenda else None
                if wait is not None and wait <= 0:
                    return True
                self._changed.wait(wait)
        return False


def _do(work: Work) -> None:
    try:
        work()
    except Exception:
        log.exception("what was due at this moment failed")
