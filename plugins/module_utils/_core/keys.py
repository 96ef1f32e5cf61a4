# SPDX-License-Identifier: GPL-3.0-or-later
"""Which KMS keys may encrypt a copy."""

from __future__ import annotations

from .errors import LifeboatError
from .model import Key


def belongs_to(key_arn: str | None, account: str) -> bool:
    """Tell whether a key is one of this account."""
    return key_arn is not None and key_arn.startswith("arn:") and key_arn.split(":")[4] == account


def check_key(key: Key, account: str, region: str) -> Key:
    """Check that this account may encrypt its copies in this Region with the key, and return the key.

    :raises LifeboatError: when the key is not an enabled customer managed key of that account and Region.
    """
    if reason := why_unfit(key, account, region):
        raise LifeboatError(
            f"Cannot encrypt copies with the KMS key {key.arn}",
            why=reason,
            remedy=f"Set kms_key_id to an enabled customer managed key of account {account} in {region}",
        )
    return key


def why_unfit(key: Key, account: str, region: str) -> str | None:
    """Explain why copies may not be encrypted with this key, or return None if they may.

    A copy under another account's key is lost together with that account.
    """
    if key.account != account:
        return f"it belongs to account {key.account}, and a copy under it is lost together with that account"
    if key.region != region:
        return f"it is a key of {key.region}, but the copies are made in {region}"
    if key.is_out_of_use:
        return f"it is {key.state}"
    if key.is_aws_managed:
        return "it is an AWS-managed key, which can neither be shared nor moved"
    return None
