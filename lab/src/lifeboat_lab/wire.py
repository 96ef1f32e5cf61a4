# SPDX-License-Identifier: GPL-3.0-or-later
"""Speak AWS's query protocol from botocore's own model, and write errors in the form that each protocol wants."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import botocore.session
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from lifeboat_lab.errors import AwsError

XML = "text/xml"

# The names of the same refusals in other protocols.
_JSON_CODES = {
    "InvalidClientTokenId": "UnrecognizedClientException",
    "AccessDenied": "AccessDeniedException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "ExpiredToken": "ExpiredTokenException",
    "InvalidAction": "UnknownOperationException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "IncompleteSignature": "IncompleteSignatureException",
}
_EC2_CODES = {
    "InvalidClientTokenId": "AuthFailure",
    "AccessDenied": "UnauthorizedOperation",
    "ExpiredToken": "RequestExpired",
    "SignatureDoesNotMatch": "AuthFailure",
    "ThrottlingException": "RequestLimitExceeded",
    "InternalFailure": "InternalError",
    "ServiceUnavailable": "Unavailable",
}
_S3_CODES = {
    "InvalidClientTokenId": "InvalidAccessKeyId",
    "MissingAuthenticationToken": "AccessDenied",
    "InvalidAction": "NotImplemented",
    "ThrottlingException": "SlowDown",
    "InternalFailure": "InternalError",
}
_ERROR = re.compile(rb'<Code>([^<]+)</Code>|"__type": ?"([^"]+)"')
_MESSAGE = re.compile(rb'<Message>([^<]*)</Message>|"[mM]essage": ?"((?:[^"\\]|\\.)*)"')


class Answer:
    """One HTTP response; the listener adds date and length."""

    def __init__(self, body: str | bytes, status: int = 200, kind: str = XML, **headers: str) -> None:
        self.body = body.encode() if isinstance(body, str) else body
        self.status = status
        self.headers = [("Content-Type", kind), ("x-amzn-RequestId", str(uuid.uuid4())), *headers.items()]
        # Seconds by which its date is wrong (a fault on request).
        self.date_shift = 0.0


@cache
def rds_model() -> ServiceModel:
    return botocore.session.Session().get_service_model("rds")


def parse(operation: OperationModel, form: Mapping[str, str]) -> dict[str, Any]:
    """Parse the parameters of a query request into the shape of botocore's model.

    :raises AwsError: when one cannot be read, or a required one is missing.
    """
    shape = operation.input_shape
    if not isinstance(shape, StructureShape):
        return {}
    found = _structure(shape, form, "")
    for name in shape.required_members:
        if found.get(name) in (None, ""):
            raise AwsError("MissingParameter", f"The request must contain the parameter {name}.")
    return found


def _structure(shape: StructureShape, form: Mapping[str, str], prefix: str) -> dict[str, Any]:
    found = {}
    for name, member in shape.members.items():
        value = _value(member, form, prefix + member.serialization.get("name", name))
        if value is not None:
            found[name] = value
    return found


def _value(shape: Shape, form: Mapping[str, str], name: str) -> Any:
    if isinstance(shape, ListShape):
        return _items(shape, form, name)
    if isinstance(shape, StructureShape):
        return _structure(shape, form, f"{name}.") or None
    return _scalar(shape, form[name], name) if name in form else None


def _items(shape: ListShape, form: Mapping[str, str], name: str) -> list[Any] | None:
    for word in (shape.member.serialization.get("name", "member"), "member"):
        values: list[Any] = []
        while (value := _value(shape.member, form, f"{name}.{word}.{len(values) + 1}")) is not None:
            values.append(value)
        if values:
            return values
    return [] if name in form else None


def _scalar(shape: Shape, text: str, name: str) -> Any:
    try:
        if shape.type_name in ("integer", "long"):
            return int(text)
        if shape.type_name in ("float", "double"):
            return float(text)
    except ValueError:
        raise AwsError("MalformedInput", f"{name}: {text!r} is not a number.") from None
    return text.lower() == "true" if shape.type_name == "boolean" else text


def render(operation: OperationModel, result: Mapping[str, Any]) -> Answer:
    """Render a query response. Members that the model does not know are left out."""
    shape = operation.output_shape
    inner = ""
    if isinstance(shape, StructureShape):
        wrapper = shape.serialization.get("resultWrapper", f"{operation.name}Result")
        inner = f"<{wrapper}>{_writer(shape)(result)}</{wrapper}>"
    namespace = operation.service_model.metadata.get("xmlNamespace", "")
    metadata = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
    name = f"{operation.name}Response"
    return Answer(f'<?xml version="1.0"?><{name} xmlns="{namespace}">{inner}{metadata}</{name}>')


Writer = Callable[[Any], str]


@cache
def _writer(shape: Shape) -> Writer:
    """Return a function that writes a value of a shape, without the tags around it.

    It is made once: long lists have a million values.
    """
    if isinstance(shape, StructureShape):
        return _structure_writer(shape)
    if isinstance(shape, ListShape):
        word, write = shape.member.serialization.get("name", "member"), _writer(shape.member)
        return lambda values: "".join([f"<{word}>{write(value)}</{word}>" for value in values])
    if shape.type_name == "boolean":
        return lambda value: "true" if value else "false"
    return iso if shape.type_name == "timestamp" else _escaped


def _structure_writer(shape: StructureShape) -> Writer:
    members = {
        name: (member.serialization.get("name", name), _writer(member)) for name, member in shape.members.items()
    }

    def write(value: Mapping[str, Any]) -> str:
        parts = []
        for name, item in value.items():
            if item is not None and name in members:
                tag, write_member = members[name]
                parts.append(f"<{tag}>{write_member(item)}</{tag}>")
        return "".join(parts)

    return write


def _escaped(value: Any) -> str:
    text = str(value)
    return text if text.isalnum() else escape(text)


def iso(moment: float) -> str:
    """Format seconds since 1970 as RDS does."""
    return datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def error_answer(protocol: str, error: AwsError, service: str = "") -> Answer:
    """Render an error in the form of a protocol."""
    if service == "s3":
        return _s3_error(error)
    if protocol == "ec2":
        return _ec2_error(error)
    if protocol in ("json", "rest-json"):
        return _json_error(error, rest=protocol == "rest-json")
    if protocol == "cbor":
        return _cbor_error(error)
    return Answer(
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{error.code}</Code>"
        f"<Message>{escape(error.message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>",
        error.status,
    )


def _json_error(error: AwsError, *, rest: bool) -> Answer:
    code = _JSON_CODES.get(error.code, error.code)
    status = 400 if error.status in (403, 404) and not rest else error.status
    body = json.dumps({"__type": code, "message": error.message})
    kind = "application/json" if rest else "application/x-amz-json-1.1"
    return Answer(body, status, kind, **{"x-amzn-ErrorType": code})


def _cbor_error(error: AwsError) -> Answer:
    """Render an error as a map of two texts (RFC 8949; Smithy RPC v2 CBOR)."""
    code = _JSON_CODES.get(error.code, error.code)
    words = [_cbor_text(word) for word in ("__type", code, "message", error.message)]
    body = b"\xa2" + b"".join(words)
    return Answer(body, max(error.status, 400), "application/cbor", **{"smithy-protocol": "rpc-v2-cbor"})


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data


def error_in(answer: Answer) -> tuple[str | None, str | None]:
    """Return code and message of an error, whether the lab or moto made it."""
    if answer.status < 400:
        return None, None
    code, message = _ERROR.search(answer.body), _MESSAGE.search(answer.body)
    return (_group(code) if code else None), (_group(message) if message else None)


def _group(found: re.Match[bytes]) -> str:
    return (found[1] or found[2] or b"").decode(errors="replace")


def _ec2_error(error: AwsError) -> Answer:
    code = _EC2_CODES.get(error.code, error.code)
    return Answer(
        f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(error.message)}</Message></Error></Errors>"
        f"<RequestID>{uuid.uuid4()}</RequestID></Response>",
        error.status,
    )


def _s3_error(error: AwsError) -> Answer:
    code = _S3_CODES.get(error.code, error.code)
    return Answer(
        f"<Error><Code>{code}</Code><Message>{escape(error.message)}</Message>"
        f"<RequestId>{uuid.uuid4()}</RequestId></Error>",
        error.status,
        "application/xml",
    )
