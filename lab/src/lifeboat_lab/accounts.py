# SPDX-License-Identifier: GPL-3.0-or-later
"""Know the lab's accounts, their users and roles, and what these may do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

from moto.iam.models import IAMBackend, iam_backends

from lifeboat_lab import policy
from lifeboat_lab.conditions import Context, Values, key_name
from lifeboat_lab.errors import AwsError
from lifeboat_lab.policy import Decision, Statement
from lifeboat_lab.spelling import unknown

PARTITION = "aws"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ALWAYS_ALLOWED = ("sts:GetCallerIdentity",)


@dataclass(frozen=True)
class Account:
    """One AWS account, with its home Region."""

    name: str
    id: str
    region: str


DEFAULT_ACCOUNTS = (
    Account("production", "111111111111", "us-west-2"),
    Account("production_dr", "222222222222", "us-east-1"),
    Account("stranger", "333333333333", "us-west-2"),
    Account("staging", "555555555555", "eu-west-1"),
    Account("staging_dr", "666666666666", "eu-central-1"),
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
    # The unique id of a role: a later role of the same name has another one.
    role: str | None = None
    user_id: str = ""
    # A session may do what its role and its session policies, if any, both allow.
    session: tuple[Statement, ...] | None = None
    tags: tuple[tuple[str, str], ...] = ()

    @cached_property
    def names(self) -> dict[str, bool]:
        """Return the names under which a resource policy may list this caller, each with whether it means only him.

        Naming the account only delegates to that account's own identity policies (IAM User Guide, evaluation logic).
        """
        account = f"arn:{PARTITION}:iam::{self.account}:root"
        return {self.caller_arn: True, self.arn: True, account: False, self.account: False}

    @cached_property
    def facts(self) -> dict[str, Values]:
        """Return what conditions can ask about the caller (IAM User Guide, global condition keys)."""
        known: dict[str, Values] = {
            "aws:principalarn": self.arn,
            "aws:principalaccount": self.account,
            "aws:principaltype": "User" if self.user else "AssumedRole",
            "aws:principalisawsservice": "false",
            "aws:userid": self.user_id,
        }
        if self.user:
            known["aws:username"] = self.user
        else:
            # Absent for long-term keys. The lab has no MFA devices.
            known["aws:multifactorauthpresent"] = "false"
        return known | {key_name(f"aws:PrincipalTag/{tag}"): value for tag, value in self.tags}


def _invalid() -> AwsError:
    return AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)


@dataclass(frozen=True)
class Session:
    """A role that was assumed for a while."""

    principal: Principal
    expires: datetime
    token: str


class Accounts:
    """The accounts of a lab, and which of them have gone dark."""

    def __init__(self, accounts: tuple[Account, ...] = DEFAULT_ACCOUNTS) -> None:
        self.all = accounts
        # Accounts, Regions, and accounts in one Region; None stands for all.
        self.dark: frozenset[tuple[str | None, str | None]] = frozenset()
        self.sessions: dict[str, Session] = {}
        self._owners: dict[str, str] = {}
        self.credentials = {account.name: create_admin(account) for account in accounts}

    def find(self, name: Any) -> Account:
        """Return an account by name or number.

        :raises LookupError: when there is none.
        """
        for account in self.all:
            if name in (account.name, account.id):
                return account
        raise LookupError(unknown("account", name, [account.name for account in self.all]))

    def knows(self, account: str) -> bool:
        return any(account == known.id for known in self.all)

    def is_dark(self, account: str, region: str | None) -> bool:
        """Tell whether an account gives no answer in a Region; without a Region, whether its global services do not."""
        return bool(self.dark) and not self.dark.isdisjoint(((account, None), (None, region or "-"), (account, region)))

    def set_dark(self, account: str | None, region: str | None, *, dark: bool) -> None:
        """Take an account away (everywhere or in one Region) or a Region (for everybody), or give it back."""
        place = {(account, region)}
        self.dark = self.dark | place if dark else self.dark - place

    def principal_of(self, access_key: str) -> Principal:
        """Return the owner of an access key.

        :raises AwsError: when nobody does, or when the session is over.
        """
        if session := self.sessions.get(access_key):
            if session.expires < datetime.now(timezone.utc):
                raise AwsError("ExpiredToken", "The security token included in the request is expired", 403)
            return session.principal
        for account in self._may_own(access_key):
            key = backend_of(account).access_keys.get(access_key)
            if key is not None and key.user_name and key.status == "Active":
                self._owners[access_key] = account
                return user_of(account, key.user_name)
        raise _invalid()

    def check_token(self, access_key: str, given: str | None) -> None:
        """Check that a session's key comes with the session's token, and any other key without one.

        :raises AwsError: when a session's key comes without the token of the session, or another key with one.
        """
        session = self.sessions.get(access_key)
        if given != (session.token if session else None):
            raise _invalid()

    def _may_own(self, access_key: str) -> list[str]:
        """Return the accounts to search for a key: the one where it was seen before, otherwise all."""
        known = self._owners.get(access_key)
        return [known] if known else list(iam_backends)


def create_admin(account: Account) -> Credentials:
    """Create an IAM user ``admin`` who may do everything."""
    backend = backend_of(account.id)
    backend.create_user(account.region, "admin")
    backend.put_user_policy("admin", "everything", json.dumps(EVERYTHING))
    key = backend.create_access_key("admin")
    return Credentials(key.access_key_id, key.secret_access_key)


def admin_of(account: Account) -> Principal:
    """Return the principal as which the lab itself acts in an account."""
    return user_of(account.id, "admin")


def backend_of(account: str) -> IAMBackend:
    return iam_backends[account][PARTITION]


def secret_of(account: str, access_key: str) -> str:
    """Return the secret that signs the requests of a user or a session."""
    secret: str = backend_of(account).access_keys[access_key].secret_access_key
    return secret


def user_of(account: str, name: str) -> Principal:
    backend = backend_of(account)
    user = backend.get_user(name)
    tags = tuple(backend.tagger.get_tag_dict_for_resource(user.arn).items())
    return Principal(account, user.arn, user.arn, user=name, user_id=user.id, tags=tags)


def identity_statements(principal: Principal) -> Iterator[Statement]:
    """Yield every statement attached to a user or a role, inline or managed; none when the user or role is gone."""
    for document in _documents(backend_of(principal.account), principal):
        yield from policy.statements(document)


def _documents(backend: IAMBackend, principal: Principal) -> Iterator[str]:
    holders = _role(backend, principal.role) if principal.role else _user(backend, str(principal.user))
    for holder in holders:
        yield from list(holder.policies.values())
        for managed in list(holder.managed_policies.values()):
            yield current(managed)


def current(managed: Any) -> str:
    """Return the default version of a managed policy's document."""
    document: str = next(each.document for each in managed.versions if each.version_id == managed.default_version_id)
    return document


def _role(backend: IAMBackend, role_id: str) -> list[Any]:
    role = backend.roles.get(role_id)
    return [role] if role else []


def _user(backend: IAMBackend, name: str) -> list[Any]:
    user = backend.users.get(name)
    return [user, *backend.get_groups_for_user(name)] if user else []


def may(principal: Principal, action: str, resource: str | None, context: Context) -> Decision:
    """Decide whether identity policies, the permissions boundary and those of the session all allow an action."""
    if action in ALWAYS_ALLOWED:
        return Decision(allowed=True)
    found = policy.decide(identity_statements(principal), action, resource, context)
    if found.denied:
        return found
    for by, limits in ((policy.BOUNDARY, boundary(principal)), (policy.SESSION, principal.session)):
        limit = replace(policy.decide(limits, action, resource, context), by=by) if limits is not None else found
        if limits is not None and not limit.allowed:
            return limit
    return found


def boundary(principal: Principal) -> tuple[Statement, ...] | None:
    """Return the permissions boundary of a role; None without one. A boundary that is gone allows nothing.

    moto gives users none.
    """
    backend = backend_of(principal.account)
    arn = next((role.permissions_boundary_arn for role in _role(backend, principal.role or "")), None)
    if not arn:
        return None
    managed = backend.managed_policies.get(arn)
    return policy.statements(current(managed)) if managed else ()
