# SPDX-License-Identifier: GPL-3.0-or-later
"""A recovery replaces its original and nothing else: it gets the original's name, tags and class."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import ORIGIN, Configuration, RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import parse, recovered_name
from ansible_collections.lifeboat.rds.plugins.module_utils._core.recipe import RECIPE, as_tag
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.ownership import (
    belongs_to,
    is_left_behind,
    is_recovery,
    require_own,
    twins,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target import (
    RestoreOptions,
    Target,
    read_target,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target_plan import (
    plan_target,
    why_not_recoverable,
)
from tests.builders import (
    DR_KEY,
    NOW,
    SOURCE,
    STRANGER,
    WEST,
    by_kind_and_name,
    database,
    hours_ago,
    landed,
    of_cluster,
)

OPTIONS = RestoreOptions(
    "lifeboat", "r1", "production", ("sg-1",), None, DR_KEY, NOW, purpose="recovery", backup_retention_days=7
)
ORIGINAL = f"arn:aws:rds:{WEST}:{SOURCE}:db:orders"


def planned(point: RecoveryPoint | None = None, **options: Any) -> Target:
    point = point or landed()
    lineage = parse(point.name, "lifeboat", SOURCE)
    assert lineage
    return plan_target(lineage, point, replace(OPTIONS, **options))


def told(**configuration: Any) -> RecoveryPoint:
    return landed(tags={RECIPE: as_tag(Configuration("db.r6g.large", **configuration))})


def made_of(target: Target, **tags: Any) -> Any:
    return database(target.name, target.kind, tags={**target.tags, **tags})


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        pytest.param(None, "orders", id="that of the original"),
        pytest.param("", "orders", id="nothing else was said"),
        pytest.param("{database}-dr", "orders-dr", id="a pattern"),
        pytest.param("Shop", "shop", id="as RDS writes it"),
        pytest.param("lifeboats", "lifeboats", id="no name of ours"),
    ],
)
def test_a_recovery_is_called_as_applications_know_it_or_as_it_is_told(pattern: str | None, name: str) -> None:
    assert planned(restore_as=pattern).name == name


@pytest.mark.parametrize(
    "pattern", ["1st", "a--b", "a-", "a_b", "{name}", "a" * 64, "{database} ", "lifeboat-{database}"]
)
def test_a_name_that_cannot_be_is_refused_with_the_remedy(pattern: str) -> None:
    with pytest.raises(LifeboatError, match=r"Cannot restore orders as .* Set restore_as to another name"):
        planned(restore_as=pattern)


def test_a_cluster_leaves_room_for_the_name_of_its_member() -> None:
    assert planned(of_cluster(landed())).member == "orders-1"
    longest = "a" * 61
    assert planned(of_cluster(landed()), restore_as=longest).member == f"{longest}-1"
    assert recovered_name("a" * 63, "orders", "lifeboat") == "a" * 63
    with pytest.raises(LifeboatError, match="at most 61 here"):
        planned(of_cluster(landed()), restore_as="a" * 62)


def test_two_databases_never_get_one_name() -> None:
    elsewhere = {"lifeboat:database": ORIGINAL.replace(SOURCE, STRANGER), ORIGIN: STRANGER}
    other = landed(tags=elsewhere, source_arn=None)
    assert twins([planned(), planned(of_cluster(landed())), planned(other, restore_as="other")]) == []
    third = planned(landed("billing"))
    found = twins([planned(), third, planned(other)])
    assert [one.original.source for one, _why in found] == [ORIGINAL, other.tags["lifeboat:database"]]
    assert str(found[1][1]).startswith(f"Cannot restore {other.tags['lifeboat:database']} as orders: {ORIGINAL}")
    assert f"match_tags {{lifeboat:database: '{ORIGINAL}'}}" in str(found[0][1])
    members = twins([planned(of_cluster(landed())), planned(restore_as="orders-1")])
    assert ["as orders-1" in str(why) for _one, why in members] == [True, True]


# -- ownership --------------------------------------------------------------------------------------------------------


def test_a_recovery_of_the_same_recovery_point_is_gone_on_with_whatever_its_run_was_called() -> None:
    for point in (landed(), of_cluster(landed())):
        running = made_of(planned(point))
        require_own([planned(point, drill_id="r2")], by_kind_and_name(running))


def test_a_database_named_like_a_member_hinders_only_a_cluster() -> None:
    require_own([planned()], by_kind_and_name(database("orders-1")))
    with pytest.raises(LifeboatError, match="as orders-1"):
        require_own([planned(of_cluster(landed()))], by_kind_and_name(database("orders-1")))


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param({"lifeboat:managed-by": "other"}, id="another installation's"),
        pytest.param({"lifeboat:purpose": "drill"}, id="a drill's"),
        pytest.param({"lifeboat:purpose": ""}, id="somebody's"),
    ],
)
def test_a_name_that_somebody_else_has_is_refused(tags: dict[str, str]) -> None:
    with pytest.raises(LifeboatError, match=r"not a recovery of ours\. Set restore_as to another name"):
        require_own([planned()], by_kind_and_name(made_of(planned(), **tags)))


def test_a_recovery_of_another_time_stays_and_the_remedy_names_its_time() -> None:
    earlier = planned(landed(hours=2))
    with pytest.raises(LifeboatError, match=f"recovered already, from {earlier.original.recovery_point}") as caught:
        require_own([planned(landed(hours=1))], by_kind_and_name(made_of(earlier)))
    assert hours_ago(2).strftime("at: %Y-%m-%dT%H:%M:%SZ") in str(caught.value.remedy)


@pytest.mark.parametrize("name", ["orders", "lifeboat-r1-orders"])
def test_nobody_removes_a_recovery(name: str) -> None:
    tags = {**planned().tags, "lifeboat:drill-id": "r1", "lifeboat:expires": "2020-01-01T00:00:00Z"}
    one = database(name, tags=tags)
    assert is_recovery(one, "lifeboat")
    assert not belongs_to(one, "lifeboat", "r1")
    assert not is_left_behind(one, "lifeboat", NOW)


# -- tags -------------------------------------------------------------------------------------------------------------


def test_its_tags_are_those_of_the_original_and_say_what_it_stands_for_and_no_expiry() -> None:
    assert planned(landed(tags={"team": "shop", "aws:cloudformation:stack-name": "x"})).tags == {
        "team": "shop",
        "lifeboat:managed-by": "lifeboat",
        "lifeboat:purpose": "recovery",
        "lifeboat:recovery-id": "r1",
        "lifeboat:recovery-point": landed().name,
        "lifeboat:database": ORIGINAL,
    }


def test_aws_takes_fifty_tags_and_ours_are_among_them() -> None:
    made = planned(landed(tags={f"tag-{number:02}": "x" for number in range(60)})).tags
    assert len(made) == 50
    assert "tag-44" in made and "tag-45" not in made
    assert made["lifeboat:database"] == ORIGINAL


# -- requirements of production ---------------------------------------------------------------------------------------


def test_it_has_the_class_of_the_original_and_else_one_that_somebody_chose() -> None:
    assert planned(told()).setup.instance_class == "db.r6g.large"
    assert why_not_recoverable(told(), OPTIONS) is None
    assert "Set db_instance_class" in str(why_not_recoverable(landed(), OPTIONS))
    assert why_not_recoverable(landed(), replace(OPTIONS, instance_class="db.r6g.large")) is None
    assert why_not_recoverable(landed(), replace(OPTIONS, serverless={"min": 1, "max": 2})) is None
    assert why_not_recoverable(landed(), replace(OPTIONS, purpose="drill")) is None


@pytest.mark.parametrize(
    ("original", "wanted", "made"),
    [(True, None, True), (None, None, False), (True, False, False), (None, True, True)],
)
def test_it_has_a_standby_where_the_original_had_one_unless_told_otherwise(
    original: Any, wanted: Any, made: bool
) -> None:
    target = planned(told(multi_az=original), multi_az=wanted)
    alone = "Availability Zones: one instead of several"
    assert (target.setup.multi_az, alone in target.unlike) == (made, bool(original) and not made)


def test_a_cluster_has_one_member_and_says_so_where_the_original_had_several() -> None:
    cluster = planned(of_cluster(told(multi_az=True)))
    assert (cluster.setup.multi_az, cluster.unlike) == (False, ["Availability Zones: one instead of several"])


def test_a_drill_has_no_standby() -> None:
    assert not planned(told(multi_az=True), purpose="drill").setup.multi_az


def test_it_travels_between_passes() -> None:
    assert read_target(asdict(planned())) == planned()
    assert planned().is_kept and not planned(purpose="drill").is_kept
