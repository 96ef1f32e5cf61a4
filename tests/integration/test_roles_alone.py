# SPDX-License-Identifier: GPL-3.0-or-later
"""A role that failed has failed, wherever it is used. Our playbooks go on after it, and fail at their end."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.integration.play import ROOT, Run
from tests.warm import ansible_playbook

# It fails nothing by itself: it says what other roles recorded.
CONCLUDES = {"conclude"}
# A drill tells more than that it failed.
ALONE = sorted({path.parent.name for path in ROOT.glob("roles/*/README.md")} - CONCLUDES - {"drill"})
# The example is about a site of its own, and elsewhere there is nothing to do.
SITE = {"on_event": ("-e", "lifeboat_account_id=123456789012", "-e", "lifeboat_region=eu-west-1")}
# What works without AWS, so that a drill gets as far as its evidence.
LOCAL = ("drill_report", "evidence_render")

# What Ansible takes for Python, with a script as a file or on its input: each module fails, or the first one only.
INTERPRETER = """\
#!/bin/sh
script=${{1:-{folder}/script.$$}}
[ $# -gt 0 ] || cat > $script
if grep -qE 'modules[./]({local})' $script; then
  exec {python} $script
elif [ -e {folder}/mended ]; then
  echo '{{"changed": false, "steps": [], "in_flight": []}}'
else
  [ ! -e {folder}/mends ] || touch {folder}/mended
  echo '{{"failed": true, "msg": "Cannot use key alias/wrong: it does not exist. Make it."}}'
fi
"""


def broken(folder: Path, playbook: str, *arguments: str, mends: bool = False) -> Run:
    """Run a playbook whose modules fail: all of them, or with ``mends`` the first one only."""
    if mends:
        (folder / "mends").touch()
    interpreter, path = folder / "python", folder / "playbook.yml"
    path.write_text(playbook, encoding="utf-8")
    script = INTERPRETER.format(local="|".join(LOCAL), python=sys.executable, folder=folder)
    interpreter.write_text(script, encoding="utf-8")
    interpreter.chmod(0o755)
    settings = ["-e", f"ansible_python_interpreter={interpreter}", "-e", "lifeboat_poll_interval=1"]
    environment = os.environ | {"LIFEBOAT_EVIDENCE": str(folder / "evidence"), "ANSIBLE_NOCOLOR": "1"}
    done = ansible_playbook([str(path), *arguments, *settings], cwd=ROOT, env=environment, timeout=300)
    return Run(done.returncode, done.stdout + done.stderr)


def example(role: str) -> str:
    """Return the example of a role's README, to the letter."""
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^## Example\n\n```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found, role
    return found[1]


def in_turn(*playbooks: str) -> str:
    """Import our own playbooks one after the other, by their paths."""
    return yaml.safe_dump([{"import_playbook": str(ROOT / "playbooks" / f"{name}.yml")} for name in playbooks])


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """Run the drill of the README, and return the folder in which it ran."""
    folder = tmp_path_factory.mktemp("drill")
    return broken(folder, example("drill")), folder


@pytest.mark.parametrize("role", ALONE)
def test_a_role_used_alone_fails_when_its_module_fails(role: str, tmp_path: Path) -> None:
    done = broken(tmp_path, example(role), *SITE.get(role, ()))
    assert done.code == 2, done.output
    assert "alias/wrong" in done.output


def test_a_drill_used_alone_fails(drill: tuple[Run, Path]) -> None:
    assert drill[0].code == 2, drill[0].output


def test_a_drill_fails_after_its_teardown_and_its_evidence(drill: tuple[Run, Path]) -> None:
    done, folder = drill
    steps = ("Teardown | Delete", "Report | Write the evidence", "drill : Fail unless everything was verified")
    found = [done.output.index(step) for step in steps]
    assert found == sorted(found)
    assert "The drill ended failed." in done.output
    assert len(list((folder / "evidence").glob("*.json"))) == 1


def test_a_drill_that_cannot_be_planned_fails_in_check_mode(tmp_path: Path) -> None:
    done = broken(tmp_path, example("drill"), "--check")
    assert done.code == 2, done.output


def test_a_playbook_goes_on_after_a_role_that_failed_and_fails_at_its_end(tmp_path: Path) -> None:
    done = broken(tmp_path, in_turn("protect"))
    assert done.code == 2, done.output
    assert all(f"lifeboat.rds.{role} : " in done.output for role in ("publish", "replicate", "prune"))
    end = done.output[done.output.index("Conclude | Fail when the site failed") :]
    assert re.findall(r"^fatal: \[(\w+)\]", end, re.MULTILINE) == ["production", "production_dr"]
    assert {done.recap(host)["failed"] for host in ("production", "production_dr")} == {1}


def test_what_fails_before_a_role_begins_is_recorded_as_well(tmp_path: Path) -> None:
    done = broken(tmp_path, in_turn("prune"), "-e", "prune_keep=many")
    assert done.code == 2, done.output
    end = done.output[done.output.index("Conclude | Fail when the site failed") :]
    assert "Validation of arguments failed" in end
    assert "alias/wrong" not in done.output


def test_a_later_success_mends_an_earlier_failure(tmp_path: Path) -> None:
    twice = in_turn("plays/prune", "plays/prune", "plays/conclude")
    done = broken(tmp_path, twice, "--limit", "production", mends=True)
    assert "alias/wrong" in done.output
    assert done.code == 0, done.output


@pytest.mark.parametrize("alone", [True, False], ids=["the role alone", "our plays"])
def test_an_event_of_the_last_recovery_point_fails_the_run(tmp_path: Path, *, alone: bool) -> None:
    (tmp_path / "mended").touch()  # the site answers, and knows no database
    about = "on_event_about=123456789012/eu-west-1/digest/0123456789ab"
    plays = example("on_event").partition("      vars:\n")[0] if alone else in_turn("plays/event", "plays/conclude")
    done = broken(tmp_path, plays, *SITE["on_event"], "-e", about, "-e", "on_event_happened=snapshot_deleted")
    assert done.code == 2, done.output
    assert "holds no recovery point any more" in done.output
    assert ("Conclude | Fail when the site failed" in done.output) is not alone
