# SPDX-License-Identifier: GPL-3.0-or-later
"""Targets: the values that describe which database to create from a recovery point, and how far that has come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..errors import LifeboatError
from ..model import Database, Kind, Purpose

DRILL = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,23}")


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """How one database is to be restored."""

    prefix: str
    drill_id: str  # the ID of the drill or of the recovery
    subnet_group: str
    security_groups: tuple[str, ...]
    instance_class: str | None  # None: like the original's, if known
    kms_key_id: str | None
    expires: datetime
    purpose: Purpose = "drill"
    restore_as: str | None = None  # only for recoveries, like multi_az and backup_retention_days
    fallback_class: str | None = None  # only for recoveries: where neither an option nor the recovery point tells one
    multi_az: bool | None = None  # None: like the original's
    backup_retention_days: int = 0
    serverless: Mapping[str, float] | None = None  # the capacity of Aurora Serverless v2: min, max
    iam: bool = False
    parameter_group: str | None = None
    cluster_parameter_group: str | None = None


@dataclass(frozen=True, slots=True)
class Original:
    """The recovery point to restore, and the database that it was taken from."""

    kind: Kind  # of the database, not of the snapshot
    identifier: str
    source: str  # the ARN of the database, or its identifier if the ARN is not known
    tags: dict[str, str]  # of the database
    lineage: str
    original_time: str
    database_time: str | None
    recovery_point: str
    recovery_point_arn: str
    region: str
    engine: str
    engine_version: str | None
    size_gib: int | None
    encrypted: bool

    kms_key_id: str | None  # of the recovery point


@dataclass(frozen=True, slots=True)
class Setup:
    """The configuration of the restored database: what the options set, otherwise like the original."""

    instance_class: str
    multi_az: bool = False
    serverless: dict[str, float] | None = None
    option_group: str | None = None
    parameter_group: str | None = None
    cluster_parameter_group: str | None = None
    storage_type: str | None = None
    iops: int | None = None
    throughput: int | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """The network of the restored database."""

    subnet_group: str
    security_groups: list[str]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a restore has come. All times are ISO strings by AWS's clock."""

    adopted: bool = False  # an earlier run, which was killed, had started it
    began: str | None = None  # when the run began
    chosen: str | None = None  # when the recovery point was chosen
    started: str | None = None  # when AWS answered the restore call
    usable: str | None = None  # when a cluster was ready for its member


@dataclass(frozen=True, slots=True)
class Target:
    """A database to create from a recovery point.

    It has plain values only, so that one pass can hand it to the next.
    """

    kind: Kind  # of the database to create: an instance, if a stand-in replaced a Multi-AZ DB cluster
    name: str
    tags: dict[str, str]
    original: Original
    setup: Setup
    placement: Placement
    purpose: Purpose = "drill"

    kms_key_id: str | None = None  # for the restored database
    iam: bool = False
    backup_retention_days: int = 0
    unlike: list[str] = field(default_factory=list)  # how its configuration differs from the original's
    progress: Progress = Progress()

    @property
    def key(self) -> tuple[Kind, str]:
        return self.kind, self.name

    @property
    def keys(self) -> list[tuple[Kind, str]]:
        """All identifiers that it needs. A cluster needs one for its member as well."""
        return [self.key, ("instance", self.member)] if self.kind == "cluster" else [self.key]

    @property
    def member(self) -> str:
        """Return the identifier of the instance through which a restored cluster is reached."""
        return f"{self.name}-1"

    @property
    def is_kept(self) -> bool:
        """Tell whether it stays, and replaces the original."""
        return self.purpose == "recovery"

    @property
    def is_stand_in(self) -> bool:
        """Tell whether an instance is restored although the original is a cluster."""
        return self.kind != self.original.kind

    def with_progress(self, **changes: Any) -> Target:
        """Return the same target with a changed progress."""
        return replace(self, progress=replace(self.progress, **changes))


def read_target(document: Mapping[str, Any]) -> Target:
    """Read a target that an earlier pass wrote with ``asdict``."""
    parts = {"original": Original, "setup": Setup, "placement": Placement, "progress": Progress}
    return Target(**{name: parts[name](**value) if name in parts else value for name, value in document.items()})


Databases = Mapping[tuple[str, str], Database]


def check_drill_id(drill_id: str | None) -> str:
    """Check that identifiers can contain the ID of a drill, and return it.

    :raises LifeboatError: when they cannot.
    """
    if not DRILL.fullmatch(drill_id or ""):
        raise LifeboatError(
            f"Cannot use the drill id {drill_id!r}",
            why="it becomes part of database identifiers: lower-case letters, digits and single hyphens, at most 24",
            remedy="Set drill_id to such an ID, for example 20261123t1404",
        )
    return str(drill_id)
