# SPDX-License-Identifier: GPL-3.0-or-later
"""A restored database is configured like the original, as far as its recovery point tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import Configuration, RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import parse
from ansible_collections.lifeboat.rds.plugins.module_utils._core.recipe import RECIPE, as_tag
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target import RestoreOptions, Target
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target_plan import plan_target
from tests.builders import NOW, SOURCE, landed, of_cluster

LARGE = Configuration("db.r6g.large", "gp3", 12000, 500, None, None, "lifeboat-postgres16-0123456789ab")


def told(configuration: Configuration, **more: Any) -> RecoveryPoint:
    return landed(tags={RECIPE: as_tag(configuration)}, **more)


def target(point: RecoveryPoint, **options: Any) -> Target:
    lineage = parse(point.name, "lifeboat", SOURCE)
    assert lineage
    usual: dict[str, Any] = {"instance_class": None, "kms_key_id": None, "expires": NOW, **options}
    return plan_target(lineage, point, RestoreOptions("lifeboat", "d1", "private", ("sg-1",), **usual))


def test_it_gets_the_class_the_parameters_and_the_storage_that_are_told() -> None:
    made = target(told(LARGE, size_gib=400))
    assert (made.setup.instance_class, made.setup.parameter_group) == (LARGE.instance_class, LARGE.parameter_group)
    assert (made.setup.storage_type, made.setup.iops, made.setup.throughput, made.unlike) == ("gp3", 12000, 500, [])


def test_small_gp3_storage_gets_neither_iops_nor_throughput() -> None:
    made = target(told(LARGE, size_gib=399))
    assert (made.setup.storage_type, made.setup.iops, made.setup.throughput) == ("gp3", None, None)
    io2 = target(told(replace(LARGE, storage_type="io2"), size_gib=100))
    assert io2.setup.iops == 12000


def test_what_the_drill_wants_otherwise_is_said() -> None:
    made = target(told(LARGE), instance_class="db.t4g.medium", parameter_group="mine")
    assert made.unlike == [
        "class: db.t4g.medium instead of db.r6g.large",
        "DB parameter group: mine instead of lifeboat-postgres16-0123456789ab",
    ]


def test_a_recovery_point_that_tells_nothing_proves_no_configuration() -> None:
    made = target(landed())
    assert (made.setup.instance_class, made.setup.parameter_group) == ("db.t4g.medium", None)
    assert made.unlike == ["parameters, options, class and storage: the recovery point does not contain the original's"]


def test_a_cluster_gets_its_own_parameters_and_its_capacity() -> None:
    point = of_cluster(told(Configuration("db.serverless", serverless="0.5-8.0", cluster_parameter_group="c")))
    made = target(point)
    assert (made.setup.instance_class, made.setup.serverless) == ("db.serverless", {"min": 0.5, "max": 8.0})
    assert (made.setup.cluster_parameter_group, made.unlike) == ("c", [])


@pytest.mark.parametrize("text", ["", "many", "1-"])
def test_a_capacity_that_cannot_be_read_counts_as_missing(text: str) -> None:
    made = target(of_cluster(told(Configuration("db.serverless", serverless=text or None))))
    assert made.setup.serverless is None


def test_a_stand_in_is_not_configured_like_its_cluster() -> None:
    point = told(LARGE)
    cluster = point.tags["lifeboat:database"].replace(":db:", ":cluster:")
    made = target(replace(point, tags={**point.tags, "lifeboat:database": cluster}))
    assert made.unlike
