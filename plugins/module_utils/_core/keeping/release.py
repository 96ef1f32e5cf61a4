# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases: recovery points that a user names so that they lose their protection, because their database is gone."""

from __future__ import annotations

from collections.abc import Iterable

from ..arns import region_of
from ..errors import LifeboatError
from ..model import RESOURCE_ID, Database, RecoveryPoint
from ..naming import is_our_point, read_name


def released_points(
    names: Iterable[str], points: Iterable[RecoveryPoint], selected: Iterable[RecoveryPoint], prefix: str
) -> list[RecoveryPoint]:
    """Find the recovery points that the user wants to release. Some may have been deleted already.

    :param points: all recovery points of the site.
    :param selected: those of the databases that the run selects.
    :raises LifeboatError: when a name does not have our format, or when its snapshot is not ours or not selected.
    """
    wanted, chosen = set(names), {point.arn for point in selected}
    for name in sorted(wanted):
        if read_name(name, prefix) is None:
            why = f"it is not the name of a recovery point with the prefix {prefix}"
            raise cannot_release(name, why, "Set release to exact names, not to patterns")
    found = [point for point in points if point.name in wanted]
    for point in found:
        if not is_our_point(point, prefix):
            raise cannot_release(
                point.name,
                "it does not carry our tag, or does not fit its origin",
                "Delete it by hand if you do not need it",
            )
        if point.arn not in chosen:
            why = f"its database {point.database} is not selected"
            raise cannot_release(point.name, why, "Select that database too")
    return found


def homes(points: Iterable[RecoveryPoint]) -> set[str]:
    """List the Regions in which the databases of these published copies are."""
    return {region_of(point.database_arn) for point in points if point.database_arn}


def check_gone(points: Iterable[RecoveryPoint], databases: Iterable[Database]) -> None:
    """Check that the databases of the published copies to be released do not exist any more.

    :raises LifeboatError: for the first copy whose database exists.
    """
    living = list(databases)
    for point in points:
        # The snapshot row has a resource ID as well, in case somebody changed the tag.
        known = {point.tags.get(RESOURCE_ID), point.resource_id} - {None}
        for one in living:
            # Without a resource ID, a database of that name may be the one.
            if one.id.resource_id in known or (not known and one.id.arn == point.database_arn):
                why = f"its database {one.id.identifier} still exists"
                raise cannot_release(point.name, why, "Let the retention delete it, or delete the database first")


def cannot_release(name: str, why: str, remedy: str) -> LifeboatError:
    """Build the error for one recovery point."""
    return LifeboatError(f"Cannot release {name}", why=why, remedy=remedy)
