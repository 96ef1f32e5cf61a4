# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over restores: start them, add members to clusters, report what runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.rows import restore_calls
from .._aws.site import Site
from .._core.model import Database, iso
from .._core.restoring.ownership import require_own
from .._core.restoring.stages import phases_of, stage_of, why_failed
from .._core.restoring.target import Databases, Target, read_target
from .._core.result import Report
from .preflight import databases_by_id, look
from .reconcile import DOUBTFUL, TRY_AGAIN, seconds_since
from .requests.restore import RestoreRequest

# In the reason of every step, so that no evidence claims more.
STANDS_IN = "an instance stands in for the Multi-AZ DB cluster, so the cluster itself is not proven"


def restore(request: RestoreRequest, site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Bring every selected database one stage further; in check mode run the preflight alone."""
    report = Report(check_mode=check_mode)
    more: dict[str, Any] = {"drill_id": request.drill_id}
    if request.resume is None:
        targets, databases, more["began"] = look(request, site, report)
    else:
        targets = [read_target(document) for document in request.resume]
        databases = databases_by_id(site.databases_named(names_of(targets)))
        require_own(targets, databases)
    for target in targets:
        advance(target, databases, site, report, check_mode=check_mode)
    return report.as_result(**more)


def names_of(targets: list[Target]) -> dict[str, list[str]]:
    instances = [target.member if target.kind == "cluster" else target.name for target in targets]
    return {"instance": instances, "cluster": [target.name for target in targets if target.kind == "cluster"]}


def advance(target: Target, databases: Databases, site: Site, report: Report, *, check_mode: bool) -> None:
    """Do for one target what it needs next, or report that it is done."""
    stage, found = stage_of(target, databases)
    if stage == "ready" and found is not None:
        reached = databases.get(("instance", target.member)) or found
        done = {**facts(target), **connection(found, reached), "phases": phases_of(target, site.now)}
        seconds = seconds_since(target.progress.started, site.now)
        report.step("restored", reason=because("it runs", target), seconds=seconds, **done)
    elif stage == "failed" and found is not None:
        report.step("failed", reason=because(why_failed(target, found), target), **facts(target))
    elif stage == "wait" and found is not None:
        wait_for(target, found.status, report, f"{found.id.identifier} is {found.status}")
    else:
        write(target, stage, site, report, check_mode=check_mode)


def because(reason: str, target: Target) -> str:
    adopted = ["a run that was killed had started it"] if target.progress.adopted else []
    return "; ".join([reason, *adopted, *([STANDS_IN] if target.is_stand_in else [])])


def write(target: Target, stage: str, site: Site, report: Report, *, check_mode: bool) -> None:
    """Start the restore, or the member of a restored cluster."""
    name = target.member if stage == "member" else target.name
    report.change(name, None, {"recovery_point": target.original.recovery_point, "tags": target.tags})
    if check_mode:
        reason = because("it does not run yet", target)
        report.step("restoring", reason=reason, changed=True, **facts(target), **plan_of(target))
        return
    usable = iso(site.now) if stage == "member" and target.progress.started else None
    try:
        if stage == "member":
            site.add_member(target)
        else:
            site.restore(target)
    except AwsRefusal as refusal:
        after_refusal(target, refusal, site, report)
        return
    started = target.with_progress(started=iso(site.now), adopted=False)
    begun = target.with_progress(usable=usable) if stage == "member" else started
    wait_for(begun, "creating", report, f"{stage} started", changed=True)


def after_refusal(target: Target, refusal: AwsRefusal, site: Site, report: Report) -> None:
    """Try it again in a later pass, or report it. An unanswered call may have started the restore all the same."""
    if refusal.meaning not in TRY_AGAIN:
        report.step("failed", reason=because(str(refusal), target), **facts(target))
        return
    started = target.progress.started or (iso(site.now) if refusal.meaning in DOUBTFUL else None)
    wait_for(target.with_progress(started=started), "queued", report, refusal.why)


def wait_for(target: Target, status: str, report: Report, reason: str, *, changed: bool = False) -> None:
    report.step("restoring", reason=because(reason, target), changed=changed, **facts(target))
    report.wait_for(asdict(target), status=status, since=target.progress.started, **facts(target))


def facts(target: Target) -> dict[str, Any]:
    original = target.original
    return {
        "database": original.identifier,
        "kind": original.kind,
        "restored_kind": target.kind,
        "name": target.name,
        "region": original.region,
        "engine": original.engine,
        "engine_version": original.engine_version,
        "recovery_point": original.recovery_point,
        "recovery_point_arn": original.recovery_point_arn,
        "lineage": original.lineage,
        "original_time": original.original_time,
        "database_time": original.database_time,
        "database_tags": original.tags,
        "unlike": target.unlike or None,
        "adopted": target.progress.adopted or None,
    }


def plan_of(target: Target) -> dict[str, Any]:
    """Return what check mode tells of a restore: all that AWS would be asked, and the key that the database would have.

    A snapshot that is not encrypted becomes an encrypted cluster, but never an encrypted instance.
    """
    key = target.kms_key_id if target.kind == "cluster" else None
    if target.original.encrypted:
        key = target.original.kms_key_id
    return {"calls": restore_calls(target), "kms_key_id": key}


def connection(database: Database, reached: Database) -> dict[str, Any]:
    """Return how to reach a database. A cluster has the TLS certificate of its member."""
    return {
        "host": database.host,
        "port": database.port,
        "database_name": database.database_name,
        "master_username": database.master_username,
        "engine_version": database.engine_version,
        "iam": database.iam,
        "ca": reached.ca,
        "secret_arn": database.secret_arn,
    }
