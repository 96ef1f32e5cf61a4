# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of the account's quotas the restores need, checked before the first of them starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def without_room(targets: Sequence[Target], quotas: Mapping[str, Quota]) -> list[tuple[Target, str]]:
    """List the targets for which the account has no room once those before them have theirs, each with why.

    :param targets: in the order in which they get room. A smaller one may fit after one that does not.
    """
    wanted, taken = needed_for(targets), needed_for(())
    refused = []
    for one in targets:
        needed = needed_for([one])
        if short := [
            why_lacking(quotas[kind.name], kind, number, taken[kind], wanted[kind])
            for kind, number in needed.items()
            if kind.name in quotas and number and number > quotas[kind.name].free - taken[kind]
        ]:
            refused.append((one, " ".join(short)))
        else:
            taken = {kind: number + needed[kind] for kind, number in taken.items()}
    return refused


def why_lacking(quota: Quota, kind: QuotaKind, needed: int, taken: int, wanted: int) -> str:
    """Say which quota one restore would exceed, and what to do.

    :param taken: what the restores before it take.
    :param wanted: what all restores together need.
    """
    before = f", databases before it take {taken:,}" if taken else ""
    return (
        f"the account has {quota.used:,} of {quota.maximum:,} {kind.words}{before}, and it needs {needed:,} more."
        f" Restore fewer databases at a time, delete what is not needed,"
        f" or ask AWS to raise {kind.code} to {quota.used + wanted}."
    )
