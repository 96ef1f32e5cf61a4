# SPDX-License-Identifier: GPL-3.0-or-later
"""Drills that end well and badly: nothing is left in any case, and "could not check" is never a pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lifeboat_lab import Lab
from tests.integration.play import DR, EAST, WEST, Run, forget_calls, left_in_dr, newest_evidence, snapshots, writes

pytestmark = pytest.mark.usefixtures("protected")


def verdicts(evidence: Path) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in newest_evidence(evidence)["databases"]}


def test_check_mode_restores_nothing_and_claims_nothing(lab: Lab, run: Callable[..., Run]) -> None:
    forget_calls(lab)
    done = run("drill.yml", "--check", "--diff")
    assert done.code == 0, done.output
    assert writes(lab) == []
    assert "UNVERIFIED (0 of 4 verified)" in done.output


def test_a_restored_server_that_refuses_connections_is_unverified(
    lab: Lab, run: Callable[..., Run], evidence: Path
) -> None:
    lab.admin("POST", "faults", {"kind": "unreachable-restore", "account": "production_dr", "region": EAST})
    done = run("drill.yml")
    assert done.code == 2
    assert newest_evidence(evidence)["verdict"] == "unverified"
    assert sorted(verdicts(evidence).values()) == ["unverified", "verified", "verified", "verified"]
    assert left_in_dr(lab) == []


def test_an_unreachable_check_host_is_unverified(lab: Lab, run: Callable[..., Run], evidence: Path) -> None:
    inventory = Path(__file__).parent / "unreachable.yml"
    done = run("drill.yml", "-i", "inventory", "-i", str(inventory), "-e", "drill_check_host=bastion")
    assert done.code == 2
    assert newest_evidence(evidence)["verdict"] == "unverified"
    assert "the check host bastion is unreachable" in done.output + str(newest_evidence(evidence))
    assert left_in_dr(lab) == []


def test_a_copy_under_a_source_owned_key_is_lost_with_the_source(lab: Lab, run: Callable[..., Run]) -> None:
    """Why snapshot_replicate refuses such a key: AWS would allow it, as long as the source lives."""
    key = lab.client("production", "kms", WEST).describe_key(KeyId="alias/shop-data")["KeyMetadata"]["Arn"]
    source = lab.client("production", "kms", EAST)
    trap = source.create_key(Policy=open_policy("111111111111", DR))["KeyMetadata"]["Arn"]
    done = run("replicate.yml", "-e", f"replicate_kms_key_id={trap}")
    assert done.code == 2
    assert "it belongs to account 111111111111" in done.output
    dr = lab.client("production_dr", "rds", EAST)
    name = next(row["Name"] for row in snapshots(lab, "production_dr", EAST) if row["Of"] == "orders")
    dr.copy_db_snapshot(SourceDBSnapshotIdentifier=name, TargetDBSnapshotIdentifier="trapped", KmsKeyId=trap)
    dr.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier="trapped", WaiterConfig={"Delay": 1})
    lab.admin("POST", "dark", {"account": "production", "dark": True})
    try:
        with pytest.raises(dr.exceptions.KMSKeyNotAccessibleFault):
            dr.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="lost", DBSnapshotIdentifier="trapped")
        done = run("drill.yml", "-e", "drill_databases=orders,events")
        assert done.code == 0, "the real copies need nothing of the source"
    finally:
        lab.admin("POST", "dark", {"account": "production", "dark": False})
    assert key != trap
    assert left_in_dr(lab) == []


def open_policy(owner: str, guest: str) -> str:
    return (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*",'
        f' "Principal": {{"AWS": ["arn:aws:iam::{owner}:root", "arn:aws:iam::{guest}:root"]}}}}]}}'
    )


def test_rows_damaged_before_the_snapshot_fail_the_drill(lab: Lab, run: Callable[..., Run], evidence: Path) -> None:
    lab.admin("POST", "shop", {"do": "damage", "account": "production"})
    lab.admin("POST", "automated-snapshots", {"account": "production"})
    assert run("protect.yml").code == 0
    done = run("drill.yml")
    assert done.code == 2
    assert newest_evidence(evidence)["verdict"] == "failed"
    assert set(verdicts(evidence).values()) == {"failed"}
    assert left_in_dr(lab) == []
