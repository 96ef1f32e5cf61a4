# SPDX-License-Identifier: GPL-3.0-or-later
"""Check what requests ask of a database: names, engines, numbers, networks, groups. Nothing is changed here."""

from __future__ import annotations

import re
from typing import Any

from lifeboat_lab import keys
from lifeboat_lab.engines import SUPERUSER, offer
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import groups, known_groups, logins, names, network
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.kinds import INSTANCE, Kind
from lifeboat_lab.rds.world import Call, Place, World

INSTANCE_ENGINES = ("postgres", "mariadb", "mysql")
AURORA_ENGINES = ("aurora-postgresql", "aurora-mysql")
MULTI_AZ_ENGINES = ("postgres", "mysql")
SERVERLESS = "db.serverless"
# Parameters about the request itself, or kept elsewhere.
_NOT_KEPT = frozenset({
    "AllocatedStorage", "ApplyImmediately", "DBClusterIdentifier", "DBClusterSnapshotIdentifier",
    "DBInstanceIdentifier",
    "DBName", "DBSnapshotIdentifier", "DatabaseName", "Engine", "EngineVersion", "KmsKeyId", "ManageMasterUserPassword",
    "MasterUserPassword", "MasterUserSecretKmsKeyId", "MasterUsername", "NewDBClusterIdentifier",
    "NewDBInstanceIdentifier", "PreSignedUrl", "RotateMasterUserPassword", "SnapshotIdentifier", "SourceRegion",
    "StorageEncrypted", "Tags", "AllowMajorVersionUpgrade", "CloudwatchLogsExportConfiguration", "TagSpecifications",
})  # fmt: skip

_CLASS = re.compile(r"db\.[a-z][a-z0-9-]*\.[a-z0-9]+(\.[a-z0-9.]+)?\Z")
_USER = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")


def kept(params: dict[str, Any]) -> dict[str, Any]:
    """Return the settings in a request that a database keeps as they are."""
    return {name: value for name, value in params.items() if name not in _NOT_KEPT}


def required(params: dict[str, Any], name: str) -> Any:
    """Return a parameter that the model wrongly takes for optional.

    :raises AwsError: when a parameter is missing that the model takes for optional.
    """
    if not params.get(name):
        raise AwsError("InvalidParameterValue", f"The parameter {name} must be provided and must not be blank.")
    return params[name]


def new_name(world: World, call: Call, kind: Kind, parameter: str = "") -> str:
    """Return the identifier for a new database, or the new one of an old database.

    :raises AwsError: when it is not legal or taken.
    """
    parameter = parameter or kind.identifier
    name = names.identifier(call.params[parameter], parameter)
    if name in world.place(call.account, call.region).databases[kind.name]:
        raise AwsError(kind.exists, f"{kind.noun} {name} already exists.")
    return name


def check_quota(world: World, call: Call, kind: Kind) -> None:
    """Check the quota of databases. Members of clusters count as instances (aws_rds.md 4).

    :raises AwsError: when there are as many as there may be.
    """
    most = world.settings.quotas[kind.database_quota]
    if len(world.place(call.account, call.region).databases[kind.name]) >= most:
        raise AwsError(
            kind.quota_exceeded, f"The request would exceed the quota of {most} {kind.noun}s.", kind.quota_status
        )


def check_storage_quota(world: World, call: Call, gib: int) -> None:
    """Check the storage quota for a new DB instance that is not Aurora's.

    :raises AwsError: when all together would have more than there may be.
    """
    most = world.settings.quotas["storage"]
    if allocated_storage(world.place(call.account, call.region)) + gib > most:
        raise AwsError("StorageQuotaExceeded", f"The request would exceed the quota of {most} GiB of storage.")


def allocated_storage(place: Place) -> int:
    """Return the storage of all DB instances in GiB, without Aurora's (Service Quotas, "Total storage for all DB
    instances")."""
    return sum(one.storage for one in place.databases["instance"].values() if not one.is_aurora)


def engine(world: World, name: str, wanted: str | None, kind: Kind, *, multi_az: bool = False) -> tuple[str, str]:
    """Return the engine and the version that has a real server here; any in a lab without servers.

    :raises AwsError: for any other.
    """
    version = world.engines.version(name)
    if world.engines.metadata_only:
        return name, wanted or version
    offered = INSTANCE_ENGINES if kind is INSTANCE else MULTI_AZ_ENGINES if multi_az else AURORA_ENGINES
    if name not in offered:
        raise AwsError("InvalidParameterValue", f"Invalid DB engine: {name}. The lab has {', '.join(offered)}.")
    if reason := world.engines.why_not(name):
        raise AwsError("InvalidParameterValue", f"Invalid DB engine: {name}. {reason}")
    if wanted and not offer(name).covers(version, wanted):
        raise AwsError(
            "InvalidParameterCombination", f"Cannot find version {wanted} for {name}. The lab has {version}."
        )
    return name, version


def master_username(params: dict[str, Any]) -> str:
    """Return the legal master user name of a request.

    :raises AwsError: when it is missing, or not a legal name for a user.
    """
    name = str(required(params, "MasterUsername"))
    if name == SUPERUSER:
        raise AwsError("InvalidParameterValue", f"MasterUsername {name} cannot be used as it is a reserved word.")
    longest = 63 if "postgres" in params["Engine"] else 16
    if not _USER.match(name) or len(name) > longest:
        raise AwsError("InvalidParameterValue", f"The parameter MasterUsername is not valid: {name}")
    return name


def database_name(params: dict[str, Any]) -> str | None:
    """Return the legal database name of a request, if it gives one.

    :raises AwsError: when it is not a legal name for a database.
    """
    name = params.get("DBName") or params.get("DatabaseName")
    if name and not _DATABASE.match(name):
        raise AwsError("InvalidParameterValue", f"The parameter DatabaseName is not valid: {name}")
    return str(name) if name else None


def key(world: World, call: Call) -> str | None:
    """Return the key of new storage. Aurora storage is always encrypted since 2026-02-18 (aws_rds.md 0).

    :raises AwsError: when the wanted key cannot be used.
    """
    name, wanted = call.params.get("KmsKeyId"), call.params.get("StorageEncrypted")
    if not name and not wanted:
        aurora = call.params["Engine"].startswith("aurora")
        return keys.AWS_OWNED if aurora and world.settings.rules["aurora_encrypted_by_default"] else None
    if name and wanted is False:
        raise AwsError("InvalidParameterCombination", "KmsKeyId needs StorageEncrypted.")
    return world.keys.for_rds(name or keys.MANAGED_ALIAS, call.caller, call.region, keys.TO_RUN).arn


def check_numbers(params: dict[str, Any], kind: Kind) -> None:
    """Check the numbers and the class of a request.

    :raises AwsError: when a number or a class is not legal.
    """
    least = 0 if kind is INSTANCE else 1
    for name, low, high in (("BackupRetentionPeriod", least, 35), ("Port", 1150, 65535), ("DBPortNumber", 1150, 65535),
                            ("PromotionTier", 0, 15)):  # fmt: skip
        value = params.get(name)
        if value is not None and not low <= value <= high:
            raise AwsError("InvalidParameterValue", f"Invalid {name}: {value}. It must be from {low} to {high}.")
    for name in ("DBInstanceClass", "DBClusterInstanceClass"):
        check_class(params.get(name))
    check_scaling(params.get("ServerlessV2ScalingConfiguration"))


def check_class(name: str | None) -> None:
    """Check that an instance class exists.

    :raises AwsError: when it does not exist.
    """
    if name and name != SERVERLESS and not _CLASS.match(name):
        raise AwsError("InvalidParameterValue", f"Invalid DB Instance class: {name}")


def check_scaling(wanted: dict[str, Any] | None) -> None:
    """Check the scaling of Aurora Serverless v2.

    :raises AwsError: when Aurora Serverless v2 cannot scale like that.
    """
    if not wanted:
        return
    low, high = wanted.get("MinCapacity"), wanted.get("MaxCapacity")
    if low is None or high is None or not 0 <= low <= high or not 1 <= high <= 256 or low * 2 % 1 or high * 2 % 1:
        raise AwsError(
            "InvalidParameterValue", f"Serverless v2 capacities must be half steps up to 256: {low}, {high}."
        )


def check_place(
    world: World, call: Call, kind: Kind, engine: str, version: str, present: Database | None = None
) -> None:
    """Check that networks and groups exist, and fit the engine and the present network (aws_rds.md 7.1).

    :raises AwsError: when one does not.
    """
    params, where = call.params, (call.account, call.region)
    network.check(world, call)
    logins.check_option(world, engine, params)
    name = params.get("DBSubnetGroupName") or (present.data.options.get("DBSubnetGroupName") if present else None)
    subnets = network.subnet_group(world, name, *where)
    network.check_vpc(call, subnets, public=params.get("PubliclyAccessible"))
    if params.get("MultiAZ") and params.get("AvailabilityZone"):
        raise AwsError(
            "InvalidParameterCombination",
            "Requesting a specific availability zone is not valid for Multi-AZ instances.",
        )
    known_groups.check_parameter_group(
        world, *where, params.get(f"{groups.parameter_group_noun(kind)}Name"), engine, version, kind
    )
    if params.get("OptionGroupName"):
        known_groups.option_group_for(world, *where, params["OptionGroupName"], engine, version, subnets["VpcId"])
