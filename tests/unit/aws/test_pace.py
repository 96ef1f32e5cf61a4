# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.pace import Pace
from tests.builders import FakeClock

A_CALL = 0.005  # seconds
BACKOFF = 0.5


class Aws:
    """A token bucket, and a client that tries again half a second after a refusal."""

    def __init__(self, rate: float, burst: int = 20) -> None:
        self.clock = FakeClock()
        self.rate, self.burst = rate, burst
        self.refused = 0
        self._tokens, self._filled = float(burst), 0.0
        self._listeners: dict[str, list[Any]] = {}
        Pace(self.clock.now, self.clock.sleep).listen(self)

    def register(self, event: str, listener: object) -> None:
        self._listeners.setdefault(event, []).append(listener)

    def tell(self, *, refused: bool) -> None:
        """One attempt and its answer, whatever tokens there are."""
        for listener in self._listeners["before-send"]:
            listener(request=None)
        answer = {"Error": {"Code": "Throttling"}} if refused else {}
        for listener in self._listeners["response-received"]:
            listener(parsed_response=answer)

    def call(self) -> None:
        while not self._attempt():
            self.refused += 1
            self.clock.sleep(BACKOFF)

    def _attempt(self) -> bool:
        for listener in self._listeners["before-send"]:
            listener(request=None)
        self.clock.sleep(A_CALL)
        now = self.clock.now()
        self._tokens = min(self.burst, self._tokens + (now - self._filled) * self.rate)
        self._filled, has_token = now, self._tokens >= 1
        self._tokens -= has_token
        answer = {} if has_token else {"Error": {"Code": "ThrottlingException"}}
        for listener in self._listeners["response-received"]:
            listener(parsed_response=answer)
        return has_token

    def seconds_for(self, calls: int) -> float:
        began = self.clock.now()
        for _turn in range(calls):
            self.call()
        return self.clock.now() - began


@pytest.mark.parametrize("rate", [2, 20, 35])
def test_a_thousand_calls_go_about_as_fast_as_aws_answers_and_few_are_refused(rate: int) -> None:
    aws = Aws(rate)
    assert aws.seconds_for(1000) <= 1.05 * 980 / rate
    assert aws.refused <= 60


def test_a_client_that_is_never_refused_never_waits() -> None:
    aws = Aws(rate=1000)
    aws.seconds_for(100)
    assert set(aws.clock.slept) == {A_CALL}


def test_after_a_pause_a_burst_goes_at_once() -> None:
    aws = Aws(rate=20)
    aws.seconds_for(200)
    aws.clock.sleep(1)
    assert aws.seconds_for(18) < 0.2


def test_pauses_are_not_taken_for_a_slow_service() -> None:
    aws = Aws(rate=20)
    aws.seconds_for(100)
    for _look in range(20):
        aws.clock.sleep(3)
        aws.seconds_for(25)
    assert aws.seconds_for(400) <= 1.1 * 400 / 20


def test_two_refusals_with_a_pause_between_them_tell_no_rate() -> None:
    aws = Aws(rate=1000)
    for _look in range(3):
        aws.tell(refused=True)
        aws.tell(refused=False)
        aws.clock.sleep(60)
    aws.clock.slept.clear()
    aws.seconds_for(100)
    assert set(aws.clock.slept) == {A_CALL}


@pytest.mark.parametrize("backoff", [0.1, 5, 60])
def test_refusals_that_come_of_others_never_make_a_call_wait_more_than_a_second(backoff: float) -> None:
    aws = Aws(rate=1000)
    for _turn in range(50):
        aws.tell(refused=True)
        aws.clock.sleep(backoff)
        aws.tell(refused=False)
    aws.clock.slept.clear()
    aws.seconds_for(100)
    assert max(aws.clock.slept) <= 1


@pytest.mark.parametrize("rate", [5, 38], ids=["slower", "faster"])
def test_a_rate_that_changes_is_learnt_anew(rate: int) -> None:
    aws = Aws(rate=20)
    aws.seconds_for(200)
    aws.rate = rate
    aws.seconds_for(2000)
    assert aws.seconds_for(400) <= 1.25 * 400 / rate


def test_an_answer_without_a_body_is_an_answer() -> None:
    aws = Aws(rate=20)
    for listener in aws._listeners["response-received"]:
        listener(parsed_response=None, exception=ConnectionError())
    assert aws.seconds_for(10) < 0.1
