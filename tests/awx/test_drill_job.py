# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A drill as a job of AWX: answers of its survey go in, and its verdict decides."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import Lab
from tests.awx.jobs import Job
from tests.integration.play import ROLES, ROOT, play

SURVEY = yaml.safe_load((ROOT / "roles/awx/defaults/main.yml").read_text(encoding="utf-8"))["awx_jobs"]["drill"][
    "survey"
]
ANSWERS = {question["variable"]: question["default"] for question in SURVEY}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    evidence = tmp_path_factory.mktemp("evidence")
    with Lab(roles=ROLES, scale=1200, shop=True) as running:
        for playbook in ("prepare.yml", "protect.yml"):
            done = play(running, playbook, evidence=evidence)
            assert done.code == 0, done.output
        yield running


@pytest.fixture(scope="module")
def inventory(lab: Lab) -> dict[str, Any]:
    """The example inventory as AWX imports it."""
    command = ["ansible-inventory", "-i", "inventory", "--list", "--export"]
    done = subprocess.run(command, cwd=ROOT, env=lab.env(), capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def test_a_drill_with_the_answers_of_its_survey(lab: Lab, inventory: dict[str, Any], tmp_path: Path) -> None:
    answers = ANSWERS | {"drill_databases": "orders, catalog", "drill_recovery_point": "choose=random"}
    job = Job(lab, tmp_path, inventory, lifeboat_evidence=str(tmp_path), **answers)
    runner = job.run("drill.yml")
    assert (runner.rc, runner.status) == (0, "successful"), job.printed()
    told = job.artifacts()
    assert told["lifeboat_verdict"] == "verified"
    evidence = json.loads(Path(told["lifeboat_evidence_file"]).read_text(encoding="utf-8"))
    assert [row["name"] for row in evidence["databases"]] == ["catalog", "orders"]
