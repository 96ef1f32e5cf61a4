# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over stand-ins: restore those that are needed, remove those that are not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from .._aws.errors import AwsRefusal
from .._core.copying.intermediates import unfinished
from .._core.copying.plan import Copy, Rows
from .._core.copying.routes import WHY_REMOVE, WHY_RESTORE
from .._core.copying.stand_in import StandIn, arn_of, as_restored, is_our_stand_in, left_over, still_needed
from .._core.errors import LifeboatError
from .._core.model import Database, iso
from .reconcile import TRY_AGAIN, Work


def look_again(stand_ins: Iterable[StandIn], work: Work) -> list[Database]:
    """Read the stand-ins that an earlier pass left. A plan goes on as if those that were asked for existed."""
    if work.plays_out:
        place = work.site.account, work.site.region
        return [as_restored(one, *place) for one in stand_ins if one.started]
    names = [one.name for one in stand_ins]
    return work.site.databases_named({"instance": names}) if names else []


def tend(
    stand_ins: Iterable[StandIn], databases: Iterable[Database], copies: Iterable[Copy], rows: Rows, work: Work
) -> list[str]:
    """Bring stand-ins one step further. Return the ARNs of those of which no snapshot can be taken yet."""
    here = {one.id.identifier: one for one in databases if one.id.kind == "instance"}
    needed = still_needed(stand_ins, copies, rows)
    require_ours(needed, here, work)
    for database in left_over(here.values(), needed, work.prefix, work.site.now) if here else ():
        remove(database, [one for one in stand_ins if one.name == database.id.identifier], work)
    left = {copy.arn for copy in unfinished(copies, rows)}
    held = [one for one in needed if not advance(one, here.get(one.name), left, work)]
    return [arn_of(one.name, work.site.account, work.site.region) for one in held]


def require_ours(needed: Iterable[StandIn], here: dict[str, Database], work: Work) -> None:
    """Refuse to use an instance that somebody else made.

    :raises LifeboatError: naming the first such instance.
    """
    for one in needed:
        if one.name in here and not is_our_stand_in(here[one.name], work.prefix):
            raise LifeboatError(
                f"Cannot restore a stand-in for {one.identifier} as {one.name}",
                why="an instance of that name exists, and it does not carry our tags",
                remedy="Delete or rename it, or set prefix to another one",
            )


def advance(one: StandIn, database: Database | None, unfinished_copies: set[str], work: Work) -> bool:
    """Restore one stand-in, or check on it. Return whether a snapshot can be taken of it."""
    if database is None and one.recovery_point in unfinished_copies:
        keep(one, "queued", work)
    elif database is None:
        restore(one, work)
    elif database.is_broken and database.status != "deleting":
        give_up(one, f"The stand-in {one.name} is {database.status}.", work)
    elif not database.is_usable:
        is_coming = database.status != "deleting"
        keep(replace(one, started=since(one, database, work)) if is_coming else one, database.status, work)
        work.report.step("restoring", reason=f"its stand-in is {database.status}", **facts(one))
    else:
        keep(replace(one, started=since(one, database, work)), database.status, work)
        return True
    return False


def since(one: StandIn, database: Database, work: Work) -> str | None:
    return one.started or iso(database.created or work.site.now)


def restore(one: StandIn, work: Work) -> None:
    """Start to restore one stand-in."""
    try:
        if not work.check_mode:
            work.site.stand_in(one)
    except AwsRefusal as refusal:
        if refusal.meaning in TRY_AGAIN:
            keep(one, "queued", work)
        else:
            give_up(one, str(refusal), work)
        return
    work.report.change(
        one.name, None, {"restored_from": one.recovery_point, "tags": dict(one.tags), "why": WHY_RESTORE}
    )
    work.report.step("restoring", reason=WHY_RESTORE, changed=True, **facts(one))
    keep(replace(one, started=iso(work.site.now)), "creating", work)


def give_up(one: StandIn, reason: str, work: Work) -> None:
    work.answers.lost.add(arn_of(one.name, work.site.account, work.site.region))
    work.report.step("failed", reason=reason, **facts(one))


def remove(database: Database, documents: list[StandIn], work: Work) -> None:
    """Delete a stand-in that has done its work, or that a killed run left."""
    if database.status == "deleting":
        return
    of = documents[0].identifier if documents else database.id.identifier
    about: dict[str, Any] = {"database": of, "kind": "instance", "name": database.id.identifier}
    try:
        if not work.check_mode:
            work.site.delete_database(database)
    except AwsRefusal as refusal:
        if refusal.meaning in TRY_AGAIN:
            for one in documents:
                keep(one, database.status, work)
        elif refusal.meaning != "missing":
            work.report.step("failed", reason=str(refusal), **about)
        return
    work.report.change(database.id.arn, {"status": database.status, "tags": dict(database.tags)}, None)
    work.report.step("removed", reason=WHY_REMOVE, changed=True, **about)


def keep(one: StandIn, status: str, work: Work) -> None:
    work.report.wait_for({"stand_in": one.as_document()}, status=status, since=one.started, **facts(one))


def facts(one: StandIn) -> dict[str, Any]:
    return {"database": one.identifier, "kind": "instance", "name": one.name}
