# SPDX-License-Identifier: GPL-3.0-or-later
"""Which databases a module acts on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ..errors import LifeboatError
from ..model import PURPOSE, RECOVERY, Database, RecoveryPoint


@dataclass(frozen=True, slots=True)
class Candidate:
    """A database as a selection sees it."""

    identifier: str
    kind: str
    engine: str
    tags: Mapping[str, str]

    item: Any  # what the caller gets back


@dataclass(frozen=True, slots=True)
class Selection:
    """The criteria of a selection. A database must match all of them; an empty criterion matches every database."""

    identifiers: tuple[str, ...] = ()  # identifiers or patterns
    tags: Mapping[str, str] = field(default_factory=dict)
    engines: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def select(candidates: Iterable[Candidate], wanted: Selection, where: str) -> list[Candidate]:
    """Select databases, sorted by identifier.

    :param where: what was searched, for the message.
    :raises LifeboatError: when an identifier or pattern matches no database.
    """
    known = sorted(candidates, key=lambda one: (one.identifier, one.kind))
    for pattern in wanted.identifiers:
        if not any(fnmatchcase(one.identifier, pattern.lower()) for one in known):
            raise unknown(pattern, [one.identifier for one in known], where)
    return [one for one in known if matches(one, wanted)]


def rank(identifier: str, wanted: Sequence[str]) -> tuple[int, str]:
    """Return what sorts databases in the order in which their identifiers or patterns are listed, and then by name."""
    places = (place for place, name in enumerate(wanted) if fnmatchcase(identifier, name.lower()))
    return next(places, len(wanted)), identifier


def matches(one: Candidate, wanted: Selection) -> bool:
    """Tell whether a database matches all criteria."""
    named = not wanted.identifiers or any(fnmatchcase(one.identifier, name.lower()) for name in wanted.identifiers)
    tagged = all(one.tags.get(key) == value for key, value in wanted.tags.items())
    of_engine = not wanted.engines or one.engine in wanted.engines
    return named and tagged and of_engine and (not wanted.kinds or one.kind in wanted.kinds)


def unknown(pattern: str, known: list[str], where: str) -> LifeboatError:
    """Build the error for an identifier or pattern that matches nothing."""
    shown = ", ".join(known[:10]) + (", …" if len(known) > 10 else "")
    return LifeboatError(
        f"Cannot select the database {pattern!r} in {where}",
        why="nothing there matches it" + (f" (there are: {shown})" if known else " (there are no databases)"),
        remedy="Correct the name, the Region or the profile",
    )


def candidate_of(database: Database) -> Candidate:
    """Describe a database as a selection sees it."""
    return Candidate(database.id.identifier, database.id.kind, database.engine, database.tags, database)


def candidate_of_point(point: RecoveryPoint, item: Any) -> Candidate:
    """Describe the database of a recovery point by its snapshot, tags included: the database may be gone.

    Its kind is that of the database: a DB snapshot of a stand-in belongs to a cluster.
    """
    return Candidate(point.database, point.database_kind, point.engine, point.tags, item)


def databases_among(databases: Iterable[Database], wanted: Selection, where: str) -> list[Database]:
    """Select databases. Members of clusters do not count as databases, nor do temporary ones such as a drill's.

    A recovered database counts: it is in use, and needs protection.

    :raises LifeboatError: when an identifier or pattern matches no database.
    """
    candidates = [candidate_of(one) for one in databases if one.cluster is None and is_to_stay(one)]
    return [one.item for one in select(candidates, wanted, where)]


def is_to_stay(database: Database) -> bool:
    """Tell whether a database is permanent. Only databases of drills and stand-ins have another purpose."""
    return database.tags.get(PURPOSE, RECOVERY) == RECOVERY


def points_among(points: Iterable[RecoveryPoint], wanted: Selection, where: str) -> list[RecoveryPoint]:
    """Select the recovery points of the selected databases, which may not exist any more.

    :raises LifeboatError: when an identifier or pattern matches no database.
    """
    candidates = [candidate_of_point(one, one) for one in points]
    return [one.item for one in select(candidates, wanted, where)]
