# SPDX-License-Identifier: GPL-3.0-or-later
"""Say which parts of the suite may be skipped, since nothing that they depend on changed since they last passed.

    python3 -m tools.unchanged

What is known to have passed comes from two places:
- the record that `make test` keeps in the environment: what passed here, with this Python and these packages;
- a commit that CI passed: $PASSED, or the one that the file .ci/passed names, if it is not older than a fortnight.
  Debian's packages (database servers, Chromium) change without a commit.
A part whose files are the same, to the letter, as in one of them is skipped. Whatever is not known is run.

SKIP overrules: `make test SKIP=none` runs everything, `make test SKIP="pages"` leaves out the pages, changed or not.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

# What builds the environment, and what pytest and Ansible read before any test.
ENVIRONMENT = (
    "requirements.txt",
    "requirements-test.txt",
    "requirements-awscli.txt",
    "constraints.txt",
    "tools/venv.sh",
    "Makefile",
    ".ci/run",
    "pyproject.toml",
    "ansible.cfg",
)
# What else each part depends on. A part that is not here is never skipped.
DEPENDS = {
    "lab-tests": ("lab",),
    "pages": ("plugins", "tests/conftest.py", "tests/pages", "docs/pages.md"),
}
PASSED_BY_CI = Path(".ci/passed")
FILE_MODES = ("100644", "100755")  # a link counts for nothing here
FORTNIGHT = 14 * 24 * 3600

Files = Mapping[str, str]


def decide(part: str, wish: str, now: str | None, passed: Mapping[str, str]) -> str | None:
    """Return why a part is skipped, or None if it has to run.

    :param wish: the variable SKIP: `none`, the names of parts, or nothing.
    :param now: the fingerprint of what the part depends on, None if that is not known.
    :param passed: by fingerprint, where the part passed with it.
    """
    wishes = wish.split()
    if part in wishes:
        return f"as SKIP={wish} says"
    if wishes or now is None or now not in passed:
        return None
    return f"unchanged since it passed {passed[now]} (SKIP=none runs it)"


def fingerprint(files: Files, depends: Iterable[str]) -> str | None:
    """Return one hash of the files that are named, or lie in a folder that is named; None if one of them is missing.

    :param files: the hash of each file by its path.
    """
    found: dict[str, str] = {}
    for name in depends:
        within = {path: files[path] for path in files if path == name or path.startswith(f"{name}/")}
        if not within:
            return None
        found |= within
    text = "\n".join(f"{path} {found[path]}" for path in sorted(found))
    return hashlib.sha256(text.encode()).hexdigest()


class Skipping:
    """What is known to have passed, and what is there now."""

    def __init__(self, record: Path) -> None:
        self.record = record
        self.recorded = read_record(record)
        self.wish = os.environ.get("SKIP", "")
        self.commit = commit_of_ci()
        self.checked: dict[str, str] = {}

    def reason(self, part: str) -> str | None:
        """Return why a part is skipped, or None if it has to run."""
        if part not in DEPENDS:
            return decide(part, self.wish, None, {})
        depends = (*ENVIRONMENT, *DEPENDS[part])
        now, passed = fingerprint(files_here(), depends), {}
        if self.commit and (there := fingerprint(files_of(self.commit), depends)):
            passed[there] = f"in CI at {self.commit[:12]}"
        if here := self.recorded.get(part):
            passed[here] = "here"
        # Before the part runs: a file that is edited meanwhile was not tested.
        if now:
            self.checked[part] = now
        return decide(part, self.wish, now, passed)

    def passed(self, part: str) -> None:
        """Record that a part passed with the files that were there before it ran."""
        if part in self.checked:
            self.recorded[part] = self.checked[part]
            self.record.write_text(json.dumps(self.recorded, indent=2) + "\n", encoding="utf-8")


def read_record(path: Path) -> dict[str, str]:
    """Return the fingerprint with which each part last passed; nothing if the file cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def commit_of_ci() -> str | None:
    """Return the commit that CI passed, if it is known, here, and not too old."""
    named = os.environ.get("PASSED") or (PASSED_BY_CI.read_text(encoding="utf-8") if PASSED_BY_CI.exists() else "")
    told = git("log", "-1", "--format=%H %ct", "--end-of-options", named.strip(), "--") if named.strip() else None
    if not told:
        return None
    commit, committed = told.split()
    return commit if time.time() - int(committed) < FORTNIGHT else None


def files_of(commit: str) -> Files:
    """Return the files of a commit: mode and hash by path."""
    lines = (git("ls-tree", "-r", "-z", "--full-tree", commit) or "").split("\0")
    words = [line.partition("\t") for line in lines if line]
    found = {path: about.split() for about, _tab, path in words}
    return {path: f"{mode} {made}" for path, (mode, _kind, made) in found.items() if mode in FILE_MODES}


def files_here() -> Files:
    """Return the files of the working tree that git does not ignore: mode and hash by path."""
    listed = (git("ls-files", "-z", "--cached", "--others", "--exclude-standard") or "").split("\0")
    paths = sorted({path for path in listed if path and os.path.isfile(path) and not os.path.islink(path)})
    hashes = (git("hash-object", "--stdin-paths", given="\n".join(paths) + "\n") or "").split() if paths else []
    modes = [FILE_MODES[os.access(path, os.X_OK)] for path in paths]
    return {path: f"{mode} {made}" for path, mode, made in zip(paths, modes, hashes, strict=True)}


def git(*words: str, given: str | None = None) -> str | None:
    """Return what git prints, or None if it cannot answer."""
    try:
        done = subprocess.run(["git", *words], input=given, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout


def main(parts: Collection[str]) -> None:
    """Print for each part whether it would be skipped, and why."""
    skipping = Skipping(Path(os.environ.get("VENV", ".venv"), "passed.json"))
    for part in parts:
        print(f"{part}: {skipping.reason(part) or 'has to run'}")


if __name__ == "__main__":
    main(sys.argv[1:] or DEPENDS)
