# SPDX-License-Identifier: GPL-3.0-or-later
"""Check where snapshots go: free names, room under the quota, and whose they are."""

from __future__ import annotations

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import names
from lifeboat_lab.rds.kinds import Kind
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import Call, Place, World


def new_name(place: Place, kind: Kind, wanted: str, parameter: str) -> str:
    """Return the identifier for a new snapshot.

    :raises AwsError: when it is not legal or taken.
    """
    name = names.identifier(wanted, parameter, kind.longest_snapshot_name)
    if name in place.snapshots[kind.name]:
        raise AwsError(
            kind.snapshot_exists,
            f"Cannot create the snapshot because a snapshot with the identifier {name} already exists.",
        )
    return name


def check_quota(world: World, place: Place, kind: Kind) -> None:
    """Check the quota of snapshots. Only manual ones count, not automated ones nor AWS Backup's (aws_rds.md 4).

    :raises AwsError: when there are as many as there may be.
    """
    most = world.settings.quotas[kind.quota]
    if manual_count(place, kind) >= most:
        raise AwsError("SnapshotQuotaExceeded", f"Cannot create more than {most} manual snapshots")


def manual_count(place: Place, kind: Kind) -> int:
    return sum(snapshot.type == "manual" for snapshot in place.snapshots[kind.name].values())


def own(world: World, call: Call, kind: Kind, name: str) -> Snapshot:
    """Return the caller's own snapshot.

    :raises AwsError: when there is none, or when it is another account's.
    """
    snapshot = world.snapshot(kind, name, call.account, call.region)
    if snapshot.account != call.account:
        raise AwsError(kind.snapshot_not_found, f"{kind.snapshot} {name} not found.", 404)
    return snapshot
