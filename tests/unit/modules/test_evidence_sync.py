# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import yaml
from botocore.exceptions import ClientError, EndpointConnectionError

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.foreign import Bounds
from ansible_collections.lifeboat.rds.plugins.module_utils._files import archive
from ansible_collections.lifeboat.rds.plugins.module_utils._files.evidence import record
from ansible_collections.lifeboat.rds.plugins.module_utils._files.signing import SUFFIX
from ansible_collections.lifeboat.rds.plugins.modules import evidence_sync
from tests.builders import DR, EAST, NOW
from tests.schemas import evidence_files

Row = dict[str, Any]
FOLDER = f"lifeboat/{DR}-{EAST}/"
LONG_AGO = datetime(2026, 1, 1, tzinfo=timezone.utc)


class S3:
    """One bucket, as far as the archive asks for it."""

    def __init__(self, *, is_under_kms: bool = False, has_checksums: bool = True) -> None:
        self.objects: dict[str, bytes] = {}
        self.about: dict[str, Row] = {}
        self.calls: list[str] = []
        self.broken: list[Exception] = []
        self._is_under_kms = is_under_kms
        self._has_checksums = has_checksums

    def lay(self, key: str, content: bytes, minutes: int = 0) -> None:
        self.objects[key] = content
        self.about[key] = {"LastModified": LONG_AGO + timedelta(minutes=minutes or len(self.objects))}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"
        return Mock(paginate=self._pages)

    def _pages(self, Bucket: str, Prefix: str) -> list[Row]:
        self._called("list")
        rows = [
            {"Key": key, "Size": len(content), "ETag": f'"{self._etag(content)}"', **self.about[key]}
            for key, content in sorted(self.objects.items())
            if key.startswith(Prefix)
        ]
        return [{"Contents": rows[:2]}, {"Contents": rows[2:]}, {}]

    def _etag(self, content: bytes) -> str:
        return hashlib.md5(content[::-1] if self._is_under_kms else content).hexdigest()

    def get_object(self, Bucket: str, Key: str) -> Row:
        self._called("get")
        return {"Body": io.BytesIO(self.objects[Key])}

    def head_object(self, Bucket: str, Key: str, ChecksumMode: str) -> Row:
        self._called("head")
        digest = base64.b64encode(hashlib.sha256(self.objects[Key]).digest()).decode()
        return {"ChecksumSHA256": digest} if self._has_checksums else {}

    def put_object(self, Key: str, Body: bytes, IfNoneMatch: str, ChecksumAlgorithm: str, **more: Any) -> None:
        self._called("put")
        assert (IfNoneMatch, ChecksumAlgorithm) == ("*", "SHA256")
        if Key in self.objects:
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": "no"}}, "PutObject")
        self.lay(Key, Body)
        self.about[Key] |= {"more": more}

    def _called(self, name: str) -> None:
        self.calls.append(name)
        for error in self.broken:
            raise error


@pytest.fixture
def s3() -> S3:
    return S3()


@pytest.fixture
def sync(site: Callable[..., Mock], options: Callable[..., Row], s3: S3, place: Path) -> Callable[..., Row]:
    def sync(bucket: S3 = s3, *, check_mode: bool = False, **given: Any) -> Row:
        there = site(DR, EAST)
        there.storage.return_value = bucket
        usual = {"account_id": DR, "directory": str(place), "store": "s3://evidence/lifeboat"}
        return evidence_sync.run(options(evidence_sync, **usual | given), there, check_mode=check_mode)

    return sync


def write(place: Path, number: int, region: str = EAST) -> Path:
    """Write a document of a site, and a signature that the sync cannot tell from a real one."""
    about = {"document": "drill", "drill_id": f"d{number}", "site": {"account_id": DR, "region": region}}
    path = Path(record(str(place), about, None)[0])
    path.with_name(path.name + SUFFIX).write_bytes(b"signature")
    return path


def steps(result: Row) -> list[tuple[str, str]]:
    return [(step["status"], step["name"]) for step in result["steps"]]


def test_what_is_missing_there_is_put_with_the_signature_first(sync: Any, s3: S3, place: Path) -> None:
    write(place, 1)
    (place / "d1-1.html").write_text("page")
    result = sync()
    assert steps(result) == [("put", "d1-1.json.sig"), ("put", "d1-1.json"), ("put", "d1-1.html")]
    assert [step["kind"] for step in result["steps"]] == ["signature", "document", "page"]
    assert {key: s3.objects[FOLDER + key] for key in evidence_files(place)} == {
        name: (place / name).read_bytes() for name in evidence_files(place)
    }
    kinds = {key.removeprefix(FOLDER): one["more"]["ContentType"] for key, one in s3.about.items()}
    assert kinds == {
        "d1-1.json": "application/json", "d1-1.json.sig": "application/octet-stream", "d1-1.html": "text/html",
    }  # fmt: skip


def test_a_second_run_finds_nothing_to_do_with_one_list(sync: Any, s3: S3, place: Path) -> None:
    write(place, 1)
    sync()
    s3.calls.clear()
    result = sync()
    assert (result["changed"], result["steps"], s3.calls) == (False, [], ["list"])


def test_what_is_missing_here_is_fetched_as_old_as_it_is(sync: Any, s3: S3, place: Path) -> None:
    write(place, 1)
    sync()
    before = {name: (place / name).read_bytes() for name in evidence_files(place)}
    for name in before:
        (place / name).unlink()
    result = sync(push=False)
    assert steps(result) == [("fetched", "d1-1.json.sig"), ("fetched", "d1-1.json")]
    assert {name: (place / name).read_bytes() for name in evidence_files(place)} == before
    assert (place / "d1-1.json").stat().st_mtime == s3.about[f"{FOLDER}d1-1.json"]["LastModified"].timestamp()


def test_only_the_newest_documents_are_fetched(sync: Any, s3: S3, place: Path, tmp_path: Path) -> None:
    for number in range(1, 6):
        path = write(tmp_path / "other", number)
        s3.lay(FOLDER + path.name, path.read_bytes(), minutes=number)
    assert steps(sync(fetch=2)) == [("fetched", "d4-1.json"), ("fetched", "d5-1.json")]
    assert steps(sync(fetch=0, push=False)) == []


def test_a_history_goes_on_in_a_new_directory(sync: Any, s3: S3, place: Path, tmp_path: Path) -> None:
    write(place, 1)
    sync()
    sync(directory=str(tmp_path / "new"), push=False)
    assert b'"number": 2' in write(tmp_path / "new", 2).read_bytes()


def test_other_sites_keep_their_own_and_postures_have_a_folder(sync: Any, s3: S3, place: Path) -> None:
    write(place, 1, region="us-west-2")
    (place / "posture-20261123t140000Z.json").write_text('{"document": "posture"}')
    sync()
    assert list(s3.objects) == ["lifeboat/posture/posture-20261123t140000Z.json"]


def test_check_mode_says_what_would_be_done_and_does_nothing(sync: Any, s3: S3, place: Path, tmp_path: Path) -> None:
    write(place, 1)
    other = write(tmp_path / "other", 2)
    s3.lay(FOLDER + other.name, other.read_bytes())
    predicted = sync(check_mode=True)
    assert (set(s3.calls), evidence_files(place)) == ({"list"}, ["d1-1.json", "d1-1.json.sig"])
    assert steps(predicted) == steps(sync())
    assert predicted["changed"]


def test_check_mode_makes_no_directory(sync: Any, s3: S3, place: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other", 1)
    s3.lay(FOLDER + other.name, other.read_bytes())
    assert steps(sync(check_mode=True)) == [("fetched", other.name)]
    assert not place.exists()


@pytest.mark.parametrize("change", [b"other and longer", None], ids=["another-size", "the-same-size"])
def test_another_file_of_the_same_name_is_told_and_neither_is_written_over(
    sync: Any, s3: S3, place: Path, change: bytes | None
) -> None:
    path = write(place, 1)
    sync()
    here = path.read_bytes()
    there = change or here.replace(b'"number": 1', b'"number": 2')
    s3.objects[FOLDER + path.name] = there
    result = sync()
    assert (result["failed"], steps(result)) == (True, [("failed", "d1-1.json")])
    assert "it differs from the file of that name" in result["msg"]
    assert (path.read_bytes(), s3.objects[FOLDER + path.name]) == (here, there)


@pytest.mark.parametrize("has_checksums", [True, False], ids=["checksum", "content"])
def test_under_a_key_of_kms_contents_are_compared_by_their_digests(
    sync: Any, place: Path, *, has_checksums: bool
) -> None:
    bucket = S3(is_under_kms=True, has_checksums=has_checksums)
    path = write(place, 1)
    sync(bucket)
    assert sync(bucket)["steps"] == []
    bucket.objects[FOLDER + path.name] = path.read_bytes().replace(b'"number": 1', b'"number": 2')
    assert steps(sync(bucket)) == [("failed", "d1-1.json")]


def test_a_page_that_was_made_again_does_not_count_as_a_difference(sync: Any, s3: S3, place: Path) -> None:
    write(place, 1)
    (place / "d1-1.html").write_text("page")
    sync()
    (place / "d1-1.html").write_text("a better page")
    assert sync()["steps"] == []


def test_what_came_there_meanwhile_is_compared(sync: Any, s3: S3, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(place, 1)
    monkeypatch.setattr(s3, "_pages", lambda **_about: [{}])  # listed before it came
    s3.lay(FOLDER + path.name, path.read_bytes())
    s3.lay(FOLDER + path.name + SUFFIX, b"another signature")
    assert steps(sync()) == [("failed", "d1-1.json.sig")]


@pytest.mark.parametrize(
    "content", [b"{", b'{"document": "drill"}', None], ids=["no-json", "no-evidence", "another-site"]
)
def test_what_does_not_belong_to_the_history_is_not_fetched(
    sync: Any, s3: S3, place: Path, tmp_path: Path, content: bytes | None
) -> None:
    stranger = write(tmp_path / "other", 1, region="us-west-2")
    s3.lay(FOLDER + "d1-1.json", content or stranger.read_bytes())
    for key in ("../evil.json", "sub/d2-1.json", ".hidden.json", "notes.txt"):
        s3.lay(FOLDER + key, b"{}")
    result = sync(push=False)
    assert steps(result) == [("failed", "d1-1.json")]
    assert not (place / "d1-1.json").exists()
    assert sorted(path.name for path in tmp_path.rglob("*.json")) == [stranger.name]


def test_with_a_retention_each_file_is_locked_by_the_clock_of_aws(sync: Any, s3: S3, place: Path) -> None:
    write(place, 1)
    sync(retain_days=400, retain_mode="compliance")
    more = s3.about[f"{FOLDER}d1-1.json"]["more"]
    assert more["ObjectLockMode"] == "COMPLIANCE"
    assert more["ObjectLockRetainUntilDate"] == NOW + timedelta(days=400)


def test_without_one_the_bucket_has_its_own_way(sync: Any, s3: S3, place: Path) -> None:
    write(place, 1)
    sync()
    assert not any(name.startswith("ObjectLock") for name in s3.about[f"{FOLDER}d1-1.json"]["more"])


def test_one_file_that_is_refused_does_not_stop_the_others(
    sync: Any, s3: S3, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(place, 1)
    real = s3.put_object

    def refuse(Key: str, **more: Any) -> None:
        if Key.endswith("d1-1.json"):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
        real(Key=Key, **more)

    monkeypatch.setattr(s3, "put_object", refuse)
    result = sync()
    assert steps(result) == [("put", "d1-1.json.sig"), ("failed", "d1-1.json")]
    assert "Cannot write s3://evidence/lifeboat/" in result["msg"] and "AccessDenied" in result["msg"]


def test_s3_that_does_not_answer_is_asked_once(sync: Any, s3: S3, place: Path) -> None:
    write(place, 1)
    s3.broken = [EndpointConnectionError(endpoint_url="https://s3")]
    with pytest.raises(LifeboatError, match="Cannot list s3://evidence/lifeboat"):
        sync()
    assert s3.calls == ["list"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"store": "/mnt/evidence"}, "Set store to s3://BUCKET/PREFIX", id="a-directory"),
        pytest.param({"store": "ftp://x"}, "Cannot use the store", id="no-store"),
        pytest.param({"fetch": -1}, "with fetch -1: it is below 0", id="fetch-below-0"),
        pytest.param({"retain_days": 0}, "with retain_days 0: it is below 1", id="no-retention"),
        pytest.param({"account_id": "111111111111"}, "these credentials belong to account", id="another-account"),
    ],
)
def test_what_makes_no_sense_is_refused_before_s3_is_asked(sync: Any, s3: S3, changes: Row, message: str) -> None:
    with pytest.raises(LifeboatError, match=message):
        sync(**changes)
    assert s3.calls == []


def test_a_link_is_not_followed_out_of_the_directory(sync: Any, s3: S3, place: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    document = write(place, 1)
    document.with_suffix(".html").symlink_to(tmp_path / "secret")
    result = sync()
    assert [step["reason"] for step in result["steps"] if step["status"] == "failed"] == [
        f"Cannot put {document.with_suffix('.html')}: it is a link, not a regular file. Move it elsewhere, or put the"
        " file itself in its place."
    ]
    assert b"secret" not in s3.objects.values() and len(s3.objects) == 2


def test_a_file_that_is_too_large_is_not_fetched(sync: Any, s3: S3, place: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(archive, "EVIDENCE", Bounds(size=10, values=10))
    s3.lay(f"{FOLDER}d1-1.json", b" " * 11)
    (step,) = sync()["steps"]
    assert (step["status"], "it has 11 bytes, and a file of the evidence at most 10" in step["reason"]) == (
        "failed", True,
    )  # fmt: skip
    assert s3.calls == ["list"]


def test_the_result_has_what_is_documented(sync: Any, place: Path) -> None:
    write(place, 1)
    promised = yaml.safe_load(evidence_sync.RETURN)["steps"]["contains"]
    assert set(sync()["steps"][0]) == set(promised)
