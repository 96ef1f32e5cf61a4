# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluate IAM, key, resource and organization policies (IAM User Guide, policy evaluation logic). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lifeboat_lab.conditions import Absent, Condition, Context, condition, filled, like

IDENTITY, SESSION, RESOURCE = "identity-based", "session", "resource-based"
BOUNDARY, SERVICE_CONTROL, RESOURCE_CONTROL = "permissions boundary", "service control", "resource control"


@dataclass(frozen=True)
class Decision:
    """Whether something is allowed, whether it was refused explicitly, and which kind of policy said so."""

    allowed: bool
    denied: bool = False
    by: str = IDENTITY
    # A resource policy has let in the caller himself, and not only his account.
    direct: bool = False


NO = Decision(allowed=False)


@dataclass(frozen=True)
class Words:
    """An element that says what a statement is about, or, negated, what it is not about."""

    words: tuple[str, ...]
    negated: bool = False

    def cover(self, value: str, context: Context) -> bool:
        return any(_matches(value, word, context) for word in self.words) is not self.negated


def _matches(value: str, word: str, context: Context) -> bool:
    try:
        return like(value, filled(word, context))
    except Absent:
        return False


@dataclass(frozen=True)
class Statement:
    """One statement of a policy, parsed."""

    allows: bool
    actions: Words
    resources: Words
    principals: Words
    conditions: tuple[Condition, ...] = ()
    # What has been found out before: there are few actions, and they are asked for again and again.
    _covered: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    def is_about(self, action: str) -> bool:
        known = self._covered.get(action)
        if known is None:
            known = self._covered[action] = self.actions.cover(action, _NOTHING)
        return known

    def applies(self, action: str, resource: str, context: Context) -> bool:
        return (
            self.is_about(action)
            and self.resources.cover(resource, context)
            and all(each.holds(context) for each in self.conditions)
        )

    def may_apply(self, action: str, context: Context) -> bool:
        """Tell whether a statement could apply to a call whose resources and own keys the lab does not know: it refuses
        nobody for those."""
        if not self.is_about(action) or not (self.allows or "*" in self.resources.words):
            return False
        return all(each.holds(context) if each.key in context else self.allows for each in self.conditions)


_NOTHING: Context = {}


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=4096)
def statements(document: str | None) -> tuple[Statement, ...]:
    """Return the statements of a policy document; none when it cannot be read."""
    try:
        return read(document or "{}")
    except ValueError:
        return ()


def read(document: str) -> tuple[Statement, ...]:
    """Return the statements of a policy document.

    :raises ValueError: when it is not a policy document.
    """
    found = json.loads(document)
    if not isinstance(found, Mapping):
        raise ValueError("a policy must be a JSON object")
    # Only documents of this version have variables.
    variables = found.get("Version") == "2012-10-17"
    return tuple(_statement(each, variables=variables) for each in as_list(found.get("Statement")))


def _statement(found: Any, *, variables: bool) -> Statement:
    if not isinstance(found, Mapping) or found.get("Effect") not in ("Allow", "Deny"):
        raise ValueError("a statement must have the effect Allow or Deny")
    actions, resources = _words(found, "Action"), _words(found, "Resource", "*")
    return Statement(
        found["Effect"] == "Allow",
        Words(tuple(word.lower() for word in actions.words), actions.negated),
        Words(tuple(_whole_arn(_quoted(word, variables=variables)) for word in resources.words), resources.negated),
        _principals(found),
        tuple(
            condition(name, key, [_quoted(_text(value), variables=variables) for value in as_list(wanted)])
            for name, pairs in (found.get("Condition") or {}).items()
            for key, wanted in pairs.items()
        ),
    )


def _words(found: Mapping[str, Any], element: str, default: str | None = None) -> Words:
    if f"Not{element}" in found:
        return Words(tuple(map(str, as_list(found[f"Not{element}"]))), negated=True)
    return Words(tuple(map(str, as_list(found.get(element, default)))))


def _quoted(text: str, *, variables: bool) -> str:
    return text if variables else text.replace("${", "${$}{")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _whole_arn(text: str) -> str:
    """Complete a short ARN with wildcards."""
    missing = 5 - text.count(":")
    return text + ":*" * missing if text.startswith("arn:") and missing > 0 else text


def _principals(found: Mapping[str, Any]) -> Words:
    negated = "NotPrincipal" in found
    value = found.get("NotPrincipal") if negated else found.get("Principal")
    if not isinstance(value, Mapping):
        return Words(tuple(map(str, as_list(value))), negated)
    named = [str(name) for kind in ("AWS", "Service") for name in as_list(value.get(kind))]
    return Words(tuple(named), negated)


def decide(found: Iterable[Statement], action: str, resource: str | None, context: Context) -> Decision:
    """Look at identity statements; without a resource, only as far as the lab can judge."""
    action, allowed = action.lower(), False
    for each in found:
        if allowed and each.allows:
            continue
        if each.may_apply(action, context) if resource is None else each.applies(action, resource, context):
            if not each.allows:
                return Decision(allowed=False, denied=True)
            allowed = True
    return Decision(allowed)


def admitted(
    found: Iterable[Statement], action: str, resource: str, principals: Mapping[str, bool], context: Context
) -> Decision:
    """Decide whether a resource policy admits the caller for an action.

    ``principals`` are the names that a policy may have for the caller, each with whether it means only him or his
    account.
    """
    action = action.lower()
    applying = [each for each in found if each.applies(action, resource, context)]
    if any(not each.allows and _concerns(each.principals, principals) for each in applying):
        return Decision(allowed=False, denied=True, by=RESOURCE)
    named = [word for each in applying if each.allows for word in _admits(each.principals, principals)]
    return Decision(bool(named), by=RESOURCE, direct=any(named))


def _admits(words: Words, principals: Mapping[str, bool]) -> list[bool]:
    if words.negated:
        return [] if any(name in words.words for name in principals) else [True]
    return [True] if "*" in words.words else [direct for name, direct in principals.items() if name in words.words]


def _concerns(words: Words, principals: Mapping[str, bool]) -> bool:
    """Tell whether a Deny is about the caller.

    NotPrincipal spares only a caller whom it names together with his account (IAM User Guide, NotPrincipal).
    """
    if not words.negated:
        return bool(_admits(words, principals))
    named = {direct for name, direct in principals.items() if name in words.words}
    return named != set(principals.values())
