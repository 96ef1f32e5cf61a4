# SPDX-License-Identifier: GPL-3.0-or-later
"""The legal steps that bring a recovery point to the DR site, and the cheapest choice of them.

Each side plans its own steps: the source with ``to_publish``, the DR site with ``to_own``. Every step has a reason of
one sentence, which the results of the modules show.

The laws, from the RDS and Aurora User Guides on copying and sharing snapshots:

1. Automated snapshots and those of AWS Backup cannot be shared: the source copies them once.
2. A snapshot under a key of AWS cannot be shared: that same copy re-encrypts it.
3. One copy may change Region, key and type together; at the DR site Region, key and account, when its source is shared.
4. A copy of an encrypted snapshot that crosses accounts or Regions must name a key of its destination.
5. Any copy may encrypt an unencrypted DB snapshot: the DR site's first copy does. A cluster snapshot is encrypted only
   at restore.
6. The DR site ends with a copy of its own under its own key.
7. A snapshot whose option group has an option that its data depend on (TDE) cannot leave the account. Oracle's Timezone
   and OLS are exceptions.
8. No snapshot crosses the border of a partition, nor that of a Region in China.
9. A snapshot of a Multi-AZ DB cluster can be neither copied nor shared. An instance restored from it can be
   snapshotted, and that snapshot can.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ..model import Kind, partition_of

Encryption = Literal["none", "aws-managed", "aws-owned", "customer"]
# Which key a copy must name: none (unchanged); a customer managed key of the destination; any key of the copying
# account, for copies that are never shared (own); or a key that may be left out (optional).
Under = Literal["unchanged", "customer", "own", "optional"]
TRAVELLERS = frozenset({"Timezone", "OLS"})  # Oracle options that do not keep a snapshot in its account (law 7).
# The reasons of the steps that are not copies.
WHY_RESTORE = (
    "the snapshot of a Multi-AZ DB cluster can be neither copied nor shared, but that of a stand-in instance can"
)
WHY_REMOVE = "the stand-in is not needed any more"
WHY_SHARE = "the DR account may copy snapshots that are shared with it"


@dataclass(frozen=True, slots=True)
class Place:
    """The account and the Region that a snapshot is in."""

    account: str
    region: str

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True)
class Start:
    """The properties of a snapshot on which its route depends."""

    kind: Kind
    engine: str
    origin: str  # automated, manual, awsbackup
    encryption: Encryption
    options: frozenset[str] = frozenset()  # options of its option group that the data depend on

    @property
    def is_of_multi_az_cluster(self) -> bool:
        return is_multi_az_cluster(self.kind, self.engine)


def is_multi_az_cluster(kind: str, engine: str) -> bool:
    """Tell whether a database is a Multi-AZ DB cluster: a cluster with RDS's own engine.

    Aurora engines are named aurora-*.
    """
    return kind == "cluster" and engine in ("mysql", "postgres")


@dataclass(frozen=True, slots=True)
class RouteStep:
    """One action of one account, with its reason."""

    action: Literal["restore", "take", "remove", "copy", "share"]
    by: str  # the account that acts
    region: str  # the Region whose API is called
    reason: str
    under: Under = "unchanged"


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The reason why no route exists, and what the user can do about it."""

    reason: str
    remedy: str


Steps = tuple[RouteStep, ...]


def to_publish(start: Start, source: Place, region: str, *, share: bool = True) -> Steps | Unsupported:
    """Plan what the source account does with a snapshot so that the DR account can copy it.

    :param region: where the recovery point is to be offered.
    :param share: whether to share it. Otherwise one copy brings it to the Region, and the steps end there.
    """
    if problem := why_unsupported(start, source.region, region, share=share):
        return problem
    steps = stand_in(source) if start.is_of_multi_az_cluster else ()
    if steps:
        start = replace(start, kind="instance", origin="manual")
    if share:
        return (*steps, *needed_copy(start, source, region), RouteStep("share", source.account, region, WHY_SHARE))
    return (*steps, moving_copy(start, source, region))


def why_unsupported(start: Start, here: str, there: str, *, share: bool) -> Unsupported | None:
    """Explain why AWS refuses every route (laws 7 and 8), or return None if it does not."""
    if start.engine.startswith("custom-"):
        return Unsupported(
            "it is RDS Custom, whose snapshots cannot leave the account", "Protect it inside its account"
        )
    if partition_of(here) != partition_of(there) or (partition_of(here) == "aws-cn" and here != there):
        return Unsupported(
            f"snapshots cannot be copied from {here} to {there}: they are in different partitions, or one is in China",
            "Choose a DR Region of the same partition",
        )
    stuck = start.options - (TRAVELLERS if start.engine.startswith("oracle") else frozenset())
    if share and stuck:
        return Unsupported(
            f"its option group has {', '.join(sorted(stuck))}, and AWS does not share snapshots with that option",
            "Protect it inside its account, in another Region, with an option group that has the option",
        )
    return None


def stand_in(source: Place) -> Steps:
    """Plan the steps that replace the snapshot of a Multi-AZ DB cluster by a snapshot of an instance (law 9)."""
    account, region = source.account, source.region
    return (
        RouteStep("restore", account, region, WHY_RESTORE),
        RouteStep(
            "take", account, region, "the stand-in's snapshot can be copied and shared, and is under the same key"
        ),
        RouteStep("remove", account, region, WHY_REMOVE),
    )


def needed_copy(start: Start, source: Place, region: str) -> Steps:
    """Plan the one copy that makes a snapshot shareable and brings it to the Region (laws 1, 2, 3).

    Plans no copy when the snapshot is already shareable and there.
    """
    under = {"aws-managed": "the AWS-managed key aws/rds", "aws-owned": "a key that AWS owns"}.get(start.encryption)
    if region != source.region:
        return (moving_copy(start, source, region),)
    if under:
        reason = f"it is {start.origin} and under {under}: one copy makes it manual and re-encrypts it"
        return (RouteStep("copy", source.account, region, reason, "customer"),)
    if start.origin != "manual":
        reason = f"snapshots of the type {start.origin} cannot be shared: copy it under the same key"
        return (RouteStep("copy", source.account, region, reason),)
    return ()


def moving_copy(start: Start, source: Place, region: str) -> RouteStep:
    """Plan a copy to another Region within the account. If it is encrypted, it needs a key of that Region (law 4)."""
    reason = (
        f"one copy takes it from {source.region} to {region}, makes it manual and puts it under a key of that Region"
    )
    if start.encryption == "none":
        reason = f"one copy takes it from {source.region} to {region}; it stays unencrypted"
    return RouteStep("copy", source.account, region, reason, "unchanged" if start.encryption == "none" else "customer")


def to_own(start: Start, source: Place, dr: Place, *, single_step: bool = True) -> Steps:
    """Plan what the DR account does with a shared snapshot, or with its own copy elsewhere (laws 3, 4, 5, 6).

    :param single_step: whether one copy may cross both account and Region. AWS allows this since 2025-09.
    """
    last = last_copy(start, source, dr)
    if single_step or source.region == dr.region or source.account == dr.account:
        return (last,)
    reason = (
        f"AWS refuses one step from {source} to {dr.region}: the DR account first makes its own copy in {source.region}"
    )
    first = RouteStep("copy", dr.account, source.region, reason, "unchanged" if last.under == "unchanged" else "own")
    return first, last_copy(start, Place(dr.account, source.region), dr)


def last_copy(start: Start, source: Place, dr: Place) -> RouteStep:
    """Plan the copy that ends in the DR Region under the DR account's key."""
    if start.encryption == "none" and start.kind == "cluster":
        reason = "an unencrypted cluster snapshot stays unencrypted when copied: it is encrypted at restore"
        return RouteStep("copy", dr.account, dr.region, reason)
    where = "in its Region" if source.region == dr.region else f"from {source.region} to {dr.region}"
    whose = "shared by" if source.account != dr.account else "already owned by"
    reason = f"{whose} {source.account}: one copy {where} under the DR account's key"
    return RouteStep("copy", dr.account, dr.region, reason, "optional" if start.encryption == "none" else "customer")
