# SPDX-License-Identifier: GPL-3.0-or-later
"""Log every call: who did what, where, to what, and how it ended. Secrets are left out."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import translate
from itertools import islice
from typing import Any

from lifeboat_lab.settings import BadRequest
from lifeboat_lab.spelling import unknown
from lifeboat_lab.wire import iso

KEEP = 100_000
# Parameters that say what a call was about; none of them is ever a secret.
_TELLING_ENDS = ("Identifier", "Arn", "ARN", "Name", "KeyId", "SecretId", "SnapshotType", "DbiResourceId",
                 "DbClusterResourceId", "Marker", "MaxRecords", "SourceRegion", "SourceType", "Engine",
                 "EngineVersion", "CopyTags", "QueueUrl")  # fmt: skip
_TELLING_STARTS = ("Filters.", "ValuesToAdd.", "ValuesToRemove.", "Include", "Skip")


@dataclass(slots=True)
class Entry:
    """One call. ``status`` is missing when the call got no answer."""

    time: float
    sequence: int = 0
    account: str = ""
    principal: str = ""
    region: str = ""
    service: str = ""
    action: str = ""
    resources: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    status: int | None = None
    error: str | None = None
    message: str | None = None
    # Seconds inside the lab: wall time, and processor time.
    took: float = 0.0
    cpu: float = 0.0
    # The faults that struck, by kind and number.
    faults: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in FIELDS}
        shown = {name: value for name, value in found.items() if value is not None and value != ""}
        return shown | {"time": iso(self.time), "took": round(self.took, 6), "cpu": round(self.cpu, 6)}

    def has(self, name: str, is_wanted: Callable[[str], object]) -> bool:
        value = getattr(self, name)
        return any(is_wanted(each) for each in value) if isinstance(value, list) else bool(is_wanted(str(value)))


@dataclass(slots=True)
class Cost:
    """What the calls of one action took inside the lab."""

    calls: int = 0
    seconds: float = 0.0
    cpu: float = 0.0

    def add(self, entry: Entry) -> None:
        self.calls += 1
        self.seconds += entry.took
        self.cpu += entry.cpu

    def as_dict(self) -> dict[str, Any]:
        return {
            "calls": self.calls,
            "seconds": self.seconds,
            "mean": self.seconds / self.calls,
            "cpu_seconds": self.cpu,
            "cpu_mean": self.cpu / self.calls,
        }


FIELDS = tuple(Entry.__dataclass_fields__)
_SEARCHABLE = ("account", "principal", "region", "service", "action", "resources", "status", "error", "faults")


class Journal:
    """The newest calls, oldest first, and what all calls cost."""

    def __init__(self) -> None:
        self._calls: deque[Entry] = deque(maxlen=KEEP)
        self._costs: dict[tuple[str, str], Cost] = {}
        self._written = 0
        self._lock = threading.Lock()

    def write(self, entry: Entry) -> None:
        with self._lock:
            self._written += 1
            entry.sequence = self._written
            self._calls.append(entry)
            self._costs.setdefault((entry.service, entry.action), Cost()).add(entry)

    def read(self, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the calls whose fields have the wanted values, or fit patterns.

        ``since`` is a sequence number (later calls) or a time; ``limit`` keeps the first after that, otherwise the
        last.

        :raises BadRequest: when a word is unknown or its value is not valid.
        """
        fields = {name: value for name, value in wanted.items() if name not in ("since", "limit")}
        if wrong := sorted(set(fields) - set(_SEARCHABLE)):
            raise BadRequest(unknown("field", wrong, (*_SEARCHABLE, "since", "limit")))
        limit = _limit(wanted.get("limit"))
        tests = [(name, _matcher(word)) for name, word in fields.items()]
        calls = self._since(wanted.get("since"))
        newest_first = "since" not in wanted
        found = (
            each for each in (reversed(calls) if newest_first else calls) if all(each.has(*test) for test in tests)
        )
        chosen = [each.as_dict() for each in islice(found, limit)]
        return chosen[::-1] if newest_first else chosen

    def _since(self, word: str | None) -> list[Entry]:
        with self._lock:
            calls, first = list(self._calls), self._written - len(self._calls)
        if word is None:
            return calls
        if word.isdigit():
            return calls[max(0, int(word) - first) :]
        moment = _moment(word)
        return [each for each in calls if each.time >= moment]

    def costs(self) -> list[dict[str, Any]]:
        """Return what the calls of each action cost, the most expensive first."""
        with self._lock:
            rows = [
                {"service": service, "action": action, **cost.as_dict()}
                for (service, action), cost in self._costs.items()
            ]
        return sorted(rows, key=lambda row: -row["seconds"])

    def clear(self) -> None:
        """Forget the calls; their numbers go on."""
        with self._lock:
            self._calls.clear()

    def clear_costs(self) -> None:
        with self._lock:
            self._costs.clear()


def telling(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that say what a call was about, and nothing that could be a secret."""
    return {
        name: value
        for name, value in parameters.items()
        if (name.endswith(_TELLING_ENDS) or name.startswith(_TELLING_STARTS)) and isinstance(value, str)
    }


def _matcher(word: str) -> Callable[[str], object]:
    """Return a comparison with a word, or with a pattern."""
    return re.compile(translate(word)).match if set(word) & set("*?[") else word.__eq__


def _limit(word: str | None) -> int | None:
    if word is not None and (not word.isdigit() or int(word) < 1):
        raise BadRequest("limit must be a whole number above 0")
    return None if word is None else int(word)


def _moment(word: str) -> float:
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        raise BadRequest(f"since must be a sequence number or a time such as {iso(0)}, not {word!r}") from None
    if found.tzinfo is None:
        raise BadRequest("since must have a time zone, such as Z")
    return found.timestamp()
