# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of docs/awx.md run as they are written, and its example is one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.jobs import plan_jobs
from tests.awx.conftest import ROOT, environment
from tests.awx.rules import look_at_schedule
from tests.awx.standin import API, Awx
from tests.awx.variables import DEFAULTS, SMALL
from tests.documentation import code_blocks
from tests.warm import environment_for_commands

PAGE = (ROOT / "docs" / "awx.md").read_text(encoding="utf-8")


def checkout(folder: Path) -> Path:
    """Copy what git sees into a folder, so that nothing is left in this checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


def test_every_command_runs_as_it_is_written(
    awx: Awx, url: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = checkout(tmp_path)
    (place / "awx.yml").write_text(yaml.safe_dump(SMALL), encoding="utf-8")
    settings = environment_for_commands(environment(url), tmp_path_factory.mktemp("programs"), ROOT / "inventory")
    jobs = []
    for block in code_blocks(PAGE):
        done = subprocess.run(
            ["bash", "-ec", block], cwd=place, env=settings, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        jobs.append([row["name"] for row in awx.items["job_templates"].values()])
    assert jobs[-2:] == [["Lifeboat reap"], []], "the last command takes it away"


def test_the_example_is_one() -> None:
    example = yaml.safe_load(code_blocks(PAGE, "yaml")[0])
    known = yaml.safe_load((ROOT / "roles/awx/meta/argument_specs.yml").read_text(encoding="utf-8"))
    assert set(example) <= set(known["argument_specs"]["main"]["options"])
    told = (example[f"awx_{name}"] for name in ("job_settings", "credentials", "notifications"))
    jobs = {job["name"]: job for job in plan_jobs(DEFAULTS["awx_jobs"], *told)}
    assert jobs["failback"]["state"] == "absent"
    awx = Awx(["playbooks/drill.yml"])
    for resource, body in {
        "organizations": {"name": "o"},
        "projects": {"name": "p", "organization": 3},
        "inventories": {"name": "i", "organization": 3},
        "job_templates": {"name": "j", "project": 4, "inventory": 6, "playbook": "playbooks/drill.yml"},
    }.items():
        assert awx.answer("POST", f"{API}{resource}/", [], body)[0] == 201
    run = awx.named("job_templates", "j")["id"]
    schedule = {"unified_job_template": run, "rrule": jobs["drill"]["schedule"], "extra_data": {}}
    look_at_schedule(awx, schedule, schedule, None)


def profiles_of(playbook: Path) -> set[str]:
    """List the profiles that the plays of a playbook use."""
    text = playbook.read_text(encoding="utf-8")
    imported = [profiles_of(playbook.parent / name) for name in re.findall(r"import_playbook: (\S+)", text)]
    return set(re.findall(r"lifeboat_profiles\.(\w+)", text)).union(*imported)


def test_the_table_has_the_profiles_of_every_job() -> None:
    rows = re.findall(r"^\| `Lifeboat (\w+)` \|[^|]*\|([^|]*)\|", PAGE, re.MULTILINE)
    told = {name: set(re.findall(r"`(\w+)`", profiles)) for name, profiles in rows}
    wanted = {name: profiles_of(ROOT / job["playbook"]) for name, job in DEFAULTS["awx_jobs"].items()}
    assert told == {name: profiles - {"tell"} for name, profiles in wanted.items()}
    (silent,) = re.findall(r"all jobs but (.*?) also need", PAGE)
    assert set(re.findall(r"`(\w+)`", silent)) == {name for name, profiles in wanted.items() if "tell" not in profiles}
