# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.needs import (
    Available,
    ClassOffer,
    obstacles,
    wanted_class,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target import RestoreOptions, Target
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target_plan import plan_target
from tests.builders import DR_KEY, NOW, database, key, landed, of_cluster

OPTIONS = RestoreOptions("lifeboat", "d1", "private", ("sg-1",), "db.t4g.medium", DR_KEY, NOW)


def target(point: Any = None, **options: Any) -> Target:
    return plan_target(lineage_of(database().id, NOW), point or landed(), replace(OPTIONS, **options))


def available(one: Target, **given: Any) -> Available:
    usual = {"classes": {wanted_class(one): ClassOffer(True, iam=True)}, "keys": {DR_KEY: key(DR_KEY)}}
    return Available(**{**usual, **given})


def test_whatever_the_region_offers_is_not_an_obstacle() -> None:
    assert obstacles(target(), available(target())) == []
    named = target(landed(option_group="o"), parameter_group="p")
    groups = {"option_groups": frozenset("o"), "parameter_groups": frozenset("p")}
    assert obstacles(named, available(named, **groups)) == []


CLASS = wanted_class(target())


@pytest.mark.parametrize(
    ("one", "given", "message"),
    [
        pytest.param(
            target(),
            {"classes": {CLASS: ClassOffer(False)}},
            "us-east-1 does not offer db.t4g.medium with postgres 16.4. Set db_instance_class",
            id="class",
        ),
        pytest.param(
            target(iam=True),
            {"classes": {CLASS: ClassOffer(True)}},
            "does not support IAM database authentication. Do not",
            id="iam",
        ),
        pytest.param(
            target(), {"keys": {DR_KEY: key(DR_KEY, state="PendingDeletion")}}, "is PendingDeletion. Enable", id="key"
        ),
        pytest.param(
            target(),
            {"keys": {}, "refused_keys": {DR_KEY: "denied"}},
            "cannot be read: denied. Allow this",
            id="no key",
        ),
        pytest.param(target(landed(option_group="o")), {}, "has no option group o. Create it", id="option group"),
        pytest.param(target(parameter_group="p"), {}, "has no DB parameter group p. Create it", id="parameter group"),
        pytest.param(
            target(replace(of_cluster(landed()), engine="postgres"), cluster_parameter_group="c"),
            {},
            "has no DB cluster parameter group c. Create it",
            id="cluster parameter group",
        ),
    ],
)
def test_each_obstacle_says_what_to_do(one: Target, given: Any, message: str) -> None:
    (found,) = obstacles(one, available(one, **given))
    assert message in found
