# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass at a source site: publish what is not published yet, and share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.copying.intermediates import left_behind, unfinished
from .._core.copying.newest import by_database, of_database
from .._core.copying.plan import Copy, Rows, expected
from .._core.copying.publish import Publication, PublishOptions, PublishWish, begin, complete
from .._core.copying.routes import WHY_SHARE, Place
from .._core.copying.stand_in import StandIn, StandInOptions, still_needed
from .._core.errors import LifeboatError
from .._core.handover.manifest import describe_published, published_manifest
from .._core.inventory.overrides import read_overrides, settings_for
from .._core.inventory.selection import candidate_of, databases_among
from .._core.keys import check_key
from .._core.model import Database, RecoveryPoint, iso
from .._core.naming import is_our_point
from .._core.option_groups import Groups, is_default
from .._core.restoring.choice import read_time
from .._core.restoring.isolation import check_isolation
from .._core.sharing import check_accounts, plan_share
from .._files.store import open_manifests
from .._module.arguments import extra_tags, selection
from .._module.result import Report
from .recipes import recipes_of
from .reconcile import (
    Work,
    begin_work,
    by_key,
    facts,
    look_again,
    play_out,
    reconcile,
    remove_left_over,
    seconds_of,
    within_quota,
)
from .stand_ins import look_again as databases_again
from .stand_ins import tend

SETTINGS = ("source", "interval", "kms_key_id", "option_group")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a full pass read."""

    databases: list[Database]
    rows: Rows


def publish(params: Mapping[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """One pass: a full one, or with ``resume`` one that looks only at what is in flight."""
    wanted = check_accounts(params["share_with"], params["account_id"])
    work = begin_work(params, site, check_mode=check_mode)
    manifests = open_manifests(params, site, work.report)
    if params["resume"] is not None:
        go_on(params["resume"], wanted, work)
        return result_of(work)
    work.settled |= set(params.get("settled") or ())
    check_intervals(params)
    site.check_account(params["account_id"])
    options = read_options(params, site)
    seen, publications = look(params, options, site)
    publications = completed(publications, seen.rows, options, site)
    report_problems(publications, work.report, accept=params["accept_unprotected"])
    copies = within_quota([copy for one in publications for copy in one.copies], seen.rows, work)
    stand_ins = [one.stand_in for one in publications if one.stand_in]
    check_networks(still_needed(stand_ins, copies, seen.rows), site)
    settle(copies, stand_ins, seen.databases, seen.rows, wanted, work)
    play_out(lambda documents: go_on(documents, wanted, work), work)
    rows = {**seen.rows, **work.planned}
    remove_left_over(left_behind(rows.values(), unfinished(copies, rows), work.prefix), work)
    document = manifest(publications, seen, wanted, work)
    ours = {row.name for row in rows.values() if is_our_point(row, work.prefix)}
    manifests.leave(document, ours)
    planned = {"planned": True} if work.check_mode else {}
    return result_of(work, manifest=document | planned)  # what is left there has earlier entries as well


def result_of(work: Work, **more: Any) -> dict[str, Any]:
    """The result of a pass, and what the last one need not ask for again: RDS tells shares one snapshot a call."""
    settled = sorted(work.settled)
    if work.report.resume and settled:
        work.report.resume.append({"settled": settled})
    return work.report.as_result(settled=settled, **more)


def check_intervals(params: Mapping[str, Any]) -> None:
    """A snapshot is taken at most every interval: one that never ends would be followed by the next.

    :raises LifeboatError: when one is shorter than five minutes.
    """
    given = [params["interval"], *(one.get("interval") for one in params["overrides"])]
    for interval in given:
        if interval is not None and interval < 300:
            raise LifeboatError(
                f"Cannot take snapshots every {interval} s", why="it is below 300", remedy="Raise interval"
            )


def read_options(params: Mapping[str, Any], site: Site) -> PublishOptions:
    """The options of the site, those of stand-ins with the time at AWS."""
    given = params["stand_in"]
    stand_in = given and StandInOptions(
        subnet_group=given["subnet_group"],
        security_groups=tuple(given["security_groups"]),
        instance_class=given["instance_class"],
        expires=site.now.replace(minute=0, second=0) + timedelta(hours=given["expire_hours"] + 1),  # a whole hour
    )
    return PublishOptions(
        prefix=params["prefix"],
        home=Place(site.account, site.region),
        publish_in=params["publish_region"] or site.region,
        # What stays in its Region is made such that it could be shared at any time.
        is_shared=bool(params["share_with"]) or params["publish_region"] in (None, site.region),
        tags=extra_tags(params),
        stand_in=stand_in,
        snapshot_time=read_snapshot_time(params["snapshot_time"], site.now),
    )


def read_snapshot_time(text: str | None, now: datetime) -> datetime | None:
    """The time that taken snapshots stand for; they hold at least what had been written by then.

    :raises LifeboatError: when it is no time with a zone, or has not come yet.
    """
    if text is None:
        return None
    moment = read_time("snapshot_time", {"snapshot_time": text})
    if moment and moment > now + timedelta(minutes=1):  # AWS's servers do not agree to the second
        raise LifeboatError(
            f"Cannot take snapshots for {text}",
            why=f"at AWS it is only {iso(now)}, and a snapshot taken now would lack what is written until then",
            remedy="Give a snapshot_time that is past",
        )
    return moment


def look(params: Mapping[str, Any], options: PublishOptions, site: Site) -> tuple[Seen, list[Publication]]:
    """Read the site by page, and see what each selected database should offer."""
    databases = site.databases()
    selected = databases_among(databases, selection(params), f"account {site.account}, {site.region}")
    overrides = read_overrides(params["overrides"])
    wishes = [settings_for(candidate_of(one), {name: params[name] for name in SETTINGS}, overrides) for one in selected]
    points = site.recovery_points()
    if any(wish["source"] == "awsbackup" for wish in wishes):
        points += site.recovery_points("awsbackup")
    if options.publish_in != site.region:
        points += site.in_region(options.publish_in).recovery_points("manual")
    grouped = by_database(points, options.prefix)
    publications = [
        begin(one, of_database(one, grouped), read_wish(wish), options, site.now)
        for one, wish in zip(selected, wishes, strict=True)
    ]
    return Seen(databases, by_key(points)), publications


def read_wish(settings: Mapping[str, Any]) -> PublishWish:
    interval = timedelta(seconds=settings["interval"])
    return PublishWish(settings["source"], interval, settings["kms_key_id"], settings["option_group"])


def completed(publications: list[Publication], rows: Rows, options: PublishOptions, site: Site) -> list[Publication]:
    """The publications with all their copies, where they are not done; only for those keys and groups are read."""
    open_ones = [one for one in publications if one.chosen and not one.is_done(rows)]
    keys = site.keys(key_of(one) for one in open_ones)
    kms_keys = publish_keys(publications, options, site)  # also when all is done: a wrong one is told at once
    groups = option_groups(open_ones, options, site)
    done = {id(one): complete(one, keys, kms_keys, groups, options) for one in open_ones}
    return [done.get(id(one), one) for one in publications]


def key_of(publication: Publication) -> str | None:
    point = publication.chosen.point if publication.chosen else None
    return (point or publication.database).kms_key_id


def publish_keys(publications: Iterable[Publication], options: PublishOptions, site: Site) -> dict[str, str]:
    """The ARN of each key that copies may be put under, by the name it was given.

    :raises LifeboatError: when one of them will not do.
    """
    place = site.in_region(options.publish_in)
    named = sorted({one.wish.kms_key_id for one in publications if one.wish.kms_key_id})
    return {name: check_key(place.key(name), site.account, options.publish_in).arn for name in named}


def option_groups(publications: list[Publication], options: PublishOptions, site: Site) -> tuple[Groups, Groups]:
    """The option groups here and where it is published, as far as a publication depends on them."""
    points = [one.chosen.point for one in publications if one.chosen]
    used = [(point or one.database).option_group for point, one in zip(points, publications, strict=True)]
    here = site.option_groups() if any(not is_default(name) for name in used) else {}
    is_elsewhere = options.publish_in != site.region and any(one.wish.option_group for one in publications)
    return here, site.in_region(options.publish_in).option_groups() if is_elsewhere else {}


def report_problems(publications: Iterable[Publication], report: Report, *, accept: bool) -> None:
    for one in publications:
        if one.problem:
            about: dict[str, Any] = {"database": one.database.id.identifier, "kind": one.database.id.kind}
            if one.copies:  # a step of its own says how what is offered does, and does not take the place of this one
                about["region"] = one.database.id.region
            report.step("unprotected" if accept else "failed", reason=one.problem, **about)


def go_on(resume: Iterable[Mapping[str, Any]], wanted: frozenset[str], work: Work) -> None:
    """A pass over what an earlier one left in flight."""
    documents = list(resume)
    copies = [Copy(**one) for one in documents if "name" in one]
    stand_ins = [StandIn(**one["stand_in"]) for one in documents if "stand_in" in one]
    work.settled |= {arn for one in documents for arn in one.get("settled", ())}
    databases = databases_again(stand_ins, work)
    settle(copies, stand_ins, databases, look_again(copies, work), wanted, work)


def settle(
    copies: list[Copy],
    stand_ins: list[StandIn],
    databases: Iterable[Database],
    rows: Rows,
    wanted: frozenset[str],
    work: Work,
) -> None:
    """Bring everything one step further, and share what is available."""
    held = tend(stand_ins, databases, copies, rows, work)
    for copy, row in reconcile(copies, rows, work, held):
        if not row.is_intermediate:
            share(copy, row, wanted, work)


def check_networks(stand_ins: Iterable[StandIn], site: Site) -> None:
    """A stand-in must be reachable by nobody outside.

    :raises LifeboatError: when its subnet group has a public subnet.
    """
    for name in sorted({one.subnet_group for one in stand_ins}):
        check_isolation(site.network(name))


def share(copy: Copy, row: RecoveryPoint, wanted: frozenset[str], work: Work) -> None:
    """Let those accounts copy a published snapshot that do not have it yet."""
    site, report = work.site.in_region(copy.region), work.report
    about = facts(copy) | {"seconds": seconds_of(copy, work)}
    missing = frozenset(account for account in wanted if not row.has_landed_in(account))
    if wanted and not missing:
        report.step("landed", reason="the DR account has it", **about)
        return
    try:
        have = shares_of(copy, row, missing, work)
        plan = plan_share(row, have, missing, None)
        if plan.is_needed:
            report.change(f"{row.name} shared with", sorted(have), sorted(missing))
            if not work.check_mode:
                site.share(row, add=plan.add, remove=plan.remove)
                work.settled.add(row.arn)
    except AwsRefusal as refusal:
        report.step("failed", reason=str(refusal), **about)
        return
    reason = WHY_SHARE if plan.is_needed else copy.reason or "it is offered already"
    report.step("published", reason=reason, changed=plan.is_needed, **about)


def shares_of(copy: Copy, row: RecoveryPoint, wanted: frozenset[str], work: Work) -> frozenset[str]:
    """The accounts that have it; no call for what this task saw start, or has shared itself."""
    if row.arn in work.settled:
        return wanted
    return frozenset() if copy.started else work.site.in_region(copy.region).shared_with(row)


def manifest(publications: list[Publication], seen: Seen, wanted: frozenset[str], work: Work) -> dict[str, Any]:
    """What is published now; in check mode also what the task would publish, if it waits for that."""
    found: list[tuple[Publication, RecoveryPoint]] = []
    for one in publications:
        if one.offered is None or one.chosen is None:
            continue
        row = seen.rows.get(one.offered.key)
        if one.offered.key in work.planned:
            made = expected(one.offered, one.chosen.point or one.database)
            row = replace(row, status="available") if row else made
        if row is not None and row.is_available:
            found.append((one, row))
    unheard = [one.database for one, row in found if not all(row.has_landed_in(account) for account in wanted)]
    recipes = recipes_of(unheard, seen.databases, work)
    points = [
        describe_published(one.database, one.chosen.lineage.original, row, recipes.get(one.database.id.arn))
        for one, row in found
        if one.chosen
    ]
    return published_manifest(work.site.account, work.site.region, points)
