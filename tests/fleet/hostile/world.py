# SPDX-License-Identifier: GPL-3.0-or-later
"""Three days of two sources and their DR site. One of the sources may be an attacker's, the other one is honest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import DatabaseId
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of, name_for
from ansible_collections.lifeboat.rds.plugins.modules import (
    recovery_point_info,
    snapshot_copy,
    snapshot_prune,
    snapshot_replicate,
)
from tests.fleet.drills import BY_NAME
from tests.fleet.fleet import A_COPY, DR, HOUR, SOURCE, STRANGER, Fleet, manifests
from tests.fleet.rules import Shot, original_of, own, shots

Row = dict[str, Any]
DAYS = 3
CLASSES = ("customer-key-instance", "unencrypted-cluster")
MINE = "mine-00000"  # the attacker's database
RETENTION = {"keep": 2, "daily": 2, "below_floor": True}
SOURCES = {"source_accounts": [SOURCE.account, STRANGER.account], "source_regions": [SOURCE.region]}


@dataclass
class Attack:
    """What an attacker does who is the administrator of one whole source account, and of nothing else."""

    fleet: Fleet
    manifests: list[Row] = field(default_factory=list)  # what its account hands over instead of its own module's

    @property
    def rds(self) -> Any:
        return self.fleet.others(STRANGER)

    @property
    def now(self) -> datetime:
        return time_of(self.fleet)

    @property
    def database(self) -> DatabaseId:
        (row,) = self.rds.describe_db_instances(DBInstanceIdentifier=MINE)["DBInstances"]
        return DatabaseId(STRANGER.account, STRANGER.region, "instance", MINE, row["DbiResourceId"])

    @property
    def victims(self) -> list[Shot]:
        """List what the honest source has published, whose names everybody can guess."""
        return own(shots(self.fleet.status()).values(), SOURCE.account)

    def share(self, *names: str, of: str = MINE, account: str = DR.account) -> None:
        """Take snapshots, call them as wanted, and share them."""
        for name in names:  # RDS takes one of a database at a time
            self.rds.create_db_snapshot(DBInstanceIdentifier=of, DBSnapshotIdentifier=name)
            self.fleet.pass_time(A_COPY)
            self.rds.modify_db_snapshot_attribute(
                DBSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=[account]
            )

    def name_at(self, ago: timedelta, one: DatabaseId | None = None) -> str:
        """Return the name of a recovery point of that age, of the attacker's database or another."""
        return name_for("lifeboat", MINE, lineage_of(one or self.database, self.now - ago))

    def create(self, identifier: str) -> None:
        self.rds.create_db_instance(
            DBInstanceIdentifier=identifier,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="owner",
            MasterUserPassword="hostile-password",
        )
        self.fleet.pass_time(HOUR)


def time_of(fleet: Fleet) -> datetime:
    return datetime.fromisoformat(fleet.lab.admin("GET", "clock")["now"])


Move = Callable[[Attack], None]


@dataclass(frozen=True)
class Outcome:
    """What became of the honest source's databases, in words that do not depend on the second of the run."""

    steps: list[list[tuple[str, str]]]  # of each day: the database and its status at the DR site
    landed: list[tuple[str, int, str]]  # the database, its age in hours, and the status
    states: list[tuple[str, str]]
    warnings: list[str]  # of the last day


def live(fleet: Fleet, move: Move | None) -> Outcome:
    """Protect both sources for three days; the move is made on the second one, after the honest source published."""
    first, other = (BY_NAME[name] for name in CLASSES)
    fleet.begin(first, 1, and_of=[other])
    fleet.lab.admin("POST", "seed", {"account": STRANGER.profile, "prefix": "mine", "snapshots": 1, "age": HOUR})
    began, steps, warnings = time_of(fleet), [], []
    for day in range(DAYS):
        attack = Attack(fleet)
        told = manifests(fleet.run(snapshot_copy, SOURCE))
        if move and day == 1:
            move(attack)
        result = fleet.run(snapshot_replicate, DR, published=[*attack.manifests, *told], **SOURCES)
        steps.append(sorted({(one["database"], one["status"]) for one in result["steps"] if is_honest(one)}))
        warnings = result.get("warnings", [])
        for side in (SOURCE, DR):
            fleet.run(snapshot_prune, side, landed=manifests(result), **RETENTION)
        # However long the attacker took: the honest source backs up at the same time of the day.
        fleet.pass_time((began + (day + 1) * timedelta(days=1) - time_of(fleet)).total_seconds())
        fleet.back_up()
    return Outcome(steps, left_of_the_honest(fleet), states(fleet), warnings)


def is_honest(step: Row) -> bool:
    return f":{SOURCE.account}:" in step.get("source", "")


def left_of_the_honest(fleet: Fleet) -> list[tuple[str, int, str]]:
    """List what stays of the honest source at the DR site."""
    status = fleet.status()
    now = time_of(fleet)
    mine = [one for one in own(shots(status).values(), DR.account) if f":{SOURCE.account}:" in (one.source or "")]
    return sorted((one.tags["lifeboat:database"], hours(now - original_of(one)), one.status) for one in mine)


def hours(age: timedelta) -> int:
    return round(age.total_seconds() / HOUR)


def states(fleet: Fleet) -> list[tuple[str, str]]:
    found = fleet.run(recovery_point_info, DR, **SOURCES)["databases"]
    return sorted((one["database_arn"], one["state"]) for one in found if one["account_id"] == SOURCE.account)
