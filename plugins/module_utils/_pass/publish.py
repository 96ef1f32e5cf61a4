# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass at a source site: publish what is not published yet, and share it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.copying.elsewhere import is_empty, nothing_here
from .._core.copying.intermediates import left_behind, unfinished
from .._core.copying.newest import by_database, newest_copy, of_database
from .._core.copying.plan import Copy, Rows, expected
from .._core.copying.publish import Publication, PublishOptions, begin, complete
from .._core.copying.routes import WHY_SHARE, Place
from .._core.copying.stand_in import StandIn, StandInOptions, still_needed
from .._core.errors import LifeboatError
from .._core.handover.manifest import describe_published, published_manifest
from .._core.inventory.protection import Exemption, exemption_of
from .._core.inventory.selection import candidate_of, databases_among
from .._core.keys import check_key
from .._core.model import EXCLUDED, Database, RecoveryPoint, iso
from .._core.naming import is_our_point
from .._core.option_groups import Groups, custom
from .._core.restoring.isolation import check_isolation
from .._core.result import Report
from .._core.sharing import plan_share
from .._files.store import open_manifests
from .recipes import recipes_of
from .reconcile import (
    GONE,
    Work,
    facts,
    look_again,
    play_out,
    points_by_key,
    reconcile,
    remove_left_over,
    seconds_of,
    within_quota,
)
from .requests.common import Documents
from .requests.publish import PublishRequest, StandInRequest
from .stand_ins import look_again as databases_again
from .stand_ins import tend


@dataclass(frozen=True, slots=True)
class Aside:
    """A database that is not published, why, and the newest copy of it from the time when it was."""

    database: Database
    state: Exemption
    reason: str
    last: RecoveryPoint | None

    @property
    def is_news(self) -> bool:
        """Whether it was published before, and no run has said yet that somebody excluded it since."""
        return self.state == "excluded" and self.last is not None and EXCLUDED not in self.last.tags


@dataclass(frozen=True, slots=True)
class PublicationView:
    """What a full pass read."""

    databases: list[Database]
    rows: Rows
    aside: list[Aside]


@dataclass(frozen=True, slots=True)
class Shares:
    """Who is to have what is published, and which snapshots this task has shared with all of them."""

    accounts: frozenset[str]
    settled: set[str]  # by ARN
    gone: set[str] = field(default_factory=set)  # by ARN: what another run has deleted meanwhile

    def missing(self, row: RecoveryPoint) -> frozenset[str]:
        """Return the accounts in which a recovery point has not landed."""
        return frozenset(account for account in self.accounts if not row.has_landed_in(account))


def publish(request: PublishRequest, site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Run one pass: a full one, or with ``resume`` one that looks only at what is in flight."""
    work = Work(site, Report(check_mode=check_mode), request)
    shares = Shares(request.share_with, set(request.settled))
    if request.resume is not None:
        go_on(request.resume, shares, work)
        return result_of(shares, work)
    site.check_account(request.account_id)
    options = options_of(request, site)
    manifests = open_manifests(request.store, request.prefix, site, work.report)
    seen, publications = look(request, options, site)
    publications = completed(publications, seen.rows, options, site)
    report_problems(publications, work.report, accept=request.accept_unprotected)
    copies = within_quota([copy for one in publications for copy in one.copies], seen.rows, work)
    stand_ins = [one.stand_in for one in publications if one.stand_in]
    check_networks(still_needed(stand_ins, copies, seen.rows), site)
    for one in seen.aside:
        set_aside(one, work)
    settle(copies, stand_ins, seen.databases, seen.rows, shares, work)
    play_out(lambda documents: go_on(documents, shares, work), work)
    rows = {**seen.rows, **work.planned}
    remove_left_over(left_behind(rows.values(), unfinished(copies, rows), work.prefix), work)
    document = manifest(publications, seen, shares, work)
    manifests.leave(document, {row.name for row in rows.values() if is_our_point(row, work.prefix)})
    # The stored manifest also lists what earlier runs published. The result lists only what this run offers.
    return result_of(shares, work, manifest=document | ({"planned": True} if check_mode else {}))


def result_of(shares: Shares, work: Work, **more: Any) -> dict[str, Any]:
    """Return the result of a pass. It names the shared snapshots: to ask RDS again takes a call for each."""
    settled = sorted(shares.settled)
    if work.report.resume and settled:
        work.report.resume.append({"settled": settled})
    return work.report.as_result(settled=settled, **more)


def options_of(request: PublishRequest, site: Site) -> PublishOptions:
    """Return the options as the decisions need them: with the Region of this site and the time at AWS.

    :raises LifeboatError: when the time that snapshots should stand for has not come yet.
    """
    check_snapshot_time(request.snapshot_time, site.now)
    return PublishOptions(
        prefix=request.prefix,
        home=Place(site.account, site.region),
        publish_in=request.publish_region or site.region,
        # A copy that stays in its Region is made so that it could be shared at any time.
        is_shared=bool(request.share_with) or request.publish_region in (None, site.region),
        tags=request.tags,
        stand_in=stand_in_options(request.stand_in, site.now) if request.stand_in else None,
        snapshot_time=request.snapshot_time,
    )


def stand_in_options(wanted: StandInRequest, now: datetime) -> StandInOptions:
    """Return where stand-ins live, and when they expire: at a whole hour, so that all passes of an hour agree."""
    return StandInOptions(
        subnet_group=wanted.subnet_group,
        security_groups=wanted.security_groups,
        instance_class=wanted.instance_class,
        expires=now.replace(minute=0, second=0) + timedelta(hours=wanted.expire_hours + 1),
    )


def check_snapshot_time(moment: datetime | None, now: datetime) -> None:
    """Refuse a time to come: a snapshot taken now would lack what is written until then.

    :raises LifeboatError: when it has not come yet.
    """
    if moment and moment > now + timedelta(minutes=1):  # the clocks of AWS's servers differ a little
        raise LifeboatError(
            f"Cannot take snapshots for {iso(moment)}",
            why=f"at AWS it is only {iso(now)}, and a snapshot taken now would lack what is written until then",
            remedy="Set snapshot_time to a time that is past",
        )


def look(request: PublishRequest, options: PublishOptions, site: Site) -> tuple[PublicationView, list[Publication]]:
    """Read the site by page, and decide what each selected database should offer.

    :raises LifeboatError: when the site has no database at all, or one that is selected by name is not there.
    """
    databases = site.databases()
    points = site.recovery_points()
    if not request.accept_empty and is_empty(databases, points, request.prefix):
        raise nothing_here(f"account {site.account} in {site.region}", *site.instances_elsewhere())
    found = databases_among(databases, request.selection, f"account {site.account}, {site.region}")
    judged = [(one, exemption_for(one, request)) for one in found]
    selected = [one for one, exemption in judged if exemption is None]
    wishes = [request.wishes.of(candidate_of(one)) for one in selected]
    if any(wish.source == "awsbackup" for wish in wishes):
        points += site.recovery_points("awsbackup")
    if options.publish_in != site.region:
        points += site.in_region(options.publish_in).recovery_points("manual")
    grouped = by_database(points, options.prefix)
    publications = [
        begin(one, of_database(one, grouped), wish, options, site.now)
        for one, wish in zip(selected, wishes, strict=True)
    ]
    aside = [
        Aside(one, *exemption, newest_copy(of_database(one, grouped), options.prefix))
        for one, exemption in judged
        if exemption
    ]
    return PublicationView(databases, points_by_key(points), aside), publications


def exemption_for(database: Database, request: PublishRequest) -> tuple[Exemption, str] | None:
    """Tell why a database needs no recovery points of its own, or return None."""
    return exemption_of(request.protection.of(candidate_of(database)), database.replica_of)


def set_aside(one: Aside, work: Work) -> None:
    """Report a database that is not published. Mark its newest copy, so that its exclusion is news only once."""
    is_news = one.is_news
    if is_news and one.last:
        work.report.change(one.last.name, "published", "excluded")
        try:
            if not work.check_mode:
                work.site.in_region(one.last.region).tag(one.last.arn, {EXCLUDED: str(iso(work.site.now))})
        except AwsRefusal as refusal:  # the exclusion holds all the same, and the next run tells it again
            work.report.warnings.append(str(refusal))
    about = one.database.id
    reason = f"no longer published: {one.reason}" if is_news else one.reason
    work.report.step(one.state, reason=reason, changed=is_news, database=about.identifier, kind=about.kind)


def completed(publications: list[Publication], rows: Rows, options: PublishOptions, site: Site) -> list[Publication]:
    """Complete the publications that are not done with all their copies. Keys and groups are read only for those."""
    open_ones = [one for one in publications if one.chosen and not one.is_done(rows)]
    keys = site.keys(key_of(one) for one in open_ones)
    kms_keys = publish_keys(publications, options, site)  # always, so that a wrong key is reported at once
    groups = option_groups(open_ones, options, site)
    done = {id(one): complete(one, keys, kms_keys, groups, options) for one in open_ones}
    return [done.get(id(one), one) for one in publications]


def key_of(publication: Publication) -> str | None:
    point = publication.chosen.point if publication.chosen else None
    return (point or publication.database).kms_key_id


def publish_keys(publications: Iterable[Publication], options: PublishOptions, site: Site) -> dict[str, str]:
    """Return the ARN of each key that copies may be put under, by its name in the options.

    :raises LifeboatError: when a key is not a usable customer managed key of this account and Region.
    """
    place = site.in_region(options.publish_in)
    named = sorted({one.wish.kms_key_id for one in publications if one.wish.kms_key_id})
    return {name: check_key(place.key(name), site.account, options.publish_in).arn for name in named}


def option_groups(publications: list[Publication], options: PublishOptions, site: Site) -> tuple[Groups, Groups]:
    """Read the option groups here and where it is published, as far as a publication depends on them."""
    points = [one.chosen.point for one in publications if one.chosen]
    used = [(point or one.database).option_group for point, one in zip(points, publications, strict=True)]
    here = site.option_groups() if any(map(custom, used)) else {}
    is_elsewhere = options.publish_in != site.region and any(one.wish.option_group for one in publications)
    return here, site.in_region(options.publish_in).option_groups() if is_elsewhere else {}


def report_problems(publications: Iterable[Publication], report: Report, *, accept: bool) -> None:
    """Report why databases are not published.

    :param accept: whether those that have no snapshot yet are no failure. They are named in a warning.
    """
    accepted = []
    for one in publications:
        if one.problem:
            about: dict[str, Any] = {"database": one.database.id.identifier, "kind": one.database.id.kind}
            if one.copies:  # so that the step of that copy does not replace this one
                about["region"] = one.database.id.region
            is_accepted = accept and one.is_early
            accepted += [one.database.id.identifier] if is_accepted else []
            report.step("unprotected" if is_accepted else "failed", reason=one.problem, **about)
    if accepted:
        report.warnings.append(
            f"Accepted without a recovery point, because they have no snapshot yet: {', '.join(accepted)}"
        )


def go_on(resume: Documents, shares: Shares, work: Work) -> None:
    """Continue what an earlier pass left in flight."""
    copies = [Copy.from_document(one) for one in resume if "name" in one]
    stand_ins = [StandIn(**one["stand_in"]) for one in resume if "stand_in" in one]
    shares.settled.update(arn for one in resume for arn in one.get("settled", ()))
    databases = databases_again(stand_ins, work)
    settle(copies, stand_ins, databases, look_again(copies, work), shares, work)


def settle(
    copies: list[Copy],
    stand_ins: list[StandIn],
    databases: Iterable[Database],
    rows: Rows,
    shares: Shares,
    work: Work,
) -> None:
    """Bring every copy and stand-in one step further, and share what is available."""
    held = tend(stand_ins, databases, copies, rows, work)
    for copy, row in reconcile(copies, rows, work, held):
        if not row.is_intermediate:
            share(copy, row, shares, work)


def check_networks(stand_ins: Iterable[StandIn], site: Site) -> None:
    """Refuse a network in which a stand-in could be reached from outside.

    :raises LifeboatError: when its subnet group has a public subnet.
    """
    for name in sorted({one.subnet_group for one in stand_ins}):
        check_isolation(site.network(name))


def share(copy: Copy, row: RecoveryPoint, shares: Shares, work: Work) -> None:
    """Share a published snapshot with those accounts that do not have a copy of their own yet."""
    about = facts(copy) | {"seconds": seconds_of(copy, work)}
    missing = shares.missing(row)
    if shares.accounts and not missing:
        work.report.step("landed", reason="the DR account has it", **about)
        return
    try:
        have = shared_with(copy, row, missing, shares, work)
        plan = plan_share(row, have, missing, None)
        if plan.is_needed:
            work.report.change(f"{row.name} shared with", sorted(have), sorted(missing))
            if not work.check_mode:
                work.site.in_region(copy.region).share(row, add=plan.add, remove=plan.remove)
                shares.settled.add(row.arn)
    except AwsRefusal as refusal:
        if refusal.meaning == "missing":
            shares.gone.add(row.arn)
            work.report.step("removed", reason=GONE, **about)
            return
        work.report.step("failed", reason=str(refusal), **about)
        return
    reason = WHY_SHARE if plan.is_needed else copy.reason or "it is offered already"
    work.report.step("published", reason=reason, changed=plan.is_needed, **about)


def shared_with(copy: Copy, row: RecoveryPoint, missing: frozenset[str], shares: Shares, work: Work) -> frozenset[str]:
    """Return the accounts that may copy it now. What this task saw start, or has shared itself, takes no call."""
    if row.arn in shares.settled:
        return missing
    return frozenset() if copy.started else work.site.in_region(copy.region).shared_with(row)


def manifest(publications: list[Publication], seen: PublicationView, shares: Shares, work: Work) -> dict[str, Any]:
    """Return what is published now; in check mode also what the task would publish, if it waits for that."""
    rows = [(one, published_row(one, seen.rows, work)) for one in publications]
    found = [(one, row) for one, row in rows if row and row.arn not in shares.gone]
    unheard = [one.database for one, row in found if shares.missing(row)]
    recipes = recipes_of(unheard, seen.databases, work)
    points = [
        describe_published(one.database, one.chosen.lineage.original, row, recipes.get(one.database.id.arn))
        for one, row in found
        if one.chosen
    ]
    return published_manifest(work.site.account, work.site.region, points)


def published_row(one: Publication, rows: Rows, work: Work) -> RecoveryPoint | None:
    """Return the available snapshot that a database offers, or None; a plan expects that its copies succeed."""
    if one.offered is None or one.chosen is None:
        return None
    row = rows.get(one.offered.key)
    if one.offered.key in work.planned:
        row = replace(row, status="available") if row else expected(one.offered, one.chosen.point or one.database)
    return row if row is not None and row.is_available else None
