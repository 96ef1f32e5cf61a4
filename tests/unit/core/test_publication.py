# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import DATABASE, MANAGED_BY, ORIGINAL_TIME
from ansible_collections.lifeboat.rds.plugins.module_utils._core.publication import (
    PublishOptions,
    newest_automated,
    plan_publication,
)
from tests.builders import automated, copied, database

OPTIONS = PublishOptions("lifeboat", None, {"team": "shop"})


def test_the_newest_finished_automated_snapshot_is_published() -> None:
    points = [automated(hours=3), automated(hours=2), automated(hours=1, status="creating"), copied(hours=0.5)]
    assert newest_automated(database(), points) == points[1]


def test_a_snapshot_of_an_earlier_database_of_that_name_is_not_published() -> None:
    assert newest_automated(database(resource_id="db-NEW"), [automated()]) is None


def test_a_snapshot_without_a_time_is_not_finished() -> None:
    assert newest_automated(database(), [automated(created=None)]) is None


def test_a_database_without_a_snapshot_is_a_problem_with_a_remedy() -> None:
    problem = plan_publication(database(), None, {}, OPTIONS).problem
    assert problem is not None
    assert "Wait for its first backup" in problem


def test_a_copy_carries_its_lineage_and_the_callers_tags() -> None:
    copy = plan_publication(database(), automated(hours=1), {}, OPTIONS).copy
    assert copy is not None
    assert copy.tags[MANAGED_BY] == "lifeboat"
    assert copy.tags[DATABASE] == database().id.arn
    assert copy.tags[ORIGINAL_TIME] == "2026-11-23T13:00:00Z"
    assert copy.tags["team"] == "shop"


def test_a_caller_cannot_overwrite_the_ownership_tag() -> None:
    options = PublishOptions("lifeboat", None, {MANAGED_BY: "mine"})
    copy = plan_publication(database(), automated(), {}, options).copy
    assert copy is not None
    assert copy.tags[MANAGED_BY] == "lifeboat"


def test_a_second_plan_names_the_same_copy() -> None:
    first = plan_publication(database(), automated(hours=1), {}, OPTIONS).copy
    second = plan_publication(database(), automated(hours=1), {}, OPTIONS).copy
    assert first == second
