# SPDX-License-Identifier: GPL-3.0-or-later
"""Let things go wrong on request: what, when, and how often."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

# Faults of the answer to a call; at most one of these strikes a call.
ANSWER_KINDS = {
    "error": "answers with code, message and status, and does nothing",
    "throttle": "answers ThrottlingException, Rate exceeded, and does nothing",
    "server-error": "answers 500 InternalFailure or, with that status, 503 ServiceUnavailable, and does nothing",
    "access-denied": "answers AccessDenied, and does nothing",
    "reset-before": "the connection is reset before the call took effect",
    "reset-after": "the call takes effect, and the connection is reset instead of an answer",
    "hold-before": "nothing happens until the fault is taken back, then the connection is reset",
    "hold-after": "the call takes effect; nobody answers, and once the fault is taken back the connection is reset",
}
# Those without an answer: before the call takes effect, and after it.
UNDONE, LOST = ("reset-before", "hold-before"), ("reset-after", "hold-after")
CALL_KINDS = ANSWER_KINDS | {
    "slow": "answers after some seconds; the call takes effect at once",
    "wrong-date": "the Date of the answer is off by some seconds",
}
# Faults of what a call begins.
RDS_KINDS = {
    "failed-copy": "a snapshot copy ends as failed",
    "failed-snapshot": "a manual snapshot ends as failed",
    "restore-ends": "a restored database ends in the status",
    "unreachable-restore": "a restore becomes available, but its server refuses connections",
    "event-late": "an event is delivered some seconds late",
    "event-doubled": "an event is delivered twice",
    "event-reordered": "an event is delivered after the one that follows it",
    "event-lost": "an event is not delivered",
}
KINDS = CALL_KINDS | RDS_KINDS

# The bad ends of a restore (aws_rds.md 7.3).
OUTCOMES = ("incompatible-restore", "insufficient-capacity", "incompatible-network", "incompatible-parameters",
            "incompatible-option-group", "incompatible-create", "restore-error", "failed",
            "inaccessible-encryption-credentials", "storage-full")  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """What a fault is compared with: a call, or something that a call began."""

    account: str
    region: str
    action: str = ""
    service: str = "rds"
    # Plain identifiers and ARNs, in lower case.
    names: frozenset[str] = frozenset()


@dataclass(eq=False)
class Fault:
    """One rule. It lets ``skip`` calls pass, strikes ``count`` times (None: always), each time with ``probability``."""

    kind: str
    action: tuple[str, ...] = ()
    service: str | None = None
    account: str | None = None
    region: str | None = None
    resource: str | None = None
    count: int | None = 1
    probability: float = 1.0
    seed: int | None = None
    skip: int = 0
    # The answer of a fault that gives one.
    code: str = ""
    message: str = ""
    status: int = 0
    # How late, or how far off.
    seconds: float = 0.0
    # How a restore ends.
    outcome: str = ""
    matched: int = 0
    used: int = 0
    id: int = field(default_factory=itertools.count(1).__next__)

    def __post_init__(self) -> None:
        # Without a seed, every fault draws its own chances.
        self._dice = random.Random(self.seed)
        # Set when it is taken back: calls that it holds go on.
        self._over = threading.Event()

    def wait_until_over(self) -> None:
        self._over.wait()

    def end(self) -> None:
        self._over.set()

    def fits(self, subject: Subject) -> bool:
        return (
            self.account in (None, subject.account)
            and self.region in (None, subject.region)
            and self.service in (None, subject.service)
            and (not self.action or any(fnmatchcase(subject.action, pattern) for pattern in self.action))
            and (self.resource is None or _names(self.resource.lower(), subject.names))
        )

    def is_due(self) -> bool:
        """Count one more call that fits, and tell whether the fault strikes it."""
        self.matched += 1
        if self.matched <= self.skip or (self.count is not None and self.used >= self.count):
            return False
        return self.probability >= 1 or self._dice.random() < self.probability

    def as_dict(self) -> dict[str, Any]:
        """Return what was asked for, and how often it was used."""
        given = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        shown = {name: value for name, value in given.items() if value not in (None, "", 0, ())}
        return shown | {name: given[name] for name in ("id", "count", "matched", "used")}


def _names(wanted: str, names: frozenset[str]) -> bool:
    """Tell whether a plain identifier, an ARN or a pattern fits one of the names.

    An ARN also fits its plain identifier.
    """
    if any(fnmatchcase(name, wanted) for name in names):
        return True
    return wanted.startswith("arn:") and plain(wanted) in names and not any(name.startswith("arn:") for name in names)


def plain(name: str) -> str:
    """Return the identifier in an ARN; return anything else as it is."""
    return name.split(":", 6)[-1] if name.startswith("arn:") else name


class Faults:
    """All rules, in the order in which they were made."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()
        self._local = threading.local()

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._rules = [*self._rules, fault]
        return fault

    def clear(self) -> None:
        with self._lock:
            gone, self._rules = self._rules, []
        for fault in gone:
            fault.end()

    def remove(self, number: int) -> None:
        """Take a fault back.

        :raises LookupError: when there is no such fault.
        """
        with self._lock:
            gone = [fault for fault in self._rules if fault.id == number]
            if not gone:
                raise LookupError(f"There is no fault {number}.")
            self._rules = [fault for fault in self._rules if fault.id != number]
        gone[0].end()

    def as_list(self) -> list[dict[str, Any]]:
        return [fault.as_dict() for fault in self._rules]

    def strikes(
        self, kind: str, account: str, region: str, action: str = "", resource: str | Iterable[str] | None = None
    ) -> Fault | None:
        """Use the first rule of a kind that fits what a call to RDS began. ``resource``: one of its names, or all.

        What the call names and is called counts too, if this is asked while it is answered. Not for events, which are
        about one thing each.
        """
        if not self._rules:
            return None
        names = all_names((resource,) if isinstance(resource, str) else resource or ())
        call = getattr(self._local, "call", None)
        if call and not kind.startswith("event-"):
            names, action = names | call.names, action or call.action
        return self._strike(Subject(account, region, action, names=names), lambda found: found == kind)

    def on_call(self, subject: Callable[[], Subject]) -> dict[str, Fault]:
        """Return the faults that strike a call: at most one for its answer, one for its delay and one for its date."""
        if not self._rules:
            return {}
        self._local.call = called = subject()
        found = {
            "answer": self._strike(called, ANSWER_KINDS.__contains__),
            "slow": self._strike(called, "slow".__eq__),
            "date": self._strike(called, "wrong-date".__eq__),
        }
        return {what: fault for what, fault in found.items() if fault is not None}

    @contextmanager
    def noted(self) -> Iterator[list[Fault]]:
        """Collect the faults that strike in this thread while it answers one call."""
        found: list[Fault] = []
        self._local.faults = found
        try:
            yield found
        finally:
            self._local.faults = self._local.call = None

    def _strike(self, subject: Subject, is_wanted: Callable[[str], bool]) -> Fault | None:
        """Count the call for every fault that fits it, and use the first that is due."""
        with self._lock:
            fitting = [fault for fault in self._rules if is_wanted(fault.kind) and fault.fits(subject)]
            due = [fault for fault in fitting if fault.is_due()]
            if not due:
                return None
            due[0].used += 1
        noted = getattr(self._local, "faults", None)
        if noted is not None:
            noted.append(due[0])
        return due[0]


def all_names(names: Iterable[str]) -> frozenset[str]:
    """Return the names, and also the identifiers of those that are ARNs."""
    lower = [name.lower() for name in names]
    return frozenset([*lower, *map(plain, lower)])
