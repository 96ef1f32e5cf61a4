# SPDX-License-Identifier: GPL-3.0-or-later
"""What the random worlds came upon: each in as few steps as it takes."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.rds.plugins.modules import snapshot_copy
from tests.fleet.fleet import DR, SOURCE, Fleet, writing
from tests.fleet.routes import ROUTES, Route
from tests.fleet.rules import own, shots, unfinished

one_of_each_kind = pytest.mark.parametrize("route", [ROUTES[1], ROUTES[5]], ids=lambda route: route.name)
BY_NAME = {route.name: route for route in ROUTES}
TAKEN, UNENCRYPTED, STOOD_IN = (
    BY_NAME[name] for name in ("taken-instance", "unencrypted-instance", "multi-az-cluster")
)
DAY = 86400


@one_of_each_kind
def test_what_was_overtaken_before_it_landed_does_not_stay_shared_for_ever(fleet: Fleet, route: Route) -> None:
    fleet.begin(route, 1)
    fleet.run(snapshot_copy, SOURCE)
    fleet.pass_time(DAY)
    fleet.back_up()
    fleet.protect()
    fleet.protect()
    assert {one.shared_with for one in own(shots(fleet.status()).values(), SOURCE.account)} == {()}


def delete_what_landed(fleet: Fleet) -> str:
    """Somebody deletes the DR site's copy; what the next run says of it."""
    (gone,) = own(shots(fleet.status()).values(), DR.account)
    fleet.delete_recovery_point(DR, gone.name)
    _published, replicated, *_pruned = fleet.protect()
    (step,) = replicated["steps"]
    assert (step["status"], step["name"], replicated.get("failed")) == ("not_offered", gone.name, None)
    return str(step["reason"])


@one_of_each_kind
def test_what_had_landed_and_was_deleted_is_followed_by_the_next_backup(fleet: Fleet, route: Route) -> None:
    fleet.begin(route, 1)
    fleet.protect()
    delete_what_landed(fleet)
    fleet.pass_time(DAY)
    fleet.back_up()
    fleet.protect()
    assert list(unfinished([route], fleet.status(), fleet.keys["dr"])) == []


@one_of_each_kind
def test_what_had_landed_and_was_deleted_lands_again_as_the_remedy_promises(fleet: Fleet, route: Route) -> None:
    fleet.begin(route, 1)
    fleet.protect()
    mark = f"lifeboat:landed:{DR.account}"
    assert f"remove its tag {mark} there" in delete_what_landed(fleet)
    (published,) = own(shots(fleet.status()).values(), SOURCE.account)
    fleet.others(SOURCE).remove_tags_from_resource(ResourceName=published.arn, TagKeys=[mark])
    fleet.protect()
    assert list(unfinished([route], fleet.status(), fleet.keys["dr"])) == []


def test_what_landed_of_a_stand_in_has_landed_when_its_snapshot_is_made_anew(fleet: Fleet) -> None:
    fleet.begin(STOOD_IN, 1)
    fleet.protect()
    (published,) = own(shots(fleet.status()).values(), SOURCE.account)
    fleet.delete_recovery_point(SOURCE, published.name)
    assert [one.get("failed") for one in fleet.protect()] == [None] * 4
    fleet.pass_time(DAY)  # until the second stand-in is gone
    assert list(unfinished([STOOD_IN], fleet.status(), fleet.keys["dr"])) == []


def test_of_what_is_lost_with_its_key_no_snapshot_is_asked_for_and_the_run_says_so(fleet: Fleet) -> None:
    fleet.begin(TAKEN, 1, and_of=[UNENCRYPTED])
    fleet.protect()
    kms = fleet.others(SOURCE, "kms")
    kms.disable_key(KeyId=fleet.keys["data"])
    fleet.pass_time(8 * DAY)
    kms.enable_key(KeyId=fleet.keys["data"])
    fleet.back_up()
    fleet.new_calls()
    published, *others = fleet.protect()  # of the other database in several passes
    assert "is inaccessible-encryption-credentials, and RDS takes snapshots only of available" in str(published)
    assert (published["failed"], [one.get("failed") for one in others]) == (True, [None] * 3)
    steps = [one["status"] for one in published["steps"] if one["database"].startswith(TAKEN.name)]
    assert steps == ["failed", "landed"]
    assert "CreateDBSnapshot" not in [call["action"] for call in fleet.new_calls()]


def test_what_is_stopped_for_the_night_lacks_nothing(fleet: Fleet) -> None:
    fleet.begin(TAKEN, 1)
    fleet.protect()
    fleet.others(SOURCE).stop_db_instance(DBInstanceIdentifier=fleet.available(TAKEN)[0])
    fleet.pass_time(2 * DAY)
    fleet.new_calls()
    assert [one.get("failed") for one in fleet.protect()] == [None] * 4
    assert writing(fleet.new_calls()) == []
