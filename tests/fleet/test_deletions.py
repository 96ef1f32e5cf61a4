# SPDX-License-Identifier: GPL-3.0-or-later
"""How much one run may delete: a retention that has lost a digit, and what a fleet deletes every day."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import DatabaseId
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of, name_for
from ansible_collections.lifeboat.rds.plugins.modules import snapshot_copy, snapshot_prune, snapshot_replicate
from tests.fleet.fleet import DR, PREFIX, SOURCE, Fleet, Side, manifests, writing
from tests.fleet.routes import ROUTES, Route
from tests.fleet.rules import own, shots

Row = dict[str, Any]
DAY = 86_400
DATABASES, POINTS, EVERY = 300, 13, 3  # a recovery point every three days, the oldest of 36 days
GOING = POINTS - 3  # what is younger than a week stays
BY_NAME = {route.name: route for route in ROUTES}
INSTANCE, CLUSTER = BY_NAME["customer-key-instance"], BY_NAME["customer-key-cluster"]
# What the inventory of a DR site says, and nothing more: the floor stays, and a source site has no retention.
FIVE_WEEKS = {"keep": None, "max_age_days": 35, "below_floor": None}
ONE_DIGIT_LESS = {**FIVE_WEEKS, "max_age_days": 3}


def landed_history(fleet: Fleet) -> None:
    """Put five weeks of recovery points of 300 databases into the DR site, as rows of the lab."""
    fleet.reset()
    seed = {"account": SOURCE.profile, "databases": DATABASES, "snapshots": POINTS, "interval": EVERY * DAY}
    fleet.lab.admin("POST", "seed", {**seed, "age": 3600})
    world = fleet.lab.running.application.world  # type: ignore[attr-defined]
    shelf, table = (world.place(side.account, side.region).snapshots["instance"] for side in (SOURCE, DR))
    copies = []
    for row in shelf.values():
        one = DatabaseId(SOURCE.account, SOURCE.region, "instance", row.portrait.database_id, row.portrait.resource_id)
        lineage = lineage_of(one, datetime.fromtimestamp(row.original, timezone.utc))
        copies.append(
            replace(
                row, account=DR.account, region=DR.region, identifier=name_for(PREFIX, one.identifier, lineage),
                type="manual", key=fleet.keys["dr"], source=row,
                tags={"lifeboat:managed-by": PREFIX, "lifeboat:database": one.arn},
            )
        )  # fmt: skip
    table.add(*copies)
    fleet.new_calls()


def prune(fleet: Fleet, **given: Any) -> Row:
    """Prune the DR site as its role does, with nothing of what the other tests of this fleet want."""
    return fleet.run(snapshot_prune, DR, **given)


def landed(fleet: Fleet) -> set[str]:
    return {one.name for one in own(shots(fleet.status()).values(), DR.account)}


@pytest.fixture(scope="module")
def history(fleet: Fleet) -> Fleet:
    landed_history(fleet)
    return fleet


@pytest.fixture(scope="module")
def refused(history: Fleet) -> Row:
    """Prune with a retention whose last digit is gone."""
    return prune(history, **ONE_DIGIT_LESS)


def test_a_retention_without_its_last_digit_deletes_nothing(history: Fleet, refused: Row) -> None:
    """Three days instead of 35: all but the floor of 300 databases would go."""
    assert writing(history.new_calls()) == []
    assert (refused["failed"], refused["changed"], len(landed(history))) == (True, False, DATABASES * POINTS)
    assert f"it would delete {DATABASES * GOING} of {DATABASES * POINTS} recovery points" in refused["msg"]
    assert f"-e prune_accept_deletions={refused['accept_deletions']} " in refused["msg"]


def test_the_right_retention_deletes_one_of_each(history: Fleet) -> None:
    checked = history.one_pass(snapshot_prune, DR, check_mode=True, **FIVE_WEEKS)
    assert [step["status"] for step in checked["steps"]].count("deleted") == DATABASES
    assert not (checked.get("failed") or checked.get("warnings"))


def test_what_was_pasted_works_once(history: Fleet) -> None:
    """Half a day later, in which more has become older than the retention wants."""
    wanted = {**ONE_DIGIT_LESS, "databases": ["db-0000?"]}
    refused = prune(history, **wanted)
    history.pass_time(DAY / 2)
    wanted["accept_deletions"] = [refused["accept_deletions"]]
    done = prune(history, **wanted)
    gone = {step["name"] for step in done["steps"] if step["status"] == "deleted"}
    assert (done.get("failed"), len(gone)) == (None, 10 * GOING)
    assert gone == {step["name"] for step in refused["steps"] if step["status"] == "would_delete"}
    history.new_calls()
    assert prune(history, **{**wanted, "keep": 1, "max_age_days": None, "below_floor": True})["failed"]
    assert prune(history, **{**wanted, "databases": []})["failed"]
    assert writing(history.new_calls()) == []
    assert len(landed(history)) == DATABASES * POINTS - len(gone)


# -- what a fleet deletes every day -----------------------------------------------------------------------------------


def night(fleet: Fleet, *, replicates: bool = True, at_source: int | None = None, **retention: Any) -> list[Row]:
    """Let a day pass, and do what protect.yml does in it."""
    fleet.pass_time(DAY)
    fleet.back_up()
    published = fleet.run(snapshot_copy, SOURCE)
    if not replicates:
        return [published]
    done = fleet.run(snapshot_replicate, DR, published=manifests(published))
    wanted: dict[Side, Row] = {SOURCE: {"keep": at_source}, DR: retention}
    pruned = [fleet.run(snapshot_prune, side, landed=manifests(done), **wanted[side]) for side in (DR, SOURCE)]
    return [published, done, *pruned]


@pytest.mark.parametrize(
    "retention",
    [
        pytest.param({"keep": 1, "below_floor": True}, id="only the newest"),
        pytest.param({"keep": 1, "below_floor": None}, id="the floor"),
        pytest.param({"keep": None, "max_age_days": 3, "below_floor": True}, id="three days"),
    ],
)
@pytest.mark.parametrize("route", [INSTANCE, CLUSTER], ids=lambda route: route.name)
def test_what_a_fleet_deletes_every_day_is_never_too_much(fleet: Fleet, route: Route, retention: Row) -> None:
    fleet.begin(route, 7)
    deleted = 0
    for _night in range(12):
        results = night(fleet, **retention)
        assert [one.get("failed") for one in results] == [None] * 4
        deleted += sum(step["status"] == "deleted" for one in results[2:] for step in one["steps"])
    assert deleted >= 7 * 11 + (7 * 3)


@pytest.mark.parametrize("keep", [None, 1], ids=["as is", "with a retention"])
def test_the_first_run_after_a_weekend_deletes_what_has_landed_at_the_source(fleet: Fleet, keep: int | None) -> None:
    """The source published every day, and the DR site took nothing: then all but the newest go at once."""
    fleet.begin(INSTANCE, 7)
    night(fleet, **FIVE_WEEKS)
    for _night in range(3):
        night(fleet, replicates=False)
    results = night(fleet, at_source=keep, **FIVE_WEEKS)
    assert [one.get("failed") for one in results] == [None] * 4
    left = own(shots(fleet.status()).values(), SOURCE.account)
    assert len(left) == 7
    assert [step["status"] for step in results[3]["steps"]].count("deleted") >= 7 * 3
