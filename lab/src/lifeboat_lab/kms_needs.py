# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what a KMS request needs: permissions on the keys and aliases that it is about."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from moto.kms.models import Key

from lifeboat_lab import keys as all_keys
from lifeboat_lab.accounts import PARTITION, Principal
from lifeboat_lab.authorization import Need, on_behalf, request_tags
from lifeboat_lab.conditions import Values
from lifeboat_lab.errors import AwsError
from lifeboat_lab.keys import Keys
from lifeboat_lab.requests import Request

# Actions that need no existing key.
WITHOUT_KEY = ("CreateKey", "ListKeys", "ListAliases", "ListRetirableGrants", "GenerateRandom")
# Actions for which a key has to work.
USES = frozenset({"CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
                  "GenerateMac", "ReEncrypt", "Sign", "Verify", "VerifyMac"})  # fmt: skip
# Actions that a key's policy can allow to other accounts (KMS Developer Guide, allowing users in other accounts).
ACROSS = USES | {"DescribeKey", "GetKeyRotationStatus", "GetPublicKey", "ListGrants", "RetireGrant", "RevokeGrant"}
# moto writes the id of the key at the beginning of what it encrypts.
_ID_LENGTH = 36


def needs(keys: Keys, request: Request, caller: Principal) -> list[Need]:
    """Return the permissions that a KMS request needs, each on the key's or the alias's ARN.

    :raises AwsError: when an ARN is of another Region.
    """
    # Makes alias/aws/rds appear in every list as AWS's key.
    keys.managed(caller.account, request.region)
    known = _circumstances(request)
    if request.action in WITHOUT_KEY:
        tagging = [Need("kms:TagResource", "*", known)] if request.tags else []
        return [Need(request.permission, "*", known), *tagging]
    found = [_need(keys, request, caller, *wanted) for wanted in _named(keys, request, caller)]
    if alias := request.params.get("AliasName"):
        found.append(Need(request.permission, f"arn:{PARTITION}:kms:{request.region}:{caller.account}:{alias}"))
    if region := request.params.get("ReplicaRegion"):
        # KMS makes the replica there for the caller.
        found.append(Need("kms:CreateKey", "*", known | on_behalf("kms.amazonaws.com", region)))
    return found


def keys_of(keys: Keys, request: Request, caller: Principal) -> Iterator[Key | None]:
    """Yield the keys that a request is about."""
    for _permission, name in _named(keys, request, caller):
        yield keys.find(name, caller.account, request.region)


def _named(keys: Keys, request: Request, caller: Principal) -> Iterator[tuple[str, str]]:
    """Yield each permission with the name of the key that it is needed on."""
    params, permission = request.params, request.permission
    if request.action == "ReEncrypt":
        yield "kms:ReEncryptFrom", params.get("SourceKeyId") or _writer(keys, request, caller)
        yield "kms:ReEncryptTo", params.get("DestinationKeyId") or ""
    elif request.action == "Decrypt":
        yield permission, params.get("KeyId") or _writer(keys, request, caller)
    elif request.action in ("UpdateAlias", "DeleteAlias"):
        yield permission, params.get("AliasName") or ""
        if target := params.get("TargetKeyId"):
            yield permission, target
    elif name := params.get("KeyId") or params.get("TargetKeyId"):
        yield permission, name


def _writer(keys: Keys, request: Request, caller: Principal) -> str:
    """Return the key under which something was encrypted, in whatever account."""
    try:
        blob = base64.b64decode(request.params.get("CiphertextBlob") or "")
        name = blob[:_ID_LENGTH].decode()
    except (binascii.Error, ValueError):
        return ""
    for account in (caller.account, *(known.id for known in keys.accounts.all)):
        if name and (key := keys.find(name, account, request.region)):
            return key.arn
    return name


def _need(keys: Keys, request: Request, caller: Principal, permission: str, name: str) -> Need:
    if name.startswith("arn:") and name.split(":")[3] != request.region:
        raise AwsError("NotFoundException", f"Invalid arn {name.split(':')[3]}")
    key = keys.find(name, caller.account, request.region)
    arn = key.arn if key else _arn_of(name, caller.account, request.region)
    owner = arn.split(":")[4]
    known = _circumstances(request) | {"kms:calleraccount": caller.account}
    if "alias/" in name:
        known["kms:requestalias"] = name[name.index("alias/") :]
    if key is None:
        # Never tell whether another account has the key. For the own account, KMS reports a missing key.
        return Need(permission, arn, known, owner=owner, closed=owner != caller.account)
    dark = keys.accounts.is_dark(owner, request.region)
    opens = owner == caller.account or (request.action in ACROSS and not dark)
    document = key.policy if opens else None
    return Need(permission, arn, known | all_keys.facts(key), owner=owner, document=document, closed=True)


def _arn_of(name: str, account: str, region: str) -> str:
    if name.startswith("arn:"):
        return name
    kind = "" if name.startswith("alias/") else "key/"
    return f"arn:{PARTITION}:kms:{region}:{account}:{kind}{name}"


def _circumstances(request: Request) -> dict[str, Values]:
    """Return what conditions can ask about a direct call (KMS Developer Guide, condition keys)."""
    params = request.params
    known = request_tags(request.tags)
    context = params.get("EncryptionContext") or (params.get("Constraints") or {}).get("EncryptionContextSubset") or {}
    if context:
        known["kms:encryptioncontextkeys"] = tuple(context)
        known |= {f"kms:encryptioncontext:{key.lower()}": value for key, value in context.items()}
    if request.action == "CreateGrant":
        known["kms:grantisforawsresource"] = "false"
        known["kms:grantoperations"] = tuple(params.get("Operations") or ())
        known["kms:granteeprincipal"] = params.get("GranteePrincipal") or ()
    return known
