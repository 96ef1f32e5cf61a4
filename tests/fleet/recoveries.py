# SPDX-License-Identifier: GPL-3.0-or-later
"""Recoveries of what has landed, in this process, and what they must not do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.lifeboat.rds.plugins.modules import database_credentials
from tests.fleet.drills import CLASSES, STARTS, Range
from tests.fleet.fleet import DR, writing

POWERS = {*STARTS, "ModifyDBInstance", "ModifyDBCluster", "CreateSecret", "TagResource"}


def recover(ground: Range, name: str, run: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Do what the role does: restore, then let RDS make the passwords."""
    given = {"purpose": "recovery", "restore_as": f"{{database}}-{name}", "db_instance_class": "db.r6g.large"}
    restored = ground.restore(drill_id=run, expires_after=240, **given)
    names = [step["name"] for step in restored["steps"] if step["status"] == "restored"]
    about = {"purpose": "recovery", "drill_id": run, "mode": "managed", "names": names}
    return restored, ground.fleet.run(database_credentials, DR, **about)


def recovery_trespasses(calls: list[dict[str, Any]], name: str) -> Iterator[str]:
    """Report calls that a recovery must not even try."""
    for call in writing(calls):
        if call["action"] not in POWERS:
            yield f"called {call['action']}"
        elif call["action"].startswith("Modify"):
            yield from (f"{call['action']} of {arn}" for arn in call["resources"] if f"-{name}" not in arn)


def unfinished_recovery(results: tuple[dict[str, Any], dict[str, Any]]) -> Iterator[str]:
    restored, credentials = results
    yield from (f"it failed: {one['msg']}" for one in results if one.get("failed"))
    if [step["status"] for step in restored["steps"]] != ["restored"] * len(CLASSES):
        yield f"it restored {restored['steps']}"
    if [step["status"] for step in credentials["steps"]] != ["set"] * len(CLASSES):
        yield f"it set {credentials['steps']}"


def unprotected(ground: Range, name: str) -> Iterator[str]:
    """Report recovered databases that AWS does not show as production needs them."""
    rds = ground.fleet.others(DR)
    rows = [row for row in rds.describe_db_instances()["DBInstances"] if not row.get("DBClusterIdentifier")]
    for row in [*rows, *rds.describe_db_clusters()["DBClusters"]]:
        identifier = row.get("DBInstanceIdentifier") or row["DBClusterIdentifier"]
        is_fit = row["DeletionProtection"] and row["BackupRetentionPeriod"] and row.get("MasterUserSecret")
        if identifier.endswith(f"-{name}") and not is_fit:
            yield f"{identifier} is not as production needs it"
