# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.plan import Copy
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.quota import Quota, advice, affordable
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import Origin
from tests.builders import EAST, SOURCE, WEST


def copy(name: str, **more: Any) -> Copy:
    facts = {
        "kind": "instance",
        "identifier": name,
        "origin": Origin(SOURCE, name),
        "name": name,
        "account": SOURCE,
        "region": WEST,
        "source_arn": f"arn:aws:rds:{WEST}:{SOURCE}:snapshot:rds:{name}",
        "size_gib": 1,
        "engine": "postgres",
        "reason": "",
        "resource_id": "db-X",
    }
    return Copy(**{**facts, **more})


def names(copies: list[Copy]) -> list[str]:
    return [one.name for one in copies]


@pytest.mark.parametrize(("used", "fit"), [(0, "abc"), (97, "abc"), (98, "ab"), (100, ""), (104, "")])
def test_as_many_copies_are_made_as_fit_in_their_order(used: int, fit: str) -> None:
    made, left = affordable([copy(name) for name in "abc"], {(WEST, "instance"): Quota(used, 100)})
    assert names(made) == list(fit)
    assert names(made) + names(left) == ["a", "b", "c"]


def test_each_region_and_kind_has_a_quota_of_its_own() -> None:
    copies = [copy("a"), copy("b", kind="cluster"), copy("c", region=EAST)]
    full = {(WEST, "instance"): Quota(100, 100), (WEST, "cluster"): Quota(0, 100), (EAST, "instance"): Quota(0, 100)}
    assert names(affordable(copies, full)[0]) == ["b", "c"]


def test_a_quota_that_is_not_known_stops_nothing() -> None:
    assert names(affordable([copy("a")], {})[0]) == ["a"]


def test_what_would_be_copied_from_something_that_does_not_fit_is_not_made_either() -> None:
    via = copy("via")
    quotas = {(WEST, "instance"): Quota(100, 100), (EAST, "instance"): Quota(0, 100)}
    assert affordable([via, copy("last", region=EAST, source_arn=via.arn)], quotas)[0] == []


def test_the_advice_says_how_many_to_prune_or_to_ask_for() -> None:
    said = advice((WEST, "instance"), Quota(98, 100), 5)
    assert said.startswith("us-west-2 has 98 of 100 manual instance snapshots, and 5 more are wanted.")
    assert "Prune 3 with snapshot_prune" in said
    assert "raise L-272F1212 to 103" in said
