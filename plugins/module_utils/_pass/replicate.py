# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass at a DR site: copy what is offered and not here yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._aws.site import Site
from .._core.arns import account_of
from .._core.copying.intermediates import left_behind, unfinished
from .._core.copying.plan import Copy, Rows
from .._core.copying.replicate import (
    Offer,
    Refusal,
    in_two_steps,
    landed_entries,
    newest_by_database,
    why_not_copyable,
    why_not_landed,
)
from .._core.handover.between_runs import describe_refused, read_stale
from .._core.handover.manifest import Landed, landed_manifest
from .._core.model import DATABASE, iso
from .._core.naming import newest_times
from .._core.option_groups import Groups, is_default, why_not_usable
from .._core.recipe import NO_RECIPE, RECIPE
from .._core.regions import in_one_region
from .._core.result import Report
from .._files.store import Manifests, open_manifests
from .offers import ReplicationView, is_overtaken, look
from .recipes import keep_groups
from .reconcile import (
    Work,
    facts,
    look_again,
    play_out,
    reconcile,
    remove_left_over,
    seconds_of,
    within_quota,
)
from .requests.common import Documents
from .requests.replicate import ReplicateRequest


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
    return conclude(seen, manifests, request, work)


def conclude(seen: ReplicationView, manifests: Manifests, request: ReplicateRequest, work: Work) -> dict[str, Any]:
    """Leave a manifest of what has landed and what was refused, and return the result of the pass."""
    refusals, site = seen.offered.refusals, work.site
    work.report.warnings += not_adopted(refusals)
    origins = (copies[-1].tags.get(DATABASE) for copies in seen.plans.values())
    work.report.warnings += in_one_region(origins, site.account, site.region)
    work.report.warnings += without_recipes(seen)
    refused = [describe_refused(one.arn, one.reason) for one in refusals]
    told = [one for one in refused if account_of(one["arn"]) in request.source_accounts]
    document = landed_manifest(site.account, site.region, landed(seen, work), told + failures(work.report))
    manifest = manifests.leave(document, seen.here.landed)
    tell_news(manifests, work.report)
    return work.report.as_result(refused=refused, manifest=manifest)


def not_adopted(refusals: Iterable[Refusal]) -> list[str]:
    """Warn of what is not copied: once for each account and reason, however many snapshots it shares."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in refusals:
        groups.setdefault((account_of(one.arn), one.reason), []).append(one.arn)
    return [
        f"Not adopted: {arns[0]}{f' and {len(arns) - 1} more of {account}' if arns[1:] else ''}, since {reason}."
        for (account, reason), arns in groups.items()
    ]


def without_recipes(seen: ReplicationView) -> list[str]:
    """Warn of databases that cannot be recovered as they were, from the first copy on."""
    newest = [seen.plans[offer.point.arn][-1] for offer in newest_by_database(seen.offered.at_hand)]
    tags = [(one, seen.here.rows[one.key].tags if one.key in seen.here.rows else one.tags) for one in newest]
    named = sorted({one.identifier for one, told in tags if RECIPE not in told})
    return [f"{', '.join(named)}: {NO_RECIPE}."] if named else []


def tell_news(manifests: Manifests, report: Report) -> None:
    """Mark copies that became available between two runs: neither run changed them, only the store tells."""
    for step in report.steps:
        if step["status"] == "landed" and step["name"] in manifests.news:
            step["newly_landed"] = True


def failures(report: Report) -> list[dict[str, str]]:
    """Return why recovery points did not land, for their sources to hear of."""
    failed = [step for step in report.steps if step["status"] == "failed" and "source" in step]
    return [describe_refused(step["source"], step["reason"]) for step in failed]


def possible(seen: ReplicationView, work: Work) -> list[Copy]:
    """Return the copies that are here, or can be made; report why the others cannot."""
    # In check mode the source has shared nothing yet, so the offers of its manifest count.
    newest = newest_by_database([*seen.offered.at_hand, *(seen.announced if work.check_mode else ())])
    offers = without_overtaken(newest, seen, work)
    rows, account = seen.here.rows, seen.here.place.account
    plans = [(offer, seen.plans[offer.point.arn]) for offer in offers]
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


def without_overtaken(offers: Iterable[Offer], seen: ReplicationView, work: Work) -> list[Offer]:
    """Leave out the offers of which a newer one of their database landed before, and report each.

    A source copies forward only. What comes out of order may be named for a past that it does not come from.
    """
    newest, left = newest_times(seen.here.landed.values()), []
    for offer in offers:
        last = seen.plans[offer.point.arn][-1]
        if last.key in seen.here.rows or not is_overtaken(offer, newest):
            left.append(offer)
        else:
            work.report.step("overtaken", reason="a newer one has landed here", **facts(last))
    return left


def foreign_key(offer: Offer, account: str) -> str | None:
    """Return the source's key, which must be usable from here, or None when it is not needed any more."""
    return offer.point.kms_key_id if offer.is_visible and offer.point.account != account else None


def report_withdrawn(seen: ReplicationView, work: Work) -> None:
    """Report what a manifest names and nobody shares; in check mode only what nobody is about to share either."""
    planned = {offer.point.arn for offer in seen.announced} if work.check_mode else set()
    told = [one.entry for one in seen.offered.spoken_of if one.entry and one.point.arn not in planned]
    lineages = [offer.lineage for offer in seen.offered.at_hand]
    for one in read_stale(told, seen.here.landed.values(), lineages, seen.here.place.account):
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
    copies = [Copy.from_document(document) for document in resume]
    settle(copies, look_again(copies, work), work)


def settle(copies: list[Copy], rows: Rows, work: Work) -> None:
    """Bring every copy one step further, and report of the finished ones whether they landed."""
    for copy, row in reconcile(copies, rows, work):
        if row.is_intermediate:
            continue
        about = facts(copy) | {"seconds": seconds_of(copy, work)}
        if problem := why_not_landed(copy, row):
            work.report.step("failed", reason=problem, **about)
        else:
            work.report.step("landed", reason=copy.reason, **about)


def landed(seen: ReplicationView, work: Work) -> list[Landed]:
    """Return what of all that is offered is here, also what a newer one has overtaken."""
    last = [copies[-1] for copies in seen.plans.values()]
    return landed_entries(last, seen.here.rows, work.prefix, str(iso(work.site.now)))
