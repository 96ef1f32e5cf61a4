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


def check_accounts(option: str, accounts: Iterable[str], own: str) -> frozenset[str]:
    """Check the IDs of other accounts, and return them as a set.

    :param option: the name of the option that they come from.
    :param own: the ID of the account of this site.
    :raises LifeboatError: when an ID is malformed or is the own account's, or when there are more accounts than RDS
        shares a snapshot with.
    """
    wanted = frozenset(accounts)
    for account in sorted(wanted):
        if not ACCOUNT.fullmatch(account):
            why = "it is not a 12-digit account ID (and snapshots are never shared with everybody)"
            raise bad_account(account, why, f"Set {option} to 12-digit account IDs")
        if account == own:
            why = "it is the account of this site: it must be another one"
            raise bad_account(account, why, f"Set {option} to the 12-digit IDs of other accounts")
    if len(wanted) > MAX_ACCOUNTS:
        why = f"RDS allows {MAX_ACCOUNTS} for each snapshot"
        raise LifeboatError(f"Cannot use {len(wanted)} accounts", why=why, remedy=f"List fewer in {option}")
    return wanted


def bad_account(account: str, why: str, remedy: str) -> LifeboatError:
    return LifeboatError(f"Cannot use the account {account!r}", why=why, remedy=remedy)


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
