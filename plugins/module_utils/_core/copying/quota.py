# SPDX-License-Identifier: GPL-3.0-or-later
"""The quota of manual snapshots: how many more a Region accepts, checked before the first is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .plan import Copy, Slot

# The names of the quotas in DescribeAccountAttributes, and their codes in Service Quotas (RDS User Guide, quotas).
NAMES = {"instance": "ManualSnapshots", "cluster": "ManualClusterSnapshots"}
CODES = {"instance": "L-272F1212", "cluster": "L-9B510759"}


@dataclass(frozen=True, slots=True)
class Quota:
    """The use and the limit of manual snapshots of one kind in one Region."""

    used: int
    maximum: int

    @property
    def free(self) -> int:
        return max(0, self.maximum - self.used)


def affordable(copies: Iterable[Copy], quotas: Mapping[Slot, Quota]) -> tuple[list[Copy], list[Copy]]:
    """Split the copies, in order, into those that the quotas allow and those that they do not.

    A copy whose source is a copy that does not fit does not fit either.

    :param quotas: an absent Region and kind is not limited.
    """
    fit: list[Copy] = []
    left: list[Copy] = []
    used: Counter[Slot] = Counter()
    without: set[str] = set()  # ARNs of copies that do not fit
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
    """Explain how to make room in a Region where the wanted snapshots do not all fit."""
    region, kind = slot
    lacking = wanted - quota.free
    return (
        f"{region} has {quota.used} of {quota.maximum} manual {kind} snapshots, and {wanted} more are wanted."
        f" Prune {lacking} with snapshot_prune, or ask AWS to raise {CODES[kind]} to {quota.used + wanted}."
    )
