# SPDX-License-Identifier: GPL-3.0-or-later
"""Test what a lab leaves on the disk: nothing but a cache, in the folder that is meant for caches."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifeboat_lab import workspace
from lifeboat_lab.engines import programs
from lifeboat_lab.engines.users import EngineError

MAKE_DATABASES = """
import sys
from lifeboat_lab import Lab
from lifeboat_lab.testing import new_instance
with Lab(scale=20000) as lab:
    for engine in sys.argv[1:]:
        new_instance(lab.client("production", "rds"), engine)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """Make a folder with a short name, as sockets need one, that the servers' user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="lab"))
    folder.chmod(0o711)
    for name in ("tmp", "cache"):
        (folder / name).mkdir(mode=0o711)
    yield folder
    shutil.rmtree(folder)


def engines() -> list[str]:
    try:
        programs.find_mariadb()
    except EngineError:
        return ["postgres"]
    return ["postgres", "mariadb"]


def test_nothing_stays_in_the_temporary_directory(place: Path) -> None:
    where = {"TMPDIR": str(place / "tmp"), "LAB_DIR": str(place / "tmp"), "XDG_CACHE_HOME": str(place / "cache")}
    made = [sys.executable, "-c", MAKE_DATABASES, *engines()]
    subprocess.run(made, env={**os.environ, **where}, cwd=place, check=True)
    assert list((place / "tmp").iterdir()) == []
    assert sorted(path.name for path in place.iterdir()) == ["cache", "tmp"]
    kept = sorted(path.name.split("-")[0].lower() for path in (place / "cache" / "lifeboat-lab").iterdir())
    assert [name for name in kept if name != "programs"] == sorted(
        {"postgres": "postgresql"}.get(engine, engine) for engine in engines()
    )


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace.os, "geteuid", lambda: 1000)


def test_the_cache_is_where_the_user_wants_caches(
    as_user: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    assert workspace._cache_home() == tmp_path / "mine"


@pytest.mark.parametrize("unset", ["", "not/absolute"])
def test_else_it_is_in_the_home_directory(
    as_user: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unset: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", unset)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert workspace._cache_home() == tmp_path / ".cache"


@pytest.mark.parametrize(("mode", "closed"), [(0o700, True), (0o755, False)])
def test_roots_cache_is_where_the_servers_user_may_enter(
    monkeypatch: pytest.MonkeyPatch, place: Path, mode: int, closed: bool
) -> None:
    (place / "cache").chmod(mode)
    monkeypatch.setattr(workspace.os, "geteuid", lambda: 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    assert workspace._cache_home() == (Path("/var/cache") if closed else place / "cache")


def test_a_cache_that_cannot_be_made_names_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(workspace, "_cache_home", lambda: tmp_path / "file")
    with pytest.raises(PermissionError, match="Set XDG_CACHE_HOME"):
        workspace.cache()


def test_what_a_killed_lab_did_not_finish_goes_after_an_hour(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(workspace, "_cache_home", lambda: tmp_path)
    left = workspace.staging()
    left.mkdir()
    workspace.staging()
    assert left.exists()
    later = workspace.time.time() + 2 * 3600
    monkeypatch.setattr(workspace.time, "time", lambda: later)
    workspace.staging()
    assert not left.exists()


def test_a_place_for_runs_must_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAB_DIR", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match="gone"):
        workspace.RunFolder()
