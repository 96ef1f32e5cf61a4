# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.delivery import Delivery, changes, reason_of

TWO = {"EventID": ["A", "B"]}


def delivery(raw: bool = False, policy: dict[str, Any] | None = None) -> Delivery:
    return Delivery("sqs", "arn:queue", raw, policy or {})


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        pytest.param(delivery(), delivery(), {}, id="right"),
        pytest.param(delivery(raw=True), delivery(), {"RawMessageDelivery": "true"}, id="raw"),
        pytest.param(delivery(policy=TWO), delivery(), {"FilterPolicy": '{"EventID": ["A", "B"]}'}, id="a filter"),
        pytest.param(delivery(), delivery(policy=TWO), {"FilterPolicy": "{}"}, id="no filter"),
        pytest.param(delivery(policy=TWO), delivery(policy={"EventID": ["B", "A"]}), {}, id="another order"),
        pytest.param(delivery(policy={"a": "x"}), delivery(policy={"a": ["x"]}), {}, id="one value"),
        pytest.param(
            delivery(policy={"a": [{"prefix": "x"}]}), delivery(policy={"a": [{"prefix": "y"}]}),
            {"FilterPolicy": '{"a": [{"prefix": "x"}]}'}, id="another prefix",
        ),
    ],
)  # fmt: skip
def test_only_what_differs_is_set(wanted: Delivery, found: Delivery, expected: dict[str, str]) -> None:
    assert changes(wanted, found) == expected


def test_reasons_are_sentences() -> None:
    assert reason_of({"FilterPolicy": ""}) == "the filter policy differs"
    assert reason_of({"RawMessageDelivery": "", "FilterPolicy": ""}) == "raw delivery and the filter policy differ"
