# SPDX-License-Identifier: GPL-3.0-or-later
"""The mark on a recovery point that a drill verified: which snapshots may have it, and since when they do."""

from __future__ import annotations

from datetime import datetime

from ..errors import LifeboatError
from ..model import VERIFIED, Kind, RecoveryPoint, snapshot_arn, time_in
from ..naming import is_our_point

KINDS: dict[str, Kind] = {"snapshot": "instance", "cluster-snapshot": "cluster"}


def read_arn(arn: str, account: str, region: str) -> tuple[Kind, str]:
    """Read the kind and the name of a recovery point of this site from its ARN.

    :raises LifeboatError: when it is not the ARN of a snapshot, or belongs to another site.
    """
    parts = arn.split(":", 6)
    kind = KINDS.get(parts[5]) if len(parts) == 7 else None
    if kind is None or arn != snapshot_arn(account, region, kind, parts[6]):
        raise LifeboatError(
            f"Cannot mark {arn}",
            why=f"it is not the ARN of a snapshot of account {account} in {region}",
            remedy="Pass the ARN of a recovery point that snapshot_restore returned for this site",
        )
    return kind, parts[6]


def check_markable(arn: str, point: RecoveryPoint | None, prefix: str) -> RecoveryPoint:
    """Check that a snapshot may be marked, and return it.

    A mark protects from pruning, so only our own available ones may.

    :param point: the snapshot, or None when it does not exist.
    :raises LifeboatError: when it may not be marked.
    """
    if point is None:
        why, remedy = "the snapshot does not exist any more", "Run the drill again with an existing recovery point"
    elif not is_our_point(point, prefix):
        why, remedy = "it does not carry our tag and our name", "Mark only recovery points that snapshot_replicate made"
    elif not point.is_available:
        why, remedy = f"it is {point.status}", "Mark only available recovery points"
    else:
        return point
    raise LifeboatError(f"Cannot mark {arn}", why=why, remedy=remedy)


def verified_at(point: RecoveryPoint) -> datetime | None:
    """Read when a recovery point was verified, or return None without a mark that is a time with a zone."""
    return time_in(point.tags, VERIFIED)


def is_marked(point: RecoveryPoint, when: datetime) -> bool:
    """Tell whether a recovery point was verified at this time or later.

    A mark that is not a valid time does not count.
    """
    marked = verified_at(point)
    return marked is not None and marked >= when
