# SPDX-License-Identifier: GPL-3.0-or-later
"""Name the twins: DB instances and DB clusters have other names on the wire, and all of those names are here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """How one class of databases is spelled in requests, rows, ARNs and errors."""

    name: str
    noun: str
    arn_type: str
    snapshot_arn_type: str
    resource_field: str
    resource_prefix: str
    resource_filter: str
    encrypted_field: str
    id_filter: str
    snapshot_filter: str
    not_found: str
    exists: str
    bad_state: str
    snapshot_not_found: str
    snapshot_exists: str
    snapshot_bad_state: str
    longest_snapshot_name: int
    quota: str
    copy_quota: str
    database_quota: str
    quota_exceeded: str
    quota_status: int

    @property
    def identifier(self) -> str:
        return f"{self.noun}Identifier"

    @property
    def snapshot(self) -> str:
        return "DBSnapshot" if self.name == "instance" else "DBClusterSnapshot"

    @property
    def snapshot_identifier(self) -> str:
        return f"{self.snapshot}Identifier"


# The error codes are those of the RDS API Reference; the suffix Fault comes and goes there.
INSTANCE = Kind(
    name="instance",
    noun="DBInstance",
    arn_type="db",
    snapshot_arn_type="snapshot",
    resource_field="DbiResourceId",
    resource_prefix="db-",
    resource_filter="dbi-resource-id",
    encrypted_field="Encrypted",
    id_filter="db-instance-id",
    snapshot_filter="db-snapshot-id",
    not_found="DBInstanceNotFound",
    exists="DBInstanceAlreadyExists",
    bad_state="InvalidDBInstanceState",
    snapshot_not_found="DBSnapshotNotFound",
    snapshot_exists="DBSnapshotAlreadyExists",
    snapshot_bad_state="InvalidDBSnapshotState",
    longest_snapshot_name=255,
    quota="manual_snapshots",
    copy_quota="snapshot_copies",
    database_quota="instances",
    quota_exceeded="InstanceQuotaExceeded",
    quota_status=400,
)

CLUSTER = Kind(
    name="cluster",
    noun="DBCluster",
    arn_type="cluster",
    snapshot_arn_type="cluster-snapshot",
    resource_field="DbClusterResourceId",
    resource_prefix="cluster-",
    resource_filter="db-cluster-resource-id",
    encrypted_field="StorageEncrypted",
    id_filter="db-cluster-id",
    snapshot_filter="db-cluster-snapshot-id",
    not_found="DBClusterNotFoundFault",
    exists="DBClusterAlreadyExistsFault",
    bad_state="InvalidDBClusterStateFault",
    snapshot_not_found="DBClusterSnapshotNotFoundFault",
    snapshot_exists="DBClusterSnapshotAlreadyExistsFault",
    snapshot_bad_state="InvalidDBClusterSnapshotStateFault",
    longest_snapshot_name=63,
    quota="manual_cluster_snapshots",
    copy_quota="cluster_snapshot_copies",
    database_quota="clusters",
    quota_exceeded="DBClusterQuotaExceededFault",
    quota_status=403,
)

KINDS = (INSTANCE, CLUSTER)
