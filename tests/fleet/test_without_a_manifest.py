# SPDX-License-Identifier: GPL-3.0-or-later
"""Each side runs alone and nothing is handed over: what AWS shows of copies must do, whatever it leaves out."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.rds.plugins.modules import recovery_point_info, snapshot_copy, snapshot_replicate
from tests.fleet.fleet import DR, SOURCE, Fleet, writing
from tests.fleet.routes import ROUTES, Route
from tests.fleet.rules import own, shots

STANCES = ("cluster_copy_keeps_resource_id", "instance_copy_keeps_resource_id", "aurora_storage_differs")
NAMES = (
    "customer-key-instance",
    "customer-key-cluster",
    "unencrypted-cluster",
    "two-steps-instance",
    "two-steps-cluster",
)
DAY = 86400


@pytest.mark.parametrize("known", [False, True], ids=["left out", "shown"])
@pytest.mark.parametrize("route", [one for one in ROUTES if one.name in NAMES], ids=lambda one: one.name)
def test_everything_lands_once_and_is_kept_whatever_aws_leaves_out(fleet: Fleet, route: Route, known: bool) -> None:
    fleet.begin(route, 2)
    fleet.lab.admin("PATCH", "settings", {"rules": dict(zip(STANCES, (known, known, not known), strict=True))})
    for day in (1, 2):
        fleet.run(snapshot_copy, SOURCE)
        replicated = fleet.run(snapshot_replicate, DR)
        assert {step["status"] for step in replicated["steps"]} <= {"landed", "removed"}
        assert len(own(shots(fleet.status()).values(), DR.account)) == 2 * day
        fleet.new_calls()
        assert {step["status"] for step in fleet.run(snapshot_replicate, DR)["steps"]} == {"landed"}
        assert writing(fleet.new_calls()) == []
        fleet.pass_time(DAY)
        fleet.back_up()
    found = fleet.run(recovery_point_info, DR, rpo=2 * DAY)["databases"]
    assert [one["protected"] for one in found] == [True, True]
    pruned = fleet.prune_all(DR)
    assert sorted(step["status"] for step in pruned["steps"]) == ["deleted", "deleted", "kept", "kept"]
