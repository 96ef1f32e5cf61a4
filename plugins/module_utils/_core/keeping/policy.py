# SPDX-License-Identifier: GPL-3.0-or-later
"""Retention policies: how many recovery points of a database to keep, by number, age, days, weeks, months and years."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

from ..errors import LifeboatError
from ..naming import Lineage

# Each period and its format, in UTC. Weeks follow ISO 8601: they begin on Monday, and a year has 52 or 53.
PERIODS = {"daily": "%Y-%m-%d", "weekly": "%G-W%V", "monthly": "%Y-%m", "yearly": "%Y"}
UNITS = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}


@dataclass(frozen=True, slots=True)
class Policy:
    """Which recovery points of a database to keep. One is kept if any rule says so, otherwise it is deleted.

    The rules: the newest ``keep``; all that are younger than ``max_age``; the first one of each day, week, month and
    year, for so many of the newest days, weeks, months and years that have any. All rules go by the original time.
    """

    keep: int = 1
    max_age: timedelta | None = None
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """The rank of a recovery point among those of its database: how many are newer, and which periods it leads."""

    position: int  # how many recovery points are newer
    # for each period of which it is the first one: how many newer periods have recovery points
    leads: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared:
    """The retention that the user declared with the options of snapshot_prune. None: not declared."""

    keep: int | None = None
    max_age_days: int | None = None
    daily: int | None = None
    weekly: int | None = None
    monthly: int | None = None
    yearly: int | None = None
    below_floor: bool | None = None  # this alone declares no retention

    def check(self) -> None:
        """Check the numbers.

        :raises LifeboatError: when keep is below 1, or another number is below 0.
        """
        if self.keep is not None and self.keep < 1:
            why = f"keep is {self.keep}"
            raise LifeboatError("Cannot keep fewer than 1 recovery point", why=why, remedy="Set keep to 1 or more")
        for name in NUMBERS:
            number = getattr(self, name)
            if (number or 0) < 0:
                what = f"Cannot keep recovery points with {name} {number}"
                raise LifeboatError(what, why="it is below 0", remedy=f"Set {name} to 0 or more")

    @property
    def policy(self) -> Policy | None:
        """Return the policy, or None when nothing was declared."""
        if all(getattr(self, name) is None for name in NUMBERS):
            return None
        return Policy(
            keep=1 if self.keep is None else self.keep,
            max_age=None if self.max_age_days is None else timedelta(days=min(self.max_age_days, timedelta.max.days)),
            daily=self.daily or 0,
            weekly=self.weekly or 0,
            monthly=self.monthly or 0,
            yearly=self.yearly or 0,
        )


# Any of these declares a retention.
NUMBERS = tuple(one.name for one in fields(Declared) if one.name != "below_floor")


def standings(arrivals: Iterable[tuple[Lineage, datetime]]) -> dict[Lineage, Standing]:
    """Rank the recovery points of one database.

    What arrived after a newer one leads nothing, and takes the place of none: it may have been named for a past that it
    does not come from.

    :param arrivals: each with the time at which it arrived. Copies of one recovery point have the same lineage and
        count once.
    """
    first: dict[Lineage, datetime] = {}
    for lineage, moment in arrivals:
        first[lineage] = min(moment, first.get(lineage, moment))
    in_order = those_in_order(sorted(first, key=lambda one: (first[one], one.original)))
    leaders = {name: first_of_each(in_order, form) for name, form in PERIODS.items()}
    late = Standing(len(in_order))
    return dict.fromkeys(first, late) | {
        lineage: Standing(position, {name: led[lineage] for name, led in leaders.items() if lineage in led})
        for position, lineage in enumerate(reversed(in_order))
    }


def those_in_order(arrived: Iterable[Lineage]) -> list[Lineage]:
    """List the recovery points that were newer than all before them when they arrived, in that order."""
    found: list[Lineage] = []
    for lineage in arrived:
        if not found or lineage.original > found[-1].original:
            found.append(lineage)
    return found


def first_of_each(in_order: Iterable[Lineage], form: str) -> dict[Lineage, int]:
    """Find the first recovery point of each period, and how many newer periods there are."""
    led: dict[str, Lineage] = {}
    for lineage in in_order:
        led.setdefault(lineage.original.strftime(form), lineage)
    return {lineage: newer for newer, lineage in enumerate(reversed(led.values()))}


def why_wanted(policy: Policy, standing: Standing, original: datetime, now: datetime) -> str | None:
    """Find the first rule by which a policy keeps a recovery point, or return None when no rule does."""
    if standing.position < policy.keep:
        return f"one of the newest {policy.keep}" if policy.keep > 1 else "the newest"
    if policy.max_age is not None and now - original < policy.max_age:
        return f"younger than {counted(policy.max_age.days, 'day')}"
    for name, form in PERIODS.items():
        if name in standing.leads and standing.leads[name] < getattr(policy, name):
            return f"the first of {original.strftime(form)}"
    return None


def why_not_wanted(policy: Policy) -> str:
    """Explain why a policy does not keep a recovery point: no rule of it does."""
    periods = [counted(getattr(policy, name), unit) for name, unit in UNITS.items() if getattr(policy, name)]
    reasons = ["superseded by newer ones" if policy.keep == 1 else f"not one of the newest {policy.keep}"]
    if policy.max_age is not None:
        reasons.append(f"older than {counted(policy.max_age.days, 'day')}")
    if periods:
        reasons.append(f"not the first of any of the newest {', '.join(periods)}")
    return "; ".join(reasons)


def counted(number: int, unit: str) -> str:
    """Write a number with its unit."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
