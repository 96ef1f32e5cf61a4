# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert AWS rows to the model and back: one shape for DB instances and clusters, which the API spells differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._core.arns import account_of, name_of, region_of
from .._core.copying.plan import Copy
from .._core.copying.stand_in import StandIn
from .._core.model import Configuration, Database, DatabaseId, Kind, RecoveryPoint
from .._core.restoring.target import Target
from .replica_rows import replica_of


@dataclass(frozen=True, slots=True)
class Spelling:
    """The names in the RDS API that differ between instances and clusters."""

    kind: Kind
    snapshot: str  # in the names of operations and parameters
    database: str
    resource_id: str
    encrypted: str
    source_arn: str
    snapshot_filter: str
    restore: str
    restore_from: str
    quota: str
    parameter_group: str

    @property
    def snapshot_operation(self) -> str:
        return {"DBSnapshot": "db_snapshot", "DBClusterSnapshot": "db_cluster_snapshot"}[self.snapshot]

    @property
    def database_operation(self) -> str:
        return {"DBInstance": "db_instance", "DBCluster": "db_cluster"}[self.database]

    @property
    def parameters_operation(self) -> str:
        return {"DBParameterGroup": "db_parameter", "DBClusterParameterGroup": "db_cluster_parameter"}[
            self.parameter_group
        ]


INSTANCE = Spelling(
    kind="instance",
    snapshot="DBSnapshot",
    database="DBInstance",
    resource_id="DbiResourceId",
    encrypted="Encrypted",
    source_arn="SourceDBSnapshotIdentifier",
    snapshot_filter="db-snapshot-id",
    restore="restore_db_instance_from_db_snapshot",
    restore_from="DBSnapshotIdentifier",
    quota="ManualSnapshots",
    parameter_group="DBParameterGroup",
)
CLUSTER = Spelling(
    kind="cluster",
    snapshot="DBClusterSnapshot",
    database="DBCluster",
    resource_id="DbClusterResourceId",
    encrypted="StorageEncrypted",
    source_arn="SourceDBClusterSnapshotArn",
    snapshot_filter="db-cluster-snapshot-id",
    restore="restore_db_cluster_from_snapshot",
    restore_from="SnapshotIdentifier",
    quota="ManualClusterSnapshots",
    parameter_group="DBClusterParameterGroup",
)
SPELLINGS: dict[str, Spelling] = {"instance": INSTANCE, "cluster": CLUSTER}

Row = Mapping[str, Any]


class Incomplete(ValueError):
    """A row without a member that nothing can replace. Its text says which row and which member."""


def needed(row: Row, spelling: Spelling, *members: str) -> Any:
    """Read the first of these members that a row has.

    AWS's documents call hardly any member required. So we need few: those without which a row cannot be named, or means
    nothing (aws_rds.md 1.9).

    :raises Incomplete: when it has none of them.
    """
    for member in members:
        if row.get(member) is not None:
            return row[member]
    names = [row[name] for name in (f"{spelling.snapshot}Identifier", f"{spelling.database}Identifier") if name in row]
    raise Incomplete(f"AWS does not show the {members[0]} of {'a row' if not names else names[0]}")


def tags_of(row: Row) -> dict[str, str]:
    """Read the tags. A tag has a key, and a value that may be missing (RDS API, Tag)."""
    return {tag["Key"]: tag.get("Value", "") for tag in row.get("TagList", ())}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def is_encrypted(row: Row, spelling: Spelling, member: str) -> bool:
    """StorageEncryptionType first: the boolean misses storage encrypted under an AWS-owned key (sse-rds)."""
    found = needed(row, spelling, "StorageEncryptionType", member)
    return found != "none" if isinstance(found, str) else bool(found)


def recovery_point(row: Row, spelling: Spelling) -> RecoveryPoint:
    """Convert a row of DescribeDBSnapshots or DescribeDBClusterSnapshots. A shared row has its ARN as identifier.

    :raises Incomplete: when it lacks what nothing can replace.
    """
    arn = needed(row, spelling, f"{spelling.snapshot}Arn")
    origin = needed(row, spelling, "SnapshotType")
    return RecoveryPoint(
        kind=spelling.kind,
        name=name_of(arn),
        arn=arn,
        account=account_of(arn),
        region=region_of(arn),
        origin="manual" if origin in ("shared", "public") else origin,
        status=needed(row, spelling, "Status"),
        engine=needed(row, spelling, "Engine"),
        engine_version=row.get("EngineVersion"),
        identifier=needed(row, spelling, f"{spelling.database}Identifier"),
        resource_id=row.get(spelling.resource_id),
        size_gib=row.get("AllocatedStorage"),
        percent=row.get("PercentProgress"),
        encrypted=is_encrypted(row, spelling, spelling.encrypted),
        kms_key_id=row.get("KmsKeyId"),
        created=row.get("SnapshotCreateTime"),
        original=row.get("OriginalSnapshotCreateTime"),
        database_time=row.get("SnapshotDatabaseTime"),
        source_region=row.get("SourceRegion"),
        source_arn=row.get(spelling.source_arn),
        option_group=row.get("OptionGroupName"),
        tags=tags_of(row),
    )


def database(row: Row, spelling: Spelling, writers: Mapping[str, str] | None = None) -> Database:
    """Convert a row of DescribeDBInstances or DescribeDBClusters.

    :param writers: the primary clusters of secondary ones, by ARN (see writers).
    :raises Incomplete: when it lacks what nothing can replace.
    """
    arn = needed(row, spelling, f"{spelling.database}Arn")
    identity = DatabaseId(
        account=account_of(arn),
        region=region_of(arn),
        kind=spelling.kind,
        identifier=needed(row, spelling, f"{spelling.database}Identifier"),
        resource_id=needed(row, spelling, spelling.resource_id),
    )
    host, port = endpoint(row)
    secret = row.get("MasterUserSecret") or {}
    return Database(
        id=identity,
        engine=needed(row, spelling, "Engine"),
        engine_version=row.get("EngineVersion"),
        status=needed(row, spelling, f"{spelling.database}Status", "Status"),
        encrypted=is_encrypted(row, spelling, "StorageEncrypted"),
        kms_key_id=row.get("KmsKeyId"),
        tags=tags_of(row),
        host=host,
        port=port,
        master_username=row.get("MasterUsername"),
        database_name=row.get("DBName") or row.get("DatabaseName"),
        members=members(row),
        cluster=row.get("DBClusterIdentifier") if spelling.kind == "instance" else None,
        pending=bool(row.get("PendingModifiedValues")),
        created=row.get("InstanceCreateTime") or row.get("ClusterCreateTime"),
        backup_retention_days=row.get("BackupRetentionPeriod"),
        ca=row.get("CACertificateIdentifier"),
        iam=row.get("IAMDatabaseAuthenticationEnabled"),
        secret_arn=secret.get("SecretArn"),
        secret_status=secret.get("SecretStatus"),
        replica_of=replica_of(row, arn) or (writers or {}).get(arn),
        configuration=configuration(row),
    )


def members(row: Row) -> tuple[str, ...]:
    """List the instances of a cluster, the writer first."""
    found = sorted(row.get("DBClusterMembers", ()), key=lambda one: not one.get("IsClusterWriter"))
    return tuple(one["DBInstanceIdentifier"] for one in found if "DBInstanceIdentifier" in one)


def configuration(row: Row) -> Configuration:
    """Read what both kinds of rows say under the same names, and the parameter group of each kind."""
    groups = row.get("OptionGroupMemberships", ())
    return Configuration(
        instance_class=row.get("DBInstanceClass"),
        storage_type=row.get("StorageType"),
        iops=row.get("Iops"),
        throughput=row.get("StorageThroughput"),
        multi_az=row.get("MultiAZ") or None,
        serverless=capacity(row.get("ServerlessV2ScalingConfiguration", {})),
        option_group=next((one.get("OptionGroupName") for one in groups), None),
        parameter_group=next((one.get("DBParameterGroupName") for one in row.get("DBParameterGroups", ())), None),
        cluster_parameter_group=row.get("DBClusterParameterGroup"),
    )


def capacity(scaling: Row) -> str | None:
    """Read the capacity of Aurora Serverless v2, if both ends of it are shown."""
    least, most = scaling.get("MinCapacity"), scaling.get("MaxCapacity")
    return None if least is None or most is None else f"{least}-{most}"


def endpoint(row: Row) -> tuple[str | None, int | None]:
    """Read host and port. An instance has a structure, absent while creating; a cluster has two members."""
    found = row.get("Endpoint")
    if isinstance(found, Mapping):
        return found.get("Address"), found.get("Port")
    return found, row.get("Port")


def copy_parameters(copy: Copy, spelling: Spelling) -> dict[str, Any]:
    """Build the parameters of a copy. botocore signs a URL for SourceRegion, which GovCloud needs and others ignore."""
    parameters: dict[str, Any] = {
        f"Source{spelling.snapshot}Identifier": copy.source_arn,
        f"Target{spelling.snapshot}Identifier": copy.name,
        "Tags": tag_list(copy.tags),
    }
    optional = {
        "KmsKeyId": copy.kms_key_id,
        "OptionGroupName": copy.option_group,
        "CopyOptionGroup": copy.takes_group_along,
        "SourceRegion": copy.source_region if copy.source_region != copy.region else None,
    }
    return parameters | {name: value for name, value in optional.items() if value}


def take_parameters(copy: Copy, spelling: Spelling) -> dict[str, Any]:
    """Build the parameters of taking a snapshot. It gets the key of its database."""
    return {
        f"{spelling.database}Identifier": name_of(copy.source_arn),
        f"{spelling.snapshot}Identifier": copy.name,
        "Tags": tag_list(copy.tags),
    }


def stand_in_parameters(stand_in: StandIn) -> dict[str, Any]:
    """Build the parameters of a stand-in (RDS User Guide, restoring a Multi-AZ DB cluster snapshot to an instance)."""
    return {
        "DBInstanceIdentifier": stand_in.name,
        "DBClusterSnapshotIdentifier": stand_in.recovery_point,
        "Engine": stand_in.engine,
        "DBInstanceClass": stand_in.instance_class,
        "DBSubnetGroupName": stand_in.subnet_group,
        "VpcSecurityGroupIds": stand_in.security_groups,
        "PubliclyAccessible": False,
        "MultiAZ": False,
        "AutoMinorVersionUpgrade": False,
        "BackupRetentionPeriod": 0,
        "DeletionProtection": False,
        "CopyTagsToSnapshot": False,
        "Tags": tag_list(stand_in.tags),
    }


def restore_parameters(target: Target, spelling: Spelling) -> dict[str, Any]:
    """Build the parameters of a restore. Without a network, RDS would take the default VPC and security group."""
    common = {
        f"{spelling.database}Identifier": target.name,
        spelling.restore_from: target.original.recovery_point_arn,
        "DBSubnetGroupName": target.placement.subnet_group,
        "VpcSecurityGroupIds": target.placement.security_groups,
        "DeletionProtection": target.is_kept,
        "CopyTagsToSnapshot": target.is_kept,
        "Tags": tag_list(target.tags),
    }
    more = cluster_parameters(target) if spelling.kind == "cluster" else instance_parameters(target)
    optional = {"OptionGroupName": target.setup.option_group, "EnableIAMDatabaseAuthentication": target.iam}
    return common | more | {name: value for name, value in optional.items() if value}


def cluster_parameters(target: Target) -> dict[str, Any]:
    """Without EngineVersion, RDS takes the Region's default one; a cluster keeps backups for at least a day."""
    scaling = {f"{name.capitalize()}Capacity": value for name, value in (target.setup.serverless or {}).items()}
    optional = {
        "EngineVersion": target.original.engine_version,
        "KmsKeyId": None if target.original.encrypted else target.kms_key_id,
        "DBClusterParameterGroupName": target.setup.cluster_parameter_group,
        "StorageType": target.setup.storage_type,
        "ServerlessV2ScalingConfiguration": scaling,
    }
    days = max(1, target.backup_retention_days)
    fixed = {"Engine": target.original.engine, "BackupRetentionPeriod": days}
    return fixed | {name: value for name, value in optional.items() if value}


def instance_parameters(target: Target) -> dict[str, Any]:
    optional = {
        "DBParameterGroupName": target.setup.parameter_group,
        "StorageType": target.setup.storage_type,
        "Iops": target.setup.iops,
        "StorageThroughput": target.setup.throughput,
    }
    return {name: value for name, value in optional.items() if value} | {
        "DBInstanceClass": target.setup.instance_class,
        "PubliclyAccessible": False,
        "MultiAZ": target.setup.multi_az,
        "BackupRetentionPeriod": target.backup_retention_days,
        **upgrades(target),
    }


def upgrades(target: Target) -> dict[str, bool]:
    """Turn minor upgrades off for a database that is removed again. One that stays keeps AWS's default."""
    return {} if target.is_kept else {"AutoMinorVersionUpgrade": False}


def member_parameters(target: Target) -> dict[str, Any]:
    """Build the parameters of CreateDBInstance for the one member of a restored cluster."""
    optional = {"DBParameterGroupName": target.setup.parameter_group} if target.setup.parameter_group else {}
    return optional | {
        "DBInstanceIdentifier": target.member,
        "DBClusterIdentifier": target.name,
        "DBInstanceClass": target.setup.instance_class,
        "Engine": target.original.engine,
        "PubliclyAccessible": False,
        "Tags": tag_list(target.tags),
        **upgrades(target),
    }


def restore_calls(target: Target) -> list[dict[str, Any]]:
    """List the calls of a restore in order, for whoever reads the plan or does it by hand."""
    spelling = SPELLINGS[target.kind]
    first = {"operation": spelling.restore, "parameters": restore_parameters(target, spelling)}
    member = {"operation": "create_db_instance", "parameters": member_parameters(target)}
    return [first, member] if target.kind == "cluster" else [first]
