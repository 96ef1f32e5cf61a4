# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.quota import Quota
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import Lineage
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.room import lacking
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target import RestoreOptions, Target
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target_plan import plan_target
from tests.builders import DR_KEY, NOW, landed, of_cluster

RESTORE = RestoreOptions("lifeboat", "d1", "private", ("sg-1",), "db.t4g.medium", DR_KEY, NOW)


def targets(instances: int, clusters: int) -> list[Target]:
    points = [landed(size_gib=100)] * instances + [of_cluster(landed(size_gib=100))] * clusters
    return [plan_target(Lineage("5f0c2a9b7d31", NOW), point, RESTORE) for point in points]


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
def test_restores_need_room_for_all_of_them(name: str, free: int, enough: bool) -> None:
    found = lacking(targets(2, 1), {name: Quota(40 - free, 40) if free <= 40 else Quota(0, free)})
    assert (found == []) is enough


def test_what_is_lacking_says_what_to_do() -> None:
    (found,) = lacking(targets(2, 1), {"DBInstances": Quota(38, 40)})
    assert found == (
        "the account has 38 of 40 DB instances, and 3 more are wanted. Drill fewer databases at a time,"
        " delete what is not needed, or ask AWS to raise L-7B6409FD to 41."
    )


def test_what_aws_does_not_tell_stops_no_restore() -> None:
    assert lacking(targets(2, 1), {}) == []
