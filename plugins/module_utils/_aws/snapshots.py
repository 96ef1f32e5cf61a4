# SPDX-License-Identifier: GPL-3.0-or-later
"""List, copy, share and delete snapshots of instances and clusters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from time import monotonic
from typing import Any

from .._core.copying.plan import Copy, as_made
from .._core.model import RecoveryPoint
from . import rows
from .connection import Connection, chunks, is_foreign
from .errors import refusals, refusals_or_gone
from .rows import INSTANCE, SPELLINGS, Spelling


class Snapshots(Connection):
    """The recovery points of an account."""

    def recovery_points(self, origin: str | None = None, *, shared: bool = False) -> list[RecoveryPoint]:
        """List own snapshots, manual and automated, or those of one origin.

        :param shared: also those that other accounts share with this one here: the same pages have them.
        """
        parameters: dict[str, Any] = {"SnapshotType": origin} if origin else {}
        parameters |= {"IncludeShared": True} if shared else {}
        # AWS Backup's snapshots of Aurora are not a type of their own (BC, DescribeDBClusterSnapshots).
        asked = [INSTANCE] if origin == "awsbackup" else SPELLINGS.values()
        return list(chain.from_iterable(self._points(spelling, **parameters) for spelling in asked))

    def _points(self, spelling: Spelling, **parameters: Any) -> list[RecoveryPoint]:
        found = self._pages(f"describe_{spelling.snapshot_operation}s", f"{spelling.snapshot}s", **parameters)
        ours = (row for row in found if not is_foreign(row))
        return self._read(ours, lambda row: rows.recovery_point(row, spelling))

    def recovery_points_named(self, names: Mapping[str, Iterable[str]]) -> list[RecoveryPoint]:
        """List own manual snapshots with these names, by kind. Names that do not exist are left out."""
        found: list[RecoveryPoint] = []
        for spelling in SPELLINGS.values():
            for chunk in chunks(names.get(spelling.kind, ())):
                found += self._points(spelling, Filters=[{"Name": spelling.snapshot_filter, "Values": chunk}])
        return found

    def shared_with(self, point: RecoveryPoint) -> frozenset[str]:
        """List the accounts that may copy a snapshot. It costs a call each, since no RDS list has them."""
        spelling = SPELLINGS[point.kind]
        describe = getattr(self._client("rds"), f"describe_{spelling.snapshot_operation}_attributes")
        with refusals(f"Cannot see with whom {point.name} in {self.region} is shared"):
            answer = describe(**{f"{spelling.snapshot}Identifier": point.name})
        attributes = answer[f"{spelling.snapshot}AttributesResult"][f"{spelling.snapshot}Attributes"]
        values = [one.get("AttributeValues", []) for one in attributes if one.get("AttributeName") == "restore"]
        return frozenset(chain.from_iterable(values))

    def copy(self, copy: Copy) -> RecoveryPoint:
        """Start a copy that ends in this Region, wherever its source is, or take a snapshot of a database.

        It is started even if the answer shows less than a row that is listed.
        """
        spelling = SPELLINGS[copy.kind]
        if copy.is_taken:
            operation, parameters = f"create_{spelling.snapshot_operation}", rows.take_parameters(copy, spelling)
        else:
            operation, parameters = f"copy_{spelling.snapshot_operation}", rows.copy_parameters(copy, spelling)
        what = f"Cannot copy {copy.source_arn} to {copy.name} in {self.region}"
        with refusals_or_gone(what, lambda: self._is_there(copy.source_arn)):
            answer = getattr(self._client("rds"), operation)(**parameters)
        self._started[:] = [monotonic()]
        try:
            return rows.recovery_point(answer[spelling.snapshot], spelling)
        except rows.Incomplete:
            return replace(as_made(copy), status="creating")

    def share(self, point: RecoveryPoint, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Let accounts copy and restore a snapshot, or take that back."""
        spelling = SPELLINGS[point.kind]
        modify = getattr(self._client("rds"), f"modify_{spelling.snapshot_operation}_attribute")
        values = {"ValuesToAdd": sorted(add), "ValuesToRemove": sorted(remove)}
        with refusals_or_gone(f"Cannot share {point.name} in {self.region}", lambda: self._is_there(point.arn)):
            modify(
                **{f"{spelling.snapshot}Identifier": point.name},
                AttributeName="restore",
                **{name: accounts for name, accounts in values.items() if accounts},
            )

    def delete_recovery_point(self, point: RecoveryPoint) -> None:
        """Delete a manual snapshot."""
        spelling = SPELLINGS[point.kind]
        with refusals_or_gone(f"Cannot delete {point.name} in {self.region}", lambda: self._is_there(point.arn)):
            getattr(self._client("rds"), f"delete_{spelling.snapshot_operation}")(
                **{f"{spelling.snapshot}Identifier": point.name}
            )
