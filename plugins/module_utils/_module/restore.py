# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""One pass over restores: start them, add members to clusters, report what runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.errors import LifeboatError
from .._core.keys import check_key
from .._core.model import Database, iso
from .._core.restore import (
    Databases,
    RestoreOptions,
    Target,
    check_drill_id,
    check_isolation,
    newest_landed,
    plan_target,
    require_own,
    stage_of,
    why_not_restorable,
)
from .arguments import selection
from .reconcile import TRY_AGAIN, seconds_since
from .result import Report


def restore(params: Mapping[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Bring every selected database one stage further."""
    report = Report(check_mode=check_mode)
    if params["resume"] is None:
        targets, databases = look(params, site, report)
    else:
        targets = [Target(**document) for document in params["resume"]]
        databases = by_key(site.databases_named(names_of(targets)))
    require_own(targets, databases, params["prefix"], params["drill_id"])
    for target in targets:
        advance(target, databases, site, report, check_mode=check_mode)
    return report.as_result(drill_id=params["drill_id"])


def look(params: Mapping[str, Any], site: Site, report: Report) -> tuple[list[Target], Databases]:
    """Check everything that could go wrong before the first write, and choose the recovery points."""
    check_drill_id(params["drill_id"])
    site.check_account(params["account_id"])
    options = read_options(params, site)
    where = f"the landed recovery points of account {site.account}, {site.region}"
    chosen = newest_landed(site.recovery_points("manual"), params["prefix"], selection(params), where)
    targets = []
    for lineage, point in chosen:
        if problem := why_not_restorable(point, site.account):
            reason = f"Cannot restore {point.name}: {problem}"
            report.step("failed", reason=reason, database=point.database, kind=point.kind)
        else:
            targets.append(plan_target(lineage, point, options))
    return targets, by_key(site.databases())


def read_options(params: Mapping[str, Any], site: Site) -> RestoreOptions:
    """Isolation is not optional: left out, RDS would choose the default network.

    :raises LifeboatError: when the network is missing or public, or the key is unfit.
    """
    for name in ("db_subnet_group_name", "vpc_security_group_ids"):
        if not params[name]:
            raise LifeboatError(
                "Cannot restore without a network",
                why=f"{name} is not set",
                remedy="Name an isolated network of the DR site",
            )
    network = site.network(params["db_subnet_group_name"])
    check_isolation(network)
    key_id = params["kms_key_id"]
    return RestoreOptions(
        prefix=params["prefix"],
        drill_id=params["drill_id"],
        subnet_group=params["db_subnet_group_name"],
        security_groups=tuple(site.security_groups(network, params["vpc_security_group_ids"])),
        instance_class=params["db_instance_class"],
        kms_key_id=check_key(site.key(key_id), site.account, site.region).arn if key_id else None,
        expires=site.now + timedelta(minutes=params["expires_after"]),
    )


def names_of(targets: list[Target]) -> dict[str, list[str]]:
    instances = [target.member if target.kind == "cluster" else target.name for target in targets]
    return {"instance": instances, "cluster": [target.name for target in targets if target.kind == "cluster"]}


def by_key(databases: list[Database]) -> dict[tuple[str, str], Database]:
    return {(one.id.kind, one.id.identifier): one for one in databases}


def advance(target: Target, databases: Databases, site: Site, report: Report, *, check_mode: bool) -> None:
    """Do what the target needs next."""
    stage, found = stage_of(target, databases)
    if stage == "ready" and found is not None:
        seconds = seconds_since(target.started, site.now)
        report.step("restored", reason="it runs", seconds=seconds, **facts(target), **connection(found))
    elif stage == "failed" and found is not None:
        reason = f"The restore of {target.identifier} ended as {found.status} ({found.id.identifier})."
        report.step("failed", reason=reason, **facts(target))
    elif stage == "wait" and found is not None:
        wait_for(target, found.status, report, "it is being made", site)
    else:
        write(target, stage, site, report, check_mode=check_mode)


def write(target: Target, stage: str, site: Site, report: Report, *, check_mode: bool) -> None:
    """Start the restore, or the member of a restored cluster."""
    name = target.member if stage == "member" else target.name
    report.change(name, None, {"recovery_point": target.recovery_point, "tags": target.tags})
    if check_mode:
        report.step("restoring", reason="it does not run yet", changed=True, **facts(target))
        return
    try:
        if stage == "member":
            site.add_member(target)
        else:
            site.restore(target)
    except AwsRefusal as refusal:
        if refusal.meaning not in TRY_AGAIN:
            report.step("failed", reason=str(refusal), **facts(target))
            return
        wait_for(target, "queued", report, refusal.why, site)
        return
    wait_for(target, "creating", report, f"{stage} started", site, changed=True)


def wait_for(target: Target, status: str, report: Report, reason: str, site: Site, *, changed: bool = False) -> None:
    started = target if target.started else replace(target, started=iso(site.now))
    report.step("restoring", reason=reason, changed=changed, **facts(target))
    report.wait_for(asdict(started), status=status, since=started.started, **facts(target))


def facts(target: Target) -> dict[str, Any]:
    return {
        "database": target.identifier,
        "kind": target.kind,
        "name": target.name,
        "engine": target.engine,
        "recovery_point": target.recovery_point,
        "recovery_point_arn": target.recovery_point_arn,
        "lineage": target.lineage,
        "original_time": target.original_time,
        "database_time": target.database_time,
    }


def connection(database: Database) -> dict[str, Any]:
    return {
        "host": database.host,
        "port": database.port,
        "database_name": database.database_name,
        "master_username": database.master_username,
    }
