# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""One pass over what a drill made: delete it, members before their clusters, and see that it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.model import Database
from .._core.restore import can_be_deleted_now, check_drill_id, to_remove
from .reconcile import TRY_AGAIN
from .result import Report


def remove(params: Mapping[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Delete what this drill made, and nothing else."""
    report = Report(check_mode=check_mode)
    if params["resume"] is None:
        check_drill_id(params["drill_id"])
        site.check_account(params["account_id"])
        found = site.databases()
    else:
        found = site.databases_named(names_of(params["resume"]))
        report_gone(params["resume"], found, report)
    for database in to_remove(found, params["prefix"], params["drill_id"]):
        take_down(database, site, report, check_mode=check_mode)
    return report.as_result(drill_id=params["drill_id"])


def names_of(documents: list[dict[str, str]]) -> dict[str, list[str]]:
    return {kind: [one["name"] for one in documents if one["kind"] == kind] for kind in ("instance", "cluster")}


def report_gone(documents: list[dict[str, str]], found: list[Database], report: Report) -> None:
    left = {(one.id.kind, one.id.identifier) for one in found}
    for one in documents:
        if (one["kind"], one["name"]) not in left:
            report.step("deleted", reason="it is gone", kind=one["kind"], name=one["name"])


def take_down(database: Database, site: Site, report: Report, *, check_mode: bool) -> None:
    """Delete one database when it can be, else look again later."""
    about: dict[str, Any] = {"kind": database.id.kind, "name": database.id.identifier}
    if database.status == "deleting" or not (check_mode or can_be_deleted_now(database)):
        wait_for(about, database.status, report, f"it is {database.status}")
        return
    report.change(database.id.identifier, {"status": database.status, "tags": dict(database.tags)}, None)
    if check_mode:
        report.step("deleted", reason="the drill is over", changed=True, **about)
        return
    try:
        site.delete_database(database)
    except AwsRefusal as refusal:
        if refusal.meaning in (*TRY_AGAIN, "missing"):
            wait_for(about, "queued", report, refusal.why)
        else:
            report.step("failed", reason=str(refusal), **about)
        return
    wait_for(about, "deleting", report, "the drill is over", changed=True)


def wait_for(about: dict[str, Any], status: str, report: Report, reason: str, *, changed: bool = False) -> None:
    report.step("deleting", reason=reason, changed=changed, **about)
    report.wait_for(about, status=status, **about)
