# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.overrides import (
    PerDatabase,
    read_overrides,
    settings_for,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.selection import Candidate

ORDERS = Candidate("shop-orders", "instance", "postgres", {"tier": "gold"}, None)
DEFAULTS = {"keep": 1, "rpo": None}


@pytest.mark.parametrize(
    ("overrides", "keep"),
    [
        ([], 1),
        ([{"databases": ["shop-*"], "keep": 3}], 3),
        ([{"databases": ["SHOP-orders"], "keep": 3}], 3),
        ([{"databases": ["other"], "keep": 3}], 1),
        ([{"match_tags": {"tier": "gold"}, "keep": 3}], 3),
        ([{"match_tags": {"tier": "lead"}, "keep": 3}], 1),
        ([{"engines": ["postgres"], "kinds": ["instance"], "keep": 3}], 3),
        ([{"engines": ["postgres"], "kinds": ["cluster"], "keep": 3}], 1),
        ([{"keep": 3}, {"databases": ["shop-orders"], "keep": 5}], 5),
        ([{"databases": ["shop-orders"], "keep": 5}, {"keep": 3}], 3),
        ([{"keep": 5}, {"keep": None, "rpo": 60}], 5),
    ],
)
def test_the_last_override_that_matches_and_says_something_counts(overrides: list[dict[str, Any]], keep: int) -> None:
    assert settings_for(ORDERS, DEFAULTS, read_overrides(overrides))["keep"] == keep


def test_what_no_override_speaks_of_stays_the_default() -> None:
    settings = settings_for(ORDERS, DEFAULTS, read_overrides([{"keep": 4}]))
    assert settings == {"keep": 4, "rpo": None}


@dataclass(frozen=True)
class Kept:
    keep: int
    rpo: int | None = None


KEPT = PerDatabase(Kept(1, 60), tuple(read_overrides([{"databases": ["shop-*"], "keep": 3}, {"kinds": ["cluster"]}])))


def test_a_database_gets_the_default_changed_by_the_overrides_that_match_it() -> None:
    assert KEPT.of(ORDERS) == Kept(3, 60)
    assert KEPT.of(Candidate("other", "instance", "postgres", {}, None)) == Kept(1, 60)


def test_all_settings_can_be_checked_before_any_database_is_known() -> None:
    assert KEPT.every == [Kept(1, 60), Kept(3, 60), Kept(1, 60)]
