# SPDX-License-Identifier: GPL-3.0-or-later
"""The bound of one run: a plan that would delete most of what is there is refused until the user accepts that plan.

A retention is a few digits in an inventory, and a missing one deletes years.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from ..errors import LifeboatError
from ..model import STAGE, RecoveryPoint
from ..naming import ROUNDING, TIME_FORMAT, Origin, own_lineage, short_hash
from .floor import FLOOR
from .retention import Ruling

FEW = 5  # so many deletions are never more than half
FEW_OF_ONE = 2  # a database may lose so many, whatever is left of it
NAMED = 3  # databases in a message
TOKEN = re.compile(r"(?P<time>\d{14})-(?P<digest>[0-9a-v]{12})")
LATER = "it came after the plan that was accepted"


@dataclass(frozen=True, slots=True)
class Token:
    """What accepts one plan: the time at which it was made, and a digest of what it deletes.

    The plan is made again for that time. So what has become old since then does not make it another plan.
    """

    at: datetime
    digest: str

    def __str__(self) -> str:
        return f"{self.at.astimezone(timezone.utc).strftime(TIME_FORMAT)}-{self.digest}"


def token_for(rulings: Iterable[Ruling], now: datetime) -> Token:
    """Make the token that accepts this plan and no other."""
    arns = sorted(one.point.arn for one in rulings if not one.keep)
    return Token(now.replace(microsecond=0), short_hash("\n".join(arns), 12))


def read_token(text: str) -> Token:
    """Read a token that the user gives.

    :raises LifeboatError: when it is not one.
    """
    found = TOKEN.fullmatch(text)
    try:
        if found:
            at = datetime.strptime(found["time"], TIME_FORMAT).replace(tzinfo=timezone.utc)
            return Token(at, found["digest"])
    except ValueError:
        pass
    raise LifeboatError(
        f"Cannot accept the deletions {text[:70]!r}",
        why="no run that refused to delete asked for that",
        remedy="Paste accept_deletions from the message of that run, or leave it out",
    )


def why_too_many(rulings: Iterable[Ruling], released: frozenset[str], prefix: str) -> str | None:
    """Explain why a plan deletes too many recovery points, or return None if it does not.

    It counts what goes because of a declared retention. What the user released by name is no part of it, nor are
    copies that failed, from which nothing can be restored. At a source site neither counts what goes without a declared
    retention, nor what is so young that it is only passing.
    """
    sources: dict[str, list[Ruling]] = defaultdict(list)
    for one in rulings:
        if is_counted(one.point, released):
            sources[one.point.origin_account or ""].append(one)
    # What one source keeps says nothing about another one.
    reasons = [why for _account, some in sorted(sources.items()) if (why := why_too_many_of(some, prefix))]
    return "; ".join(reasons) or None


def why_too_many_of(rulings: Iterable[Ruling], prefix: str) -> str | None:
    """Explain why a plan deletes too many recovery points of one source, or return None if it does not."""
    groups = by_database(rulings, prefix)
    had, going = sum(map(len, groups)), sum(map(number_going, groups))
    reasons = []
    if is_most(going, had):
        reasons.append(f"it would delete {going} of {had} recovery points, which is more than half")
    if losing := [group for group in groups if is_losing(group)]:
        reasons.append(f"it would leave {named(losing)}")
    return ", and ".join(reasons) or None


def is_counted(point: RecoveryPoint, released: frozenset[str]) -> bool:
    """Tell whether a snapshot is a recovery point that the bound counts."""
    return point.is_available and STAGE not in point.tags and point.name not in released


def by_database(rulings: Iterable[Ruling], prefix: str) -> list[list[Ruling]]:
    """Group rulings by the database."""
    groups: dict[Origin | str, list[Ruling]] = defaultdict(list)
    for one in rulings:
        lineage = own_lineage(one.point, prefix)
        groups[lineage.origin if lineage else one.point.arn].append(one)
    return list(groups.values())


def number_going(group: Iterable[Ruling]) -> int:
    """Count what goes because of a declared retention."""
    return sum(one.counts and not one.keep for one in group)


def is_most(going: int, had: int) -> bool:
    """Tell whether more than half would go, and more than a few."""
    return going > FEW and 2 * going > had


def is_losing(group: Sequence[Ruling]) -> bool:
    """Tell whether a database would lose most of its recovery points, or all but those that the floor always keeps."""
    going = number_going(group)
    return is_most(going, len(group)) or (going > FEW_OF_ONE and len(group) - going <= FLOOR.newest)


def named(groups: Sequence[Sequence[Ruling]]) -> str:
    """Say how many recovery points each database would keep, but not of hundreds of databases."""
    shown = [f"{len(one) - number_going(one)} of the {len(one)} of {one[0].point.database}" for one in groups[:NAMED]]
    more = len(groups) - len(shown)
    words = [*shown, *([f"{more} more database{'s' if more > 1 else ''}"] if more else [])]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if words[1:] else words[0]


def refusal(why: str, token: Token, where: str, *, is_other: bool) -> LifeboatError:
    """Build the error for a plan that deletes too many.

    :param is_other: whether the user accepted another plan.
    """
    said = ". accept_deletions is set, but to what accepts another plan" if is_other else ""
    return LifeboatError(
        f"Cannot delete recovery points in {where}",
        why=f"{why}{said}. Nothing was deleted",
        remedy=(
            "Correct the retention (lifeboat_retention in the inventory). If all of it is to go, run it once more "
            f"with -e prune_accept_deletions={token} (the module's accept_deletions), which accepts this plan alone"
        ),
    )


def before(points: Iterable[RecoveryPoint], at: datetime) -> list[RecoveryPoint]:
    """List the snapshots that were there at a time. One without a time of AWS counts as being there."""
    return [point for point in points if point.created is None or point.created <= at + ROUNDING]


def with_later(accepted: Iterable[Ruling], rulings: Iterable[Ruling]) -> list[Ruling]:
    """Complete an accepted plan with the recovery points that came after it, which stay."""
    known = list(accepted)
    judged = {one.point.arn for one in known}
    return [*known, *(Ruling(one.point, LATER) for one in rulings if one.point.arn not in judged)]
