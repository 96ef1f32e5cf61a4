# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that a request was signed with the secret of its key (IAM User Guide, Signature Version 4)."""

from __future__ import annotations

import hmac
import re
from functools import lru_cache
from hashlib import sha256
from urllib.parse import parse_qsl, quote

from botocore.utils import normalize_url_path

from lifeboat_lab.errors import AwsError
from lifeboat_lab.requests import Environ

_HEADER = re.compile(r"Credential=[^/,\s]+/(\d{8}/[^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=(\w+)")
_UNPREFIXED = ("content-type", "content-length")


def token(environ: Environ) -> str | None:
    """Return the token of the session that signed a request, if one did."""
    given: str | None = environ.get("HTTP_X_AMZ_SECURITY_TOKEN")
    if given is None and "X-Amz-Security-Token" in environ["QUERY_STRING"]:
        given = dict(parse_qsl(environ["QUERY_STRING"])).get("X-Amz-Security-Token")
    return given


def check(environ: Environ, service: str, secret: str) -> None:
    """Check a request's signature but not its date: the lab's clock may be ahead of its clients'.

    :raises AwsError: when the signature is not the one that the secret makes of this request.
    """
    scope, names, signature, moment = _given(environ)
    asked = _canonical_request(environ, service, names)
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{sha256(asked).hexdigest()}"
    wanted = hmac.digest(_signing_key(secret, scope), text.encode(), "sha256").hex()
    if not hmac.compare_digest(wanted, signature):
        raise AwsError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
            403,
        )


def _given(environ: Environ) -> tuple[str, list[str], str, str]:
    """Return scope, names of the signed headers, signature and time, from a header or the query of a presigned URL.

    :raises AwsError: when there is less than that.
    """
    if found := _HEADER.search(environ.get("HTTP_AUTHORIZATION", "")):
        return found[1], found[2].split(";"), found[3], environ.get("HTTP_X_AMZ_DATE", "")
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    try:
        scope = query["X-Amz-Credential"].split("/", 1)[1]
        return scope, query["X-Amz-SignedHeaders"].split(";"), query["X-Amz-Signature"], query["X-Amz-Date"]
    except (KeyError, IndexError):
        raise AwsError("IncompleteSignature", "The request signature does not conform to AWS standards.") from None


def _canonical_request(environ: Environ, service: str, names: list[str]) -> bytes:
    presigned = "HTTP_AUTHORIZATION" not in environ
    path = environ["RAW_URI"].partition("?")[0]
    query = environ["QUERY_STRING"]
    payload = environ.get("HTTP_X_AMZ_CONTENT_SHA256")
    if payload is None:
        body = environ["wsgi.input"].getvalue()
        payload = "UNSIGNED-PAYLOAD" if presigned and service == "s3" else sha256(body).hexdigest()
    lines = [
        environ["REQUEST_METHOD"],
        # Only S3 takes paths as they are.
        path if service == "s3" else quote(normalize_url_path(path), safe="/~"),
        _canonical_query(query) if query else "",
        *(f"{name}:{_value(environ, name)}" for name in names),
        "",
        ";".join(names),
        payload,
    ]
    return "\n".join(lines).encode("latin-1")


def _canonical_query(query: str) -> str:
    pairs = (pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs) if name != "X-Amz-Signature")


def _value(environ: Environ, name: str) -> str:
    key = name.upper().replace("-", "_")
    return " ".join(environ.get(key if name in _UNPREFIXED else f"HTTP_{key}", "").split())


@lru_cache(maxsize=256)
def _signing_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    return key
