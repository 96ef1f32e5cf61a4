# SPDX-License-Identifier: GPL-3.0-or-later
"""How many more manual snapshots a Region takes, told before the first of them is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .plan import Copy, Slot

# As DescribeAccountAttributes names them, and the codes under which Service Quotas lists them (RDS User Guide, quotas).
NAMES = {"instance": "ManualSnapshots", "cluster": "ManualClusterSnapshots"}
CODES = {"instance": "L-272F1212", "cluster": "L-9B510759"}


@dataclass(frozen=True, slots=True)
class Quota:
    """The quota for manual snapshots of one kind in one Region."""

    used: int
    maximum: int

    @property
    def free(self) -> int:
        return max(0, self.maximum - self.used)


def affordable(copies: Iterable[Copy], quotas: Mapping[Slot, Quota]) -> tuple[list[Copy], list[Copy]]:
    """The copies for which there is room, in their order, and those for which there is none."""
    fit: list[Copy] = []
    left: list[Copy] = []
    used: Counter[Slot] = Counter()
    without: set[str] = set()  # what would be copied from something that is not made
    for copy in copies:
        quota = quotas.get(copy.slot)
        if copy.source_arn in without or (quota is not None and used[copy.slot] >= quota.free):
            left.append(copy)
            without.add(copy.arn)
        else:
            fit.append(copy)
            used[copy.slot] += 1
    return fit, left


def advice(slot: Slot, quota: Quota, wanted: int) -> str:
    """What to do about a Region in which not all wanted snapshots fit."""
    region, kind = slot
    lacking = wanted - quota.free
    return (
        f"{region} has {quota.used} of {quota.maximum} manual {kind} snapshots, and {wanted} more are wanted."
        f" Prune {lacking} with snapshot_prune, or ask AWS to raise {CODES[kind]} to {quota.used + wanted}."
    )
