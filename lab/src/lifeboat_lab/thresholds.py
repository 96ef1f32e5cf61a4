# SPDX-License-Identifier: GPL-3.0-or-later
"""Derive an alarm's state from data points (CloudWatch User Guide, alarm evaluation, missing data). Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"

COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
# How missing data may be treated, and how AWS says so in its reasons.
TREATMENTS = {"missing": "Missing", "ignore": "Ignored", "breaching": "Breaching", "notBreaching": "NonBreaching"}
# More points than are needed are looked at, in case some are missing; how many is not documented beyond an
# example, where it is 5 for 3.
SPARE = 2


@dataclass(frozen=True)
class Point:
    """The statistic of one period; None when nothing was reported in it."""

    moment: float
    value: float | None


@dataclass(frozen=True)
class Rule:
    """When to alarm: when ``needed`` of ``periods`` points are beyond the threshold."""

    comparison: str
    threshold: float
    periods: int
    needed: int
    missing: str = "missing"

    @property
    def range(self) -> int:
        return self.periods + SPARE

    def breaches(self, value: float) -> bool:
        return COMPARISONS[self.comparison][0](value, self.threshold)


def judge(points: Sequence[Point], rule: Rule) -> str | None:
    """Return the state after these points, the newest first; None when it stays as it is."""
    real = [(age, rule.breaches(point.value)) for age, point in enumerate(points) if point.value is not None]
    filled = max(0, rule.periods - len(real))
    breaching = sum(breach for _age, breach in real[: rule.periods])
    if rule.missing == "breaching":
        breaching += filled
    if breaching >= rule.needed:
        return ALARM
    if filled and rule.missing in ("missing", "ignore") and (not real or _is_premature(real, rule)):
        return None if rule.missing == "ignore" else ALARM if real else UNKNOWN
    return OK


def _is_premature(real: Sequence[tuple[int, bool]], rule: Rule) -> bool:
    """Tell whether all data breach and the oldest is old enough (User Guide, premature transitions)."""
    return all(breach for _age, breach in real) and real[-1][0] + 1 >= rule.needed


def reason(points: Sequence[Point], rule: Rule, state: str, before: str) -> str:
    """Return the reason for the state, in CloudWatch's words."""
    real = [point for point in points if point.value is not None][: rule.periods]
    filled = rule.periods - len(real)
    if state == UNKNOWN:
        return f"Insufficient Data: {_count(filled, 'datapoint')} {_was(filled)} unknown."
    treated = f" and {_count(filled, 'missing datapoint')} {_was(filled)} treated as [{TREATMENTS[rule.missing]}]"
    if not real:
        return f"Threshold Crossed: no datapoints were received for {_count(filled, 'period')}{treated}."
    told = [point for point in real if rule.breaches(point.value or 0.0) == (state == ALARM)] or real
    values = ", ".join(f"{point.value} ({_date(point.moment)})" for point in told)
    negation = "not " if state == OK else ""
    return (
        f"Threshold Crossed: {len(told)} out of the last {rule.periods} datapoints [{values}] {_was(len(told))} "
        f"{negation}{COMPARISONS[rule.comparison][1]} the threshold ({rule.threshold}){treated if filled else ''} "
        f"(minimum {_count(rule.needed, 'datapoint')} for {before} -> {state} transition)."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _date(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, timezone.utc):%d/%m/%y %H:%M:%S}"
