# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a DB instance or a DB cluster, with the states that it goes through (aws_rds.md 7.3)."""

from __future__ import annotations

import random
import string
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from lifeboat_lab.accounts import PARTITION
from lifeboat_lab.engines import Server, offer
from lifeboat_lab.rds import windows
from lifeboat_lab.rds.kinds import CLUSTER, Kind

# Engines of clusters whose data are apart from their members.
AURORA_LIKE = ("aurora", "neptune", "docdb")
# In these states it can be connected to, changed, saved and deleted.
USABLE = ("available", "storage-initialization", "storage-optimization")
LOCKED, LOST = "inaccessible-encryption-credentials-recoverable", "inaccessible-encryption-credentials"
# How a restore may end on request. Such a database cannot be saved in a snapshot.
BAD_ENDS = ("failed", "incompatible-restore", "insufficient-capacity", "incompatible-network",
            "incompatible-parameters", "incompatible-option-group", "incompatible-create", "restore-error",
            "storage-full", LOCKED, LOST)  # fmt: skip
# For how long a database waits for its key (aws_rds.md 9). Calendar time: not scaled.
KEY_GRACE = 7 * 86_400.0
# After so long a stopped database starts by itself (API Reference, StopDBInstance). Calendar time as well.
LONGEST_STOP = 7 * 86_400.0


@dataclass(eq=False)
class Secret:
    """A master password that RDS keeps in Secrets Manager. Its status follows from the clock."""

    arn: str
    key: str
    ready: float
    verb: str = "creating"

    def row(self, now: float) -> dict[str, str]:
        """Build MasterUserSecret."""
        status = self.verb if now < self.ready else "active"
        return {"SecretArn": self.arn, "SecretStatus": status, "KmsKeyId": self.key}


@dataclass(eq=False)
class Database:
    """A DB instance or a DB cluster."""

    kind: Kind
    account: str
    region: str
    identifier: str
    engine: str
    version: str
    master_username: str
    database_name: str | None
    key: str | None
    ready: float
    created: float
    storage: int = 20
    tags: dict[str, str] = field(default_factory=dict)
    # The requested settings, by the names of the request's parameters.
    options: dict[str, Any] = field(default_factory=dict)
    resource_id: str = ""
    server: Server | None = None
    # The last thing that is being done to the server; the next one waits for it.
    job: Future[Any] | None = None
    # Work to be done before the database is available.
    gates: list[Future[Any]] = field(default_factory=list)
    # A status that blocks other changes for a while, such as modifying.
    busy: str = ""
    busy_until: float = 0.0
    # A status in which it can be used, such as storage-initialization.
    aside: str = ""
    aside_until: float = 0.0
    # The bad end of its creation, if one was asked for.
    fate: str = ""
    gone: float | None = None
    # Comes up, but never answers (a fault on request).
    unreachable: bool = False
    # When it was stopped on request.
    stopped: float | None = None
    # When its key stopped working.
    locked: float | None = None
    # An instance may belong to a cluster, which has the data.
    cluster: Database | None = None
    members: list[Database] = field(default_factory=list)
    # What it replicates, if it is a replica: by ARN, and itself as far as the lab has it.
    source_arn: str = ""
    source: Database | None = None
    replicas: list[Database] = field(default_factory=list)
    # The Aurora global database that this cluster belongs to.
    global_cluster: str = ""
    # Changes for the maintenance window, by the names of the request's parameters.
    pending: dict[str, Any] = field(default_factory=dict)
    # Names of parameter groups that apply from the next reboot on.
    awaiting_reboot: set[str] = field(default_factory=set)
    secret: Secret | None = None
    # By topic, the number of the entry in the clock's agenda that still counts.
    plans: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fill in the defaults; a member has its cluster's."""
        self.resource_id = self.resource_id or new_resource_id(self.kind)
        if self.cluster is None:
            self.options.setdefault("BackupRetentionPeriod", 1)
            self.options.setdefault("StorageType", "aurora" if self.is_aurora else "gp3")
            self.options |= windows.chosen(self.options, self.resource_id, self.region)

    @property
    def arn(self) -> str:
        return f"arn:{PARTITION}:rds:{self.region}:{self.account}:{self.kind.arn_type}:{self.identifier}"

    @property
    def is_cluster(self) -> bool:
        return self.kind is CLUSTER

    @property
    def is_aurora(self) -> bool:
        """Tell whether its storage grows by itself, as that of Aurora's relatives does too (RDS User Guide, quotas)."""
        return self.engine.startswith(AURORA_LIKE)

    @property
    def is_multi_az_cluster(self) -> bool:
        """Tell whether it is three instances that come and go together; its engine has a plain name (aws_rds.md 3)."""
        return self.is_cluster and not self.is_aurora

    @property
    def data(self) -> Database:
        """Return the database that has the data: for a member, its cluster."""
        return self.cluster or self

    @property
    def replicates(self) -> str:
        """Return the ARN of its source, under the name that has now; empty if it is not a replica."""
        return self.source.arn if self.source else self.source_arn

    @property
    def port(self) -> int:
        """Return the port of its endpoint; without a server the requested port, otherwise the engine's default."""
        if self.data.server is not None:
            return self.data.server.port
        return self.data.options.get("Port") or offer(self.engine).port

    @property
    def settled(self) -> bool:
        return all(gate.done() for gate in self.gates)

    @property
    def broken(self) -> bool:
        return any(gate.done() and gate.exception() is not None for gate in self.gates)

    @property
    def _breakdown(self) -> str:
        """Return the status of a failed start.

        A server that never ran on its files was restored from some that it cannot read.
        """
        return "incompatible-restore" if self.data.server and self.data.server.unproven else "failed"

    def wait_for(self, gate: Future[Any]) -> None:
        """Hold the database back until the gate is done, and fail it when the gate fails."""
        self.gates = [each for each in self.gates if not each.done() or each.exception() is not None] + [gate]

    def status(self, now: float) -> str:
        """Return the status as of now."""
        if self.gone is not None:
            return "deleting"
        if self.cluster and self.cluster.is_multi_az_cluster:
            return self.cluster.status(now)
        if now < self.ready:
            return "creating"
        if self.fate or self.broken:
            return self.fate or self._breakdown
        return self.data.held(now) or self._activity(now)

    def held(self, now: float) -> str:
        """Return a status that a cluster and its members share, or an empty text."""
        if self.locked is not None:
            return LOCKED if now < self.locked + KEY_GRACE else LOST
        if self.busy in ("stopping", "starting") and self.is_busy(now):
            return self.busy
        return "stopped" if self.stopped is not None else ""

    def _activity(self, now: float) -> str:
        if self.is_busy(now):
            return self.busy or "creating"
        return self.aside if now < self.aside_until else "available"

    def is_busy(self, now: float) -> bool:
        return now < self.busy_until or not self.settled

    def is_usable(self, now: float) -> bool:
        return self.status(now) in USABLE

    def has_endpoint(self, now: float) -> bool:
        """Tell whether it has an endpoint: not while it is being created, nor after its creation failed."""
        return now >= self.ready and not self.fate and not self.broken

    def occupy(self, status: str, until: float) -> None:
        self.busy, self.busy_until = status, until


def new_resource_id(kind: Kind) -> str:
    """Return an identity that no other database ever has."""
    letters = random.SystemRandom().choices(string.ascii_uppercase + string.digits, k=26)
    return kind.resource_prefix + "".join(letters)
