# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a restored database is, and when it is deleted: after the drill that made it. A recovery is never deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..copying.stand_in import STAND_IN, is_expired
from ..errors import LifeboatError
from ..model import DRILL_ID, MANAGED_BY, PURPOSE, RECOVERY_POINT, Database, iso
from ..naming import read_name
from .target import Databases, Target

# These tags decide whether a database is the one that a target describes. A drill is identified by its ID. A recovery
# may go on under another ID, as long as the recovery point is the same.
IDENTITY = {"drill": (MANAGED_BY, PURPOSE, DRILL_ID), "recovery": (MANAGED_BY, PURPOSE, RECOVERY_POINT)}


def is_made_for(database: Database, target: Target) -> bool:
    """Tell whether a run like this one made a database for that target."""
    return all(database.tags.get(tag) == target.tags[tag] for tag in IDENTITY[target.purpose])


def require_own(targets: Iterable[Target], databases: Databases) -> None:
    """Check that no other database has an identifier that a target needs.

    :raises LifeboatError: for the first such database.
    """
    for target in targets:
        if refused := why_taken(target, databases):
            raise refused


def why_taken(target: Target, databases: Databases) -> LifeboatError | None:
    """Find out why a target cannot have its identifier: another database has it. None if it is free."""
    found = (databases[key] for key in target.keys if key in databases)
    return next((taken_name(target, one) for one in found if not is_made_for(one, target)), None)


def taken_name(target: Target, taken: Database) -> LifeboatError:
    """Explain why a target cannot have its identifier, and what to do."""
    what = f"Cannot restore {target.original.identifier} as {taken.id.identifier}"
    if not target.is_kept:
        why = "a database of that name exists, and this drill did not make it"
        return LifeboatError(what, why=why, remedy="Choose another drill_id, or delete that database")
    prefix, other = target.tags[MANAGED_BY], taken.tags.get(RECOVERY_POINT, "")
    if is_recovery(taken, prefix) and (claimed := read_name(other, prefix)):
        why = f"it was recovered already, from {other}, and {target.original.recovery_point} is wanted now"
        go_on = f"To go on with it, set choose: at and at: {iso(claimed[1])} for it in recovery_point"
        return LifeboatError(what, why=why, remedy=f"{go_on}. Otherwise set restore_as to another name")
    why = "a database of that name exists, and it is not a recovery of ours"
    return LifeboatError(what, why=why, remedy="Set restore_as to another name, or rename that database")


def twins(targets: Iterable[Target]) -> list[tuple[Target, LifeboatError]]:
    """List the targets that need an identifier that another one needs as well, each with what to do about it."""
    known = list(targets)
    holders: dict[tuple[str, str], list[Target]] = {}
    for target in known:
        for key in target.keys:
            holders.setdefault(key, []).append(target)
    shared = ((one, key, other) for one in known for key in one.keys for other in holders[key] if other is not one)
    found: dict[int, tuple[Target, LifeboatError]] = {}
    for one, key, other in shared:
        found.setdefault(id(one), (one, shared_name(one, key[1], other)))
    return list(found.values())


def shared_name(target: Target, name: str, other: Target) -> LifeboatError:
    """Explain that two targets would have one identifier, and which options tell them apart."""
    picked = f"{{lifeboat:database: '{target.original.source}'}}"
    return LifeboatError(
        f"Cannot restore {target.original.source} as {name}",
        why=f"{other.original.source} would get the same name",
        remedy=f"Set restore_as for one of them in overrides, or restore only one: match_tags {picked}",
    )


def is_our_database(database: Database, prefix: str) -> bool:
    """Tell whether our installation made this database to be removed again. Both our tag and our name are needed.

    The tag alone is not enough: a database that somebody restores by hand may inherit the tags.
    """
    return database.tags.get(MANAGED_BY) == prefix and database.id.identifier.startswith(f"{prefix}-")


def belongs_to(database: Database, prefix: str, drill_id: str) -> bool:
    """Tell whether this drill made the database. Only then may the drill delete it."""
    tags = database.tags
    return is_our_database(database, prefix) and (tags.get(PURPOSE), tags.get(DRILL_ID)) == ("drill", drill_id)


def is_recovery(database: Database, prefix: str) -> bool:
    """Tell whether the database is a recovery of ours. Nothing here deletes it."""
    return database.tags.get(MANAGED_BY) == prefix and database.tags.get(PURPOSE) == "recovery"


def is_left_behind(database: Database, prefix: str, now: datetime) -> bool:
    """Tell whether a database of a drill, or a stand-in, has expired. A recovery never expires."""
    temporary = database.tags.get(PURPOSE) in ("drill", STAND_IN)
    return temporary and is_our_database(database, prefix) and is_expired(database, now)


def members_first(databases: Iterable[Database]) -> list[Database]:
    """Sort databases in the order of deletion: a cluster can only be deleted without members."""
    return sorted(databases, key=lambda one: (one.id.kind == "cluster", one.id.identifier))


def can_be_deleted_now(database: Database) -> bool:
    """Tell whether RDS accepts the deletion now. It refuses while a database is created or changed, or has members."""
    return (database.is_usable or (database.is_broken and database.status != "deleting")) and not database.members
