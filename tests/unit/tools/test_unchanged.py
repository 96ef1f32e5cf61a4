# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parts of the suite are skipped: only those of which all that counts is the same as when they last passed."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import unchanged
from tools.unchanged import DEPENDS, ENVIRONMENT, Skipping, decide, files_here, fingerprint

ROOT = Path(__file__).parents[3]
FILES = {"requirements.txt": "1", "lab/a.py": "2", "lab/b/c.py": "3", "laboratory.py": "4"}
PASSED = {"same": "in CI at 0123456789ab"}


@pytest.mark.parametrize(
    ("wish", "now", "is_skipped"),
    [
        pytest.param("", "same", True, id="unchanged"),
        pytest.param("", "other", False, id="changed"),
        pytest.param("", None, False, id="unknown-is-run"),
        pytest.param("none", "same", False, id="overruled: everything runs"),
        pytest.param("pages", "other", True, id="overruled: changed, and left out nevertheless"),
        pytest.param("lab-tests  pages", None, True, id="overruled: one of several"),
        pytest.param("lab-tests", "same", False, id="another one is left out: this one runs"),
    ],
)
def test_a_part_is_skipped_only_if_it_is_unchanged_or_left_out_by_name(
    wish: str, now: str | None, is_skipped: bool
) -> None:
    assert (decide("pages", wish, now, PASSED) is not None) == is_skipped


def test_nothing_is_skipped_when_nothing_is_known() -> None:
    assert decide("pages", "", "same", {}) is None


def test_the_script_says_why_a_part_is_skipped_or_run() -> None:
    assert decide("pages", "", "same", PASSED) == "unchanged since it passed in CI at 0123456789ab (SKIP=none runs it)"
    assert decide("pages", "pages", "same", PASSED) == "as SKIP=pages says"


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        pytest.param({}, True, id="the same"),
        pytest.param({"laboratory.py": "5"}, True, id="another file"),
        pytest.param({"labs/a.py": "6"}, True, id="a new file elsewhere"),
        pytest.param({"lab/a.py": "5"}, False, id="a file of the folder"),
        pytest.param({"lab/b/c.py": "5"}, False, id="a file far below"),
        pytest.param({"requirements.txt": "5"}, False, id="a file that is named"),
        pytest.param({"lab/d.py": "6"}, False, id="a new file"),
    ],
)
def test_a_fingerprint_tells_what_counts(change: dict[str, str], is_same: bool) -> None:
    depends = ("requirements.txt", "lab")
    assert (fingerprint(FILES | change, depends) == fingerprint(FILES, depends)) == is_same


def test_a_file_that_went_or_moved_is_a_change() -> None:
    depends = ("requirements.txt", "lab")
    less = {path: made for path, made in FILES.items() if path != "lab/a.py"}
    assert fingerprint(less, depends) != fingerprint(FILES, depends)
    assert fingerprint(less | {"lab/z.py": "2"}, depends) != fingerprint(FILES, depends)


def test_a_folder_that_is_not_there_makes_the_fingerprint_unknown() -> None:
    assert fingerprint(FILES, ("requirements.txt", "lab", "lab-tests")) is None


@pytest.mark.parametrize("part", DEPENDS)
def test_all_that_a_part_depends_on_exists(part: str) -> None:
    """Otherwise a folder that moved would make it run for ever."""
    assert [name for name in (*ENVIRONMENT, *DEPENDS[part]) if not (ROOT / name).exists()] == []


# -- in a repository -------------------------------------------------------------------------------------------------


def git(*words: str, **more: str) -> str:
    names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    done = subprocess.run(["git", *words], env=os.environ | names | more, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository with one commit, in which a part depends on one folder and one file."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(unchanged, "ENVIRONMENT", ("requirements.txt",))
    monkeypatch.setattr(unchanged, "DEPENDS", {"lab-tests": ("lab",)})
    for name in ("SKIP", "PASSED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    for name in ("requirements.txt", "lab/a.py", "lab/b c.py", ".gitignore"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("*.log\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "all")
    return tmp_path


@pytest.fixture
def reason(repository: Path) -> Callable[[], str | None]:
    return lambda: Skipping(repository / "passed.log").reason("lab-tests")


def test_in_a_fresh_clone_everything_runs(reason: Callable[[], str | None]) -> None:
    assert reason() is None


def test_what_passed_here_is_skipped_until_it_changes(repository: Path, reason: Callable[[], str | None]) -> None:
    skipping = Skipping(repository / "passed.log")
    assert skipping.reason("lab-tests") is None
    skipping.passed("lab-tests")
    assert "unchanged since it passed here" in str(reason())
    (repository / "lab" / "new.py").write_text("")
    assert reason() is None
    (repository / "lab" / "new.py").unlink()
    assert reason()


def test_what_changes_while_a_part_runs_was_not_tested(repository: Path, reason: Callable[[], str | None]) -> None:
    skipping = Skipping(repository / "passed.log")
    skipping.reason("lab-tests")
    (repository / "lab" / "a.py").write_text("changed")
    skipping.passed("lab-tests")
    assert reason() is None


def test_a_commit_that_ci_passed_counts(
    repository: Path, reason: Callable[[], str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = git("rev-parse", "HEAD")
    monkeypatch.setenv("PASSED", "HEAD")
    assert f"in CI at {commit[:12]}" in str(reason())
    (repository / "lab" / "a.py").write_text("changed")
    assert reason() is None
    git("commit", "-qam", "changed")
    monkeypatch.setenv("PASSED", commit)
    assert reason() is None


def test_a_commit_may_be_named_in_a_file(repository: Path, reason: Callable[[], str | None]) -> None:
    (repository / ".ci").mkdir()
    (repository / ".ci" / "passed").write_text(git("rev-parse", "HEAD") + "\n")
    assert reason()


@pytest.mark.parametrize("named", ["0" * 40, "no-such-branch", "--all", ""])
def test_a_commit_that_is_not_here_is_not_known(
    named: str, reason: Callable[[], str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSED", named)
    assert reason() is None


def test_a_commit_that_is_older_than_a_fortnight_is_not_known(
    reason: Callable[[], str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    git("commit", "-q", "--allow-empty", "-m", "old", GIT_COMMITTER_DATE=f"@{int(time.time()) - 15 * 86400} +0000")
    monkeypatch.setenv("PASSED", "HEAD")
    assert reason() is None


def test_a_mode_counts_and_a_link_does_not(repository: Path) -> None:
    before = files_here()
    (repository / "lab" / "a.py").chmod(0o755)
    (repository / "lab" / "link").symlink_to("a.py")
    after = files_here()
    assert after.keys() == before.keys()
    assert after["lab/a.py"] != before["lab/a.py"]


def test_outside_of_a_repository_everything_runs(
    tmp_path_factory: pytest.TempPathFactory, reason: Callable[[], str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")
    assert reason() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"lab-tests": 1}'])
def test_a_record_that_cannot_be_used_says_nothing(
    repository: Path, text: str, reason: Callable[[], str | None]
) -> None:
    (repository / "passed.log").write_text(text)
    assert reason() is None
