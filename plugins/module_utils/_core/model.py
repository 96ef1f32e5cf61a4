# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that every room works with. DB instances and DB clusters have the same shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Literal

from .arns import account_of, name_of, type_of

Kind = Literal["instance", "cluster"]
Purpose = Literal["drill", "recovery"]  # a drill's database is removed afterwards, a recovery's is kept

# The tags that we write. RDS allows letters, digits, spaces and _ . : / = + - @ in keys and values.
MANAGED_BY = "lifeboat:managed-by"
DATABASE = "lifeboat:database"
RESOURCE_ID = "lifeboat:resource-id"
ORIGINAL_TIME = "lifeboat:original-time"
ORIGIN = "lifeboat:origin"  # the account from which the first copy was made; later copies take it over
BEGUN = "lifeboat:begun"  # when this copy was begun, by AWS's clock: written with the copy itself, and never again
LANDED = "lifeboat:landed"  # followed by an account ID: lifeboat:landed:222222222222
VERIFIED = "lifeboat:verified"
LANDED_MONTH = "lifeboat:landed-month"  # on what lands, such as 2026-12: policies of AWS compare it, see guards.py
NOT_LANDED = "failed"  # instead of the month: the copy failed, so that it may be deleted at once
EXCLUDED = "lifeboat:excluded"  # on the newest copy of a database that is no longer published: when that was first seen
PURPOSE = "lifeboat:purpose"
DRILL_ID = "lifeboat:drill-id"
RECOVERY_ID = "lifeboat:recovery-id"
EXPIRES = "lifeboat:expires"
RECOVERY_POINT = "lifeboat:recovery-point"
DRILL = "drill"  # a value of PURPOSE
RECOVERY = "recovery"  # a value of PURPOSE: this database is kept; those with another purpose are temporary
STAGE = "lifeboat:stage"  # marks an intermediate: the route that made it also removes it, and retention ignores it
RETAIN = "retain"  # a tag of the user's: retention keeps the snapshot, see keeping/retention.py
OUR_TAGS = "lifeboat:"  # what all our tag keys begin with

# RDS may add states, so a snapshot in an unknown state counts as in progress.
BAD_SNAPSHOT_STATES = frozenset({"failed", "deleted", "deleting", "incompatible-restore", "incompatible-parameters"})
# The waiters of botocore ignore most of these, so a failed restore would use up the whole timeout.
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
# RDS backs up available databases only (RDS User Guide, introduction to backups). Databases in these states stay in
# them until somebody acts.
NOT_BACKED_UP = BAD_DATABASE_STATES | {"stopped", "stopping"}
# In the state storage-initialization a database accepts connections, and loads blocks from S3 on first access.
USABLE_DATABASE_STATES = frozenset({"available", "storage-initialization", "storage-optimization"})


def partition_of(region: str) -> str:
    """Derive the AWS partition from the name of a Region."""
    starts = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}
    return next((partition for start, partition in starts.items() if region.startswith(start)), "aws")


def snapshot_arn(account: str, region: str, kind: Kind, name: str) -> str:
    """Build the ARN of a manual snapshot."""
    resource = "snapshot" if kind == "instance" else "cluster-snapshot"
    return f"arn:{partition_of(region)}:rds:{region}:{account}:{resource}:{name}"


def database_arn(account: str, region: str, kind: Kind, identifier: str) -> str:
    """Build the ARN of a database."""
    resource = "db" if kind == "instance" else "cluster"
    return f"arn:{partition_of(region)}:rds:{region}:{account}:{resource}:{identifier}"


@dataclass(frozen=True, slots=True, order=True)
class DatabaseId:
    """Identifies a database. The resource ID tells it from a later database with the same name."""

    account: str
    region: str
    kind: Kind
    identifier: str
    resource_id: str

    @property
    def arn(self) -> str:
        return database_arn(self.account, self.region, self.kind, self.identifier)


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of a database that a restore must be told, because a snapshot contains none of them."""

    instance_class: str | None = None
    storage_type: str | None = None
    iops: int | None = None
    throughput: int | None = None  # MiB/s
    serverless: str | None = None  # the minimum and maximum of capacity units, such as 0.5-8.0
    option_group: str | None = None
    parameter_group: str | None = None  # of an instance, or of the members of a cluster
    cluster_parameter_group: str | None = None
    multi_az: bool | None = None  # None: in one Availability Zone, or not known


@dataclass(frozen=True, slots=True)
class Database:
    """A DB instance or DB cluster as its own site sees it now."""

    id: DatabaseId
    engine: str
    engine_version: str | None
    status: str
    encrypted: bool = False
    kms_key_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    host: str | None = None
    port: int | None = None
    master_username: str | None = None
    database_name: str | None = None
    members: tuple[str, ...] = ()
    cluster: str | None = None  # the cluster that this instance is a member of
    pending: bool = False  # whether a requested change has not been applied yet
    created: datetime | None = None
    backup_retention_days: int | None = None  # 0: automated backups are off; None: not known
    ca: str | None = None  # the certificate authority of its TLS certificate; instances only
    iam: bool | None = None  # whether users may log in with IAM tokens
    secret_arn: str | None = None  # the secret of a master password that RDS manages
    secret_status: str | None = None
    replica_of: str | None = None  # the ARN of the database that it replicates
    configuration: Configuration = Configuration()

    @property
    def option_group(self) -> str | None:
        return self.configuration.option_group

    @property
    def is_custom(self) -> bool:
        """Whether it is RDS Custom, whose snapshots cannot leave the account (CopyDBSnapshot)."""
        return self.engine.startswith("custom-")

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
    """One snapshot, at one place, from which a database can be restored.

    What AWS does not show is unknown, and None: it equals nothing and differs from nothing. AWS leaves out more than
    its documents say (aws_rds.md 1.9): a copied cluster snapshot has no resource ID, a copy on its way has no times.
    """

    kind: Kind
    name: str
    arn: str
    account: str
    region: str
    origin: str  # automated, manual or awsbackup; a shared one is manual and belongs to another account
    status: str
    engine: str
    engine_version: str | None
    identifier: str  # of the database or stand-in that the snapshot was taken from
    resource_id: str | None  # of the same
    size_gib: int | None = None  # of a cluster snapshot it says nothing: it may be 0 or 1
    percent: int | None = None
    encrypted: bool = False
    kms_key_id: str | None = None
    created: datetime | None = None
    original: datetime | None = None  # DB snapshots only: when the first snapshot in the chain of copies was made
    database_time: datetime | None = None  # DB snapshots only: the time of the last transaction in it
    source_region: str | None = None
    source_arn: str | None = None
    option_group: str | None = None  # DB snapshots only
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """Identify a snapshot within an account."""
        return self.region, self.kind, self.name

    @property
    def known_time(self) -> datetime | None:
        """Return the time that AWS itself gives: the original time, else that at which this copy was made.

        The time in a name is only a claim.
        """
        return self.original or self.created

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
    def origin_account(self) -> str | None:
        """Return the account in which the original database is, or None when nobody knows.

        For a snapshot of our own account only: AWS names the account that it was copied from. If that is our own, or
        if it was not copied, our tag names the origin. A manifest has no say.
        """
        source = account_of(self.source_arn or "")
        return self.tags.get(ORIGIN) if source in ("", self.account) else source

    @property
    def arrived(self) -> datetime | None:
        """Return when this copy was begun, as our tag says. Without a tag AWS's time counts."""
        return time_in(self.tags, BEGUN) or self.known_time

    @property
    def database(self) -> str:
        """Return the identifier of the original database.

        It comes from our tag, since the snapshot of a stand-in names the stand-in.
        """
        return name_of(self.database_arn or "") or self.identifier

    @property
    def database_kind(self) -> Kind:
        """Return the kind of the original database. A DB snapshot of a stand-in belongs to a cluster."""
        return "cluster" if type_of(self.database_arn or "") == "cluster" else self.kind

    @property
    def database_arn(self) -> str | None:
        """Return the ARN of the original database, or None without a tag of ours that names one of its origin."""
        arn = self.tags.get(DATABASE, "")
        return arn if arn.count(":") == 6 and account_of(arn) == self.origin_account else None

    @property
    def database_tags(self) -> dict[str, str]:
        """Return the tags of the database that were copied along: all tags but ours."""
        return {key: value for key, value in self.tags.items() if not key.startswith(OUR_TAGS)}

    @property
    def is_intermediate(self) -> bool:
        """Tell whether it is only a step of a route. Nothing may be restored from it."""
        return STAGE in self.tags

    def has_landed_in(self, account: str) -> bool:
        return f"{LANDED}:{account}" in self.tags


@dataclass(frozen=True, slots=True)
class Key:
    """A KMS key as ``kms:DescribeKey`` describes it."""

    arn: str
    account: str
    region: str
    state: str | None
    is_aws_managed: bool

    @property
    def is_out_of_use(self) -> bool:
        """Tell whether KMS says that it cannot be used."""
        return self.state not in (None, "Enabled")


def iso(moment: datetime | None) -> str | None:
    """Format a time in UTC, to the second, with a Z. Results, tags and evidence use no other format."""
    return None if moment is None else moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def time_in(tags: Mapping[str, str], key: str) -> datetime | None:
    """Read the time in a tag, or return None without one that is a time with a zone."""
    try:
        when = from_iso(tags[key])
    except (KeyError, ValueError):
        return None
    return when if when.tzinfo else None


def from_iso(text: str) -> datetime:
    """Parse a time in ISO 8601 format, such as those that ``iso`` writes.

    :raises ValueError: when the text is not such a time.
    """
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
