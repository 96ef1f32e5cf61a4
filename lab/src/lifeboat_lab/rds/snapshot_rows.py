# SPDX-License-Identifier: GPL-3.0-or-later
"""Show snapshots as RDS does (aws_rds.md 1.9). Long lists are made of these rows: keep them cheap."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lifeboat_lab import keys
from lifeboat_lab.engines import offer
from lifeboat_lab.rds import names
from lifeboat_lab.rds.kinds import INSTANCE
from lifeboat_lab.rds.stored import Portrait, Snapshot
from lifeboat_lab.rds.world import World


def row(world: World, found: Snapshot, viewer: str) -> dict[str, Any]:
    """Build a snapshot's row. Another account's has its ARN for a name, and no tags."""
    own = viewer == found.account
    kind, now, rules = found.kind, world.now(), world.settings.rules
    status = found.status(now)
    shown = {
        kind.snapshot_identifier: found.identifier if own else found.arn,
        f"{kind.snapshot}Arn": found.arn,
        "SnapshotType": found.type_for(viewer),
        "Status": status,
        "PercentProgress": found.percent(now),
        "TagList": names.tag_rows(found.tags) if own or rules["shared_tags_visible"] else [],
        kind.encrypted_field: found.key is not None,
        "StorageEncryptionType": keys.storage_type(found.key),
        "KmsKeyId": keys.shown(found.key),
    }
    if found.created <= now and status != found.verb:
        shown["SnapshotCreateTime"] = found.created
    shown |= _of_instance(found, status) if kind is INSTANCE else _of_cluster(found, rules)
    return _without(_absent(found, status, rules), _portrayed(found.portrait, kind) | shown)


def _of_instance(found: Snapshot, status: str) -> dict[str, Any]:
    """Return the members that only instance snapshots have."""
    source = found.source
    shown: dict[str, Any] = {
        "OptionGroupName": found.option_group,
        "FullSnapshotSizeInBytes": found.portrait.gib << 30,
    }
    if status != "creating":
        shown["OriginalSnapshotCreateTime"] = found.original
        shown["SnapshotDatabaseTime"] = found.taken
    if source:
        shown |= {"SourceRegion": source.region, "SourceDBSnapshotIdentifier": source.arn}
    return shown


def _of_cluster(found: Snapshot, rules: dict[str, Any]) -> dict[str, Any]:
    """Return the members that only cluster snapshots have. Aurora's AllocatedStorage says nothing (aws_rds.md 1.9)."""
    shown: dict[str, Any] = {}
    if found.source:
        shown["SourceDBClusterSnapshotArn"] = found.source.arn
    if found.portrait.engine.startswith("aurora"):
        shown["AllocatedStorage"] = 1 if found.source and rules["aurora_storage_differs"] else 0
    return shown


def _absent(found: Snapshot, status: str, rules: dict[str, Any]) -> frozenset[str]:
    """Return the members that AWS leaves out of a copy's row, though its documents name them (aws_rds.md 1.9)."""
    kind, source = found.kind, found.source
    if source is None:
        return frozenset()
    if kind is not INSTANCE:
        return frozenset() if rules["cluster_copy_keeps_resource_id"] else frozenset({kind.resource_field})
    if status == found.verb and source.region != found.region:
        return ON_THE_WAY
    is_elsewhere = (source.account, source.region) != (found.account, found.region)
    forgets = is_elsewhere and not rules["instance_copy_keeps_resource_id"]
    return frozenset({kind.resource_field}) if forgets else frozenset()


def _without(absent: frozenset[str], shown: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name not in absent} if absent else shown


# Recorded in 2016 and 2020 of copies of instances on their way to another Region, beside SnapshotCreateTime.
ON_THE_WAY = frozenset({"DbiResourceId", "VpcId", "AvailabilityZone", "OptionGroupName",
                        "OriginalSnapshotCreateTime", "SnapshotDatabaseTime"})  # fmt: skip


@lru_cache(maxsize=20_000)
def _portrayed(about: Portrait, kind: Any) -> dict[str, Any]:
    """Return the members that do not depend on the snapshot. Many rows share them: callers must not change them."""
    options = about.options
    shown = {
        kind.identifier: about.database_id,
        kind.resource_field: about.resource_id,
        "Engine": about.engine,
        "EngineVersion": about.version,
        "AllocatedStorage": about.storage,
        "Port": about.port,
        "MasterUsername": about.master_username,
        "BackupRetentionPeriod": options.get("BackupRetentionPeriod"),
        "PreferredBackupWindow": options.get("PreferredBackupWindow"),
        "LicenseModel": options.get("LicenseModel") or offer(about.engine).license_model,
        "StorageType": options.get("StorageType") or ("aurora" if about.engine.startswith("aurora") else "gp3"),
        "StorageThroughput": options.get("StorageThroughput"),
        "VpcId": options.get("VpcId"),
        "IAMDatabaseAuthenticationEnabled": bool(options.get("EnableIAMDatabaseAuthentication")),
    }
    if kind is not INSTANCE:
        return shown | {"ClusterCreateTime": about.created, "EngineMode": "provisioned",
                        "AvailabilityZones": options.get("AvailabilityZones") or []}  # fmt: skip
    return shown | {
        "InstanceCreateTime": about.created,
        "AvailabilityZone": options.get("AvailabilityZone"),
        "Iops": options.get("Iops"),
        "Timezone": options.get("Timezone"),
        "TdeCredentialArn": options.get("TdeCredentialArn"),
        "ProcessorFeatures": [],
        "SnapshotTarget": "region",
        "MultiTenant": False,
        "DedicatedLogVolume": False,
    }
