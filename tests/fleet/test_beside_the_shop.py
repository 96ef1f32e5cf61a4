# SPDX-License-Identifier: GPL-3.0-or-later
"""What is beside the databases that can be protected: replicas, exclusions, RDS Custom, other engines, history."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.modules import (
    recovery_point_info,
    snapshot_copy,
    snapshot_replicate,
    snapshot_restore,
)
from tests.fleet.drills import BY_NAME, make_network, offered
from tests.fleet.fleet import DR, SOURCE, STRANGER, Fleet, manifests, writing
from tests.fleet.routes import ORACLE, Options, Route

Row = dict[str, Any]
MAIN = "customer-key-instance"
VAULT = Route("oracle-tde", ORACLE, Options("oracle-ee", "19", "TDE"))
SQL_SERVER = Route("sqlserver", {"engine": "sqlserver-se", "version": "16.00.4210.1.v1", "key": "data"})
EXCLUDED = {"databases": ["sandbox-*"], "protect": False, "reason": "made anew every night"}


@pytest.fixture
def shop(fleet: Fleet) -> Fleet:
    """Sow a database that can be protected, and much beside it."""
    fleet.begin(BY_NAME[MAIN], 1)
    seed(fleet, "copy", replica_of=f"{MAIN}-00000", retention=0)
    seed(fleet, "far", replica_of="arn:aws:rds:eu-west-3:999999999999:db:main", snapshots=1)
    for region, name in (("us-east-2", "main"), (SOURCE.region, "second")):
        arn = f"arn:aws:rds:us-east-2:{SOURCE.account}:cluster:main-00000"
        about: Row = {"region": region, "engine": "aurora-postgresql", "global_cluster": "world"}
        seed(fleet, name, **about, **({"replica_of": arn} if name == "second" else {}))
    seed(fleet, "special", engine="custom-oracle-ee", version="19.0", snapshots=1)
    seed(fleet, "graph", engine="neptune", version="1.4.5.1", snapshots=1)
    seed(fleet, "sandbox", databases=2)
    seed(fleet, "old")
    fleet.others(SOURCE).delete_db_instance(DBInstanceIdentifier="old-00000", FinalDBSnapshotIdentifier="old-final")
    fleet.pass_time(3600)
    fleet.new_calls()
    return fleet


def seed(fleet: Fleet, prefix: str, **more: Any) -> None:
    fleet.lab.admin("POST", "seed", {"account": SOURCE.profile, "prefix": prefix, "age": 3600, **more})


def by_database(rows: list[Row], key: str) -> dict[str, str]:
    return {row["database"].removesuffix("-00000"): row[key] for row in rows}


@pytest.mark.parametrize("names_source", [True, False])
def test_each_is_told_apart_and_only_what_is_wrong_fails(shop: Fleet, names_source: bool) -> None:
    shop.lab.admin("PATCH", "settings", {"rules": {"global_secondaries_name_source": names_source}})
    given = {**shop.publish, "overrides": [EXCLUDED]}
    result = shop.run(snapshot_copy, SOURCE, share_with=[DR.account], **given)
    found = by_database(result["steps"], "status")
    assert found == {
        MAIN: "published",
        "copy": "replica",
        "far": "replica",
        "second": "replica",
        "special": "failed",
        "sandbox": "excluded",
        "sandbox-00001": "excluded",
    }
    assert "it is RDS Custom" in result["msg"]
    assert MAIN not in result["msg"]
    named = {arn.rpartition(":")[2] for call in writing(shop.new_calls()) for arn in call["resources"]}
    assert not [name for name in named if any(word in name for word in ("copy-0", "far-0", "second", "special", "old"))]


def test_status_lists_them_and_counts_only_what_needs_protection(shop: Fleet) -> None:
    about = {"dr_accounts": [DR.account], "overrides": [EXCLUDED]}
    states = by_database(shop.run(recovery_point_info, SOURCE, **about)["databases"], "state")
    assert states == {
        MAIN: "unprotected",
        "copy": "replica",
        "far": "replica",
        "second": "replica",
        "special": "unprotected",
        "sandbox": "excluded",
        "sandbox-00001": "excluded",
    }
    with_history = shop.run(recovery_point_info, SOURCE, history=True, **about)["databases"]
    assert by_database(with_history, "state") == {**states, "old": "history"}


def test_what_tde_keeps_in_its_account_fails_alone_and_status_says_why(fleet: Fleet) -> None:
    fleet.begin(BY_NAME[MAIN], 1, and_of=[VAULT, SQL_SERVER])
    result = fleet.run(snapshot_copy, SOURCE)
    assert by_database(result["steps"], "status") == {
        MAIN: "published",
        "sqlserver": "published",
        "oracle-tde": "failed",
    }
    reason = by_database(result["steps"], "reason")["oracle-tde"]
    assert "its option group has TDE, and AWS does not share snapshots with that option. Protect it inside" in reason
    shown = by_database(fleet.run(recovery_point_info, SOURCE, dr_accounts=[DR.account])["databases"], "reason")
    assert "It cannot be published: its option group has TDE" in shown["oracle-tde"]
    assert "cannot be published" not in shown["sqlserver"]


def test_databases_of_one_name_in_two_accounts_land_both_and_only_they_are_refused_until_one_is_picked(
    fleet: Fleet,
) -> None:
    route = offered(BY_NAME["unencrypted-instance"], fleet)
    fleet.begin(route, 1, and_of=[offered(BY_NAME[MAIN], fleet)])
    elsewhere = {"account": STRANGER.profile, "prefix": route.name, "age": 3600, "snapshots": 1}
    fleet.lab.admin("POST", "seed", {**route.seed, **elsewhere})
    published = [
        fleet.run(snapshot_copy, SOURCE),
        fleet.run(snapshot_copy, STRANGER, kms_key_id=None, share_with=[DR.account], overrides=[]),
    ]
    assert not any(one.get("failed") for one in published), published
    sources = {"source_accounts": [SOURCE.account, STRANGER.account], "source_regions": [SOURCE.region]}
    given = [one for result in published for one in manifests(result)]
    landed = fleet.run(snapshot_replicate, DR, published=given, **sources)
    assert sorted(step["status"] for step in landed["steps"]) == ["landed"] * 3, landed
    recovery = {"purpose": "recovery", "drill_id": "r1", "db_instance_class": "db.t4g.medium", **make_network(fleet)}
    restored = fleet.run(snapshot_restore, DR, **recovery)
    found = {(step["database"].removesuffix("-00000"), step["status"]) for step in restored["steps"]}
    assert found == {(MAIN, "restored"), ("unencrypted-instance", "failed")}
    arn = f"arn:aws:rds:{STRANGER.region}:{STRANGER.account}:db:unencrypted-instance-00000"
    assert f"match_tags {{lifeboat:database: '{arn}'}}" in restored["msg"]
    picked = fleet.run(snapshot_restore, DR, **recovery, match_tags={"lifeboat:database": arn})
    assert [step["status"] for step in picked["steps"]] == ["restored"], picked
