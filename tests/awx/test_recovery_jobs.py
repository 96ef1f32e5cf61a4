# SPDX-License-Identifier: GPL-3.0-or-later
"""Drills and recoveries as jobs of AWX: answers of surveys go in, a verdict comes out, and the job's directory goes.

The tests follow each other: the posture at the end tells of what was verified before.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from lifeboat_lab import Lab
from tests.awx.jobs import Job, launched
from tests.documentation import code_blocks
from tests.integration.play import DR, EAST, ROLES, ROOT, forget_calls, left_in_dr, play, writes
from tests.prepared import prepare
from tests.schemas import read_evidence

LINE = yaml.safe_load(
    code_blocks((ROOT / "docs" / "awx.md").read_text(encoding="utf-8"), "yaml")[-1]
)  # of the inventory, as docs/awx.md has it
STORE = LINE["lifeboat_evidence_store"]
BUCKET, PREFIX = STORE.removeprefix("s3://").split("/")
JOBS = yaml.safe_load((ROOT / "roles/awx/defaults/main.yml").read_text(encoding="utf-8"))["awx_jobs"]
DRILL, RECOVER = JOBS["drill"]["survey"], JOBS["recover"]["survey"]
# What AWX tells each job of itself.
META = {"awx_job_id": 42, "awx_user_name": "jo"}
TOO_MANY = {"check": "rows", "table": "orders", "minimum": 10**9}

pytestmark = pytest.mark.story


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    evidence = tmp_path_factory.mktemp("evidence")
    with Lab(roles=ROLES, scale=1200, shop=True) as running:
        words = ("-e", f"lifeboat_evidence_store={STORE}")
        prepare(running, *words, evidence=evidence)
        done = play(running, "protect.yml", *words, evidence=evidence)
        assert done.code == 0, done.output
        yield running


@pytest.fixture(scope="module")
def example(lab: Lab) -> dict[str, Any]:
    """Return the example inventory as AWX imports it."""
    command = ["ansible-inventory", "-i", "inventory", "--list", "--export"]
    environment = {name: value for name, value in lab.env().items() if name != "LIFEBOAT_EVIDENCE"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


@pytest.fixture
def inventory(example: dict[str, Any]) -> dict[str, Any]:
    """Add a place for the evidence to the inventory."""
    ours = deepcopy(example)
    ours["lifeboat_dr"]["vars"] |= LINE
    return ours


def evidence_of(job: Job) -> dict[str, Any]:
    """Read the document that the artifacts name. It must lie in the directory that ends with the job."""
    path = Path(job.artifacts()["lifeboat_evidence_file"])
    assert path.resolve().is_relative_to(job.folder)
    return read_evidence(path)


def databases_of(job: Job) -> list[str]:
    return [row["name"] for row in evidence_of(job)["databases"]]


def test_a_drill_with_the_answers_of_its_survey(lab: Lab, inventory: dict[str, Any], tmp_path: Path) -> None:
    answers = {"lifeboat_drill_databases": "orders, catalog", "lifeboat_drill_recovery_point": "choose=random"}
    job = Job(lab, tmp_path, inventory, **launched(DRILL, lifeboat_drill_expires_after=60, **answers), **META)
    runner = job.run("drill.yml")
    assert (runner.rc, runner.status) == (0, "successful"), job.printed()
    told = job.artifacts()
    assert (told["lifeboat_verdict"], told["lifeboat_sink_problems"]) == ("verified", [])
    assert databases_of(job) == ["orders", "catalog"]
    who = evidence_of(job)["who"]
    assert (who["awx_job"], who["awx_user"]) == ("42", "jo")


@pytest.mark.parametrize(
    ("database", "checks", "verdict"), [("orders", [TOO_MANY], "failed"), ("catalog", [], "unverified")]
)
def test_a_drill_that_proves_nothing_good_is_a_job_that_failed(
    database: str, checks: list[Any], verdict: str, lab: Lab, example: dict[str, Any], tmp_path: Path
) -> None:
    ours = deepcopy(example)
    ours["all"]["vars"]["lifeboat_databases"] = {database: {"checks": checks}}
    job = Job(lab, tmp_path, ours, **launched(DRILL, lifeboat_drill_databases=database), **META)
    runner = job.run("drill.yml")
    assert (runner.status, runner.rc != 0) == ("failed", True), job.printed()
    told = job.artifacts()
    assert told["lifeboat_verdict"] == verdict
    assert evidence_of(job)["verdict"] == verdict
    (problem,) = told["lifeboat_sink_problems"]
    assert "goes with the container of this job" in problem, "without a store"
    assert problem.split(" goes ")[1] in " ".join(job.printed().split())


def test_the_recovery_of_a_workflow_heeds_its_own_answers(lab: Lab, inventory: dict[str, Any], tmp_path: Path) -> None:
    """AWX tells each job of a workflow all answers, and what those before left; its directory is new."""
    asked = launched(
        [*DRILL, *RECOVER],
        lifeboat_drill_databases="orders",
        lifeboat_drill_recovery_point="choose=random",
        recover_databases="catalog",
        recover_at=f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        recover_restore_as="{database}-dr",
    )
    drill = Job(lab, tmp_path, inventory, **asked, **META)
    assert drill.run("drill.yml").rc == 0, drill.printed()
    assert databases_of(drill) == ["orders"]
    recover = Job(lab, tmp_path, inventory, **drill.artifacts() | asked | META)
    assert recover.run("recover.yml").rc == 0, recover.printed()
    assert databases_of(recover) == ["catalog"]
    (endpoint,) = recover.artifacts()["lifeboat_endpoints"]
    assert (endpoint["name"], endpoint["identifier"]) == ("catalog", "catalog-dr")
    history, digest = evidence_of(recover)["history"], drill.artifacts()["lifeboat_evidence_sha256"]
    assert history["number"] == evidence_of(drill)["history"]["number"] + 1
    assert history["previous"]["sha256"] == digest
    kept = lab.client("production_dr", "s3", EAST).list_objects_v2(Bucket=BUCKET)["Contents"]
    names = [Path(one.artifacts()["lifeboat_evidence_file"]).name for one in (drill, recover)]
    assert {f"{PREFIX}/{DR}-{EAST}/{name}" for name in names} <= {row["Key"] for row in kept}


def test_a_drills_own_variables_do_not_decide_what_is_recovered(
    lab: Lab, inventory: dict[str, Any], tmp_path: Path
) -> None:
    forget_calls(lab)
    job = Job(lab, tmp_path, inventory, drill_databases="orders", **launched(RECOVER, recover_databases="billing"))
    assert job.run("recover.yml").rc == 2
    assert "Say recover_databases" in job.printed()
    assert writes(lab) == []


def test_a_cancelled_recovery_is_continued_by_the_next_job(lab: Lab, inventory: dict[str, Any], tmp_path: Path) -> None:
    forget_calls(lab)
    lab.admin("PATCH", "settings", {"durations": {"restore_instance": 24_000}})  # 20 seconds: enough to be cancelled in
    answers = launched(RECOVER, recover_databases="billing orders")
    first = Job(lab, tmp_path, inventory, cold=True, **answers)
    runner = first.run("recover.yml", cancelled=lambda: bool(first.progress()))
    assert runner.status == "canceled", first.printed()
    first.wait_until_gone()
    second = Job(lab, tmp_path, inventory, **answers)
    assert second.run("recover.yml").rc == 0, second.printed()
    assert second.artifacts()["lifeboat_verdict"] == "verified"
    assert databases_of(second) == ["billing", "orders"]
    assert writes(lab).count("RestoreDBInstanceFromDBSnapshot") == 2
    assert set(left_in_dr(lab)) - {"catalog-dr"} == {"billing", "orders"}


def test_a_posture_begins_with_no_directory(lab: Lab, inventory: dict[str, Any], tmp_path: Path) -> None:
    """What drills proved is known from the marks, though their evidence is not here."""
    job = Job(lab, tmp_path, inventory)
    assert job.run("posture.yml").rc == 0, job.printed()
    posture = read_evidence(Path(job.artifacts()["lifeboat_posture"]))
    assert {one["database"] for one in posture["databases"] if one["last_verified"]} >= {"orders", "catalog"}
