# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep every event for a while, and tell subscribers."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from lifeboat_lab.accounts import PARTITION
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds.catalogue import CATALOGUE, CATEGORIES, SOURCE_TYPES

# DescribeEvents shows the last 14 days (aws_rds.md 5.5).
KEEP_MINUTES = 14 * 24 * 60
# Per account and Region, so that a lab that runs for long stays small.
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
    number: int = field(default_factory=itertools.count(1).__next__)


@dataclass(eq=False)
class Subscription:
    """Which events go to which topic."""

    account: str
    region: str
    name: str
    topic: str
    source_type: str | None
    sources: list[str]
    categories: list[str]
    enabled: bool
    created: float
    tags: dict[str, str]
    verb: str = "creating"
    until: float = 0.0
    gone: float | None = None
    # The status that says why nothing can be published, as of the last check; None when all is well.
    trouble: str | None = None

    @property
    def arn(self) -> str:
        return f"arn:{PARTITION}:rds:{self.region}:{self.account}:es:{self.name}"

    def status(self, now: float) -> str:
        if self.gone is not None:
            return "deleting"
        return self.verb if now < self.until else self.trouble or "active"

    def wants(self, event: Event) -> bool:
        """Tell whether an event is wanted.

        No source type means everything, no sources means all of that type (aws_rds.md 6).
        """
        return (
            self.source_type in (None, event.source_type)
            and (not self.sources or event.source in self.sources)
            and (not self.categories or event.category in self.categories)
        )


class Events:
    """The events of all accounts and Regions. Callers need no lock, and never wait."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], deque[Event]] = {}
        self._subscriptions: dict[tuple[str, str], dict[str, Subscription]] = {}
        # Called for each event in the thread where it happens; they must not wait either.
        self.listeners: list[Callable[[Event, Source], None]] = []

    def emit(self, event_id: str, source: Source, **words: object) -> None:
        """Say what has happened to a database or a snapshot. ``words`` fill in the message of the catalogue."""
        source_type = SOURCE_TYPES[source.arn.split(":")[5]]
        entry = CATALOGUE[source_type][event_id]
        event = Event(
            event_id, source.account, source.region, source_type, source.identifier, source.arn, entry.category,
            entry.message.format_map(words), self._now(),
        )  # fmt: skip
        with self._lock:
            kept = self._kept.setdefault((event.account, event.region), deque(maxlen=MOST_KEPT))
            while kept and kept[0].moment < event.moment - KEEP_MINUTES * 60:
                kept.popleft()
            kept.append(event)
        for listen in self.listeners:
            listen(event, source)

    def of(self, account: str, region: str) -> list[Event]:
        """Return the kept events of an account in a Region, the oldest first."""
        with self._lock:
            return list(self._kept.get((account, region), ()))

    def subscriptions(self, account: str, region: str) -> dict[str, Subscription]:
        """Return an account's subscriptions in a Region by name, without deleted ones."""
        now = self._now()
        with self._lock:
            found = self._subscriptions.setdefault((account, region), {})
            for each in list(found.values()):
                if each.gone is not None and each.gone <= now:
                    del found[each.name]
            return found


def check_source_type(value: str) -> None:
    """Check that a source type exists.

    :raises AwsError: when there is no such type of source.
    """
    if value not in CATEGORIES:
        raise AwsError("InvalidParameterValue", f"Invalid source type: {value}. Valid are {', '.join(CATEGORIES)}.")
