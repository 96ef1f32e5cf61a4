# SPDX-License-Identifier: GPL-3.0-or-later
"""Work in a lab without servers, whose clock is advanced: rows are sown, copies made, and nobody waits."""

from __future__ import annotations

from typing import Any

from helpers import DR, PRODUCTION, share, snapshot
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh

# More than any copy of a sown database takes.
LONG = 3_000.0


class Bare:
    """What a test does as production at home."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.rds = lab.client("production", "rds")

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass; this lab is as slow as AWS."""
        self.lab.admin("POST", "clock", {"advance": seconds})

    def seed(self, **words: Any) -> str:
        """Sow and return the prefix."""
        prefix = fresh("sown")
        self.lab.admin("POST", "seed", {"account": "production", "prefix": prefix, **words})
        return prefix

    def sow_database(self, **words: Any) -> str:
        """Return the identifier of a new database without snapshots."""
        return f"{self.seed(**words)}-00000"

    def sow(self, snapshots: int, **words: Any) -> list[str]:
        """Return the ARNs of the snapshots of a new database."""
        database = f"{self.seed(snapshots=snapshots, **words)}-00000"
        return self._arns(words.get("region"), {database})

    def sow_many(self, databases: int, **words: Any) -> list[str]:
        """Return the ARNs of one snapshot of each of so many databases."""
        prefix = self.seed(databases=databases, snapshots=1, **words)
        return self._arns(words.get("region"), {f"{prefix}-{number:05}" for number in range(databases)})

    def _arns(self, region: str | None, databases: set[str]) -> list[str]:
        rds = self.lab.client("production", "rds", region)
        found = []
        for kind, name in (("DBSnapshot", "db-instance-id"), ("DBClusterSnapshot", "db-cluster-id")):
            operation = "describe_db_snapshots" if kind == "DBSnapshot" else "describe_db_cluster_snapshots"
            pages = rds.get_paginator(operation).paginate(Filters=[{"Name": name, "Values": sorted(databases)}])
            found += [row[f"{kind}Arn"] for page in pages for row in page[f"{kind}s"]]
        return found

    def copy(self, source: str, client: Any = None, **more: Any) -> str:
        """Begin a copy and return its name."""
        name = fresh("copy")
        (client or self.rds).copy_db_snapshot(
            SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=name, **more
        )
        return name

    def copy_cluster(self, source: str, client: Any = None, **more: Any) -> str:
        name = fresh("copy")
        (client or self.rds).copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=source, TargetDBClusterSnapshotIdentifier=name, **more
        )
        return name

    def own_copy(self, source: str, **more: Any) -> str:
        """Return the name of a finished copy at home."""
        name = self.copy(source, **more)
        self.advance(LONG)
        return name

    def share(self, name: str, *accounts: str) -> None:
        share(self.rds, name, *(accounts or (DR,)))

    def snapshot(self, name: str) -> dict[str, Any]:
        return snapshot(self.rds, name)

    def cluster_snapshot(self, arn: str) -> dict[str, Any]:
        """Return the row of a cluster snapshot of any type."""
        words = {"Name": "db-cluster-snapshot-id", "Values": [arn]}
        row: dict[str, Any] = self.rds.describe_db_cluster_snapshots(Filters=[words])["DBClusterSnapshots"][0]
        return row

    def arn(self, name: str) -> str:
        return f"arn:aws:rds:us-west-2:{PRODUCTION}:snapshot:{name}"
