# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls: the lab's accounts, their users and roles, and what these may do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from moto.iam.exceptions import NoSuchEntity, NotFoundException
from moto.iam.models import IAMBackend, iam_backends
from moto.sts.models import sts_backends

from lab import policy
from lab.errors import AwsError

PARTITION = "aws"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ALWAYS_ALLOWED = ("sts:GetCallerIdentity",)


@dataclass(frozen=True)
class Account:
    """One AWS account, with the Region where its people work."""

    name: str
    id: str
    region: str


DEFAULT_ACCOUNTS = (
    Account("production", "111111111111", "us-west-2"),
    Account("production_dr", "222222222222", "us-east-1"),
    Account("stranger", "333333333333", "us-west-2"),
)


@dataclass(frozen=True)
class Credentials:
    """The access key of an account's administrator."""

    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True)
class Principal:
    """A caller. ``arn`` is what policies name (the role, not the session)."""

    account: str
    arn: str
    caller_arn: str
    user: str | None = None
    role: str | None = None

    def names(self) -> dict[str, str]:
        """How a resource policy may name this caller, the most direct first.

        Naming the account only delegates to that account's own identity policies (IAM User Guide, evaluation logic).
        """
        return {
            self.caller_arn: "direct",
            self.arn: "direct",
            f"arn:{PARTITION}:iam::{self.account}:root": "account",
            self.account: "account",
        }


class Accounts:
    """The accounts of a lab, and which of them have gone dark."""

    def __init__(self, accounts: tuple[Account, ...] = DEFAULT_ACCOUNTS) -> None:
        self.all = accounts
        # Accounts, Regions, and accounts in one Region; None stands for all.
        self.dark: frozenset[tuple[str | None, str | None]] = frozenset()
        self.credentials = {account.name: create_admin(account) for account in accounts}

    def find(self, name: Any) -> Account:
        """An account by name or number.

        :raises LookupError: when there is none.
        """
        for account in self.all:
            if name in (account.name, account.id):
                return account
        raise LookupError(f"no account {name!r}; there are {', '.join(account.name for account in self.all)}")

    def is_dark(self, account: str, region: str | None) -> bool:
        """Whether nothing is heard of an account in a Region; without one, of its global services."""
        return bool(self.dark) and not self.dark.isdisjoint(((account, None), (None, region or "-"), (account, region)))

    def set_dark(self, account: str | None, region: str | None, *, dark: bool) -> None:
        """Take an account away (everywhere or in one Region) or a Region (for everybody), or give it back."""
        place = {(account, region)}
        self.dark = self.dark | place if dark else self.dark - place


def create_admin(account: Account) -> Credentials:
    """An IAM user ``admin`` who may do everything."""
    backend = backend_of(account.id)
    backend.create_user(account.region, "admin")
    backend.put_user_policy("admin", "everything", json.dumps(EVERYTHING))
    key = backend.create_access_key("admin")
    return Credentials(key.access_key_id, key.secret_access_key)


def admin_of(account: Account) -> Principal:
    """The principal for what the lab itself does in an account."""
    arn = f"arn:{PARTITION}:iam::{account.id}:user/admin"
    return Principal(account.id, arn, arn, user="admin")


def backend_of(account: str) -> IAMBackend:
    return iam_backends[account][PARTITION]


def principal_of(access_key: str) -> Principal:
    """Who owns an access key.

    :raises AwsError: when nobody does, or when the session is over.
    """
    for account, backends in list(iam_backends.items()):
        key = backends[PARTITION].access_keys.get(access_key)
        if key is None:
            continue
        if key.user_name and key.status == "Active":
            arn = backends[PARTITION].get_user(key.user_name).arn
            return Principal(account, arn, arn, user=key.user_name)
        if session := sts_backends[account][PARTITION].get_assumed_role_from_access_key(access_key):
            return _of_session(account, session)
    raise AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)


def _of_session(account: str, session: Any) -> Principal:
    expires = session.expiration
    if expires.tzinfo is None:
        expires = expires.replace(tzinfo=timezone.utc)
    if expires < datetime.now(timezone.utc):
        raise AwsError("ExpiredToken", "The security token included in the request is expired", 403)
    return Principal(account, session.role_arn, session.arn, role=session.role_arn.rsplit("/", 1)[-1])


def identity_statements(principal: Principal) -> Iterator[policy.Statement]:
    """Every statement that is tied to a user or a role, inline or attached."""
    for document in _documents(backend_of(principal.account), principal):
        yield from policy.statements(document)


def _documents(backend: IAMBackend, principal: Principal) -> Iterator[Any]:
    if principal.role:
        role = backend.get_role(principal.role)
        yield from role.policies.values()
        attached = list(role.managed_policies.values())
    else:
        user = backend.get_user(str(principal.user))
        yield from user.policies.values()
        attached = list(user.managed_policies.values())
        for group in backend.get_groups_for_user(user.name):
            yield from group.policies.values()
            attached += group.managed_policies.values()
    for managed in attached:
        yield from (each.document for each in managed.versions if each.version_id == managed.default_version_id)


def may(principal: Principal, action: str, resource: str | None = None) -> policy.Decision:
    """Whether identity policies allow an action. A deleted role or user may nothing."""
    if action in ALWAYS_ALLOWED:
        return policy.Decision(allowed=True, denied=False)
    context = {"aws:PrincipalArn": principal.arn, "aws:PrincipalAccount": principal.account}
    try:
        return policy.decide(list(identity_statements(principal)), action, resource, context)
    except (NotFoundException, NoSuchEntity):
        return policy.Decision(allowed=False, denied=False)


def check_trust(principal: Principal, role_arn: str) -> None:
    """Let a caller become a role that exists and trusts him.

    :raises AwsError: when it does not.
    """
    refused = AwsError(
        "AccessDenied",
        f"User: {principal.caller_arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
        403,
    )
    parts = role_arn.split(":")
    if len(parts) != 6 or parts[4] not in iam_backends:
        raise refused
    roles = {role.arn: role for role in backend_of(parts[4]).roles.values()}
    if role_arn not in roles:
        raise refused
    found = policy.statements(roles[role_arn].assume_role_policy_document)
    context = {"aws:PrincipalArn": principal.arn, "aws:PrincipalAccount": principal.account}
    if not policy.admitted(found, "sts:AssumeRole", principal.names(), context):
        raise refused
