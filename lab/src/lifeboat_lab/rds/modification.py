# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer ModifyDBInstance and ModifyDBCluster: what changes at once, and what waits for the maintenance window."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import agenda, changes, database_rows, members, passwords, requested, windows
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE
from lifeboat_lab.rds.world import Call, World

MAINTENANCE = "maintenance"
# These parameters say how to change, not what.
_ABOUT_THE_REQUEST = frozenset({
    "AllowEngineModeChange", "AllowMajorVersionUpgrade", "ApplyImmediately", "DBClusterIdentifier",
    "DBInstanceIdentifier",
})  # fmt: skip
_PASSWORDS = frozenset({
    "ManageMasterUserPassword", "MasterUserPassword", "MasterUserSecretKmsKeyId", "RotateMasterUserPassword",
})  # fmt: skip


def modify_instance(world: World, call: Call) -> dict[str, Any]:
    found = world.database(INSTANCE, call.params["DBInstanceIdentifier"], call.account, call.region)
    if found.cluster:
        members.check_managed(call.params)
    _modify(world, call, found)
    return {"DBInstance": database_rows.instance(world, found)}


def modify_cluster(world: World, call: Call) -> dict[str, Any]:
    found = world.database(CLUSTER, call.params["DBClusterIdentifier"], call.account, call.region)
    _modify(world, call, found)
    return {"DBCluster": database_rows.cluster(world, found)}


def _modify(world: World, call: Call, found: Database) -> None:
    wanted = {name: value for name, value in call.params.items() if name not in _ABOUT_THE_REQUEST}
    if not wanted:
        raise AwsError("InvalidParameterCombination", "No modifications were requested")
    if not found.is_usable(world.now()):
        raise AwsError(found.kind.bad_state, f"{found.kind.noun} {found.identifier} is not in available state.")
    if wanted.get("EngineVersion"):
        wanted["EngineVersion"] = _engine_version(world, found, wanted["EngineVersion"])
    _check(world, call, found)
    wanted = changes.translated(found, {name: value for name, value in wanted.items() if name not in _PASSWORDS})
    changes.check(world, found, wanted)
    later = {name: value for name, value in wanted.items() if changes.waits(found, name, value)}
    _change_now(world, call, found, {name: value for name, value in wanted.items() if name not in later})
    if call.params.get("ApplyImmediately"):
        _begin(world, found, found.pending | later)
    else:
        _put_off(world, found, later)


def _check(world: World, call: Call, found: Database) -> None:
    params, kind = call.params, found.kind
    requested.check_numbers(params, kind)
    name = params.get(f"New{kind.identifier}")
    if name and name.lower() != found.identifier:
        requested.new_name(world, call, kind, f"New{kind.identifier}")
    requested.check_place(world, call, kind, found.engine, params.get("EngineVersion") or found.version, found)
    passwords.check_change(world, call, found)
    if not found.cluster:
        asked = {name: params[name] for name in ("PreferredBackupWindow", "PreferredMaintenanceWindow") if
                 params.get(name)}  # fmt: skip
        windows.check(found.options | asked)


def _engine_version(world: World, found: Database, wanted: str) -> str:
    """Return the wanted engine version.

    :raises AwsError: when it is not offered, or the cluster's to change.
    """
    if found.cluster:
        raise AwsError(
            "InvalidParameterCombination",
            "The engine version of a member is its cluster's. Upgrade it using the ModifyDbCluster API.",
        )
    return requested.engine(world, found.engine, wanted, found.kind, multi_az=found.is_multi_az_cluster)[1]


def _change_now(world: World, call: Call, found: Database, wanted: dict[str, Any]) -> None:
    if changes.disturbs(found, wanted):
        found.occupy("modifying", world.now() + world.settings.seconds("modify"))
    changes.apply(world, found, wanted)
    passwords.change(world, call, found)


def _put_off(world: World, found: Database, later: dict[str, Any]) -> None:
    """Keep changes for the maintenance window."""
    found.pending |= later
    if found.pending:
        window = found.options.get("PreferredMaintenanceWindow") or found.data.options["PreferredMaintenanceWindow"]
        moment = windows.maintenance(window).next_start(world.now())
        agenda.plan(world, found, MAINTENANCE, moment, lambda: _maintain(world, found))


def _maintain(world: World, found: Database) -> None:
    if found.gone is None:
        _begin(world, found, found.pending)


def _begin(world: World, found: Database, later: dict[str, Any]) -> None:
    """Apply changes that take their time; until then they are shown as pending (API Reference, ModifyDBInstance)."""
    agenda.cancel(found, MAINTENANCE)
    found.pending = later
    if not later:
        return
    until = world.now() + world.settings.seconds("modify")
    if world.now() >= found.busy_until:
        found.occupy("renaming" if set(later) == {changes.NEW_NAME} else "modifying", until)
    agenda.gate(world, found, until, lambda: _finish(world, found))


def _finish(world: World, found: Database) -> None:
    later, found.pending = found.pending, {}
    changes.apply(world, found, later)
