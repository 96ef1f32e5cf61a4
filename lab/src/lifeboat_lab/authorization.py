# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide whether a request may be answered: what it needs, on which resources, in which circumstances."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lifeboat_lab import accounts, organizations, policy, wire
from lifeboat_lab.accounts import Principal
from lifeboat_lab.conditions import Context, Values, key_name
from lifeboat_lab.errors import AwsError
from lifeboat_lab.policy import Decision
from lifeboat_lab.requests import Request


@dataclass(frozen=True)
class Need:
    """One permission on one resource; without a resource only the action counts."""

    permission: str
    resource: str | None = None
    # What conditions can ask about this resource, beside what they can ask about the request.
    context: Context = field(default_factory=dict)
    # The resource's account and policy, if resources of this kind have policies.
    owner: str | None = None
    document: str | None = None
    # Only whom that policy admits may do anything (keys, roles).
    closed: bool = False


def circumstances(request: Request, caller: Principal, now: float) -> dict[str, Values]:
    """Return what conditions can ask about any request (IAM User Guide, global condition keys)."""
    return {
        **caller.facts,
        "aws:requestedregion": request.region,
        "aws:sourceip": "127.0.0.1",
        # The lab's endpoint has no TLS; AWS has only TLS.
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
        "aws:currenttime": wire.iso(now),
        "aws:epochtime": str(int(now)),
    }


def request_tags(tags: Mapping[str, str]) -> dict[str, Values]:
    if not tags:
        return {}
    return {key_name(f"aws:RequestTag/{tag}"): value for tag, value in tags.items()} | {"aws:tagkeys": tuple(tags)}


def resource_tags(tags: Mapping[str, str]) -> dict[str, Values]:
    return {key_name(f"aws:ResourceTag/{tag}"): value for tag, value in tags.items()}


def on_behalf(service: str, region: str) -> dict[str, Values]:
    """Return what conditions see when a service makes a call for somebody (IAM User Guide, forward access sessions)."""
    return {
        "aws:requestedregion": region,
        "aws:viaawsservice": "true",
        "aws:calledvia": (service,),
        "aws:calledviafirst": service,
        "aws:calledvialast": service,
        # The call does not come from the caller's address.
        "aws:sourceip": (),
    }


def check(caller: Principal, needs: Iterable[Need], context: Context) -> None:
    """Check that the caller may do all that the request needs.

    :raises AwsError: when the caller may not do all of that.
    """
    for need in needs:
        verdict = judge(caller, need, {**context, **need.context})
        if not verdict.allowed:
            raise refusal(caller, need.permission, need.resource, verdict)


def judge(caller: Principal, need: Need, context: Context) -> Decision:
    """Ask the organization first, then the caller's own policies, then the resource's."""
    if need.permission in accounts.ALWAYS_ALLOWED:
        return Decision(allowed=True)
    above = organizations.verdict(caller.account, need.owner, need.permission, need.resource, context)
    if not above.allowed:
        return above
    identity = accounts.may(caller, need.permission, need.resource, context)
    if need.owner is None:
        return identity
    granted = policy.admitted(
        policy.statements(need.document), need.permission, need.resource or "*", caller.names, context
    )
    return joint(identity, granted, own=need.owner == caller.account, closed=need.closed)


def joint(identity: Decision, granted: Decision, *, own: bool, closed: bool) -> Decision:
    """Combine the decisions of identity and resource policies (IAM User Guide, evaluation logic, cross-account).

    In the resource's own account one of them is enough, unless the resource is ``closed`` (a key or a role): then its
    policy must admit the caller himself, or admit his account while his own policies allow him. A caller from another
    account needs both. What a boundary or a session leaves out, no resource policy gives back. (AWS spares a user or a
    session that a resource policy names itself.)
    """
    if identity.denied or granted.denied:
        return identity if identity.denied else granted
    if own and granted.direct and identity.by not in (policy.SESSION, policy.BOUNDARY):
        return granted
    if not identity.allowed:
        return identity
    return identity if granted.allowed or (own and not closed) else granted


def refusal(caller: Principal, permission: str, resource: str | None, verdict: Decision) -> AwsError:
    """Build AccessDenied in AWS's words (IAM User Guide, troubleshooting access denied messages)."""
    about = f" on resource: {resource}" if resource else ""
    kind = verdict.by if verdict.by == policy.BOUNDARY else f"{verdict.by} policy"
    why = (
        f"with an explicit deny in {_article(kind)}"
        if verdict.denied
        else f"because no {kind} allows the {permission} action"
    )
    return AwsError(
        "AccessDenied", f"User: {caller.caller_arn} is not authorized to perform: {permission}{about} {why}", 403
    )


def _article(kind: str) -> str:
    return f"an {kind}" if kind.startswith(policy.IDENTITY) else f"a {kind}"


def service_may(document: str | Mapping[str, Any], service: str, action: str, resource: str, context: Context) -> bool:
    """Decide whether a resource's policy lets an AWS service do something, such as RDS publish to a topic.

    ``context`` says on whose behalf: ``aws:SourceAccount``, ``aws:SourceArn``.
    """
    text = document if isinstance(document, str) else json.dumps(document)
    known: dict[str, Values] = {key_name(name): value for name, value in context.items()}
    known |= {"aws:principalisawsservice": "true", "aws:principalservicename": service}
    if "aws:sourceaccount" in known:
        # The default policy of a topic asks for this key.
        known.setdefault("aws:sourceowner", known["aws:sourceaccount"])
    return policy.admitted(policy.statements(text), action, resource, {service: True}, known).allowed
