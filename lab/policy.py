# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM and key policies, as far as the lab looks at them. Pure: documents in, decision out."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Statement = Mapping[str, Any]
Context = Mapping[str, Any]

# Operators that compare words; IfExists and ForAnyValue variants fall back on the same comparison.
_WILD = ("StringLike", "ArnLike", "ArnEquals")
_EXACT = ("StringEquals", "StringEqualsIgnoreCase", "Bool")
_NEGATED = {"StringNotEquals": "StringEquals", "StringNotLike": "StringLike", "ArnNotLike": "ArnLike",
            "ArnNotEquals": "ArnLike"}  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """Whether something is allowed, and whether it was refused explicitly."""

    allowed: bool
    denied: bool


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def statements(document: Any) -> Iterator[Statement]:
    """The statements of a policy document, given as text or as an object."""
    if isinstance(document, str):
        document = json.loads(document)
    yield from as_list((document or {}).get("Statement"))


def matches_any(value: str, patterns: Iterable[str], *, ignore_case: bool = False) -> bool:
    if ignore_case:
        return any(fnmatch.fnmatchcase(value.lower(), pattern.lower()) for pattern in patterns)
    return any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns)


def decide(
    found: Iterable[Statement], action: str, resource: str | None = None, context: Context | None = None
) -> Decision:
    """Look at identity statements. Without a resource or context, what is tied to one counts for Allow only.

    So a caller is never refused for a reason that the lab cannot judge.
    """
    allowed = denied = False
    for statement in found:
        if not covers_action(statement, action):
            continue
        if statement.get("Effect") == "Deny":
            denied = denied or _surely_applies(statement, resource, context or {})
        else:
            allowed = allowed or _may_apply(statement, resource, context or {})
    return Decision(allowed and not denied, denied)


def covers_action(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not matches_any(action, as_list(statement["NotAction"]), ignore_case=True)
    return matches_any(action, as_list(statement.get("Action")), ignore_case=True)


def _may_apply(statement: Statement, resource: str | None, context: Context) -> bool:
    if resource is not None and not _covers_resource(statement, resource):
        return False
    return condition_holds(statement, context, unknown=True)


def _surely_applies(statement: Statement, resource: str | None, context: Context) -> bool:
    if resource is None and "*" not in as_list(statement.get("Resource", "*")):
        return False
    if resource is not None and not _covers_resource(statement, resource):
        return False
    return condition_holds(statement, context, unknown=False)


def _covers_resource(statement: Statement, resource: str) -> bool:
    if "NotResource" in statement:
        return not matches_any(resource, as_list(statement["NotResource"]))
    return matches_any(resource, as_list(statement.get("Resource", "*")))


def condition_holds(statement: Statement, context: Context, *, unknown: bool) -> bool:
    """Judge the conditions. ``unknown`` is the answer for keys and operators that the lab does not know.

    A key that is in the context with the value None is known to be absent from the request.
    """
    for operator, pairs in (statement.get("Condition") or {}).items():
        for key, wanted in pairs.items():
            if not _one_holds(operator, key, as_list(wanted), context, unknown=unknown):
                return False
    return True


def _one_holds(operator: str, key: str, wanted: list[Any], context: Context, *, unknown: bool) -> bool:
    name = operator.split(":")[-1]
    optional = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    known = {known_key.lower(): value for known_key, value in context.items()}
    if key.lower() not in known or name not in (*_WILD, *_EXACT, *_NEGATED):
        return unknown
    have = known[key.lower()]
    if have is None:
        return optional or name in _NEGATED
    if name in _NEGATED:
        return not _compare(_NEGATED[name], as_list(have), wanted)
    return _compare(name, as_list(have), wanted)


def _compare(name: str, have: list[Any], wanted: list[Any]) -> bool:
    patterns = [str(value).lower() if isinstance(value, bool) else str(value) for value in wanted]
    if name in _WILD:
        return any(matches_any(str(value), patterns) for value in have)
    fold = name != "StringEquals"
    return any((str(v).lower() == w.lower()) if fold else (str(v) == w) for v in have for w in patterns)


def admitted(found: Iterable[Statement], action: str, principals: Mapping[str, str], context: Context) -> str | None:
    """Which of the principals a resource policy lets in for an action; None when nobody, or when refused.

    ``principals`` maps what may be written in a policy to a word for it, the most direct first.
    """
    found = [statement for statement in found if covers_action(statement, action)]
    for statement in found:
        denies = statement.get("Effect") == "Deny" and condition_holds(statement, context, unknown=False)
        if denies and _names_one(statement, principals):
            return None
    for statement in found:
        allows = statement.get("Effect") == "Allow" and condition_holds(statement, context, unknown=True)
        if allows and (word := _names_one(statement, principals)):
            return word
    return None


def _names_one(statement: Statement, principals: Mapping[str, str]) -> str | None:
    if "NotPrincipal" in statement:
        named = _principals(statement["NotPrincipal"])
        return None if any(name in named for name in principals) else "direct"
    named = _principals(statement.get("Principal"))
    if "*" in named:
        return "direct"
    return next((word for name, word in principals.items() if name in named), None)


def _principals(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [str(name) for name in as_list(value.get("AWS"))]
    return [str(name) for name in as_list(value)]
