# SPDX-License-Identifier: GPL-3.0-or-later
"""What a full pass at a DR site reads: what sources offer, what is here, and the copies that each offer takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from .._aws.site import Site
from .._core.copying.intermediates import landing_tags
from .._core.copying.plan import Copy, Rows
from .._core.copying.replicate import (
    Offer,
    Refusal,
    ReplicateOptions,
    ReplicateWish,
    as_own_offers,
    identifier_of,
    offer_of,
    plan_copies,
    read_offer,
)
from .._core.copying.routes import Place
from .._core.handover.manifest import read_published
from .._core.inventory.selection import Candidate
from .._core.keys import check_key
from .._core.model import RecoveryPoint
from .._core.naming import Lineage, Origin, newest_times, own_lineage, why_time_not_believed
from .._core.recipe import Recipe
from .._core.sharing import check_accounts
from .._files.store import Manifests
from .reconcile import points_by_key
from .requests.common import Documents
from .requests.replicate import ReplicateRequest


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
    def landed(self) -> dict[str, Lineage]:
        """Return the lineages of our available recovery points in the home Region, by name."""
        home = [row for row in self.rows.values() if row.region == self.place.region and row.is_available]
        named = [(row, own_lineage(row, self.prefix)) for row in home]
        return {row.name: one for row, one in named if one and why_time_not_believed(one, row) is None}

    @property
    def names(self) -> set[str]:
        """Return the names of all snapshots in the home Region, finished or not."""
        return {row.name for row in self.rows.values() if row.region == self.place.region}


@dataclass(frozen=True, slots=True)
class ReplicationView:
    """What a full pass read, and the copies that each offer takes."""

    here: Here
    offered: Offered
    plans: dict[str, list[Copy]]  # by the ARN of the offer
    announced: list[Offer]  # what a source would share, by its check mode


def look(request: ReplicateRequest, site: Site, manifests: Manifests) -> ReplicationView:
    """Check the account and the keys, then read by page what others offer and what is here.

    :raises LifeboatError: when the credentials are another account's, or a key cannot be used.
    """
    site.check_account(request.account_id)
    options = ReplicateOptions(
        prefix=request.prefix,
        source_accounts=check_accounts("source_accounts", request.source_accounts, site.account),
        home=Place(site.account, site.region),
        tags=request.tags,
        landing=landing_tags(site.now),
    )
    default_key = own_key(request.settings.default.kms_key_id, site)
    points = own_and_shared(request.source_regions, site)
    here = Here(options.home, request.prefix, points_by_key(one for one in points if one.account == site.account))
    left = manifests.published_by(request.source_accounts, request.source_regions)
    foreign = [one for one in points if one.account != site.account]
    given = manifests.given(request.published, "published")
    offered = read_offered([*left, *given], foreign, here, options)
    wishes = wishes_of(offered.every, request, default_key, site)
    single_step = request.single_step != "never"
    plans = {
        one.point.arn: plan_copies(one, wishes[one.lineage.origin], options, single_step=single_step)
        for one in offered.every
    }
    return ReplicationView(here, offered, plans, announced(given, offered, here))


def own_key(key_id: str, site: Site) -> str:
    return check_key(site.key(key_id), site.account, site.region).arn


def own_and_shared(source_regions: Iterable[str], site: Site) -> list[RecoveryPoint]:
    """Read one list for each Region: that of a source Region has what is shared there and what is our own."""
    regions = list(dict.fromkeys(source_regions))
    points = [point for region in regions for point in site.in_region(region).recovery_points(shared=True)]
    return points + ([] if site.region in regions else site.recovery_points("manual"))


def read_offered(manifests: Documents, foreign: list[RecoveryPoint], here: Here, options: ReplicateOptions) -> Offered:
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
    newest = newest_times(here.landed.values()) if arns else {}
    return [
        one
        for one in offered.spoken_of
        if one.point.arn in arns and not is_settled(one, here.place.account) and not is_overtaken(one, newest)
    ]


def is_settled(offer: Offer, account: str) -> bool:
    """Tell whether its source knows that it landed here, and so does not share it again."""
    return offer.entry is not None and account in offer.entry.landed_in


def is_overtaken(offer: Offer, newest: Mapping[Origin, datetime]) -> bool:
    """Tell whether a newer recovery point of its database is here: then the manifest is an old one, not a plan."""
    latest = newest.get(offer.lineage.origin)
    return latest is not None and latest > offer.lineage.original


def wishes_of(
    offers: Iterable[Offer], request: ReplicateRequest, default_key: str, site: Site
) -> dict[Origin, ReplicateWish]:
    """Return how each database is to be copied. Each key that an override names is looked up once."""
    settings = {one.lineage.origin: request.settings.of(candidate_of(one)) for one in offers}
    keys = {request.settings.default.kms_key_id: default_key}
    for one in settings.values():
        keys[one.kms_key_id] = keys.get(one.kms_key_id) or own_key(one.kms_key_id, site)
    return {
        origin: ReplicateWish(keys[one.kms_key_id], one.option_group, one.copy_option_group)
        for origin, one in settings.items()
    }


def candidate_of(offer: Offer) -> Candidate:
    """Describe the database of an offer. Only its manifest tells the tags, and the kind of a stand-in's original."""
    if offer.entry is None:
        return Candidate(identifier_of(offer), offer.point.database_kind, offer.point.engine, {}, offer)
    return Candidate(
        identifier_of(offer), offer.entry.database.kind, offer.point.engine, offer.entry.database_tags, offer
    )
