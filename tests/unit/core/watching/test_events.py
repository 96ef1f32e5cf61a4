# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching import events
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.events import (
    OwnEvent,
    Reporter,
    batches,
    events_of,
    read_events,
    read_topic,
)
from tests.builders import DR, EAST, NOW, SOURCE, WEST

Row = dict[str, Any]
SITE = Reporter("production_dr", DR, EAST)
NAME = "lifeboat-orders-20261123020500-5f0c2a9b7d31"
SNAPSHOT, CLUSTER_SNAPSHOT = (
    f"arn:aws:rds:{EAST}:{DR}:snapshot:{NAME}",
    f"arn:aws:rds:{EAST}:{DR}:cluster-snapshot:{NAME}",
)
GIVEN = {"id": "LIFEBOAT-EVENT-0011", "source_type": "db-snapshot", "source_id": NAME, "text": "Finished"}
PAGE = Path(__file__).parents[4] / "docs" / "own-events.md"


def step(status: str, *, changed: bool = True, **more: Any) -> Row:
    about = {"database": "orders", "kind": "instance", "name": NAME, "region": EAST, "reason": "since"}
    return {**about, "status": status, "changed": changed, **more}


def told(results: Row, *failures: str) -> list[tuple[str, str, str, str]]:
    return [(one.id[-4:], one.source_type, one.source_arn, one.database) for one in events_of(SITE, results, failures)]


@pytest.mark.parametrize(
    ("name", "done", "expected"),
    [
        ("publish", step("published"), ("0001", "db-snapshot", SNAPSHOT, "orders")),
        ("publish", step("published", region=WEST), ("0001", "db-snapshot", SNAPSHOT.replace(EAST, WEST), "orders")),
        ("publish", step("published", changed=False), None),
        ("publish", step("copying"), None),
        ("publish", step("landed", changed=False), None),
        ("publish", step("unprotected", changed=False), None),
        ("publish", step("failed", changed=False), ("0002", "db-snapshot", SNAPSHOT, "orders")),
        (
            "publish", step("failed", changed=False, name=None, region=None),
            ("0002", "db-instance", f"arn:aws:rds:{EAST}:{DR}:db:orders", "orders"),
        ),
        (
            "publish", step("failed", changed=False, name=None, kind="cluster"),
            ("0002", "db-cluster", f"arn:aws:rds:{EAST}:{DR}:cluster:orders", "orders"),
        ),
        ("replicate", step("landed", kind="cluster"), ("0011", "db-cluster-snapshot", CLUSTER_SNAPSHOT, "orders")),
        ("replicate", step("landed", changed=False), None),
        ("replicate", step("landed", changed=False, newly_landed=True), ("0011", "db-snapshot", SNAPSHOT, "orders")),
        ("replicate", step("copying"), None),
        ("replicate", step("failed", changed=False), ("0012", "db-snapshot", SNAPSHOT, "orders")),
        ("prune", step("deleted", region=WEST), ("0061", "db-snapshot", SNAPSHOT.replace(EAST, WEST), "orders")),
        ("prune", step("deleted", changed=False), None),
        ("prune", step("would_delete", changed=False), None),
        ("prune", step("retired"), None),
        (
            "reap", {"kind": "instance", "name": "drilled", "status": "deleted", "changed": True, "reason": "expired"},
            ("0021", "db-instance", f"arn:aws:rds:{EAST}:{DR}:db:drilled", ""),
        ),
        ("reap", {"kind": "instance", "name": "drilled", "status": "deleting", "changed": True, "reason": "x"}, None),
        (
            "reap", {"kind": "cluster", "name": "drilled", "status": "failed", "changed": False, "reason": "locked"},
            ("0022", "db-cluster", f"arn:aws:rds:{EAST}:{DR}:cluster:drilled", ""),
        ),
    ],
)  # fmt: skip
def test_what_became_of_an_item_is_an_event_when_it_is_news(name: str, done: Row, expected: Any) -> None:
    assert told({name: {"steps": [done]}}) == ([expected] if expected else [])


def drilled(*databases: Row, purpose: str = "drill", verdict: str = "verified") -> Row:
    about = {"purpose": purpose, "drill_id": "d", "verdict": verdict, "summary": "lifeboat drill d: FAILED"}
    return {"drill": about | {"databases": list(databases)}}


@pytest.mark.parametrize(("purpose", "first"), [("drill", 3), ("recovery", 4)])
@pytest.mark.parametrize(("verdict", "last"), [("verified", 1), ("failed", 2), ("unverified", 3)])
def test_each_verdict_has_an_event_about_the_recovery_point(purpose: str, first: int, verdict: str, last: int) -> None:
    database = {"name": "orders", "verdict": verdict, "reason": "", "recovery_point_arn": SNAPSHOT}
    (event,) = events_of(SITE, drilled(database, purpose=purpose, verdict=verdict), [])
    assert event.text == f"{purpose.capitalize()} d: orders is {verdict}"
    assert event == OwnEvent(f"LIFEBOAT-EVENT-00{first}{last}", "db-snapshot", NAME, event.text, SNAPSHOT, "orders")


def test_a_database_without_a_recovery_point_is_told_by_its_name() -> None:
    database = {"name": "orders", "verdict": "unverified", "reason": "there is none", "recovery_point_arn": ""}
    (event,) = events_of(SITE, drilled(database, verdict="unverified"), [])
    assert (event.source_type, event.source_id, event.text) == (
        "lifeboat", "orders", "Drill d: orders is unverified, there is none",
    )  # fmt: skip


def test_a_drill_that_failed_as_a_whole_is_told_once() -> None:
    verified = {"name": "orders", "verdict": "verified", "reason": "", "recovery_point_arn": SNAPSHOT}
    failed = verified | {"verdict": "failed"}
    assert [row[0] for row in told(drilled(verified, verdict="failed"))] == ["0031", "0091"]
    assert [row[0] for row in told(drilled(verdict="unverified"))] == ["0091"]
    assert told({"drill": {"purpose": "drill", "drill_id": "d"}}) == [("0091", "lifeboat", "", "")]
    assert [row[0] for row in told(drilled(verified, failed, verdict="failed"))] == ["0031", "0032"]


def test_why_a_run_failed_is_told_unless_an_item_says_it() -> None:
    publish = {"publish": {"steps": [step("failed")]}}
    assert told({"publish": {}}, "Cannot reach AWS.") == [("0091", "lifeboat", "", "")]
    assert [row[0] for row in told(publish, "since")] == ["0002"]
    assert [row[0] for row in told(publish, "since", "Cannot prune.")] == ["0002", "0091"]
    assert [row[0] for row in told({"prune": {"steps": [step("failed")]}}, "since")] == ["0091"]
    assert told({"publish": {"steps": [step("published", changed=False)]}}) == []


def test_an_event_reads_like_one_of_rds() -> None:
    event = OwnEvent("LIFEBOAT-EVENT-0011", "db-snapshot", NAME, 'Finished "it"', SNAPSHOT, "orders")
    body = json.loads(event.body(NOW))
    assert {**body, "Event ID": body["Event ID"].rpartition("#")[2]} == {
        "Event Source": "db-snapshot",
        "Event Time": "2026-11-23 14:00:00.000",
        "Source ID": NAME,
        "Source ARN": SNAPSHOT,
        "Event ID": "LIFEBOAT-EVENT-0011",
        "Event Message": 'Finished "it"',
        "Tags": {},
        "Database": "orders",
    }
    assert event.attributes() == {"EventID": "LIFEBOAT-EVENT-0011", "Resource": SNAPSHOT}
    assert OwnEvent("LIFEBOAT-EVENT-0091", "lifeboat", "a", "b").attributes() == {"EventID": "LIFEBOAT-EVENT-0091"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"id": "RDS-EVENT-0042"}, "it looks like an event of RDS"),
        ({"id": "lifeboat"}, "not the ID of an event"),
        ({"id": "LIFEBOAT-EVENT-0011\n"}, "not the ID of an event"),
    ],
)
def test_an_event_that_is_not_ones_own_is_refused(given: Row, why: str) -> None:
    with pytest.raises(LifeboatError, match=why):
        read_events([GIVEN, GIVEN | given])


def test_texts_become_lines_of_a_length_that_fits_into_a_call() -> None:
    (event,) = read_events([GIVEN | {"text": "a\nb\x1b[31m" + "ü" * 5000, "source_arn": None}])
    assert (event.text.isprintable(), len(event.text), event.source_arn) == (True, 2000, "")
    assert len(event.body(NOW)) * events.BATCH < 256_000


@pytest.mark.parametrize(
    "arn", ["", "lifeboat-events", f"arn:aws:sqs:{WEST}:{SOURCE}:a", f"arn:aws:sns:{WEST}:{SOURCE}:a.fifo"]
)
def test_a_topic_that_takes_no_events_is_refused(arn: str) -> None:
    with pytest.raises(LifeboatError, match="Cannot send events to"):
        read_topic(arn)


def test_a_topic_tells_its_region() -> None:
    assert read_topic(f"arn:aws:sns:{WEST}:{SOURCE}:lifeboat-events") == WEST


@pytest.mark.parametrize(("many", "sizes"), [(0, []), (1, [1]), (10, [10]), (11, [10, 1])])
def test_a_call_takes_ten(many: int, sizes: list[int]) -> None:
    events = read_events([GIVEN] * many)
    assert [len(batch) for batch in batches(events)] == sizes


def test_the_page_lists_exactly_the_ids_that_there_are() -> None:
    source = Path(events.__file__).read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(LIFEBOAT-EVENT-\d{4})` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == re.findall(r'"(LIFEBOAT-EVENT-\d{4})"', source)


def test_only_a_database_that_became_excluded_is_told() -> None:
    excluded = {"database": "orders", "kind": "instance", "status": "excluded", "reason": "no longer published: x"}
    steps = [excluded | {"changed": True}, excluded | {"database": "billing", "changed": False}]
    (event,) = events_of(SITE, {"publish": {"steps": steps}}, [])
    assert (event.id, event.database, event.text) == (events.NO_LONGER_PUBLISHED, "orders", "no longer published: x")


@pytest.mark.parametrize("verdict", ["verified", "failed", "unverified"])
def test_a_posture_tells_its_verdict_once(verdict: str) -> None:
    outcome = {"posture": {"verdict": verdict, "words": "1 never drilled"}, "why": "x", "beside": ""}
    (event,) = events_of(SITE, {"posture": outcome}, [])
    assert (event.id, event.source_type, event.source_id) == (events.POSTURES[verdict], "lifeboat", "production_dr")
    assert event.text == f"The posture is {verdict}: 1 never drilled"


def test_a_posture_that_was_not_made_is_a_run_that_failed() -> None:
    (event,) = events_of(SITE, {"posture": {"posture": {}}}, ["Cannot write the evidence."])
    assert (event.id, event.text) == (events.RUN_FAILED, "The run failed: Cannot write the evidence.")
