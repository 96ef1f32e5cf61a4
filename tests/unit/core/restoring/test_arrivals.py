# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what landed at the source site is restored there, under the name that it was planned to get."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.arrivals import (
    arrivals,
    new_id,
    offered_to,
    renamed,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.failback import read_id

LEGS = [{"database": "orders-dr", "target": "orders"}, {"database": "billing-dr", "target": "billing"}]
OFFERED = [
    {"points": [{"name": "point-1", "identifier": "orders-dr"}, {"name": "point-2", "identifier": "billing-dr"}]}
]


def owned(*names: str) -> list[dict[str, Any]]:
    return [{"points": [{"name": name} for name in names]}]


@pytest.mark.parametrize(
    ("here", "landed", "waiting"),
    [
        (owned("point-1", "point-2"), ["orders-dr", "billing-dr"], []),
        (owned("point-2"), ["billing-dr"], ["orders-dr"]),
        (owned("of-an-earlier-failback"), [], ["orders-dr", "billing-dr"]),
        ([], [], ["orders-dr", "billing-dr"]),
    ],
    ids=["all", "one", "an earlier one", "replicate did not run"],
)
def test_what_is_owned_here_has_landed(here: Any, landed: list[str], waiting: list[str]) -> None:
    found = arrivals(LEGS, OFFERED, here)
    assert {part: [leg["database"] for leg in legs] for part, legs in found.items()} == {
        "landed": landed,
        "waiting": waiting,
    }


def test_what_was_not_offered_has_not_landed_whatever_is_owned() -> None:
    assert arrivals(LEGS, [], owned("point-1"))["landed"] == []


def test_a_failback_begins_when_the_last_applications_had_been_stopped() -> None:
    stopped = {"one": {"now": "2026-11-23T14:05:00Z"}, "two": {"now": "2026-11-23T14:07:09Z"}, "dark": {}}
    assert new_id(stopped) == "20261123t140709"
    assert read_id(new_id(stopped)) == "2026-11-23T14:07:09Z"


def test_a_site_gets_only_what_was_published_for_it() -> None:
    published = {"dr": {"home": OFFERED[0], "other": {"points": []}}, "second": {"other": {"points": []}}}
    assert offered_to("home", published) == OFFERED


def test_each_database_gets_the_name_that_was_planned() -> None:
    assert renamed(LEGS) == [
        {"databases": "orders-dr", "restore_as": "orders"},
        {"databases": "billing-dr", "restore_as": "billing"},
    ]
