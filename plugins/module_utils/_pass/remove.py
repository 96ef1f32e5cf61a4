# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over what drills made: delete it, members before their clusters, and see that it is gone.

A drill removes its own. The reaper removes what any drill left whose expiry has passed, by the tags alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.errors import LifeboatError
from .._core.model import EXPIRES, Database
from .._core.restoring.ownership import belongs_to, can_be_deleted_now, is_left_behind, members_first
from .._core.restoring.target import check_drill_id
from .._module.result import Report
from .reconcile import TRY_AGAIN


def remove(params: Mapping[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Delete what this drill made, or what is past its time, and nothing else."""
    report = Report(check_mode=check_mode)
    check_whose(params)
    if params["resume"] is None:
        site.check_account(params["account_id"])
        found = site.databases()
    else:
        found = site.databases_named(names_of(params["resume"]))
        report_gone(params["resume"], found, report)
    goes = whose(params, site.now)
    for database in members_first(filter(goes, found)):
        take_down(database, reason_for(database, params), site, report, check_mode=check_mode)
    return report.as_result(**({} if params["expired"] else {"drill_id": params["drill_id"]}))


def check_whose(params: Mapping[str, Any]) -> None:
    """:raises LifeboatError: when it is not clear what is to go, or that stays."""
    if params["purpose"] != "drill":
        raise LifeboatError(
            "Cannot remove a recovery",
            why="it is in the place of its original, and nobody here deletes it",
            remedy="Turn its deletion protection off and delete it with RDS itself",
        )
    if not params["expired"]:
        check_drill_id(params["drill_id"])
    elif params["drill_id"]:
        raise LifeboatError(
            "Cannot tell what to remove",
            why="drill_id and expired are both set",
            remedy="Give drill_id to remove what one drill made, or expired to remove what is past its time",
        )


def whose(params: Mapping[str, Any], now: datetime) -> Callable[[Database], bool]:
    """Which databases go. It is asked of what AWS has just told, before each deletion."""
    if params["expired"]:
        return lambda database: is_left_behind(database, params["prefix"], now)
    return lambda database: belongs_to(database, params["prefix"], params["drill_id"])


def reason_for(database: Database, params: Mapping[str, Any]) -> str:
    return f"it expired at {database.tags[EXPIRES]}" if params["expired"] else "the drill is over"


def names_of(documents: list[dict[str, str]]) -> dict[str, list[str]]:
    return {kind: [one["name"] for one in documents if one["kind"] == kind] for kind in ("instance", "cluster")}


def report_gone(documents: list[dict[str, str]], found: list[Database], report: Report) -> None:
    left = {(one.id.kind, one.id.identifier) for one in found}
    for one in documents:
        if (one["kind"], one["name"]) not in left:
            report.step("deleted", reason="it is gone", kind=one["kind"], name=one["name"])


def take_down(database: Database, reason: str, site: Site, report: Report, *, check_mode: bool) -> None:
    """Delete one database when it can be, else look again later."""
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
