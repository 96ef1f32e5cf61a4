# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request is about: the service, the Region, the key that signed it, the action."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from lab.errors import AwsError

Environ = dict[str, Any]

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
# Where the name in a signature is not the one in policies.
POLICY_NAMES = {"monitoring": "cloudwatch", "tagging": "tag", "email": "ses"}


@dataclass
class Request:
    """An AWS request, before anybody looked at who sent it."""

    service: str
    region: str
    access_key: str
    action: str
    is_json: bool
    form: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def permission(self) -> str:
        return f"{POLICY_NAMES.get(self.service, self.service)}:{self.action}"


def read(environ: Environ) -> Request:
    """Understand a request, and leave it as it was for whoever answers it.

    :raises AwsError: when it is not signed.
    """
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    signed = environ.get("HTTP_AUTHORIZATION") or f"Credential={query.get('X-Amz-Credential', '')}"
    scope = _SCOPE.search(signed)
    if scope is None:
        raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    access_key, region, service = scope.groups()
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    form = query
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = dict(parse_qsl(body.decode(), keep_blank_values=True)) or query
    action = target.rsplit(".", 1)[-1] or form.get("Action", "")
    if service == "s3":
        action = s3_action(environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/"), query)
    return Request(service, region, access_key, action, bool(target), form, body)


def s3_action(method: str, path: str, query: dict[str, str]) -> str:
    """The IAM action behind an S3 request, path style (Service Authorization Reference, Amazon S3)."""
    bucket, _slash, key = path.lstrip("/").partition("/")
    if not bucket:
        return "ListAllMyBuckets"
    verb = {"GET": "Get", "HEAD": "Get", "DELETE": "Delete"}.get(method, "Put")
    if key:
        return f"{verb}ObjectTagging" if "tagging" in query else f"{verb}Object"
    about = next((name for name in query if name in _S3_BUCKET_PARTS), None)
    if about:
        return _S3_BUCKET_PARTS[about].replace("Get", "Put" if verb == "Put" else "Get", 1)
    return {"Get": "ListBucket", "Put": "CreateBucket", "Delete": "DeleteBucket"}[verb]


_S3_BUCKET_PARTS = {
    "versioning": "GetBucketVersioning",
    "policy": "GetBucketPolicy",
    "encryption": "GetEncryptionConfiguration",
    "publicAccessBlock": "GetBucketPublicAccessBlock",
    "tagging": "GetBucketTagging",
    "acl": "GetBucketAcl",
    "location": "GetBucketLocation",
    "object-lock": "GetBucketObjectLockConfiguration",
    "ownershipControls": "GetBucketOwnershipControls",
    "lifecycle": "GetLifecycleConfiguration",
    "delete": "DeleteObject",
}

S3_ACTIONS = frozenset(
    {"ListAllMyBuckets", "ListBucket", "CreateBucket", "DeleteBucket"}
    | {f"{verb}Object{about}" for verb in ("Get", "Put", "Delete") for about in ("", "Tagging")}
    | set(_S3_BUCKET_PARTS.values())
    | {name.replace("Get", "Put", 1) for name in _S3_BUCKET_PARTS.values()}
)
