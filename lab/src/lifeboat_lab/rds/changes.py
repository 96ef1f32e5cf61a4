# SPDX-License-Identifier: GPL-3.0-or-later
"""Change a database's settings, and decide which changes wait for the maintenance window."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import backups, storage
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.world import World

# Stands for NewDBInstanceIdentifier and NewDBClusterIdentifier.
NEW_NAME = "Identifier"
# What changes in the maintenance window unless ApplyImmediately says otherwise; the names with which they are shown
# in PendingModifiedValues (API Reference, ModifyDBInstance, ModifyDBCluster and PendingModifiedValues).
WAITING = {
    "AllocatedStorage": "AllocatedStorage",
    "BackupRetentionPeriod": "BackupRetentionPeriod",
    "CACertificateIdentifier": "CACertificateIdentifier",
    "DBClusterInstanceClass": "",
    "DBInstanceClass": "DBInstanceClass",
    "DBSubnetGroupName": "DBSubnetGroupName",
    "DedicatedLogVolume": "DedicatedLogVolume",
    "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
    "EngineVersion": "EngineVersion",
    "Iops": "Iops",
    "LicenseModel": "LicenseModel",
    "MultiAZ": "MultiAZ",
    NEW_NAME: NEW_NAME,
    "OptionGroupName": "",
    "ProcessorFeatures": "ProcessorFeatures",
    "StorageThroughput": "StorageThroughput",
    "StorageType": "StorageType",
}
# Settings that change without any work on the database.
QUIET = frozenset({
    "AutoMinorVersionUpgrade", "BackupRetentionPeriod", "CopyTagsToSnapshot", "DBClusterParameterGroupName",
    "DBParameterGroupName", "DeletionProtection", "EnableHttpEndpoint", "MaxAllocatedStorage", "PreferredBackupWindow",
    "PreferredMaintenanceWindow", "PromotionTier",
})  # fmt: skip
_STORAGE = ("AllocatedStorage", "Iops", "StorageThroughput", "StorageType")
_PARAMETER_GROUPS = ("DBParameterGroupName", "DBClusterParameterGroupName")


def translated(found: Database, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return a request's parameters under the names that a database keeps them by."""
    for name, kept in ((f"New{found.kind.identifier}", NEW_NAME), ("DBPortNumber", "Port")):
        if name in wanted:
            wanted[kept] = wanted.pop(name)
    if NEW_NAME in wanted:
        wanted[NEW_NAME] = wanted[NEW_NAME].lower()
    if found.is_aurora:
        # Aurora's storage grows by itself.
        wanted = {name: value for name, value in wanted.items() if name not in ("AllocatedStorage", "Iops")}
    if logs := wanted.pop("CloudwatchLogsExportConfiguration", None):
        exported = set(found.options.get("EnableCloudwatchLogsExports") or []) | set(logs.get("EnableLogTypes") or [])
        wanted["EnableCloudwatchLogsExports"] = sorted(exported - set(logs.get("DisableLogTypes") or []))
    return wanted


def check(world: World, found: Database, wanted: dict[str, Any]) -> None:
    """Check that the storage and its growth limit can change like that.

    :raises AwsError: when the storage, or the limit to which it may grow, cannot become like that.
    """
    asked = [name for name in _STORAGE if name in wanted and wanted[name] != present(found, name)]
    if asked and not found.is_aurora:
        if found.aside == "storage-optimization" and world.now() < found.aside_until:
            raise AwsError(
                "InvalidParameterCombination",
                "You can't currently modify the storage of this DB instance because the previous storage change is "
                "being optimized.",
            )
        wanted |= _storage(found, wanted)
    limit = wanted.get("MaxAllocatedStorage")
    if limit is not None and limit < (wanted.get("AllocatedStorage") or found.storage):
        raise AwsError("InvalidParameterCombination", "MaxAllocatedStorage cannot be less than AllocatedStorage.")


def _storage(found: Database, wanted: dict[str, Any]) -> dict[str, Any]:
    gib = storage.grown(wanted.get("AllocatedStorage") or found.storage, found.storage)
    type_ = wanted.get("StorageType") or found.options.get("StorageType")
    iops = wanted.get("Iops")
    if gib > found.storage and type_ in storage.PROVISIONED and iops is None:
        raise AwsError("InvalidParameterCombination", "To increase AllocatedStorage, specify Iops as well.")
    if iops is None and type_ in storage.PROVISIONED:
        iops = found.options.get("Iops")
    types = storage.MULTI_AZ_CLUSTER_TYPES if found.is_cluster else storage.INSTANCE_TYPES
    storage.check(storage.Storage(gib, str(type_), iops or None), types)
    return {"AllocatedStorage": gib, "StorageType": type_, "Iops": iops or None}


def present(found: Database, name: str) -> Any:
    """Return the database's present value of a setting."""
    known = {"AllocatedStorage": found.storage, "EngineVersion": found.version, NEW_NAME: found.identifier}
    return known[name] if name in known else found.options.get(name)


def waits(found: Database, name: str, value: Any) -> bool:
    """Tell whether this is a change, and one that has to wait."""
    if name not in WAITING or value == present(found, name):
        return False
    # Only a change from or to 0 turns backups on or off.
    return name != "BackupRetentionPeriod" or not (value and backups.retention(found))


def disturbs(found: Database, wanted: dict[str, Any]) -> bool:
    """Tell whether one of these changes makes the database busy for a while."""
    return any(value != present(found, name) for name, value in wanted.items() if name not in QUIET)


def shown(found: Database) -> dict[str, Any]:
    """Build PendingModifiedValues."""
    rows = {WAITING[name]: value for name, value in found.pending.items() if WAITING[name]}
    if NEW_NAME in rows:
        rows[found.kind.identifier] = rows.pop(NEW_NAME)
    return rows


def apply(world: World, found: Database, wanted: dict[str, Any]) -> None:
    """Apply changes to a database."""
    wanted, before = dict(wanted), backups.retention(found)
    if any(wanted.get(name) not in (None, present(found, name)) for name in _STORAGE) and not found.is_aurora:
        found.aside = "storage-optimization"
        found.aside_until = world.now() + world.settings.seconds("storage_optimization")
    _await_reboot(found, wanted)
    found.storage = wanted.pop("AllocatedStorage", None) or found.storage
    found.version = wanted.pop("EngineVersion", None) or found.version
    if name := wanted.pop(NEW_NAME, None):
        _rename(world, found, name)
    other_window = wanted.get("PreferredBackupWindow") not in (None, found.options.get("PreferredBackupWindow"))
    found.options.update(wanted)
    _follow(found, wanted)
    if other_window:
        backups.plan(world, found)
    if backups.retention(found) != before:
        backups.retention_changed(world, found, before)


def _await_reboot(found: Database, wanted: dict[str, Any]) -> None:
    """Note a new parameter group, which applies from the next reboot on; a cluster's when its members reboot."""
    for name in _PARAMETER_GROUPS:
        if wanted.get(name) not in (None, found.options.get(name)):
            for each in found.members if found.is_cluster else (found,):
                each.awaiting_reboot.add(name)


def _follow(found: Database, wanted: dict[str, Any]) -> None:
    """Copy to a cluster's members what they take over from it."""
    for member in found.members:
        member.version = found.version
        if found.is_multi_az_cluster:
            member.storage = found.storage
            member.options |= {name: value for name, value in wanted.items() if name in ("StorageType", "Iops")}
            member.options["DBInstanceClass"] = found.options.get("DBClusterInstanceClass")


def _rename(world: World, found: Database, name: str) -> None:
    """Give a database another name and ARN and keep its resource id. Do nothing when the name was taken meanwhile."""
    databases = world.place(found.account, found.region).databases[found.kind.name]
    if name not in databases:
        del databases[found.identifier]
        found.identifier = name
        databases[name] = found
