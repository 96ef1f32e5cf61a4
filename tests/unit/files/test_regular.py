# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.foreign import Malformed
from ansible_collections.lifeboat.rds.plugins.module_utils._files.regular import read_regular


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # the path of a socket is short
        made.bind(path.name)
        os.chdir(here)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(lambda path: path.symlink_to(path.with_name("real")), "it is a link", id="link"),
        pytest.param(lambda path: path.symlink_to("/no/such/file"), "it is a link", id="link-to-nothing"),
        pytest.param(os.mkfifo, "it is a named pipe", id="pipe"),
        pytest.param(lambda path: path.mkdir(), "it is a folder", id="folder"),
        pytest.param(listen, "it is a socket", id="socket"),
        pytest.param(lambda path: path.write_bytes(b"x" * 11), "it has more than 10 bytes", id="large"),
    ],
)
def test_only_regular_files_of_a_bounded_size_are_read(tmp_path: Path, make: Any, why: str) -> None:
    (tmp_path / "real").write_bytes(b"real")
    make(tmp_path / "d1-1.json")
    with pytest.raises(Malformed, match=why):
        read_regular(tmp_path / "d1-1.json", 10)


def test_a_device_is_not_read() -> None:
    with pytest.raises(Malformed, match="it is a device"):
        read_regular(Path("/dev/zero"), 10)


def test_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"x" * 10)
    assert read_regular(tmp_path / "one", 10) == b"x" * 10


def test_a_file_that_is_not_there_is_told_as_ever(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "gone", 10)
