# SPDX-License-Identifier: GPL-3.0-or-later
"""Which accounts may copy a recovery point."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import LifeboatError
from .model import Key, RecoveryPoint

ACCOUNT = re.compile(r"[0-9]{12}")
MAX_ACCOUNTS = 20  # RDS User Guide, sharing a snapshot


@dataclass(frozen=True, slots=True)
class SharePlan:
    """Accounts to add to and remove from one snapshot, or the reason why it cannot be shared."""

    point: RecoveryPoint
    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    refused: str | None = None

    @property
    def is_needed(self) -> bool:
        return bool(self.add or self.remove)


def check_accounts(accounts: Iterable[str], own: str) -> frozenset[str]:
    """Check the IDs of the accounts to share with, and return them as a set.

    :param own: the ID of the account that owns the snapshots.
    :raises LifeboatError: when an ID is malformed or is the own account's, or when there are more accounts than RDS
        allows.
    """
    wanted = frozenset(accounts)
    for account in sorted(wanted):
        if not ACCOUNT.fullmatch(account):
            raise bad_account(account, "is not a 12-digit account ID (and snapshots are never shared with everybody)")
        if account == own:
            raise bad_account(account, "is the account that owns the snapshots: the DR account must be another one")
    if len(wanted) > MAX_ACCOUNTS:
        raise LifeboatError(
            f"Cannot share with {len(wanted)} accounts", why=f"RDS allows {MAX_ACCOUNTS}", remedy="List fewer accounts"
        )
    return wanted


def bad_account(account: str, why: str) -> LifeboatError:
    """Build the error for one account. ``why`` continues a sentence that begins with "it"."""
    return LifeboatError(
        f"Cannot share with {account!r}", why=f"it {why}", remedy="Use the 12-digit ID of the DR account"
    )


def plan_share(point: RecoveryPoint, have: Iterable[str], wanted: Iterable[str], key: Key | None) -> SharePlan:
    """Compare the accounts that a snapshot is shared with to the wanted ones.

    Accounts are removed even when none may be added.

    :param have: the IDs of the accounts that it is shared with now.
    :param key: the KMS key of the snapshot, or None when it is not encrypted.
    """
    now, want = frozenset(have), frozenset(wanted)
    add, remove = want - now, now - want
    if add and (reason := why_not_shareable(point, key)):
        return SharePlan(point, remove=remove, refused=reason)
    return SharePlan(point, add=add, remove=remove)


def why_not_shareable(point: RecoveryPoint, key: Key | None) -> str | None:
    """Explain why AWS refuses to share this snapshot, or return None if it does not.

    Source: RDS and Aurora User Guides, sharing a snapshot.
    """
    if point.origin != "manual":
        return (
            f"{point.name} is {point.origin}, and only manual snapshots can be shared: copy it with snapshot_copy first"
        )
    if key is not None and key.is_aws_managed:
        return (
            f"{point.name} is encrypted under the AWS-managed key aws/rds, which no other account can use:"
            " copy it under a customer managed key with snapshot_copy first"
        )
    if not point.is_available:
        return f"{point.name} is {point.status}: share it when it is available"
    return None
