# SPDX-License-Identifier: GPL-3.0-or-later
"""Test amazon.aws's inventory of databases."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from lifeboat_lab import Lab

HERE = Path(__file__).parent
WHO = {"MasterUsername": "keeper", "MasterUserPassword": "a-password"}
TAGS = [{"Key": "team", "Value": "listed"}]


def test_the_inventory_has_instances_and_clusters_of_all_regions(quick: Lab, ansible: dict[str, str]) -> None:
    west, east = (quick.client("production", "rds", region) for region in ("us-west-2", "us-east-1"))
    west.create_db_instance(
        DBInstanceIdentifier="listed-db", Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20,
        Tags=TAGS, **WHO,
    )  # fmt: skip
    east.create_db_cluster(DBClusterIdentifier="listed-cluster", Engine="aurora-postgresql", **WHO)
    found = listed(ansible)
    hosts = found["_meta"]["hostvars"]
    assert {"listed-db", "listed-cluster"} <= hosts.keys()
    assert hosts["listed-db"]["rds_region"] == "us-west-2"
    assert hosts["listed-db"]["rds_db_instance_status"] == "available"
    assert hosts["listed-cluster"]["rds_region"] == "us-east-1"
    assert "listed-db" in found["engine_postgres"]["hosts"]
    assert "listed-db" in found["tag_team_listed"]["hosts"]


def listed(ansible: dict[str, str]) -> dict[str, Any]:
    command = ["ansible-inventory", "-i", "inventory/lab.aws_rds.yml", "--list"]
    done = subprocess.run(command, cwd=HERE, env=ansible, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    # Ansible marks words that it does not trust.
    return dict(json.loads(done.stdout, object_hook=lambda found: found.get("__ansible_unsafe", found)))
