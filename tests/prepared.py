# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs in which playbooks/prepare.yml has run: it runs in the first one, and the others replay what it did there.

tests/integration/test_prepare.py runs it in a new process, and proves that a replayed lab is no different.
"""

from __future__ import annotations

import fcntl
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from lifeboat_lab import Lab
from tests.integration.play import ROOT, play

# As `pytest --cache-clear` expects it. Both workers of a run find here what one of them left.
RECORDINGS = ROOT / ".pytest_cache" / "d" / "prepared"
# What decides how prepare.yml ends, besides its words. A change of any of it is prepared anew.
DECISIVE = (
    "ansible.cfg",
    "constraints.txt",
    "inventory",
    "lab/src/lifeboat_lab",
    "playbooks",
    "plugins",
    "roles/prepare",
)
KEPT_FOR = 86_400.0
# For labs without the shop, in which events are heard: with the same words they share a recording.
WITH_EVENTS = {"lifeboat_database_keys": [], "lifeboat_events_kms_key_id": "alias/lifeboat-events"}


def prepare(lab: Lab, *words: str, evidence: Path) -> None:
    """Bring a lab to where prepare.yml with these words brings it, and leave its log empty."""
    with _held(_path(lab, words)) as path:
        if path.exists():
            lab.replay(json.loads(path.read_text(encoding="utf-8")))
            return
        with lab.recording() as steps:
            done = play(lab, "prepare.yml", *words, evidence=evidence)
            assert done.code == 0, done.output
        lab.admin("DELETE", "calls")
        _keep(path, steps)


def _path(lab: Lab, words: tuple[str, ...]) -> Path:
    """Name the recording after all that it depends on."""
    has_shop = (lab.home / "shop.json").exists()
    about = json.dumps([_ingredients(), sys.version, sys.prefix, has_shop, words])
    return RECORDINGS / f"{sha256(about.encode()).hexdigest()[:24]}.json"


@cache
def _ingredients() -> str:
    digest = sha256()
    for name in DECISIVE:
        place = ROOT / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


@contextmanager
def _held(path: Path) -> Iterator[Path]:
    """Let one process at a time look for a recording and make it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path


def _keep(path: Path, steps: list[dict[str, Any]]) -> None:
    """Write a recording down, and throw away those that nobody made for a day."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(steps), encoding="utf-8")
    fresh.rename(path)
    for old in RECORDINGS.iterdir():
        if old.stat().st_mtime < time.time() - KEPT_FOR:
            old.unlink(missing_ok=True)
