# SPDX-License-Identifier: GPL-3.0-or-later
"""Test that RDS answers ThrottlingException, Rate exceeded, over its API rate (aws_rds.md 4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from helpers import code_of, settings
from lifeboat_lab import Lab
from lifeboat_lab.throttle import Throttle

ONCE = Config(retries={"total_max_attempts": 1})
NOW = 1_800_000_000.0


def admitted(throttle: Throttle, moments: list[float], per_second: float, burst: float) -> list[bool]:
    return [throttle.admits("somebody", NOW + moment, per_second, burst) for moment in moments]


def test_a_burst_is_answered_and_then_no_more() -> None:
    assert admitted(Throttle(), [0.0] * 5, 1, 3) == [True, True, True, False, False]


def test_a_token_comes_back_exactly_when_it_is_due() -> None:
    throttle = Throttle()
    assert admitted(throttle, [0.0, 0.0, 0.499, 0.5, 0.5, 0.999, 1.0], 2, 1) == [
        True, False, False, True, False, False, True,
    ]  # fmt: skip


def test_small_steps_add_up_to_the_same_as_a_big_one() -> None:
    throttle = Throttle()
    assert sum(admitted(throttle, [step / 100 for step in range(1001)], 2, 1)) == 1 + 2 * 10


def test_a_refused_call_costs_nothing() -> None:
    assert admitted(Throttle(), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 1, 1) == [True, False, False, False, False, True]


def test_the_bucket_never_holds_more_than_the_burst() -> None:
    assert admitted(Throttle(), [0.0, 1000.0, 1000.0, 1000.0], 5, 2) == [True, True, True, False]


def test_a_smaller_burst_holds_at_once() -> None:
    throttle = Throttle()
    assert admitted(throttle, [0.0], 1, 100) == [True]
    assert admitted(throttle, [0.0, 0.0], 1, 1) == [True, False]


def test_a_clock_that_goes_back_gives_and_takes_nothing() -> None:
    assert admitted(Throttle(), [10.0, 0.0, 10.0, 11.0], 1, 1) == [True, False, False, True]


def test_everybody_has_a_bucket() -> None:
    throttle = Throttle()
    places = [("a", "x"), ("a", "y"), ("b", "x")]
    assert all(throttle.admits(place, NOW, 1, 1) for place in places)
    assert not any(throttle.admits(place, NOW, 1, 1) for place in places)


def test_threads_share_a_bucket_without_losing_a_token() -> None:
    throttle = Throttle()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: throttle.admits("somebody", NOW, 1, 500), range(2000)))
    assert sum(answers) == 500


@pytest.fixture
def stranger(lab: Lab) -> Any:
    """Return an account and a Region that no other test calls: buckets start full."""
    return lab.client("stranger", "rds", "eu-north-1", config=ONCE)


def test_calls_above_the_rate_are_refused_and_logged(lab: Lab, stranger: Any) -> None:
    with settings(lab, rate={"per_second": 0.001, "burst": 2}):
        assert stranger.describe_db_instances()["DBInstances"] == []
        assert stranger.describe_db_clusters()["DBClusters"] == []
        with pytest.raises(ClientError) as caught:
            stranger.describe_db_instances()
        # Another Region has another bucket, and only RDS is counted.
        assert lab.client("stranger", "rds", "eu-west-3", config=ONCE).describe_db_instances()
        assert lab.client("stranger", "sts", "eu-north-1").get_caller_identity()
    answer = caught.value.response
    assert answer["Error"]["Code"] == "ThrottlingException"
    assert answer["Error"]["Message"] == "Rate exceeded"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    last = lab.calls(region="eu-north-1", service="rds", limit=1)[0]
    assert (last["status"], last["error"], last["message"]) == (400, "ThrottlingException", "Rate exceeded")


def test_the_rate_follows_the_clock_of_the_lab(empty_lab: Lab) -> None:
    client = empty_lab.client("stranger", "rds", "eu-north-1", config=ONCE)
    with settings(empty_lab, rate={"per_second": 0.001, "burst": 1}):
        assert client.describe_db_instances()
        assert code_of(client.describe_db_instances) == "ThrottlingException"
        empty_lab.admin("POST", "clock", {"advance": 1000})
        assert client.describe_db_instances()


def test_an_unmodified_client_gets_through_by_its_own_retries(lab: Lab) -> None:
    client = lab.client(
        "stranger", "rds", "eu-west-2", config=Config(retries={"mode": "standard", "total_max_attempts": 8})
    )
    with settings(lab, rate={"per_second": 20, "burst": 1}):
        answers = [client.describe_db_instances() for _turn in range(4)]
    assert len(answers) == 4
