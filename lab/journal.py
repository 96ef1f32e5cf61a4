# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of every call: who did what, where, to what, and how it ended. No secrets."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from lab.wire import iso

KEEP = 100_000
_TELLING = ("Identifier", "Arn", "ARN", "Name", "KeyId", "TargetKeyId", "SnapshotType", "DbiResourceId",
            "DbClusterResourceId", "Marker", "SourceRegion")  # fmt: skip


class Journal:
    """The newest calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[dict[str, Any]] = deque(maxlen=KEEP)
        self._lock = threading.Lock()

    def write(self, moment: float, entry: dict[str, Any]) -> None:
        with self._lock:
            self._calls.append({"time": iso(moment), **entry})

    def read(self, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
        """The calls whose fields have the wanted values."""
        with self._lock:
            calls = list(self._calls)
        return [call for call in calls if all(str(call.get(key)) == value for key, value in wanted.items())]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()


def telling(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that say what a call was about, and nothing that could be a secret."""
    return {
        name: value
        for name, value in parameters.items()
        if name.endswith(_TELLING) and isinstance(value, str) and not name.lower().endswith("password")
    }
