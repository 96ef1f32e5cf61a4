# SPDX-License-Identifier: GPL-3.0-or-later
"""Which databases a module acts on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ..errors import LifeboatError
from ..model import PURPOSE, RECOVERY, Database, RecoveryPoint


@dataclass(frozen=True, slots=True)
class Candidate:
    """The selectable side of a database; item is what the caller gets back."""

    identifier: str
    kind: str
    engine: str
    tags: Mapping[str, str]
    item: Any


@dataclass(frozen=True, slots=True)
class Selection:
    """Everything that is asked for must hold; an empty question is no restriction."""

    identifiers: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    engines: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def select(candidates: Iterable[Candidate], wanted: Selection, where: str) -> list[Candidate]:
    """The candidates that a selection means, by identifier.

    :raises LifeboatError: when an identifier or pattern matches none of them.
    """
    known = sorted(candidates, key=lambda one: (one.identifier, one.kind))
    for pattern in wanted.identifiers:
        if not any(fnmatchcase(one.identifier, pattern.lower()) for one in known):
            raise unknown(pattern, [one.identifier for one in known], where)
    return [one for one in known if matches(one, wanted)]


def matches(one: Candidate, wanted: Selection) -> bool:
    named = not wanted.identifiers or any(fnmatchcase(one.identifier, name.lower()) for name in wanted.identifiers)
    tagged = all(one.tags.get(key) == value for key, value in wanted.tags.items())
    of_engine = not wanted.engines or one.engine in wanted.engines
    return named and tagged and of_engine and (not wanted.kinds or one.kind in wanted.kinds)


def unknown(pattern: str, known: list[str], where: str) -> LifeboatError:
    shown = ", ".join(known[:10]) + (", …" if len(known) > 10 else "")
    return LifeboatError(
        f"Cannot select the database {pattern!r} in {where}",
        why="nothing there matches it" + (f" (there are: {shown})" if known else " (there are no databases)"),
        remedy="Correct the name, the Region or the profile",
    )


def candidate_of(database: Database) -> Candidate:
    return Candidate(database.id.identifier, database.id.kind, database.engine, database.tags, database)


def databases_among(databases: Iterable[Database], wanted: Selection, where: str) -> list[Database]:
    """The selected databases; the members of a cluster are none of their own, and neither is what a drill restored.

    What a recovery restored is one, where it stands: it is in use, and somebody has to protect it.

    :raises LifeboatError: when an identifier or pattern matches none of them.
    """
    candidates = [candidate_of(one) for one in databases if one.cluster is None and is_to_stay(one)]
    return [one.item for one in select(candidates, wanted, where)]


def is_to_stay(database: Database) -> bool:
    return database.tags.get(PURPOSE, RECOVERY) == RECOVERY


def points_among(points: Iterable[RecoveryPoint], wanted: Selection, where: str) -> list[RecoveryPoint]:
    """The recovery points of the selected databases, whether those exist any more or not.

    :raises LifeboatError: when an identifier or pattern matches none of them.
    """
    candidates = [Candidate(one.database, one.kind, one.engine, one.tags, one) for one in points]
    return [one.item for one in select(candidates, wanted, where)]
