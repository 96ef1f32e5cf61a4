# SPDX-License-Identifier: GPL-3.0-or-later
"""Share snapshots with other accounts."""

from __future__ import annotations

import re
from typing import Any

from lifeboat_lab import keys
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import option_rules, shelf
from lifeboat_lab.rds.kinds import Kind
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import Call, World

PUBLIC = "all"


def describe(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer DescribeDBSnapshotAttributes, DescribeDBClusterSnapshotAttributes."""
    return _result(kind, shelf.own(world, call, kind, call.params[kind.snapshot_identifier]))


def modify(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """Answer ModifyDBSnapshotAttribute, ModifyDBClusterSnapshotAttribute."""
    snapshot = shelf.own(world, call, kind, call.params[kind.snapshot_identifier])
    added = call.params.get("ValuesToAdd") or []
    removed = call.params.get("ValuesToRemove") or []
    if call.params["AttributeName"] != "restore":
        raise AwsError("InvalidParameterValue", f"Invalid attribute name: {call.params['AttributeName']}")
    for value in (*added, *removed):
        if value != PUBLIC and not re.fullmatch(r"\d{12}", value):
            raise AwsError("InvalidParameterValue", f"Invalid account: {value}. It must have 12 digits, or be all.")
    if added:
        _check_shareable(world, snapshot, added)
    wanted = [value for value in dict.fromkeys((*snapshot.shared_with, *added)) if value not in removed]
    most = world.settings.quotas["accounts_per_snapshot"]
    if len([value for value in wanted if value != PUBLIC]) > most:
        raise AwsError("SharedSnapshotQuotaExceeded", f"A snapshot cannot be shared with more than {most} accounts.")
    snapshot.shared_with = wanted
    return _result(kind, snapshot)


def _check_shareable(world: World, snapshot: Snapshot, added: list[str]) -> None:
    """Refuse to share a snapshot that AWS does not share.

    :raises AwsError: when a snapshot cannot be shared, with the reason.
    """
    if PUBLIC in added and snapshot.key:
        raise AwsError("InvalidParameterValue", f"{snapshot.identifier} is encrypted and cannot be public.")
    if reason := _why_not_shareable(world, snapshot):
        raise AwsError(snapshot.kind.snapshot_bad_state, f"{snapshot.identifier} cannot be shared: {reason}")


def _why_not_shareable(world: World, snapshot: Snapshot) -> str | None:
    """Return why a snapshot cannot be shared; None when it can (aws_rds.md 2)."""
    rules = world.settings.rules
    if snapshot.type != "manual":
        return f"it is {snapshot.type}, and only manual snapshots can be. Copy it first."
    if snapshot.status(world.now()) != "available":
        return "it is not in the available state."
    if snapshot.of_multi_az_cluster and not rules["multi_az_cluster_snapshots_travel"]:
        return "it is of a Multi-AZ DB cluster."
    if snapshot.key == keys.AWS_OWNED:
        return None if rules["sse_rds_shareable"] else "it is encrypted under a key that AWS owns. Copy it first."
    if world.keys.is_managed(snapshot.key):
        return "it is encrypted with the default service key (aws/rds). Copy it under a customer managed key first."
    if bound := option_rules.keeping_at_home(snapshot):
        return f"its option group has the permanent or persistent option {', '.join(bound)}."
    return None


def _result(kind: Kind, snapshot: Snapshot) -> dict[str, Any]:
    return {
        f"{kind.snapshot}AttributesResult": {
            kind.snapshot_identifier: snapshot.identifier,
            f"{kind.snapshot}Attributes": [{"AttributeName": "restore", "AttributeValues": list(snapshot.shared_with)}],
        }
    }
