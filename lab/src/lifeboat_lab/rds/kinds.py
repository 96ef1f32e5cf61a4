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
    fault: str  # what its error codes end in
    longest_snapshot_name: int
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

    @property
    def id_filter(self) -> str:
        return f"db-{self.name}-id"

    @property
    def snapshot_filter(self) -> str:
        return f"db-{self.snapshot_arn_type}-id"

    @property
    def not_found(self) -> str:
        return f"{self.noun}NotFound{self.fault}"

    @property
    def exists(self) -> str:
        return f"{self.noun}AlreadyExists{self.fault}"

    @property
    def bad_state(self) -> str:
        return f"Invalid{self.noun}State{self.fault}"

    @property
    def snapshot_not_found(self) -> str:
        return f"{self.snapshot}NotFound{self.fault}"

    @property
    def snapshot_exists(self) -> str:
        return f"{self.snapshot}AlreadyExists{self.fault}"

    @property
    def snapshot_bad_state(self) -> str:
        return f"Invalid{self.snapshot}State{self.fault}"

    @property
    def quota(self) -> str:
        return f"manual_{self.snapshot_arn_type.replace('-', '_')}s"

    @property
    def copy_quota(self) -> str:
        return f"{self.snapshot_arn_type.replace('-', '_')}_copies"

    @property
    def database_quota(self) -> str:
        return f"{self.name}s"


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
    fault="",
    longest_snapshot_name=255,
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
    fault="Fault",
    longest_snapshot_name=63,
    quota_exceeded="DBClusterQuotaExceededFault",
    quota_status=403,
)

KINDS = (INSTANCE, CLUSTER)
