# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the shapes that AWS really answered between 2016 and 2024: which members are there, on which kind of row.

Only the shapes are AWS's (aws_rds.md 1.9). Names, accounts, times and keys are our own.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from tests.builders import EAST, SOURCE, WEST

Row = dict[str, Any]

TAKEN = datetime(2026, 11, 22, 2, 5, tzinfo=timezone.utc)
MADE = datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)
KEY = f"arn:aws:kms:{WEST}:{SOURCE}:key/shop"

# What every recorded row of the kind has.
DB_SNAPSHOT: Row = {
    "DBInstanceIdentifier": "orders",
    "Engine": "postgres",
    "EngineVersion": "16.4",
    "AllocatedStorage": 20,
    "Encrypted": True,
    "SnapshotType": "manual",
    "Status": "available",
    "PercentProgress": 100,
    "InstanceCreateTime": MADE,
    "LicenseModel": "postgresql-license",
    "MasterUsername": "clerk",
    "Port": 5432,
    "StorageType": "gp3",
}
CLUSTER_SNAPSHOT: Row = {
    "DBClusterIdentifier": "events",
    "Engine": "aurora-postgresql",
    "StorageEncrypted": True,
    "SnapshotType": "manual",
    "Status": "available",
    "PercentProgress": 100,
    "AvailabilityZones": ["us-west-2a"],
    "ClusterCreateTime": MADE,
    "LicenseModel": "postgresql-license",
    "MasterUsername": "clerk",
    "Port": 0,
    "SnapshotCreateTime": TAKEN,
    "VpcId": "vpc-1",
}


def db_snapshot(name: str, *more: Row, place: str = f"{WEST}:{SOURCE}", **changes: Any) -> Row:
    arn = {"DBSnapshotArn": f"arn:aws:rds:{place}:snapshot:{name}"}
    return {**DB_SNAPSHOT, "DBSnapshotIdentifier": name, **arn, **merged(more), **changes}


def cluster_snapshot(name: str, *more: Row, place: str = f"{WEST}:{SOURCE}", **changes: Any) -> Row:
    arn = {"DBClusterSnapshotArn": f"arn:aws:rds:{place}:cluster-snapshot:{name}"}
    return {**CLUSTER_SNAPSHOT, "DBClusterSnapshotIdentifier": name, **arn, **merged(more), **changes}


def merged(parts: tuple[Row, ...]) -> Row:
    return {name: value for part in parts for name, value in part.items()}


def without(row: Row, *members: str) -> Row:
    return {name: value for name, value in row.items() if name not in members}


PLACED: Row = {"AvailabilityZone": "us-west-2a", "VpcId": "vpc-1", "OptionGroupName": "default:postgres-16"}
CREATED: Row = {"SnapshotCreateTime": TAKEN}
KEYED: Row = {"KmsKeyId": KEY}
IAM: Row = {"IAMDatabaseAuthenticationEnabled": False}
SIZED: Row = {"AllocatedStorage": 0, "EngineVersion": "16.4"}
TAGGED: Row = {"TagList": [{"Key": "team", "Value": "shop"}]}
NEWER: Row = {
    "DbiResourceId": "db-ORDERS",
    "OriginalSnapshotCreateTime": TAKEN,
    "ProcessorFeatures": [],
    "SnapshotTarget": "region",
}
AUTOMATED: Row = {"SnapshotType": "automated"}
CLEAR: Row = {"Encrypted": False}
SOURCE_ARN = f"arn:aws:rds:{WEST}:{SOURCE}:snapshot:rds:orders-2026-11-22-02-05"
CLUSTER_ARN = f"arn:aws:rds:{WEST}:{SOURCE}:cluster-snapshot:events-private"

DB_SNAPSHOTS: dict[str, Row] = {
    "2016, automated": db_snapshot("rds:orders-2026-11-22-02-05", PLACED, CREATED, AUTOMATED, CLEAR),
    "2016, automated and encrypted": db_snapshot("rds:orders-2026-11-21-02-05", PLACED, CREATED, AUTOMATED, KEYED),
    "2016, taken": db_snapshot("before-upgrade", PLACED, CREATED, KEYED),
    "2016, taken, in clear": db_snapshot("in-clear", PLACED, CREATED, CLEAR),
    "2016, without an ARN": without(db_snapshot("nameless", PLACED, CREATED, KEYED), "DBSnapshotArn"),
    "2016, a copy on its way to another Region": db_snapshot(
        "copy-of-orders",
        KEYED,
        place=f"{EAST}:{SOURCE}",
        Status="pending",
        PercentProgress=0,
        SourceRegion=WEST,
        SourceDBSnapshotIdentifier=SOURCE_ARN,
    ),
    "2017, a copy within its Region": db_snapshot(
        "near-copy", PLACED, CREATED, CLEAR, SourceRegion=WEST, SourceDBSnapshotIdentifier=SOURCE_ARN
    ),
    "2017, being taken": db_snapshot("being-taken", PLACED, IAM, CLEAR, Status="creating", PercentProgress=0),
    "2017, a final one being taken": db_snapshot(
        "final", PLACED, IAM, KEYED, TAGGED, Status="creating", PercentProgress=4
    ),
    "2017, taken, with IAM": db_snapshot("with-iam", PLACED, CREATED, IAM, KEYED),
    "2022, without an ARN, tagged": without(db_snapshot("tagged", PLACED, CREATED, KEYED, TAGGED), "DBSnapshotArn"),
    "2022, deleted": db_snapshot("gone", PLACED, CREATED, IAM, KEYED, NEWER, {"TagList": []}, Status="deleted"),
    "2022, automated": db_snapshot(
        "rds:orders-2026-11-20-02-05", PLACED, CREATED, IAM, KEYED, NEWER, TAGGED, AUTOMATED
    ),
    "2023, taken": db_snapshot("snap-1", PLACED, CREATED, IAM, KEYED, NEWER, {"TagList": [], "StorageThroughput": 0}),
}
CLUSTER_SNAPSHOTS: dict[str, Row] = {
    "2015, taken": cluster_snapshot("old", KEYED, AllocatedStorage=1),
    "2016, taken, in clear": cluster_snapshot("old-in-clear", AllocatedStorage=1, StorageEncrypted=False),
    "2016, being taken, without an ARN": without(
        cluster_snapshot("new", KEYED, AllocatedStorage=1, Status="creating", PercentProgress=0),
        "DBClusterSnapshotArn",
    ),
    "2019, taken": cluster_snapshot("verify", KEYED, SIZED, IAM, TAGGED),
    "2020, automated": cluster_snapshot("rds:events-2026-11-22-02-05", KEYED, SIZED, IAM, TAGGED, AUTOMATED),
    "2022, without a size and an ARN": without(
        cluster_snapshot("sizeless", TAGGED, SIZED), "DBClusterSnapshotArn", "AllocatedStorage"
    ),
    "2024, taken": cluster_snapshot(
        "events-private", SIZED, IAM, {"TagList": []}, StorageEncrypted=False, DbClusterResourceId="cluster-EVENTS"
    ),
    "2024, a copy": cluster_snapshot(
        "events-public",
        SIZED,
        IAM,
        {"TagList": []},
        StorageEncrypted=False,
        EngineMode="provisioned",
        SourceDBClusterSnapshotArn=CLUSTER_ARN,
    ),
    "2019, of DocumentDB, a copy in another Region": cluster_snapshot(
        "docs", KEYED, SIZED, IAM, AUTOMATED, Engine="docdb", place=f"{EAST}:{SOURCE}"
    ),
}

DB_INSTANCE: Row = {
    "DBInstanceIdentifier": "orders",
    "DBInstanceArn": f"arn:aws:rds:{WEST}:{SOURCE}:db:orders",
    "DBInstanceClass": "db.t4g.medium",
    "DBInstanceStatus": "available",
    "DbiResourceId": "db-ORDERS",
    "Engine": "postgres",
    "EngineVersion": "16.4",
    "StorageEncrypted": True,
    "MasterUsername": "clerk",
    "AllocatedStorage": 20,
}
DB_CLUSTER: Row = {
    "DBClusterIdentifier": "events",
    "DBClusterArn": f"arn:aws:rds:{WEST}:{SOURCE}:cluster:events",
    "DbClusterResourceId": "cluster-EVENTS",
    "DBClusterParameterGroup": "default.aurora-postgresql16",
    "DBSubnetGroup": "default",
    "Engine": "aurora-postgresql",
    "EngineVersion": "16.4",
    "Port": 5432,
    "Status": "available",
    "StorageEncrypted": True,
}
DB_INSTANCES: dict[str, Row] = {
    "being created: no endpoint and no time": {
        **DB_INSTANCE,
        "DBInstanceStatus": "creating",
        "PendingModifiedValues": {},
    },
    "2016, without an ARN": without(DB_INSTANCE, "DBInstanceArn"),
    "a read replica": {
        **DB_INSTANCE,
        "BackupRetentionPeriod": 0,
        "ReadReplicaSourceDBInstanceIdentifier": "shop",
        "InstanceCreateTime": MADE,
        "Endpoint": {"Address": "orders.example", "Port": 5432, "HostedZoneId": "Z1"},
        "TagList": [],
    },
    "cut by hand": {name: DB_INSTANCE[name] for name in ("DBInstanceIdentifier", "DBInstanceArn", "Engine")},
}
DB_CLUSTERS: dict[str, Row] = {
    "without members, times and tags": DB_CLUSTER,
    "without an ARN": without(DB_CLUSTER, "DBClusterArn"),
    "cut by hand": without(DB_CLUSTER, "DbClusterResourceId", "StorageEncrypted"),
}

# Rows that lack what nothing can replace, and those of other services: each costs itself.
LOST = {"nameless", "tagged", "new", "sizeless"}
OF_OTHERS = {"docs"}
