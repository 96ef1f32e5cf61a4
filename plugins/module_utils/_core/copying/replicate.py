# SPDX-License-Identifier: GPL-3.0-or-later
"""The DR side: what was published for this account, what of it to copy, and what has landed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..handover.between_runs import carried_tags
from ..handover.manifest import Landed, Published
from ..model import DATABASE, RESOURCE_ID, STAGE, DatabaseId, Key, RecoveryPoint
from ..naming import Lineage, digest_of, is_our_point, may_come_from, own_lineage, parse, why_time_not_believed
from ..option_groups import is_default
from ..recipe import RECIPE, as_tag, with_groups
from .intermediates import tags_for
from .plan import Copy, Rows
from .routes import Place, Start, to_own

# A key that every account has; what is under it cannot be shared, and need not be (aws_rds.md 14.1, note e).
AWS_MANAGED_ALIAS = "alias/aws/rds"


@dataclass(frozen=True, slots=True)
class Offer:
    """A recovery point that a source account shared with ours, its lineage proven."""

    point: RecoveryPoint
    lineage: Lineage
    entry: Published | None = None  # what a manifest says of it
    is_visible: bool = True  # else only a manifest speaks of it: no longer, or not yet, shared


@dataclass(frozen=True, slots=True)
class Refusal:
    """A shared snapshot that is not adopted, and why."""

    arn: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReplicateOptions:
    """How this DR site replicates."""

    prefix: str
    source_accounts: frozenset[str]
    home: Place
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReplicateWish:
    """How one database's recovery points are to be copied."""

    kms_key_arn: str
    option_group: str | None = None
    copy_option_group: bool = False


def read_offer(
    point: RecoveryPoint, options: ReplicateOptions, published: Mapping[str, Published]
) -> Offer | Refusal | None:
    """Whether a shared snapshot is one that a source published for us; None for what has nothing to do with us.

    Anybody may share a snapshot with our account, under any name: so the account decides first, then the lineage.
    """
    lineage = parse(point.name, options.prefix)
    if lineage is None:
        return None
    if point.account not in options.source_accounts:
        return Refusal(
            point.arn, f"account {point.account} is not one of source_accounts, though it is named like ours"
        )
    if not proves(lineage, point, published.get(point.arn), options.prefix):
        return Refusal(point.arn, "its name does not belong to the database that it was taken from")
    if reason := why_time_not_believed(lineage, point):
        return Refusal(point.arn, reason)
    return Offer(point, lineage, published.get(point.arn))


def offer_of(entry: Published, options: ReplicateOptions) -> Offer | Refusal:
    """A recovery point that a manifest names and that is not visibly shared."""
    if entry.database.account not in options.source_accounts:
        return Refusal(entry.arn, f"account {entry.database.account} is not one of source_accounts")
    if entry.arn.split(":")[4] != entry.database.account:
        return Refusal(entry.arn, f"its manifest says that it is of account {entry.database.account}")
    point = RecoveryPoint(
        kind="cluster" if entry.arn.split(":")[5] == "cluster-snapshot" else "instance",
        name=entry.name,
        arn=entry.arn,
        account=entry.database.account,
        region=entry.arn.split(":")[3],
        origin="manual",
        status="available",
        engine=entry.engine,
        engine_version=entry.engine_version,
        identifier=entry.database.identifier,
        resource_id=entry.snapshot_resource_id,
        size_gib=entry.size_gib,
        encrypted=entry.encrypted,
        kms_key_id=entry.kms_key_id,
        source_region=entry.database.region,
    )
    return Offer(point, entry.lineage, entry, is_visible=False)


def proves(lineage: Lineage, point: RecoveryPoint, entry: Published | None, prefix: str) -> bool:
    """Whether the name's digest is that of the database; a published entry also vouches for the time.

    Whatever vouches for the database, the account is the one that AWS names as the owner.
    """
    if not may_come_from(lineage, point.account):
        return False
    if entry is not None:
        return entry.lineage == lineage
    stand_in = parse(point.identifier, prefix)
    if stand_in is not None:  # of a Multi-AZ DB cluster: the instance's name tells the cluster's lineage
        return stand_in == lineage
    regions = {point.region, point.source_region or point.region, region_of_source(point)}
    return any(lineage.digest == digest_of(point.account, region, point.resource_id) for region in regions)


def region_of_source(point: RecoveryPoint) -> str:
    """Of a copy's source, which is all that RDS tells of a cluster snapshot's way."""
    return point.source_arn.split(":")[3] if point.source_arn else point.region


def newest_by_database(offers: Iterable[Offer]) -> list[Offer]:
    """One offer a database: the newest one, and of that the one that is ours already."""
    newest: dict[str, Offer] = {}
    for offer in sorted(offers, key=lambda one: (one.lineage.original, one.point.is_intermediate)):
        newest[offer.lineage.digest] = offer
    return sorted(newest.values(), key=lambda one: one.point.identifier)


def start_of(point: RecoveryPoint) -> Start:
    """What the route depends on, of a snapshot that is shared or our own already (routes.py, law 2)."""
    return Start(point.kind, point.engine, "manual", "customer" if point.encrypted else "none")


def plan_copies(
    offer: Offer, wish: ReplicateWish, options: ReplicateOptions, *, single_step: bool = True
) -> list[Copy]:
    """How the DR site makes an offered recovery point its own: the last copy is the one that lands."""
    last = last_copy(offer, wish, options)
    if offer.point.is_intermediate:
        return [first_copy(offer, options), last]
    return [last] if single_step or not last.is_single_step else in_two_steps(last)


def first_copy(offer: Offer, options: ReplicateOptions) -> Copy:
    """An intermediate of ours as the copy that it is or was."""
    point = offer.point
    return Copy(
        kind=point.kind,
        identifier=identifier_of(offer),
        digest=offer.lineage.digest,
        name=point.name,
        account=options.home.account,
        region=point.region,
        source_arn=point.source_arn or point.arn,
        size_gib=point.size_gib,
        engine=point.engine,
        reason="the first of two steps",
        resource_id=point.resource_id,
        tags=point.tags,
    )


def last_copy(offer: Offer, wish: ReplicateWish, options: ReplicateOptions) -> Copy:
    """The copy that lands, made from the offered recovery point itself."""
    point = offer.point
    (step,) = to_own(start_of(point), Place(point.account, point.region), options.home)
    carried = carried_tags(offer.entry, options.tags) if offer.entry else {}
    more = {**carried, **options.tags, **recipe_tag(offer, options.prefix)}
    copy = Copy(
        kind=point.kind,
        identifier=identifier_of(offer),
        digest=offer.lineage.digest,
        name=point.name,
        account=options.home.account,
        region=step.region,
        source_arn=point.arn,
        size_gib=point.size_gib,
        engine=point.engine,
        reason=step.reason,
        resource_id=point.resource_id,
        kms_key_id=None if step.under == "unchanged" else wish.kms_key_arn,
        option_group=wish.option_group if point.kind == "instance" else None,
        copy_option_group=wish.copy_option_group and has_own_group(point),
        tags=tags_for(database_arn(offer), original_resource_id(offer), offer.lineage, options.prefix, more),
    )
    return replace(copy, option_group=None) if copy.takes_group_along else copy


def has_own_group(point: RecoveryPoint) -> bool:
    """Whether a copy can take the option group along: AWS does that for Oracle's (RDS API, CopyDBSnapshot)."""
    return point.engine.startswith("oracle") and not is_default(point.option_group)


def recipe_tag(offer: Offer, prefix: str) -> dict[str, str]:
    """How the database was configured. A stand-in is an instance, and so without what its cluster was told."""
    if offer.entry is None or offer.entry.recipe is None or offer.point.kind != offer.entry.database.kind:
        return {}
    return {RECIPE: as_tag(with_groups(offer.entry.recipe, prefix))}


def in_two_steps(copy: Copy) -> list[Copy]:
    """The same copy by way of one of our own in the source's Region, which is never shared: aws/rds will do as its key.

    An unencrypted DB snapshot is encrypted by the first of them.
    """
    start = Start(copy.kind, copy.engine, "manual", "customer" if copy.kms_key_id else "none")
    source, home = Place(copy.source_account, copy.source_region), Place(copy.account, copy.region)
    step, last = to_own(start, source, home, single_step=False)
    first = replace(
        copy,
        region=step.region,
        kms_key_id=AWS_MANAGED_ALIAS if step.under == "own" else None,
        option_group=None,
        tags={**copy.tags, STAGE: "intermediate"},
        reason=step.reason,
    )
    return [first, replace(copy, source_arn=first.arn, reason=last.reason)]


def as_own_offers(points: Iterable[RecoveryPoint], rows: Rows, options: ReplicateOptions) -> list[Offer]:
    """Intermediates of ours in other Regions, which go on to this one whether their source is still offered or not."""
    home = options.home.region
    mine = [one for one in points if one.is_intermediate and not one.is_bad and one.region != home]
    named = [(own_lineage(one.name, one.tags, options.prefix), one) for one in mine]
    return [
        Offer(one, lineage) for lineage, one in named if lineage is not None and (home, one.kind, one.name) not in rows
    ]


def database_arn(offer: Offer) -> str:
    """Of the database that an offered recovery point was taken from."""
    if offer.entry is not None:
        return offer.entry.database.arn
    point = offer.point
    if point.is_intermediate:
        return point.tags.get(DATABASE, "")
    region = point.source_region or region_of_source(point)
    return DatabaseId(point.account, region, point.kind, point.identifier, point.resource_id).arn


def identifier_of(offer: Offer) -> str:
    return offer.entry.database.identifier if offer.entry else offer.point.identifier


def original_resource_id(offer: Offer) -> str:
    """Of the database itself: for a stand-in, only the manifest or our own tag knows it."""
    if offer.entry is not None:
        return offer.entry.database.resource_id
    return offer.point.tags.get(RESOURCE_ID, offer.point.resource_id)


def why_not_copyable(offer: Offer, keys: Mapping[str, Key], refused: Mapping[str, str]) -> str | None:
    """Why an offer that is not here yet cannot be copied, with the remedy; or None."""
    key_id = offer.point.kms_key_id or ""
    if key_id in refused:
        return f"its key cannot be used from here ({refused[key_id]}). Let the policy of {key_id} admit this account."
    if key_id in keys and not keys[key_id].is_enabled:
        return f"its key {key_id} is {keys[key_id].state}. Enable it."
    return None


def landed_entries(copies: Iterable[Copy], rows: Rows, prefix: str, now: str) -> list[Landed]:
    """What of these is here, finished, ours and like its source."""
    found = [(copy, rows[copy.key]) for copy in copies if copy.key in rows]
    return [
        Landed(row.name, row.arn, now)
        for copy, row in found
        if row.is_available and is_our_point(row, prefix) and why_not_landed(copy, row) is None
    ]


def why_not_landed(copy: Copy, row: RecoveryPoint) -> str | None:
    """What of an available copy differs from its source; None when it has landed."""
    # Each stand-in of a Multi-AZ DB cluster has a resource id of its own, and somebody may have deleted what it left at
    # the source: what another one leaves there is of the same recovery point.
    is_of_stand_in = row.database_kind != row.kind
    problems = [
        f"{what} is {found!r} instead of {wanted!r}"
        for what, wanted, found in (
            ("engine", copy.engine, row.engine),
            ("size", copy.size_gib, row.size_gib),
            ("key", copy.kms_key_id, row.kms_key_id),
            ("resource id", row.resource_id if is_of_stand_in else copy.resource_id, row.resource_id),
        )
        if wanted != found
    ]
    return "; ".join(problems) or None
