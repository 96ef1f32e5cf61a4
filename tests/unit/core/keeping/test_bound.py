# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that deletes most of what is there is refused until the user accepts that plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.bound import (
    FEW,
    FEW_OF_ONE,
    LATER,
    before,
    read_token,
    refusal,
    token_for,
    why_too_many,
    with_later,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.floor import FLOOR
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.retention import Ruling
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import STAGE
from tests.builders import NOW, landed

NONE: frozenset[str] = frozenset()


def rulings(identifier: str, stay: int, go: int, *, counts: bool = True, **more: Any) -> list[Ruling]:
    """Plan for one database: the newest stay, the others go."""
    points = [landed(identifier, hours, **more) for hours in range(1, stay + go + 1)]
    return [
        Ruling(point, "why", keep=number < stay, counts=counts and number >= stay)
        for number, point in enumerate(points)
    ]


def site(*databases: tuple[int, int]) -> list[Ruling]:
    return [one for number, (stay, go) in enumerate(databases) for one in rulings(f"db-{number}", stay, go)]


@pytest.mark.parametrize(
    ("databases", "why"),
    [
        pytest.param([(2, 0), (3, 0)], None, id="nothing goes"),
        pytest.param([(35, 1)] * 9, None, id="a day with five weeks"),
        pytest.param([(1, 1)] * 300, None, id="one for one: exactly half"),
        pytest.param([(3, 4)], None, id="more than half, but few"),
        pytest.param([(1, 2)] * 2, None, id="all but one of 3, and few"),
        pytest.param([(9, 0), (3, 3)], None, id="half of one, and few"),
        pytest.param([(50, 0), (2, 3)], "it would leave 2 of the 5 of db-1", id="all but the floor's newest"),
        pytest.param([(35, 0), (3, 32)] * 4, "it would leave 3 of the 35 of db-1, 3 of the 35", id="a digit of some"),
        pytest.param([(40, 0), (6, 6)], None, id="half of one"),
        pytest.param([(3, 4), (2, 2)], "it would delete 6 of 11 recovery points, which is more than half", id="half"),
        pytest.param([(3, 32)] * 300, "it would delete 9600 of 10500 recovery points", id="a digit is missing"),
        pytest.param([(50, 0), (1, 3)], "it would leave 1 of the 4 of db-1", id="all but one"),
        pytest.param(
            [(1, 3)] * 5,
            "it would delete 15 of 20 recovery points, which is more than half, and it would leave 1 of"
            " the 4 of db-0, 1 of the 4 of db-1, 1 of the 4 of db-2 and 2 more databases",
            id="both",
        ),
    ],
)
def test_most_of_a_site_or_of_a_database_or_all_but_its_newest_is_too_much(
    databases: list[tuple[int, int]], why: str | None
) -> None:
    found = why_too_many(site(*databases), NONE, "lifeboat")
    assert found == why if why is None else why in str(found)


def test_what_is_released_is_no_part_of_it() -> None:
    gone = [replace(one, keep=False) for one in rulings("orders", 0, 9, counts=False)]
    assert why_too_many(gone, frozenset(one.point.name for one in gone), "lifeboat") is None


def test_failed_copies_are_no_recovery_points() -> None:
    failed = rulings("orders", 0, 30, counts=False, status="failed")
    assert why_too_many([*failed, *rulings("orders", 1, 0)], NONE, "lifeboat") is None
    assert why_too_many([*failed, *rulings("orders", 1, 3)], NONE, "lifeboat") == "it would leave 1 of the 4 of orders"


def test_intermediates_are_no_recovery_points() -> None:
    stages = rulings("orders", 30, 0, tags={STAGE: "copy"})
    assert why_too_many([*stages, *rulings("billing", 2, 6)], NONE, "lifeboat") is not None


def test_what_goes_without_a_declared_retention_is_no_part_of_it() -> None:
    """At a source site it has landed or was overtaken: after a weekend that may be all but the newest."""
    assert why_too_many(rulings("orders", 1, 9, counts=False), NONE, "lifeboat") is None


# -- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_accepts_one_plan_alone() -> None:
    plan = site((1, 4))
    token = token_for(plan, NOW)
    assert read_token(str(token)) == token
    assert token_for(plan[::-1], NOW) == token
    assert token_for(site((2, 3)), NOW) != token
    assert token_for(site((1, 5)), NOW) != token
    assert token_for([], NOW).digest != token.digest


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_two_plans_have_one_digest_only_when_they_delete_the_same(some: set[int], others: set[int]) -> None:
    points = [landed(hours=hours) for hours in range(31)]
    one, other = (
        token_for([Ruling(point, "", keep=number not in gone) for number, point in enumerate(points)], NOW)
        for gone in (some, others)
    )
    assert (one == other) == (some == others)


@pytest.mark.parametrize("text", ["", "yes", "true", "20261123140000", "20261399000000-0123456789ab", "9" * 900])
def test_what_is_no_token_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(LifeboatError, match="Paste accept_deletions from the message") as error:
        read_token(text)
    assert len(str(error.value)) < 300


def test_the_refusal_says_what_to_paste() -> None:
    token = token_for(site((1, 4)), NOW)
    said = str(refusal("it would delete 6 of 7", token, "account 1, eu-central-1", is_other=False))
    assert said.startswith("Cannot delete recovery points in account 1, eu-central-1: it would delete 6 of 7. Nothing")
    assert f"-e prune_accept_deletions={token} " in said
    assert "another plan" in str(refusal("why", token, "", is_other=True))


def test_what_came_after_the_accepted_plan_stays() -> None:
    old, new = landed(hours=5), landed(hours=1)
    then = NOW - timedelta(hours=2)
    assert before([old, new], then) == [old]
    assert before([replace(new, created=None)], then) == [replace(new, created=None)]
    accepted, now = [Ruling(old, "old", keep=False)], [Ruling(new, "new", keep=False), Ruling(old, "x")]
    assert with_later(accepted, now) == [accepted[0], Ruling(new, LATER)]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=6))
def test_whatever_passes_deletes_few_or_at_most_half_and_no_history(databases: list[tuple[int, int]]) -> None:
    if why_too_many(site(*databases), NONE, "lifeboat") is None:
        stay, go = (sum(column) for column in zip(*databases, strict=True))
        assert go <= max(FEW, stay)
        assert not [stay for stay, go in databases if go > max(FEW, stay) or (go > FEW_OF_ONE and stay <= FLOOR.newest)]
