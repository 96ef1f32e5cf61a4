# SPDX-License-Identifier: GPL-3.0-or-later
"""The mark of a recovery point that a drill proved: what may bear it, and since when."""

from __future__ import annotations

from datetime import datetime

from ..errors import LifeboatError
from ..model import VERIFIED, Kind, RecoveryPoint, from_iso, snapshot_arn
from ..naming import is_our_point

KINDS: dict[str, Kind] = {"snapshot": "instance", "cluster-snapshot": "cluster"}


def read_arn(arn: str, account: str, region: str) -> tuple[Kind, str]:
    """The kind and the name of a recovery point of this site.

    :raises LifeboatError: when the ARN is none, or one of another site.
    """
    parts = arn.split(":", 6)
    kind = KINDS.get(parts[5]) if len(parts) == 7 else None
    if kind is None or arn != snapshot_arn(account, region, kind, parts[6]):
        raise LifeboatError(
            f"Cannot mark {arn}",
            why=f"it is no ARN of a snapshot of account {account} in {region}",
            remedy="Give the ARN of a recovery point that snapshot_restore returned for this site",
        )
    return kind, parts[6]


def check_markable(arn: str, point: RecoveryPoint | None, prefix: str) -> RecoveryPoint:
    """A mark protects from pruning, so it is for our own finished recovery points alone.

    :raises LifeboatError: when it is something else.
    """
    if point is None:
        why, remedy = "there is no such snapshot any more", "Run the drill again with what is there"
    elif not is_our_point(point, prefix):
        why, remedy = "it does not carry our tag and our name", "Mark recovery points that snapshot_replicate made"
    elif not point.is_available:
        why, remedy = f"it is {point.status}", "Mark what could be restored"
    else:
        return point
    raise LifeboatError(f"Cannot mark {arn}", why=why, remedy=remedy)


def verified_at(point: RecoveryPoint) -> datetime | None:
    """When it was verified; None where it was not, or the mark is no time with a zone."""
    try:
        when = from_iso(point.tags[VERIFIED])
    except (KeyError, ValueError):
        return None
    return when if when.tzinfo else None


def is_marked(point: RecoveryPoint, when: datetime) -> bool:
    """Whether it was verified then or later. A mark that is no time is replaced."""
    marked = verified_at(point)
    return marked is not None and marked >= when
