# SPDX-License-Identifier: GPL-3.0-or-later
"""What has happened: every event is remembered for a while and told to who wants to know."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from lab.rds.catalogue import CATALOGUE, SOURCE_TYPES

# DescribeEvents shows the last 14 days (aws_rds.md 5.5).
KEEP_SECONDS = 14 * 24 * 3600.0
# Of one account in one Region, so that a lab that runs for long stays small.
MOST_KEPT = 20_000


class Source(Protocol):
    """What an event is about: a database or a snapshot."""

    account: str
    region: str
    identifier: str
    tags: dict[str, str]

    @property
    def arn(self) -> str: ...


@dataclass(frozen=True)
class Event:
    """Something that happened to a database or a snapshot."""

    id: str
    account: str
    region: str
    source_type: str
    source: str
    arn: str
    category: str
    message: str
    moment: float
    tags: dict[str, str]
    number: int = field(default_factory=itertools.count(1).__next__)


class Events:
    """The events of all accounts and Regions. Callers need no lock, and never wait."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], deque[Event]] = {}
        # Who is told of each event, in the thread where it happens: it must not wait either.
        self.listeners: list[Callable[[Event], None]] = []

    def emit(self, event_id: str, source: Source, **words: object) -> None:
        """Say what has happened to a database or a snapshot. ``words`` fill in the message of the catalogue."""
        source_type = SOURCE_TYPES[source.arn.split(":")[5]]
        entry = CATALOGUE[source_type][event_id]
        event = Event(
            event_id, source.account, source.region, source_type, source.identifier, source.arn, entry.category,
            entry.message.format_map(words), self._now(), dict(source.tags),
        )  # fmt: skip
        with self._lock:
            kept = self._kept.setdefault((event.account, event.region), deque(maxlen=MOST_KEPT))
            while kept and kept[0].moment < event.moment - KEEP_SECONDS:
                kept.popleft()
            kept.append(event)
        for listen in self.listeners:
            listen(event)

    def of(self, account: str, region: str) -> list[Event]:
        """What is remembered of an account in a Region, oldest first."""
        with self._lock:
            return list(self._kept.get((account, region), ()))
