# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any
from unittest.mock import Mock, call

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.modules import snapshot_share
from tests.builders import (
    DR,
    EAST,
    SOURCE,
    SOURCE_KEY,
    STRANGER,
    WEST,
    automated,
    copied,
    key,
    of_cluster,
    refusal,
)

Row = dict[str, Any]

OWN = key(SOURCE_KEY)
AWS_KEY = f"arn:aws:kms:{WEST}:{SOURCE}:key/aws-rds"
UNDER_AWS_KEY = copied("billing", encrypted=True, kms_key_id=AWS_KEY)
ENCRYPTED = copied("orders", encrypted=True, kms_key_id=SOURCE_KEY)


@pytest.fixture
def run(options: Any) -> Any:
    """Share these snapshots with the DR account unless told otherwise."""

    def run(site: Mock, *snapshots: str, check_mode: bool = False, **given: Any) -> Row:
        given = {"snapshots": list(snapshots), "accounts": [DR], **given}
        return snapshot_share.run(options(snapshot_share, **given), site, check_mode=check_mode)

    return run


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
@pytest.mark.parametrize(
    ("have", "wanted", "add", "remove", "reason"),
    [
        pytest.param([], [DR], {DR}, set(), f"added {DR}", id="not shared yet"),
        pytest.param([STRANGER], [DR], {DR}, {STRANGER}, f"added {DR}; removed {STRANGER}", id="shared with another"),
        pytest.param([DR, STRANGER], [], set(), {DR, STRANGER}, f"removed {DR}, {STRANGER}", id="all taken back"),
        pytest.param([DR], [DR], set(), set(), "shared with these accounts already", id="right already"),
        pytest.param([], [], set(), set(), "shared with these accounts already", id="with nobody, as it is"),
    ],
)
def test_the_accounts_become_exactly_the_wanted_ones(
    run: Any, site: Any, have: Any, wanted: Any, add: Any, remove: Any, reason: str, check_mode: bool
) -> None:
    source = site(points=[ENCRYPTED], keys=[OWN], shares=have)
    result = run(source, ENCRYPTED.name, accounts=wanted, check_mode=check_mode)
    expected = [call(ENCRYPTED, add=frozenset(add), remove=frozenset(remove))] if have != wanted else []
    assert source.share.call_args_list == ([] if check_mode else expected)
    assert [(step["status"], step["changed"], step["reason"]) for step in result["steps"]] == [
        ("shared", have != wanted, reason)
    ]
    difference = {"before": {ENCRYPTED.name: sorted(have)}, "after": {ENCRYPTED.name: sorted(wanted)}}
    assert result["diff"] == (difference if have != wanted else {"before": {}, "after": {}})


def test_names_and_arns_of_both_kinds_are_found_and_keep_their_order(run: Any, site: Any) -> None:
    cluster = of_cluster(copied("shop"))
    source = site(points=[cluster, copied("orders"), copied("billing")])
    result = run(source, copied("orders").name, cluster.arn, copied("billing").arn)
    assert [(step["database"], step["kind"]) for step in result["steps"]] == [
        ("orders", "instance"),
        ("shop", "cluster"),
        ("billing", "instance"),
    ]
    assert source.share.call_count == 3


@pytest.mark.parametrize(
    ("account", "region"), [(DR, WEST), (SOURCE, EAST)], ids=["another account's", "another Region's"]
)
def test_an_arn_of_another_place_is_not_taken_for_the_snapshot_of_that_name_here(
    run: Any, site: Any, writes: Any, account: str, region: str
) -> None:
    """A recovery point has the same name at every place."""
    source = site(points=[copied()])
    with pytest.raises(LifeboatError):
        run(source, f"arn:aws:rds:{region}:{account}:snapshot:{copied().name}")
    assert writes(source) == []


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(automated("billing"), "only manual", id="automated"),
        pytest.param(UNDER_AWS_KEY, "AWS-managed key aws/rds", id="under aws/rds"),
        pytest.param(copied("billing", status="copying"), "share it when it is available", id="not finished"),
    ],
)
def test_what_aws_cannot_share_is_refused_before_anything_is_shared(
    run: Any, site: Any, writes: Any, bad: Any, reason: str, check_mode: bool
) -> None:
    source = site(points=[ENCRYPTED, bad], keys=[OWN, key(AWS_KEY, is_aws_managed=True)])
    with pytest.raises(LifeboatError, match=reason):
        run(source, ENCRYPTED.name, bad.name, check_mode=check_mode)
    assert writes(source) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"account_id": STRANGER}, "these credentials belong to", id="wrong account"),
        pytest.param({"accounts": ["all"]}, "never shared with everybody", id="public"),
        pytest.param({"accounts": [DR, SOURCE]}, "must be another one", id="the owner itself"),
        pytest.param({"snapshots": [ENCRYPTED.name, "nope"]}, "has no such snapshot", id="unknown snapshot"),
    ],
)
def test_bad_input_stops_the_call_before_the_first_write(
    run: Any, site: Any, writes: Any, given: Row, message: str
) -> None:
    source = site(points=[ENCRYPTED], keys=[OWN])
    with pytest.raises(LifeboatError, match=message):
        run(source, ENCRYPTED.name, **given)
    assert writes(source) == []


def test_a_share_is_taken_back_whatever_the_key_is(run: Any, site: Any) -> None:
    source = site(points=[UNDER_AWS_KEY], keys=[key(AWS_KEY, is_aws_managed=True)], shares=[STRANGER])
    assert run(source, UNDER_AWS_KEY.name, accounts=[])["changed"]
    source.key.assert_not_called()


def test_an_automated_snapshot_that_is_to_be_shared_with_nobody_is_right(run: Any, site: Any) -> None:
    source = site(points=[automated()])
    assert not run(source, automated().name, accounts=[])["changed"]
    source.shared_with.assert_not_called()


def test_a_share_that_aws_refuses_does_not_stop_the_others(run: Any, site: Any) -> None:
    source = site(points=[copied("billing"), copied("orders")])
    source.share.side_effect = [refusal("refused", "unshareable"), None]
    result = run(source, copied("billing").name, copied("orders").name)
    assert [step["status"] for step in result["steps"]] == ["failed", "shared"]
    assert result["failed"]
    assert "unshareable" in result["msg"]


def test_every_step_has_what_the_documentation_promises(run: Any, site: Any, promised: Any) -> None:
    (step,) = run(site(points=[copied()]), copied().name)["steps"]
    assert promised(snapshot_share) <= set(step)
