# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over what drills made: delete it, members before their clusters, and check that it is gone.

A drill deletes what it made. The reaper deletes what any drill left and what has expired, by the tags alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.model import EXPIRES, Database
from .._core.restoring.ownership import belongs_to, can_be_deleted_now, is_left_behind, members_first
from .._core.result import Report
from .reconcile import TRY_AGAIN
from .requests.common import Documents
from .requests.restore import RemoveRequest


def remove(request: RemoveRequest, site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Delete what this drill made, or what has expired, and nothing else."""
    report = Report(check_mode=check_mode)
    if request.resume is None:
        site.check_account(request.account_id)
        found = site.databases()
    else:
        found = site.databases_named(names_of(request.resume))
        report_gone(request.resume, found, report)
    # Decided by the tags that AWS has just returned.
    gone = [one for one in found if is_to_go(one, request, site.now)]
    for database in members_first(gone):
        take_down(database, reason_for(database, request), site, report, check_mode=check_mode)
    return report.as_result(**({} if request.drill_id is None else {"drill_id": request.drill_id}))


def is_to_go(database: Database, request: RemoveRequest, now: datetime) -> bool:
    if request.drill_id is None:
        return is_left_behind(database, request.prefix, now)
    return belongs_to(database, request.prefix, request.drill_id)


def reason_for(database: Database, request: RemoveRequest) -> str:
    return f"it expired at {database.tags[EXPIRES]}" if request.drill_id is None else "the drill is over"


def names_of(documents: Documents) -> dict[str, list[str]]:
    return {kind: [one["name"] for one in documents if one["kind"] == kind] for kind in ("instance", "cluster")}


def report_gone(documents: Documents, found: list[Database], report: Report) -> None:
    left = {(one.id.kind, one.id.identifier) for one in found}
    for one in documents:
        if (one["kind"], one["name"]) not in left:
            report.step("deleted", reason="it is gone", kind=one["kind"], name=one["name"])


def take_down(database: Database, reason: str, site: Site, report: Report, *, check_mode: bool) -> None:
    """Delete one database if it can be deleted now; otherwise leave it for a later pass."""
    about: dict[str, Any] = {"kind": database.id.kind, "name": database.id.identifier}
    if database.status == "deleting" or not (check_mode or can_be_deleted_now(database)):
        wait_for(about, database.status, report, f"it is {database.status}")
        return
    report.change(database.id.identifier, {"status": database.status, "tags": dict(database.tags)}, None)
    if check_mode:
        report.step("deleted", reason=reason, changed=True, **about)
        return
    try:
        site.delete_database(database)
    except AwsRefusal as refusal:
        if refusal.meaning in (*TRY_AGAIN, "missing"):
            wait_for(about, "queued", report, refusal.why)
        else:
            report.step("failed", reason=str(refusal), **about)
        return
    wait_for(about, "deleting", report, reason, changed=True)


def wait_for(about: dict[str, Any], status: str, report: Report, reason: str, *, changed: bool = False) -> None:
    report.step("deleting", reason=reason, changed=changed, **about)
    report.wait_for(about, status=status, **about)
