# SPDX-License-Identifier: GPL-3.0-or-later
"""Assume roles: only for whom a role trusts, for as long as it allows, with what the session policies allow."""

from __future__ import annotations

import re
from datetime import timezone
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel
from moto.sts.models import sts_backends

from lifeboat_lab import accounts, authorization, policy, wire
from lifeboat_lab.accounts import PARTITION, Accounts, Principal, Session, backend_of
from lifeboat_lab.authorization import Need
from lifeboat_lab.errors import AwsError, NoAnswer
from lifeboat_lab.requests import Request
from lifeboat_lab.wire import Answer

# For a chained session, and by default (STS API Reference, AssumeRole).
AN_HOUR = 3600
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


def needs(everybody: Accounts, request: Request) -> list[Need]:
    """Return what assuming a role needs: its trust, and the caller's own policies where the trust names his account or
    the role is another's.

    :raises NoAnswer: when the role's account is dark.
    """
    if request.action != "AssumeRole":
        return []
    form = _form(request)
    arn = form["RoleArn"]
    owner = arn.split(":")[4] if arn.count(":") == 5 else ""
    if everybody.is_dark(owner, None):
        raise NoAnswer
    role, tags = _role(everybody, owner, arn), _tags(form)
    known = authorization.request_tags(tags) | {"sts:rolesessionname": form["RoleSessionName"]}
    if form.get("ExternalId"):
        known["sts:externalid"] = form["ExternalId"]
    trust = role.assume_role_policy_document if role else None
    if role:
        known |= authorization.resource_tags(_role_tags(role))
    return [
        Need(permission, arn, known, owner=owner, document=trust, closed=True)
        for permission in ("sts:AssumeRole", *(["sts:TagSession"] if tags else []))
    ]


def answer(everybody: Accounts, request: Request, caller: Principal) -> Answer:
    """Answer an STS request of a caller who may make it.

    :raises AwsError: when STS refuses, or when the lab does not implement the action.
    """
    if request.action == "GetCallerIdentity":
        return _render(request.action, {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.caller_arn})
    if request.action != "AssumeRole":
        raise AwsError("InvalidAction", f"The lab does not implement the action {request.action}.")
    form = _form(request)
    if not _SESSION_NAME.fullmatch(form["RoleSessionName"]):
        raise AwsError("ValidationError", f"{form['RoleSessionName']} is not a valid RoleSessionName.")
    role = _role(everybody, form["RoleArn"].split(":")[4], form["RoleArn"])
    duration = _duration(form.get("DurationSeconds"), role, caller)
    return _begin(everybody, request.region, role, form, duration)


def _form(request: Request) -> dict[str, Any]:
    return wire.parse(_model().operation_model(request.action), request.form)


def _tags(form: dict[str, Any]) -> dict[str, str]:
    return {row["Key"]: row.get("Value", "") for row in form.get("Tags") or []}


def _role(everybody: Accounts, owner: str, arn: str) -> Any:
    if not everybody.knows(owner):
        return None
    return next((role for role in list(backend_of(owner).roles.values()) if role.arn == arn), None)


def _role_tags(role: Any) -> dict[str, str]:
    return {row["Key"]: row["Value"] for row in role.tags or []}


def _duration(wanted: int | None, role: Any, caller: Principal) -> int:
    seconds = AN_HOUR if wanted is None else wanted
    if not 900 <= seconds <= 43_200:
        raise AwsError("ValidationError", f"DurationSeconds {seconds} is not between 900 and 43200.")
    if seconds > int(role.max_session_duration or AN_HOUR):
        raise AwsError(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    if caller.role and seconds > AN_HOUR:
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        )
    return seconds


def _begin(everybody: Accounts, region: str, role: Any, form: dict[str, Any], duration: int) -> Answer:
    """Begin a session with keys from moto, so that moto knows them too."""
    name, limits = form["RoleSessionName"], _limits(form, role.account_id)
    made = sts_backends[role.account_id][PARTITION].assume_role(region, name, role.arn, "", duration, "")
    user_id = f"{role.id}:{name}"
    tags = tuple((_role_tags(role) | _tags(form)).items())
    principal = Principal(
        role.account_id, role.arn, made.arn, role=role.id, user_id=user_id, session=limits, tags=tags
    )  # fmt: skip
    expires = made.expiration.replace(tzinfo=timezone.utc)
    everybody.sessions[made.access_key_id] = Session(principal, expires, made.session_token)
    credentials = {
        "AccessKeyId": made.access_key_id,
        "SecretAccessKey": made.secret_access_key,
        "SessionToken": made.session_token,
        "Expiration": expires.timestamp(),
    }
    return _render(
        "AssumeRole", {"Credentials": credentials, "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": made.arn}}
    )


def _limits(form: dict[str, Any], account: str) -> tuple[policy.Statement, ...] | None:
    """Return what the session policies of a request allow together; None when there are none."""
    documents = [form["Policy"]] if form.get("Policy") else []
    for row in form.get("PolicyArns") or []:
        managed = backend_of(account).managed_policies.get(row["arn"])
        if managed is None:
            raise AwsError("MalformedPolicyDocument", f"Policy {row['arn']} does not exist.")
        documents.append(accounts.current(managed))
    try:
        return tuple(each for document in documents for each in policy.read(document)) if documents else None
    except ValueError as error:
        raise AwsError("MalformedPolicyDocument", f"The policy is not in the valid JSON format: {error}.") from None


@cache
def _model() -> ServiceModel:
    return botocore.session.Session().get_service_model("sts")


def _render(action: str, result: dict[str, Any]) -> Answer:
    return wire.render(_model().operation_model(action), result)
