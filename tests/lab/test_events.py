# SPDX-License-Identifier: GPL-3.0-or-later
"""What RDS says has happened (aws_rds.md 5)."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from lab.rds import events
from lab.rds.catalogue import CATALOGUE, CATEGORIES
from lab.rds.events import Events


@dataclass
class Thing:
    """A source of events that is in no lab."""

    arn: str = "arn:aws:rds:us-west-2:111111111111:snapshot:before"
    account: str = "111111111111"
    region: str = "us-west-2"
    identifier: str = "before"
    tags: dict[str, str] = field(default_factory=lambda: {"team": "shop"})


def test_every_event_is_of_a_category_that_its_source_has() -> None:
    for source_type, entries in CATALOGUE.items():
        assert {entry.category for entry in entries.values()} <= set(CATEGORIES[source_type])


def test_an_event_has_its_source_category_message_and_time() -> None:
    known = Events(lambda: 1000.0)
    known.emit("RDS-EVENT-0060", Thing(), snapshot="first", region="us-east-1", minutes=3)
    (event,) = known.of("111111111111", "us-west-2")
    assert (event.source_type, event.source, event.category) == ("db-snapshot", "before", "notification")
    assert event.message == "Finished copy of snapshot first from region us-east-1 in 3 minutes"
    assert (event.moment, event.tags) == (1000.0, {"team": "shop"})


def test_events_are_known_in_their_own_account_and_region_only() -> None:
    known = Events(lambda: 1000.0)
    known.emit("RDS-EVENT-0042", Thing())
    assert known.of("111111111111", "us-east-1") == []
    assert known.of("222222222222", "us-west-2") == []


def test_an_event_of_another_type_of_source_is_refused() -> None:
    with pytest.raises(KeyError):
        Events(lambda: 1000.0).emit("RDS-EVENT-0074", Thing())


def test_events_are_forgotten_after_14_days() -> None:
    """aws_rds.md 5.5"""
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
