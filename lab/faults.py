# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that go wrong on request."""

from __future__ import annotations

import itertools
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

from lab.errors import AwsError
from lab.settings import BadRequest

KINDS = {
    "error": "an action answers with an error code instead of doing anything",
    "unreachable-restore": "a restore becomes available, but its server refuses connections",
    "failed-copy": "a snapshot copy ends as failed",
}


@dataclass
class Fault:
    """One rule; it is used up after ``count`` times, or never when that is null."""

    kind: str
    account: str | None = None
    region: str | None = None
    action: str | None = None
    resource: str | None = None
    code: str = "InternalFailure"
    message: str = "The request processing has failed because of an unknown error, exception or failure."
    status: int = 500
    count: int | None = 1
    used: int = 0
    id: int = field(default_factory=itertools.count(1).__next__)

    def fits(self, kind: str, account: str, region: str, action: str, resource: str | None) -> bool:
        wanted = ((self.account, account), (self.region, region), (self.action, action), (self.resource, resource))
        spent = self.count is not None and self.used >= self.count
        return self.kind == kind and not spent and all(want in (None, have) for want, have in wanted)


class Faults:
    """All rules, in the order in which they were made."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, request: Any) -> Fault:
        """Make a rule from an admin request.

        :raises BadRequest: when it makes no sense.
        """
        fault = _read(request)
        with self._lock:
            self._rules.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def as_list(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._rules]

    def strikes(
        self, kind: str, account: str, region: str, action: str = "", resource: str | None = None
    ) -> Fault | None:
        """Use the first rule that fits."""
        with self._lock:
            for fault in self._rules:
                if fault.fits(kind, account, region, action, resource):
                    fault.used += 1
                    return fault
        return None

    def refuse(self, account: str, region: str, action: str) -> None:
        """:raises AwsError: when a rule says that this call is answered with an error."""
        if fault := self.strikes("error", account, region, action):
            raise AwsError(fault.code, fault.message, fault.status)


def _read(request: Any) -> Fault:
    if not isinstance(request, dict):
        raise BadRequest("a fault must be an object")
    names = {"kind", "account", "region", "action", "resource", "code", "message", "status", "count"}
    if unknown := sorted(set(request) - names):
        raise BadRequest(f"unknown words in a fault: {', '.join(unknown)}; known are {', '.join(sorted(names))}")
    if request.get("kind") not in KINDS:
        raise BadRequest(f"kind must be one of {', '.join(KINDS)}")
    for name in ("count", "status"):
        value = request.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise BadRequest(f"{name} must be a whole number above 0")
    if request["kind"] == "error" and not request.get("action"):
        raise BadRequest("a fault of kind error needs an action, such as CopyDBSnapshot")
    for name in names - {"count", "status"}:
        if name in request and not isinstance(request[name], (str, type(None))):
            raise BadRequest(f"{name} must be a string")
    given = {key: value for key, value in request.items() if value is not None or key == "count"}
    return Fault(**given)
