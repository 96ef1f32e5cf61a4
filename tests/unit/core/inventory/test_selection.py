# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.selection import (
    Selection,
    databases_among,
    points_among,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import ORIGIN, PURPOSE
from tests.builders import SOURCE, automated, database

SHOP = [
    database("orders", tags={"app": "shop"}),
    database("billing", tags={"app": "shop", "tier": "gold"}),
    database("events", "cluster"),
    replace(database("events-1"), cluster="events"),
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param({}, ["billing", "events", "orders"], id="all, without members of clusters"),
        pytest.param({"identifiers": ("orders",)}, ["orders"], id="by identifier"),
        pytest.param({"identifiers": ("ORDERS",)}, ["orders"], id="identifiers have no case"),
        pytest.param({"identifiers": ("*r*",)}, ["orders"], id="by pattern"),
        pytest.param({"tags": {"app": "shop"}}, ["billing", "orders"], id="by tag"),
        pytest.param({"tags": {"app": "shop", "tier": "gold"}}, ["billing"], id="every tag must match"),
        pytest.param({"engines": ("aurora-postgresql",)}, ["events"], id="by engine"),
        pytest.param({"kinds": ("instance",)}, ["billing", "orders"], id="by kind"),
    ],
)
def test_a_selection_means_what_all_its_parts_mean(wanted: dict[str, Any], found: list[str]) -> None:
    assert [one.id.identifier for one in databases_among(SHOP, Selection(**wanted), "here")] == found


@pytest.mark.parametrize(
    ("purpose", "found"),
    [("drill", []), ("stand_in", []), ("whatever is to come", []), ("recovery", ["restored"])],
)
def test_only_restored_databases_that_are_to_stay_count_as_databases(purpose: str, found: list[str]) -> None:
    """A recovered database serves production, so protect must include it.

    The same holds for one that a failback restored.
    """
    one = database("restored", tags={PURPOSE: purpose})
    assert [each.id.identifier for each in databases_among([one], Selection(), "here")] == found


@pytest.mark.parametrize("name", ["odrers", "shop-*", "events-1"])
def test_an_identifier_that_matches_nothing_is_an_error_that_names_what_there_is(name: str) -> None:
    with pytest.raises(LifeboatError, match="billing, events, orders"):
        databases_among(SHOP, Selection(identifiers=("orders", name)), "account 1")


def test_a_recovery_point_is_selected_by_its_database_also_when_a_stand_in_was_snapshotted() -> None:
    tags = {ORIGIN: SOURCE, "lifeboat:database": "arn:aws:rds:us-west-2:111111111111:cluster:sales"}
    point = automated("lifeboat-standin-sales-20261123130000-5f0c2a9b7d31", tags=tags)
    assert points_among([point], Selection(identifiers=("sales",)), "here") == [point]


@pytest.mark.parametrize(("kind", "number"), [("cluster", 1), ("instance", 0)])
def test_a_snapshot_of_a_stand_in_has_the_kind_of_its_cluster(kind: str, number: int) -> None:
    tags = {ORIGIN: SOURCE, "lifeboat:database": "arn:aws:rds:us-west-2:111111111111:cluster:sales"}
    point = automated("lifeboat-standin-sales-20261123130000-5f0c2a9b7d31", tags=tags)
    assert len(points_among([point], Selection(kinds=(kind,)), "here")) == number
