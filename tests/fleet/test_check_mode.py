# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode is the plan: what it lists on a state is exactly what the lab then logs.

With ``wait: false`` for the same pass, with ``wait: true`` for the whole task.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.routes import Place, Start, Unsupported
from ansible_collections.lifeboat.rds.plugins.modules import snapshot_copy, snapshot_prune, snapshot_replicate
from tests.builders import route as whole_route
from tests.fleet.fleet import A_COPY, DR, SIDES, SOURCE, Fleet, Side, manifests, writing
from tests.fleet.plan import listed, pass_as_planned, task_as_planned
from tests.fleet.routes import OLD_RULES, ROUTES, Route
from tests.fleet.rules import own, shots

ROUNDS = 7  # of passes, each by its plan, after which everything is done
# Whether AWS refuses a step is no part of the state: what is planned there are the two steps that are asked for.
PLANNED = [
    replace(one, replicate={**one.replicate, "single_step": "never"}) if one.lab == OLD_RULES else one for one in ROUTES
]
every_route = pytest.mark.parametrize("route", PLANNED, ids=lambda route: route.name)


def protect_as_planned(fleet: Fleet) -> list[dict[str, Any]]:
    """One pass of each module, as from a scheduler that never waits; then the copies finish."""
    published = pass_as_planned(fleet, snapshot_copy, SOURCE)
    landed = pass_as_planned(fleet, snapshot_replicate, DR, published=manifests(published))
    pruned = [pass_as_planned(fleet, snapshot_prune, side, landed=manifests(landed)) for side in SIDES]
    fleet.pass_time(A_COPY)
    return [published, landed, *pruned]


def all_changes(rounds: list[list[dict[str, Any]]]) -> list[str]:
    return [step["status"] for turn in rounds for result in turn for step in result["steps"] if step["changed"]]


@every_route
def test_from_the_first_copy_to_nothing_left_to_do(fleet: Fleet, route: Route) -> None:
    fleet.begin(route, 2)
    rounds = [protect_as_planned(fleet) for _turn in range(ROUNDS)]
    changes = all_changes(rounds)
    assert {status: changes.count(status) for status in ("published", "retired")} == {"published": 2, "retired": 2}
    assert all_changes(rounds[-1:]) == [], "nothing to do, and nothing planned"
    assert not any(result.get("failed") for result in rounds[-1])


@every_route
def test_new_snapshots_and_what_they_supersede(fleet: Fleet, route: Route) -> None:
    fleet.begin(route, 2)
    fleet.protect()
    fleet.pass_time(86400)
    fleet.back_up()
    changes = all_changes([protect_as_planned(fleet) for _turn in range(ROUNDS)])
    assert changes.count("retired") == 2, "what landed is marked"
    assert changes.count("deleted") == 4, "its predecessors go at both sides"


def test_only_as_many_copies_as_there_are_slots(fleet: Fleet) -> None:
    fleet.begin(ROUTES[0], 5, max_in_flight={"instance": 2, "cluster": 2})
    first = protect_as_planned(fleet)
    assert all_changes([first]) == ["copying", "copying"]
    rounds = [protect_as_planned(fleet) for _turn in range(3 * ROUNDS)]
    assert all_changes(rounds).count("retired") == 5


def failed_copy(fleet: Fleet) -> None:
    fleet.lab.fault("failed-copy", account=SOURCE.profile)
    fleet.lab.fault("failed-copy", account=DR.profile)


def lost_replies(fleet: Fleet) -> None:
    fleet.lab.fault("reset-after", action="Copy*", account=SOURCE.profile)
    fleet.lab.fault("reset-after", action="Copy*", account=DR.profile)


def refused_unshare(fleet: Fleet) -> None:
    fleet.lab.fault("access-denied", action="ModifyDB*", account=SOURCE.profile, skip=2)


def refused_mark(fleet: Fleet) -> None:
    fleet.lab.fault("access-denied", action="AddTagsToResource", account=SOURCE.profile)


def disabled_key(fleet: Fleet) -> None:
    fleet.lab.fault("error", action="CopyDB*", code="KMSKeyNotAccessibleFault", message="disabled", status=400)


@pytest.mark.parametrize("trouble", [failed_copy, lost_replies, refused_unshare, refused_mark, disabled_key])
@pytest.mark.parametrize("route", [ROUTES[1], ROUTES[5]], ids=lambda route: route.name)
def test_after_a_run_with_faults(fleet: Fleet, route: Route, trouble: Callable[[Fleet], None]) -> None:
    fleet.begin(route, 2)
    trouble(fleet)
    fleet.protect()
    fleet.lab.admin("DELETE", "faults")
    rounds = [protect_as_planned(fleet) for _turn in range(2 * ROUNDS)]
    assert all_changes(rounds[-1:]) == []


@every_route
def test_at_every_point_at_which_a_run_can_be_killed(fleet: Fleet, route: Route) -> None:
    for at in range(7, 42, 11):
        fleet.begin(route, 2)
        with fleet.dies(at, after=True):
            fleet.protect()
        protect_as_planned(fleet)


def lose_what_landed(fleet: Fleet) -> None:
    """Somebody deletes the DR site's copies, which the source has marked as landed."""
    found = shots(fleet.status()).values()
    for one in own(found, DR.account):
        fleet.delete_recovery_point(DR, one.name)


@pytest.mark.parametrize("route", [ROUTES[1], ROUTES[5]], ids=lambda route: route.name)
def test_when_somebody_deleted_what_had_landed(fleet: Fleet, route: Route) -> None:
    fleet.begin(route, 1)
    fleet.protect()
    lose_what_landed(fleet)
    protect_as_planned(fleet)


# -- a task that waits ------------------------------------------------------------------------------------------------


def plan_both(fleet: Fleet) -> list[dict[str, Any]]:
    """Check mode through the whole playbook: the planned manifest is passed forward."""
    fleet.new_calls()
    published = fleet.one_pass(snapshot_copy, SOURCE, check_mode=True, wait=True)
    landed = fleet.one_pass(snapshot_replicate, DR, check_mode=True, wait=True, published=manifests(published))
    assert not writing(fleet.new_calls()), "check mode wrote"
    return [published, landed]


def protect_as_planned_at_once(fleet: Fleet) -> list[dict[str, Any]]:
    """Plan with both modules before anything is done, then check that they do exactly that. Return the plans."""
    begin_a_minute(fleet)
    plans = plan_both(fleet)
    published = task_as_planned(fleet, snapshot_copy, SOURCE, plans[0])
    task_as_planned(fleet, snapshot_replicate, DR, plans[1], published=manifests(published))
    return plans


def begin_a_minute(fleet: Fleet) -> None:
    """Pass the time until the next minute: a snapshot that is taken is named after it."""
    site = fleet.site(SOURCE)
    site.check_account(SOURCE.account)
    fleet.pass_time(60 - site.now.second)


@every_route
def test_a_task_that_waits_plans_all_the_steps_of_a_route(fleet: Fleet, route: Route) -> None:
    fleet.begin(route, 2)
    plans = protect_as_planned_at_once(fleet)
    copies = [
        sum(count for (action, _name), count in listed(plan).items() if action.startswith("Copy")) for plan in plans
    ]
    wanted = [2 * route.copies[side.profile] for side in SIDES]
    assert copies == wanted
    assert [listed(plan) for plan in plan_both(fleet)] == [Counter(), Counter()], "nothing is left to do"


@every_route
def test_a_task_that_waits_plans_to_go_on_after_a_killed_run(fleet: Fleet, route: Route) -> None:
    for at in range(7, 42, 11):
        fleet.begin(route, 2)
        with fleet.dies(at, after=True):
            fleet.protect()
        protect_as_planned_at_once(fleet)


@pytest.mark.parametrize("trouble", [failed_copy, lost_replies, disabled_key])
@pytest.mark.parametrize("route", [PLANNED[1], PLANNED[9], PLANNED[10]], ids=lambda route: route.name)
def test_a_task_that_waits_plans_to_go_on_after_a_run_with_faults(
    fleet: Fleet, route: Route, trouble: Callable[[Fleet], None]
) -> None:
    fleet.begin(route, 2)
    trouble(fleet)
    fleet.protect()
    fleet.lab.admin("DELETE", "faults")
    protect_as_planned_at_once(fleet)


def test_a_task_that_waits_plans_also_what_has_to_wait_for_a_slot(fleet: Fleet) -> None:
    fleet.begin(ROUTES[0], 5, max_in_flight={"instance": 2, "cluster": 2})
    source, dr = protect_as_planned_at_once(fleet)
    assert (listed(source).total(), listed(dr).total()) == (10, 5), "copied and shared, then copied"


@every_route
def test_a_plan_gives_each_step_of_a_route_its_reason(fleet: Fleet, route: Route) -> None:
    """In the words that the planner has for them; taking a snapshot and tidying up are no part of a route."""
    fleet.begin(route, 2)
    steps = whole_route(start_of(route), place_of(SOURCE), place_of(DR), single_step=not route.lab)
    assert not isinstance(steps, Unsupported)
    plans = plan_both(fleet)
    given = Counter(step["reason"] for plan in plans for step in plan["steps"] if step["changed"])
    for step in steps:
        assert given.pop(step.reason) == 2, "for each of the two databases"
    assert set(given) <= {
        "a snapshot taken for this recovery point",
        "an intermediate snapshot that no copy needs any more",
    }


def start_of(route: Route) -> Start:
    """Tell the planner what it must know about the databases of a class."""
    kind = route.seed.get("kind", "cluster" if route.seed["engine"].startswith("aurora") else "instance")
    encryption = {None: "none", "data": "customer", "alias/aws/rds": "aws-managed", "sse-rds": "aws-owned"}
    # What somebody else took is copied once as well: the name of the copy tells whose it is.
    origins = {"snapshot": "manual", "awsbackup": "awsbackup"}
    origin = origins.get(route.publish.get("source", ""), "automated")
    return Start(kind, route.seed["engine"], origin, encryption[route.seed.get("key")])  # type: ignore[arg-type]


def place_of(side: Side) -> Place:
    return Place(side.account, side.region)
