# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restore import (
    Network,
    RestoreOptions,
    Target,
    belongs_to,
    can_be_deleted_now,
    check_drill_id,
    check_isolation,
    newest_landed,
    plan_target,
    require_own,
    stage_of,
    to_remove,
    why_not_restorable,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.selection import Selection
from tests.builders import DR, DR_KEY, NOW, SOURCE_KEY, copied, database

OPTIONS = RestoreOptions("lifeboat", "d1", "private", ("sg-1",), "db.t4g.medium", DR_KEY, NOW)
DRILL = {"lifeboat:managed-by": "lifeboat", "lifeboat:purpose": "drill", "lifeboat:drill-id": "d1"}


def target(kind: str = "instance") -> Target:
    ((lineage, point),) = newest_landed([copied(account=DR, kind=kind)], "lifeboat", Selection(), "here")
    return plan_target(lineage, point, OPTIONS)


def restored(name: str, status: str = "available", kind: str = "instance", **more: Any) -> Any:
    return database(name, kind, status=status, **{"tags": DRILL, "host": "127.0.0.1", **more})


def found(*databases: Any) -> dict[tuple[str, str], Any]:
    return {(one.id.kind, one.id.identifier): one for one in databases}


def test_the_newest_finished_recovery_point_is_restored() -> None:
    points = [copied(hours=1, account=DR, status="copying"), copied(hours=2, account=DR), copied(hours=3, account=DR)]
    assert [point for _lineage, point in newest_landed(points, "lifeboat", Selection(), "here")] == [points[1]]


def test_an_unknown_database_is_refused() -> None:
    with pytest.raises(LifeboatError, match="there are: orders"):
        newest_landed([copied(account=DR)], "lifeboat", Selection(identifiers=("odrers",)), "here")


def test_the_same_drill_plans_the_same_database() -> None:
    assert target() == target()
    assert Target(**asdict(target())) == target()


def test_its_tags_say_what_it_is_for_and_when_it_expires() -> None:
    assert target().tags == {
        **DRILL,
        "lifeboat:expires": "2026-11-23T14:00:00Z",
        "lifeboat:recovery-point": target().recovery_point,
    }


@pytest.mark.parametrize(
    ("database", "stage"),
    [
        pytest.param(None, "restore", id="nothing yet"),
        pytest.param(("creating", None), "wait", id="creating"),
        pytest.param(("available", None), "wait", id="no endpoint yet"),
        pytest.param(("available", "h"), "ready", id="available"),
        pytest.param(("storage-initialization", "h"), "ready", id="usable while blocks arrive"),
        pytest.param(("incompatible-restore", None), "failed", id="overlooked by waiters"),
        pytest.param(("insufficient-capacity", None), "failed", id="no capacity"),
    ],
)
def test_an_instance_is_taken_one_stage_further(database: Any, stage: str) -> None:
    one = target()
    rows = [] if database is None else [restored(one.name, database[0], host=database[1])]
    assert stage_of(one, found(*rows))[0] == stage


@pytest.mark.parametrize(
    ("cluster", "member", "stage"),
    [
        pytest.param("creating", None, "wait", id="cluster creating"),
        pytest.param("available", None, "member", id="a restore makes no member"),
        pytest.param("available", "creating", "wait", id="member creating"),
        pytest.param("available", "available", "ready", id="both run"),
        pytest.param("available", "insufficient-capacity", "failed", id="member failed"),
    ],
)
def test_a_cluster_runs_when_its_member_does(cluster: str, member: str | None, stage: str) -> None:
    one = target("cluster")
    rows = [restored(one.name, cluster, "cluster")]
    rows += [restored(one.member, member, cluster=one.name)] if member else []
    assert stage_of(one, found(*rows))[0] == stage


def test_a_name_that_another_database_has_stops_the_drill() -> None:
    one = target()
    for tags in ({}, {**DRILL, "lifeboat:drill-id": "d2"}, {**DRILL, "lifeboat:purpose": "recovery"}):
        with pytest.raises(LifeboatError, match="this drill did not make it"):
            require_own([one], found(restored(one.name, tags=tags)), "lifeboat", "d1")


def test_what_this_drill_made_is_adopted() -> None:
    require_own([target()], found(restored(target().name)), "lifeboat", "d1")


@pytest.mark.parametrize("changed", ["lifeboat:managed-by", "lifeboat:purpose", "lifeboat:drill-id"])
def test_only_what_carries_all_three_marks_of_the_drill_belongs_to_it(changed: str) -> None:
    assert belongs_to(restored("a"), "lifeboat", "d1")
    assert not belongs_to(restored("a", tags={**DRILL, changed: "other"}), "lifeboat", "d1")


def test_members_go_before_their_clusters() -> None:
    rows = [restored("c", kind="cluster"), restored("c-1", cluster="c"), database("orders")]
    assert [one.id.identifier for one in to_remove(rows, "lifeboat", "d1")] == ["c-1", "c"]


@pytest.mark.parametrize(
    ("row", "now"),
    [
        pytest.param(restored("a"), True, id="available"),
        pytest.param(restored("a", "incompatible-restore"), True, id="broken"),
        pytest.param(restored("a", "creating"), False, id="creating refuses"),
        pytest.param(restored("a", "deleting"), False, id="going already"),
        pytest.param(restored("a", kind="cluster", members=("a-1",)), False, id="a cluster with members refuses"),
    ],
)
def test_what_aws_would_refuse_to_delete_waits(row: Any, now: bool) -> None:
    assert can_be_deleted_now(row) is now


def test_a_public_subnet_is_no_isolation() -> None:
    check_isolation(Network("private", "vpc-1", ("subnet-1",)))
    with pytest.raises(LifeboatError, match="subnet-2 has a route to an internet gateway"):
        check_isolation(Network("open", "vpc-1", ("subnet-1", "subnet-2"), ("subnet-2",)))


def test_a_copy_under_another_accounts_key_cannot_be_relied_on() -> None:
    assert why_not_restorable(copied(account=DR, kms_key_id=DR_KEY), DR) is None
    assert "another account" in str(why_not_restorable(copied(account=DR, kms_key_id=SOURCE_KEY), DR))


@pytest.mark.parametrize("drill_id", ["", "A", "a--b", "-a", "a-", "a" * 25, "a_b"])
def test_a_drill_id_that_identifiers_cannot_carry_is_refused(drill_id: str) -> None:
    with pytest.raises(LifeboatError, match="drill id"):
        check_drill_id(drill_id)
