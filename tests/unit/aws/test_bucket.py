# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.response import StreamingBody

from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.store import StoreError, read_address
from ansible_collections.lifeboat.rds.plugins.module_utils._files.store import open_store
from tests.unit.aws.wire import AwsError

KEY = "lifeboat/landed/222222222222-us-east-1.json"
FULL = f"dr/{KEY}"
DOWN = EndpointConnectionError(endpoint_url="https://s3.example")


def body(content: bytes) -> dict[str, Any]:
    return {"Body": StreamingBody(io.BytesIO(content), len(content))}


@pytest.fixture
def bucket(aws: Any) -> Any:
    def bucket(**answers: Any) -> Any:
        site, wire = aws(**answers)
        return open_store(read_address("s3://manifests/dr"), site), site, wire

    return bucket


def test_a_document_is_one_object_and_one_call(bucket: Any) -> None:
    store, _site, wire = bucket(PutObject={}, GetObject=body(b'{"version":1}'))
    store.write(KEY, {"version": 1, "a": [1, 2]})
    assert store.read(KEY) == {"version": 1}
    (put,) = wire.params("PutObject")
    assert (put["Bucket"], put["Key"], put["Body"]) == ("manifests", FULL, b'{"a":[1,2],"version":1}')
    assert wire.params("GetObject") == [{"Bucket": "manifests", "Key": FULL}]
    assert len(wire.asked) == 2


def test_an_object_that_is_not_there_is_read_as_nothing(bucket: Any) -> None:
    assert bucket(GetObject=AwsError("NoSuchKey", status=404))[0].read(KEY) is None


def test_a_missing_object_that_s3_hides_is_read_as_nothing(bucket: Any) -> None:
    store, _site, wire = bucket(GetObject=AwsError("AccessDenied", status=403), ListObjectsV2={})
    assert store.read(KEY) is None
    assert [params["Prefix"] for params in wire.params("ListObjectsV2")] == [FULL]


@pytest.mark.parametrize(
    "listed", [{"Contents": [{"Key": FULL}]}, AwsError("AccessDenied", status=403)], ids=["", "no"]
)
def test_what_is_there_or_may_be_and_is_denied_is_said_with_the_remedy(bucket: Any, listed: Any) -> None:
    store = bucket(GetObject=AwsError("AccessDenied", status=403), ListObjectsV2=listed)[0]
    with pytest.raises(StoreError, match="Allow it to this role, and in the policy of the bucket") as told:
        store.read(KEY)
    assert not told.value.is_down


@pytest.mark.parametrize(
    ("answer", "remedy", "is_down"),
    [
        pytest.param(AwsError("NoSuchBucket", status=404), "Make it with playbooks/prepare.yml", False, id="no bucket"),
        pytest.param(AwsError("AccessDenied", status=403), "in the policy of the bucket", False, id="denied"),
        pytest.param(AwsError("InvalidAccessKeyId"), "Renew the credentials", False, id="wrong credentials"),
        pytest.param(AwsError("Odd"), "Check the store and who may use it", False, id="anything else"),
        pytest.param(DOWN, "Check the profile, its endpoint", True, id="no answer"),
    ],
)
def test_a_refusal_of_s3_is_said_with_its_remedy(bucket: Any, answer: Any, remedy: str, is_down: bool) -> None:
    store = bucket(PutObject=answer, ListObjectsV2=answer)[0]
    for act in (lambda: store.write(KEY, {}), lambda: store.keys("lifeboat/landed/")):
        with pytest.raises(StoreError, match=remedy) as told:
            act()
        assert told.value.is_down == is_down


def test_keys_are_told_without_the_stores_own_prefix(bucket: Any) -> None:
    store, _site, wire = bucket(ListObjectsV2={"Contents": [{"Key": FULL}]})
    assert store.keys("lifeboat/landed/") == [KEY]
    assert wire.params("ListObjectsV2")[0]["Prefix"] == "dr/lifeboat/landed/"


def test_a_whole_bucket_is_a_store_too(aws: Any) -> None:
    site, wire = aws(PutObject={})
    open_store(read_address("s3://manifests"), site).write(KEY, {})
    assert wire.params("PutObject")[0]["Key"] == KEY


def test_s3_is_not_waited_for_as_long_as_rds(aws: Any) -> None:
    site, _wire = aws()
    config = site.storage().meta.config
    assert (config.connect_timeout, config.retries["total_max_attempts"]) == (5, 3)
    assert site._client("rds").meta.config.connect_timeout == 60
