# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass at a DR site: copy what is offered and not here yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._aws.site import Site
from .._core.copying.intermediates import left_behind, unfinished
from .._core.copying.plan import Copy, Rows
from .._core.copying.replicate import (
    Offer,
    Refusal,
    ReplicateOptions,
    ReplicateWish,
    as_own_offers,
    identifier_of,
    in_two_steps,
    landed_entries,
    newest_by_database,
    offer_of,
    plan_copies,
    read_offer,
    why_not_copyable,
    why_not_landed,
)
from .._core.copying.routes import Place
from .._core.handover.between_runs import describe_refused, read_stale
from .._core.handover.manifest import Landed, landed_manifest, read_published
from .._core.inventory.selection import Candidate
from .._core.keys import check_key
from .._core.model import RecoveryPoint, iso
from .._core.naming import Lineage, is_our_point, parse
from .._core.option_groups import Groups, is_default, why_not_usable
from .._core.recipe import Recipe
from .._core.sharing import check_accounts
from .._files.store import Manifests, open_manifests
from .._module.requests.common import Documents
from .._module.requests.replicate import ReplicateRequest
from .._module.result import Report
from .recipes import keep_groups
from .reconcile import (
    Work,
    by_key,
    facts,
    look_again,
    play_out,
    reconcile,
    remove_left_over,
    seconds_of,
    within_quota,
)


@dataclass(frozen=True, slots=True)
class Offered:
    """What sources offer."""

    at_hand: list[Offer]  # visibly shared, or here already
    spoken_of: list[Offer]  # by a manifest alone: no longer, or not yet, shared
    refusals: list[Refusal]

    @property
    def every(self) -> list[Offer]:
        return [*self.at_hand, *self.spoken_of]

    @property
    def recipes(self) -> dict[str, Recipe]:
        """Return how the sources configured the databases, by the name of the recovery point."""
        entries = [offer.entry for offer in self.every if offer.entry]
        return {entry.name: entry.recipe for entry in entries if entry.recipe}


@dataclass(frozen=True, slots=True)
class Here:
    """The snapshots that this account owns, and which of them have landed."""

    place: Place
    prefix: str
    rows: Rows

    @property
    def landed(self) -> set[str]:
        """Return the names of our available recovery points in the home Region."""
        home = [row for row in self.rows.values() if row.region == self.place.region and row.is_available]
        return {row.name for row in home if is_our_point(row, self.prefix)}

    @property
    def lineages(self) -> list[Lineage]:
        return [lineage for name in self.landed if (lineage := parse(name, self.prefix))]

    @property
    def names(self) -> set[str]:
        """Return the names of all snapshots in the home Region, finished or not."""
        return {row.name for row in self.rows.values() if row.region == self.place.region}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a full pass read, and the copies that each offer takes."""

    here: Here
    offered: Offered
    plans: dict[str, list[Copy]]  # by the ARN of the offer
    announced: list[Offer]  # what a source would share, by its check mode


def replicate(request: ReplicateRequest, site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Run one pass: a full one, or with ``resume`` one that looks only at what is in flight."""
    detour = in_two_steps if request.single_step == "auto" else None
    work = Work(site, Report(check_mode=check_mode), request, detour)
    if request.resume is not None:
        go_on(request.resume, work)
        return work.report.as_result()
    manifests = open_manifests(request.store, request.prefix, site, work.report)
    seen = look(request, site, manifests)
    report_withdrawn(seen, work)
    rows = seen.here.rows
    copies = keep_groups(within_quota(possible(seen, work), rows, work), seen.offered.recipes, rows, work)
    settle(copies, rows, work)
    play_out(lambda documents: go_on(documents, work), work)
    then = {**rows, **work.planned}
    remove_left_over(left_behind(then.values(), unfinished(copies, then), work.prefix), work)
    return conclude(seen, manifests, work)


def conclude(seen: Seen, manifests: Manifests, work: Work) -> dict[str, Any]:
    """Leave a manifest of what has landed and what was refused, and return the result of the pass."""
    refusals, site = seen.offered.refusals, work.site
    work.report.warnings += [f"Not adopted: {one.arn}, since {one.reason}." for one in refusals]
    refused = [describe_refused(one.arn, one.reason) for one in refusals]
    document = landed_manifest(site.account, site.region, landed(seen, work), refused + failures(work.report))
    manifest = manifests.leave(document, seen.here.landed)
    tell_news(manifests, work.report)
    return work.report.as_result(refused=refused, manifest=manifest)


def tell_news(manifests: Manifests, report: Report) -> None:
    """Mark copies that became available between two runs: neither run changed them, only the store tells."""
    for step in report.steps:
        if step["status"] == "landed" and step["name"] in manifests.news:
            step["newly_landed"] = True


def failures(report: Report) -> list[dict[str, str]]:
    """Return why recovery points did not land, for their sources to hear of."""
    failed = [step for step in report.steps if step["status"] == "failed" and "source" in step]
    return [describe_refused(step["source"], step["reason"]) for step in failed]


def look(request: ReplicateRequest, site: Site, manifests: Manifests) -> Seen:
    """Check the account and the keys, then read by page what others offer and what is here.

    :raises LifeboatError: when the credentials are another account's, or a key cannot be used.
    """
    site.check_account(request.account_id)
    options = ReplicateOptions(
        prefix=request.prefix,
        source_accounts=check_accounts(request.source_accounts, site.account),
        home=Place(site.account, site.region),
        tags=request.tags,
    )
    default_key = own_key(request.settings.default.kms_key_id, site)
    points = own_and_shared(request.source_regions, site)
    here = Here(options.home, request.prefix, by_key(one for one in points if one.account == site.account))
    left = manifests.published_by(request.source_accounts, request.source_regions)
    foreign = [one for one in points if one.account != site.account]
    offered = read_offered([*left, *request.published], foreign, here, options)
    wishes = wishes_of(offered.every, request, default_key, site)
    single_step = request.single_step != "never"
    plans = {
        one.point.arn: plan_copies(one, wishes[one.lineage.digest], options, single_step=single_step)
        for one in offered.every
    }
    return Seen(here, offered, plans, announced(request.published, offered, here))


def own_key(key_id: str, site: Site) -> str:
    return check_key(site.key(key_id), site.account, site.region).arn


def own_and_shared(source_regions: Iterable[str], site: Site) -> list[RecoveryPoint]:
    """Read one list for each Region: that of a source Region has what is shared there and what is our own."""
    regions = list(dict.fromkeys(source_regions))
    points = [point for region in regions for point in site.in_region(region).recovery_points(shared=True)]
    return points + ([] if site.region in regions else site.recovery_points("manual"))


def read_offered(
    manifests: Iterable[Mapping[str, Any]], foreign: list[RecoveryPoint], here: Here, options: ReplicateOptions
) -> Offered:
    """Read what is visibly shared, what manifests name beyond it, and what of our own is still on its way."""
    published, names = read_published(manifests), here.names
    read = [read_offer(point, options, published) for point in foreign]
    visible = {point.arn for point in foreign}
    told = [offer_of(entry, options) for arn, entry in published.items() if arn not in visible]
    own = as_own_offers(here.rows.values(), here.rows, options)
    shared = [one for one in read if isinstance(one, Offer)]
    named = [one for one in told if isinstance(one, Offer)]
    return Offered(
        at_hand=shared + [one for one in named if one.point.name in names] + own,
        spoken_of=[one for one in named if one.point.name not in names],
        refusals=[one for one in (*read, *told) if isinstance(one, Refusal)],
    )


def announced(published: Documents, offered: Offered, here: Here) -> list[Offer]:
    """Return what a source only plans to share: its manifest comes from a check mode and says so."""
    planned = [document for document in published if document.get("planned")]
    arns = {point["arn"] for document in planned for point in document["points"]}
    newest = here.lineages if arns else []
    return [
        one
        for one in offered.spoken_of
        if one.point.arn in arns and not is_settled(one, here.place.account) and not is_overtaken(one, newest)
    ]


def is_settled(offer: Offer, account: str) -> bool:
    """Tell whether its source knows that it landed here, and so does not share it again."""
    return offer.entry is not None and account in offer.entry.landed_in


def is_overtaken(offer: Offer, here: Iterable[Lineage]) -> bool:
    """Tell whether a newer recovery point of its database is here: then the manifest is an old one, not a plan."""
    mine = offer.lineage
    return any(one.digest == mine.digest and one.original > mine.original for one in here)


def wishes_of(
    offers: Iterable[Offer], request: ReplicateRequest, default_key: str, site: Site
) -> dict[str, ReplicateWish]:
    """Return how each database is to be copied, by its digest. Each key that an override names is looked up once."""
    settings = {one.lineage.digest: request.settings.of(candidate_of(one)) for one in offers}
    keys = {request.settings.default.kms_key_id: default_key}
    for one in settings.values():
        keys[one.kms_key_id] = keys.get(one.kms_key_id) or own_key(one.kms_key_id, site)
    return {
        digest: ReplicateWish(keys[one.kms_key_id], one.option_group, one.copy_option_group)
        for digest, one in settings.items()
    }


def candidate_of(offer: Offer) -> Candidate:
    tags = offer.entry.database_tags if offer.entry else {}
    return Candidate(identifier_of(offer), offer.point.kind, offer.point.engine, tags, offer)


def possible(seen: Seen, work: Work) -> list[Copy]:
    """Return the copies that are here, or can be made; report why the others cannot."""
    # In check mode the source has shared nothing yet, so the offers of its manifest count.
    offers = newest_by_database([*seen.offered.at_hand, *(seen.announced if work.check_mode else ())])
    plans = [(offer, seen.plans[offer.point.arn]) for offer in offers]
    rows, account = seen.here.rows, seen.here.place.account
    new = [(offer, copies) for offer, copies in plans if copies[-1].key not in rows]
    keys, refused = work.site.keys([foreign_key(offer, account) for offer, _copies in new])
    groups = work.site.option_groups() if any(copies[-1].option_group for _offer, copies in new) else {}
    possible_ones: list[Copy] = []
    for offer, copies in plans:
        last = copies[-1]
        problem = why_not_copyable(offer, keys, refused) or why_no_group(last, groups)
        if last.key in rows:
            possible_ones.append(last)  # the copies before it are done
        elif problem is None:
            possible_ones += copies
        else:
            work.report.step("failed", reason=f"Cannot copy {last.source_arn}: {problem}", **facts(last))
    return possible_ones


def foreign_key(offer: Offer, account: str) -> str | None:
    """Return the source's key, which must be usable from here, or None when it is not needed any more."""
    return offer.point.kms_key_id if offer.is_visible and offer.point.account != account else None


def report_withdrawn(seen: Seen, work: Work) -> None:
    """Report what a manifest names and nobody shares; in check mode only what nobody is about to share either."""
    planned = {offer.point.arn for offer in seen.announced} if work.check_mode else set()
    told = [one.entry for one in seen.offered.spoken_of if one.entry and one.point.arn not in planned]
    lineages = [offer.lineage for offer in seen.offered.at_hand]
    for one in read_stale(told, seen.here.lineages, lineages, seen.here.place.account):
        if one.why == "withdrawn":
            about: dict[str, Any] = {"database": one.entry.database.identifier, "kind": one.entry.database.kind}
            work.report.step("not_offered", reason=one.reason, name=one.entry.name, **about)
            work.report.warnings.append(f"Not copied: {one.entry.arn}, since {one.reason}.")


def why_no_group(copy: Copy, groups: Groups) -> str | None:
    if copy.option_group is None or is_default(copy.option_group):
        return None
    problem = why_not_usable(copy.option_group, copy.engine, frozenset(), groups, copy.region)
    return f"{problem[0]}. {problem[1]}." if problem else None


def go_on(resume: Documents, work: Work) -> None:
    """Continue what an earlier pass left in flight."""
    copies = [Copy(**document) for document in resume]
    settle(copies, look_again(copies, work), work)


def settle(copies: list[Copy], rows: Rows, work: Work) -> None:
    """Bring every copy one step further, and report of the finished ones whether they landed."""
    for copy, row in reconcile(copies, rows, work):
        if row.is_intermediate:
            continue
        about = facts(copy) | {"seconds": seconds_of(copy, work)}
        if problem := why_not_landed(copy, row):
            reason = f"{row.name} does not match its source: {problem}. Delete it and run again."
            work.report.step("failed", reason=reason, **about)
        else:
            work.report.step("landed", reason=copy.reason, **about)


def landed(seen: Seen, work: Work) -> list[Landed]:
    """Return what of all that is offered is here, also what a newer one has overtaken."""
    last = [copies[-1] for copies in seen.plans.values()]
    return landed_entries(last, seen.here.rows, work.prefix, str(iso(work.site.now)))
