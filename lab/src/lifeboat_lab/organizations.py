# SPDX-License-Identifier: GPL-3.0-or-later
"""Know the organization above an account, and decide by its policies (Organizations User Guide, SCPs and RCPs).

Nothing here concerns the management account: neither its callers nor its resources.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from moto.organizations.models import OrganizationsBackend, organizations_backends

from lifeboat_lab import policy
from lifeboat_lab.accounts import PARTITION, Account
from lifeboat_lab.conditions import Context
from lifeboat_lab.policy import Decision, Statement

# The services of the lab whose resources have these policies (Organizations User Guide, RCPs). RDS is not one of them.
UNDER_RESOURCE_CONTROL = ("s3", "sts", "kms", "sqs", "secretsmanager")
YES = Decision(allowed=True)


def found(management: Account, members: list[Account]) -> None:
    """Put accounts into a new organization."""
    backend = organizations_backends[management.id][PARTITION]
    backend.create_organization(management.region, FeatureSet="ALL")
    backend.enable_policy_type(RootId=backend.ou[0].id, PolicyType="RESOURCE_CONTROL_POLICY")
    for account in members:
        backend.create_account(AccountName=account.name, Email=f"{account.name}@example.com")
        joined = backend.accounts[-1]
        # moto invents the number of a new account.
        organizations_backends.master_accounts[account.id] = organizations_backends.master_accounts.pop(joined.id)
        joined.id = account.id


def is_in_one(account: Account) -> bool:
    return account.id in organizations_backends.master_accounts or bool(
        account.id in organizations_backends and organizations_backends[account.id][PARTITION].org
    )


def verdict(caller: str, owner: str | None, action: str, resource: str | None, context: Context) -> Decision:
    """Decide what the organizations of the caller's account, and of the resource's, leave him."""
    for statements in _levels(caller, "SERVICE_CONTROL_POLICY"):
        decided = policy.decide(statements, action, resource, context)
        if not decided.allowed:
            return replace(decided, by=policy.SERVICE_CONTROL)
    if owner and action.partition(":")[0] in UNDER_RESOURCE_CONTROL:
        for statements in _levels(owner, "RESOURCE_CONTROL_POLICY"):
            decided = policy.decide(statements, action, resource, context)
            if not decided.allowed:
                return replace(decided, by=policy.RESOURCE_CONTROL)
    return YES


def _levels(account: str, kind: str) -> Iterator[list[Statement]]:
    """Yield the policies of each level from a member account up to the root: every level must allow."""
    if account not in organizations_backends.master_accounts:
        return
    management, partition = organizations_backends.master_accounts[account]
    backend = organizations_backends[management][partition]
    level: Any = backend.get_account_by_id(account)
    while level is not None:
        attached = [each for each in level.attached_policies if each.type == kind]
        yield [each for document in attached for each in policy.statements(document.content)]
        level = _above(backend, level)


def _above(backend: OrganizationsBackend, level: Any) -> Any:
    parent = getattr(level, "parent_id", None)
    return next((each for each in backend.ou if each.id == parent), None)
