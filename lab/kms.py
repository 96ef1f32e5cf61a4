# SPDX-License-Identifier: GPL-3.0-or-later
"""The KMS actions that the lab answers itself; the others are moto's."""

from __future__ import annotations

import json
from typing import Any

from moto.kms.models import Key, kms_backends

from lab.accounts import Principal
from lab.errors import AwsError
from lab.keys import Keys, judge
from lab.requests import Request
from lab.wire import Answer

JSON = "application/x-amz-json-1.1"

# moto knows keys by id only when it changes their state.
STATES = ("DisableKey", "EnableKey", "ScheduleKeyDeletion", "CancelKeyDeletion")
CHANGES = (*STATES, "PutKeyPolicy", "CreateAlias", "UpdateKeyDescription", "TagResource", "UntagResource")


def answer(keys: Keys, request: Request, caller: Principal) -> Answer | None:
    """The response to a KMS request, or None when moto shall give it.

    :raises AwsError: when KMS refuses.
    """
    # So that alias/aws/rds is there in every list, and is AWS's.
    keys.managed(caller.account, request.region)
    params = json.loads(request.body or b"{}")
    name = str(params.get("KeyId") or params.get("TargetKeyId") or "")
    if request.action == "DescribeKey":
        return _describe(keys, name, caller, request.region)
    key = keys.find(name, caller.account, request.region)
    if key is None or key.account_id != caller.account or key.region != request.region:
        return None
    if request.action in CHANGES and key.key_manager == "AWS":
        raise AwsError("AccessDeniedException", f"{key.arn} is managed by AWS and cannot be changed.")
    return _change_state(key, request.action, params) if request.action in STATES else None


def _describe(keys: Keys, name: str, caller: Principal, region: str) -> Answer | None:
    key = keys.find(name, caller.account, region)
    if key is None:
        return None
    dark = keys.accounts.is_dark(key.account_id, key.region)
    if dark or key.region != region or not judge(key, caller, "kms:DescribeKey", caller.facts).allowed:
        raise AwsError(
            "AccessDeniedException",
            f"User: {caller.caller_arn} is not authorized to perform: kms:DescribeKey on resource: {key.arn}",
        )
    return _json(key.to_dict())


def _change_state(key: Key, action: str, params: dict[str, Any]) -> Answer:
    backend = kms_backends[key.account_id][key.region]
    if action == "ScheduleKeyDeletion":
        return _schedule_deletion(key, params.get("PendingWindowInDays", 30))
    if key.key_state == "PendingDeletion" and action != "CancelKeyDeletion":
        raise AwsError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    if action == "CancelKeyDeletion":
        backend.cancel_key_deletion(key.id)
        return _json({"KeyId": key.arn})
    (backend.enable_key if action == "EnableKey" else backend.disable_key)(key.id)
    return _json({})


def _schedule_deletion(key: Key, days: Any) -> Answer:
    if not isinstance(days, int) or not 7 <= days <= 30:
        raise AwsError("ValidationException", "PendingWindowInDays must be between 7 and 30.")
    moment = kms_backends[key.account_id][key.region].schedule_key_deletion(key.id, days)
    return _json({"KeyId": key.arn, "DeletionDate": moment, "KeyState": key.key_state, "PendingWindowInDays": days})


def _json(value: dict[str, Any]) -> Answer:
    return Answer(json.dumps(value, default=float), kind=JSON)
