# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight by itself, and what becomes of a drill whose controller is gone: with the rights that roles have."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lifeboat_lab import Lab
from lifeboat_lab.testing import until
from tests.integration.play import EAST, ROOT, Run, forget_calls, left_in_dr, newest_evidence, writes

pytestmark = pytest.mark.usefixtures("protected")

PATIENCE = 120  # seconds for a drill to come to its first restore
# Expired as soon as it is there: the lab's clock goes with the wall.
AT_ONCE = ("-e", "drill_expires_after=0")


@pytest.fixture
def killed_drill(lab: Lab, evidence: Path) -> None:
    """Start a drill, and kill it with all its processes once it has started something."""
    forget_calls(lab)
    environment = lab.env() | {"LIFEBOAT_EVIDENCE": str(evidence)}
    command = ["ansible-playbook", "playbooks/drill.yml", *AT_ONCE]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as drill:
        until(lambda: has_begun(lab, drill), PATIENCE)
        os.killpg(drill.pid, signal.SIGKILL)
    assert left_in_dr(lab)


def has_begun(lab: Lab, drill: subprocess.Popen[Any]) -> bool:
    """Whether a drill has restored something; it must not end before."""
    assert drill.poll() is None, "it ended before it restored anything"
    return bool(lab.calls(action="Restore*"))


def test_a_preflight_that_finds_nothing_writes_nothing(lab: Lab, run: Callable[..., Run]) -> None:
    forget_calls(lab)
    done = run("preflight.yml")
    assert done.code == 0, done.output
    assert writes(lab) == []


@pytest.fixture
def open_group(lab: Lab) -> Iterator[None]:
    """Somebody opened the drills' security group to the world."""
    ec2 = lab.client("production_dr", "ec2", EAST)
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["lifeboat-drill"]}])[
        "SecurityGroups"
    ]
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])
    yield
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])


@pytest.mark.usefixtures("open_group")
def test_what_is_in_the_way_stops_preflight_and_drill_before_the_first_write(
    lab: Lab, run: Callable[..., Run], evidence: Path
) -> None:
    for playbook in ("preflight.yml", "drill.yml"):
        forget_calls(lab)
        done = run(playbook)
        assert done.code == 2, done.output
        assert "allows access from everywhere (0.0.0.0/0)" in done.output
        assert writes(lab) == []
    assert newest_evidence(evidence)["verdict"] == "failed"


def test_one_database_that_cannot_be_restored_fails_the_preflight_and_stops_no_other_drill(
    lab: Lab, run: Callable[..., Run], evidence: Path
) -> None:
    odd = ("-e", '{"drill_overrides": [{"databases": ["orders"], "db_instance_class": "db.odd"}]}')
    done = run("preflight.yml", *odd)
    assert done.code == 2, done.output
    assert "does not offer db.odd" in done.output
    done = run("drill.yml", *odd)
    assert done.code == 2, done.output
    verdicts = {one["name"]: one["verdict"] for one in newest_evidence(evidence)["databases"]}
    assert verdicts.pop("orders") == "failed"
    assert set(verdicts.values()) == {"verified"}
    assert left_in_dr(lab) == []


@pytest.mark.usefixtures("killed_drill")
def test_what_a_killed_drill_left_is_reaped(lab: Lab, run: Callable[..., Run]) -> None:
    done = run("reap.yml")
    assert done.code == 0, done.output
    assert left_in_dr(lab) == []
    forget_calls(lab)
    assert run("reap.yml").recap("production_dr")["changed"] == 0
    assert writes(lab) == []


def test_the_last_line_of_an_interrupted_drill_removes_what_it_restored(lab: Lab, evidence: Path) -> None:
    forget_calls(lab)
    environment = lab.env() | {"LIFEBOAT_EVIDENCE": str(evidence), "VENV": os.path.relpath(sys.prefix, ROOT)}
    command = ["tools/run.sh", "drill", "-e", "lifeboat_poll_interval=1", "--limit", "production_dr"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as drill:
        until(lambda: has_begun(lab, drill), PATIENCE)
        os.killpg(drill.pid, signal.SIGINT)
        output = drill.communicate(timeout=60)[0]
    assert drill.returncode == 2
    assert left_in_dr(lab)
    said, remove = output.splitlines()[-1].split("To remove it: ")
    assert said.startswith("Interrupted. What drill ")
    assert remove.replace("playbooks/reap.yml --limit production_dr", "lifeboat.rds.reap").split("/")[-1] in output
    subprocess.run(["bash", "-c", remove], cwd=ROOT, env=environment, timeout=120, check=True)
    assert left_in_dr(lab) == []


@pytest.mark.usefixtures("killed_drill")
def test_the_next_drill_removes_what_the_killed_one_left(lab: Lab, run: Callable[..., Run]) -> None:
    done = run("drill.yml", "-e", "drill_databases=orders")
    assert done.code == 0, done.output
    assert left_in_dr(lab) == []
