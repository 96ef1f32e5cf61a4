# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of the account's quotas the restores need, checked before the first of them starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..copying.quota import Quota
from .target import Target


@dataclass(frozen=True, slots=True)
class QuotaKind:
    """A quota that restores need: its name in the RDS API, its name in messages, and its code in Service Quotas."""

    name: str
    words: str
    code: str


INSTANCES = QuotaKind("DBInstances", "DB instances", "L-7B6409FD")
CLUSTERS = QuotaKind("DBClusters", "DB clusters", "L-952B80B8")
# The storage of Aurora does not count (Service Quotas, "Total storage for all DB instances").
STORAGE = QuotaKind("AllocatedStorage", "GiB of storage", "L-7ADDB58A")


def needed_for(targets: Iterable[Target]) -> dict[QuotaKind, int]:
    """Sum up what the targets need of each quota, as far as known.

    A cluster has a member, which counts as an instance.
    """
    targets = list(targets)
    return {
        INSTANCES: len(targets),
        CLUSTERS: sum(one.kind == "cluster" for one in targets),
        STORAGE: sum(size for one in targets if one.kind == "instance" and (size := one.original.size_gib) is not None),
    }


def lacking(targets: Iterable[Target], quotas: Mapping[str, Quota]) -> list[str]:
    """Report each quota that the restores would exceed, and what to do."""
    return [
        f"the account has {quota.used:,} of {quota.maximum:,} {kind.words}, and {wanted:,} more are wanted."
        f" Drill fewer databases at a time, delete what is not needed,"
        f" or ask AWS to raise {kind.code} to {quota.used + wanted}."
        for kind, wanted in needed_for(targets).items()
        if (quota := quotas.get(kind.name)) and wanted > quota.free
    ]
