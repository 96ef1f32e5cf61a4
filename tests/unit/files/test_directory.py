# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.store import StoreError
from ansible_collections.lifeboat.rds.plugins.module_utils._files.directory import Directory

KEY = "lifeboat/landed/222222222222-us-east-1.json"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


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
def test_a_file_that_is_not_a_json_object_is_told_with_the_remedy(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY).parent.mkdir(parents=True)
    (tmp_path / KEY).write_bytes(content)
    with pytest.raises(StoreError, match="Delete it, and its site will write it again") as told:
        Directory(tmp_path).read(KEY)
    assert told.value.is_broken


def test_a_file_where_the_store_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("x")
    store = Directory(tmp_path / "store")
    for act in (lambda: store.read(KEY), lambda: store.write(KEY, {})):
        with pytest.raises(StoreError, match="Let the user who runs the playbooks"):
            act()
