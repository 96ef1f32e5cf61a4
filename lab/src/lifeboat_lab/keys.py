# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at KMS keys as RDS does: where they are, whether they work, and whom their policies admit."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from moto.kms.models import Key, KmsBackend, kms_backends

from lifeboat_lab import authorization
from lifeboat_lab.accounts import Accounts, Principal
from lifeboat_lab.authorization import Need
from lifeboat_lab.conditions import Values
from lifeboat_lab.errors import AwsError

RDS_SERVICE = "rds.amazonaws.com"
MANAGED_ALIAS = "alias/aws/rds"
# Stands where a key's ARN would, for storage under a key that AWS owns (sse-rds): no account has it or sees it, and
# no policy says who may use it (Aurora User Guide, overview of encryption).
AWS_OWNED = "AWS_OWNED"

# RDS User Guide, copying a snapshot, required permissions.
TO_COPY = (
    "kms:DescribeKey",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
GRANTING = ("kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant")
# Service Authorization Reference, dependent actions of CreateDBInstance.
TO_RUN = ("kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey")


def storage_type(key: str | None) -> str:
    """Return the StorageEncryptionType of what is stored under a key."""
    if key is None:
        return "none"
    return "sse-rds" if key == AWS_OWNED else "sse-kms"


def shown(key: str | None) -> str | None:
    """Return the KmsKeyId that AWS shows for a key: None for a key that AWS owns."""
    return None if key == AWS_OWNED else key


class Keys:
    """All keys of all accounts."""

    def __init__(self, everybody: Accounts, rules: Mapping[str, Any]) -> None:
        self.accounts = everybody
        self.rules = rules
        self._making = threading.Lock()

    def managed(self, account: str, region: str) -> Key:
        """Return the account's ``aws/rds`` key in a Region; create it with AWS's policy instead of moto's."""
        backend = kms_backends[account][region]
        with self._making:
            for key in list(backend.keys.values()):
                if MANAGED_ALIAS in key.aliases:
                    return key
            return self._make_managed(backend, account, region)

    def _make_managed(self, backend: KmsBackend, account: str, region: str) -> Key:
        key = backend.create_key(
            _managed_policy(account, region), "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT",
            "Default key that protects my RDS database volumes when no other key is defined", None,
        )  # fmt: skip
        key.key_manager = "AWS"
        backend.create_alias(key.id, MANAGED_ALIAS)
        return key

    def find(self, name: str, account: str, region: str) -> Key | None:
        """Return a key by id, ARN, alias or alias ARN, as seen from an account and a Region."""
        if name.startswith("arn:"):
            parts = name.split(":", 5)
            if len(parts) < 6 or parts[2] != "kms":
                return None
            region, account, name = parts[3], parts[4], parts[5].removeprefix("key/")
        if not self.accounts.knows(account):
            return None
        if name == MANAGED_ALIAS:
            return self.managed(account, region)
        for key in list(kms_backends[account][region].keys.values()):
            if name in (key.id, *key.aliases):
                return key
        return None

    def by_arn(self, arn: str) -> Key | None:
        return self.find(arn, "", "")

    def is_managed(self, arn: str | None) -> bool:
        key = self.by_arn(arn) if arn and arn != AWS_OWNED else None
        return key is not None and key.key_manager == "AWS"

    def works(self, key: Key | None) -> bool:
        """Tell whether a key works at all: not when it is disabled, pending deletion, or of a dark account."""
        return key is not None and key.key_state == "Enabled" and not self.accounts.is_dark(key.account_id, key.region)

    def for_rds(self, name: str, caller: Principal, region: str, actions: Iterable[str]) -> Key:
        """Return the key that RDS is told to use in a Region on behalf of a caller.

        :raises AwsError: when it cannot be used there.
        """
        key = self.find(name, caller.account, region)
        if key is None or key.region != region or not self.usable(key, caller, actions, region):
            raise inaccessible(name)
        return key

    def check_stored(self, arn: str | None, caller: Principal, actions: Iterable[str], region: str) -> None:
        """Check that the reader may use the key under which something is stored.

        :raises AwsError: when it is not.
        """
        if arn is None or arn == AWS_OWNED:
            return
        key = self.by_arn(arn)
        if key is None or not self.usable(key, caller, actions, region):
            raise inaccessible(arn)

    def usable(self, key: Key, caller: Principal, actions: Iterable[str], region: str) -> bool:
        """Tell whether the key works and both sides let the caller use it through RDS."""
        if not self.works(key) or key.key_spec != "SYMMETRIC_DEFAULT":
            return False
        wanted = [Need(action, key.arn, owner=key.account_id, document=key.policy, closed=True) for action in actions]
        known = caller.facts | facts(key) | {"kms:calleraccount": caller.account}
        return any(self._admits(wanted, caller, known | through_rds(via)) for via in self._via(key, region))

    @staticmethod
    def _admits(wanted: list[Need], caller: Principal, known: dict[str, Values]) -> bool:
        grants = known | {"kms:grantisforawsresource": "true"}
        return all(
            authorization.judge(caller, need, grants if need.permission in GRANTING else known).allowed
            for need in wanted
        )

    def _via(self, key: Key, region: str) -> set[str]:
        """Return the Regions under whose name RDS may use a key; an AWS managed key never leaves its own."""
        rule = "source" if key.key_manager == "AWS" else self.rules["via_service"]
        return {"source": {key.region}, "destination": {region}}.get(rule, {key.region, region})


def through_rds(region: str) -> dict[str, Values]:
    """Return what conditions see when RDS uses a key for somebody (KMS Developer Guide, condition keys)."""
    return authorization.on_behalf(RDS_SERVICE, region) | {"kms:viaservice": f"rds.{region}.amazonaws.com"}


def facts(key: Key) -> dict[str, Values]:
    """Return what conditions can ask about a key."""
    tags = kms_backends[key.account_id][key.region].tagger.get_tag_dict_for_resource(key.id)
    return {
        **authorization.resource_tags(tags),
        "aws:resourceaccount": key.account_id,
        "kms:keyspec": key.key_spec,
        "kms:keyusage": key.key_usage,
        "kms:keyorigin": key.origin,
        "kms:multiregion": str(bool(key.multi_region)).lower(),
        "kms:resourcealiases": tuple(key.aliases),
    }


def inaccessible(name: str | None) -> AwsError:
    return AwsError(
        "KMSKeyNotAccessibleFault",
        f"The specified KMS key [{name}] does not exist, is not enabled or you do not have permissions to access it.",
    )


def _managed_policy(account: str, region: str) -> str:
    return json.dumps({
        "Version": "2012-10-17",
        "Id": "auto-rds-2",
        "Statement": [
            {
                "Sid": "Allow access through RDS for all principals in the account that are authorized to use RDS",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant",
                           "kms:ListGrants", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": {"StringEquals": {
                    "kms:CallerAccount": account, "kms:ViaService": f"rds.{region}.amazonaws.com"}},
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    })  # fmt: skip
