# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.floor import FLOOR, NO_FLOOR
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.policy import Declared, Policy
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.retention import (
    Retention,
    Ruling,
    judge,
    ours,
    retirements,
    with_marks,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import BEGUN, RecoveryPoint, iso
from tests.builders import DR, NOW, SOURCE, SOURCE_KEY, STRANGER, automated, copied, hours_ago, of_cluster

HOUR = timedelta(hours=1)
LANDED = {f"lifeboat:landed:{DR}": "2026-11-23T13:00:00Z"}
LANDED_TWICE = {**LANDED, f"lifeboat:landed:{STRANGER}": "2026-11-23T13:00:00Z"}


def rulings(points: list[Any], account: str, policy: Policy | None = None, **more: Any) -> list[Ruling]:
    """Judge recovery points, and return the rulings in the order of the points. Below the floor, unless it is given."""
    more = {"floor_of": lambda _point: NO_FLOOR, **more}
    retention = Retention("lifeboat", account, NOW, lambda _point: policy or Policy(), **more)
    by_arn = {one.point.arn: one for one in judge(points, retention)}
    return [by_arn[point.arn] for point in points]


def kept(points: list[Any], account: str, **policy: Any) -> list[bool]:
    return [one.keep for one in rulings(points, account, Policy(**policy))]


def reasons(points: list[Any], account: str, policy: Policy | None = None, **more: Any) -> list[str]:
    return [one.reason for one in rulings(points, account, policy, **more)]


def published(hours: float, **more: Any) -> Any:
    return copied(hours=hours, **more)


def dr(hours: float, **more: Any) -> Any:
    return copied(hours=hours, account=DR, **more)


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        pytest.param([published(1, tags=LANDED)], [True], id="the newest stays though it landed"),
        pytest.param([published(1, tags=LANDED), published(2, tags=LANDED)], [True, False], id="older landed ones go"),
        pytest.param([published(1), published(2)], [True, True], id="what has not landed stays"),
        pytest.param([published(1), published(2, tags=LANDED)], [True, True], id="the newest that landed stays"),
        pytest.param(
            [published(1), published(2, tags=LANDED), published(3, tags=LANDED)], [True, True, False], id="and only it"
        ),
        pytest.param([published(1, status="copying"), published(2, tags=LANDED)], [True, True], id="in flight stays"),
        pytest.param([published(1, tags=LANDED), published(2, status="failed")], [True, False], id="failed ones go"),
        pytest.param(
            [published(1, tags=LANDED), published(2, tags={**LANDED, "retain": ""})], [True, True], id="retain stays"
        ),
    ],
)
def test_the_source_keeps_what_has_not_landed_and_the_newest(points: list[Any], wanted: list[bool]) -> None:
    assert kept(points, SOURCE) == wanted


TIMELESS = {"created": None, "original": None}
KEYLESS = {"encrypted": True, "kms_key_id": None}


@pytest.mark.parametrize(
    ("unknown", "reason"),
    [
        pytest.param(TIMELESS, "AWS does not say when it was made", id="when it was made"),
        pytest.param(KEYLESS, "AWS does not say under which key it is", id="under which key it is"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_aws_does_not_tell_enough_of_stays_and_counts_for_no_other(
    unknown: dict[str, Any], reason: str, place: int
) -> None:
    points = [dr(1), dr(2), dr(3)]
    points[place] = dr(place + 1, **unknown)
    found = [(one.keep, one.reason) for one in rulings(points, DR, Policy(keep=1))]
    known = [one for one in (0, 1, 2) if one != place]
    assert found[place] == (True, reason)
    assert [found[one][0] for one in known] == [True, False]


@pytest.mark.parametrize("account", [SOURCE, DR])
def test_what_is_without_a_time_is_never_the_newest(account: str) -> None:
    points = [copied(hours=1, account=account, **TIMELESS), copied(hours=2, account=account)]
    assert [point for _lineage, point in ours(points, "lifeboat")] == [points[1], points[0]]


def verified(hours: float) -> dict[str, str]:
    return {"lifeboat:verified": str(iso(hours_ago(hours)))}


@pytest.mark.parametrize(
    ("points", "policy", "wanted"),
    [
        pytest.param([dr(9000)], {"max_age": timedelta(days=1)}, [True], id="the newest stays though it is old"),
        pytest.param([dr(1), dr(2), dr(3)], {"keep": 2}, [True, True, False], id="by number"),
        pytest.param([dr(1), dr(20), dr(30)], {"max_age": timedelta(days=1)}, [True, True, False], id="by age"),
        pytest.param([dr(1), dr(2, tags={"lifeboat:verified": "t"})], {}, [True, True], id="last verified stays"),
        pytest.param(
            [dr(1), dr(2, tags=verified(300)), dr(3, tags=verified(900))],
            {},
            [True, True, False],
            id="earlier verified ones go",
        ),
        pytest.param(
            [dr(1), dr(2, tags={"lifeboat:verified": "t"}), dr(3, tags=verified(300))],
            {},
            [True, True, True],
            id="unless the last mark says no time",
        ),
        pytest.param([dr(1, status="failed"), dr(2)], {}, [False, True], id="a failed copy is not the newest"),
        pytest.param([dr(1, kms_key_id=SOURCE_KEY), dr(2)], {}, [True, True], id="nor one under another account's key"),
        pytest.param([dr(1, status="deleting"), dr(2)], {}, [True, True], id="what is going is left alone"),
    ],
)
def test_the_dr_site_keeps_the_newest_and_the_last_verified(
    points: list[Any], policy: dict[str, Any], wanted: list[bool]
) -> None:
    assert kept(points, DR, **policy) == wanted


@pytest.mark.parametrize(
    ("hours", "wanted"), [pytest.param(1, True, id="a young mark"), pytest.param(200, False, id="an old one")]
)
def test_a_new_mark_takes_no_protection_from_the_one_before_until_it_is_old(hours: float, wanted: bool) -> None:
    points = [dr(1), dr(300, tags=verified(hours)), dr(400, tags=verified(300)), dr(500, tags=verified(400))]
    found = rulings(points, DR, floor_of=lambda _point: FLOOR)
    assert [one.keep for one in found] == [True, True, wanted, False]


# The current time is Monday, 2026-11-23, 14:00. So 15 hours ago is Sunday, and 600 hours ago is the end of October.
@pytest.mark.parametrize(
    ("hours", "policy", "wanted"),
    [
        pytest.param([1, 2, 15, 16, 39, 40], {"daily": 2}, [1, 2, 16], id="the first of each of the newest days"),
        pytest.param([1, 2, 15, 300, 310], {"daily": 3}, [1, 2, 15, 300], id="days without any do not count"),
        pytest.param([1, 15, 39, 400], {"weekly": 2}, [1, 39], id="a week begins on Monday"),
        pytest.param([1, 15, 300, 600, 1400], {"monthly": 2}, [1, 300, 600], id="months"),
        pytest.param([1, 600, 7900, 7910], {"yearly": 2}, [1, 600, 7910], id="years"),
        pytest.param([1, 15, 600, 7900], {"daily": 2, "monthly": 2, "yearly": 2}, [1, 15, 600, 7900], id="any of them"),
        pytest.param([1, 2, 15, 39], {"keep": 2, "daily": 3}, [1, 2, 15, 39], id="with a number"),
        pytest.param([1, 2, 15, 39], {"max_age": timedelta(hours=3), "daily": 2}, [1, 2, 15], id="with an age"),
    ],
)
@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_the_first_of_each_wanted_period_by_original_time_stays(
    hours: list[int], policy: dict[str, Any], wanted: list[int], kind: str
) -> None:
    """For a cluster snapshot RDS may tell only when the copy was made, which is now for all of them here."""
    points = [dr(hour, created=NOW, tags={BEGUN: str(iso(hours_ago(hour)))}) for hour in hours]
    points = [of_cluster(point) for point in points] if kind == "cluster" else points
    assert [hour for hour, stays in zip(hours, kept(points, DR, **policy), strict=True) if stays] == wanted


def test_the_first_week_of_a_year_may_begin_in_the_last() -> None:
    """2026-01-01 is a Thursday, so its week has three days of 2025."""
    points = [
        dr(hours=(NOW - datetime(*day, 12, tzinfo=timezone.utc)) / HOUR) for day in ((2026, 1, 2), (2025, 12, 30))
    ]
    found = reasons([dr(1), *points], DR, Policy(weekly=2, yearly=2))
    assert found[1:] == ["the first of 2026", "the first of 2026-W01"]


def test_an_age_beyond_all_times_keeps_everything() -> None:
    policy = Declared(max_age_days=10**12).policy
    assert all(one.keep for one in rulings([dr(hours) for hours in (1, 50, 10**5)], DR, policy))


def test_the_day_is_that_of_utc() -> None:
    late, early = datetime(2026, 11, 22, 23, 59, tzinfo=timezone.utc), datetime(2026, 11, 22, 0, 1, tzinfo=timezone.utc)
    points = [dr(1), *(dr(hours=(NOW - one) / HOUR) for one in (late, early))]
    assert kept(points, DR, daily=2) == [True, False, True]


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        pytest.param({"keep": 5}, "one of the newest 5", id="number"),
        pytest.param({"max_age": timedelta(days=400)}, "younger than 400 days", id="age"),
        pytest.param({"weekly": 2}, "the first of 2026-W39", id="week"),
        pytest.param({"monthly": 2}, "the first of 2026-09", id="month"),
        pytest.param({"daily": 9, "monthly": 2}, "the first of 2026-09-26", id="the first of several"),
    ],
)
def test_a_ruling_says_what_wants_a_recovery_point(policy: dict[str, Any], wanted: str) -> None:
    points = [*(dr(hours) for hours in (1, 2, 3, 4)), dr(1400)]
    assert reasons(points, DR, Policy(**policy))[-1] == wanted


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        pytest.param({}, "superseded by newer ones", id="more than the newest was never wanted"),
        pytest.param({"keep": 2}, "not one of the newest 2", id="number"),
        pytest.param({"max_age": timedelta(days=1)}, "superseded by newer ones; older than 1 day", id="age"),
        pytest.param(
            {"keep": 3, "daily": 1, "monthly": 1},
            "not one of the newest 3; not the first of any of the newest 1 day, 1 month",
            id="periods",
        ),
    ],
)
def test_a_ruling_says_why_nothing_wants_a_recovery_point(policy: dict[str, Any], wanted: str) -> None:
    points = [dr(hours) for hours in (1, 2, 3, 1399)]
    assert reasons(points, DR, Policy(**policy))[-1] == wanted


def begun(hours: float, days_ago: float = 0, **tags: str) -> RecoveryPoint:
    """Build a recovery point of a cluster that is so old by its name, and was copied so many days ago."""
    point = dr(hours, created=NOW, tags={BEGUN: str(iso(hours_ago(24 * days_ago))), **tags})
    return of_cluster(point)


def test_what_is_named_for_a_past_that_it_does_not_come_from_pushes_nothing_out() -> None:
    """Genuine ones of a year, one a month, and copies made today that are named for the ends of the same months."""
    genuine = [begun(24 * 30 * month + 24, 30 * month + 1) for month in range(12)]
    backdated = [begun(24 * (30 * month - 4)) for month in range(1, 12)]
    found = rulings([*genuine, *backdated], DR, Policy(monthly=12, daily=30))
    assert [one.reason for one in found if one.point in genuine and not one.keep] == []
    assert not any(one.keep for one in found if one.point in backdated)


def test_what_fills_a_gap_of_the_past_pushes_nothing_out_either() -> None:
    genuine = [begun(24 * day, day) for day in (1, 5, 10, 15)]
    backdated = [begun(24 * day) for day in (2, 3, 4, 6, 7)]
    found = rulings([*genuine, *backdated], DR, Policy(daily=4))
    assert all(one.keep for one in found if one.point in genuine)


def test_a_name_that_is_later_than_aws_says_stays_and_is_never_the_newest() -> None:
    future = of_cluster(dr(-100))
    found = rulings([replace(future, created=NOW), dr(1), dr(2)], DR, Policy())
    assert [one.keep for one in found] == [True, True, False]
    assert "AWS says that it was made at" in found[0].reason


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        pytest.param([published(1, tags=LANDED), published(2)], [True, False], id="a newer one landed"),
        pytest.param([published(1), published(2, tags=LANDED), published(3)], [True, True, False], id="an older goes"),
        pytest.param([published(1), published(2), published(3, tags=LANDED)], [True] * 3, id="newer ones stay"),
        pytest.param(
            [published(1, status="failed", tags=LANDED), published(2)], [False, True], id="a failed one did not"
        ),
        pytest.param([copied("billing", 1, tags=LANDED), published(2)], [True, True], id="another database's did"),
    ],
)
def test_what_has_not_landed_goes_once_a_newer_one_has(points: list[Any], wanted: list[bool]) -> None:
    assert kept(points, SOURCE) == wanted


def test_what_was_overtaken_is_left_to_the_policy() -> None:
    points = [published(1, tags=LANDED), published(2), published(50)]
    assert reasons(points, SOURCE, Policy(max_age=timedelta(days=1))) == [
        "the newest that landed",
        "younger than 1 day",
        "overtaken by a newer one that landed; superseded by newer ones; older than 1 day",
    ]


@pytest.mark.parametrize(
    ("newest", "wanted"),
    [
        pytest.param({}, [True, True, True], id="in none"),
        pytest.param(LANDED, [True, True, True], id="in one of them"),
        pytest.param(LANDED_TWICE, [True, False, False], id="in all"),
    ],
)
def test_a_published_copy_has_landed_once_it_landed_in_every_dr_account(
    newest: dict[str, str], wanted: list[bool]
) -> None:
    points = [published(1, tags=newest), published(2, tags=LANDED), published(3)]
    found = rulings(points, SOURCE, dr_accounts=frozenset([DR, STRANGER]))
    assert [one.keep for one in found] == wanted


@pytest.mark.parametrize("where", [published(1).arn, published(1).name], ids=["by its ARN", "by its name"])
def test_what_has_not_landed_stays_with_the_dr_sites_reason(where: str) -> None:
    said = {where: "the DR site 222222222222 says its key is disabled"}
    assert reasons([published(1), published(2)], SOURCE, refused=said) == [
        "it has not landed: the DR site 222222222222 says its key is disabled",
        "it has not landed",
    ]


@pytest.mark.parametrize("account", [SOURCE, DR])
def test_an_intermediate_stays_and_counts_for_nothing(account: str) -> None:
    stage = copied(hours=1, account=account, tags={"lifeboat:stage": "copy", **LANDED, "lifeboat:verified": "t"})
    points = [stage, copied(hours=2, account=account, tags=LANDED), copied(hours=3, account=account, tags=LANDED)]
    found = rulings(points, account)
    assert [one.keep for one in found] == [True, True, False]
    assert found[0].reason == "an intermediate: the module that made it removes it"
    assert found[1].reason == "the newest that landed"


@pytest.mark.parametrize(
    ("points", "account", "wanted"),
    [
        pytest.param([dr(1), dr(2)], DR, [False, True], id="the newest that landed"),
        pytest.param([dr(1), dr(2, tags={"lifeboat:verified": "t"})], DR, [False, True], id="then the next is"),
        pytest.param([dr(1, tags={"lifeboat:verified": "t"})], DR, [False], id="the last verified"),
        pytest.param([published(1), published(2)], SOURCE, [False, True], id="what has not landed"),
        pytest.param([dr(1, status="failed")], DR, [False], id="what broke"),
        pytest.param([dr(1, tags={"retain": ""}), dr(2)], DR, [True, False], id="not what has a retain tag"),
        pytest.param([dr(1, status="copying"), dr(2)], DR, [True, True], id="not what is in progress"),
        pytest.param([dr(1, status="deleting"), dr(2)], DR, [True, True], id="not what is going"),
        pytest.param([dr(1, tags={"lifeboat:stage": "copy"})], DR, [True], id="not an intermediate"),
    ],
)
def test_a_release_lifts_the_protection_of_that_name_alone(points: list[Any], account: str, wanted: list[bool]) -> None:
    found = rulings(points, account, Policy(), released=frozenset([points[0].name]))
    assert [one.keep for one in found] == wanted
    assert wanted[0] or found[0].reason == "released by name"


def test_a_released_one_takes_nobodys_place_in_the_policy() -> None:
    points = [dr(1), dr(15), dr(39), dr(63)]
    found = rulings(points, DR, Policy(keep=2, daily=3), released=frozenset([points[1].name]))
    assert [one.keep for one in found] == [True, False, True, True]


def test_each_recovery_point_is_judged_by_its_own_databases_policy() -> None:
    points = [copied(name, hours, DR) for name in ("billing", "orders") for hours in (1, 2, 3)]
    policies = {"billing": Policy(), "orders": Policy(keep=2)}
    retention = Retention(
        "lifeboat", DR, NOW, lambda point: policies[point.identifier], floor_of=lambda _point: NO_FLOOR
    )
    found = judge(points, retention)
    assert {one.point.name for one in found if one.keep} == {points[number].name for number in (0, 3, 4)}


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(automated(), id="automated"),
        pytest.param(copied(name="by-hand"), id="our tag, not our name"),
        pytest.param(copied(tags={"lifeboat:managed-by": "other"}), id="our name, not our tag"),
    ],
)
def test_only_what_has_both_our_tag_and_our_name_is_judged(point: Any) -> None:
    assert ours([point], "lifeboat") == []


def test_what_landed_is_retired_once() -> None:
    fresh, marked = published(1), published(2, tags=LANDED)
    landed = {DR: {fresh.name: "t", marked.name: "t"}}
    assert retirements([fresh, marked], "lifeboat", SOURCE, landed) == [(fresh, DR, "t")]


def test_the_dr_site_does_not_retire_its_own_copies() -> None:
    mine = dr(1)
    assert retirements([mine], "lifeboat", DR, {DR: {mine.name: "t"}}) == []


def test_what_this_pass_retires_counts_as_landed() -> None:
    (point,) = with_marks([published(1)], {published(1).arn: [DR]})
    assert point.has_landed_in(DR)
