# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The source side: which recovery point of each database the DR account should be offered, and how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .model import DATABASE, MANAGED_BY, ORIGINAL_TIME, RESOURCE_ID, Database, Key, RecoveryPoint, iso
from .naming import Lineage, lineage_of, name_for
from .plan import Copy
from .routes import Unsupported, publish_hop


@dataclass(frozen=True, slots=True)
class Publication:
    """The newest recovery point of a database on its way to the DR account, or why there is none."""

    database: Database
    source: RecoveryPoint | None = None
    lineage: Lineage | None = None
    copy: Copy | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class PublishOptions:
    prefix: str
    kms_key_id: str | None
    tags: Mapping[str, str]


def newest_automated(database: Database, points: Iterable[RecoveryPoint]) -> RecoveryPoint | None:
    """The newest finished automated snapshot of this very database, not of one that had its name before."""
    mine = [
        point
        for point in points
        if point.origin == "automated"
        and point.is_available
        and point.created is not None
        and (point.kind, point.resource_id) == (database.id.kind, database.id.resource_id)
    ]
    return max(mine, key=lambda point: (point.created, point.name), default=None)


def plan_publication(
    database: Database, source: RecoveryPoint | None, keys: Mapping[str, Key], options: PublishOptions
) -> Publication:
    """What must happen so that its newest automated snapshot may be copied by the DR account."""
    if source is None or source.created is None:
        return Publication(database, problem=no_snapshot(database))
    hop = publish_hop(source, keys.get(source.kms_key_id or ""), options.kms_key_id)
    if isinstance(hop, Unsupported):
        return Publication(database, problem=f"{source.name} cannot be published: {hop.reason}. {hop.remedy}.")
    lineage = lineage_of(database.id, source.original or source.created)
    copy = Copy(
        kind=database.id.kind,
        identifier=database.id.identifier,
        digest=lineage.digest,
        name=name_for(options.prefix, database.id.identifier, lineage),
        source_arn=source.arn,
        source_region=source.region,
        size_gib=source.size_gib,
        engine=source.engine,
        reason=hop.reason,
        kms_key_id=hop.kms_key_id,
        tags=tags_for(database.id.arn, database.id.resource_id, lineage, options.prefix, options.tags),
    )
    return Publication(database, source, lineage, copy)


def no_snapshot(database: Database) -> str:
    return (
        f"{database.id.identifier} has no finished automated snapshot yet."
        " Wait for its first backup, or set its backup retention period to a day or more."
    )


def tags_for(
    database_arn: str, resource_id: str, lineage: Lineage, prefix: str, extra: Mapping[str, str]
) -> dict[str, str]:
    """The tags of a recovery point that we make: ours, and what the caller adds."""
    return {
        **extra,
        MANAGED_BY: prefix,
        DATABASE: database_arn,
        RESOURCE_ID: resource_id,
        ORIGINAL_TIME: str(iso(lineage.original)),
    }
