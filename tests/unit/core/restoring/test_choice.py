# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.selection import Selection
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.retention import ours
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import DatabaseId, iso
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of, name_for
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.choice import (
    Choice,
    by_original,
    check_time,
    choose,
    landed_by_database,
    read_choice,
    why_none,
)
from tests.builders import NOW, SOURCE, WEST, hours_ago, landed

VERIFIED = {"lifeboat:verified": "2026-11-22T00:00:00Z"}
POINTS = [landed(hours=hours, tags=VERIFIED if hours == 3 else {}) for hours in (1, 2, 3, 4, 5, 6)]
ROWS = ours(POINTS, "lifeboat")


def chosen(choice: Choice, drill: str = "d1", rows: Any = ROWS) -> Any:
    found = choose(rows, choice, drill)
    return found and POINTS.index(found[1]) + 1


@pytest.mark.parametrize(
    ("choice", "hours"),
    [
        pytest.param(Choice(), 1, id="newest"),
        pytest.param(Choice("verified"), 3, id="newest verified"),
        pytest.param(Choice("at", at=hours_ago(3.5)), 4, id="before a time"),
        pytest.param(Choice("at", at=hours_ago(4)), 4, id="exactly at a time"),
        pytest.param(Choice("at", at=hours_ago(7)), None, id="before the first"),
        pytest.param(Choice("random", start=hours_ago(2.5), end=hours_ago(1.5)), 2, id="the only one in a window"),
        pytest.param(Choice("random", start=hours_ago(0.5)), None, id="none in the window"),
        pytest.param(Choice("random", end=hours_ago(6)), 6, id="a window without a beginning"),
    ],
)
def test_the_recovery_point_is_the_one_that_is_asked_for(choice: Choice, hours: Any) -> None:
    assert chosen(choice) == hours


def test_a_database_that_no_drill_has_verified_has_no_verified_recovery_point() -> None:
    assert chosen(Choice("verified"), rows=[one for one in ROWS if not one[1].tags.keys() & VERIFIED.keys()]) is None


def test_each_recovery_point_is_drawn_sooner_or_later_and_the_same_drill_draws_the_same() -> None:
    drawn = [chosen(Choice("random"), f"d{number}") for number in range(100)]
    assert set(drawn) == {1, 2, 3, 4, 5, 6}
    assert drawn == [chosen(Choice("random"), f"d{number}") for number in range(100)]


def test_what_lands_later_changes_a_lot_only_when_it_is_drawn_itself() -> None:
    for number in range(100):
        before, after = (chosen(Choice("random"), f"d{number}", rows) for rows in (ROWS[1:], ROWS))
        assert after in (1, before)


def test_only_what_is_finished_and_no_intermediate_is_restored() -> None:
    rows = [landed(hours=1, status="copying"), landed(hours=2, tags={"lifeboat:stage": "x"}), landed(hours=3)]
    ((_candidate, found),) = landed_by_database(rows, "lifeboat", Selection(), "here")
    assert [point for _lineage, point in found] == rows[2:]


def test_what_is_without_a_time_of_aws_is_restored_only_when_there_is_no_other() -> None:
    timeless, timed = landed(hours=1, created=None, original=None), landed(hours=2)
    for points, wanted in (([timeless, timed], timed), ([timeless], timeless)):
        ((_candidate, rows),) = landed_by_database(points, "lifeboat", Selection(), "here")
        found = choose(rows, Choice(), "d1")
        assert found and found[1] == wanted


def test_an_unknown_database_is_refused() -> None:
    with pytest.raises(LifeboatError, match="there are: orders"):
        landed_by_database([landed()], "lifeboat", Selection(identifiers=("odrers",)), "here")


def test_what_stood_in_for_a_cluster_is_selected_as_that_cluster() -> None:
    one = landed(tags={"lifeboat:database": f"arn:aws:rds:{WEST}:{SOURCE}:cluster:orders"})
    assert landed_by_database([one], "lifeboat", Selection(kinds=("cluster",)), "here")
    assert not landed_by_database([one], "lifeboat", Selection(kinds=("instance",)), "here")


def test_a_choice_is_read_from_the_options() -> None:
    assert read_choice(None) == Choice()
    assert read_choice({"choose": "at", "at": "2026-11-23T12:00:00Z"}) == Choice("at", at=hours_ago(2))
    window = {"choose": "random", "at": None, "from": "2026-11-23T13:00:00+01:00", "to": "2026-11-23T13:00:00Z"}
    assert read_choice(window) == Choice("random", start=hours_ago(2), end=hours_ago(1))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"choose": "at"}, "at needs a time in at", id="no time"),
        pytest.param(
            {"choose": "newest", "at": "2026-11-23T12:00:00Z"}, "at needs a time in at", id="a time for nothing"
        ),
        pytest.param({"choose": "at", "at": "yesterday"}, "by at: 'yesterday' is not a time", id="no time at all"),
        pytest.param({"choose": "random", "from": "2026-11-23T12:00:00"}, "not a time with a zone", id="no zone"),
    ],
)
def test_a_choice_that_makes_no_sense_names_the_remedy(given: Any, message: str) -> None:
    with pytest.raises(LifeboatError, match=message) as caught:
        read_choice(given)
    assert caught.value.remedy


@pytest.mark.parametrize("choice", [Choice("verified"), Choice("at", at=hours_ago(1)), Choice("random")])
def test_a_database_without_a_fit_recovery_point_learns_what_to_do(choice: Choice) -> None:
    assert "hoose" in why_none(choice, ROWS)


def test_who_asks_for_a_time_before_the_first_learns_which_is_the_first() -> None:
    assert f"The oldest is of {iso(hours_ago(6))}" in why_none(Choice("at", at=hours_ago(7)), ROWS)


def test_a_database_that_was_created_anew_goes_on_where_the_old_one_ended() -> None:
    """It has another resource ID and so another digest. Before it was created, its name meant the older database."""
    old = [landed(hours=hours) for hours in (4, 5)]
    new = [renewed(landed(hours=hours)) for hours in (1, 2)]
    other = landed("billing")
    found = by_original(landed_by_database([*old, *new, other], "lifeboat", Selection(), "here"))
    assert [(one.identifier, len(rows)) for one, rows in found] == [("billing", 1), ("orders", 4)]
    rows = found[1][1]
    assert [row[1] for row in rows] == [*new, *old]
    assert choose(rows, Choice("at", at=hours_ago(3)), "r1") == rows[2]


def renewed(point: Any) -> Any:
    """Build the same recovery point for a database that was created later under the same name."""
    one = DatabaseId(SOURCE, WEST, "instance", "orders", "db-NEW")
    lineage = lineage_of(one, point.original)
    return replace(point, name=name_for("lifeboat", "orders", lineage), resource_id="db-NEW")


@pytest.mark.parametrize("choice", [Choice(), Choice("at", at=hours_ago(0)), Choice("at", at=hours_ago(-0.01))])
def test_a_time_up_to_now_is_allowed(choice: Choice) -> None:
    check_time(choice, NOW)


def test_a_time_to_come_is_refused_as_it_would_mean_the_newest() -> None:
    with pytest.raises(LifeboatError, match=r"at AWS it is only 2026-11-23T14:00:00Z\. Name a time before the damage"):
        check_time(Choice("at", at=hours_ago(-1)), NOW)
