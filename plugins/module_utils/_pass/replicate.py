# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass at a DR site: own a copy of what is offered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
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
from .._core.inventory.overrides import Override, read_overrides, settings_for
from .._core.inventory.selection import Candidate
from .._core.keys import check_key
from .._core.model import RecoveryPoint, iso
from .._core.naming import is_our_point, parse
from .._core.option_groups import Groups, is_default, why_not_usable
from .._core.recipe import Recipe
from .._core.sharing import check_accounts
from .._files.store import Manifests, open_manifests
from .._module.arguments import extra_tags
from .._module.result import Report
from .recipes import keep_groups
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

SETTINGS = ("kms_key_id", "option_group", "copy_option_group")


@dataclass(slots=True)
class Seen:
    """What a full pass read."""

    options: ReplicateOptions
    points: list[RecoveryPoint] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    spoken_of: list[Offer] = field(default_factory=list)  # by a manifest, and not visibly shared
    planned: list[Offer] = field(default_factory=list)  # of those, what the source is about to share
    refusals: list[Refusal] = field(default_factory=list)
    wishes: dict[str, ReplicateWish] = field(default_factory=dict)  # by digest of the database
    plans: dict[str, list[Copy]] = field(default_factory=dict)  # the copies of each offer, by its ARN
    rows: Rows = field(default_factory=dict)


def replicate(params: Mapping[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
    """One pass: a full one, or with ``resume`` one that looks only at what is in flight."""
    work = begin_work(params, site, check_mode=check_mode)
    manifests = open_manifests(params, site, work.report)
    work.detour = in_two_steps if params["single_step"] == "auto" else None
    if params["resume"] is not None:
        go_on(params["resume"], work)
        return work.report.as_result()
    seen = look(params, site, manifests)
    report_withdrawn(seen, work)
    copies = keep_groups(within_quota(possible(seen, work), seen.rows, work), recipes(seen), seen.rows, work)
    settle(copies, seen.rows, work)
    play_out(lambda documents: go_on(documents, work), work)
    rows = {**seen.rows, **work.planned}
    remove_left_over(left_behind(rows.values(), unfinished(copies, rows), work.prefix), work)
    work.report.warnings += [f"Not adopted: {one.arn}, since {one.reason}." for one in seen.refusals]
    refused = [describe_refused(one.arn, one.reason) for one in seen.refusals]
    document = landed_manifest(site.account, site.region, landed(seen, work), refused + failures(work.report))
    manifest = manifests.leave(document, landed_names(seen))
    tell_news(manifests, work.report)
    return work.report.as_result(refused=refused, manifest=manifest)


def tell_news(manifests: Manifests, report: Report) -> None:
    """A copy that became available between two runs was changed by neither: the store tells that it is new."""
    for step in report.steps:
        if step["status"] == "landed" and step["name"] in manifests.news:
            step["newly_landed"] = True


def recipes(seen: Seen) -> dict[str, Recipe]:
    """By the name of the recovery point: how the sources configured the databases of what they offer."""
    entries = [offer.entry for offer in (*seen.offers, *seen.spoken_of) if offer.entry]
    return {entry.name: entry.recipe for entry in entries if entry.recipe}


def failures(report: Report) -> list[dict[str, str]]:
    """What its source should hear of: why a recovery point did not land."""
    failed = [step for step in report.steps if step["status"] == "failed" and "source" in step]
    return [describe_refused(step["source"], step["reason"]) for step in failed]


def landed_names(seen: Seen) -> set[str]:
    home, prefix = seen.options.home.region, seen.options.prefix
    here = [row for row in seen.rows.values() if row.region == home and row.is_available and is_our_point(row, prefix)]
    return {row.name for row in here}


def look(params: Mapping[str, Any], site: Site, manifests: Manifests) -> Seen:
    """Check the accounts and the keys, then read by page what others offer and what is here."""
    site.check_account(params["account_id"])
    options = ReplicateOptions(
        prefix=params["prefix"],
        source_accounts=check_accounts(params["source_accounts"], site.account),
        home=Place(site.account, site.region),
        tags=extra_tags(params),
    )
    default = own_key(params["kms_key_id"], site)
    seen = Seen(options, points=own_and_shared(params["source_regions"], site))
    seen.rows = by_key(point for point in seen.points if point.account == site.account)
    left = manifests.published_by(params["source_accounts"], params["source_regions"])
    read_offers([*left, *params["published"]], seen)
    planned = [document for document in params["published"] if document.get("planned")]
    told_now = {point["arn"] for document in planned for point in document["points"]}
    seen.planned = [
        one
        for one in seen.spoken_of
        if one.point.arn in told_now and not is_settled(one, site.account) and not is_overtaken(one, seen)
    ]
    read_wishes(params, default, seen, site)
    single_step = params["single_step"] != "never"
    for one in (*seen.offers, *seen.spoken_of):
        wish = seen.wishes[one.lineage.digest]
        seen.plans[one.point.arn] = plan_copies(one, wish, options, single_step=single_step)
    return seen


def own_key(key_id: str, site: Site) -> str:
    return check_key(site.key(key_id), site.account, site.region).arn


def own_and_shared(source_regions: Iterable[str], site: Site) -> list[RecoveryPoint]:
    """One list for each Region: the pages of a source Region show what is shared there and what is our own."""
    regions = list(dict.fromkeys(source_regions))
    points = [point for region in regions for point in site.in_region(region).recovery_points(shared=True)]
    return points + ([] if site.region in regions else site.recovery_points("manual"))


def read_offers(manifests: Iterable[Mapping[str, Any]], seen: Seen) -> None:
    """What is visibly shared, what the manifests name beyond it, and what of ours is still on its way."""
    published, options = read_published(manifests), seen.options
    foreign = [point for point in seen.points if point.account != options.home.account]
    read = [read_offer(point, options, published) for point in foreign]
    visible = {point.arn for point in foreign}
    told = [offer_of(entry, options) for arn, entry in published.items() if arn not in visible]
    own = as_own_offers(seen.rows.values(), seen.rows, options)
    named = [one for one in told if isinstance(one, Offer)]
    here = {point.name for point in seen.rows.values() if point.region == options.home.region}
    seen.offers = [one for one in (*read, *named) if isinstance(one, Offer) and is_at_hand(one, here)] + own
    seen.spoken_of = [one for one in named if not is_at_hand(one, here)]
    seen.refusals = [one for one in (*read, *told) if isinstance(one, Refusal)]


def is_at_hand(offer: Offer, here: Collection[str]) -> bool:
    """Whether there is something to copy, or nothing more to do."""
    return offer.is_visible or offer.point.name in here


def is_settled(offer: Offer, account: str) -> bool:
    """Whether its source was told that it landed here, and so does not share it again."""
    return offer.entry is not None and account in offer.entry.landed_in


def is_overtaken(offer: Offer, seen: Seen) -> bool:
    """Whether a newer recovery point of its database is here: then a manifest speaks of what was, not of a plan."""
    here = [lineage for name in landed_names(seen) if (lineage := parse(name, seen.options.prefix))]
    mine = offer.lineage
    return any(one.digest == mine.digest and one.original > mine.original for one in here)


def read_wishes(params: Mapping[str, Any], default: str, seen: Seen, site: Site) -> None:
    """The settings of each offered database; each key that an override names is looked at once."""
    overrides = read_overrides(params["overrides"])
    keys = {params["kms_key_id"]: default}
    defaults = {name: params[name] for name in SETTINGS}
    for offer in (*seen.offers, *seen.spoken_of):
        settings = settings_of(offer, defaults, overrides)
        key_id = settings["kms_key_id"]
        keys[key_id] = keys.get(key_id) or own_key(key_id, site)
        seen.wishes[offer.lineage.digest] = ReplicateWish(
            keys[key_id], settings["option_group"], settings["copy_option_group"]
        )


def settings_of(offer: Offer, defaults: Mapping[str, Any], overrides: Iterable[Override]) -> dict[str, Any]:
    tags = offer.entry.database_tags if offer.entry else {}
    one = Candidate(identifier_of(offer), offer.point.kind, offer.point.engine, tags, offer)
    return settings_for(one, defaults, overrides)


def possible(seen: Seen, work: Work) -> list[Copy]:
    """The copies that are here, or can be made: the source's key must be usable, and the option group exist."""
    # In check mode the source has not shared what it plans to: its manifest speaks for it.
    offers = newest_by_database([*seen.offers, *(seen.planned if work.check_mode else ())])
    plans = [(offer, seen.plans[offer.point.arn]) for offer in offers]
    new = [(offer, copies) for offer, copies in plans if copies[-1].key not in seen.rows]
    keys, refused = work.site.keys([foreign_key(offer, seen.options) for offer, _copies in new])
    groups = work.site.option_groups() if any(copies[-1].option_group for _offer, copies in new) else {}
    possible_ones: list[Copy] = []
    for offer, copies in plans:
        last = copies[-1]
        problem = why_not_copyable(offer, keys, refused) or why_no_group(last, groups)
        if last.key in seen.rows:
            possible_ones.append(last)  # the way there is behind it
        elif problem is None:
            possible_ones += copies
        else:
            work.report.step("failed", reason=f"Cannot copy {last.source_arn}: {problem}", **facts(last))
    return possible_ones


def foreign_key(offer: Offer, options: ReplicateOptions) -> str | None:
    """The source's key, where it is at hand: it must be usable from here."""
    return offer.point.kms_key_id if offer.is_visible and offer.point.account != options.home.account else None


def report_withdrawn(seen: Seen, work: Work) -> None:
    """Say what a manifest names and nobody shares; in check mode also nobody is about to."""
    planned = {offer.point.arn for offer in seen.planned} if work.check_mode else set()
    told = [offer.entry for offer in seen.spoken_of if offer.entry and offer.point.arn not in planned]
    here = [lineage for name in landed_names(seen) if (lineage := parse(name, work.prefix))]
    offered = [offer.lineage for offer in seen.offers]
    for one in read_stale(told, here, offered, seen.options.home.account):
        if one.why == "withdrawn":
            about: dict[str, Any] = {"database": one.entry.database.identifier, "kind": one.entry.database.kind}
            work.report.step("not_offered", reason=one.reason, name=one.entry.name, **about)
            work.report.warnings.append(f"Not copied: {one.entry.arn}, since {one.reason}.")


def why_no_group(copy: Copy, groups: Groups) -> str | None:
    if copy.option_group is None or is_default(copy.option_group):
        return None
    problem = why_not_usable(copy.option_group, copy.engine, frozenset(), groups, copy.region)
    return f"{problem[0]}. {problem[1]}." if problem else None


def go_on(resume: Iterable[Mapping[str, Any]], work: Work) -> None:
    """A pass over what an earlier one left in flight."""
    copies = [Copy(**document) for document in resume]
    settle(copies, look_again(copies, work), work)


def settle(copies: list[Copy], rows: Rows, work: Work) -> None:
    """Act on the copies, and say of the finished ones whether they landed."""
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
    """What of all that is offered is here, also what a newer one has overtaken."""
    last = [copies[-1] for copies in seen.plans.values()]
    return landed_entries(last, seen.rows, work.prefix, str(iso(work.site.now)))
