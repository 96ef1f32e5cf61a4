# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.last_drills import Drilled, Drills
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.overrides import PerDatabase, read_overrides
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from ansible_collections.lifeboat.rds.plugins.module_utils._core.recipe import NO_RECIPE
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.posture import Expected, document, read_site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.posture_lines import summary, table
from tests.builders import DR, EAST, NOW, SOURCE, STRANGER, WEST, hours_ago
from tests.postures import DIGEST, dark, dr_site, row, seen_at_dr, source_site
from tests.schemas import complaints

Row = dict[str, Any]
PLACE = f"{DR}/{EAST}"


def posture(*sites: Row, drilled: Any = (), overrides: Any = ()) -> Row:
    drills = Drills()
    for one in drilled:
        drills.add(one)
    settings = PerDatabase(Expected(max_drill_age=8640000), tuple(read_overrides(overrides)))
    found = document(map(read_site, sites), drills, settings, {"lifeboat.rds": "0.1.0"})
    assert complaints(found) == []
    return found


def orders(*sites: Row, **more: Any) -> Row:
    (found,) = posture(*sites, **more)["databases"]
    return dict(found)


def drill(hours: float = 5, verdict: str = "verified", place: str = PLACE, **more: Any) -> Drilled:
    facts: Row = {"finished": iso(hours_ago(hours)), "document": "drill", "drill_id": "d1", "evidence": "d1-1.json"}
    return Drilled(place, hours_ago(hours), verdict, **{**facts, "digest": DIGEST, **more})


def reason(unprotected: str) -> Row:
    return {"protected": False, "reason": unprotected}


# -- the verdict on a database ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sites", "protected", "why"),
    [
        pytest.param([source_site(row()), dr_site(seen_at_dr())], True, None, id="both sides say yes"),
        pytest.param(
            [source_site(row(**reason("nothing landed"))), dr_site(seen_at_dr())],
            False,
            "production: nothing landed",
            id="the source says no",
        ),
        pytest.param(
            [source_site(row()), dr_site(seen_at_dr(**reason("too old")))],
            False,
            "production_dr: too old",
            id="the DR site says no",
        ),
        pytest.param(
            [source_site(row(**reason("nothing landed"))), dr_site(seen_at_dr(**reason("too old")))],
            False,
            "production: nothing landed; production_dr: too old",
            id="both say no",
        ),
        pytest.param(
            [dark(source_site()), dr_site(seen_at_dr())], None, "production could not be looked at", id="source dark"
        ),
        pytest.param(
            [source_site(row()), dark(dr_site())], None, "production_dr could not be looked at", id="DR site dark"
        ),
        pytest.param(
            [dark(source_site()), dr_site(seen_at_dr(**reason("too old")))],
            False,
            "production_dr: too old",
            id="dark, and the other one says no",
        ),
        pytest.param([dr_site(seen_at_dr())], True, None, id="only the DR site is asked"),
        pytest.param([source_site(row())], True, None, id="only the source is asked"),
        pytest.param(
            [source_site(row()), dr_site(seen_at_dr()), dark(source_site(name="other", account_id=STRANGER))],
            True,
            None,
            id="dark is a site of others",
        ),
        pytest.param(
            [source_site(row()), dr_site(seen_at_dr()), dark(dr_site(name="other", account_id=STRANGER))],
            True,
            None,
            id="dark is a DR site that gets nothing of it",
        ),
        pytest.param(
            [source_site(row(), dr_accounts=[DR, STRANGER]), dr_site(seen_at_dr()),
             dark(dr_site(name="other", account_id=STRANGER))],
            None,
            "other could not be looked at",
            id="dark is one of two DR sites",
        ),
        pytest.param(
            [dark(source_site()), dr_site(seen_at_dr(database_arn=None, region=None))],
            None,
            "production could not be looked at",
            id="nobody knows where it came from, and a source of the DR site is dark",
        ),
    ],
)  # fmt: skip
def test_one_no_makes_it_unprotected_and_silence_makes_it_unknown(sites: Any, protected: Any, why: Any) -> None:
    found = orders(*sites, drilled=[drill(), drill(place=f"{STRANGER}/eu-central-1")])
    assert (found["protected"], found["reason"]) == (protected, why)
    assert found["verdict"] == {True: "verified", False: "failed", None: "unverified"}[protected]


def test_totals_tell_three_states_apart() -> None:
    sites = [
        dark(source_site()),
        dr_site(seen_at_dr(), seen_at_dr("billing", **reason("too old")), row_of_dr_itself("reports")),
    ]
    found = posture(*sites)
    assert (found["unprotected"], found["unknown"], found["total"]) == (1, 1, 3)


@pytest.mark.parametrize("state", ["excluded", "replica"])
@pytest.mark.parametrize("other", [True, False])
def test_what_one_site_says_to_need_nothing_is_listed_and_not_counted(state: str, other: bool) -> None:
    """The DR site may still have old recovery points of it."""
    aside = {"state": state, "protected": None, "reason": f"{state}: because"}
    at_dr = seen_at_dr("sandbox", protected=other, reason=None if other else "too old", recipe=False)
    sites = source_site(row("sandbox", **aside), row()), dr_site(at_dr, seen_at_dr())
    found = posture(*sites, drilled=[drill()])
    assert [(one["database"], one["state"], one["verdict"]) for one in found["databases"]] == [
        ("orders", "verified", "verified"),
        ("sandbox", state, None),
    ]
    assert (found["unprotected"], found["unknown"], found["total"]) == (0, 0, 1)
    assert (found["verdict"], found["states"][state]) == ("verified", 1)
    assert f"sandbox: {state}: because" in table(found)
    assert (
        found["words"]
        == f"all protected and verified, 1 {'excluded' if state == 'excluded' else 'covered as replicas'}"
    )


@pytest.mark.parametrize("told", [True, False, None])
def test_whether_it_can_be_recovered_as_it_was_is_told_from_the_first_day(told: Any) -> None:
    found = posture(source_site(row()), dr_site(seen_at_dr(recipe=told)), drilled=[drill()])
    assert found["databases"][0]["recipe"] is told
    assert (f"orders: it {NO_RECIPE}" in table(found)) == (told is False)
    assert found["verdict"] == ("unverified" if told is False else "verified")


def row_of_dr_itself(name: str) -> Row:
    arn = f"arn:aws:rds:{EAST}:{DR}:db:{name}"
    return row(name, database_arn=arn, account_id=DR, region=EAST)


def test_without_any_answer_nothing_can_be_said() -> None:
    with pytest.raises(LifeboatError, match="production: it is dark"):
        posture(dark(source_site()))


def test_a_site_without_a_result_was_not_looked_at() -> None:
    found = posture({**source_site(), "result": None}, dr_site())
    assert [site["problem"] for site in found["sites"]] == ["nobody looked at it", None]


# -- what is joined ---------------------------------------------------------------------------------------------------


def test_places_of_all_sides_stand_side_by_side_with_who_tells_them() -> None:
    found = orders(dr_site(seen_at_dr()), source_site(row()))
    assert [(one["place"], one["site"], one["age_seconds"]) for one in found["places"]] == [
        (f"{SOURCE}/{WEST}/automated", "production", 3600),
        (f"{DR} (landed)", "production", 3600),
        (f"{DR}/{EAST}/manual", "production_dr", 3600),
    ]


@pytest.mark.parametrize(
    ("at_source", "at_dr", "age"),
    [(10, 20, 20), (20, 10, 20), (None, 10, None), (10, None, None)],
)
def test_the_age_is_that_of_the_side_that_is_worst_off(at_source: Any, at_dr: Any, age: Any) -> None:
    found = orders(source_site(row(age_seconds=at_source)), dr_site(seen_at_dr(age_seconds=at_dr)))
    assert found["age_seconds"] == age


@pytest.mark.parametrize(("rpos", "rpo"), [((60, 90), 60), ((90, 60), 60), ((None, 60), 60), ((None, None), None)])
def test_the_stricter_objective_counts(rpos: Any, rpo: Any) -> None:
    assert orders(source_site(row(rpo=rpos[0])), dr_site(seen_at_dr(rpo=rpos[1])))["rpo"] == rpo


@pytest.mark.parametrize(
    ("sites", "exists"),
    [
        pytest.param([source_site(row()), dr_site(seen_at_dr())], True, id="the source has it"),
        pytest.param([source_site(row(exists=False)), dr_site(seen_at_dr())], False, id="the source has copies of it"),
        pytest.param([source_site(), dr_site(seen_at_dr())], False, id="the source knows nothing of it"),
        pytest.param([dark(source_site()), dr_site(seen_at_dr())], None, id="the source is dark"),
        pytest.param([dr_site(seen_at_dr())], None, id="the source was not asked"),
    ],
)
def test_whether_a_database_is_there_only_its_own_site_knows(sites: Any, exists: Any) -> None:
    assert orders(*sites)["exists"] is exists


def test_what_the_source_says_of_itself_counts_more_than_what_travelled() -> None:
    overrides = [{"match_tags": {"tier": "gold"}, "owner": "shop team", "rto": 600}]
    found = orders(
        source_site(row(tags={"tier": "gold"}, engine="postgres")),
        dr_site(seen_at_dr(tags={}, database_arn=None, region=None)),
        overrides=overrides,
    )
    assert (found["owner"], found["rto"], found["account_id"]) == ("shop team", 600, SOURCE)


def test_a_database_created_anew_under_its_name_is_another_one() -> None:
    found = posture(source_site(row()), dr_site(seen_at_dr(), seen_at_dr(digest="v" * 12)))["databases"]
    assert [(one["database"], one["digest"], one["exists"]) for one in found] == [
        ("orders", DIGEST, True),
        ("orders", "v" * 12, False),
    ]


def test_quotas_and_problems_are_told_of_each_site() -> None:
    found = posture(dark(dr_site()), source_site(row()))
    assert [(site["name"], site["problem"], bool(site["quotas"])) for site in found["sites"]] == [
        ("production", None, True),
        ("production_dr", "it is dark", False),
    ]


# -- drills -----------------------------------------------------------------------------------------------------------


def test_the_last_drill_and_the_last_verified_one_are_told_apart() -> None:
    drilled = [drill(50), drill(30, evidence="d2-1.json"), drill(5, "failed", evidence="d3-1.json")]
    found = orders(source_site(row()), dr_site(seen_at_dr()), drilled=drilled)
    assert [(found[name]["evidence"], found[name]["age_seconds"]) for name in ("last_drill", "last_verified")] == [
        ("d3-1.json", 5 * 3600),
        ("d2-1.json", 30 * 3600),
    ]


def test_ages_of_drills_are_by_the_clock_of_their_site() -> None:
    late = dr_site(seen_at_dr(), now=NOW + timedelta(hours=1))
    assert orders(source_site(row()), late, drilled=[drill(5)])["last_drill"]["age_seconds"] == 6 * 3600


def test_each_dr_site_has_drills_of_its_own() -> None:
    elsewhere = f"{STRANGER}/eu-central-1"
    drilled = [drill(5, "failed"), drill(9, place=elsewhere)]
    found = orders(source_site(row()), dr_site(seen_at_dr()), drilled=drilled)
    assert {place: one["last_verified"] is not None for place, one in found["drills"].items()} == {
        PLACE: False,
        elsewhere: True,
    }
    assert (found["last_drill"]["verdict"], found["last_verified"]["age_seconds"]) == ("failed", 9 * 3600)


def test_where_the_evidence_is_lost_the_marks_tell_of_the_last_verified_drill() -> None:
    mark = {"time": iso(hours_ago(3)), "age_seconds": 10800, "name": "x", "arn": "x"}
    found = orders(source_site(row()), dr_site(seen_at_dr(last_verified=mark)), drilled=[drill(50)])
    verified = found["last_verified"]
    assert (verified["age_seconds"], verified["evidence"], verified["verdict"]) == (10800, None, "verified")
    same = {**mark, "time": iso(hours_ago(50))}
    found = orders(source_site(row()), dr_site(seen_at_dr(last_verified=same)), drilled=[drill(50)])
    assert found["last_verified"]["evidence"] == "d1-1.json", "evidence of the same drill tells more"


def test_what_was_not_restored_is_known_by_its_name_alone() -> None:
    refused = drill(2, "unverified", digest=None, name="orders", kind="instance")
    assert orders(source_site(row()), dr_site(seen_at_dr()), drilled=[refused])["last_drill"]["verdict"] == "unverified"
    two = posture(source_site(row(), row(digest="f" * 12, exists=False)), drilled=[refused])["databases"]
    assert [one["last_drill"] for one in two] == [None, None], "of two with that name nobody knows which it was"


# -- lines ------------------------------------------------------------------------------------------------------------


def test_the_table_shows_the_worst_first_and_each_reason_once() -> None:
    found = posture(
        dark(source_site()),
        dr_site(
            seen_at_dr("billing"),
            seen_at_dr("orders", **reason("too old"), age_seconds=None),
            row_of_dr_itself("reports"),
            seen_at_dr("users"),
        ),
        drilled=[drill(2, "failed")],
    )
    assert table(found) == [
        "database  kind      state          age  objective  last drill      last verified",
        "orders    instance  UNPROTECTED    -    1 d        failed 2 h ago  never",
        "billing   instance  UNKNOWN        1 h  1 d        never           never",
        "users     instance  UNKNOWN        1 h  1 d        never           never",
        "reports   instance  NEVER DRILLED  1 h  1 d        never           never",
        f"orders: production_dr: too old; its newest drill in {DR}, 2 h ago (d1), failed",
        f"billing, users: production could not be looked at; it was never drilled in {DR}",
        f"reports: it was never drilled in {DR}",
        "production: it is dark",
    ]
    assert summary(found) == (
        "lifeboat posture 2026-11-23T14:00:00Z: FAILED (0 of 4 verified: 1 unprotected, 2 unknown, 1 never drilled, "
        "1 site could not be looked at)"
    )


def test_a_posture_without_databases_has_no_table() -> None:
    assert table(posture(dr_site())) == []
