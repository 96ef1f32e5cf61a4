# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.quota import Quota
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.room import without_room
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target import RestoreOptions, Target
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target_plan import plan_target
from tests.builders import DR_KEY, NOW, database, landed, of_cluster

RESTORE = RestoreOptions("lifeboat", "d1", "private", ("sg-1",), "db.t4g.medium", DR_KEY, NOW)


def planned(point: RecoveryPoint) -> Target:
    return plan_target(lineage_of(database().id, NOW), point, RESTORE)


def targets(instances: int, clusters: int) -> list[Target]:
    points = [landed(size_gib=100)] * instances + [of_cluster(landed(size_gib=100))] * clusters
    return [planned(point) for point in points]


@pytest.mark.parametrize(
    ("name", "free", "enough"),
    [
        pytest.param("DBInstances", 3, True, id="a cluster needs an instance as well"),
        pytest.param("DBInstances", 2, False, id="too few instances"),
        pytest.param("DBClusters", 1, True, id="enough clusters"),
        pytest.param("DBClusters", 0, False, id="too few clusters"),
        pytest.param("AllocatedStorage", 200, True, id="the storage of Aurora does not count"),
        pytest.param("AllocatedStorage", 199, False, id="too little storage"),
    ],
)
def test_the_last_restore_needs_room_as_well(name: str, free: int, enough: bool) -> None:
    found = without_room(targets(2, 1), {name: Quota(40 - free, 40) if free <= 40 else Quota(0, free)})
    assert (found == []) is enough


def test_as_many_fit_as_there_is_room_for_and_the_others_are_told_what_to_do() -> None:
    every = targets(3, 0)
    refused = without_room(every, {"DBInstances": Quota(38, 40)})
    assert refused == [
        (
            every[2],
            "the account has 38 of 40 DB instances, databases before it take 2, and it needs 1 more. Restore fewer"
            " databases at a time, delete what is not needed, or ask AWS to raise L-7B6409FD to 41.",
        )
    ]


def test_a_smaller_one_takes_the_room_that_a_larger_one_could_not() -> None:
    small, large, last = (planned(landed(size_gib=size)) for size in (10, 90, 20))
    quotas = {"AllocatedStorage": Quota(0, 50)}
    assert [one for one, _why in without_room([small, large, last], quotas)] == [large]


def test_what_needs_nothing_of_a_quota_is_not_refused_for_it() -> None:
    assert without_room(targets(1, 0), {"DBClusters": Quota(41, 40)}) == []


def test_what_aws_does_not_tell_stops_no_restore() -> None:
    assert without_room(targets(2, 1), {}) == []


@given(st.lists(st.integers(1, 50), max_size=8), st.integers(0, 10), st.integers(0, 200))
def test_what_is_restored_fits_and_what_is_not_would_not(sizes: list[int], instances: int, storage: int) -> None:
    every = [planned(landed(size_gib=size)) for size in sizes]
    quotas = {"DBInstances": Quota(0, instances), "AllocatedStorage": Quota(0, storage)}
    refused = [id(one) for one, _why in without_room(every, quotas)]
    fit = [one for one in every if id(one) not in refused]
    room = instances - len(fit), storage - sum(one.original.size_gib for one in fit)
    assert min(room) >= 0
    assert all(room[0] < 1 or room[1] < one.original.size_gib for one in every if id(one) in refused)
