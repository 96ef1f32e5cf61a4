# SPDX-License-Identifier: GPL-3.0-or-later
"""The months that policies name to enforce a minimum age."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.intermediates import landing_tags
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.guards import horizon, month_guards
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import LANDED_MONTH

WEEK = timedelta(days=7)
MOMENTS = st.integers(0, 80 * 365 * 86_400).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
)
AGES = st.integers(0, 400).map(lambda days: timedelta(days=days))


def utc(year: int, month: int, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        (utc(2026, 12, 7), "2026-11", "2027-11"),  # what landed on the last of November is a week old tomorrow
        (utc(2026, 12, 8), "2026-12", "2027-11"),
        (utc(2026, 1, 31), "2026-01", "2026-12"),
    ],
)
def test_a_year_ahead_and_what_is_still_too_young(now: datetime, first: str, last: str) -> None:
    months = [one.month for one in month_guards(now, WEEK)]
    assert (months[0], months[-1]) == (first, last)
    assert f"{horizon(now) - timedelta(seconds=1):%Y-%m}" == last


def test_a_month_is_kept_until_its_last_point_is_old_enough() -> None:
    assert month_guards(utc(2026, 12, 20), WEEK)[0].until == utc(2027, 1, 8)


def test_no_minimum_age_guards_no_month() -> None:
    assert month_guards(utc(2026, 12), timedelta(0)) == []


@given(MOMENTS, AGES, st.floats(0, 364), st.floats(0, 400))
def test_nothing_younger_than_the_minimum_age_is_free_before_the_horizon(
    prepared: datetime, age: timedelta, wait: float, since: float
) -> None:
    """Whenever something lands, and whenever somebody then tries: it is guarded, or old enough, or all is closed."""
    now = prepared + timedelta(days=wait)
    landed = now - timedelta(days=since)
    until = {one.month: one.until for one in month_guards(prepared, age)}.get(landing_tags(landed)[LANDED_MONTH])
    is_guarded = until is not None and now < until
    assert is_guarded or now - landed >= age or now >= horizon(prepared)


@given(MOMENTS, st.integers(1, 400))
def test_what_is_old_enough_is_free_a_month_later(prepared: datetime, days: int) -> None:
    guards = month_guards(prepared, timedelta(days=days))
    assert all(
        one.until - timedelta(days=days + 31) <= datetime.fromisoformat(f"{one.month}-01T00:00Z") for one in guards
    )
