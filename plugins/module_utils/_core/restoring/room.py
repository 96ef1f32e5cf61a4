# SPDX-License-Identifier: GPL-3.0-or-later
"""What restores take of the account's quotas, told before the first of them is started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..copying.quota import Quota
from .target import Target


@dataclass(frozen=True, slots=True)
class Room:
    """What restores need of an account: how the API names it, what it is called, and its code in Service Quotas."""

    name: str
    words: str
    code: str


INSTANCES = Room("DBInstances", "DB instances", "L-7B6409FD")
CLUSTERS = Room("DBClusters", "DB clusters", "L-952B80B8")
# Aurora's storage does not count (Service Quotas, "Total storage for all DB instances").
STORAGE = Room("AllocatedStorage", "GiB of storage", "L-7ADDB58A")


def needed_for(targets: Iterable[Target]) -> dict[Room, int]:
    """What so many new databases take: a cluster has a member, which is an instance."""
    targets = list(targets)
    return {
        INSTANCES: len(targets),
        CLUSTERS: sum(one.kind == "cluster" for one in targets),
        STORAGE: sum(one.size_gib for one in targets if one.kind == "instance"),
    }


def lacking(targets: Iterable[Target], quotas: Mapping[str, Quota]) -> list[str]:
    """For each quota that the restores would exceed: by how much, and what to do."""
    return [
        f"the account has {quota.used:,} of {quota.maximum:,} {room.words}, and {wanted:,} more are wanted."
        f" Drill fewer databases at a time, delete what is not needed,"
        f" or ask AWS to raise {room.code} to {quota.used + wanted}."
        for room, wanted in needed_for(targets).items()
        if (quota := quotas.get(room.name)) and wanted > quota.free
    ]
