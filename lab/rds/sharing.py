# SPDX-License-Identifier: GPL-3.0-or-later
"""Sharing snapshots with other accounts."""

from __future__ import annotations

import re
from typing import Any

from lab.errors import AwsError
from lab.rds.kinds import Kind
from lab.rds.world import Call, Snapshot, World

MOST_ACCOUNTS = 20
PUBLIC = "all"


def describe(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """DescribeDBSnapshotAttributes, DescribeDBClusterSnapshotAttributes."""
    return _result(kind, _own(world, call, kind))


def modify(world: World, call: Call, kind: Kind) -> dict[str, Any]:
    """ModifyDBSnapshotAttribute, ModifyDBClusterSnapshotAttribute."""
    snapshot = _own(world, call, kind)
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
    if len([value for value in wanted if value != PUBLIC]) > MOST_ACCOUNTS:
        raise AwsError(
            "SharedSnapshotQuotaExceeded", f"A snapshot cannot be shared with more than {MOST_ACCOUNTS} accounts."
        )
    snapshot.shared_with = wanted
    return _result(kind, snapshot)


def _check_shareable(world: World, snapshot: Snapshot, added: list[str]) -> None:
    """What cannot be shared (RDS User Guide, sharing a snapshot)."""
    kind, name = snapshot.kind, snapshot.identifier
    if snapshot.type != "manual":
        raise AwsError(
            kind.snapshot_bad_state, f"Only manual snapshots can be shared; {name} is {snapshot.type}. Copy it first."
        )
    if snapshot.status(world.now()) != "available":
        raise AwsError(kind.snapshot_bad_state, f"{kind.snapshot} {name} is not in the available state.")
    if world.keys.is_managed(snapshot.key):
        raise AwsError(
            kind.snapshot_bad_state,
            f"{name} is encrypted with the default service key (aws/rds) and cannot be shared. Copy it under a "
            "customer managed key first.",
        )
    if PUBLIC in added and snapshot.key:
        raise AwsError("InvalidParameterValue", f"{name} is encrypted and cannot be public.")


def _own(world: World, call: Call, kind: Kind) -> Snapshot:
    name = call.params[kind.snapshot_identifier]
    snapshot = world.snapshot(kind, name, call.account, call.region)
    if snapshot.account != call.account:
        raise AwsError(kind.snapshot_not_found, f"{kind.snapshot} {name} not found.", 404)
    return snapshot


def _result(kind: Kind, snapshot: Snapshot) -> dict[str, Any]:
    return {
        f"{kind.snapshot}AttributesResult": {
            kind.snapshot_identifier: snapshot.identifier,
            f"{kind.snapshot}Attributes": [{"AttributeName": "restore", "AttributeValues": list(snapshot.shared_with)}],
        }
    }
