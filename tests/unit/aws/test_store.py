# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.response import StreamingBody

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.store import Directory, StoreError, open_store
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.store import read_address
from tests.unit.aws.wire import Refused

KEY = "lifeboat/landed/222222222222-us-east-1.json"
FULL = f"dr/{KEY}"
DOWN = EndpointConnectionError(endpoint_url="https://s3.example")


def body(content: bytes) -> dict[str, Any]:
    return {"Body": StreamingBody(io.BytesIO(content), len(content))}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def bucket(aws: Any) -> Any:
    def bucket(**answers: Any) -> Any:
        site, wire = aws(**answers)
        return open_store(read_address("s3://manifests/dr"), site), site, wire

    return bucket


# -- a directory ------------------------------------------------------------------------------------------------------


def test_what_was_written_is_read_and_listed(tmp_path: Path) -> None:
    store = Directory(tmp_path / "new" / "store")
    assert (store.read(KEY), store.keys("lifeboat/landed/")) == (None, [])
    store.write(KEY, {"version": 1})
    store.write(KEY, {"version": 2})
    assert (store.read(KEY), store.keys("lifeboat/landed/")) == ({"version": 2}, [KEY])
    assert os.listdir(tmp_path / "new" / "store" / "lifeboat" / "landed") == [Path(KEY).name], "no temporary file"


def test_a_store_that_we_make_is_our_users_alone(tmp_path: Path) -> None:
    store = Directory(tmp_path / "store")
    store.write(KEY, {})
    path = tmp_path / "store" / KEY
    assert [mode(one) for one in (path, path.parent, tmp_path / "store")] == [0o600, 0o700, 0o700]


@pytest.mark.parametrize(("given", "folder", "file"), [(0o770, 0o770, 0o660), (0o777, 0o770, 0o660)])
def test_a_store_of_a_group_stays_the_groups_and_nobody_elses(
    tmp_path: Path, given: int, folder: int, file: int
) -> None:
    tmp_path.chmod(given)
    Directory(tmp_path).write(KEY, {})
    path = tmp_path / KEY
    assert (mode(path), mode(path.parent), mode(path.parent.parent)) == (file, folder, folder)


def test_a_write_that_fails_leaves_the_former_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Directory(tmp_path)
    store.write(KEY, {"version": 1})

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"Cannot write .*: No space left on device\. Let the user"):
        store.write(KEY, {"version": 2})
    assert store.read(KEY) == {"version": 1}
    assert store.keys("lifeboat/landed/") == [KEY]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]", b"null", b"[" * 100_000], ids=range(6))
def test_what_is_no_json_object_is_said_with_the_remedy(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY).parent.mkdir(parents=True)
    (tmp_path / KEY).write_bytes(content)
    with pytest.raises(StoreError, match="Delete it: its site writes it again") as told:
        Directory(tmp_path).read(KEY)
    assert told.value.is_broken


def test_a_file_where_the_store_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("x")
    store = Directory(tmp_path / "store")
    for act in (lambda: store.read(KEY), lambda: store.write(KEY, {})):
        with pytest.raises(StoreError, match="Let the user who runs the playbooks"):
            act()


# -- S3 ---------------------------------------------------------------------------------------------------------------


def test_a_document_is_one_object_and_one_call(bucket: Any) -> None:
    store, _site, wire = bucket(PutObject={}, GetObject=body(b'{"version":1}'))
    store.write(KEY, {"version": 1, "a": [1, 2]})
    assert store.read(KEY) == {"version": 1}
    (put,) = wire.params("PutObject")
    assert (put["Bucket"], put["Key"], put["Body"]) == ("manifests", FULL, b'{"a":[1,2],"version":1}')
    assert wire.params("GetObject") == [{"Bucket": "manifests", "Key": FULL}]
    assert len(wire.asked) == 2


def test_an_object_that_is_not_there_is_none(bucket: Any) -> None:
    assert bucket(GetObject=Refused("NoSuchKey", status=404))[0].read(KEY) is None


def test_what_s3_hides_because_it_is_not_there_is_none(bucket: Any) -> None:
    store, _site, wire = bucket(GetObject=Refused("AccessDenied", status=403), ListObjectsV2={})
    assert store.read(KEY) is None
    assert [params["Prefix"] for params in wire.params("ListObjectsV2")] == [FULL]


@pytest.mark.parametrize("listed", [{"Contents": [{"Key": FULL}]}, Refused("AccessDenied", status=403)], ids=["", "no"])
def test_what_is_there_or_may_be_and_is_denied_is_said_with_the_remedy(bucket: Any, listed: Any) -> None:
    store = bucket(GetObject=Refused("AccessDenied", status=403), ListObjectsV2=listed)[0]
    with pytest.raises(StoreError, match="Allow it to this role, and in the policy of the bucket") as told:
        store.read(KEY)
    assert not told.value.is_down


@pytest.mark.parametrize(
    ("answer", "remedy", "is_down"),
    [
        pytest.param(Refused("NoSuchBucket", status=404), "Make it with playbooks/prepare.yml", False, id="no bucket"),
        pytest.param(Refused("AccessDenied", status=403), "in the policy of the bucket", False, id="denied"),
        pytest.param(Refused("InvalidAccessKeyId"), "Renew the credentials", False, id="wrong credentials"),
        pytest.param(Refused("Odd"), "Check the store and who may use it", False, id="anything else"),
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
