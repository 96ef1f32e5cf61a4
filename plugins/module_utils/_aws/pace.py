# SPDX-License-Identifier: GPL-3.0-or-later
"""Learn from refusals how fast AWS answers the calls of one client, and keep to that.

AWS meters calls with token buckets: tokens come at a steady rate and are kept for a burst. A refusal says that there
is none left. So the calls that were answered between two refusals tell the rate, and each later call can wait for its
token. botocore's adaptive mode mistakes the pause between two looks for a slow service, and goes on at twice the rate
that it measured over the pause.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

THROTTLED = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown")
GROWTH = 1.001  # of the rate with each answered call, in case AWS would answer more
FALL = 0.9  # the most that one refusal takes of it
PAUSE = 0.25  # seconds without a call in which AWS may have kept fewer tokens than came
# Calls a second, at least. AWS publishes no rate, and other clients of the account take tokens too: learning from each
# refusal that they cause would end with a minute between two calls.
LEAST = 1.0


class Pace:
    """The tokens of one client, counted since the last refusal. botocore retries what was refused."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._rate = 0.0  # calls a second; not known before the second refusal
        self._emptied: float | None = None  # when there was no token left
        self._answered = 0  # calls since then
        self._last = float("inf")  # when a call was answered
        self._paused = False

    def listen(self, events: Any) -> None:
        """Follow each HTTP attempt of a client and each answer."""
        events.register("before-send", self._before_send)
        events.register("response-received", self._response_received)

    def _before_send(self, **_kwargs: Any) -> None:
        now = self._clock()
        self._paused |= now - self._last > PAUSE
        if self._rate and self._emptied is not None:
            due = self._emptied + (self._answered + 1) / self._rate
            if due > now:
                self._sleep(due - now)

    def _response_received(self, parsed_response: Any = None, **_kwargs: Any) -> None:
        code = ((parsed_response or {}).get("Error") or {}).get("Code")
        if code in THROTTLED:
            self._refused(self._clock())
        else:
            self._answered, self._rate, self._last = self._answered + 1, self._rate * GROWTH, self._clock()

    def _refused(self, now: float) -> None:
        if self._emptied is not None and self._answered and now > self._emptied:
            self._learn(self._answered / (now - self._emptied))
        self._emptied, self._answered, self._last, self._paused = now, 0, float("inf"), False

    def _learn(self, measured: float) -> None:
        """Take over the measured rate. A measure with a pause in it is too small, so it can only raise the rate."""
        if self._rate or not self._paused:
            self._rate = max(measured, self._rate * (1.0 if self._paused else FALL), LEAST)
