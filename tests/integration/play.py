# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a playbook as an operator does, and read what it printed."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lifeboat_lab import Lab
from tests.schemas import read_evidence
from tests.warm import ansible_playbook

ROOT = Path(__file__).parents[2]
ROLES = {
    "production_publish": "production/lifeboat-publish",
    "production_prune": "production/lifeboat-prune",
    "production_dr_replicate": "production_dr/lifeboat-replicate",
    "production_dr_prune": "production_dr/lifeboat-prune",
    "production_dr_drill": "production_dr/lifeboat-drill",
    "production_dr_recover": "production_dr/lifeboat-recover",
    "production_dr_failback_publish": "production_dr/failback-publish",
    "production_failback_replicate": "production/failback-replicate",
    "production_dr_failback_prune": "production_dr/failback-prune",
    "production_failback_prune": "production/failback-prune",
    "production_failback_recover": "production/failback-recover",
    "production_subscribe": "production/lifeboat-subscribe",
    "production_dr_subscribe": "production_dr/lifeboat-subscribe",
    "production_listen": "production/lifeboat-listen",
    "production_dr_listen": "production_dr/lifeboat-listen",
}
SOURCE, DR, WEST, EAST = "111111111111", "222222222222", "us-west-2", "us-east-1"
READS = ("Describe", "List", "Get", "AssumeRole")


@dataclass(frozen=True)
class Run:
    """How a playbook ended."""

    code: int
    output: str

    def recap(self, host: str) -> dict[str, int]:
        line = re.search(rf"^{host} +: (.*)$", self.output, re.MULTILINE)
        assert line, self.output
        return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line[1])}

    def on_one_line(self) -> str:
        """Return the output without the ways in which YAML breaks and quotes lines."""
        return " ".join(self.output.split())


def play(lab: Lab, playbook: str, *arguments: str, evidence: Path, timeout: int = 600, cold: bool = False) -> Run:
    """Run a playbook of the collection, or one given by its path, on a lab.

    :param cold: start every process anew, with each module in a file, as Ansible does without pipelining.
    """
    path = ROOT / "playbooks" / playbook if "/" not in playbook else Path(playbook)
    words = [str(path), "-e", "lifeboat_poll_interval=1", *arguments]
    environment = lab.env() | {"LIFEBOAT_EVIDENCE": str(evidence), "ANSIBLE_NOCOLOR": "1"}
    if cold:
        command = ["ansible-playbook", *words]
        told = environment | {"ANSIBLE_PIPELINING": "false"}
        done = subprocess.run(command, cwd=ROOT, env=told, timeout=timeout, capture_output=True, text=True, check=False)
    else:
        done = ansible_playbook(words, cwd=ROOT, env=environment, timeout=timeout)
    return Run(done.returncode, done.stdout + done.stderr)


def writes(lab: Lab) -> list[str]:
    """List the actions since the log was last forgotten that could have changed something."""
    return [call["action"] for call in lab.calls() if not call["action"].startswith(READS)]


def forget_calls(lab: Lab) -> None:
    lab.admin("DELETE", "calls")


def snapshots(lab: Lab, account: str, region: str, **wanted: Any) -> list[dict[str, Any]]:
    """DB and cluster snapshots in one shape, as the account's administrator sees them."""
    rds = lab.client(account, "rds", region)
    rows = rds.describe_db_snapshots(**wanted)["DBSnapshots"]
    clusters = rds.describe_db_cluster_snapshots(**wanted)["DBClusterSnapshots"]
    shapes = [row | {"Name": row["DBSnapshotIdentifier"], "Of": row["DBInstanceIdentifier"]} for row in rows]
    return shapes + [
        row
        | {
            "Name": row["DBClusterSnapshotIdentifier"],
            "Of": row["DBClusterIdentifier"],
            "Encrypted": row["StorageEncrypted"],
        }
        for row in clusters
    ]


def newest_evidence(folder: Path) -> dict[str, Any]:
    """Read the newest document of a drill or a recovery, in its published form."""
    paths = [path for path in folder.glob("*.json") if not path.name.startswith("posture-")]
    return read_evidence(max(paths, key=lambda path: path.stat().st_mtime_ns))


def left_in_dr(lab: Lab) -> list[str]:
    """Databases that still stand in the DR account."""
    rds = lab.client("production_dr", "rds", EAST)
    instances = [row["DBInstanceIdentifier"] for row in rds.describe_db_instances()["DBInstances"]]
    return instances + [row["DBClusterIdentifier"] for row in rds.describe_db_clusters()["DBClusters"]]
