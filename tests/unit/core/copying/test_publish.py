# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.newest import by_database, of_database
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.publish import (
    Publication,
    PublishOptions,
    PublishWish,
    begin,
    complete,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.routes import Place
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.stand_in import StandInOptions
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import (
    DATABASE,
    MANAGED_BY,
    ORIGINAL_TIME,
    STAGE,
    Database,
    RecoveryPoint,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of, parse
from ansible_collections.lifeboat.rds.plugins.module_utils._core.option_groups import OptionGroup
from tests.builders import (
    EAST,
    NOW,
    SOURCE,
    SOURCE_KEY,
    WEST,
    automated,
    copied,
    database,
    hours_ago,
    key,
    of_cluster,
)

HOME = Place(SOURCE, WEST)
OWN_KEY = f"arn:aws:kms:{WEST}:{SOURCE}:key/lifeboat"
STAND_IN = StandInOptions("private", ("sg-1",), "db.t4g.medium", NOW)
OPTIONS = PublishOptions("lifeboat", HOME, WEST, is_shared=True, tags={"team": "shop"}, stand_in=STAND_IN)
ABROAD = replace(OPTIONS, publish_in=EAST)
WISH = PublishWish("automated", timedelta(days=1), "alias/lifeboat")
NOW_TAKEN = replace(WISH, source="snapshot")
MULTI_AZ = database("sales", "cluster", engine="postgres")
AWS_KEY = {"encrypted": True, "kms_key_id": SOURCE_KEY}


def publish(
    one: Database | None = None,
    points: Any = (),
    wish: PublishWish = WISH,
    options: PublishOptions = OPTIONS,
    *,
    aws_managed: bool = False,
    groups: Any = ({}, {}),
) -> Publication:
    begun = begin(one or database(), points, wish, options, NOW)
    if begun.problem:
        return begun
    keys = {SOURCE_KEY: key(SOURCE_KEY, is_aws_managed=aws_managed)}
    return complete(begun, (keys, {}), {"alias/lifeboat": OWN_KEY}, groups, options)


def sales(**more: Any) -> RecoveryPoint:
    return replace(of_cluster(automated("sales", resource_id="db-SALES", **more)), engine="postgres")


# -- which recovery point ---------------------------------------------------------------------------------------------


def test_the_newest_finished_automated_snapshot_is_published() -> None:
    points = [automated(hours=3), automated(hours=2), automated(hours=1, status="creating"), copied(hours=0.5)]
    assert publish(points=points).copies[0].source_arn == points[1].arn


def test_a_snapshot_without_a_time_is_not_finished() -> None:
    assert publish(points=[automated(created=None, original=None)]).problem


def test_snapshots_without_a_resource_id_are_of_no_database_that_is_known() -> None:
    """Their identifier may be that of an earlier database, and together they are not one database."""
    unknown = [automated(resource_id=None), automated("billing", resource_id=None)]
    grouped = by_database([*unknown, automated(hours=2)], "lifeboat")
    assert of_database(database(), grouped) == [automated(hours=2)]
    assert list(grouped) == [("instance", "db-ORDERS")]


def test_the_newest_manual_snapshot_is_one_that_somebody_else_made() -> None:
    points = [automated(hours=1), copied(hours=2), automated(hours=3, origin="manual", name="before-upgrade")]
    (copy,) = publish(points=points, wish=replace(WISH, source="manual")).copies
    assert copy.source_arn == points[2].arn


def test_what_aws_backup_made_is_copied_and_nothing_else() -> None:
    points = [automated(hours=1), automated(hours=3, origin="awsbackup", name="awsbackup:job-1")]
    assert [copy.source_arn for copy in publish(points=points, wish=replace(WISH, source="awsbackup")).copies] == [
        points[1].arn
    ]


@pytest.mark.parametrize("source", ["automated", "manual", "awsbackup"])
def test_a_database_without_a_snapshot_is_a_problem_with_a_remedy(source: Any) -> None:
    problem = publish(wish=replace(WISH, source=source)).problem
    assert problem is not None
    assert f"no finished {source} snapshot yet. " in problem


def test_a_snapshot_is_taken_now_under_the_name_of_now() -> None:
    (copy,) = publish(wish=NOW_TAKEN).copies
    assert copy.is_taken
    assert copy.source_arn == database().id.arn
    assert parse(copy.name, "lifeboat", SOURCE) == lineage_of(database().id, NOW)


@pytest.mark.parametrize(("hours", "is_new"), [(1, False), (23, False), (24, True), (30, True)])
def test_a_snapshot_is_taken_at_most_every_interval(hours: float, is_new: bool) -> None:
    (copy,) = publish(points=[copied(hours=hours)], wish=NOW_TAKEN).copies
    assert (copy.name != copied(hours=hours).name) == is_new


def test_a_snapshot_that_is_taken_for_a_time_has_the_same_name_again_and_no_younger_one_will_do() -> None:
    options = replace(OPTIONS, snapshot_time=hours_ago(2))
    for points in ([], [copied(hours=1)], [copied(hours=3)]):
        (copy,) = publish(points=points, wish=NOW_TAKEN, options=options).copies
        assert parse(copy.name, "lifeboat", SOURCE) == lineage_of(database().id, hours_ago(2))


def test_a_snapshot_that_failed_does_not_count_toward_the_interval() -> None:
    (copy,) = publish(points=[copied(hours=1, status="failed")], wish=NOW_TAKEN).copies
    assert parse(copy.name, "lifeboat", SOURCE) == lineage_of(database().id, NOW)


ON_REQUEST = [copied(hours=30), copied(hours=80)]


@pytest.mark.parametrize("status", ["stopped", "stopping", "deleting", "failed", "storage-full"])
def test_the_newest_snapshot_of_a_database_that_cannot_be_backed_up_is_offered(status: str) -> None:
    found = publish(database(status=status), ON_REQUEST, NOW_TAKEN)
    assert [copy.name for copy in found.copies] == [copied(hours=30).name]
    is_lost = status in ("failed", "storage-full")
    assert (found.problem is not None) == is_lost, "somebody stopped or deletes the others, but these broke"


@pytest.mark.parametrize("status", ["starting", "backing-up", "modifying"])
def test_what_will_be_available_again_is_waited_for(status: str) -> None:
    (copy,) = publish(database(status=status), ON_REQUEST, NOW_TAKEN).copies
    assert parse(copy.name, "lifeboat", SOURCE) == lineage_of(database().id, NOW)


def test_what_broke_within_the_interval_lacks_nothing_yet() -> None:
    found = publish(database(status="failed"), [copied(hours=1)], NOW_TAKEN)
    assert ([copy.name for copy in found.copies], found.problem) == ([copied(hours=1).name], None)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("stopped", "Start it."),
        ("inaccessible-encryption-credentials-recoverable", "Enable its KMS key and start it."),
        ("inaccessible-encryption-credentials", "Restore it from one of its recovery points."),
        ("failed", "Look at its events in RDS."),
    ],
)
@pytest.mark.parametrize("moment", [None, hours_ago(2)], ids=["by interval", "for a time"])
def test_where_none_was_taken_and_none_can_be_is_a_problem_with_a_remedy(status: str, remedy: str, moment: Any) -> None:
    options = replace(OPTIONS, snapshot_time=moment)
    points = ON_REQUEST if moment else []
    found = publish(database(status=status), points, NOW_TAKEN, options)
    says = f"orders is {status}, and RDS takes snapshots only of available databases. {remedy}"
    assert (found.copies, found.problem) == ((), says)


# -- how it gets there ------------------------------------------------------------------------------------------------


def test_a_copy_carries_its_lineage_and_the_callers_tags() -> None:
    (copy,) = publish(points=[automated(hours=1)]).copies
    assert copy.tags[MANAGED_BY] == "lifeboat"
    assert copy.tags[DATABASE] == database().id.arn
    assert copy.tags[ORIGINAL_TIME] == "2026-11-23T13:00:00Z"
    assert copy.tags["team"] == "shop"
    assert STAGE not in copy.tags


def test_a_caller_cannot_overwrite_the_ownership_tag() -> None:
    (copy,) = publish(points=[automated()], options=replace(OPTIONS, tags={MANAGED_BY: "mine"})).copies
    assert copy.tags[MANAGED_BY] == "lifeboat"


def test_a_second_plan_names_the_same_copy() -> None:
    assert publish(points=[automated(hours=1)]) == publish(points=[automated(hours=1)])


@pytest.mark.parametrize(
    ("facts", "aws_managed", "wanted"),
    [
        pytest.param({}, False, None, id="unencrypted stays so"),
        pytest.param(AWS_KEY, False, None, id="a customer key stays"),
        pytest.param(AWS_KEY, True, OWN_KEY, id="aws/rds is replaced"),
        pytest.param({"encrypted": True}, False, OWN_KEY, id="a key that AWS owns is replaced"),
    ],
)
def test_publishing_takes_one_copy_under_the_right_key(
    facts: dict[str, Any], aws_managed: bool, wanted: str | None
) -> None:
    (copy,) = publish(points=[automated(**facts)], aws_managed=aws_managed).copies
    assert copy.kms_key_id == wanted


@pytest.mark.parametrize(("facts", "wanted"), [({}, None), (AWS_KEY, OWN_KEY)])
def test_publishing_in_another_region_is_one_copy_there_under_a_key_of_it(
    facts: dict[str, Any], wanted: str | None
) -> None:
    (copy,) = publish(points=[automated(**facts)], options=ABROAD).copies
    assert (copy.region, copy.kms_key_id) == (EAST, wanted)


def test_a_snapshot_taken_under_a_customer_key_is_offered_as_it_is() -> None:
    one = database(encrypted=True, kms_key_id=SOURCE_KEY)
    (copy,) = publish(one, wish=NOW_TAKEN).copies
    assert (copy.is_taken, copy.kms_key_id, STAGE in copy.tags) == (True, None, False)


def test_a_snapshot_taken_under_a_key_of_aws_is_an_intermediate_of_its_copy() -> None:
    one = database(encrypted=True, kms_key_id=SOURCE_KEY)
    taken, copy = publish(one, wish=NOW_TAKEN, aws_managed=True).copies
    assert (taken.is_taken, STAGE in taken.tags) == (True, True)
    assert taken.name != copy.name, "both are in one place"
    assert parse(taken.name, "lifeboat", SOURCE) == parse(copy.name, "lifeboat", SOURCE)
    assert (copy.source_arn, copy.kms_key_id, STAGE in copy.tags) == (taken.arn, OWN_KEY, False)


# -- Multi-AZ DB clusters ---------------------------------------------------------------------------------------------


def test_a_multi_az_cluster_is_published_through_a_stand_in() -> None:
    found = publish(MULTI_AZ, [sales()])
    (copy,) = found.copies
    assert found.stand_in is not None
    assert found.stand_in.recovery_point == sales().arn
    assert (copy.kind, copy.is_taken) == ("instance", True)
    assert copy.source_arn == f"arn:aws:rds:{WEST}:{SOURCE}:db:{found.stand_in.name}"
    lineage = parse(found.stand_in.name, "lifeboat", SOURCE)
    assert lineage == parse(copy.name, "lifeboat", SOURCE), "its name proves the lineage"


def test_a_stand_in_under_aws_rds_leaves_an_intermediate_that_is_copied() -> None:
    found = publish(MULTI_AZ, [sales(**AWS_KEY)], aws_managed=True)
    taken, copy = found.copies
    assert (taken.is_taken, STAGE in taken.tags, copy.source_arn) == (True, True, taken.arn)


def test_a_snapshot_of_a_multi_az_cluster_that_is_taken_now_has_a_stand_in_too() -> None:
    found = publish(MULTI_AZ, wish=NOW_TAKEN)
    first, second = found.copies
    assert found.stand_in is not None
    assert (first.kind, second.kind) == ("cluster", "instance")
    assert found.stand_in.recovery_point == first.arn


def test_a_multi_az_cluster_needs_a_place_for_its_stand_in() -> None:
    found = publish(MULTI_AZ, [sales()], options=replace(OPTIONS, stand_in=None))
    assert "Set stand_in with a private subnet group" in str(found.problem)


# -- what is refused --------------------------------------------------------------------------------------------------


def problem(one: Database | None = None, point: RecoveryPoint | None = None, **more: Any) -> str:
    return str(publish(one, [point or automated(**AWS_KEY)], **more).problem)


def test_what_is_under_a_key_of_aws_needs_one_to_go_under() -> None:
    assert "no other account can use" in problem(aws_managed=True, wish=replace(WISH, kms_key_id=None))


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion"])
def test_a_key_that_is_out_of_use_spoils_every_route(state: str) -> None:
    begun = begin(database(), [automated(**AWS_KEY)], WISH, OPTIONS, NOW)
    found = complete(begun, ({SOURCE_KEY: key(SOURCE_KEY, state=state)}, {}), {}, ({}, {}), OPTIONS)
    assert state in str(found.problem)


def test_a_key_that_cannot_be_read_spoils_every_route() -> None:
    begun = begin(database(), [automated(**AWS_KEY)], WISH, OPTIONS, NOW)
    found = complete(begun, ({}, {SOURCE_KEY: "not you (AccessDenied)"}), {}, ({}, {}), OPTIONS)
    assert f"its key {SOURCE_KEY} cannot be read: not you (AccessDenied). Allow kms:DescribeKey" in str(found.problem)


ORACLE = {"engine": "oracle-ee", "option_group": "secure"}
TDE = {"secure": OptionGroup("secure", "oracle-ee", frozenset({"TDE"}))}
THERE = {"over-there": OptionGroup("over-there", "oracle-ee", frozenset({"TDE"}))}
STAYS = replace(ABROAD, is_shared=False)


def test_tde_cannot_leave_the_account() -> None:
    assert "TDE" in problem(database(engine="oracle-ee"), automated(**ORACLE), groups=(TDE, {}))


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [(None, "depend on the option TDE"), ("unknown", "has no option group unknown"), ("over-there", "None")],
)
def test_another_region_needs_an_option_group_with_what_the_data_depend_on(wanted: str | None, reason: str) -> None:
    wish = replace(WISH, option_group=wanted)
    assert reason in problem(
        database(engine="oracle-ee"), automated(**ORACLE), wish=wish, options=STAYS, groups=(TDE, THERE)
    )


def test_a_copy_into_another_region_names_its_option_group() -> None:
    wish = replace(WISH, option_group="over-there")
    one = database(engine="oracle-ee")
    (copy,) = publish(one, [automated(**ORACLE)], wish, STAYS, groups=(TDE, THERE)).copies
    assert copy.option_group == "over-there"
