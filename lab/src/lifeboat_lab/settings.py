# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what can be set while the lab runs: durations, quotas, and the rules that are switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lifeboat_lab.spelling import unknown

# Seconds, as AWS roughly takes them. They are divided by the scale. Those that end in _gib are for each GiB that
# is moved: all of a database, or the incremental share of it.
DURATIONS: dict[str, float] = {
    "create": 900,
    "member": 600,
    "initial_backup": 120,
    "snapshot": 120,
    "snapshot_gib": 9,
    "copy": 300,
    "copy_gib": 45,
    "restore_instance": 900,
    "restore_instance_gib": 15,
    "restore_cluster": 900,
    "storage_initialization": 600,
    "storage_optimization": 1800,
    "modify": 300,
    "reboot": 120,
    "stop": 300,
    "start": 600,
    "delete": 300,
    "subscription": 60,
    "event": 30,
}

# RDS User Guide, quotas and constraints; Aurora User Guide, copying a DB cluster snapshot (aws_rds.md 1.6, 4).
QUOTAS: dict[str, int] = {
    "instances": 40,
    "clusters": 40,
    "storage": 100_000,  # GiB; Aurora's does not count
    "manual_snapshots": 100,
    "manual_cluster_snapshots": 100,
    "snapshot_copies": 20,
    "cluster_snapshot_copies": 5,
    "accounts_per_snapshot": 20,
    "event_subscriptions": 20,
    "subnet_groups": 50,
    "subnets_per_group": 20,
    "parameter_groups": 50,
    "cluster_parameter_groups": 50,
    "option_groups": 20,
}

# What AWS's documents leave open or say in two ways, by the numbers of aws_rds.md 13; docs/reference.md explains them.
# The first choice is the lab's stance.
RULES: dict[str, tuple[Any, ...]] = {
    # 1, 2: a shared encrypted snapshot is copied to another Region in one call (since 2025-09).
    "single_step_instances": (True, False),
    "single_step_clusters": (True, False),
    # 3: instance and cluster copies in flight are counted together, against snapshot_copies.
    "one_copy_limit": (False, True),
    # 4: KmsKeyId encrypts the copy of an unencrypted Aurora snapshot.
    "encrypt_cluster_by_copy": (False, True),
    # 5: snapshots of Multi-AZ DB clusters can be copied and shared.
    "multi_az_cluster_snapshots_travel": (False, True),
    # 6: the copy of a copy is incremental when the usual conditions hold.
    "copy_of_copy_incremental": (True, False),
    # 7: so is a copy that crosses account and Region in one call.
    "single_step_incremental": (False, True),
    # 8: a snapshot under an AWS-owned key (sse-rds) can be shared; its copies to elsewhere need a key.
    "sse_rds_shareable": (False, True),
    "sse_rds_copy_needs_key": (True, False),
    # 9: CopyTags in a copy across accounts.
    "copy_tags_across_accounts": ("ignored", "refused"),
    # 10: the copy of a cluster snapshot keeps its SnapshotCreateTime.
    "cluster_copy_keeps_time": (True, False),
    # 17: so does it its DbClusterResourceId, and a finished copy of an instance in another place its DbiResourceId.
    "cluster_copy_keeps_resource_id": (False, True),
    "instance_copy_keeps_resource_id": (True, False),
    # 18: AllocatedStorage of an Aurora copy is another than that of its source.
    "aurora_storage_differs": (False, True),
    # 11: the tags of a shared snapshot are seen by the other account.
    "shared_tags_visible": (False, True),
    # 12: the source of an encrypted copy must be an ARN, also in its own Region.
    "encrypted_copy_needs_arn": (False, True),
    # 13: a finished cluster copy raises RDS-EVENT-0075.
    "cluster_copy_event": (False, True),
    # 14: an instance can be restored from an automated snapshot of a Multi-AZ DB cluster.
    "stand_in_from_automated": (True, False),
    # 15: which Region's name kms:ViaService has in a copy across Regions.
    "via_service": ("either", "source", "destination"),
    # 19: permission to tag what is being made sees the tags of the request as those of the resource.
    "tags_seen_at_creation": (False, True),
    # 0: what Aurora stores is encrypted under a key that AWS owns when nobody says otherwise (since 2026-02-18).
    "aurora_encrypted_by_default": (True, False),
    # 16: RDS Custom for SQL Server snapshots are copied within the account to other Regions.
    "rds_custom_copies": (False, True),
    # Secondaries of global databases say ReplicationSourceIdentifier. DescribeGlobalClusters tells them in any case.
    "global_secondaries_name_source": (True, False),
    # DescribeDBSnapshots: an automated snapshot that is named needs SnapshotType, a database that is named must exist.
    "automated_needs_type": (True, False),
    "database_name_must_exist": (True, False),
}

# Calls a second that RDS answers for each account and Region; AWS does not publish its own.
RATE: dict[str, float | None] = {"per_second": None, "burst": 20}

DEFAULT_SCALE = 600.0


class BadRequest(ValueError):
    """Raised for an admin request that is not valid; the message says why."""


@dataclass
class Settings:
    """The lab's adjustable numbers and switches."""

    scale: float = DEFAULT_SCALE
    # How much of a database an incremental snapshot or copy moves.
    incremental_share: float = 0.1
    # Divides the periods of CloudWatch alarms.
    alarm_scale: float = 1.0
    durations: dict[str, float] = field(default_factory=lambda: dict(DURATIONS))
    quotas: dict[str, int] = field(default_factory=lambda: dict(QUOTAS))
    rules: dict[str, Any] = field(default_factory=lambda: {name: choices[0] for name, choices in RULES.items()})
    rate: dict[str, float | None] = field(default_factory=lambda: dict(RATE))

    def seconds(self, name: str) -> float:
        """Return how long something takes, whatever its size."""
        return self.durations[name] / self.scale

    def seconds_for(self, name: str, gib: float) -> float:
        """Return how long something takes that moves so much data."""
        return (self.durations[name] + self.durations[f"{name}_gib"] * gib) / self.scale

    def as_dict(self) -> dict[str, Any]:
        return {
            "scale": self.scale,
            "incremental_share": self.incremental_share,
            "alarm_scale": self.alarm_scale,
            "durations": dict(self.durations),
            "quotas": dict(self.quotas),
            "rules": dict(self.rules),
            "rate": dict(self.rate),
        }

    def update(self, wanted: Any) -> None:
        """Change what is given, or nothing at all.

        :raises BadRequest: when a name or a value is not understood.
        """
        _check(wanted)
        self.scale = wanted.get("scale", self.scale)
        self.incremental_share = wanted.get("incremental_share", self.incremental_share)
        self.alarm_scale = wanted.get("alarm_scale", self.alarm_scale)
        for name in ("durations", "quotas", "rules", "rate"):
            getattr(self, name).update(wanted.get(name, {}))


def _check(wanted: Any) -> None:
    _known("settings", wanted, ("scale", "incremental_share", "alarm_scale", "durations", "quotas", "rules", "rate"))
    for name in ("scale", "alarm_scale"):
        _number(name, wanted.get(name, 1), above=0)
    share = _number("incremental_share", wanted.get("incremental_share", 0))
    if share > 1:
        raise BadRequest("incremental_share must be at most 1")
    for name, table in (("durations", DURATIONS), ("quotas", QUOTAS)):
        for key, value in _known(name, wanted.get(name, {}), table).items():
            _number(f"{name}.{key}", value)
    for key, value in _known("rules", wanted.get("rules", {}), RULES).items():
        _choice(f"rules.{key}", value, RULES[key])
    for key, value in _known("rate", wanted.get("rate", {}), RATE).items():
        if value is not None or key != "per_second":
            _number(f"rate.{key}", value, above=0)
    if wanted.get("rate", {}).get("burst", 1) < 1:
        raise BadRequest("rate.burst must be at least 1: a call takes one")


def _known(name: str, given: Any, known: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise BadRequest(f"{name} must be an object")
    if wrong := sorted(set(given) - set(known)):
        raise BadRequest(unknown("setting" if name == "settings" else f"setting of {name}", wrong, list(known)))
    return given


def _number(name: str, value: Any, *, above: float | None = None) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadRequest(f"{name} must be a number")
    if above is not None and value <= above:
        raise BadRequest(f"{name} must be above {above:g}")
    if value < 0:
        raise BadRequest(f"{name} must not be negative")
    return value


def _choice(name: str, value: Any, choices: tuple[Any, ...]) -> None:
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        words = "true or false" if choices[0] in (True, False) else ", ".join(choices)
        raise BadRequest(f"{name} must be {words}")
