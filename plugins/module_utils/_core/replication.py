# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The DR side: what was published for this account, what of it to copy, and what has landed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .manifest import Landed, Published
from .model import RESOURCE_ID, DatabaseId, Key, RecoveryPoint
from .naming import Lineage, digest_of, parse
from .plan import Copy, Rows
from .publication import tags_for
from .routes import replicate_hop


@dataclass(frozen=True, slots=True)
class Offer:
    """A recovery point that a source account shared with ours, its lineage proven."""

    point: RecoveryPoint
    lineage: Lineage
    is_visible: bool = True  # else only a manifest speaks of it: no longer, or not yet, shared


@dataclass(frozen=True, slots=True)
class Refusal:
    """A shared snapshot that is not adopted, and why."""

    arn: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReplicateOptions:
    prefix: str
    source_accounts: frozenset[str]
    kms_key_arn: str
    region: str
    tags: Mapping[str, str] = field(default_factory=dict)


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
    if not proves(lineage, point, published.get(point.arn)):
        return Refusal(point.arn, "its name does not belong to the database that it was taken from")
    return Offer(point, lineage)


def offer_of(entry: Published, options: ReplicateOptions) -> Offer | Refusal:
    """A recovery point that a manifest names and that is not visibly shared."""
    if entry.database.account not in options.source_accounts:
        return Refusal(entry.arn, f"account {entry.database.account} is not one of source_accounts")
    point = RecoveryPoint(
        kind=entry.database.kind,
        name=entry.name,
        arn=entry.arn,
        account=entry.database.account,
        region=entry.arn.split(":")[3],
        origin="manual",
        status="available",
        engine=entry.engine,
        engine_version=entry.engine_version,
        identifier=entry.database.identifier,
        resource_id=entry.database.resource_id,
        size_gib=entry.size_gib,
        encrypted=entry.encrypted,
        kms_key_id=entry.kms_key_id,
        source_region=entry.database.region,
    )
    return Offer(point, entry.lineage, is_visible=False)


def proves(lineage: Lineage, point: RecoveryPoint, entry: Published | None) -> bool:
    """Whether the name's digest is that of the database; a published entry also vouches for the time."""
    if entry is not None:
        return entry.lineage == lineage
    regions = {point.region, point.source_region or point.region}
    return any(lineage.digest == digest_of(point.account, region, point.resource_id) for region in regions)


def newest_by_database(offers: Iterable[Offer]) -> list[Offer]:
    """One offer a database: the newest one."""
    newest: dict[str, Offer] = {}
    for offer in sorted(offers, key=lambda one: one.lineage.original):
        newest[offer.lineage.digest] = offer
    return sorted(newest.values(), key=lambda one: one.point.identifier)


def plan_copy(offer: Offer, options: ReplicateOptions) -> Copy:
    """How the DR site makes an offered recovery point its own."""
    point = offer.point
    hop = replicate_hop(point, options.kms_key_arn, options.region)
    return Copy(
        kind=point.kind,
        identifier=point.identifier,
        digest=offer.lineage.digest,
        name=point.name,
        source_arn=point.arn,
        source_region=point.region,
        size_gib=point.size_gib,
        engine=point.engine,
        reason=hop.reason,
        kms_key_id=hop.kms_key_id,
        tags=tags_for(database_arn(point), point.resource_id, offer.lineage, options.prefix, options.tags),
    )


def database_arn(point: RecoveryPoint) -> str:
    """Of the database that an offered recovery point was taken from."""
    region = point.source_region or point.region
    return DatabaseId(point.account, region, point.kind, point.identifier, point.resource_id).arn


def why_not_copyable(offer: Offer, keys: Mapping[str, Key], refused: Mapping[str, str]) -> str | None:
    """Why an offer that is not here yet cannot be copied, with the remedy; or None."""
    if not offer.is_visible:
        return "its source published it, but it is not shared with this account. Run publish at the source again."
    key_id = offer.point.kms_key_id or ""
    if key_id in refused:
        return f"its key cannot be used from here ({refused[key_id]}). Let the policy of {key_id} admit this account."
    if key_id in keys and not keys[key_id].is_enabled:
        return f"its key {key_id} is {keys[key_id].state}. Enable it."
    return None


def landed_points(copies: Iterable[Copy], rows: Rows, prefix: str, now: str) -> list[Landed]:
    """What of these is here, finished, ours and like its source."""
    found = [(copy, rows[copy.key]) for copy in copies if copy.key in rows]
    return [
        Landed(row.name, row.arn, now)
        for copy, row in found
        if row.is_available and row.is_owned_by(prefix) and why_not_landed(copy, row) is None
    ]


def why_not_landed(copy: Copy, row: RecoveryPoint) -> str | None:
    """What of an available copy differs from its source; None when it has landed."""
    problems = [
        f"{what} is {found!r} instead of {wanted!r}"
        for what, wanted, found in (
            ("engine", copy.engine, row.engine),
            ("size", copy.size_gib, row.size_gib),
            ("key", copy.kms_key_id, row.kms_key_id),
            ("resource id", copy.tags.get(RESOURCE_ID), row.resource_id),
        )
        if wanted != found
    ]
    return "; ".join(problems) or None
