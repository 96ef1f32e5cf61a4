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
    kind, now = found.kind, world.now()
    status = found.status(now)
    shown = {
        kind.snapshot_identifier: found.identifier if own else found.arn,
        f"{kind.snapshot}Arn": found.arn,
        "SnapshotType": found.type_for(viewer),
        "Status": status,
        "PercentProgress": found.percent(now),
        "TagList": names.tag_rows(found.tags) if own or world.settings.rules["shared_tags_visible"] else [],
        kind.encrypted_field: found.key is not None,
        "StorageEncryptionType": keys.storage_type(found.key),
        "KmsKeyId": keys.shown(found.key),
    }
    if found.created <= now and status != found.verb:
        shown["SnapshotCreateTime"] = found.created
    if kind is INSTANCE:
        shown |= _of_instance(found, in_progress=status == "creating")
    elif found.source is not None:
        shown["SourceDBClusterSnapshotArn"] = found.source.arn
    return _portrayed(found.portrait, kind) | shown


def _of_instance(found: Snapshot, *, in_progress: bool) -> dict[str, Any]:
    """Return the members that only instance snapshots have; the source's ARN only when the copy crossed a border."""
    source = found.source
    shown: dict[str, Any] = {
        "OptionGroupName": found.option_group,
        "SourceRegion": source.region if source else found.region,
        "FullSnapshotSizeInBytes": found.portrait.gib << 30,
    }
    if not in_progress:
        shown["OriginalSnapshotCreateTime"] = found.original
        shown["SnapshotDatabaseTime"] = found.taken
    if source and (source.account, source.region) != (found.account, found.region):
        shown["SourceDBSnapshotIdentifier"] = source.arn
    return shown


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
