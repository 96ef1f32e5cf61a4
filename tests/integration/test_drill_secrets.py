# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passwords of a drill are nowhere, not for a moment: neither printed nor written, nor in the process list."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab import Lab
from tests.integration.play import Run, left_in_dr, newest_evidence, play

RECORDER = Path(__file__).parent / "recorder"
CANARY = "bright-harbour-7431"


@pytest.fixture(scope="module", autouse=True)
def protected(lab: Lab, evidence: Path) -> None:
    done = play(lab, "protect.yml", evidence=evidence)
    assert done.code == 0, done.output


@dataclass
class Watch:
    """Looks again and again at processes and files, for what must not be in them."""

    made: Path
    places: list[Path]
    seen: set[str] = field(default_factory=set)
    looks: int = 0

    def passwords(self) -> list[str]:
        return self.made.read_text().split()

    def look(self) -> None:
        self.looks += 1
        words = [word.encode() for word in self.passwords()]
        for path in [*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ"), *self.files()]:
            try:
                content = path.read_bytes()
            except OSError:  # it is gone
                continue
            if any(word in content for word in words):
                self.seen.add(str(path))

    def files(self) -> Iterator[Path]:
        for place in self.places:
            yield from (path for path in place.rglob("*") if path.is_file())

    @contextmanager
    def watching(self) -> Iterator[None]:
        over = threading.Event()

        def run() -> None:
            while not over.wait(0.02):
                self.look()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.look()


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, evidence: Path) -> Watch:
    """Everything that Ansible writes goes where it is looked at."""
    made, temp = tmp_path / "made", tmp_path / "temp"
    made.touch()
    temp.mkdir()
    for name in ("TMPDIR", "ANSIBLE_LOCAL_TEMP", "ANSIBLE_REMOTE_TEMP", "ANSIBLE_HOME"):
        monkeypatch.setenv(name, str(temp))
    monkeypatch.setenv("ANSIBLE_LOG_PATH", str(temp / "ansible.log"))
    monkeypatch.setenv("PYTHONPATH", str(RECORDER))
    monkeypatch.setenv("MADE_PASSWORDS", str(made))
    return Watch(made, [temp, evidence])


def test_no_password_is_anywhere_while_a_drill_runs_or_after_it(
    run: Callable[..., Run], lab: Lab, watch: Watch, evidence: Path
) -> None:
    with watch.watching():
        done = run("drill.yml", "-vvvv", "--diff", "-e", "drill_databases=orders,events")
    assert done.code == 0, done.output
    assert (len(watch.passwords()), watch.looks > 20) == (2, True), "there was something to find, and time to find it"
    assert watch.seen == set()
    assert [word for word in [*watch.passwords(), CANARY] if word in done.output] == []
    texts = "".join(path.read_text(errors="replace") for path in watch.files())
    assert str(newest_evidence(evidence)["drill_id"]) in texts, "the log and the evidence are among what was looked at"
    assert CANARY not in texts
    assert left_in_dr(lab) == []


def test_a_password_that_rds_manages_is_nowhere_either(run: Callable[..., Run], lab: Lab, evidence: Path) -> None:
    done = run("drill.yml", "-vvv", "-e", "drill_credentials=managed")
    assert done.code == 0, done.output
    assert newest_evidence(evidence)["verdict"] == "verified"
    read = lab.calls(action="GetSecretValue")
    assert len(read) == 4, "one secret for each database, the cluster's member has none"
    assert '"password"' not in done.output and "SecretString" not in done.output
    assert CANARY not in done.output
    assert left_in_dr(lab) == []
    vault = lab.client("production_dr", "secretsmanager", "us-east-1")
    assert vault.list_secrets()["SecretList"] == [], "the secrets went with the databases"
