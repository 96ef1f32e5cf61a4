# SPDX-License-Identifier: GPL-3.0-or-later
"""Which KMS keys a copy may be put under."""

from __future__ import annotations

from .errors import LifeboatError
from .model import Key


def check_key(key: Key, account: str, region: str) -> Key:
    """Return the key.

    :raises LifeboatError: when copies made by this account in this Region must not be under it.
    """
    if reason := why_unfit(key, account, region):
        raise LifeboatError(
            f"Cannot put copies under the KMS key {key.arn}",
            why=reason,
            remedy=f"Set kms_key_id to an enabled customer managed key of account {account} in {region}",
        )
    return key


def why_unfit(key: Key, account: str, region: str) -> str | None:
    """Why not, or None. A copy under another account's key is lost together with that account."""
    if key.account != account:
        return f"it belongs to account {key.account}: a copy under it is lost when that account is"
    if key.region != region:
        return f"it is a key of {key.region}, and the copies are made in {region}"
    if not key.is_enabled:
        return f"it is {key.state}"
    if key.is_aws_managed:
        return "it is an AWS-managed key, which can neither be shared nor moved"
    return None
