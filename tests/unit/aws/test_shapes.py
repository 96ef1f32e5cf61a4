# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of every recorded shape pass through all decisions: without an exception, and without a wrong one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._aws import rows
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.rows import CLUSTER, INSTANCE
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.newest import by_database, of_database
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.publish import (
    PublishOptions,
    PublishWish,
    begin,
    complete,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.replicate import (
    Offer,
    ReplicateOptions,
    ReplicateWish,
    plan_copies,
    read_offer,
    why_not_landed,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.routes import Place
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.floor import NO_FLOOR
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.policy import Policy
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.retention import Retention, judge, ours
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import Database, RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of, name_for
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target import RestoreOptions
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target_plan import plan_target
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.coverage import View, cover
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.standing import describe
from tests.builders import DR, DR_KEY, EAST, NOW, SOURCE, WEST, database, landed
from tests.builders import key as kms_key
from tests.unit.aws.shapes import (
    CLUSTER_SNAPSHOTS,
    DB_CLUSTERS,
    DB_INSTANCES,
    DB_SNAPSHOTS,
    KEY,
    LOST,
    OF_OTHERS,
    TAKEN,
)

COMPLETE = [
    pytest.param(rows.recovery_point(row, spelling), id=f"{spelling.kind}: {name}")
    for spelling, shapes in ((INSTANCE, DB_SNAPSHOTS), (CLUSTER, CLUSTER_SNAPSHOTS))
    for name, row in shapes.items()
    if row[f"{spelling.snapshot}Identifier"] not in LOST | OF_OTHERS
]
ORIGINALS = {
    "instance": database(resource_id="db-ORDERS"),
    "cluster": database("events", "cluster", resource_id="cluster-EVENTS"),
}
HOME = Place(SOURCE, WEST)
PUBLISH = PublishOptions("lifeboat", HOME, WEST, is_shared=True, tags={})
REPLICATE = ReplicateOptions("lifeboat", frozenset({SOURCE}), Place(DR, EAST))
RESTORE = RestoreOptions("lifeboat", "d1", "private", ("sg-1",), None, DR_KEY, NOW)


def shared(point: RecoveryPoint) -> RecoveryPoint:
    """Show a snapshot as the DR account sees what the source published of it."""
    name = name_for("lifeboat", point.identifier, lineage_of(ORIGINALS[point.kind].id, TAKEN))
    arn = point.arn.replace(point.name, name)
    return replace(point, name=name, arn=arn, origin="manual", region=WEST, tags={})


def is_known(point: RecoveryPoint) -> bool:
    """Tell whether it can be newest, and whether it is under a known key."""
    return point.known_time is not None and not (point.encrypted and point.kms_key_id is None)


# -- conversion -------------------------------------------------------------------------------------------------------


def test_each_row_costs_at_most_itself(aws: Any) -> None:
    site, _wire = aws(
        WEST,
        DescribeDBSnapshots={"DBSnapshots": list(DB_SNAPSHOTS.values())},
        DescribeDBClusterSnapshots={"DBClusterSnapshots": list(CLUSTER_SNAPSHOTS.values())},
    )
    found = {(one.kind, one.name) for one in site.recovery_points()}
    assert found == {(one.values[0].kind, one.values[0].name) for one in COMPLETE}
    assert sorted(said.split(" of ")[1].split(" ")[0] for said in site.left_out) == sorted(LOST)


def test_each_database_costs_at_most_itself(aws: Any) -> None:
    site, _wire = aws(
        WEST,
        DescribeDBInstances={"DBInstances": list(DB_INSTANCES.values())},
        DescribeDBClusters={"DBClusters": list(DB_CLUSTERS.values())},
    )
    assert [(one.id.identifier, one.status) for one in site.databases()] == [
        ("orders", "creating"),
        ("orders", "available"),
        ("events", "available"),
    ]
    assert len(site.left_out) == 4


# -- the source site --------------------------------------------------------------------------------------------------


def covered(point: RecoveryPoint, original: Database) -> dict[str, Any]:
    (one,) = cover([original], [point], View(SOURCE, "lifeboat"))
    return describe(one, View(SOURCE, "lifeboat"), 10**6, NOW)


@pytest.mark.parametrize("point", COMPLETE)
def test_a_database_is_covered_only_by_what_is_known_to_be_its_own(point: RecoveryPoint) -> None:
    original = ORIGINALS[point.kind]
    counts = point.is_available and point.resource_id == original.id.resource_id
    assert covered(point, original)["protected"] is counts


@pytest.mark.parametrize("source", ["automated", "manual"])
@pytest.mark.parametrize("point", COMPLETE)
def test_what_is_published_is_finished_and_known_to_be_of_that_database(point: RecoveryPoint, source: Any) -> None:
    original = ORIGINALS[point.kind]
    wish = PublishWish(source, timedelta(days=1), "alias/lifeboat")
    begun = begin(original, of_database(original, by_database([point], "lifeboat")), wish, PUBLISH, NOW)
    keys = {KEY: kms_key(KEY)}, {}
    done = complete(begun, keys, {"alias/lifeboat": KEY}, ({}, {}), PUBLISH)
    is_its_own = point.resource_id == original.id.resource_id
    assert bool(done.offered) == (point.is_available and is_its_own and point.origin == source)
    assert done.offered is None or done.offered.source_arn == point.arn


# -- the DR site ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", COMPLETE)
def test_what_a_source_shares_is_copied_whatever_aws_leaves_out(point: RecoveryPoint) -> None:
    found = read_offer(shared(point), REPLICATE, {})
    assert isinstance(found, Offer) == (point.known_time is not None)
    if isinstance(found, Offer):
        (copy,) = plan_copies(found, ReplicateWish(DR_KEY), REPLICATE)
        assert bool(copy.kms_key_id) == (point.encrypted or point.kind == "instance")


@pytest.mark.parametrize("point", COMPLETE)
def test_a_copy_that_shows_less_than_its_source_lands_unless_its_key_is_not_known(point: RecoveryPoint) -> None:
    told = shared(replace(point, created=TAKEN, size_gib=20, resource_id=ORIGINALS[point.kind].id.resource_id))
    offer = read_offer(told, REPLICATE, {})
    assert isinstance(offer, Offer)
    (copy,) = plan_copies(offer, ReplicateWish(DR_KEY), REPLICATE)
    under = {"kms_key_id": copy.kms_key_id, "encrypted": copy.kms_key_id is not None}
    row = replace(point, name=copy.name, arn=copy.arn, account=DR, region=EAST, tags=copy.tags, **under)
    assert why_not_landed(copy, row) is None
    assert why_not_landed(copy, replace(row, size_gib=None, resource_id=None)) is None
    unknown = why_not_landed(copy, replace(row, encrypted=True, kms_key_id=None))
    assert "does not say under which key" in str(unknown)


def as_landed(point: RecoveryPoint) -> RecoveryPoint:
    """Show a snapshot as the DR site's own copy, of an hour ago by its name and by what AWS shows of its times."""
    model = landed()
    times = {"created": point.created and model.created, "original": point.original and model.original}
    names = {"name": model.name, "arn": model.arn, "source_arn": model.source_arn, "tags": model.tags}
    return replace(point, account=DR, region=EAST, **names, **times)


@pytest.mark.parametrize("point", COMPLETE)
def test_nothing_goes_that_is_not_known_well_enough_and_nothing_goes_for_it(point: RecoveryPoint) -> None:
    older, oldest = landed(hours=5), landed(hours=9)
    one = replace(as_landed(point), kms_key_id=DR_KEY if point.kms_key_id else None)
    retention = Retention("lifeboat", DR, NOW, lambda _point: Policy(keep=1), floor_of=lambda _point: NO_FLOOR)
    kept = {ruling.point.arn: ruling.keep for ruling in judge([one, older, oldest], retention)}
    is_newest = one.is_available and is_known(one)
    assert kept == {one.arn: not one.is_bad or one.status == "deleted", older.arn: not is_newest, oldest.arn: False}


@pytest.mark.parametrize("point", COMPLETE)
def test_each_finished_one_can_be_restored_and_no_unknown_value_is_sent(point: RecoveryPoint) -> None:
    one = replace(as_landed(point), kms_key_id=None)
    ((lineage, _point),) = ours([one], "lifeboat")
    target = plan_target(lineage, one, RESTORE)
    assert all(None not in call["parameters"].values() for call in rows.restore_calls(target))
