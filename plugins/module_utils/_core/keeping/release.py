# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery points whose protection is lifted by name: what belongs to a database that is gone."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import LifeboatError
from ..model import DATABASE, RESOURCE_ID, Database, RecoveryPoint
from ..naming import is_our_point, parse


def released_points(
    names: Iterable[str], points: Iterable[RecoveryPoint], selected: Iterable[RecoveryPoint], prefix: str
) -> list[RecoveryPoint]:
    """The recovery points here that these names mean; some may be gone already.

    :raises LifeboatError: when a name is none of ours, or belongs to what is not ours or not selected.
    """
    wanted, chosen = set(names), {point.arn for point in selected}
    for name in sorted(wanted):
        if parse(name, prefix) is None:
            why = f"no recovery point that we make under the prefix {prefix} is called so"
            raise cannot_release(name, why, "Give the exact name of one, not a pattern")
    found = [point for point in points if point.name in wanted]
    for point in found:
        if not is_our_point(point, prefix):
            raise cannot_release(point.name, "it does not carry our tag", "Delete it by hand, if it must go")
        if point.arn not in chosen:
            why = f"its database {point.database} is not selected"
            raise cannot_release(point.name, why, "Select that database too")
    return found


def homes(points: Iterable[RecoveryPoint]) -> set[str]:
    """The Regions in which the databases of some published copies live."""
    return {point.tags[DATABASE].split(":")[3] for point in points}


def check_gone(points: Iterable[RecoveryPoint], databases: Iterable[Database]) -> None:
    """Published copies are released only once their database is gone.

    :raises LifeboatError: naming the first one whose database still exists.
    """
    living = {database.id.resource_id: database.id.identifier for database in databases}
    for point in points:
        # A snapshot tells the resource id by itself too, should somebody have changed the tag.
        for resource_id in (point.tags.get(RESOURCE_ID), point.resource_id):
            if resource_id in living:
                why = f"its database {living[resource_id]} still exists"
                raise cannot_release(point.name, why, "Let retention delete it, or delete the database first")


def cannot_release(name: str, why: str, remedy: str) -> LifeboatError:
    return LifeboatError(f"Cannot release {name}", why=why, remedy=remedy)
