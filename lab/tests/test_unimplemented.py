# SPDX-License-Identifier: GPL-3.0-or-later
"""Test that what the lab does not implement is AWS's own error, in the service's protocol, never a page of HTML."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from botocore.parsers import create_parser

from lifeboat_lab import Lab
from lifeboat_lab.catalogue import model

ONCE = Config(retries={"total_max_attempts": 1})
QUERY, JSON = "InvalidAction", "UnknownOperationException"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("rds", "describe_db_proxies", {}, QUERY),
        ("rds", "describe_integrations", {}, QUERY),
        ("sts", "decode_authorization_message", {"EncodedMessage": "x"}, QUERY),
        ("sns", "list_origination_numbers", {}, QUERY),
        ("iam", "get_organizations_access_report", {"JobId": "x" * 36}, QUERY),
        ("ec2", "describe_fpga_images", {}, QUERY),
        ("cloudwatch", "list_metric_streams", {}, JSON),
        ("sqs", "list_message_move_tasks", {"SourceArn": "arn:aws:sqs:us-west-2:111111111111:q"}, JSON),
        ("events", "list_endpoints", {}, JSON),
        ("secretsmanager", "validate_resource_policy", {"ResourcePolicy": "{}"}, JSON),
        ("kms", "describe_custom_key_stores", {}, JSON),
        ("ssm", "describe_activations", {}, JSON),
        ("logs", "describe_query_definitions", {}, JSON),
        ("lambda", "list_code_signing_configs", {}, JSON),
        ("backup", "list_copy_jobs", {}, JSON),
        ("service-quotas", "list_services", {}, JSON),
        ("cloudtrail", "list_channels", {}, JSON),
        ("organizations", "list_handshakes_for_organization", {}, JSON),
        ("resourcegroupstaggingapi", "get_compliance_summary", {}, JSON),
        ("dynamodb", "list_global_tables", {}, JSON),
        ("route53", "list_cidr_collections", {}, QUERY),
        # Services that nobody here knows at all.
        ("health", "describe_events", {}, JSON),
        ("oam", "list_links", {}, JSON),
        ("devops-guru", "list_monitored_resources", {}, JSON),
        ("pi", "list_available_resource_metrics",
         {"ServiceType": "RDS", "Identifier": "x", "MetricTypes": ["os"]}, JSON),
    ],
)  # fmt: skip
def test_it_is_an_error_of_the_service(
    lab: Lab, service: str, operation: str, parameters: dict[str, Any], code: str
) -> None:
    client = lab.client("production", service, config=ONCE)
    if not hasattr(client, operation):
        pytest.skip("this botocore does not know it")
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**parameters)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code
    assert answer["Error"]["Message"].startswith("The lab does not implement")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    call = lab.calls(limit=1)[0]
    assert (call["error"], call["status"]) == (code, 400)
    assert call["action"] == client.meta.method_to_api_mapping[operation]


def raw(lab: Lab, service: str, method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
    """Send a request that botocore would sign but not make, and return the answer."""
    credentials = lab.client("production", "sts")._request_signer._credentials
    request = AWSRequest(method, lab.url + path, headers=headers, data=body)
    SigV4Auth(credentials, service, "us-west-2").add_auth(request)
    return URLLib3Session().send(request.prepare())


def test_so_it_is_in_cbor(lab: Lab) -> None:
    path = "/service/GraniteServiceVersion20100801/operation/ListMetricStreams"
    headers = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    answer = raw(lab, "monitoring", "POST", path, headers, b"\xa0")
    found = model("cloudwatch")
    assert found is not None
    parsed = create_parser("smithy-rpc-v2-cbor").parse(
        {"body": answer.content, "headers": answer.headers, "status_code": answer.status_code},
        found.operation_model("ListMetricStreams").output_shape,
    )
    assert parsed["Error"]["Code"] == JSON
    assert parsed["Error"]["Message"].startswith("The lab does not implement monitoring ListMetricStreams")


@pytest.mark.parametrize(
    ("service", "path", "headers", "body"),
    [
        ("rds", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=BrewCoffee&Version=2014-10-31"),
        ("rds", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b""),
        ("rds", "/no/such/place", {}, b""),
        ("kms", "/", {"X-Amz-Target": "TrentService.BrewCoffee"}, b"{}"),
        ("kms", "/", {"X-Amz-Target": "TrentService.DescribeKey"}, b"{not json"),
        ("sns", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=BrewCoffee&Version=2010-03-31"),
        ("lambda", "/2015-03-31/coffee", {}, b""),
        ("backup", "/coffee", {}, b"{}"),
        ("coffee", "/", {"X-Amz-Target": "Coffee.Brew"}, b"{}"),
        ("ec2", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=BrewCoffee&Version=2016-11-15"),
    ],
)
def test_nonsense_is_no_page_either(lab: Lab, service: str, path: str, headers: dict[str, str], body: bytes) -> None:
    answer = raw(lab, service, "POST", path, headers, body)
    assert 400 <= answer.status_code < 500
    assert b"<!doctype" not in answer.content.lower()
    assert b"Code" in answer.content or b"__type" in answer.content


def test_an_object_that_is_a_page_is_an_object(lab: Lab) -> None:
    s3 = lab.client("production", "s3", "us-west-2")
    s3.create_bucket(Bucket="pages-of-a-test", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket="pages-of-a-test", Key="page.html", Body=b"<!DOCTYPE html><p>read me</p>")
    assert s3.get_object(Bucket="pages-of-a-test", Key="page.html")["Body"].read() == b"<!DOCTYPE html><p>read me</p>"
