# SPDX-License-Identifier: GPL-3.0-or-later
"""Which databases drills and recoveries leave out unless they are named, each with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..inventory.overrides import PerDatabase
from ..inventory.protection import Protection, exemption_of
from ..inventory.selection import Candidate, Selection
from ..keeping.retention import Named
from ..model import Purpose
from .choice import Choice

Found = tuple[Candidate, list[Named]]  # a database, and its recovery points, newest first
NAME_IT = "It is left out unless databases names it"


def leave_out(
    found: Iterable[Found], wanted: Selection, choice: Choice, protection: PerDatabase[Protection], purpose: Purpose
) -> Iterator[tuple[Found, str, str]]:
    """List the databases that are left out, each with its status and the reason.

    A recovery leaves nothing out that is only excluded, since what has landed may be all that is left. For a time of
    the past, a database that was replaced later counts.
    """
    known = list(found)
    named = {name.lower() for name in wanted.identifiers}
    successors = {rows[0][1].database_arn: one.identifier for one, rows in known}
    for one, rows in known:
        if one.identifier in named:
            continue
        said = exemption_of(protection.of(one), None) if purpose == "drill" else None
        if said:
            yield (one, rows), *said
        elif choice.how in ("newest", "verified") and (old := old_name(rows, successors)):
            reason = f"it was {old} before, and another database that is {old} now has landed. {NAME_IT}."
            yield (one, rows), "replaced", reason


def old_name(rows: list[Named], successors: dict[str | None, str]) -> str | None:
    """Return the name that a renamed database had, if the database that took it over has landed.

    Both are in one account and Region, as their ARNs say. A blue/green deployment renames like that.
    """
    now = rows[0][1].database_arn
    before = (point.database_arn for _lineage, point in rows if point.database_arn != now)
    return next((successors[arn] for arn in before if arn and arn in successors), None)
