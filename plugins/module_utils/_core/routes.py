# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Which steps are legal, and the cheapest of them, to bring a recovery point to the DR site.

The laws, from the RDS and Aurora User Guides on copying and sharing snapshots:

1. An automated snapshot cannot be shared: the source copies it once.
2. A snapshot under the AWS-managed ``aws/rds`` key cannot be shared: that same copy re-keys it.
3. One copy may change Region, key, type and account together, when the source is shared and so already manual.
4. A copy of an encrypted snapshot that crosses accounts or Regions must name a key.
5. An unencrypted DB snapshot may be encrypted by any copy; an unencrypted cluster snapshot by none, only at restore.
"""

from __future__ import annotations

from dataclasses import dataclass

from .model import Key, RecoveryPoint


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a route in the words of its reason."""

    reason: str
    kms_key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Why no route exists, and what would open one."""

    reason: str
    remedy: str


def publish_hop(point: RecoveryPoint, key: Key | None, publish_key: str | None) -> Hop | Unsupported:
    """What the source must do so that the DR account may copy this point (laws 1, 2)."""
    if key is not None and not key.is_enabled:
        return Unsupported(f"its key {key.arn} is {key.state}", "Enable the key, or restore it before it is deleted")
    if point.encrypted and point.kms_key_id is None:
        return rekeying_hop(point, "an AWS-owned key", publish_key)
    if key is None and point.encrypted:
        return Unsupported(f"its key {point.kms_key_id} cannot be read", "Allow kms:DescribeKey on it to this role")
    if key is not None and key.is_aws_managed:
        return rekeying_hop(point, "the AWS-managed key aws/rds", publish_key)
    return Hop(f"an {point.origin} snapshot cannot be shared: copy it, its key stays")


def rekeying_hop(point: RecoveryPoint, under: str, publish_key: str | None) -> Hop | Unsupported:
    """The one copy that makes a snapshot under a key of AWS shareable, whatever its type (law 2)."""
    if publish_key is None:
        return Unsupported(
            f"it is encrypted under {under}, which no other account can use",
            "Set kms_key_id to a customer managed key whose policy admits the DR account",
        )
    return Hop(f"{point.origin} and under {under}: one copy makes it manual and re-keys it", kms_key_id=publish_key)


def replicate_hop(point: RecoveryPoint, dr_key: str, dr_region: str) -> Hop:
    """How the DR site makes a shared point its own, across account and Region in one step (laws 3, 4, 5)."""
    if not point.encrypted and point.kind == "cluster":
        return Hop("an unencrypted cluster snapshot stays so when copied: it is encrypted at restore")
    where = "in its Region" if point.region == dr_region else f"from {point.region} to {dr_region}"
    return Hop(f"shared by {point.account}: one copy {where} under the DR account's key", kms_key_id=dr_key)
