# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the IAM actions behind S3 requests (Service Authorization Reference, Amazon S3)."""

from __future__ import annotations

_BUCKET_PARTS = {
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
ACTIONS = frozenset(
    {"ListAllMyBuckets", "ListBucket", "CreateBucket", "DeleteBucket"}
    | {f"{verb}Object{about}" for verb in ("Get", "Put", "Delete") for about in ("", "Tagging")}
    | set(_BUCKET_PARTS.values())
    | {name.replace("Get", "Put", 1) for name in _BUCKET_PARTS.values()}
)


def action(method: str, path: str, query: dict[str, str]) -> str:
    """Return the action of a request in path style."""
    bucket, _slash, key = path.lstrip("/").partition("/")
    if not bucket:
        return "ListAllMyBuckets"
    verb = {"GET": "Get", "HEAD": "Get", "DELETE": "Delete"}.get(method, "Put")
    if key:
        return f"{verb}ObjectTagging" if "tagging" in query else f"{verb}Object"
    about = next((name for name in query if name in _BUCKET_PARTS), None)
    if about:
        return _BUCKET_PARTS[about].replace("Get", "Put" if verb == "Put" else "Get", 1)
    return {"Get": "ListBucket", "Put": "CreateBucket", "Delete": "DeleteBucket"}[verb]
