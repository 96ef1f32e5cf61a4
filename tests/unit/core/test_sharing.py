# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.sharing import check_accounts, plan_share
from tests.builders import DR, SOURCE, STRANGER, automated, copied, key


def test_the_accounts_become_exactly_the_wanted_ones() -> None:
    plan = plan_share(copied(), {STRANGER}, {DR}, None)
    assert (plan.add, plan.remove, plan.refused) == ({DR}, {STRANGER}, None)


def test_nothing_is_needed_when_it_is_shared_already() -> None:
    assert not plan_share(copied(), {DR}, {DR}, None).is_needed


@pytest.mark.parametrize(
    ("point", "its_key", "reason"),
    [
        pytest.param(automated(), None, "is automated", id="automated"),
        pytest.param(copied(), key(is_aws_managed=True), "aws/rds", id="under aws/rds"),
        pytest.param(copied(status="copying"), None, "is copying", id="not finished"),
    ],
)
def test_what_aws_cannot_share_is_refused_with_its_reason(point: Any, its_key: Any, reason: str) -> None:
    plan = plan_share(point, set(), {DR}, its_key)
    assert plan.refused is not None
    assert reason in plan.refused
    assert not plan.add


def test_a_share_can_always_be_taken_back() -> None:
    assert plan_share(copied(), {DR}, set(), key(is_aws_managed=True)).remove == {DR}


@pytest.mark.parametrize(
    ("accounts", "reason"),
    [
        pytest.param(["all"], "never shared with everybody", id="public"),
        pytest.param(["12345"], "12-digit", id="too short"),
        pytest.param([SOURCE], "must be another one", id="the owner itself"),
        pytest.param([f"{n:012d}" for n in range(21)], "RDS allows 20", id="too many"),
    ],
)
def test_accounts_that_cannot_be_meant_are_refused(accounts: list[str], reason: str) -> None:
    with pytest.raises(LifeboatError, match=reason):
        check_accounts("share_with", accounts, SOURCE)
