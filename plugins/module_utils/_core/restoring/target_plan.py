# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of restores: which target a recovery point becomes, and what is wrong with one that cannot be restored."""

from __future__ import annotations

from dataclasses import replace

from ..arns import account_of
from ..model import (
    DATABASE,
    DRILL_ID,
    EXPIRES,
    MANAGED_BY,
    PURPOSE,
    RECOVERY_ID,
    RECOVERY_POINT,
    Configuration,
    RecoveryPoint,
    iso,
)
from ..naming import MAX_LENGTH, Lineage, recovered_name, restored_name
from ..option_groups import custom
from ..recipe import configuration_of
from .target import Original, Placement, RestoreOptions, Setup, Target

MAX_TAGS = 50  # of a database
RESERVED = "aws:"  # tags that only AWS may give
SERVERLESS_CLASS = "db.serverless"
DEFAULT_CLASS = "db.t4g.medium"
PROVISIONED_FROM = 400  # GiB: smaller gp3 volumes cannot have provisioned IOPS or throughput


def why_not_restorable(point: RecoveryPoint, account: str) -> str | None:
    """Explain why a recovery point cannot be restored, or return None if it can.

    Whatever a restore needs must not depend on another account.
    """
    key = point.kms_key_id
    if key is not None and key.startswith("arn:") and account_of(key) != account:
        return f"it is under the key {key} of another account. Copy it under a key of account {account}."
    if point.kind == "cluster" and not point.engine.startswith("aurora"):
        return "it is the snapshot of a Multi-AZ DB cluster. Restore that of a stand-in, which snapshot_copy makes."
    return None


def why_not_recoverable(point: RecoveryPoint, options: RestoreOptions) -> str | None:
    """Explain why a recovery cannot choose an instance class, or return None if it can.

    A drill has a default class, but a class for production must have been chosen by somebody.
    """
    told = configuration_of(point)
    if options.purpose == "drill" or options.instance_class or options.serverless or (told and told.instance_class):
        return None
    if options.fallback_class:
        return None
    return (
        "its recovery point does not tell the class of the original. Set db_instance_class. For all such databases, set"
        " fallback_class."
    )


def plan_target(lineage: Lineage, point: RecoveryPoint, options: RestoreOptions) -> Target:
    """Plan the database to create from a recovery point. Every run plans the same one.

    :raises LifeboatError: when a recovery cannot have its identifier.
    """
    known = configuration_of(point)
    target = Target(
        kind=point.kind,
        name=name_of_target(lineage, point, options),
        tags=tags_for(point, options),
        original=original_of(lineage, point),
        setup=setup_of(point, options, fitting(known or Configuration(), point)),
        placement=Placement(options.subnet_group, list(options.security_groups)),
        purpose=options.purpose,
        kms_key_id=options.kms_key_id,
        iam=options.iam,
        backup_retention_days=options.backup_retention_days,
    )
    fallback = fallback_of(options, known)
    told = [f"class: {fallback}, the fallback class, since no recipe tells the original's"] if fallback else []
    return replace(target, unlike=told + unlike(target, known))


def original_of(lineage: Lineage, point: RecoveryPoint) -> Original:
    """Gather the facts about the recovery point and its database."""
    return Original(
        kind=point.database_kind,
        identifier=point.database,
        source=point.database_arn or point.database,
        tags=point.database_tags,
        lineage=str(lineage),
        original_time=str(iso(lineage.original)),
        database_time=iso(point.database_time),
        recovery_point=point.name,
        recovery_point_arn=point.arn,
        region=point.region,
        engine=point.engine,
        engine_version=point.engine_version,
        size_gib=point.size_gib,
        encrypted=point.encrypted,
        kms_key_id=point.kms_key_id,
    )


def setup_of(point: RecoveryPoint, options: RestoreOptions, told: Configuration) -> Setup:
    """Decide the configuration: what the options set, otherwise what the recovery point tells about the original."""
    wanted = options.instance_class or told.instance_class or fallback_of(options, told) or DEFAULT_CLASS
    serverless = options.serverless or (capacity(told.serverless) if wanted == SERVERLESS_CLASS else None)
    is_serverless = serverless is not None and point.kind == "cluster"
    return Setup(
        instance_class=SERVERLESS_CLASS if is_serverless else wanted,
        multi_az=options.purpose == "recovery" and wants_multi_az(point, options, told),
        serverless=dict(serverless or {}) if is_serverless else None,
        option_group=custom(point.option_group),
        parameter_group=options.parameter_group or told.parameter_group,
        cluster_parameter_group=options.cluster_parameter_group or told.cluster_parameter_group,
        storage_type=told.storage_type,
        iops=told.iops,
        throughput=told.throughput,
    )


def fallback_of(options: RestoreOptions, told: Configuration | None) -> str | None:
    """Return the fallback class if a recovery has to use it: nothing else tells a class."""
    is_told = options.instance_class or options.serverless or (told and told.instance_class)
    return options.fallback_class if options.purpose == "recovery" and not is_told else None


def wants_multi_az(point: RecoveryPoint, options: RestoreOptions, told: Configuration) -> bool:
    """Decide about a standby in another Availability Zone. Only instances have one; clusters have members instead."""
    wanted = told.multi_az if options.multi_az is None else options.multi_az
    return bool(wanted) and point.kind == "instance"


def fitting(told: Configuration, point: RecoveryPoint) -> Configuration:
    """Drop those settings that RDS would refuse for this restore.

    For gp3, it accepts provisioned IOPS and throughput only from 400 GiB on (RDS User Guide). A volume of an unknown
    size counts as smaller: a restore without them succeeds in any case.
    """
    is_small = told.storage_type == "gp3" and (point.size_gib is None or point.size_gib < PROVISIONED_FROM)
    told = replace(told, iops=None, throughput=None) if is_small else told
    return told if point.kind == "cluster" else replace(told, cluster_parameter_group=None)


def capacity(text: str | None) -> dict[str, float] | None:
    """Read the capacity of Aurora Serverless v2, such as ``0.5-8.0``, or return None if there is none."""
    least, _dash, most = (text or "").partition("-")
    try:
        return {"min": float(least), "max": float(most)}
    except ValueError:
        return None


def unlike(target: Target, told: Configuration | None) -> list[str]:
    """List how the configuration differs from the original's, or that it is not known.

    A drill does not prove these points.
    """
    if told is None or target.is_stand_in:
        return ["parameters, options, class and storage: the recovery point does not contain the original's"]
    pairs = (
        ("class", target.setup.instance_class, told.instance_class),
        ("DB parameter group", target.setup.parameter_group, told.parameter_group),
        ("DB cluster parameter group", target.setup.cluster_parameter_group, told.cluster_parameter_group),
        ("option group", target.setup.option_group, custom(told.option_group)),
    )
    groups = [
        f"{what}: {have or 'the default'} instead of {want or 'the default'}"
        for what, have, want in pairs
        if have != want
    ]
    alone = "Availability Zones: one instead of several"
    return groups + ([alone] if told.multi_az and not target.setup.multi_az else [])


def name_of_target(lineage: Lineage, point: RecoveryPoint, options: RestoreOptions) -> str:
    """Build the identifier of the restored database.

    A drill's database gets a temporary name. A recovery's gets the original's, which applications know, or restore_as.

    :raises LifeboatError: when a recovery cannot have its identifier.
    """
    if options.purpose == "drill":
        return restored_name(options.prefix, options.drill_id, point.database, lineage.digest)
    longest = MAX_LENGTH - 2 if point.kind == "cluster" else MAX_LENGTH  # room for the "-1" of its member
    return recovered_name(options.restore_as, point.database, options.prefix, longest)


def tags_for(point: RecoveryPoint, options: RestoreOptions) -> dict[str, str]:
    """Build the tags of the restored database: its purpose, its run, and for a drill when it expires."""
    ours = {MANAGED_BY: options.prefix, PURPOSE: options.purpose, RECOVERY_POINT: point.name}
    if options.purpose == "drill":
        return {**ours, DRILL_ID: options.drill_id, EXPIRES: str(iso(options.expires))}
    return with_original_tags(point, {**ours, RECOVERY_ID: options.drill_id})


def with_original_tags(point: RecoveryPoint, ours: dict[str, str]) -> dict[str, str]:
    """Add the tags of the original, as far as they were copied along and RDS allows, and the original's ARN."""
    own = {**ours, **({DATABASE: point.database_arn} if point.database_arn else {})}
    theirs = sorted((key, value) for key, value in point.database_tags.items() if not key.startswith(RESERVED))
    return {**dict(theirs[: MAX_TAGS - len(own)]), **own}
