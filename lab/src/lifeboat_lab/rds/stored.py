# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a snapshot, and what it remembers of its database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lifeboat_lab.accounts import PARTITION
from lifeboat_lab.engines import Frozen
from lifeboat_lab.rds.kinds import CLUSTER, Kind

# Aurora has no allocated storage; so much is moved when one of its snapshots is copied.
AURORA_GIB = 20


@dataclass(frozen=True, eq=False)
class Portrait:
    """What a snapshot remembers of its database; all copies share it."""

    database_id: str
    resource_id: str
    engine: str
    version: str
    storage: int
    port: int
    master_username: str
    database_name: str | None
    created: float
    options: dict[str, Any]
    # Options of its option group that data depend on (aws_rds.md 1.8).
    persistent_options: frozenset[str] = frozenset()

    @property
    def gib(self) -> int:
        return AURORA_GIB if self.engine.startswith("aurora") else self.storage


@dataclass(eq=False)
class Snapshot:
    """A DB snapshot or a DB cluster snapshot. Its states follow from the clock."""

    kind: Kind
    account: str
    region: str
    identifier: str
    type: str
    portrait: Portrait
    key: str | None
    option_group: str
    started: float
    ready: float
    frozen: Frozen
    verb: str = "creating"
    tags: dict[str, str] = field(default_factory=dict)
    # SnapshotCreateTime, OriginalSnapshotCreateTime and SnapshotDatabaseTime (aws_rds.md 1.9).
    created: float = 0.0
    original: float = 0.0
    taken: float = 0.0
    source: Snapshot | None = None
    shared_with: list[str] = field(default_factory=list)
    # Whether it ends as failed when its time has come.
    fails: bool = False
    # Whether it moved only the incremental share.
    incremental: bool = False
    # Whether its completion has been noticed.
    finished: bool = False
    arn: str = ""

    def __post_init__(self) -> None:
        self.arn = f"arn:{PARTITION}:rds:{self.region}:{self.account}:{self.kind.snapshot_arn_type}:{self.identifier}"

    @property
    def lineage(self) -> tuple[str | None, ...]:
        """Return the keys at each place from the database's own on (aws_rds.md 1.7, inheritance depth)."""
        return (*self.source.lineage, self.key) if self.source else (self.key,)

    @property
    def of_multi_az_cluster(self) -> bool:
        """Tell whether it is of a Multi-AZ DB cluster: a cluster snapshot of mysql or postgres (aws_rds.md 3)."""
        return self.kind is CLUSTER and self.portrait.engine in ("mysql", "postgres")

    def status(self, now: float) -> str:
        if now < self.ready or not self.frozen.done():
            return self.verb
        return "failed" if self.fails or self.frozen.failed() else "available"

    def in_flight(self, now: float) -> bool:
        return self.status(now) == self.verb

    def percent(self, now: float) -> int:
        """Return the progress: 0 while a copy waits for its turn (aws_rds.md 1.6), and for one that failed."""
        status = self.status(now)
        if status != self.verb:
            return 100 if status == "available" else 0
        share = (now - self.started) / max(self.ready - self.started, 0.001)
        return max(0, min(99, int(share * 100)))

    def fail(self, now: float) -> None:
        """End as failed now."""
        self.fails, self.ready = True, min(self.ready, now)

    def visible_to(self, account: str) -> bool:
        return account == self.account or account in self.shared_with or "all" in self.shared_with

    def type_for(self, account: str) -> str:
        """Return the SnapshotType that an account sees."""
        if self.account == account:
            return self.type
        return "shared" if account in self.shared_with else "public"


class Shelf(dict[str, Snapshot]):
    """The snapshots of one kind in one place by identifier, and their order in lists, which is that of their ARNs."""

    def __init__(self) -> None:
        super().__init__()
        self._ordered: list[Snapshot] | None = None

    @property
    def ordered(self) -> list[Snapshot]:
        if self._ordered is None:
            self._ordered = sorted(self.values(), key=lambda each: each.arn)
        return self._ordered

    def add(self, *snapshots: Snapshot) -> None:
        self.update({each.identifier: each for each in snapshots})
        self._ordered = None

    def remove(self, snapshot: Snapshot) -> None:
        self.pop(snapshot.identifier, None)
        self._ordered = None
