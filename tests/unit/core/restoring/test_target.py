# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import parse
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.ownership import (
    belongs_to,
    can_be_deleted_now,
    is_left_behind,
    members_first,
    require_own,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.stages import (
    REMEDIES,
    phases_of,
    stage_of,
    why_failed,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target import (
    RestoreOptions,
    Target,
    check_drill_id,
    read_target,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target_plan import (
    plan_target,
    why_not_restorable,
)
from tests.builders import (
    DR,
    DR_KEY,
    NOW,
    SOURCE,
    SOURCE_KEY,
    WEST,
    by_kind_and_name,
    copied,
    database,
    hours_ago,
    landed,
    of_cluster,
)

OPTIONS = RestoreOptions("lifeboat", "d1", "private", ("sg-1",), "db.t4g.medium", DR_KEY, NOW)
DRILL = {"lifeboat:managed-by": "lifeboat", "lifeboat:purpose": "drill", "lifeboat:drill-id": "d1"}
STOOD_IN = landed(tags={"lifeboat:database": f"arn:aws:rds:{WEST}:{SOURCE}:cluster:orders"})


def planned(point: Any, **options: Any) -> Target:
    lineage = parse(point.name, "lifeboat", SOURCE)
    assert lineage
    return plan_target(lineage, point, replace(OPTIONS, **options))


def target(kind: str = "instance") -> Target:
    return planned(landed() if kind == "instance" else of_cluster(landed()))


def restored(name: str, status: str = "available", kind: str = "instance", **more: Any) -> Any:
    return database(name, kind, status=status, **{"tags": DRILL, "host": "127.0.0.1", **more})


def test_the_same_drill_plans_the_same_database() -> None:
    assert target() == target()
    assert read_target(asdict(target())) == target()


def test_its_tags_say_what_it_is_for_and_when_it_expires() -> None:
    assert target().tags == {
        **DRILL,
        "lifeboat:expires": "2026-11-23T14:00:00Z",
        "lifeboat:recovery-point": target().original.recovery_point,
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
    assert stage_of(one, by_kind_and_name(*rows))[0] == stage


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
    assert stage_of(one, by_kind_and_name(*rows))[0] == stage


@pytest.mark.parametrize(("started", "stage"), [(None, "wait"), ("2026-11-23T13:00:00Z", "failed")])
def test_what_a_killed_run_was_removing_goes_first_and_what_this_run_made_is_not_to_go(
    started: Any, stage: str
) -> None:
    one, cluster = (target(kind).with_progress(started=started) for kind in ("instance", "cluster"))
    assert stage_of(one, by_kind_and_name(restored(one.name, "deleting")))[0] == stage
    rows = [restored(cluster.name, kind="cluster"), restored(cluster.member, "deleting", cluster=cluster.name)]
    assert stage_of(cluster, by_kind_and_name(*rows))[0] == stage


def test_a_name_that_another_database_has_stops_the_drill() -> None:
    one = target()
    for tags in ({}, {**DRILL, "lifeboat:drill-id": "d2"}, {**DRILL, "lifeboat:purpose": "recovery"}):
        with pytest.raises(LifeboatError, match="this drill did not make it"):
            require_own([one], by_kind_and_name(restored(one.name, tags=tags)))


def test_what_this_drill_made_is_adopted() -> None:
    require_own([target()], by_kind_and_name(restored(target().name)))


@pytest.mark.parametrize("changed", ["lifeboat:managed-by", "lifeboat:purpose", "lifeboat:drill-id"])
def test_only_what_carries_all_three_marks_of_the_drill_belongs_to_it(changed: str) -> None:
    assert belongs_to(restored("lifeboat-a"), "lifeboat", "d1")
    assert not belongs_to(restored("lifeboat-a", tags={**DRILL, changed: "other"}), "lifeboat", "d1")


def test_tags_alone_do_not_make_it_ours() -> None:
    """Somebody who restores from our snapshot by hand may copy its tags."""
    assert not belongs_to(restored("orders"), "lifeboat", "d1")
    assert not is_left_behind(expiring(1, identifier="orders"), "lifeboat", NOW)


def expiring(hours: float, identifier: str = "lifeboat-d1-a", **tags: Any) -> Any:
    """Build a database that expired this many hours ago."""
    expires = hours_ago(hours).strftime("%Y-%m-%dT%H:%M:%SZ")
    marks = {f"lifeboat:{key.replace('_', '-')}": value for key, value in {"expires": expires, **tags}.items()}
    return restored(identifier, tags={key: value for key, value in {**DRILL, **marks}.items() if value is not None})


@pytest.mark.parametrize(
    ("row", "left"),
    [
        pytest.param(expiring(0.1), True, id="a drill's, expired"),
        pytest.param(expiring(0.1, drill_id="other"), True, id="whichever drill's"),
        pytest.param(expiring(0.1, purpose="stand_in", drill_id=None), True, id="a stand-in, expired"),
        pytest.param(expiring(-0.1), False, id="not expired yet"),
        pytest.param(expiring(0.1, purpose="recovery"), False, id="a recovery, even with an expiry"),
        pytest.param(expiring(0.1, purpose=None), False, id="for nothing that we know"),
        pytest.param(expiring(0.1, managed_by="other"), False, id="another installation's"),
        pytest.param(expiring(0.1, expires=None), False, id="no expiry"),
        pytest.param(expiring(0.1, expires="soon"), False, id="an expiry that is no time"),
        pytest.param(expiring(0.1, expires="2026-11-23T13:00:00"), False, id="an expiry in no zone"),
    ],
)
def test_what_is_left_behind_is_told_from_its_tags(row: Any, left: bool) -> None:
    assert is_left_behind(row, "lifeboat", NOW) is left


def test_members_go_before_their_clusters() -> None:
    rows = [restored("c", kind="cluster"), restored("c-1", cluster="c")]
    assert [one.id.identifier for one in members_first(rows)] == ["c-1", "c"]


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


def test_a_copy_under_another_accounts_key_cannot_be_relied_on() -> None:
    assert why_not_restorable(copied(account=DR, kms_key_id=DR_KEY), DR) is None
    assert "another account" in str(why_not_restorable(copied(account=DR, kms_key_id=SOURCE_KEY), DR))


def test_a_multi_az_clusters_own_snapshot_is_not_restored() -> None:
    assert "stand-in" in str(why_not_restorable(replace(of_cluster(landed()), engine="postgres"), DR))


def test_what_stood_in_for_a_cluster_is_restored_as_an_instance_of_that_cluster() -> None:
    one = planned(STOOD_IN)
    assert (one.kind, one.original.kind, one.is_stand_in) == ("instance", "cluster", True)
    assert not target("cluster").is_stand_in


def test_serverless_is_for_clusters_alone() -> None:
    capacity = {"min": 0.5, "max": 4.0}
    cluster, instance = (planned(one, serverless=capacity) for one in (of_cluster(landed()), landed()))
    assert (cluster.setup.instance_class, cluster.setup.serverless) == ("db.serverless", capacity)
    assert (instance.setup.instance_class, instance.setup.serverless) == ("db.t4g.medium", None)


@pytest.mark.parametrize(
    ("group", "named"), [("default:postgres-16", None), (None, None), ("shop-options", "shop-options")]
)
def test_the_option_group_of_a_recovery_point_is_named_unless_it_is_a_default_one(
    group: str | None, named: Any
) -> None:
    assert planned(landed(option_group=group)).setup.option_group == named


def test_the_tags_of_the_database_travel_and_ours_do_not() -> None:
    assert planned(landed(tags={"team": "shop"})).original.tags == {"team": "shop"}


def at(seconds: int) -> str:
    return f"2026-11-23T13:{seconds // 60:02}:{seconds % 60:02}Z"


@pytest.mark.parametrize(
    ("kind", "marks", "phases"),
    [
        pytest.param(
            "instance",
            {"began": at(0), "chosen": at(2), "started": at(5)},
            {"choose": 2, "restore_call": 3, "available": 3595},
            id="instance",
        ),
        pytest.param(
            "cluster",
            {"began": at(0), "chosen": at(2), "started": at(5), "usable": at(605)},
            {"choose": 2, "restore_call": 3, "available": 600, "member": 2995},
            id="cluster",
        ),
        pytest.param("instance", {"began": at(0), "chosen": at(2)}, {"choose": 2}, id="an adopted instance"),
        pytest.param("cluster", {"began": at(0), "chosen": at(2)}, {"choose": 2}, id="an adopted cluster"),
    ],
)
def test_phases_follow_each_other_and_what_was_not_seen_is_absent(kind: str, marks: Any, phases: Any) -> None:
    assert phases_of(target(kind).with_progress(**marks), NOW) == phases


@pytest.mark.parametrize("status", [*REMEDIES, "incompatible-restore"])
def test_a_bad_end_says_what_to_do(status: str) -> None:
    one = target()
    what, remedy = why_failed(one, restored(one.name, status)).split(". ")
    assert (what, bool(remedy)) == (f"The restore of orders ended as {status} ({one.name})", True)


@pytest.mark.parametrize("drill_id", ["", "A", "a--b", "-a", "a-", "a" * 25, "a_b"])
def test_a_drill_id_that_identifiers_cannot_carry_is_refused(drill_id: str) -> None:
    with pytest.raises(LifeboatError, match="drill id"):
        check_drill_id(drill_id)
