# SPDX-License-Identifier: GPL-3.0-or-later
"""What stays at a DR site whatever the retention says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.floor import Floor
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.policy import Policy
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.retention import Retention, judge
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import RecoveryPoint
from tests.builders import DR, NOW, SOURCE, SOURCE_KEY, copied, landed, of_cluster

DAY = 24
TAGS = {f"lifeboat:landed:{DR}": "t"}


def kept(points: list[RecoveryPoint], account: str = DR, **more: Any) -> list[str | None]:
    """Return why each stays although the retention wants the newest alone, or None if it goes."""
    rulings = judge(points, Retention("lifeboat", account, NOW, lambda _point: Policy(), **more))
    by_arn = {one.point.arn: one for one in rulings}
    return [by_arn[point.arn].reason if by_arn[point.arn].keep else None for point in points]


def test_the_newest_two_and_the_youngest_stay() -> None:
    assert kept([landed(hours=hours) for hours in (1, 2, 6 * DAY, 8 * DAY)]) == [
        "the newest that landed",
        "the floor: one of the newest 2",
        "the floor: younger than 7 days",
        None,
    ]


def test_the_newest_two_stay_though_they_are_old() -> None:
    assert kept([landed(hours=hours) for hours in (9000, 9001, 9002)])[1:] == ["the floor: one of the newest 2", None]


def test_a_copy_that_is_lost_with_the_source_takes_no_place_in_the_floor() -> None:
    points = [landed(hours=9000), landed(hours=9001, kms_key_id=SOURCE_KEY), landed(hours=9002), landed(hours=9003)]
    assert kept(points)[2:] == ["the floor: one of the newest 2", None]


def test_what_is_wanted_says_so_and_not_that_it_is_the_floor() -> None:
    points = [landed(hours=1), landed(hours=2)]
    rulings = judge(points, Retention("lifeboat", DR, NOW, lambda _point: Policy(keep=2)))
    assert [one.reason for one in rulings] == ["the newest that landed", "one of the newest 2"]


def test_its_age_goes_by_aws_and_not_by_its_name() -> None:
    """A name may say less than the time of AWS: who makes copies today may name them for last year."""
    old_by_name = [landed(hours=hours) for hours in (9000, 9100, 9200)]
    made_now = [replace(one, original=None, created=NOW) for one in old_by_name]
    assert kept(made_now)[2] == "the floor: younger than 7 days"


def test_the_original_time_counts_where_aws_shows_it() -> None:
    copied_today = [replace(landed(hours=hours), created=NOW) for hours in (1, 2, 9000)]
    assert kept(copied_today)[2] is None
    assert kept([of_cluster(point) for point in copied_today])[2] == "the floor: younger than 7 days"


def test_what_aws_gives_no_time_for_is_not_known_to_be_old() -> None:
    points = [replace(landed(hours=hours), created=None, original=None) for hours in (9000, 9100, 9200)]
    assert kept(points)[2] == "AWS does not say when it was made"


@pytest.mark.parametrize(
    ("floor", "wanted"),
    [
        pytest.param(Floor(newest=0, min_age=timedelta(0)), [True, False, False, False], id="none"),
        pytest.param(Floor(newest=3, min_age=timedelta(0)), [True, True, True, False], id="by number"),
        pytest.param(Floor(newest=0, min_age=timedelta(days=30)), [True, True, True, False], id="by age"),
    ],
)
def test_a_floor_is_a_number_and_an_age(floor: Floor, wanted: list[bool]) -> None:
    points = [landed(hours=hours) for hours in (1, 2, 20 * DAY, 40 * DAY)]
    assert [reason is not None for reason in kept(points, floor_of=lambda _point: floor)] == wanted


def test_the_source_needs_no_floor() -> None:
    points = [copied(hours=hours, tags=TAGS) for hours in (1, 2, 3)]
    assert kept(points, SOURCE) == ["the newest that landed", None, None]


def test_a_released_one_goes_and_takes_no_place_in_the_floor() -> None:
    points = [landed(hours=hours) for hours in (9000, 9001, 9002, 9003)]
    assert kept(points, released=frozenset([points[1].name]))[1:] == [None, "the floor: one of the newest 2", None]


def test_a_copy_that_failed_is_no_recovery_point_and_goes() -> None:
    assert kept([landed(hours=1, status="failed"), landed(hours=2)]) == [None, "the newest that landed"]
