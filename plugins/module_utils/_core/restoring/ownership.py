# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a restored database is, and when it goes: a drill's after the drill, a recovery never."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..copying.stand_in import STAND_IN, is_expired
from ..errors import LifeboatError
from ..model import DRILL_ID, MANAGED_BY, PURPOSE, RECOVERY_POINT, Database, iso
from ..naming import parse
from .target import Databases, Target

# What tells that a database is the one that a target describes. A drill is told by its id. A recovery goes on whatever
# its run was called, as long as it is of the same recovery point.
IDENTITY = {"drill": (MANAGED_BY, PURPOSE, DRILL_ID), "recovery": (MANAGED_BY, PURPOSE, RECOVERY_POINT)}


def is_made_for(database: Database, target: Target) -> bool:
    """Whether a run like this one made a database as that target."""
    return all(database.tags.get(tag) == target.tags[tag] for tag in IDENTITY[target.purpose])


def require_own(targets: Iterable[Target], databases: Databases) -> None:
    """Nothing that a run like this one did not make may bear a name that it needs.

    :raises LifeboatError: naming the first such database.
    """
    for target in targets:
        for key in target.keys:
            taken = databases.get(key)
            if taken is not None and not is_made_for(taken, target):
                raise taken_name(target, taken)


def taken_name(target: Target, taken: Database) -> LifeboatError:
    """Why a name cannot be had, and what to do."""
    what = f"Cannot restore {target.identifier} as {taken.id.identifier}"
    if not target.is_kept:
        why = "a database of that name exists, and this drill did not make it"
        return LifeboatError(what, why=why, remedy="Choose another drill_id, or delete that database")
    prefix, other = target.tags[MANAGED_BY], taken.tags.get(RECOVERY_POINT, "")
    if is_recovery(taken, prefix) and (lineage := parse(other, prefix)):
        why = f"it was recovered already, from {other}, and {target.recovery_point} is wanted now"
        go_on = f"To go on with it, choose at: {iso(lineage.original)} for it"
        return LifeboatError(what, why=why, remedy=f"{go_on}. Otherwise set restore_as to another name")
    why = "a database of that name exists, and it is no recovery of ours"
    return LifeboatError(what, why=why, remedy="Set restore_as to another name, or rename that database")


def require_distinct(targets: Iterable[Target]) -> None:
    """No two databases may come to bear one name.

    :raises LifeboatError: naming the first two that would.
    """
    named: dict[tuple[str, str], Target] = {}
    for target in targets:
        for key in target.keys:
            if other := named.get(key):
                raise LifeboatError(
                    f"Cannot restore {target.source} as {key[1]}",
                    why=f"{other.source} would be called so as well",
                    remedy="Give one of them another name: restore_as in overrides, with match_tags lifeboat:database",
                )
            named[key] = target


def is_our_database(database: Database, prefix: str) -> bool:
    """Both our tag and our name, or it is not ours to delete: who restores by hand may inherit the tags."""
    return database.tags.get(MANAGED_BY) == prefix and database.id.identifier.startswith(f"{prefix}-")


def belongs_to(database: Database, prefix: str, drill_id: str) -> bool:
    """Whether this drill made a database: only then may it be deleted. A recovery never does."""
    tags = database.tags
    return is_our_database(database, prefix) and (tags.get(PURPOSE), tags.get(DRILL_ID)) == ("drill", drill_id)


def is_recovery(database: Database, prefix: str) -> bool:
    """Whether a database is a recovery of ours: it is nobody's to delete here."""
    return database.tags.get(MANAGED_BY) == prefix and database.tags.get(PURPOSE) == "recovery"


def is_left_behind(database: Database, prefix: str, now: datetime) -> bool:
    """Whether a database of a drill, or a stand-in, is past its time; a recovery has none."""
    temporary = database.tags.get(PURPOSE) in ("drill", STAND_IN)
    return temporary and is_our_database(database, prefix) and is_expired(database, now)


def members_first(databases: Iterable[Database]) -> list[Database]:
    """As they can be deleted: a cluster with members cannot."""
    return sorted(databases, key=lambda one: (one.id.kind == "cluster", one.id.identifier))


def can_be_deleted_now(database: Database) -> bool:
    """A database that is still being made or changed refuses; a cluster goes after its members."""
    return (database.is_usable or (database.is_broken and database.status != "deleting")) and not database.members
