# SPDX-License-Identifier: GPL-3.0-or-later
"""What is unprotected, as one command shows it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifeboat_lab import Lab
from tests.integration.play import DR, EAST, Run, forget_calls, play, writes

# This is about what is shown; that the roles' policies suffice is proven by the commands of docs/status.md.
# The example inventory has an objective for all databases, which would come before status_rpo.
PROFILES = '{"lifeboat_profiles": {"status": "{{ inventory_hostname }}"}, "lifeboat_databases": {}}'
PAGES = ["DescribeDBInstances", "DescribeDBClusters", "DescribeDBSnapshots", "DescribeDBClusterSnapshots"]
ATTRIBUTES = "DescribeDBSnapshotAttributes"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Databases that nobody protects, of one a snapshot that a stranger may read; at the DR site an old one."""
    with Lab(metadata_only=True, durations={"create": 0.0}) as running:
        running.admin("POST", "seed", {"account": "production", "prefix": "shop", "databases": 2, "snapshots": 1})
        by_hand = {"prefix": "by-hand", "type": "manual", "snapshots": 1, "shared_with": ["333333333333"]}
        running.admin("POST", "seed", {"account": "production", **by_hand})
        running.admin("POST", "seed", {"account": "production_dr", "snapshots": 1, "prefix": "left", "age": 90_000})
        yield running


@pytest.fixture
def run(lab: Lab, tmp_path: Path) -> Callable[..., Run]:
    def run(*arguments: str) -> Run:
        forget_calls(lab)
        return play(lab, "status.yml", "-e", PROFILES, "-e", "status_rpo=86400", *arguments, evidence=tmp_path)

    return run


def test_each_site_says_what_is_unprotected_and_why(run: Callable[..., Run]) -> None:
    done = run()
    assert done.code == 0, done.output
    assert "shop-00000 instance UNPROTECTED 24 h" in done.on_one_line()
    assert f"shop-00000: nothing of it has landed in {DR}" in done.on_one_line()
    assert "left-00000 instance UNPROTECTED 25 h 24 h" in done.on_one_line()
    assert "left-00000: its newest recovery point is 90" in done.on_one_line()
    assert "3 of 3 unprotected; 1 of 100 manual snapshots; 0 of 100 manual cluster snapshots" in done.on_one_line()


def test_pages_identity_and_quotas_are_all_that_each_site_is_asked(lab: Lab, run: Callable[..., Run]) -> None:
    assert run("--check").code == 0
    assert writes(lab) == []
    for site in ("production", "production_dr"):
        asked = Counter(call["action"] for call in lab.calls(account=site))
        assert asked == Counter([*PAGES, "GetCallerIdentity", "DescribeAccountAttributes"])


@pytest.mark.parametrize(("told", "code"), [("true", 2), ("false", 0)])
def test_a_run_fails_for_what_is_unprotected_when_it_is_told_to(run: Callable[..., Run], told: str, code: int) -> None:
    """What is said like that is text for Ansible."""
    done = run("-e", f"status_fail_unprotected={told}", "--limit", "production")
    assert done.code == code, done.output
    assert ("shop-00000 is unprotected, shop-00001 is unprotected" in done.on_one_line()) == bool(code)


def test_foreign_shares_are_looked_for_when_it_is_told_to(lab: Lab, run: Callable[..., Run]) -> None:
    done = run("-e", "status_audit_shares=true", "--limit", "production")
    assert done.code == 0, done.output
    assert re.search(r"SHARED with 333333333333: arn:aws:rds:us-west-2:\S+:by-hand\S+ \(not ours\)", done.on_one_line())
    assert len(lab.calls(action=ATTRIBUTES)) == 1, "the one manual snapshot"
    assert lab.calls(region=EAST) == []
