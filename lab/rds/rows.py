# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases and snapshots as RDS shows them."""

from __future__ import annotations

from typing import Any

from lab import keys
from lab.engines import offer
from lab.rds import names, network
from lab.rds.world import Database, World

HOSTED_ZONE = "Z1PVIF0B656C1W"
HOST = "127.0.0.1"


def database(world: World, found: Database) -> dict[str, Any]:
    return cluster(world, found) if found.is_cluster else instance(world, found)


def instance(world: World, found: Database) -> dict[str, Any]:
    """A DBInstance row."""
    now = world.now()
    group = network.subnet_group(world, found.data.options.get("DBSubnetGroupName"), found.account, found.region)
    chosen = found.data.options.get("VpcSecurityGroupIds")
    row = (
        _common(found)
        | _storage(found)
        | {
            "DBInstanceStatus": found.status(now),
            "DBName": found.database_name,
            "LicenseModel": found.options.get("LicenseModel") or offer(found.engine).license_model,
            "DBSubnetGroup": group,
            "VpcSecurityGroups": network.security_groups(chosen, group["VpcId"], found.account, found.region),
            "AvailabilityZone": group["Subnets"][0]["SubnetAvailabilityZone"]["Name"],
            "DBInstanceArn": found.arn,
            "DbiResourceId": found.resource_id,
            "DBClusterIdentifier": found.cluster.identifier if found.cluster else None,
            "DBParameterGroups": [
                {
                    "DBParameterGroupName": _parameter_group(found, "DBParameterGroupName"),
                    "ParameterApplyStatus": "in-sync",
                }
            ],
            "OptionGroupMemberships": [{"OptionGroupName": _option_group(found), "Status": "in-sync"}],
            "PromotionTier": found.options.get("PromotionTier", 1) if found.cluster else None,
        }
    )
    if now >= found.ready:
        # There is no endpoint and no creation time while an instance is being created.
        row["InstanceCreateTime"] = found.created
        row["Endpoint"] = {"Address": HOST, "Port": _port(found), "HostedZoneId": HOSTED_ZONE}
    return _INSTANCE_DEFAULTS | _shown(found, _INSTANCE_DEFAULTS) | row


def cluster(world: World, found: Database) -> dict[str, Any]:
    """A DBCluster row; its endpoint is named from the start and answers once a member is available."""
    group = network.subnet_group(world, found.options.get("DBSubnetGroupName"), found.account, found.region)
    chosen = found.options.get("VpcSecurityGroupIds")
    row = _common(found) | {
        "Status": found.status(world.now()),
        "DatabaseName": found.database_name,
        "DBSubnetGroup": group["DBSubnetGroupName"],
        "VpcSecurityGroups": network.security_groups(chosen, group["VpcId"], found.account, found.region),
        "AvailabilityZones": [subnet["SubnetAvailabilityZone"]["Name"] for subnet in group["Subnets"]][:3],
        "Endpoint": HOST,
        "ReaderEndpoint": HOST,
        "Port": _port(found),
        "HostedZoneId": HOSTED_ZONE,
        "DBClusterArn": found.arn,
        "DbClusterResourceId": found.resource_id,
        "ClusterCreateTime": found.created,
        "DBClusterParameterGroup": _parameter_group(found, "DBClusterParameterGroupName"),
        "DBClusterMembers": [_member(found, member) for member in found.members],
    }
    return _CLUSTER_DEFAULTS | _shown(found, _CLUSTER_DEFAULTS) | row


def _common(found: Database) -> dict[str, Any]:
    return {
        found.kind.identifier: found.identifier,
        "Engine": found.engine,
        "EngineVersion": found.version,
        "MasterUsername": found.master_username,
        "AllocatedStorage": found.storage,
        "StorageEncrypted": found.key is not None,
        "StorageEncryptionType": keys.storage_type(found.key),
        "KmsKeyId": keys.shown(found.key),
        "TagList": names.tag_rows(found.tags),
        "CopyTagsToSnapshot": bool(found.options.get("CopyTagsToSnapshot")),
        "IAMDatabaseAuthenticationEnabled": bool(found.data.options.get("EnableIAMDatabaseAuthentication")),
        "DeletionProtection": bool(found.options.get("DeletionProtection")),
        "BackupRetentionPeriod": found.options["BackupRetentionPeriod"],
    }


def _storage(found: Database) -> dict[str, Any]:
    """General purpose storage has a baseline that RDS always shows (RDS User Guide, DB instance storage)."""
    if found.cluster:
        return {"StorageType": "aurora"}
    kind = found.options.get("StorageType") or "gp3"
    baseline = {"Iops": 3000, "StorageThroughput": 125} if kind == "gp3" else {}
    return {"StorageType": kind} | baseline | _shown(found, {"Iops": 0, "StorageThroughput": 0})


def _shown(found: Database, known: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.options.items() if name in known and value is not None}


def _port(found: Database) -> int:
    """Where there is no server, the port that RDS would give; nobody listens to it."""
    data = found.data
    return data.server.port if data.server else data.options.get("Port") or offer(data.engine).port


def _member(found: Database, member: Database) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": member.identifier,
        "IsClusterWriter": member is found.members[0],
        "DBClusterParameterGroupStatus": "in-sync",
        "PromotionTier": member.options.get("PromotionTier", 1),
    }


def _parameter_group(found: Database, option: str) -> str:
    return found.options.get(option) or f"default.{offer(found.engine).parameter_family(found.version)}"


def _option_group(found: Database) -> str:
    return found.options.get("OptionGroupName") or offer(found.engine).option_group(found.version)


_INSTANCE_DEFAULTS: dict[str, Any] = {
    "DBInstanceClass": "db.t3.micro",
    "PreferredBackupWindow": "03:00-03:30",
    "PreferredMaintenanceWindow": "sun:05:00-sun:05:30",
    "MultiAZ": False,
    "AutoMinorVersionUpgrade": True,
    "PubliclyAccessible": False,
    "CACertificateIdentifier": "rds-ca-rsa2048-g1",
    "DBSecurityGroups": [],
    "PendingModifiedValues": {},
    "ReadReplicaDBInstanceIdentifiers": [],
    "DomainMemberships": [],
    "AssociatedRoles": [],
    "DbInstancePort": 0,
    "MonitoringInterval": 0,
    "PerformanceInsightsEnabled": False,
    "CustomerOwnedIpEnabled": False,
    "NetworkType": "IPV4",
    "BackupTarget": "region",
    "ActivityStreamStatus": "stopped",
    "DedicatedLogVolume": False,
    "EngineLifecycleSupport": "open-source-rds-extended-support",
}

_CLUSTER_DEFAULTS: dict[str, Any] = {
    "PreferredBackupWindow": "03:00-03:30",
    "PreferredMaintenanceWindow": "sun:05:00-sun:05:30",
    "MultiAZ": False,
    "EngineMode": "provisioned",
    "ReadReplicaIdentifiers": [],
    "AssociatedRoles": [],
    "DomainMemberships": [],
    "HttpEndpointEnabled": False,
    "CrossAccountClone": False,
    "AutoMinorVersionUpgrade": True,
    "ActivityStreamStatus": "stopped",
    "NetworkType": "IPV4",
    "EngineLifecycleSupport": "open-source-rds-extended-support",
}
