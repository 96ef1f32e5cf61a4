# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer the KMS actions that moto answers wrongly; the others are moto's."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import copy
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.models import Key, KmsBackend, kms_backends

from lifeboat_lab import kms_needs, policy
from lifeboat_lab.accounts import Principal
from lifeboat_lab.errors import AwsError
from lifeboat_lab.keys import Keys
from lifeboat_lab.requests import Request
from lifeboat_lab.wire import Answer

JSON = "application/x-amz-json-1.1"
Params = dict[str, Any]


def answer(keys: Keys, request: Request, caller: Principal) -> Answer | None:
    """Answer a KMS request of a caller who may make it, or return None when moto is to answer.

    :raises AwsError: when KMS refuses.
    """
    params = request.params
    if "Policy" in params:
        _check_policy(params, caller)
    if request.action == "CreateKey":
        return _create(kms_backends[caller.account][request.region], params)
    found = [key for key in kms_needs.keys_of(keys, request, caller) if key]
    if request.action in kms_needs.USES:
        for key in found:
            _check_works(key)
    handle = _HANDLERS.get(request.action)
    return handle(found[0], params) if handle and found else None


def _check_policy(params: Params, caller: Principal) -> None:
    """Check that a key's policy is valid and leaves the caller a way back (KMS API Reference, PutKeyPolicy)."""
    malformed = "MalformedPolicyDocumentException"
    try:
        found = policy.read(params["Policy"])
    except ValueError as error:
        raise AwsError(malformed, f"The policy is not valid: {error}.") from None
    if params.get("BypassPolicyLockoutSafetyCheck"):
        return
    known = caller.facts | {"kms:calleraccount": caller.account}
    if not policy.admitted(found, "kms:PutKeyPolicy", "*", caller.names, known).allowed:
        raise AwsError(malformed, "The new key policy will not allow you to update the key policy in the future.")


def _check_works(key: Key) -> None:
    if key.key_state == "Disabled":
        raise AwsError("DisabledException", f"{key.arn} is disabled.")
    if key.key_state != "Enabled":
        raise _bad_state(key)


def _bad_state(key: Key) -> AwsError:
    state = {"PendingDeletion": "pending deletion", "PendingImport": "pending import"}.get(key.key_state, "disabled")
    return AwsError("KMSInvalidStateException", f"{key.arn} is {state}.")


def _create(backend: KmsBackend, params: Params) -> Answer:
    try:
        key = backend.create_key(
            params.get("Policy"), params.get("KeyUsage") or "ENCRYPT_DECRYPT",
            params.get("KeySpec") or params.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT",
            params.get("Description") or "", params.get("Tags"), bool(params.get("MultiRegion")),
            params.get("Origin") or "AWS_KMS",
        )  # fmt: skip
    except JsonRESTError as error:
        raise AwsError(error.error_type, error.message) from None
    if key.origin == "EXTERNAL":
        key.enabled, key.key_state = False, "PendingImport"
    return _json(key.to_dict())


def _describe(key: Key, _params: Params) -> Answer:
    return _json(key.to_dict())


def _get_policy(key: Key, _params: Params) -> Answer:
    return _json({"Policy": key.policy, "PolicyName": "default"})


def _put_policy(key: Key, params: Params) -> Answer:
    key.policy = params["Policy"]
    return _json({})


def _replicate(key: Key, params: Params) -> Answer:
    """Make a replica that shares only id and material with its primary key (KMS Developer Guide, multi-Region keys).
    moto's replica would also share policy, aliases, grants and description."""
    region = params["ReplicaRegion"]
    there = kms_backends[key.account_id][region]
    about = getattr(key, "multi_region_configuration", None)
    if about is None or about["MultiRegionKeyType"] != "PRIMARY":
        raise AwsError("UnsupportedOperationException", f"{key.arn} is not a multi-Region primary key.")
    _check_works(key)
    if key.id in there.keys:
        raise AwsError("AlreadyExistsException", f"{key.id} exists in {region} already.")
    replica = copy(key)
    replica.region, replica.arn = region, key.arn.replace(f":{key.region}:", f":{region}:")
    replica.policy = params.get("Policy") or replica.generate_default_policy()
    replica.description = params.get("Description") or ""
    replica.aliases, replica.grants, replica.rotations = {}, {}, []
    about["ReplicaKeys"].append({"Arn": replica.arn, "Region": region})
    # The rest is the same for all of them.
    replica.multi_region_configuration = {**about, "MultiRegionKeyType": "REPLICA"}
    there.keys[replica.id] = replica
    if params.get("Tags"):
        there.tagger.tag_resource(replica.id, params["Tags"])
    return _json({"ReplicaKeyMetadata": replica.to_dict()["KeyMetadata"], "ReplicaPolicy": replica.policy})


def _disable(key: Key, _params: Params) -> Answer:
    if key.key_state not in ("Enabled", "Disabled"):
        raise _bad_state(key)
    _backend(key).disable_key(key.id)
    return _json({})


def _enable(key: Key, _params: Params) -> Answer:
    if key.key_state not in ("Enabled", "Disabled"):
        raise _bad_state(key)
    _backend(key).enable_key(key.id)
    return _json({})


def _cancel_deletion(key: Key, _params: Params) -> Answer:
    if key.key_state != "PendingDeletion":
        raise AwsError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
    _backend(key).cancel_key_deletion(key.id)
    return _json({"KeyId": key.arn})


def _schedule_deletion(key: Key, params: Params) -> Answer:
    days = params.get("PendingWindowInDays", 30)
    if not isinstance(days, int) or not 7 <= days <= 30:
        raise AwsError("ValidationException", "PendingWindowInDays must be between 7 and 30.")
    if key.key_state == "PendingDeletion":
        raise _bad_state(key)
    moment = _backend(key).schedule_key_deletion(key.id, days)
    return _json({"KeyId": key.arn, "DeletionDate": moment, "KeyState": key.key_state, "PendingWindowInDays": days})


def _backend(key: Key) -> KmsBackend:
    return kms_backends[key.account_id][key.region]


# moto knows keys by id only when it changes their state, and no policy without its name.
_HANDLERS: dict[str, Callable[[Key, Params], Answer]] = {
    "DescribeKey": _describe,
    "GetKeyPolicy": _get_policy,
    "PutKeyPolicy": _put_policy,
    "ReplicateKey": _replicate,
    "DisableKey": _disable,
    "EnableKey": _enable,
    "CancelKeyDeletion": _cancel_deletion,
    "ScheduleKeyDeletion": _schedule_deletion,
}


def _json(value: Params) -> Answer:
    return Answer(json.dumps(value, default=float), kind=JSON)
