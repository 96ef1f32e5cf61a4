# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""One pass over stand-ins: restore those that are needed, remove those that are not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from .._aws.errors import AwsRefusal
from .._core.errors import LifeboatError
from .._core.model import Database, iso
from .._core.plan import Copy, Rows
from .._core.stand_in import StandIn, is_ours, left_over, still_needed
from .reconcile import TRY_AGAIN, Work


def tend(
    stand_ins: Iterable[StandIn], databases: Iterable[Database], copies: Iterable[Copy], rows: Rows, work: Work
) -> dict[str, str]:
    """Bring stand-ins further, and return by name what those are waited for that no snapshot can be taken of yet."""
    here = {one.id.identifier: one for one in databases if one.id.kind == "instance"}
    needed = still_needed(stand_ins, copies, rows)
    require_ours(needed, here, work)
    for database in left_over(here.values(), needed, work.prefix, work.site.now):
        remove(database, [one for one in stand_ins if one.name == database.id.identifier], work)
    sources = {copy.arn for copy in copies if rows.get(copy.key) is None or not rows[copy.key].is_available}
    reasons = {one.name: advance(one, here.get(one.name), sources, work) for one in needed}
    return {name: reason for name, reason in reasons.items() if reason}


def require_ours(needed: Iterable[StandIn], here: dict[str, Database], work: Work) -> None:
    """Nothing that somebody else made may stand in.

    :raises LifeboatError: naming the first such instance.
    """
    for one in needed:
        if one.name in here and not is_ours(here[one.name], work.prefix):
            raise LifeboatError(
                f"Cannot restore a stand-in for {one.identifier} as {one.name}",
                why="an instance of that name exists, and it does not carry our tags",
                remedy="Delete or rename it, or choose another prefix",
            )


def advance(one: StandIn, database: Database | None, unfinished: set[str], work: Work) -> str | None:
    """Restore one stand-in, or say why no snapshot can be taken of it yet; None when one can."""
    if database is not None and database.is_usable:
        return None
    if database is not None and database.is_broken and database.status != "deleting":
        work.report.step("failed", reason=f"The stand-in {one.name} is {database.status}", **facts(one))
        return f"its stand-in is {database.status}"
    if database is None and one.recovery_point in unfinished:
        keep(one, "queued", work)
        return "waits for the snapshot of its cluster"
    if database is None:
        return restore(one, work)
    keep(one, database.status, work)
    work.report.step("restoring", reason=f"its stand-in is {database.status}", **facts(one))
    return f"waits for its stand-in, which is {database.status}"


def restore(one: StandIn, work: Work) -> str:
    """Ask for one stand-in."""
    try:
        if not work.check_mode:
            work.site.stand_in(one)
    except AwsRefusal as refusal:
        if refusal.meaning in TRY_AGAIN:
            keep(one, "queued", work)
        else:
            work.report.step("failed", reason=str(refusal), **facts(one))
        return refusal.why
    reason = "a Multi-AZ DB cluster's snapshot neither moves nor is shared: a stand-in can"
    work.report.change(one.name, None, {"restored_from": one.recovery_point, "tags": dict(one.tags)})
    work.report.step("restoring", reason=reason, changed=True, **facts(one))
    keep(replace(one, started=iso(work.site.now)), "creating", work)
    return "waits for its stand-in"


def remove(database: Database, documents: list[StandIn], work: Work) -> None:
    """Delete a stand-in that has done its work, or that a killed run left."""
    if database.status == "deleting":
        return
    about: dict[str, Any] = {"database": database.id.identifier, "kind": "instance", "name": database.id.identifier}
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
    work.report.change(database.id.identifier, {"status": database.status, "tags": dict(database.tags)}, None)
    work.report.step("removed", reason="the stand-in has done its work", changed=True, **about)


def keep(one: StandIn, status: str, work: Work) -> None:
    work.report.wait_for({"stand_in": one.as_document()}, status=status, since=one.started, **facts(one))


def facts(one: StandIn) -> dict[str, Any]:
    return {"database": one.identifier, "kind": "instance", "name": one.name}
