# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags of the snapshots that we make, and the intermediates that are not needed any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from ..model import (
    DATABASE,
    LANDED_MONTH,
    MANAGED_BY,
    NOT_LANDED,
    ORIGIN,
    ORIGINAL_TIME,
    RESOURCE_ID,
    RecoveryPoint,
    iso,
)
from ..naming import Lineage, own_lineage
from .plan import Copy, Rows


def tags_for(
    database_arn: str, resource_id: str | None, lineage: Lineage, prefix: str, extra: Mapping[str, str]
) -> dict[str, str]:
    """Build the tags of a snapshot that we make. Our own tags override the extra ones."""
    known = {} if resource_id is None else {RESOURCE_ID: resource_id}
    return {
        **extra,
        **known,
        MANAGED_BY: prefix,
        DATABASE: database_arn,
        ORIGINAL_TIME: str(iso(lineage.original)),
        ORIGIN: lineage.origin.account,
    }


def landing_tags(now: datetime) -> dict[str, str]:
    """Build the tags that say when a copy landed. No later run writes them again."""
    return {LANDED_MONTH: f"{now:%Y-%m}"}


def failure_tags(row: RecoveryPoint) -> dict[str, str]:
    """Build the tags that a failed copy needs: no month, so that no policy keeps it as something that landed."""
    return {} if row.tags.get(LANDED_MONTH) in (None, NOT_LANDED) else {LANDED_MONTH: NOT_LANDED}


def left_behind(points: Iterable[RecoveryPoint], copies: Iterable[Copy], prefix: str) -> list[RecoveryPoint]:
    """List our intermediates that no copy needs any more.

    A source must exist until its copy is available (RDS and Aurora User Guides, copying a snapshot).

    :param points: all snapshots at the place.
    :param copies: the copies that are still to be made or in flight.
    """
    mine = [(lineage, one) for one in points if (lineage := own_lineage(one, prefix))]
    busy = {lineage for lineage, one in mine if one.is_in_progress} | {copy.lineage(prefix) for copy in copies}
    return [one for lineage, one in mine if one.is_intermediate and is_idle(one, lineage, busy)]


def is_idle(point: RecoveryPoint, lineage: Lineage, busy: Collection[Lineage | None]) -> bool:
    """Tell whether an intermediate can be deleted. A failed one can, so that the next run makes it again."""
    if point.is_in_progress or point.status in ("deleting", "deleted"):
        return False
    return point.is_bad or lineage not in busy


def unfinished(copies: Iterable[Copy], rows: Rows) -> list[Copy]:
    """List the copies that are not available yet."""
    return [copy for copy in copies if (row := rows.get(copy.key)) is None or not row.is_available]
