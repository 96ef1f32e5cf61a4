# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a database replicates, from its own row and from those of global databases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
# The members of rows that name the source of a replica, and the type that the ARN of that source has.
SOURCES = {
    "ReadReplicaSourceDBInstanceIdentifier": "db",
    "ReadReplicaSourceDBClusterIdentifier": "cluster",
    "ReplicationSourceIdentifier": "cluster",
}


def replica_of(row: Row, arn: str) -> str | None:
    """Find the ARN of what a database replicates. A source in the same Region is named without its ARN."""
    for name, resource in SOURCES.items():
        if source := row.get(name):
            return source if source.startswith("arn:") else ":".join([*arn.split(":")[:5], resource, source])
    return None


def may_be_secondary(row: Row) -> bool:
    """Tell whether only DescribeGlobalClusters knows if it is a replica: it has neither a source nor replicas."""
    known = row.get("ReplicationSourceIdentifier") or row.get("ReadReplicaIdentifiers")
    return bool(row.get("GlobalClusterIdentifier")) and not known


def writers(found: Iterable[Row]) -> dict[str, str]:
    """Read rows of DescribeGlobalClusters: the ARN of the primary cluster by that of each secondary one."""
    members = [row.get("GlobalClusterMembers", ()) for row in found]
    primary = [next((one.get("DBClusterArn") for one in each if one.get("IsWriter")), None) for each in members]
    return {
        one["DBClusterArn"]: writer
        for each, writer in zip(members, primary, strict=True)
        if writer
        for one in each
        if one.get("DBClusterArn") not in (None, writer)
    }
