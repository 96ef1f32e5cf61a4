# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.modules import event_send
from tests.builders import DR, EAST

Row = dict[str, Any]
TOPIC = f"arn:aws:sns:{EAST}:{DR}:lifeboat-events"
ARN = f"arn:aws:rds:{EAST}:{DR}:snapshot:a"
EVENT: Row = {
    "id": "LIFEBOAT-EVENT-0011",
    "source_type": "db-snapshot",
    "source_id": "a",
    "source_arn": ARN,
    "text": "Finished",
    "database": "orders",
}


@pytest.fixture
def dr(site: Any) -> Mock:
    made = site(DR, EAST)
    made.notifications.return_value = Mock(spec_set=["publish_batch"])
    made.notifications.return_value.publish_batch.return_value = {"Successful": [], "Failed": []}
    return made  # type: ignore[no-any-return]


@pytest.fixture
def publish_batch(dr: Mock) -> Mock:
    return dr.notifications.return_value.publish_batch  # type: ignore[no-any-return]


@pytest.fixture
def run(options: Any, dr: Mock) -> Any:
    def run(*events: Row, check_mode: bool = False, **given: Any) -> Row:
        given = {"account_id": DR, "topic_arn": TOPIC, "events": list(events), **given}
        return event_send.run(options(event_send, **given), dr, check_mode=check_mode)

    return run


def test_an_event_is_sent_with_what_filters_see(run: Any, publish_batch: Mock) -> None:
    result = run(EVENT)
    (entry,) = publish_batch.call_args.kwargs["PublishBatchRequestEntries"]
    assert publish_batch.call_args.kwargs["TopicArn"] == TOPIC
    assert json.loads(entry["Message"])["Source ID"] == "a"
    assert {name: one["StringValue"] for name, one in entry["MessageAttributes"].items()} == {
        "EventID": "LIFEBOAT-EVENT-0011",
        "Resource": ARN,
    }
    assert [(step["name"], step["database"], step["status"], step["changed"]) for step in result["steps"]] == [
        ("LIFEBOAT-EVENT-0011", "orders", "sent", True)
    ]


def test_each_step_has_what_is_promised(run: Any, promised: Any) -> None:
    (step,) = run(EVENT)["steps"]
    assert promised(event_send) <= set(step)


def test_check_mode_lists_and_sends_nothing(run: Any, publish_batch: Mock) -> None:
    result = run(EVENT, check_mode=True)
    assert (result["changed"], len(result["steps"])) == (True, 1)
    publish_batch.assert_not_called()


def test_nothing_to_tell_is_no_call_and_no_change(run: Any, publish_batch: Mock) -> None:
    assert run()["changed"] is False
    publish_batch.assert_not_called()


def test_what_sns_does_not_take_fails_and_the_others_are_told(run: Any, publish_batch: Mock) -> None:
    publish_batch.side_effect = [
        {"Failed": [{"Id": "1", "Code": "InternalError", "SenderFault": False}]},
        ClientError({"Error": {"Code": "NotFound", "Message": "Topic does not exist"}}, "PublishBatch"),
        {},
    ]
    result = run(*[EVENT] * 25)
    failed = [place for place, step in enumerate(result["steps"]) if step["status"] == "failed"]
    assert failed == [1, *range(10, 20)]
    assert (result["failed"], result["changed"], result["msg"].count("Cannot send")) == (True, True, 1)


@pytest.mark.parametrize(
    "given",
    [
        {"topic_arn": f"{TOPIC}.fifo"},
        {"events": [EVENT, EVENT | {"id": "RDS-EVENT-0042"}]},
        {"account_id": "111111111111"},
    ],
    ids=["fifo", "id of RDS", "account"],
)
def test_bad_input_stops_the_call_before_anything_is_sent(run: Any, publish_batch: Mock, given: Row) -> None:
    with pytest.raises(LifeboatError):
        run(EVENT, **given)
    publish_batch.assert_not_called()
