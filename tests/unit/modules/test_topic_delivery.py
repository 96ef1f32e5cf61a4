# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any
from unittest.mock import Mock, call

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.topic import Topic
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.delivery import Delivery
from ansible_collections.lifeboat.rds.plugins.module_utils._module.requests.deliver import read_deliver
from ansible_collections.lifeboat.rds.plugins.module_utils._pass.deliver import deliver
from ansible_collections.lifeboat.rds.plugins.modules import topic_delivery
from tests.builders import SOURCE, STRANGER, WEST, refusal

Row = dict[str, Any]
TOPIC, QUEUE = f"arn:aws:sns:{WEST}:{SOURCE}:events", f"arn:aws:sqs:{WEST}:{SOURCE}:events"
WANTED: Row = {"protocol": "sqs", "endpoint": QUEUE, "raw": True, "filter_policy": {"EventID": ["A", "B"]}}
RIGHT = Delivery("sqs", QUEUE, True, {"EventID": ["B", "A"]}, f"{TOPIC}:1")


def topic(*found: Delivery, key: str | None = "") -> Mock:
    made = Mock(spec=Topic, arn=TOPIC)
    made.key.return_value = key
    made.deliveries.return_value = {one.key: one.arn or "PendingConfirmation" for one in found}
    made.delivery.side_effect = lambda key, _arn: next(one for one in found if one.key == key)
    return made


def written(made: Mock) -> list[str]:
    return [name for name, _arguments, _named in made.mock_calls if name in ("set_key", "subscribe", "change")]


@pytest.fixture
def run(site: Any, options: Any) -> Any:
    def run(made: Mock, *, check_mode: bool = False, **given: Any) -> Row:
        asked = options(topic_delivery, **{"topic_arn": TOPIC, "subscriptions": [WANTED], **given})
        return deliver(read_deliver(asked), site(), made, check_mode=check_mode)

    return run


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
@pytest.mark.parametrize(
    ("found", "given", "expected"),
    [
        pytest.param([], {}, call.subscribe(Delivery("sqs", QUEUE, True, WANTED["filter_policy"])), id="missing"),
        pytest.param([RIGHT], {}, None, id="right"),
        pytest.param(
            [Delivery("sqs", QUEUE, False, RIGHT.filter_policy, RIGHT.arn)], {},
            call.change(RIGHT.arn, {"RawMessageDelivery": "true"}), id="not raw",
        ),
        pytest.param([RIGHT], {"kms_key_id": "alias/a"}, call.set_key("alias/a"), id="a key"),
        pytest.param([RIGHT], {"kms_key_id": ""}, None, id="no key"),
        pytest.param([Delivery("sqs", QUEUE)], {}, None, id="not confirmed"),
    ],
)  # fmt: skip
def test_what_differs_is_set_and_nothing_else(
    run: Any, found: list[Delivery], given: Row, expected: Any, check_mode: bool
) -> None:
    made = topic(*found)
    result = run(made, check_mode=check_mode, **given)
    assert result["changed"] == (expected is not None)
    assert bool(result["diff"]["after"]) == (expected is not None)
    if check_mode or expected is None:
        assert written(made) == []
    else:
        assert expected in made.mock_calls
        assert len(written(made)) == 1


def test_the_difference_is_the_one_attribute(run: Any) -> None:
    result = run(topic(Delivery("sqs", QUEUE, True, {"EventID": ["A"]}, RIGHT.arn)))
    before, after = (result["diff"][when][QUEUE] for when in ("before", "after"))
    assert {name for name in after if before[name] != after[name]} == {"filter_policy"}


def test_a_topic_that_is_missing_is_an_error_only_when_it_counts(run: Any) -> None:
    made = topic(key=None)
    assert run(made, check_mode=True)["changed"]
    with pytest.raises(LifeboatError, match="has no such topic"):
        run(made)
    assert written(made) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"topic_arn": TOPIC.replace(WEST, "eu-west-1")}, "not the ARN of a topic in"),
        ({"topic_arn": "events"}, "not the ARN of a topic in"),
        ({"subscriptions": [WANTED, WANTED]}, "listed twice"),
        ({"account_id": STRANGER}, "these credentials belong to"),
    ],
    ids=["Region", "name", "twice", "account"],
)
def test_bad_input_stops_the_call_before_the_first_write(run: Any, given: Row, message: str) -> None:
    made = topic()
    with pytest.raises(LifeboatError, match=message):
        run(made, **given)
    assert written(made) == []


def test_one_that_aws_refuses_does_not_stop_the_others(run: Any) -> None:
    made = topic()
    made.subscribe.side_effect = [refusal("refused", "no such queue"), None]
    other = {**WANTED, "endpoint": f"{QUEUE}2"}
    result = run(made, subscriptions=[WANTED, other])
    assert [step["status"] for step in result["steps"]] == ["failed", "active"]
    assert "no such queue" in result["msg"]
    assert list(result["diff"]["after"]) == [f"{QUEUE}2"]


def test_every_step_has_what_the_documentation_promises(run: Any, promised: Any) -> None:
    for step in run(topic(), kms_key_id="alias/a")["steps"]:
        assert promised(topic_delivery) <= set(step)
