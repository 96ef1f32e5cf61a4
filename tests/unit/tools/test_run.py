# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/run.sh, with an environment whose Ansible and lab are stand-ins."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PYTHON = f"""#!/bin/bash
exec {sys.executable} "$@"
"""
# Starts what stands behind `--`, as the lab does.
LAB = """#!/bin/bash
echo "lifeboat-lab $*" >> "$CALLS"
[ "$1" = run ] || exit 0
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""
PLAYBOOK = """#!/bin/bash
echo "ansible-playbook $*" >> "$CALLS"
[ -z "$VERDICT" ] || printf '{"document": "drill", "verdict": "%s"}' "$VERDICT" > "$LIFEBOAT_EVIDENCE/drill.json"
"""


class Place:
    """An environment that is ready, and what was called in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls_file = folder / "calls"
        (folder / "evidence").mkdir()
        (folder / "venv" / "bin").mkdir(parents=True)
        (folder / "venv" / "ready").touch()
        for name, text in (("python", PYTHON), ("lifeboat-lab", LAB), ("ansible-playbook", PLAYBOOK)):
            program = folder / "venv" / "bin" / name
            program.write_text(text)
            program.chmod(0o755)

    def run(self, *command: str, verdict: str = "") -> int:
        environment = os.environ | {
            "VENV": os.path.relpath(self.folder / "venv", ROOT),
            "LIFEBOAT_EVIDENCE": str(self.folder / "evidence"),
            "CALLS": str(self.calls_file),
            "VERDICT": verdict,
        }
        return subprocess.run(command, cwd=self.folder, env=environment, timeout=60, check=False).returncode

    def calls(self) -> str:
        return self.calls_file.read_text() if self.calls_file.exists() else ""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


SCRIPT = str(ROOT / "tools" / "run.sh")


@pytest.mark.parametrize("what", ["rehearse", "drill"])
@pytest.mark.parametrize(("verdict", "code"), [("verified", 0), ("failed", 1), ("unverified", 2), ("", 2)])
def test_the_script_ends_with_the_verdict(what: str, verdict: str, code: int, place: Place) -> None:
    assert place.run(SCRIPT, what, verdict=verdict) == code


@pytest.mark.parametrize(("verdict", "code"), [("verified", 0), ("failed", 2), ("unverified", 2)])
def test_make_tells_verified_from_the_rest(verdict: str, code: int, place: Place) -> None:
    venv, evidence = os.path.relpath(place.folder / "venv", ROOT), place.folder / "evidence"
    make = ["make", "-C", str(ROOT), "drill", f"VENV={venv}", f"EVIDENCE={evidence}", "ARGS=-e drill_databases=orders"]
    assert place.run(*make, verdict=verdict) == code
    assert "ansible-playbook playbooks/drill.yml -e drill_databases=orders\n" in place.calls()


def test_a_rehearsal_runs_in_a_lab_with_the_roles_that_prepare_makes(place: Place) -> None:
    place.run(SCRIPT, "rehearse", verdict="verified")
    assert (
        "lifeboat-lab run --shop --scale 1200 --role production_publish=production/lifeboat-publish " in place.calls()
    )
    assert "ansible-playbook playbooks/rehearse.yml -e lifeboat_poll_interval=1\n" in place.calls()


def test_a_lab_that_does_not_start_is_unverified(place: Place) -> None:
    (place.folder / "venv" / "bin" / "lifeboat-lab").write_text("#!/bin/bash\nexit 1\n")
    assert place.run(SCRIPT, "rehearse") == 2


def test_the_lab_passes_its_options_on(place: Place) -> None:
    assert place.run(SCRIPT, "lab", "--port", "4000") == 0
    assert place.calls().endswith("production_dr/lifeboat-listen --port 4000\n")


def test_an_environment_that_cannot_be_built_is_not_a_failed_drill(place: Place) -> None:
    (place.folder / "venv" / "ready").unlink()
    environment = os.environ | {"VENV": str(place.folder / "venv"), "PYTHON": "/bin/false"}
    assert subprocess.run([SCRIPT, "drill"], env=environment, timeout=60, check=False).returncode == 2
    assert place.calls() == ""


@pytest.mark.parametrize("words", [[], ["drilll"]], ids=["nothing", "a misspelt word"])
def test_another_word_gets_the_usage(words: list[str], place: Place) -> None:
    done = subprocess.run([SCRIPT, *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "Usage: tools/run.sh rehearse|drill" in done.stderr


def test_make_only_shows_a_drill_when_asked_to(place: Place) -> None:
    assert place.run("make", "-C", str(ROOT), "-n", "drill") == 0
    assert place.calls() == ""
