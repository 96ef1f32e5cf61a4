# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back in this process: what was recovered at the DR site is published there and restored at the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from ansible_collections.lifeboat.rds.plugins.modules import (
    database_credentials,
    snapshot_copy,
    snapshot_prune,
    snapshot_replicate,
    snapshot_restore,
)
from tests.fleet.drills import BY_NAME, make_network, offered, twice
from tests.fleet.fleet import DR, PREFIX, SOURCE, Fleet, make_key, manifests, writing

BACK = "failback"
CLASSES = ("customer-key-instance", "customer-key-cluster")  # of the originals
RECOVERED = {"app": "shop", "lifeboat:managed-by": "lifeboat", "lifeboat:purpose": "recovery"}
# What the modules of this direction may do, at either side.
POWERS = {
    DR.account: {"CreateDBSnapshot", "CreateDBClusterSnapshot", "ModifyDBSnapshotAttribute"}
    | {"ModifyDBClusterSnapshotAttribute", "AddTagsToResource"},
    SOURCE.account: {"CopyDBSnapshot", "CopyDBClusterSnapshot", "RestoreDBInstanceFromDBSnapshot"}
    | {"RestoreDBClusterFromSnapshot", "CreateDBInstance", "ModifyDBInstance", "ModifyDBCluster"},
}


@dataclass
class WayBack:
    """Two sites after a recovery: the originals stand at the source, what was recovered of them at the DR site."""

    fleet: Fleet
    key: str  # of what was recovered, open for the source account
    network: Mapping[str, Any]
    time: str = ""  # that the snapshots stand for

    @classmethod
    def prepare(cls, fleet: Fleet) -> WayBack:
        """Everything protected, an instance and a cluster recovered, an hour of use ago."""
        first, *others = (offered(BY_NAME[name], fleet) for name in CLASSES)
        fleet.begin(first, 1, and_of=others)
        fleet.protect()
        key = make_key(fleet.lab, DR, DR.account, SOURCE.account)
        for route in (first, *others):
            seed = {**route.seed, "account": DR.profile, "prefix": f"recovered-{route.name}", "key": key}
            tags = {**RECOVERED, "lifeboat:database": original_arn(route.name)}
            fleet.lab.admin("POST", "seed", {**seed, "tags": tags})
        found = cls(fleet, key, make_network(fleet, side=SOURCE))
        fleet.pass_time(3600)
        found.stop()
        fleet.new_calls()
        return found

    def stop(self) -> None:
        """Stop the applications: the next snapshots stand for this moment."""
        site = self.fleet.site(DR)
        site.check_account(DR.account)
        self.time = str(iso(site.now))

    def go_back(self) -> list[dict[str, Any]]:
        """Do what playbooks/failback.yml does."""
        published = self.publish()
        landed = self.replicate(published)
        retired = self.prune(DR, landed=manifests(landed))
        here = self.prune(SOURCE)
        restored = self.restore()
        ways = self.fleet.run(
            database_credentials, SOURCE, prefix=BACK, purpose="recovery", drill_id="f1", mode="managed",
            names=[step["name"] for step in restored["steps"] if step["status"] == "restored"],
        )  # fmt: skip
        return [published, landed, retired, here, restored, ways]

    def publish(self, **given: Any) -> dict[str, Any]:
        usual = {
            "source": "snapshot",
            "snapshot_time": self.time,
            "kms_key_id": self.key,
            "share_with": [SOURCE.account],
        }
        tags = {"lifeboat:purpose": "recovery"}
        return self.fleet.run(snapshot_copy, DR, prefix=BACK, match_tags=tags, **{**usual, **given})

    def replicate(self, published: dict[str, Any]) -> dict[str, Any]:
        sources = {"source_accounts": [DR.account], "source_regions": [DR.region]}
        return self.fleet.run(
            snapshot_replicate, SOURCE, prefix=BACK, kms_key_id=self.fleet.keys["publish"], overrides=[],
            published=manifests(published), **sources,
        )  # fmt: skip

    def prune(self, side: Any, **given: Any) -> dict[str, Any]:
        return self.fleet.run(snapshot_prune, side, prefix=BACK, **given)

    def restore(self, **given: Any) -> dict[str, Any]:
        usual = {
            "purpose": "recovery", "drill_id": "f1", "restore_as": "{database}-failback", "backup_retention_period": 7,
            "db_instance_class": "db.r6g.large", "match_tags": {"lifeboat:original-time": self.time},
            "source_accounts": [DR.account], "kms_key_id": self.fleet.keys["publish"],
        }  # fmt: skip
        return self.fleet.run(snapshot_restore, SOURCE, prefix=BACK, **{**usual, **self.network, **given})

    # -- what must hold, from the lab's state and log alone -------------------------------------------------------

    def seen(self, *, ours: bool) -> dict[str, Any]:
        """By ARN: what the way back made, or everything else there is."""
        status = self.fleet.status()
        rows = [*status["databases"], *status["snapshots"]]
        return {row["arn"]: row for row in rows if is_of_the_way_back(row) == ours}

    def unfinished(self) -> Iterator[str]:
        """Each recovered database has one recovery point of this failback at either side, and stands at the source."""
        made = self.seen(ours=True)
        names = sorted(arn.split(":", 5)[5] for arn in made if f":{SOURCE.account}:" in arn and "snapshot" not in arn)
        stem = "recovered-customer-key"
        wanted = [f"cluster:{stem}-cluster-00000-failback", f"db:{stem}-cluster-00000-failback-1",
                  f"db:{stem}-instance-00000-failback"]  # fmt: skip
        if names != wanted:
            yield f"at the source stand {names}"
        for side in (DR, SOURCE):
            points = [row for arn, row in made.items() if f"snapshot:{BACK}-" in arn and f":{side.account}:" in arn]
            if [row["status"] for row in points] != ["available"] * len(CLASSES):
                yield f"{side.profile} has {[(row['arn'], row['status']) for row in points]}"
            yield from (f"still shared: {row['arn']}" for row in points if row["shared_with"])
        usable = ("available", "backing-up")
        yield from (f"{arn} is {row['status']}" for arn, row in made.items() if row["status"] not in usable)


def original_arn(name: str) -> str:
    """Return the ARN of the one database of a class."""
    resource = "cluster" if name.endswith("cluster") else "db"
    return f"arn:aws:rds:{SOURCE.region}:{SOURCE.account}:{resource}:{name}-00000"


def is_of_the_way_back(row: Mapping[str, Any]) -> bool:
    """By its name alone: tags are what is to be tested."""
    name = row["arn"].split(":", 6)[6]
    return name.startswith(f"{BACK}-") or ("-failback" in name and not name.startswith(f"{PREFIX}-"))


def failback_trespasses(calls: list[dict[str, Any]]) -> Iterator[str]:
    """Report calls that a failback must not even try: a foreign action, or an action on what is not its own."""
    for call in writing(calls):
        if call["action"] not in POWERS[call["account"]]:
            yield f"{call['account']} called {call['action']}"
        elif call["action"].startswith(("Modify", "Add", "Delete")):
            yield from (f"{call['action']} of {arn}" for arn in call["resources"] if BACK not in arn)


def made_twice(calls: list[dict[str, Any]]) -> Iterator[str]:
    """Snapshots, copies and databases that were made twice."""
    yield from twice(calls)
    made = [call for call in calls if call["action"].startswith(("CopyDB", "CreateDBSnap", "CreateDBClusterSnap"))]
    if len([call for call in made if call.get("status") == 200]) > 2 * len(CLASSES):
        yield f"made {[(call['action'], call['resources']) for call in made]}"
