# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a request is about: the service, the Region, the key that signed it, the action."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from lifeboat_lab import catalogue, s3
from lifeboat_lab.errors import AwsError

Environ = dict[str, Any]

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_CBOR_PATH = re.compile(r"/service/\w+/operation/(\w+)")
# Services whose requests have neither a target nor an action, and whose answers are XML.
_REST_XML = ("s3", "route53", "cloudfront")

# Headers that need not be signed.
_UNSIGNED = ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")


@dataclass
class Request:
    """An AWS request, before its sender is known."""

    service: str
    region: str
    access_key: str
    action: str
    # query, ec2, json, cbor, rest-json, rest-xml
    protocol: str
    form: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    path: str = "/"
    # The account in which moto acts.
    account: str = ""

    @property
    def permission(self) -> str:
        return f"{catalogue.POLICY_NAMES.get(self.service, self.service)}:{self.action}"

    @cached_property
    def params(self) -> dict[str, Any]:
        """Return what was asked, as far as it is text: a form's fields, or a JSON object."""
        if "json" not in self.protocol:
            return dict(self.form)
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            # The body for a REST service may be anything.
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def tags(self) -> dict[str, str]:
        """Return the tags in a request, in any of the ways in which services write them."""
        if "json" not in self.protocol:
            keys = {name[:-4]: key for name, key in self.form.items() if name.startswith("Tag") and name[-4:] == ".Key"}
            return {key: self.form.get(f"{name}.Value", "") for name, key in keys.items()}
        rows = self.params.get("Tags") or self.params.get("tags") or []
        if isinstance(rows, dict):
            return {str(key): str(value) for key, value in rows.items()}
        return {row.get("Key") or row.get("TagKey"): row.get("Value") or row.get("TagValue") or "" for row in rows}


def read(environ: Environ) -> Request:
    """Read a request, and leave it unchanged for whatever answers it.

    :raises AwsError: when it is not signed.
    """
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    body = _unpacked(environ)
    form = query
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = dict(parse_qsl(body.decode(), keep_blank_values=True)) or query
    access_key, region, service = _signer(environ, query, form)
    protocol = _protocol(environ, service, form)
    if protocol == "json":
        _check_json(body)
    action = _action(environ, service, protocol, form)
    return Request(service, region, access_key, action, protocol, form, body, environ["PATH_INFO"])


def _unpacked(environ: Environ) -> bytes:
    """Return the body, unpacked: clients compress the larger requests of CloudWatch.

    :raises AwsError: when it is not what its header says.
    """
    body: bytes = environ["wsgi.input"].getvalue()
    if environ.get("HTTP_CONTENT_ENCODING") != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise AwsError("SerializationException", "The request is not compressed as its header says.") from error


def _signer(environ: Environ, query: dict[str, str], form: dict[str, str]) -> tuple[str, str, str]:
    signed = environ.get("HTTP_AUTHORIZATION") or f"Credential={query.get('X-Amz-Credential', '')}"
    if scope := _SCOPE.search(signed):
        return scope[1], scope[2], scope[3]
    if form.get("Action") in _UNSIGNED:
        raise AwsError("InvalidAction", f"The lab does not implement the action {form['Action']}.")
    raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)


def _check_json(body: bytes) -> None:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise AwsError("SerializationException", "The request is not a JSON object.")


def guess(environ: Environ) -> Request:
    """Read as much of an unreadable request as an error answer needs."""
    scope = re.search(r"/([^/]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", ""))
    service = scope[1] if scope else ""
    return Request(service, "", "", "", _protocol(environ, service, {"Action": ""}))


def _protocol(environ: Environ, service: str, form: dict[str, str]) -> str:
    if environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        return "cbor"
    if "HTTP_X_AMZ_TARGET" in environ:
        return "json"
    if service in _REST_XML:
        return "rest-xml"
    if service == "ec2":
        return "ec2"
    return "query" if "Action" in form else "rest-json"


def _action(environ: Environ, service: str, protocol: str, form: dict[str, str]) -> str:
    if protocol == "json":
        return str(environ["HTTP_X_AMZ_TARGET"].rsplit(".", 1)[-1])
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if protocol == "cbor":
        found = _CBOR_PATH.fullmatch(path)
        return found[1] if found else ""
    if service == "s3":
        return s3.action(method, path, form)
    return catalogue.rest_action(service, method, path) if "rest" in protocol else form.get("Action", "")
