# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps are legal, and the cheapest of them, to bring a recovery point to the DR site.

Each side plans its own: the source with ``to_publish``, the DR site with ``to_own``. Every step has its reason in one
sentence, which the results of the modules show.

The laws, from the RDS and Aurora User Guides on copying and sharing snapshots:

1. Automated snapshots and those of AWS Backup cannot be shared: the source copies them once.
2. A snapshot under a key of AWS cannot be shared: that same copy re-keys it.
3. One copy may change Region, key and type together; at the DR site Region, key and account, when its source is shared.
4. A copy of an encrypted snapshot that crosses accounts or Regions must name a key of its destination.
5. Any copy may encrypt an unencrypted DB snapshot: the DR site's first does; a cluster snapshot only at restore.
6. The DR site ends with a copy of its own under its own key.
7. Options on which the data depend (TDE) cannot leave the account, but for Oracle's Timezone and OLS.
8. No snapshot crosses the border of a partition, nor of a Region in China.
9. A snapshot of a Multi-AZ DB cluster can be neither copied nor shared: one of an instance restored from it can.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ..model import Kind, partition_of

Encryption = Literal["none", "aws-managed", "aws-owned", "customer"]
# What a copy says of its key: nothing; one of the destination's customer managed keys; any key of the account that
# copies, for what is never shared from there; or a key that it may leave out.
Under = Literal["unchanged", "customer", "own", "optional"]
TRAVELLERS = frozenset({"Timezone", "OLS"})
# Why those steps are taken of which no copy tells it.
WHY_RESTORE = "a Multi-AZ DB cluster's snapshot neither moves nor is shared: a stand-in can"
WHY_REMOVE = "the stand-in has done its work"
WHY_SHARE = "the DR account may copy what is shared with it"


@dataclass(frozen=True, slots=True)
class Place:
    """An account and a Region: where a snapshot is."""

    account: str
    region: str

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True)
class Start:
    """What a route depends on, of the snapshot that it begins with."""

    kind: Kind
    engine: str
    origin: str  # automated, manual, awsbackup
    encryption: Encryption
    options: frozenset[str] = frozenset()  # of its option group, those on which the data depend

    @property
    def is_of_multi_az_cluster(self) -> bool:
        return is_multi_az_cluster(self.kind, self.engine)


def is_multi_az_cluster(kind: str, engine: str) -> bool:
    """RDS's own engines in a cluster: Aurora's have a name of their own."""
    return kind == "cluster" and engine in ("mysql", "postgres")


@dataclass(frozen=True, slots=True)
class RouteStep:
    """One thing that one account does, and why."""

    action: Literal["restore", "take", "remove", "copy", "share"]
    by: str  # the account
    region: str  # whose API is called
    reason: str
    under: Under = "unchanged"


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Why no route exists, and what would open one."""

    reason: str
    remedy: str


Steps = tuple[RouteStep, ...]


def to_publish(start: Start, source: Place, region: str, *, share: bool = True) -> Steps | Unsupported:
    """What the source account does until a snapshot is where others may copy it, or only where it should be."""
    if problem := why_unsupported(start, source.region, region, share=share):
        return problem
    steps = stand_in(source) if start.is_of_multi_az_cluster else ()
    if steps:
        start = replace(start, kind="instance", origin="manual")
    if share:
        return (*steps, *needed_copy(start, source, region), RouteStep("share", source.account, region, WHY_SHARE))
    return (*steps, moving_copy(start, source, region))


def why_unsupported(start: Start, here: str, there: str, *, share: bool) -> Unsupported | None:
    """What AWS refuses on every route (laws 7, 8)."""
    if start.engine.startswith("custom-"):
        return Unsupported(
            "it is RDS Custom, whose snapshots do not leave the account", "Protect it inside its account"
        )
    if partition_of(here) != partition_of(there) or (partition_of(here) == "aws-cn" and here != there):
        return Unsupported(
            f"no snapshot goes from {here} to {there}, which is another partition or lies in China",
            "Choose a DR Region of the same partition",
        )
    stuck = start.options - (TRAVELLERS if start.engine.startswith("oracle") else frozenset())
    if share and stuck:
        return Unsupported(
            f"its option group has {', '.join(sorted(stuck))}, and such snapshots cannot be shared",
            "Protect it inside its account, in another Region, with an option group there that has the option",
        )
    return None


def stand_in(source: Place) -> Steps:
    """A snapshot of an instance instead of that of a Multi-AZ DB cluster (law 9)."""
    account, region = source.account, source.region
    return (
        RouteStep("restore", account, region, WHY_RESTORE),
        RouteStep("take", account, region, "a snapshot of the stand-in is an ordinary one, under the same key"),
        RouteStep("remove", account, region, WHY_REMOVE),
    )


def needed_copy(start: Start, source: Place, region: str) -> Steps:
    """The one copy that makes a snapshot one that can be shared, and there (laws 1, 2, 3); none where it is already."""
    under = {"aws-managed": "the AWS-managed key aws/rds", "aws-owned": "a key that AWS owns"}.get(start.encryption)
    if region != source.region:
        return (moving_copy(start, source, region),)
    if under:
        reason = f"{start.origin} and under {under}: one copy makes it manual and re-keys it"
        return (RouteStep("copy", source.account, region, reason, "customer"),)
    if start.origin != "manual":
        reason = f"an {start.origin} snapshot cannot be shared: copy it, its key stays"
        return (RouteStep("copy", source.account, region, reason),)
    return ()


def moving_copy(start: Start, source: Place, region: str) -> RouteStep:
    """A copy of the source's own into another Region, which needs a key there unless nothing is encrypted (law 4)."""
    reason = f"one copy takes it from {source.region} to {region}, makes it manual and gives it a key of that Region"
    if start.encryption == "none":
        reason = f"one copy takes it from {source.region} to {region}; it stays unencrypted there"
    return RouteStep("copy", source.account, region, reason, "unchanged" if start.encryption == "none" else "customer")


def to_own(start: Start, source: Place, dr: Place, *, single_step: bool = True) -> Steps:
    """What the DR account does with what is shared with it, or with its own copy elsewhere (laws 3, 4, 5, 6).

    :param single_step: whether AWS lets a copy cross account and Region together (it does since 2025-09).
    """
    last = last_copy(start, source, dr)
    if single_step or source.region == dr.region or source.account == dr.account:
        return (last,)
    reason = f"AWS refuses one step from {source} to {dr.region}: first a copy of its own in {source.region}"
    first = RouteStep("copy", dr.account, source.region, reason, "unchanged" if last.under == "unchanged" else "own")
    return first, last_copy(start, Place(dr.account, source.region), dr)


def last_copy(start: Start, source: Place, dr: Place) -> RouteStep:
    if start.encryption == "none" and start.kind == "cluster":
        reason = "an unencrypted cluster snapshot stays so when copied: it is encrypted at restore"
        return RouteStep("copy", dr.account, dr.region, reason)
    where = "in its Region" if source.region == dr.region else f"from {source.region} to {dr.region}"
    whose = "shared by" if source.account != dr.account else "already owned by"
    reason = f"{whose} {source.account}: one copy {where} under the DR account's key"
    return RouteStep("copy", dr.account, dr.region, reason, "optional" if start.encryption == "none" else "customer")
