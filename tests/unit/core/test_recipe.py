# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import Configuration
from ansible_collections.lifeboat.rds.plugins.module_utils._core.recipe import (
    RECIPE,
    ParameterGroup,
    Recipe,
    as_tag,
    configuration_of,
    configuration_of_database,
    custom_groups,
    group_name,
    is_group_name,
    read_recipe,
    unused_groups,
    with_groups,
)
from tests.builders import database, landed

TUNED = ParameterGroup("instance", "postgres16", {"work_mem": "65536", "log_statement": "ddl"})
CLUSTER = ParameterGroup("cluster", "aurora-postgresql16", {"rds.force_ssl": "1"})
WHOLE = Configuration("db.r6g.large", "gp3", 12000, 500, "0.5-8.0", "audit", "tuned", "cluster-tuned", True)
words = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-", min_size=1, max_size=30)
configurations = st.builds(
    Configuration,
    *[st.none() | words] * 2,
    *[st.none() | st.integers(0, 10**6)] * 2,
    *[st.none() | words] * 4,
    st.sampled_from([None, True]),
)


@given(configurations)
def test_the_tag_of_a_recovery_point_says_all_of_its_configuration(configuration: Configuration) -> None:
    point = landed(tags={RECIPE: as_tag(configuration)})
    assert configuration_of(point) == (configuration if configuration != Configuration() else None)


@given(configurations, st.sampled_from([[], [TUNED], [TUNED, CLUSTER]]))
def test_a_recipe_travels_in_the_manifest(configuration: Configuration, groups: list[ParameterGroup]) -> None:
    nameless = replace(configuration, parameter_group=None, cluster_parameter_group=None)
    recipe = Recipe(nameless, tuple(groups))
    assert read_recipe(recipe.as_document()) == recipe


def test_the_names_of_parameter_groups_stay_at_home() -> None:
    assert "tuned" not in str(Recipe(WHOLE, ()).as_document())


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"parameter_groups": None},
        {"parameter_groups": [{"kind": "table", "family": "x", "parameters": {}}]},
        {"parameter_groups": [{"kind": "cluster", "family": "x", "parameters": ["a"]}]},
        {"parameter_groups": [], "iops": "many"},
        {"parameter_groups": [], "iops": float("inf")},
        {"parameter_groups": [], "iops": float("nan")},
        {"parameter_groups": [], "iops": 1.5},
        {"parameter_groups": [], "iops": True},
        {"parameter_groups": [], "iops": -1},
        {"parameter_groups": [], "throughput": 10**400},
        {"parameter_groups": [], "throughput": "\u0661\u0662"},
        {"parameter_groups": [], "storage_type": ["gp3"]},
        {"parameter_groups": [{"kind": "cluster", "family": ["x"], "parameters": {}}]},
        {"parameter_groups": [{"kind": "cluster", "family": "x", "parameters": {"a": 1}}]},
        {"parameter_groups": [{"kind": "cluster", "family": "x", "parameters": {}}] * 2},
    ],
)
def test_a_document_that_is_not_a_recipe_is_refused(document: Any) -> None:
    with pytest.raises(ValueError):
        read_recipe(document)


@pytest.mark.parametrize("value", ["", "iops=many", "anything else", "class="])
def test_a_tag_that_somebody_else_wrote_says_nothing(value: str) -> None:
    assert configuration_of(landed(tags={RECIPE: value})) is None


def test_equal_contents_share_a_parameter_group_and_others_have_their_own() -> None:
    name = group_name("lifeboat", TUNED)
    assert name.startswith("lifeboat-postgres16-")
    assert group_name("lifeboat", replace(TUNED, parameters=dict(reversed(TUNED.parameters.items())))) == name
    others = [
        replace(TUNED, family="postgres15"),
        replace(TUNED, kind="cluster"),
        replace(TUNED, parameters={"work_mem": "65536"}),
    ]
    assert len({name, *(group_name("lifeboat", other) for other in others)}) == 4


@pytest.mark.parametrize("prefix", ["lifeboat", "shop-dr"])
def test_only_a_name_that_we_give_is_ours(prefix: str) -> None:
    assert is_group_name(group_name(prefix, TUNED), prefix)
    assert not is_group_name(f"{prefix}-postgres16", prefix)
    assert not is_group_name(f"x{group_name(prefix, TUNED)}", prefix)


def test_the_copy_names_the_groups_of_the_dr_account() -> None:
    told = with_groups(Recipe(WHOLE, (TUNED,)), "lifeboat")
    assert (told.parameter_group, told.cluster_parameter_group) == (group_name("lifeboat", TUNED), None)
    assert len(as_tag(with_groups(Recipe(WHOLE, (TUNED, CLUSTER)), "a-prefix-of-20-chars"))) <= 256


def test_a_cluster_has_the_class_and_the_parameters_of_its_writer() -> None:
    own = Configuration(serverless="0.5-8.0", cluster_parameter_group="c")
    cluster = database("events", "cluster", members=("writer", "reader"), configuration=own)
    writer = database("writer", configuration=Configuration("db.serverless", parameter_group="p"))
    told = configuration_of_database(cluster, {"writer": writer})
    assert told == replace(own, instance_class="db.serverless", parameter_group="p")
    assert configuration_of_database(cluster, {}) == own


def test_nobody_can_change_a_default_group() -> None:
    assert custom_groups(Configuration(parameter_group="default.postgres16")) == []
    assert custom_groups(WHOLE) == [("instance", "tuned"), ("cluster", "cluster-tuned")]


def test_a_group_goes_with_the_last_recovery_point_that_names_it() -> None:
    used, unused = group_name("lifeboat", TUNED), group_name("lifeboat", CLUSTER)
    points = [landed(tags={RECIPE: as_tag(Configuration(parameter_group=used))}), landed("billing")]
    assert unused_groups([used, unused, "default.postgres16", "theirs"], points, "lifeboat") == [unused]
