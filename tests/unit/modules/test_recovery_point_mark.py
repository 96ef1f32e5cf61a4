# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any
from unittest.mock import Mock, call

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from ansible_collections.lifeboat.rds.plugins.modules import recovery_point_mark
from tests.builders import DR, EAST, NOW, WEST, copied, landed, of_cluster, refusal

Row = dict[str, Any]

TIME, LATER = "2026-11-23T13:00:00Z", "2026-11-23T13:00:01Z"
ORDERS, EVENTS = landed("orders"), of_cluster(landed("events"))


@pytest.fixture
def run(options: Any) -> Any:
    def run(site: Mock, *arns: str, check_mode: bool = False, **given: Any) -> Row:
        given = {"account_id": DR, "recovery_points": list(arns), "time": TIME, **given}
        return recovery_point_mark.run(options(recovery_point_mark, **given), site, check_mode=check_mode)

    return run


@pytest.fixture
def dr_site(site: Any) -> Any:
    return lambda *points: site(DR, EAST, points=points)


def marked(when: str) -> Any:
    return landed("orders", tags={"lifeboat:verified": when})


def test_what_passed_bears_the_time_of_the_drill(run: Any, dr_site: Any) -> None:
    site = dr_site(ORDERS, EVENTS, landed("billing"))
    result = run(site, ORDERS.arn, EVENTS.arn)
    assert site.tag.call_args_list == [call(one.arn, {"lifeboat:verified": TIME}) for one in (ORDERS, EVENTS)]
    assert [(step["database"], step["status"], step["changed"]) for step in result["steps"]] == [
        ("orders", "marked", True),
        ("events", "marked", True),
    ]


def test_without_a_time_it_is_the_time_at_aws(run: Any, dr_site: Any) -> None:
    site = dr_site(ORDERS)
    run(site, ORDERS.arn, time=None)
    assert site.tag.call_args_list == [call(ORDERS.arn, {"lifeboat:verified": iso(NOW)})]


@pytest.mark.parametrize(
    ("mark", "changed"),
    [
        pytest.param(TIME, False, id="the same drill"),
        pytest.param(LATER, False, id="a later drill keeps its mark"),
        pytest.param("2026-11-23T12:59:59Z", True, id="an earlier drill"),
        pytest.param("true", True, id="somebody's tag that is no time"),
    ],
)
def test_a_mark_is_only_ever_replaced_by_a_later_one(
    run: Any, dr_site: Any, writes: Any, mark: str, changed: bool
) -> None:
    site = dr_site(marked(mark))
    result = run(site, ORDERS.arn)
    assert (result["changed"], writes(site)) == (changed, ["tag"] if changed else [])


def test_check_mode_writes_nothing_and_says_the_same(run: Any, dr_site: Any, writes: Any) -> None:
    site, real = dr_site(ORDERS), dr_site(ORDERS)
    planned, done = run(site, ORDERS.arn, check_mode=True), run(real, ORDERS.arn)
    assert writes(site) == []
    assert {part: planned[part] for part in ("changed", "steps", "diff")} == {
        part: done[part] for part in ("changed", "steps", "diff")
    }


def test_nothing_is_asked_of_rds_when_nothing_passed(run: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(ORDERS)
    assert (run(site)["changed"], writes(site)) == (False, [])


def test_one_that_aws_refuses_does_not_stop_the_others(run: Any, dr_site: Any) -> None:
    site = dr_site(ORDERS, EVENTS)
    site.tag.side_effect = [refusal("permission"), None]
    result = run(site, ORDERS.arn, EVENTS.arn)
    assert ([step["status"] for step in result["steps"]], result["failed"]) == (["failed", "marked"], True)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        pytest.param(landed("gone"), "the snapshot does not exist any more", id="gone"),
        pytest.param(landed("billing", tags={"lifeboat:managed-by": "other"}), "our tag and our name",
                     id="no tag of ours"),
        pytest.param(landed("billing", name="by-hand", arn=f"arn:aws:rds:{EAST}:{DR}:snapshot:by-hand"),
                     "our tag and our name", id="no name of ours"),
        pytest.param(landed("billing", status="failed"), "it is failed", id="not available"),
        pytest.param(copied("billing"), f"not the ARN of a snapshot of account {DR} in {EAST}", id="another account's"),
        pytest.param(landed("billing", arn=f"arn:aws:rds:{WEST}:{DR}:snapshot:x"), f"in {EAST}", id="another Region's"),
        pytest.param(landed("billing", arn="billing"), "not the ARN of a snapshot", id="a name"),
    ],
)  # fmt: skip
def test_nothing_is_marked_when_one_of_them_may_not_be(
    run: Any, dr_site: Any, writes: Any, other: Any, message: str
) -> None:
    site = dr_site(ORDERS) if other.database == "gone" else dr_site(ORDERS, other)
    with pytest.raises(LifeboatError, match=message):
        run(site, ORDERS.arn, other.arn)
    assert writes(site) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"account_id": "111111111111"}, f"these credentials belong to account {DR}", id="wrong account"),
        pytest.param({"time": "noon"}, "'noon' is not a time with a zone", id="no time"),
    ],
)
def test_bad_input_stops_the_call_before_the_first_write(
    run: Any, dr_site: Any, writes: Any, given: Row, message: str
) -> None:
    site = dr_site(ORDERS)
    with pytest.raises(LifeboatError, match=message):
        run(site, ORDERS.arn, **given)
    assert writes(site) == []


def test_every_step_has_what_the_documentation_promises(run: Any, dr_site: Any, promised: Any) -> None:
    (step,) = run(dr_site(ORDERS), ORDERS.arn)["steps"]
    assert promised(recovery_point_mark) <= set(step)
