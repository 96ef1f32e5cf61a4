# SPDX-License-Identifier: GPL-3.0-or-later
"""Match wildcards, variables and conditions of policies (IAM User Guide, policy elements). Pure.

A key that a request does not have, or that the lab does not know, is absent: an operator on it is false, unless it is
negated, ends in IfExists, is Null or begins with ForAllValues.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

# What is known of a request, by the keys of conditions as ``key_name`` writes them.
Values = str | Sequence[str]
Context = Mapping[str, Values]

_VARIABLE = re.compile(r"\$\{([^},]+)(?:, *'([^']*)')?\}")
# Operators whose values may have variables; elsewhere a policy with one is in error, and so never met (IAM User Guide,
# condition operators, "Policy variables"; Access Analyzer, "invalid variable for operator").
_WITH_VARIABLES = ("String", "Arn")
# ${*}, ${?} and ${$} stand for the characters themselves.
_SIGNS = re.compile(r"\$\{([*?$])\}|([*?])")


class Absent(Exception):
    """Raised for a variable in a policy that has no value in this request."""


def key_name(name: str) -> str:
    """Return a condition key in lower case, except for the tag in RDS's own keys (RDS User Guide, custom tags)."""
    if name[:4].lower() == "rds:":
        kind, slash, tag = name.partition("/")
        return f"{kind.lower()}{slash}{tag}"
    return name.lower()


@lru_cache(maxsize=20_000)
def pattern(text: str) -> re.Pattern[str]:
    """Compile a text in which ``*`` and ``?`` are wildcards."""
    parts, end = [], 0
    for sign in _SIGNS.finditer(text):
        parts.append(re.escape(text[end : sign.start()]))
        parts.append(re.escape(sign[1]) if sign[1] else {"*": ".*", "?": "."}[sign[2]])
        end = sign.end()
    return re.compile("".join((*parts, re.escape(text[end:]))), re.DOTALL)


def like(have: str, wanted: str) -> bool:
    return wanted == "*" or pattern(wanted).fullmatch(have) is not None


def filled(text: str, context: Context) -> str:
    """Fill in the variables of a policy's text; wildcards in their values count as plain characters.

    :raises Absent: when one has no value; what it is in matches nothing then.
    """
    if "${" not in text:
        return text
    return _VARIABLE.sub(lambda found: _value_of(found, context), text)


def _value_of(found: re.Match[str], context: Context) -> str:
    name, default = found[1], found[2]
    if name in ("*", "?", "$"):
        return found[0]
    value = context.get(key_name(name), default)
    if not isinstance(value, str):
        raise Absent(name)
    return re.sub(r"([*?$])", r"${\1}", value)


def plain(text: str) -> str:
    """Return a filled text for operators that know no wildcards."""
    return _SIGNS.sub(lambda sign: sign[1] or sign[2], text) if "${" in text else text


def _arn_like(have: str, wanted: str) -> bool:
    """Compare the six parts of two ARNs one by one."""
    pairs = have.split(":", 5), wanted.split(":", 5)
    return len(pairs[0]) == len(pairs[1]) == 6 and all(like(*pair) for pair in zip(*pairs, strict=True))


def _moment(text: str) -> float:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp()


def _within(have: str, wanted: str) -> bool:
    return ip_address(have) in ip_network(wanted, strict=False)


def _read_by(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    return lambda have, wanted: compare(read(have), read(plain(wanted)))


def _orders(name: str, read: Callable[[str], Any]) -> dict[str, Callable[[str, str], bool]]:
    return {
        f"{name}Equals": _read_by(read, operator.eq),
        f"{name}LessThan": _read_by(read, operator.lt),
        f"{name}LessThanEquals": _read_by(read, operator.le),
        f"{name}GreaterThan": _read_by(read, operator.gt),
        f"{name}GreaterThanEquals": _read_by(read, operator.ge),
    }


TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": _read_by(str, operator.eq),
    "StringEqualsIgnoreCase": _read_by(str.lower, operator.eq),
    "StringLike": like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": _read_by(str.lower, operator.eq),
    "BinaryEquals": _read_by(str, operator.eq),
    "IpAddress": _within,
    **_orders("Numeric", float),
    **_orders("Date", _moment),
}
NEGATABLE = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress",
             "NumericEquals", "DateEquals")  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """One key of a Condition element with its operator."""

    key: str
    operator: str
    wanted: tuple[str, ...]
    negated: bool = False
    optional: bool = False
    # ForAllValues, ForAnyValue or nothing.
    over: str = ""

    def holds(self, context: Context) -> bool:
        if not self.operator.startswith(_WITH_VARIABLES) and any(map(_VARIABLE.search, self.wanted)):
            return False
        values = _all_of(context.get(self.key))
        if self.operator == "Null":
            return ("true" if not values else "false") in self.wanted
        if not values:
            return self.optional or self.over == "ForAllValues" or (self.negated and not self.over)
        met = [self._meets(value, context) is not self.negated for value in values]
        return all(met) if self.over == "ForAllValues" or (self.negated and not self.over) else any(met)

    def _meets(self, value: str, context: Context) -> bool:
        return any(self._compare(value, wanted, context) for wanted in self.wanted)

    def _compare(self, value: str, wanted: str, context: Context) -> bool:
        try:
            return TESTS[self.operator](value, filled(wanted, context))
        except (Absent, ValueError, KeyError):
            # A condition that cannot be read is not met. AWS would have refused such a policy.
            return False


def _all_of(values: Values | None) -> Sequence[str]:
    if values is None:
        return ()
    return (values,) if isinstance(values, str) else values


def condition(name: str, key: str, wanted: Sequence[str]) -> Condition:
    """Read one operator with its key, for example ``ForAnyValue:StringNotLikeIfExists``."""
    over, _colon, plain_name = name.rpartition(":")
    optional = plain_name.endswith("IfExists")
    plain_name = plain_name.removesuffix("IfExists")
    positive = plain_name.replace("Not", "", 1)
    negated = positive != plain_name and positive in NEGATABLE
    words = tuple(word.lower() for word in wanted) if plain_name == "Null" else tuple(wanted)
    return Condition(key_name(key), positive if negated else plain_name, words, negated, optional, over)
