# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast copies start one after the other where AWS answers so many calls a second, by who paces them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.connection import RETRIES
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.pace import Pace
from lifeboat_lab import Lab
from lifeboat_lab.settings import DURATIONS
from tests.bench import fleet
from tests.bench.figures import Figure

BURST = 20


def figures(copies: int, rate: float) -> list[Figure]:
    found = []
    for name, (options, _prepare) in PACERS.items():
        wall, throttled, failed = measure(copies, rate, options, _prepare)
        ideal = (copies - BURST) / rate
        found += [
            Figure(f"{name}: wall / ideal", wall / ideal, most=1.10),
            Figure(f"{name}: throttled attempts", throttled),
            Figure(f"{name}: failed calls", failed, most=0),
        ]
    return found


def measure(
    copies: int, rate: float, retries: dict[str, Any], prepare: Callable[[Any], None]
) -> tuple[float, int, int]:
    """Ask for so many copies of one snapshot. Return the seconds, the throttled attempts and the failed calls."""
    with Lab(metadata_only=True, durations=dict.fromkeys(DURATIONS, 0.0)) as lab:
        plenty = {"manual_snapshots": copies, "snapshot_copies": copies}
        lab.admin("PATCH", "settings", {"quotas": plenty})
        lab.admin("POST", "seed", {"account": "production", "databases": 1, "snapshots": 1})
        client = lab.client("production", "rds", config=Config(retries=retries))
        prepare(client)
        source = client.describe_db_snapshots()["DBSnapshots"][0]["DBSnapshotIdentifier"]
        lab.admin("PATCH", "settings", {"rate": {"per_second": rate, "burst": BURST}})
        fleet.forget(lab)
        began, failed = time.perf_counter(), 0
        for number in range(copies):
            try:
                client.copy_db_snapshot(
                    SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=f"copy-{number:05}"
                )
            except ClientError:
                failed += 1
        wall = time.perf_counter() - began
        throttled = fleet.calls_by_action(lab)["rds:CopyDBSnapshot"] - copies + failed
    return wall, throttled, failed


def as_it_is(client: Any) -> None:
    """botocore alone."""


def paced(client: Any) -> None:
    """As the modules do it."""
    Pace().listen(client.meta.events)


PACERS: dict[str, tuple[dict[str, Any], Callable[[Any], None]]] = {
    "ours": (RETRIES, paced),
    "adaptive, 6 attempts": ({"mode": "adaptive", "max_attempts": 6}, as_it_is),
    "standard, 6 attempts": ({"mode": "standard", "max_attempts": 6}, as_it_is),
}
