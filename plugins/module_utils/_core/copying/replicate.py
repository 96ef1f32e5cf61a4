# SPDX-License-Identifier: GPL-3.0-or-later
"""The DR side: which snapshots were published for this account, which of them to copy, and which have landed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..arns import account_of, name_of, region_of, type_of
from ..handover.between_runs import carried_tags
from ..handover.manifest import Landed, Published
from ..keys import belongs_to
from ..model import LANDED_MONTH, RESOURCE_ID, STAGE, Key, RecoveryPoint
from ..model import database_arn as arn_of_database
from ..naming import (
    Lineage,
    Origin,
    digest_of,
    is_our_point,
    own_lineage,
    parse,
    read_name,
    why_time_not_believed,
)
from ..option_groups import custom
from ..recipe import RECIPE, as_tag, with_groups
from .intermediates import tags_for
from .plan import Copy, Rows
from .routes import Place, Start, to_own

# Every account has this key. A snapshot under it cannot be shared, but intermediates are never shared (aws_rds.md 14.1,
# note e).
AWS_MANAGED_ALIAS = "alias/aws/rds"


@dataclass(frozen=True, slots=True)
class Offer:
    """A recovery point that a source account offers to this one, with a proven lineage."""

    point: RecoveryPoint
    lineage: Lineage
    entry: Published | None = None  # what a manifest says about it
    is_visible: bool = True  # False: only a manifest lists it, and it is not shared yet or not any more


@dataclass(frozen=True, slots=True)
class Refusal:
    """A shared snapshot that is not copied, and why."""

    arn: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReplicateOptions:
    """The settings of a DR site that hold for all databases."""

    prefix: str
    source_accounts: frozenset[str]
    home: Place
    tags: Mapping[str, str] = field(default_factory=dict)
    landing: Mapping[str, str] = field(default_factory=dict)  # what landing_tags says: only what lands carries it


@dataclass(frozen=True, slots=True)
class ReplicateWish:
    """The wanted way of copying one database's recovery points."""

    kms_key_arn: str
    option_group: str | None = None
    copy_option_group: bool = False


def read_offer(
    point: RecoveryPoint, options: ReplicateOptions, published: Mapping[str, Published]
) -> Offer | Refusal | None:
    """Decide whether a shared snapshot is one that a source published for us.

    Anybody may share a snapshot with our account, under any name. So the account is checked first, then the lineage.

    :return: an offer, or a refusal when the name looks like ours but cannot be trusted, or None for an unrelated
        snapshot.
    """
    if read_name(point.name, options.prefix) is None:
        return None
    if point.account not in options.source_accounts:
        return Refusal(
            point.arn, f"account {point.account} is not one of source_accounts, though the name looks like one of ours"
        )
    lineage = parse(point.name, options.prefix, point.account)
    if lineage is None:
        return Refusal(point.arn, "its name was made for a database of another account")
    if not proves(lineage, point, published.get(point.arn), options.prefix):
        return Refusal(point.arn, "its name does not match the database that it was taken from")
    if reason := why_time_not_believed(lineage, point, is_taken=may_be_taken(lineage, point, options.prefix)):
        return Refusal(point.arn, reason)
    return Offer(point, lineage, published.get(point.arn))


def offer_of(entry: Published, options: ReplicateOptions) -> Offer | Refusal:
    """Turn an entry of a manifest into an offer, for a recovery point that is not visibly shared."""
    if entry.database.account not in options.source_accounts:
        return Refusal(entry.arn, f"account {entry.database.account} is not one of source_accounts")
    if account_of(entry.arn) != entry.database.account:
        return Refusal(entry.arn, f"its manifest says that it is of account {entry.database.account}")
    point = RecoveryPoint(
        kind="cluster" if type_of(entry.arn) == "cluster-snapshot" else "instance",
        name=entry.name,
        arn=entry.arn,
        account=entry.database.account,
        region=region_of(entry.arn),
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
    """Tell whether a snapshot's name belongs to the database that it was taken from.

    Its account is known. The rest must match the entry of the manifest, or else the stand-in's name, or else the
    resource ID in one of the Regions that it may come from. AWS shows no resource ID of a copied cluster snapshot. Then
    the rest is a claim, which concerns that account alone.
    """
    if entry is not None:
        return entry.lineage == lineage
    stand_in = parse(point.identifier, prefix, point.account)
    # A Multi-AZ DB cluster's recovery point was taken of a stand-in, whose name contains the cluster's lineage.
    if stand_in is not None:
        return stand_in == lineage
    if point.resource_id is None:
        return True
    regions = {point.region, point.source_region or point.region, region_of_source(point)}
    return any(lineage.digest == digest_of(point.account, region, point.resource_id) for region in regions)


def may_be_taken(lineage: Lineage, point: RecoveryPoint, prefix: str) -> bool:
    """Tell whether a snapshot may have been taken for the time in its name, of its database or of a stand-in.

    Otherwise it is a copy of a snapshot that has a time of its own.
    """
    if point.source_arn is None or read_name(point.identifier, prefix) is not None:
        return True
    return parse(name_of(point.source_arn), prefix, point.account) == lineage


def region_of_source(point: RecoveryPoint) -> str:
    """Read the Region of the source of a copy. RDS tells nothing else about where a cluster snapshot comes from."""
    return region_of(point.source_arn) if point.source_arn else point.region


def newest_by_database(offers: Iterable[Offer]) -> list[Offer]:
    """Keep one offer for each database: the newest.

    If that one also exists as our intermediate, the intermediate is kept.
    """
    newest: dict[Origin, Offer] = {}
    for offer in sorted(offers, key=lambda one: (one.lineage.original, one.point.is_intermediate)):
        newest[offer.lineage.origin] = offer
    return sorted(newest.values(), key=lambda one: one.point.identifier)


def start_of(point: RecoveryPoint) -> Start:
    """Gather what the route of a shared or own snapshot depends on. No such snapshot is under a key of AWS (law 2)."""
    return Start(point.kind, point.engine, "manual", "customer" if point.encrypted else "none")


def plan_copies(
    offer: Offer, wish: ReplicateWish, options: ReplicateOptions, *, single_step: bool = True
) -> list[Copy]:
    """Plan the copies that make an offered recovery point the DR site's own. The last copy is the one that lands."""
    last = last_copy(offer, wish, options)
    if offer.point.is_intermediate:
        return [first_copy(offer, options), last]
    return [last] if single_step or not last.is_single_step else in_two_steps(last)


def first_copy(offer: Offer, options: ReplicateOptions) -> Copy:
    """Describe an existing intermediate of ours as the Copy that makes or made it."""
    point = offer.point
    return Copy(
        kind=point.kind,
        identifier=identifier_of(offer),
        origin=offer.lineage.origin,
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
    """Build the copy that lands. Its source is the offered recovery point itself."""
    point = offer.point
    (step,) = to_own(start_of(point), Place(point.account, point.region), options.home)
    carried = carried_tags(offer.entry, options.tags) if offer.entry else {}
    more = {**carried, **options.tags, **recipe_tag(offer, options.prefix), **options.landing}
    copy = Copy(
        kind=point.kind,
        identifier=identifier_of(offer),
        origin=offer.lineage.origin,
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
    """Tell whether AWS can copy the option group as well: it does so for Oracle only (RDS API, CopyDBSnapshot)."""
    return point.engine.startswith("oracle") and custom(point.option_group) is not None


def recipe_tag(offer: Offer, prefix: str) -> dict[str, str]:
    """Build the tag with the database's configuration, if the manifest tells it.

    A stand-in is an instance, so the configuration of its cluster does not apply to it.
    """
    if offer.entry is None or offer.entry.recipe is None or offer.point.kind != offer.entry.database.kind:
        return {}
    return {RECIPE: as_tag(with_groups(offer.entry.recipe, prefix))}


def in_two_steps(copy: Copy) -> list[Copy]:
    """Split a copy in two: a first one to our own account in the source's Region, then one to our Region.

    The first one is never shared, so the key aws/rds is good enough. It also encrypts an unencrypted DB snapshot.
    """
    start = Start(copy.kind, copy.engine, "manual", "customer" if copy.kms_key_id else "none")
    source, home = Place(copy.source_account, copy.source_region), Place(copy.account, copy.region)
    step, last = to_own(start, source, home, single_step=False)
    first = replace(
        copy,
        region=step.region,
        kms_key_id=AWS_MANAGED_ALIAS if step.under == "own" else None,
        option_group=None,
        tags={**{key: value for key, value in copy.tags.items() if key != LANDED_MONTH}, STAGE: "intermediate"},
        reason=step.reason,
    )
    return [first, replace(copy, source_arn=first.arn, reason=last.reason)]


def as_own_offers(points: Iterable[RecoveryPoint], rows: Rows, options: ReplicateOptions) -> list[Offer]:
    """Turn our intermediates in other Regions into offers.

    They are finished even if their source is not offered any more.
    """
    home = options.home.region
    mine = [one for one in points if one.is_intermediate and not one.is_bad and one.region != home]
    named = [(own_lineage(one, options.prefix), one) for one in mine]
    return [
        Offer(one, lineage) for lineage, one in named if lineage is not None and (home, one.kind, one.name) not in rows
    ]


def database_arn(offer: Offer) -> str:
    """Find the ARN of the database that an offered recovery point was taken from."""
    if offer.entry is not None:
        return offer.entry.database.arn
    point = offer.point
    if point.is_intermediate:
        return point.database_arn or ""
    region = point.source_region or region_of_source(point)
    return arn_of_database(point.account, region, point.kind, point.identifier)


def identifier_of(offer: Offer) -> str:
    """Find the identifier of the original database."""
    return offer.entry.database.identifier if offer.entry else offer.point.identifier


def original_resource_id(offer: Offer) -> str | None:
    """Find the resource ID of the original database. For a stand-in, only the manifest or our own tag tells it."""
    if offer.entry is not None:
        return offer.entry.database.resource_id
    return offer.point.tags.get(RESOURCE_ID, offer.point.resource_id)


def why_not_copyable(offer: Offer, keys: Mapping[str, Key], refused: Mapping[str, str]) -> str | None:
    """Explain why an offer that is not here yet cannot be copied, with the remedy, or return None if it can be."""
    key_id = offer.point.kms_key_id or ""
    if key_id in refused:
        return (
            f"its key cannot be used from here ({refused[key_id]}). Allow this account in the key policy of {key_id}."
        )
    if key_id in keys and keys[key_id].is_out_of_use:
        return f"its key {key_id} is {keys[key_id].state}. Enable it."
    return None


def landed_entries(copies: Iterable[Copy], rows: Rows, prefix: str, now: str) -> list[Landed]:
    """List the copies that have landed: those that are available, ours, and like their sources.

    :param now: the time of landing to record, as an ISO string.
    """
    found = [(copy, rows[copy.key]) for copy in copies if copy.key in rows]
    return [
        Landed(row.name, row.arn, now)
        for copy, row in found
        if row.is_available and is_our_point(row, prefix) and why_not_landed(copy, row) is None
    ]


def why_not_landed(copy: Copy, row: RecoveryPoint) -> str | None:
    """Explain why an available copy has not landed, and what to do, or return None when it has.

    Only what AWS shows of both the copy and its source can differ. But nothing lands while its key is not known.
    """
    if row.encrypted and row.kms_key_id is None:
        return f"AWS does not say under which key {row.name} is. Run again when it does."
    known = [(what, wanted, found) for what, wanted, found in compared(copy, row) if None not in (wanted, found)]
    problems = [f"{what} is {found!r} instead of {wanted!r}" for what, wanted, found in known if wanted != found]
    if copy.kms_key_id and not row.encrypted:
        problems.append("it is not encrypted")
    if not problems:
        return None
    return f"{row.name} does not match its source: {'; '.join(problems)}. Delete it and run again."


def compared(copy: Copy, row: RecoveryPoint) -> Iterator[tuple[str, object, object]]:
    """List what must be alike in a copy and its source: what it is, and its two values.

    A copy under another key of the DR account is as good: the site had another key when it was made.
    """
    yield "engine", copy.engine, row.engine
    if not belongs_to(row.kms_key_id, copy.account):
        yield "key", copy.kms_key_id or "none", row.kms_key_id
    # The size of a cluster snapshot says nothing (aws_rds.md 1.9).
    if row.kind == "instance":
        yield "size", copy.size_gib, row.size_gib
    # Each stand-in of a Multi-AZ DB cluster has its own resource ID. After a stand-in's snapshot was deleted at the
    # source, another stand-in may have replaced it: it is the same recovery point under another resource ID.
    if row.database_kind == row.kind:
        yield "resource id", copy.resource_id, row.resource_id
