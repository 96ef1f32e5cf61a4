# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError, raise_all
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.isolation import (
    Network,
    SecurityGroup,
    check_accounts,
    check_isolation,
    chosen_groups,
    doubts,
)
from tests.builders import DR, SOURCE, STRANGER, copied, landed

GROUPS = (SecurityGroup("sg-1", "drill", ("10.0.0.0/8",)), SecurityGroup("sg-2", "admin"))
NETWORK = Network("private", "vpc-1", ("a", "b"), security_groups=GROUPS)


def test_a_drill_runs_in_no_source_account() -> None:
    check_accounts(DR, [SOURCE], [landed()])
    with pytest.raises(LifeboatError, match="it is a source account"):
        check_accounts(SOURCE, [SOURCE], [])


def test_the_tags_of_recovery_points_tell_source_accounts_as_well() -> None:
    check_accounts(DR, [], [copied(account=DR, tags={"lifeboat:database": ""})])
    with pytest.raises(LifeboatError, match="it is a source account"):
        check_accounts(SOURCE, [STRANGER], [copied()])


def test_a_public_subnet_does_not_isolate_a_drill() -> None:
    check_isolation(Network("private", "vpc-1", ("subnet-1",)))
    with pytest.raises(LifeboatError, match="subnet-2 has a route to an internet gateway"):
        check_isolation(Network("open", "vpc-1", ("subnet-1", "subnet-2"), ("subnet-2",)))


def test_production_may_have_public_subnets_and_is_told_so() -> None:
    assert doubts(NETWORK) == []
    (doubt,) = doubts(Network("open", "vpc-1", ("subnet-1", "subnet-2"), ("subnet-2",)))
    assert "open has a public subnet, subnet-2" in doubt


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param(["sg-1"], ["sg-1"], id="by id"),
        pytest.param(["drill"], ["sg-1"], id="by name"),
        pytest.param(["sg-2", "drill"], ["sg-2", "sg-1"], id="both, in their order"),
    ],
)
def test_security_groups_are_found_in_the_vpc_of_the_network(wanted: list[str], found: list[str]) -> None:
    assert chosen_groups(NETWORK, wanted) == found


def test_a_security_group_of_another_vpc_is_refused() -> None:
    message = "Cannot use the security group sg-3: vpc-1, the VPC of private, has no such"
    with pytest.raises(LifeboatError, match=message):
        chosen_groups(NETWORK, ["sg-1", "sg-3"])


@pytest.mark.parametrize("source", ["0.0.0.0/0", "::/0", "0:0:0:0:0:0:0:0/0", "10.0.0.0/0"])
def test_a_security_group_that_lets_the_world_in_is_refused(source: str) -> None:
    one = SecurityGroup("sg-1", "drill", ("10.0.0.0/8", source))
    with pytest.raises(LifeboatError, match=r"allows access from everywhere \(.*\). Remove that rule"):
        chosen_groups(Network("private", "vpc-1", ("a",), security_groups=(one,)), ["drill"])


def test_an_open_group_that_is_not_used_does_not_matter() -> None:
    groups = (*GROUPS, SecurityGroup("sg-3", "open", ("0.0.0.0/0",)))
    assert chosen_groups(Network("private", "vpc-1", ("a",), security_groups=groups), ["drill"]) == ["sg-1"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    raise_all("Cannot restore", [])
    one, two = (LifeboatError(f"Cannot use {name}", why="it is bad", remedy="Mend it") for name in "ab")
    with pytest.raises(LifeboatError, match=r"^Cannot use a: it is bad. Mend it.$"):
        raise_all("Cannot restore", [one])
    with pytest.raises(
        LifeboatError, match=r"^Cannot restore, for 2 reasons: Cannot use a: .* Cannot use b: it is bad"
    ):
        raise_all("Cannot restore", [one, two])
