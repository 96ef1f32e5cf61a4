# SPDX-License-Identifier: GPL-3.0-or-later
"""Show databases as RDS does (API Reference, DBInstance and DBCluster)."""

from __future__ import annotations

from typing import Any

from lifeboat_lab import keys
from lifeboat_lab.engines import offer
from lifeboat_lab.rds import changes, groups, members, names, network, replication, storage
from lifeboat_lab.rds.database import LONGEST_STOP, Database
from lifeboat_lab.rds.network import HOST
from lifeboat_lab.rds.passwords import STATUS as RESETTING
from lifeboat_lab.rds.world import World

HOSTED_ZONE = "Z1PVIF0B656C1W"
CERTIFICATE = "rds-ca-rsa2048-g1"
# 2061-05-20, when that authority's own certificate ends.
CERTIFICATE_ENDS = 2_884_032_000.0


def answer(world: World, found: Database) -> dict[str, Any]:
    """Build what most calls about one database return."""
    return {found.kind.noun: database(world, found)}


def database(world: World, found: Database) -> dict[str, Any]:
    return cluster(world, found) if found.is_cluster else instance(world, found)


def instance(world: World, found: Database) -> dict[str, Any]:
    """Build a DBInstance row."""
    now, options = world.now(), found.options
    status = found.status(now)
    group = _group(world, found)
    row = _common(world, found, status) | _storage(found) | _place(found, group)
    row |= {
        "DBInstanceStatus": status,
        "DBName": found.database_name,
        "DBSubnetGroup": group,
        "DBInstanceArn": found.arn,
        "DbiResourceId": found.resource_id,
        "DBClusterIdentifier": found.cluster.identifier if found.cluster else None,
        "DBParameterGroups": [_parameter_group(found)],
        "OptionGroupMemberships": [_option_group(found)],
        "PromotionTier": options.get("PromotionTier", 1) if found.cluster else None,
        "LicenseModel": options.get("LicenseModel") or offer(found.engine).license_model,
        "MultiAZ": bool(options.get("MultiAZ")),
        "PubliclyAccessible": bool(options.get("PubliclyAccessible")),
        "MaxAllocatedStorage": _limit(found),
        "StorageOperationStatus": _OPERATIONS.get(status),
        **replication.shown(world, found),
    }
    if found.has_endpoint(now):
        row["InstanceCreateTime"] = found.created
        row["Endpoint"] = {"Address": HOST, "Port": found.port, "HostedZoneId": HOSTED_ZONE}
    return _INSTANCE_DEFAULTS | _shown(options, _INSTANCE_DEFAULTS) | row


def cluster(world: World, found: Database) -> dict[str, Any]:
    """Build a DBCluster row. Its endpoint is named from the start; for Aurora it answers only through a member."""
    options = found.options
    status = found.status(world.now())
    group = _group(world, found)
    row = _common(world, found, status) | _place(found, group) | {
        "Status": status,
        "DatabaseName": found.database_name,
        "DBSubnetGroup": group["DBSubnetGroupName"],
        "AvailabilityZones": sorted({each["SubnetAvailabilityZone"]["Name"] for each in group["Subnets"]})[:3],
        "Endpoint": HOST,
        "ReaderEndpoint": HOST,
        "Port": found.port,
        "HostedZoneId": HOSTED_ZONE,
        "DBClusterArn": found.arn,
        "DbClusterResourceId": found.resource_id,
        "ClusterCreateTime": found.created,
        "DBClusterParameterGroup": _group_name(found),
        "DBClusterOptionGroupMemberships": [
            {"DBClusterOptionGroupName": _option_group_name(found), "Status": "in-sync"}
        ],
        "DBClusterMembers": [_member(found, member) for member in found.members],
        "HttpEndpointEnabled": bool(options.get("EnableHttpEndpoint")),
        "MultiAZ": found.is_multi_az_cluster or len(found.members) > 1,
        **replication.shown(world, found),
    }  # fmt: skip
    if found.is_multi_az_cluster:
        row |= _storage(found) | {name: options.get(name) for name in ("DBClusterInstanceClass", "PubliclyAccessible")}
    elif options.get("StorageType") == "aurora-iopt1":
        # The other type is not shown (API Reference, CreateDBCluster, StorageType).
        row["StorageType"] = "aurora-iopt1"
    return _CLUSTER_DEFAULTS | _shown(options, _CLUSTER_DEFAULTS) | row


def _common(world: World, found: Database, status: str) -> dict[str, Any]:
    data, options = found.data, found.options
    pending = changes.shown(found)
    if status == RESETTING:
        pending["MasterUserPassword"] = "****"
    return {
        found.kind.identifier: found.identifier,
        "Engine": found.engine,
        "EngineVersion": found.version,
        "MasterUsername": found.master_username,
        "AllocatedStorage": found.storage,
        # False for a key that AWS owns, although that encrypts as well (API Reference, DBCluster).
        "StorageEncrypted": found.key not in (None, keys.AWS_OWNED),
        "StorageEncryptionType": keys.storage_type(found.key),
        "KmsKeyId": keys.shown(found.key),
        "TagList": names.tag_rows(found.tags),
        "CopyTagsToSnapshot": bool(options.get("CopyTagsToSnapshot")),
        "DeletionProtection": bool(options.get("DeletionProtection")),
        "BackupRetentionPeriod": data.options["BackupRetentionPeriod"],
        "PreferredBackupWindow": data.options["PreferredBackupWindow"],
        "PreferredMaintenanceWindow": options.get("PreferredMaintenanceWindow")
        or data.options["PreferredMaintenanceWindow"],
        "IAMDatabaseAuthenticationEnabled": bool(data.options.get("EnableIAMDatabaseAuthentication")),
        "EnabledCloudwatchLogsExports": options.get("EnableCloudwatchLogsExports") or [],
        "PerformanceInsightsEnabled": bool(options.get("EnablePerformanceInsights")),
        "MasterUserSecret": found.secret.row(world.now()) if found.secret else None,
        "PendingModifiedValues": pending,
        "AutomaticRestartTime": data.stopped + LONGEST_STOP if data.stopped is not None else None,
        "CertificateDetails": {
            "CAIdentifier": options.get("CACertificateIdentifier") or CERTIFICATE,
            "ValidTill": CERTIFICATE_ENDS,
        },
    }


def _group(world: World, found: Database) -> dict[str, Any]:
    return network.subnet_group(world, found.data.options.get("DBSubnetGroupName"), found.account, found.region)


def _place(found: Database, group: dict[str, Any]) -> dict[str, Any]:
    chosen = found.data.options.get("VpcSecurityGroupIds")
    row: dict[str, Any] = {
        "VpcSecurityGroups": network.security_groups(chosen, group["VpcId"], found.account, found.region)
    }
    if not found.is_cluster:
        zones = [each["SubnetAvailabilityZone"]["Name"] for each in group["Subnets"]]
        at = found.cluster.members.index(found) if found.cluster and found in found.cluster.members else 0
        row["AvailabilityZone"] = found.options.get("AvailabilityZone") or zones[at % len(zones)]
        if found.options.get("MultiAZ"):
            row["SecondaryAvailabilityZone"] = zones[(at + 1) % len(zones)]
    return row


def _storage(found: Database) -> dict[str, Any]:
    """Build the storage members. RDS always shows the baseline of gp3 (RDS User Guide, DB instance storage)."""
    if found.is_aurora:
        return {"StorageType": found.data.options.get("StorageType") or "aurora"}
    options = found.options
    row: dict[str, Any] = {"StorageType": options["StorageType"]}
    if options["StorageType"] == "gp3":
        row |= storage.GP3_BASELINE
    return row | {name: options[name] for name in ("Iops", "StorageThroughput") if options.get(name)}


def _limit(found: Database) -> int | None:
    """Return the growth limit; None when it equals the present size, since the storage does not grow then."""
    limit = found.options.get("MaxAllocatedStorage")
    return limit if limit and limit > found.storage else None


def _shown(options: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in known and value is not None}


def _member(found: Database, member: Database) -> dict[str, Any]:
    waits = "DBClusterParameterGroupName" in member.awaiting_reboot
    return {
        "DBInstanceIdentifier": member.identifier,
        "IsClusterWriter": member is members.writer(found),
        "DBClusterParameterGroupStatus": "pending-reboot" if waits else "in-sync",
        "PromotionTier": member.options.get("PromotionTier", 1),
    }


def _group_name(found: Database) -> str:
    chosen = found.options.get(f"{groups.parameter_group_noun(found.kind)}Name")
    return chosen or f"default.{offer(found.engine).parameter_family(found.version)}"


def _option_group_name(found: Database) -> str:
    return found.data.options.get("OptionGroupName") or offer(found.engine).option_group(found.version)


def _parameter_group(found: Database) -> dict[str, str]:
    waits = "DBParameterGroupName" in found.awaiting_reboot
    return {
        "DBParameterGroupName": _group_name(found),
        "ParameterApplyStatus": "pending-reboot" if waits else "in-sync",
    }


def _option_group(found: Database) -> dict[str, str]:
    waits = "OptionGroupName" in found.pending
    return {
        "OptionGroupName": found.pending["OptionGroupName"] if waits else _option_group_name(found),
        "Status": "pending-maintenance-apply" if waits else "in-sync",
    }


# What a status means for the storage (API Reference, DBInstance, StorageOperationStatus).
_OPERATIONS = {"storage-initialization": "Initializing", "storage-optimization": "Optimizing"}

_INSTANCE_DEFAULTS: dict[str, Any] = {
    "DBInstanceClass": "db.t3.micro",
    "AutoMinorVersionUpgrade": True,
    "CACertificateIdentifier": CERTIFICATE,
    "DBSecurityGroups": [],
    "DomainMemberships": [],
    "AssociatedRoles": [],
    "DbInstancePort": 0,
    "MonitoringInterval": 0,
    "CustomerOwnedIpEnabled": False,
    "NetworkType": "IPV4",
    "BackupTarget": "region",
    "ActivityStreamStatus": "stopped",
    "DedicatedLogVolume": False,
    "EngineLifecycleSupport": "open-source-rds-extended-support",
    "CharacterSetName": None,
    "NcharCharacterSetName": None,
    "Timezone": None,
    "MonitoringRoleArn": None,
    "MultiTenant": False,
}

_CLUSTER_DEFAULTS: dict[str, Any] = {
    "EngineMode": "provisioned",
    "AssociatedRoles": [],
    "DomainMemberships": [],
    "CrossAccountClone": False,
    "AutoMinorVersionUpgrade": True,
    "ActivityStreamStatus": "stopped",
    "NetworkType": "IPV4",
    "EngineLifecycleSupport": "open-source-rds-extended-support",
    "ServerlessV2ScalingConfiguration": None,
    "MonitoringInterval": 0,
}
