# SPDX-License-Identifier: GPL-3.0-or-later
"""List, restore and delete database instances and clusters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from .._core.copying.stand_in import StandIn
from .._core.model import Database, partition_of
from .._core.restoring.target import Target
from . import replica_rows, rows
from .connection import IMPATIENT, Connection, chunks, is_foreign
from .errors import AwsRefusal, refusals, refusals_or_gone
from .rows import INSTANCE, SPELLINGS, Spelling


class Databases(Connection):
    """The DB instances and DB clusters of an account."""

    def databases(self) -> list[Database]:
        """List every DB instance and DB cluster here. Members of clusters are instances with a cluster."""
        return list(chain.from_iterable(self._databases(spelling) for spelling in SPELLINGS.values()))

    def _databases(self, spelling: Spelling, **parameters: Any) -> list[Database]:
        found = self._pages(f"describe_{spelling.database_operation}s", f"{spelling.database}s", **parameters)
        ours = [row for row in found if not is_foreign(row)]
        writers = self._writers() if any(map(replica_rows.may_be_secondary, ours)) else {}
        return self._read(ours, lambda row: rows.database(row, spelling, writers))

    def _writers(self) -> dict[str, str]:
        """Find the primary cluster of each secondary one of global databases, by ARN.

        Without the permission to ask, a secondary cluster whose row names no source counts as one of its own.
        """
        try:
            return replica_rows.writers(self._pages("describe_global_clusters", "GlobalClusters"))
        except AwsRefusal as refusal:
            if refusal.meaning != "permission":
                raise
            return {}

    def instances_elsewhere(self) -> tuple[dict[str, int], list[str]]:
        """Count the DB instances of each other Region, up to a page of them, and name the Regions that do not answer.

        Clusters count by their instances. It takes a call for each Region that botocore knows.
        """
        counts: dict[str, int] = {}
        unseen: list[str] = []
        for region in self._session.get_available_regions("rds", partition_name=partition_of(self.region)):
            if region != self.region:
                try:
                    counts[region] = self.in_region(region)._instances_at_a_glance()
                except AwsRefusal:  # not allowed, not opted in, or out of reach: it is told, and is no error
                    unseen.append(region)
        return counts, unseen

    def _instances_at_a_glance(self) -> int:
        with refusals(f"Cannot list {INSTANCE.database}s in {self.region}"):
            rows_here = self._client("rds", **IMPATIENT).describe_db_instances()["DBInstances"]
        return sum(1 for row in rows_here if not is_foreign(row))

    def databases_named(self, names: Mapping[str, Iterable[str]]) -> list[Database]:
        """List the databases with these identifiers, by kind. Those that do not exist are left out."""
        found: list[Database] = []
        for spelling in SPELLINGS.values():
            for chunk in chunks(names.get(spelling.kind, ())):
                name_filter = {"Name": spelling.database_operation.replace("_", "-") + "-id", "Values": chunk}
                found += self._databases(spelling, Filters=[name_filter])
        return found

    def restore(self, target: Target) -> None:
        """Start a database from a recovery point, in the target's network and never public."""
        spelling = SPELLINGS[target.kind]
        source = target.original
        what = f"Cannot restore {source.recovery_point} as {target.name} in {self.region}"
        with refusals_or_gone(what, lambda: self._is_there(source.recovery_point_arn)):
            getattr(self._client("rds"), spelling.restore)(**rows.restore_parameters(target, spelling))

    def stand_in(self, stand_in: StandIn) -> None:
        """Start an instance from the snapshot of a Multi-AZ DB cluster, in the named network and never public."""
        with refusals(f"Cannot restore {stand_in.recovery_point} as {stand_in.name} in {self.region}"):
            self._client("rds").restore_db_instance_from_db_snapshot(**rows.stand_in_parameters(stand_in))

    def add_member(self, target: Target) -> None:
        """Add the instance through which a restored cluster is reached: a restore makes none."""
        with refusals(f"Cannot add {target.member} to the cluster {target.name} in {self.region}"):
            self._client("rds").create_db_instance(**rows.member_parameters(target))

    def delete_database(self, database: Database) -> None:
        """Delete a database and keep nothing: no final snapshot, no automated backups."""
        spelling = SPELLINGS[database.id.kind]
        # A member keeps nothing of its own: its cluster does.
        kept = {} if database.cluster else {"DeleteAutomatedBackups": True}
        what, arn = f"Cannot delete {database.id.identifier} in {self.region}", database.id.arn
        with refusals_or_gone(what, lambda: self._is_there(arn)):
            getattr(self._client("rds"), f"delete_{spelling.database_operation}")(
                **{f"{spelling.database}Identifier": database.id.identifier}, SkipFinalSnapshot=True, **kept
            )
