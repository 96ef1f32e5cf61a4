# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that every room speaks of: one shape for DB instances and DB clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Literal

Kind = Literal["instance", "cluster"]
Purpose = Literal["drill", "recovery"]  # of a restored database: to be removed, or to be kept

# Tags that we write. RDS allows letters, digits, spaces and _ . : / = + - @ in keys and values.
MANAGED_BY = "lifeboat:managed-by"
DATABASE = "lifeboat:database"
RESOURCE_ID = "lifeboat:resource-id"
ORIGINAL_TIME = "lifeboat:original-time"
LANDED = "lifeboat:landed"  # one key an account: lifeboat:landed:222222222222
VERIFIED = "lifeboat:verified"
PURPOSE = "lifeboat:purpose"
DRILL_ID = "lifeboat:drill-id"
RECOVERY_ID = "lifeboat:recovery-id"
EXPIRES = "lifeboat:expires"
RECOVERY_POINT = "lifeboat:recovery-point"
RECOVERY = "recovery"  # the purpose of a database that is to stay; others stand for a while only
STAGE = "lifeboat:stage"  # on what a route leaves on its way: whoever made it removes it, retention does not judge it
RETAIN = "retain"
OUR_TAGS = "lifeboat:"

# The API calls its set of states open: what is neither here nor available is still under way.
BAD_SNAPSHOT_STATES = frozenset({"failed", "deleted", "deleting", "incompatible-restore", "incompatible-parameters"})
# botocore's waiters overlook most of these, so a doomed restore would burn the whole timeout.
BAD_DATABASE_STATES = frozenset(
    {
        "cloning-failed",
        "deleting",
        "failed",
        "inaccessible-encryption-credentials",
        "inaccessible-encryption-credentials-recoverable",
        "incompatible-create",
        "incompatible-network",
        "incompatible-option-group",
        "incompatible-parameters",
        "incompatible-restore",
        "insufficient-capacity",
        "migration-failed",
        "restore-error",
        "storage-full",
        "upgrade_failed",
    }
)
# RDS backs up only what is available (RDS User Guide, introduction to backups): these do not pass by themselves.
NOT_BACKED_UP = BAD_DATABASE_STATES | {"stopped", "stopping"}
# storage-initialization: connectable, blocks still arrive from S3 on first touch.
USABLE_DATABASE_STATES = frozenset({"available", "storage-initialization", "storage-optimization"})


def partition_of(region: str) -> str:
    """The partition that a Region belongs to, by its name."""
    starts = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}
    return next((partition for start, partition in starts.items() if region.startswith(start)), "aws")


def snapshot_arn(account: str, region: str, kind: Kind, name: str) -> str:
    resource = "snapshot" if kind == "instance" else "cluster-snapshot"
    return f"arn:{partition_of(region)}:rds:{region}:{account}:{resource}:{name}"


@dataclass(frozen=True, slots=True, order=True)
class DatabaseId:
    """Which database: the resource id tells a database from a later one under the same name."""

    account: str
    region: str
    kind: Kind
    identifier: str
    resource_id: str

    @property
    def arn(self) -> str:
        resource = "db" if self.kind == "instance" else "cluster"
        return f"arn:{partition_of(self.region)}:rds:{self.region}:{self.account}:{resource}:{self.identifier}"


@dataclass(frozen=True, slots=True)
class Configuration:
    """How a database is set up, as far as a restore must be told: a snapshot carries none of it."""

    instance_class: str | None = None
    storage_type: str | None = None
    iops: int | None = None
    throughput: int | None = None  # MiB/s
    serverless: str | None = None  # the least and most capacity units, such as 0.5-8.0
    option_group: str | None = None
    parameter_group: str | None = None  # of an instance, or of a cluster's members
    cluster_parameter_group: str | None = None
    multi_az: bool | None = None  # None: in one Availability Zone, or not known


@dataclass(frozen=True, slots=True)
class Database:
    """A DB instance or DB cluster as its site sees it now."""

    id: DatabaseId
    engine: str
    engine_version: str
    status: str
    encrypted: bool = False
    kms_key_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    host: str | None = None
    port: int | None = None
    master_username: str | None = None
    database_name: str | None = None
    members: tuple[str, ...] = ()
    cluster: str | None = None  # of which this instance is a member
    pending: bool = False  # a change that was asked for has not been applied yet
    created: datetime | None = None
    backup_retention_days: int | None = None  # 0: automated backups are off
    ca: str | None = None  # who vouches for its TLS; instances only
    iam: bool = False  # whether IAM's tokens let users in
    secret_arn: str | None = None  # of a master password that RDS manages
    secret_status: str | None = None
    configuration: Configuration = Configuration()

    @property
    def option_group(self) -> str:
        return self.configuration.option_group or ""

    @property
    def is_usable(self) -> bool:
        return self.status in USABLE_DATABASE_STATES

    @property
    def is_broken(self) -> bool:
        return self.status in BAD_DATABASE_STATES

    @property
    def can_be_backed_up(self) -> bool:
        return self.status not in NOT_BACKED_UP


@dataclass(frozen=True, slots=True)
class RecoveryPoint:
    """A snapshot from which a database can be restored, at one place."""

    kind: Kind
    name: str
    arn: str
    account: str
    region: str
    origin: str  # automated, manual, awsbackup; a shared one is manual and belongs to another account
    status: str
    engine: str
    engine_version: str
    identifier: str  # of the database
    resource_id: str  # of the database; travels along every copy
    size_gib: int = 0
    percent: int = 0
    encrypted: bool = False
    kms_key_id: str | None = None
    created: datetime | None = None
    original: datetime | None = None  # DB snapshots only: when the first of all copies was made
    database_time: datetime | None = None  # DB snapshots only: the last transaction inside
    source_region: str | None = None
    source_arn: str | None = None
    option_group: str = ""  # DB snapshots only
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells the snapshots of an account apart."""
        return self.region, self.kind, self.name

    @property
    def is_available(self) -> bool:
        return self.status == "available"

    @property
    def is_bad(self) -> bool:
        return self.status in BAD_SNAPSHOT_STATES

    @property
    def is_in_progress(self) -> bool:
        return not self.is_available and not self.is_bad

    @property
    def database(self) -> str:
        """The identifier of the database: a stand-in's snapshot has the stand-in's, and our tag tells whose it is."""
        return self.tags.get(DATABASE, "").rpartition(":")[2] or self.identifier

    @property
    def database_kind(self) -> Kind:
        """What the database is: an instance that stood in for a Multi-AZ DB cluster left a DB snapshot of it."""
        return "cluster" if self.tags.get(DATABASE, "").split(":")[5:6] == ["cluster"] else self.kind

    @property
    def database_arn(self) -> str | None:
        """The ARN of the original database, where our tag tells it."""
        arn = self.tags.get(DATABASE, "")
        return arn if arn.count(":") == 6 else None

    @property
    def database_tags(self) -> dict[str, str]:
        """The tags of the database, as far as they travelled."""
        return {key: value for key, value in self.tags.items() if not key.startswith(OUR_TAGS)}

    @property
    def is_intermediate(self) -> bool:
        """Whether a route left it on its way: nothing is to be restored from it."""
        return STAGE in self.tags

    def has_landed_in(self, account: str) -> bool:
        return f"{LANDED}:{account}" in self.tags


@dataclass(frozen=True, slots=True)
class Key:
    """A KMS key as ``kms:DescribeKey`` shows it."""

    arn: str
    account: str
    region: str
    state: str
    is_aws_managed: bool

    @property
    def is_enabled(self) -> bool:
        return self.state == "Enabled"


def iso(moment: datetime | None) -> str | None:
    """UTC, to the second, with a Z: the one form of times in results, tags and evidence."""
    return None if moment is None else moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_iso(text: str) -> datetime:
    """The inverse of iso.

    :raises ValueError: when the text is no such time.
    """
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
