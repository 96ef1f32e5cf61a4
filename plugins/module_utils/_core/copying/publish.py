# SPDX-License-Identifier: GPL-3.0-or-later
"""The source side: which recovery point of each database to offer to the DR account, and how to get it there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..model import (
    STAGE,
    Database,
    Key,
    Kind,
    RecoveryPoint,
)
from ..naming import Lineage, intermediate_name, name_for
from ..option_groups import Groups, why_not_usable
from .intermediates import tags_for
from .newest import Chosen, Source, choose
from .plan import Copy, Rows
from .routes import Encryption, Place, RouteStep, Start, Steps, Unsupported, is_multi_az_cluster, to_publish
from .stand_in import StandIn, StandInOptions, arn_of, plan_stand_in

# What the user can do so that RDS takes snapshots of a database again, by the state of the database.
REMEDIES = {
    "inaccessible-encryption-credentials": "Restore it from one of its recovery points",
    "inaccessible-encryption-credentials-recoverable": "Enable its KMS key and start it",
    "stopped": "Start it",
    "stopping": "Start it",
}


@dataclass(frozen=True, slots=True)
class PublishWish:
    """The wanted way of publishing one database."""

    source: Source
    interval: timedelta
    kms_key_id: str | None = None
    option_group: str | None = None


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """The settings of a source site that hold for all its databases."""

    prefix: str
    home: Place
    publish_in: str  # the Region in which the recovery points are offered
    is_shared: bool  # whether the recovery points are shared with the DR account
    tags: Mapping[str, str]
    stand_in: StandInOptions | None = None
    snapshot_time: datetime | None = None  # in the names of taken snapshots, instead of the current time


@dataclass(frozen=True, slots=True)
class Publication:
    """The recovery point of one database and the copies that bring it to where it is offered, or why there is none."""

    database: Database
    wish: PublishWish
    chosen: Chosen | None = None
    copies: tuple[Copy, ...] = ()  # in order; the last one is offered
    stand_in: StandIn | None = None
    problem: str | None = None
    is_early: bool = False  # whether the problem is only that it has no snapshot yet

    @property
    def offered(self) -> Copy | None:
        return self.copies[-1] if self.copies else None

    def is_done(self, rows: Rows) -> bool:
        """Tell whether the offered snapshot exists already, in whatever state."""
        return self.offered is not None and self.offered.key in rows


def begin(
    database: Database, points: Iterable[RecoveryPoint], wish: PublishWish, options: PublishOptions, now: datetime
) -> Publication:
    """Choose which recovery point of a database to offer, and its name. How it gets there is planned in complete."""
    if database.is_custom:
        return Publication(database, wish, problem=not_movable(database))
    chosen = choose(database, points, wish.source, options.prefix, wish.interval, now, options.snapshot_time)
    if chosen is None:
        is_early = wish.source != "snapshot"
        return Publication(database, wish, problem=no_snapshot(database, wish.source), is_early=is_early)
    # A stopped database has no new data to lose, nor has one that is being deleted. A broken one may have.
    is_lost = chosen.is_overdue and database.is_broken and database.status != "deleting"
    problem = not_taken(database) if is_lost else None
    return Publication(database, wish, chosen, (offered_copy(database, chosen, options),), problem=problem)


def offered_copy(database: Database, chosen: Chosen, options: PublishOptions) -> Copy:
    """Build the last copy of a publication. Its source and its reason are set later, in build."""
    point, lineage = chosen.point, chosen.lineage
    is_cluster = is_multi_az_cluster(database.id.kind, database.engine)
    return Copy(
        kind="instance" if is_cluster else database.id.kind,
        identifier=database.id.identifier,
        origin=lineage.origin,
        name=name_for(options.prefix, database.id.identifier, lineage),
        account=options.home.account,
        region=options.publish_in,
        source_arn=point.arn if point else database.id.arn,
        size_gib=point.size_gib if point else None,
        engine=database.engine,
        reason="",
        resource_id=database.id.resource_id,
        tags=tags_for(database.id.arn, database.id.resource_id, lineage, options.prefix, options.tags),
    )


def complete(
    publication: Publication,
    keys: tuple[Mapping[str, Key], Mapping[str, str]],
    kms_keys: Mapping[str, str],
    groups: tuple[Groups, Groups],
    options: PublishOptions,
) -> Publication:
    """Plan all copies that a publication needs, in order, each with its key and its reason.

    :param keys: the keys of the snapshots by key ID, and for those that cannot be read the reason by key ID.
    :param kms_keys: the ARN of each key that a wish names.
    :param groups: the option groups at home, and those of the Region where it is offered.
    """
    database, wish, chosen, last = publication.database, publication.wish, publication.chosen, publication.offered
    if chosen is None or last is None:
        return publication
    what = chosen.point.name if chosen.point else database.id.identifier
    if problem := why_not_readable(database, chosen.point, *keys):
        return refuse(publication, what, problem)
    start = start_of(database, chosen.point, keys[0], groups[0])
    steps = to_publish(start, options.home, options.publish_in, share=options.is_shared)
    if isinstance(steps, Unsupported):
        return refuse(publication, what, steps)
    if any(step.under == "customer" for step in steps) and wish.kms_key_id is None:
        return refuse(publication, what, no_key(start.encryption))
    if problem := why_no_option_group(start, wish, groups[1], options):
        return refuse(publication, what, problem)
    if start.is_of_multi_az_cluster and options.stand_in is None:
        return refuse(publication, what, no_place(database))
    return build(publication, chosen, last, steps, kms_keys.get(wish.kms_key_id or ""), options)


def refuse(publication: Publication, what: str, why: Unsupported) -> Publication:
    """Record why a database cannot be published, instead of its copies."""
    return replace(publication, copies=(), problem=f"{what} cannot be published: {why.reason}. {why.remedy}.")


def why_not_readable(
    database: Database, point: RecoveryPoint | None, keys: Mapping[str, Key], refused: Mapping[str, str]
) -> Unsupported | None:
    """Explain why nothing can be made from a snapshot because of its key, or return None if its key is usable.

    A key that is disabled or cannot be read rules out every route.
    """
    key_id = point.kms_key_id if point else database.kms_key_id
    if key_id is None:
        return None
    key = keys.get(key_id)
    if key is None:
        why = f"its key {key_id} cannot be read: {refused[key_id].rstrip('.')}"
        return Unsupported(why, "Allow kms:DescribeKey on it for this role, if the key still exists")
    if key.is_out_of_use:
        return Unsupported(f"its key {key.arn} is {key.state}", "Enable the key, or cancel its deletion")
    return None


def start_of(database: Database, point: RecoveryPoint | None, keys: Mapping[str, Key], groups: Groups) -> Start:
    """Gather what the route depends on.

    A manual snapshot counts as automated here: its name has no lineage, so it is copied once as well.
    """
    origin = "manual" if point is None else "automated" if point.origin == "manual" else point.origin
    name = point.option_group if point else database.option_group
    group = groups.get(name) if name else None
    return Start(
        kind=database.id.kind,
        engine=database.engine,
        origin=origin,
        encryption=encryption_of(point or database, keys),
        options=group.persistent if group else frozenset(),
    )


def encryption_of(one: Database | RecoveryPoint, keys: Mapping[str, Key]) -> Encryption:
    """Classify the encryption of a database or snapshot for the route."""
    if not one.encrypted:
        return "none"
    if one.kms_key_id is None:
        return "aws-owned"  # sse-rds: the account has no key for it
    return "aws-managed" if keys[one.kms_key_id].is_aws_managed else "customer"


def no_key(encryption: Encryption) -> Unsupported:
    """Explain that a copy needs a KMS key and the wish names none."""
    under = {"aws-managed": "the AWS-managed key aws/rds", "aws-owned": "an AWS-owned key"}.get(encryption)
    why = f"it is encrypted under {under}, which no other account can use" if under else "it needs a key in that Region"
    return Unsupported(why, "Set kms_key_id to a customer managed key whose policy admits the DR account")


def no_place(database: Database) -> Unsupported:
    """Explain that a Multi-AZ DB cluster needs a place for a stand-in and none is set."""
    return Unsupported(
        f"{database.id.identifier} is a Multi-AZ DB cluster, whose snapshots can be neither copied nor shared",
        "Set stand_in with a private subnet group, in which a temporary instance may stand in for it",
    )


def why_no_option_group(start: Start, wish: PublishWish, groups: Groups, options: PublishOptions) -> Unsupported | None:
    """Explain why a copy in another Region lacks a usable option group, or return None if it does not.

    In another Region a copy gets the default option group, unless option_group is set.
    """
    if options.publish_in == options.home.region:
        return None
    if wish.option_group is None:
        lost = ", ".join(sorted(start.options))
        remedy = f"Create an option group with it in {options.publish_in}, and set option_group to its name"
        return Unsupported(f"its data depend on the option {lost}", remedy) if start.options else None
    problem = why_not_usable(wish.option_group, start.engine, start.options, groups, options.publish_in)
    return Unsupported(*problem) if problem else None


def build(
    publication: Publication,
    chosen: Chosen,
    last: Copy,
    steps: Steps,
    kms_key: str | None,
    options: PublishOptions,
) -> Publication:
    """Turn route steps into Copy objects. A snapshot taken only as an intermediate gets its own name."""
    copying = [step for step in steps if step.action == "copy"]
    reasons = {step.action: step.reason for step in steps}
    copies: tuple[Copy, ...] = ()
    stand_in = None
    source = last.source_arn
    if options.stand_in and "restore" in reasons:
        copies = () if chosen.point else (taken_copy(last, source, chosen.lineage, options, kind="cluster"),)
        point = copies[0].arn if copies else source
        stand_in = plan_stand_in(last.identifier, last.engine, point, chosen.lineage, options.prefix, options.stand_in)
        source = arn_of(stand_in.name, options.home.account, options.home.region)
    if stand_in or chosen.point is None:
        taken = taken_copy(last, source, chosen.lineage, options, is_offered=not copying)
        taken = replace(taken, reason=reasons.get("take", taken.reason))
        copies, source = (*copies, taken), taken.arn
    for step in copying:
        copy = replace(last, source_arn=source, reason=step.reason)
        copies += (keyed(copy, step, kms_key, publication.wish, options),)
    return replace(publication, copies=copies, stand_in=stand_in)


def taken_copy(
    last: Copy,
    source: str,
    lineage: Lineage,
    options: PublishOptions,
    *,
    kind: Kind | None = None,
    is_offered: bool = False,
) -> Copy:
    """Build the copy that takes a snapshot of a database or of a stand-in, in the database's own Region.

    Unless this snapshot is the one to offer, it gets the name and the tag of an intermediate.
    """
    reason = "a snapshot taken for this recovery point"
    taken = replace(last, source_arn=source, region=options.home.region, reason=reason, kind=kind or last.kind)
    if is_offered:
        return taken
    name = intermediate_name(options.prefix, last.identifier, lineage)
    return replace(taken, name=name, tags={**last.tags, STAGE: "intermediate"})


def keyed(copy: Copy, step: RouteStep, kms_key: str | None, wish: PublishWish, options: PublishOptions) -> Copy:
    """Set the key and the option group of a copy. Only a DB snapshot in another Region needs an option group."""
    group = wish.option_group if copy.region != options.home.region and copy.kind == "instance" else None
    return replace(copy, kms_key_id=kms_key if step.under == "customer" else None, option_group=group)


def no_snapshot(database: Database, source: Source) -> str:
    """Explain why a database has no snapshot to publish, and what to do."""
    if source == "snapshot":
        return not_taken(database)
    if source == "automated":
        remedy = "Wait for its first backup, or set its backup retention period to at least one day."
    else:
        remedy = "Create one, or set source to snapshot so that one is taken."
    return f"{database.id.identifier} has no finished {source} snapshot yet. {remedy}"


def not_movable(database: Database) -> str:
    """Explain that no snapshot of RDS Custom can leave the account (CopyDBSnapshot), and what to do."""
    return (
        f"{database.id.identifier} cannot be published: it is RDS Custom ({database.engine}), whose snapshots cannot be"
        " copied. Back it up otherwise, and say protect: false with a reason for it."
    )


def not_taken(database: Database) -> str:
    """Explain why no snapshot of a database is taken, and what to do. AWS would refuse every attempt."""
    name, remedy = database.id.identifier, REMEDIES.get(database.status, "Look at its events in RDS")
    return f"{name} is {database.status}, and RDS takes snapshots only of available databases. {remedy}."
