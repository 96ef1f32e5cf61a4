# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a request for a fault, and refuse one that could never strike."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from lifeboat_lab import catalogue, regions
from lifeboat_lab.accounts import Accounts
from lifeboat_lab.admin.forms import known
from lifeboat_lab.faults import CALL_KINDS, KINDS, OUTCOMES, Fault
from lifeboat_lab.settings import BadRequest
from lifeboat_lab.spelling import unknown

NARROWING = ("kind", "action", "service", "account", "region", "resource", "count", "probability", "seed", "skip")
# The further fields of some kinds.
WORDS: dict[str, tuple[str, ...]] = {
    "error": ("code", "message", "status"),
    "server-error": ("status",),
    "slow": ("seconds",),
    "wrong-date": ("seconds",),
    "event-late": ("seconds",),
    "restore-ends": ("status",),
}
SERVER_ERRORS = {500: "InternalFailure", 503: "ServiceUnavailable"}
UNKNOWN_ERROR = "The request processing has failed because of an unknown error, exception or failure."


def read(body: Any, accounts: Accounts) -> Fault:
    """Build a fault from an admin request.

    :raises BadRequest: when it is not valid.
    :raises LookupError: when it names an unknown account.
    """
    kind = body.get("kind") if isinstance(body, dict) else None
    if isinstance(body, dict) and kind not in KINDS:
        raise BadRequest(f"kind must be one of {', '.join(KINDS)}")
    known(body, *NARROWING, *WORDS.get(str(kind), ()))
    fault = Fault(str(kind), **_narrowed(body, str(kind), accounts), **_numbers(body))
    if reader := _READERS.get(fault.kind):
        reader(fault, body)
    return fault


def _narrowed(body: dict[str, Any], kind: str, accounts: Accounts) -> dict[str, Any]:
    given = {name: body[name] for name in ("service", "account", "region", "resource") if body.get(name) is not None}
    for name, value in given.items():
        if not isinstance(value, str) or not value:
            raise BadRequest(f"{name} must be a string")
    service = given.get("service")
    if service and (kind not in CALL_KINDS and service != "rds"):
        raise BadRequest(f"a {kind} strikes rds only, not {service}")
    if service:
        given["service"] = catalogue.signing_name(service)
    if "account" in given:
        given["account"] = accounts.find(given["account"]).id
    if "region" in given:
        regions.check(given["region"])
    actions = _actions(body.get("action"))
    for action in actions:
        _check_action(action, service or ("rds" if kind not in CALL_KINDS else None))
    return given | {"action": actions}


def _actions(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    actions = value if isinstance(value, list) else [value]
    if not actions or not all(isinstance(each, str) and each for each in actions):
        raise BadRequest("action must be a name, a pattern such as Copy*, or a list of them")
    return tuple(actions)


def _check_action(pattern: str, service: str | None) -> None:
    """Refuse an action pattern that no call could ever match."""
    for names in catalogue.actions(service):
        if any(fnmatchcase(name, pattern) for name in names):
            return
    every = [name for names in catalogue.actions(service) for name in names]
    raise BadRequest(unknown(f"action of {service}" if service else "action", pattern, every, list_all=False))


def _numbers(body: dict[str, Any]) -> dict[str, Any]:
    count, seed = body.get("count", 1), body.get("seed")
    probability = _number("probability", body.get("probability", 1))
    if probability > 1:
        raise BadRequest("probability must be between 0 and 1")
    return {
        "count": None if count is None else _number("count", count, whole=True, least=1),
        "skip": _number("skip", body.get("skip", 0), whole=True),
        "seed": None if seed is None else _number("seed", seed, whole=True),
        "probability": probability,
    }


def _number(name: str, value: Any, *, whole: bool = False, least: float = 0) -> float:
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or value < least:
        what = "a whole number" if whole else "a number"
        raise BadRequest(f"{name} must be {what}, {least:g} or more")
    return value


def _read_error(fault: Fault, body: dict[str, Any]) -> None:
    for name, default in (("code", "InternalFailure"), ("message", UNKNOWN_ERROR)):
        value = body.get(name, default)
        if not isinstance(value, str) or not value:
            raise BadRequest(f"{name} must be a string")
        setattr(fault, name, value)
    fault.status = int(_number("status", body.get("status", 500), whole=True))
    if not 400 <= fault.status <= 599:
        raise BadRequest("status must be between 400 and 599")


def _read_server_error(fault: Fault, body: dict[str, Any]) -> None:
    status = body.get("status", 500)
    if isinstance(status, bool) or status not in SERVER_ERRORS:
        raise BadRequest(f"status must be one of {', '.join(map(str, SERVER_ERRORS))}")
    fault.code, fault.message, fault.status = SERVER_ERRORS[status], UNKNOWN_ERROR, status


def _read_throttle(fault: Fault, _body: dict[str, Any]) -> None:
    fault.code, fault.message, fault.status = "ThrottlingException", "Rate exceeded", 400


def _read_outcome(fault: Fault, body: dict[str, Any]) -> None:
    if body.get("status") not in OUTCOMES:
        raise BadRequest(f"status must be one of {', '.join(OUTCOMES)}")
    fault.outcome = body["status"]


def _read_delay(fault: Fault, body: dict[str, Any]) -> None:
    fault.seconds = _number("seconds", body.get("seconds"))


def _read_shift(fault: Fault, body: dict[str, Any]) -> None:
    value = body.get("seconds")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadRequest("seconds must be a number; below 0 is in the past")
    fault.seconds = value


_READERS: dict[str, Callable[[Fault, dict[str, Any]], None]] = {
    "error": _read_error,
    "server-error": _read_server_error,
    "throttle": _read_throttle,
    "restore-ends": _read_outcome,
    "slow": _read_delay,
    "event-late": _read_delay,
    "wrong-date": _read_shift,
}
