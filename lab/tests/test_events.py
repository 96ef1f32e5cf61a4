# SPDX-License-Identifier: GPL-3.0-or-later
"""Test how events are kept and listed (aws_rds.md 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from helpers import code_of
from lifeboat_lab.rds import events
from lifeboat_lab.rds.catalogue import CATALOGUE, CATEGORIES
from lifeboat_lab.rds.events import Events


@dataclass
class Thing:
    """A source of events that is in no lab."""

    arn: str = "arn:aws:rds:us-west-2:111111111111:snapshot:before"
    account: str = "111111111111"
    region: str = "us-west-2"
    identifier: str = "before"
    tags: dict[str, str] = field(default_factory=dict)


def test_every_event_is_of_a_category_that_its_source_has() -> None:
    for source_type, entries in CATALOGUE.items():
        assert {entry.category for entry in entries.values()} <= set(CATEGORIES[source_type])


def test_an_event_has_its_source_category_message_and_time() -> None:
    known = Events(lambda: 1000.0)
    known.emit("RDS-EVENT-0060", Thing(), snapshot="first", region="us-east-1", minutes=3)
    (event,) = known.of("111111111111", "us-west-2")
    assert (event.source_type, event.source, event.category) == ("db-snapshot", "before", "notification")
    assert event.message == "Finished copy of snapshot first from region us-east-1 in 3 minutes"
    assert event.moment == 1000.0


def test_events_are_known_in_their_own_account_and_region_only() -> None:
    known = Events(lambda: 1000.0)
    known.emit("RDS-EVENT-0042", Thing())
    assert known.of("111111111111", "us-east-1") == []
    assert known.of("222222222222", "us-west-2") == []


def test_an_event_of_another_type_of_source_is_refused() -> None:
    with pytest.raises(KeyError):
        Events(lambda: 1000.0).emit("RDS-EVENT-0074", Thing())


def test_events_are_forgotten_after_14_days() -> None:
    """Follow aws_rds.md 5.5."""
    now = [0.0]
    known = Events(lambda: now[0])
    for now[0] in (0.0, 60.0, 14 * 24 * 3600.0 + 30):
        known.emit("RDS-EVENT-0042", Thing())
    assert [event.moment for event in known.of("111111111111", "us-west-2")] == [60.0, 14 * 24 * 3600.0 + 30]


def test_not_more_events_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_KEPT", 3)
    known = Events(lambda: 1000.0)
    for _turn in range(5):
        known.emit("RDS-EVENT-0042", Thing())
    assert len(known.of("111111111111", "us-west-2")) == 3


def test_each_type_of_source_has_its_categories(rds: Any) -> None:
    """Follow aws_rds.md 5.1."""
    rows = rds.describe_event_categories()["EventCategoriesMapList"]
    known = {row["SourceType"]: row["EventCategories"] for row in rows}
    assert known["db-snapshot"] == ["creation", "deletion", "failure", "notification", "restoration"]
    assert known["db-cluster-snapshot"] == ["backup", "failure", "notification"]
    assert rds.describe_event_categories(SourceType="db-cluster-snapshot")["EventCategoriesMapList"] == [
        {"SourceType": "db-cluster-snapshot", "EventCategories": known["db-cluster-snapshot"]}
    ]
    assert code_of(rds.describe_event_categories, SourceType="db-nothing") == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"SourceIdentifier": "orders"}, "InvalidParameterCombination"),
        ({"SourceType": "db-nothing"}, "InvalidParameterValue"),
        ({"Duration": 0}, "InvalidParameterValue"),
        ({"Duration": 20161}, "InvalidParameterValue"),
        ({"MaxRecords": 19}, "InvalidParameterValue"),
        ({"MaxRecords": 101}, "InvalidParameterValue"),
        ({"Marker": "no marker"}, "InvalidParameterValue"),
        ({"StartTime": datetime(2026, 1, 2, tzinfo=timezone.utc), "EndTime": datetime(2026, 1, 1, tzinfo=timezone.utc)},
         "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(rds: Any, words: dict[str, Any], code: str) -> None:
    """Follow aws_rds.md 5.5."""
    assert code_of(rds.describe_events, **words) == code


def test_a_span_may_reach_back_14_days(rds: Any) -> None:
    """Follow aws_rds.md 5.5."""
    now = datetime.now(timezone.utc)
    assert "Events" in rds.describe_events(Duration=20160)
    assert rds.describe_events(StartTime=now - timedelta(days=14), EndTime=now - timedelta(days=13))["Events"] == []
