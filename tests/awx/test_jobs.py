# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that are divided among slices, and jobs that end in the middle of their work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lifeboat_lab import Lab
from tests.awx.jobs import Job, sliced
from tests.integration.play import forget_calls, snapshots

AT_ONCE = dict.fromkeys(("snapshot", "snapshot_gib", "copy", "copy_gib"), 0.0)
DR = "222222222222"
SITES = {"production": ("111111111111", "us-west-2"), "staging": ("555555555555", "eu-west-1"), "dr": (DR, "us-east-1")}
PROFILES = {"production": "production", "staging": "staging", "dr": "production_dr"}
HOSTS: dict[str, dict[str, Any]] = {
    name: {
        "lifeboat_account_id": account,
        "lifeboat_region": region,
        "lifeboat_dr_accounts": [DR],
        "lifeboat_max_age_days": 35,
        # This is about the jobs; what each role may do is proven elsewhere.
        "lifeboat_profiles": dict.fromkeys(("publish", "replicate", "prune"), PROFILES[name]),
    }
    for name, (account, region) in SITES.items()
}
COMMON = {
    "ansible_connection": "local",
    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    "lifeboat_kms_key_id": "alias/lifeboat",
}
INVENTORY = {
    "_meta": {"hostvars": HOSTS},
    "all": {"children": ["lifeboat_source", "lifeboat_dr"], "vars": COMMON},
    "lifeboat_source": {"hosts": ["production", "staging"]},
    "lifeboat_dr": {"hosts": ["dr"]},
}


@pytest.fixture(scope="module")
def started() -> Iterator[Lab]:
    with Lab(metadata_only=True) as running:
        for name, (_account, region) in SITES.items():
            kms = running.client(PROFILES[name], "kms", region)
            kms.create_alias(AliasName="alias/lifeboat", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        yield running


@pytest.fixture
def lab(started: Lab) -> Lab:
    """Two databases of each source site, each with a snapshot, and nothing else."""
    started.admin("POST", "reset")
    started.admin("PATCH", "settings", {"durations": AT_ONCE})
    for site, prefix in (("production", "orders"), ("staging", "billing")):
        started.admin("POST", "seed", {"account": site, "prefix": prefix, "databases": 2, "snapshots": 1})
    forget_calls(started)
    return started


def published(lab: Lab) -> list[str]:
    """List the databases that have an offered copy, once for each copy."""
    rows = [
        row for site in ("production", "staging") for row in snapshots(lab, site, SITES[site][1], SnapshotType="manual")
    ]
    return sorted(row["Of"] for row in rows)


def copies(lab: Lab) -> list[str]:
    return [call["action"] for call in lab.calls() if call["action"].startswith("Copy")]


EVERYTHING = ["billing-00000", "billing-00001", "orders-00000", "orders-00001"]


def test_slices_of_publish_do_every_site_exactly_once(lab: Lab, tmp_path: Path) -> None:
    done = {}
    for number in (1, 2):
        job = Job(lab, tmp_path, sliced(INVENTORY, number, 2))
        runner = job.run("publish.yml")
        assert runner.rc == 0, job.printed()
        done[number] = published(lab)
    assert done == {1: ["billing-00000", "billing-00001"], 2: EVERYTHING}
    assert len(copies(lab)) == len(EVERYTHING)


@pytest.mark.parametrize("ended", ["canceled", "failed"], ids=["cancelled by AWX", "killed"])
def test_an_ended_job_leaves_nothing_running_and_the_next_one_finishes(ended: str, lab: Lab, tmp_path: Path) -> None:
    """Its workers would wait for copies that take hours: progress is seen while the job runs, or never."""
    lab.admin("PATCH", "settings", {"durations": {"copy": 36000}})
    first = Job(lab, tmp_path, INVENTORY, cold=True)

    def end() -> bool:
        if ended == "failed" and first.progress():
            first.kill()
        return ended == "canceled" and bool(first.progress())

    runner = first.run("publish.yml", cancelled=end)
    assert runner.status == ended, first.printed()
    assert "0 of 2 done" in first.progress()[0]
    first.wait_until_gone()
    begun = len(copies(lab))
    lab.admin("PATCH", "settings", {"durations": {"copy": 0}})
    second = Job(lab, tmp_path, INVENTORY)
    assert second.run("publish.yml").rc == 0, second.printed()
    assert begun > 0
    assert len(copies(lab)) == len(EVERYTHING)
    assert published(lab) == EVERYTHING
