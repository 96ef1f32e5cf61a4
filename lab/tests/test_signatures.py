# SPDX-License-Identifier: GPL-3.0-or-later
"""Test that a request is answered only when it was signed with the secret of its key."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from helpers import PRODUCTION, code_of, make_role
from lifeboat_lab import Lab, signatures
from lifeboat_lab.errors import AwsError
from lifeboat_lab.testing import fresh

OWNER = Credentials("AKIAEXAMPLE", "a-secret")


def as_environ(request: AWSRequest) -> dict[str, Any]:
    """Convert a request into what the front door makes of it."""
    prepared = request.prepare()
    target = prepared.url.split("/", 3)[3]
    path, _mark, query = f"/{target}".partition("?")
    body = request.body or b""
    environ = {"REQUEST_METHOD": request.method, "RAW_URI": f"/{target}", "PATH_INFO": path, "QUERY_STRING": query,
               "wsgi.input": io.BytesIO(body), "HTTP_HOST": "127.0.0.1:1234"}  # fmt: skip
    for name, value in prepared.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = (
            value if isinstance(value, str) else value.decode()
        )
    return environ


URLS = [
    "/bucket/a%20key/with%2Fslash?list-type=2&prefix=a%2Fb&x=",
    "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A1%3Afunction%3Af/versions?b=2&a=1",
]


@pytest.mark.parametrize("signer", [SigV4Auth, S3SigV4Auth])
@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=X&Version=1"),
        ("POST", "/", {"X-Amz-Target": "A.B", "Content-Type": "application/x-amz-json-1.0"}, b'{"a": "\xc3\xa4"}'),
        *(("GET", url, {}, b"") for url in URLS),
        ("PUT", "/bucket/../other//key", {"x-amz-meta-my_key": "two  blanks", "x-amz-meta-other": " a "}, b"data"),
        ("PUT", "/bucket/key", {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, b"data"),
        ("PUT", "/bucket/key", {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, b"4\r\ndata\r\n0\r\n"),
    ],
)
def test_it_is_the_signature_that_botocore_makes(
    signer: Any, method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    check(signer, AWSRequest(method, f"http://127.0.0.1:1234{path}", headers=headers, data=body))


@pytest.mark.parametrize("signer", [SigV4QueryAuth, S3SigV4QueryAuth])
@pytest.mark.parametrize("url", URLS)
def test_it_is_the_signature_that_botocore_makes_in_a_presigned_url(signer: Any, url: str) -> None:
    check(signer, AWSRequest("GET", f"http://127.0.0.1:1234{url}"))


def check(signer: Any, request: AWSRequest) -> None:
    """Check that a signed request is right as it is, and wrong when changed or signed with another secret."""
    service = "s3" if "S3" in signer.__name__ else "lambda"
    signer(OWNER, service, "us-west-2").add_auth(request)
    environ = as_environ(request)
    signatures.check(environ, service, OWNER.secret_key)
    for change in ({"REQUEST_METHOD": "DELETE"}, {"HTTP_HOST": "elsewhere"}):
        with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
            signatures.check(environ | change, service, OWNER.secret_key)
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        signatures.check(environ, service, "another-secret")


def test_the_body_is_signed() -> None:
    request = AWSRequest("POST", "http://127.0.0.1:1234/", data=b"Action=A")
    SigV4Auth(OWNER, "rds", "us-west-2").add_auth(request)
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        signatures.check(as_environ(request) | {"wsgi.input": io.BytesIO(b"Action=B")}, "rds", OWNER.secret_key)


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("rds", "describe_db_instances", "SignatureDoesNotMatch"),
        ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
        ("kms", "list_keys", "InvalidSignatureException"),
        ("ec2", "describe_vpcs", "AuthFailure"),
        ("s3", "list_buckets", "SignatureDoesNotMatch"),
        ("lambda", "list_functions", "InvalidSignatureException"),
    ],
)
def test_a_wrong_secret_is_refused(lab: Lab, service: str, operation: str, code: str) -> None:
    key = lab.client("production", "sts")._request_signer._credentials.access_key
    client = lab.client("production", service, aws_access_key_id=key, aws_secret_access_key="wrong")
    assert code_of(getattr(client, operation)) == code


@pytest.mark.parametrize("signature", ["v4", "s3v4"])
@pytest.mark.parametrize("key", ["plain", "with blank + plus", "a/b//c", "käse~*'()", "percent%2Fencoded"])
def test_objects_of_any_name_come_and_go(lab: Lab, key: str, signature: str) -> None:
    s3 = lab.client("production", "s3", config=Config(signature_version=signature))
    bucket = fresh("bucket")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket=bucket, Key=key, Body=b"data", Metadata={"my_key": "1"})
    found = s3.get_object(Bucket=bucket, Key=key)
    assert (found["Body"].read(), found["Metadata"]) == (b"data", {"my_key": "1"})
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == 4
    assert [row["Key"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)


class Unseekable(io.RawIOBase):
    """A stream of unknown length."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def readable(self) -> bool:
        return True

    def read(self, _size: int = -1) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def test_objects_are_streamed_in_parts(lab: Lab) -> None:
    s3, bucket = lab.client("production", "s3"), fresh("bucket")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.upload_fileobj(Unseekable([b"a" * 1000, b"b" * 1000]), bucket, "stream")
    assert s3.get_object(Bucket=bucket, Key="stream")["Body"].read() == b"a" * 1000 + b"b" * 1000
    s3.put_object(Bucket=bucket, Key="sum", Body=b"data", ChecksumAlgorithm="SHA256")
    assert s3.get_object(Bucket=bucket, Key="sum")["Body"].read() == b"data"


def test_a_presigned_url_works_as_it_is_and_not_changed(lab: Lab) -> None:
    s3, bucket = lab.client("production", "s3", config=Config(signature_version="s3v4")), fresh("bucket")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket=bucket, Key="a b", Body=b"data")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b"})
    assert urllib.request.urlopen(url).read() == b"data"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url.replace("a%20b", "other"))
    assert caught.value.code == 403
    assert b"SignatureDoesNotMatch" in caught.value.read()


def test_a_session_signs_with_its_own_secret(lab: Lab) -> None:
    make_role(lab.client("production", "iam"), "signer", PRODUCTION, "rds:*")
    found = lab.client("production", "sts").assume_role(
        RoleArn=f"arn:aws:iam::{PRODUCTION}:role/signer", RoleSessionName="test"
    )["Credentials"]

    def call(secret: str, token: str | None) -> Any:
        return boto3.client(
            "rds", region_name="us-west-2", endpoint_url=lab.url, aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=secret, aws_session_token=token,
        ).describe_db_instances  # fmt: skip

    assert call(found["SecretAccessKey"], found["SessionToken"])()
    assert code_of(call("wrong", found["SessionToken"])) == "SignatureDoesNotMatch"
    assert code_of(call(found["SecretAccessKey"], None)) == "InvalidClientTokenId"
    assert code_of(call(found["SecretAccessKey"], "another")) == "InvalidClientTokenId"


def test_a_user_has_no_session(lab: Lab) -> None:
    own = lab.client("production", "sts")._request_signer._credentials
    client = lab.client(
        "production", "rds", aws_access_key_id=own.access_key, aws_secret_access_key=own.secret_key,
        aws_session_token="made-up",
    )  # fmt: skip
    assert code_of(client.describe_db_instances) == "InvalidClientTokenId"
