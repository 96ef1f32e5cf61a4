# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import Mock, call

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import (
    DATABASE,
    PURPOSE,
    RECOVERY_POINT,
    RESOURCE_ID,
    RecoveryPoint,
    iso,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._module.total import Total
from ansible_collections.lifeboat.rds.plugins.modules import snapshot_prune
from tests.builders import DR, EAST, NOW, SOURCE, STRANGER, WEST, automated, copied, database, landed, refusal, restored

Row = dict[str, Any]

MARK = f"lifeboat:landed:{DR}"
LANDED = {MARK: iso(NOW)}


def manifest(*points: RecoveryPoint, account: str = DR, refused: Iterable[Row] = ()) -> Row:
    """Build what the DR site reports as landed. A recovery point has the same name there."""
    entries = [{"name": one.name, "arn": "arn", "landed_time": iso(NOW)} for one in points]
    head = {"version": 1, "document": "landed", "account": account, "region": EAST}
    return {**head, "points": entries, "refused": list(refused)}


@pytest.fixture
def run(options: Any) -> Any:
    def run(site: Mock, *documents: Row, check_mode: bool = False, **given: Any) -> Row:
        usual = {"landed": list(documents), "apply": True, "keep": 1, "below_floor": True}
        given = {"account_id": site.account, **usual, **given}
        return snapshot_prune.run(options(snapshot_prune, **given), site, check_mode=check_mode)

    return run


def outcomes(result: Row) -> list[tuple[str, str]]:
    return [(step["name"], step["status"]) for step in result["steps"]]


# -- retiring ---------------------------------------------------------------------------------------------------------


def test_what_landed_is_unshared_first_and_marked_then(run: Any, site: Any) -> None:
    """A mark means that the share is gone; a run that is killed between the two does both again."""
    source = site(points=[copied()])
    result = run(source, manifest(copied()))
    writes = [one for one in source.mock_calls if one[0] in ("share", "tag", "delete_recovery_point")]
    assert writes == [call.share(copied(), remove=[DR]), call.tag(copied().arn, {MARK: iso(NOW)})]
    assert (outcomes(result), result["changed"]) == ([(copied().name, "retired")], True)


def test_the_mark_is_not_set_when_the_share_could_not_be_taken_back(run: Any, site: Any) -> None:
    source = site(points=[copied()])
    source.share.side_effect = refusal("permission")
    result = run(source, manifest(copied()))
    source.tag.assert_not_called()
    assert (copied().name, "failed") in outcomes(result)
    assert (result["failed"], result["changed"]) == (True, False)


def test_a_mark_that_could_not_be_set_is_a_failure_and_the_share_that_is_gone_a_change(run: Any, site: Any) -> None:
    source = site(points=[copied()])
    source.tag.side_effect = refusal("permission")
    result = run(source, manifest(copied()))
    assert (result["failed"], result["changed"]) == (True, True)


@pytest.mark.parametrize("refusing", ["share", "tag"])
def test_what_could_not_be_retired_is_not_deleted(run: Any, site: Any, refusing: str) -> None:
    source = site(points=[copied(hours=1, tags=LANDED), copied(hours=25)])
    getattr(source, refusing).side_effect = refusal("permission")
    run(source, manifest(copied(hours=25)))
    source.delete_recovery_point.assert_not_called()


def test_what_could_not_be_retired_is_one_item_and_it_failed(run: Any, site: Any) -> None:
    """Also in the result of the task, which has the latest word on each item."""
    source = site(points=[copied()])
    source.share.side_effect = refusal("permission")
    total = Total()
    total.add(run(source, manifest(copied())))
    assert outcomes(total.as_result()) == [(copied().name, "failed")]


def test_a_retirement_that_fails_does_not_stop_the_others(run: Any, site: Any) -> None:
    source = site(points=[copied("billing"), copied("orders")])
    source.share.side_effect = [refusal("permission"), None]
    result = run(source, manifest(copied("billing"), copied("orders")))
    assert source.tag.call_count == 1
    assert [status for _name, status in outcomes(result) if status == "retired"] == ["retired"]


def test_what_a_policy_of_aws_forbids_is_kept_and_what_no_policy_allows_fails(run: Any, site: Any) -> None:
    points = [landed("orders", hours=24 * days) for days in (1, 2, 30, 31)]
    dr = site(account=DR, region=EAST, points=points)
    dr.delete_recovery_point.side_effect = [
        refusal("permission", "... with an explicit deny in an identity-based policy"),
        refusal("permission", "... because no identity-based policy allows the rds:DeleteDBSnapshot action"),
    ]
    result = run(dr, max_age_days=7)
    assert sorted(status for _name, status in outcomes(result)) == ["failed", "kept", "kept", "kept"]
    assert result["changed"] is False


def test_what_is_marked_is_not_retired_again(run: Any, site: Any, writes: Any) -> None:
    source = site(points=[copied(tags=LANDED)])
    result = run(source, manifest(copied()))
    assert (writes(source), result["changed"]) == ([], False)
    assert outcomes(result) == [(copied().name, "kept")]


def test_what_landed_in_two_accounts_is_retired_for_both(run: Any, site: Any) -> None:
    source = site(points=[copied()])
    result = run(source, manifest(copied()), manifest(copied(), account=STRANGER))
    assert [one.kwargs["remove"] for one in source.share.call_args_list] == [[DR], [STRANGER]]
    assert outcomes(result) == [(copied().name, "retired")]


def test_the_dr_site_does_not_retire_its_own_copies(run: Any, site: Any, writes: Any) -> None:
    dr = site(DR, EAST, points=[landed()])
    assert outcomes(run(dr, manifest(landed()))) == [(landed().name, "kept")]
    assert writes(dr) == []


# -- verdicts ---------------------------------------------------------------------------------------------------------


def test_older_published_copies_go_once_a_newer_one_has_landed(run: Any, site: Any) -> None:
    older, overtaken = copied(hours=25, tags=LANDED), copied(hours=49)
    source = site(points=[copied(hours=0), copied(hours=1, tags=LANDED), older, overtaken])
    result = run(source)
    assert source.delete_recovery_point.call_args_list == [call(older), call(overtaken)]
    assert [(step["status"], step["reason"]) for step in result["steps"]] == [
        ("kept", "it has not landed"),
        ("kept", "the newest that landed"),
        ("deleted", "superseded by newer ones"),
        ("deleted", "overtaken by a newer one that landed; superseded by newer ones"),
    ]


def test_what_this_run_retires_counts_as_landed(run: Any, site: Any, writes: Any) -> None:
    newest, older = copied(hours=1), copied(hours=25)
    source = site(points=[newest, older])
    result = run(source, manifest(newest, older))
    assert outcomes(result) == [(newest.name, "retired"), (older.name, "deleted")]
    assert writes(source)[-1] == "delete_recovery_point"


@pytest.mark.parametrize(
    ("points", "deleted"),
    [
        pytest.param([landed(hours=9000)], [], id="the newest of a database that may be gone"),
        pytest.param([landed(hours=1), landed(hours=25)], [25], id="a superseded one"),
        pytest.param([landed(hours=1), landed(hours=25, tags={"lifeboat:verified": "t"})], [], id="the last verified"),
        pytest.param([landed(hours=1), landed(hours=25, tags={"retain": ""})], [], id="with a retain tag"),
        pytest.param([landed(hours=1, status="failed"), landed(hours=25)], [1], id="a copy that broke"),
        pytest.param([landed(hours=1, status="copying"), landed(hours=25)], [], id="the newest that is finished"),
    ],
)
def test_the_dr_site_deletes_what_the_safety_rules_do_not_keep(run: Any, site: Any, points: Any, deleted: Any) -> None:
    dr = site(DR, EAST, points=points)
    run(dr)
    assert [one.args[0].name for one in dr.delete_recovery_point.call_args_list] == [
        landed(hours=hours).name for hours in deleted
    ]


def test_what_a_database_was_recovered_from_stays_as_long_as_that_stands(run: Any, site: Any) -> None:
    points = [landed(hours=1), landed(hours=50), landed(hours=90)]
    orders = database(tags={PURPOSE: "recovery", RECOVERY_POINT: points[2].name})
    for databases, gone in (([], [1, 2]), ([orders], [1])):
        dr = site(DR, EAST, points=points, databases=databases)
        run(dr)
        assert [one.args[0] for one in dr.delete_recovery_point.call_args_list] == [points[one] for one in gone]


@pytest.mark.parametrize("status", ["creating", "available", "deleting"])
def test_what_a_drill_restores_from_stays_until_its_database_is_gone(run: Any, site: Any, status: str) -> None:
    points = [landed(hours=1), landed(hours=50), landed(hours=90)]
    drilled = restored("lifeboat-d1-orders", status=status, tags={RECOVERY_POINT: points[1].name})
    dr = site(DR, EAST, points=points, databases=[drilled])
    result = run(dr)
    assert [one.args[0] for one in dr.delete_recovery_point.call_args_list] == [points[2]]
    (kept,) = [step for step in result["steps"] if step["name"] == points[1].name]
    assert (kept["status"], kept["reason"]) == ("kept", "a drill's database that was restored from it exists here")


def test_databases_are_listed_only_where_something_that_landed_would_go(run: Any, site: Any) -> None:
    for points, calls in (([landed()], 0), ([landed(), landed(hours=50)], 1)):
        dr = site(DR, EAST, points=points)
        run(dr)
        assert dr.databases.call_count == calls


def test_as_many_and_as_young_ones_stay_as_the_retention_says(run: Any, site: Any) -> None:
    points = [landed(hours=hours) for hours in (1, 25, 49, 73)]
    dr = site(DR, EAST, points=points)
    result = run(dr, keep=2, max_age_days=3)
    assert [status for _name, status in outcomes(result)] == ["kept", "kept", "kept", "deleted"]
    assert [step["reason"] for step in result["steps"][:3]] == [
        "the newest that landed",
        "one of the newest 2",
        "younger than 3 days",
    ]


MANY = [landed(name, hours) for name in ("billing", "orders") for hours in (1, 25, 49)]


def test_without_a_declared_retention_the_dr_site_deletes_nothing_and_says_so_once(run: Any, site: Any) -> None:
    dr = site(DR, EAST, points=[*MANY, landed(hours=73, status="failed")])
    result = run(dr, keep=None)
    assert not dr.delete_recovery_point.called
    assert {step["reason"] for step in result["steps"]} == {"the newest that landed", "no retention is declared"}
    (warning,) = result["warnings"]
    assert "No retention is declared for 2 databases" in warning


def test_a_retention_of_some_databases_deletes_nothing_of_others(run: Any, site: Any) -> None:
    dr = site(DR, EAST, points=MANY)
    result = run(dr, keep=None, overrides=[{"databases": ["orders"], "daily": 1}])
    assert {one.args[0].database for one in dr.delete_recovery_point.call_args_list} == {"orders"}
    assert "for 1 database in" in result["warnings"][0]


def test_what_is_released_by_name_goes_without_a_declared_retention(run: Any, site: Any) -> None:
    dr = site(DR, EAST, points=MANY)
    run(dr, keep=None, release=[MANY[0].name])
    assert [one.args[0] for one in dr.delete_recovery_point.call_args_list] == [MANY[0]]


def test_a_source_site_needs_no_retention(run: Any, site: Any) -> None:
    source = site(points=[copied(hours=1, tags=LANDED), copied(hours=25, tags=LANDED)])
    result = run(source, keep=None)
    assert [status for _name, status in outcomes(result)] == ["kept", "deleted"]
    assert not result.get("warnings")


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(automated(hours=99), id="automated"),
        pytest.param(copied(hours=99, name="by-hand"), id="our tag, not our name"),
        pytest.param(copied(hours=99, tags={"lifeboat:managed-by": "other"}), id="our name, not our tag"),
    ],
)
def test_what_is_not_ours_is_neither_judged_nor_touched(run: Any, site: Any, writes: Any, point: Any) -> None:
    source = site(points=[copied(tags=LANDED), point])
    result = run(source, manifest(point))
    assert (writes(source), outcomes(result)) == ([], [(copied().name, "kept")])


def test_what_aws_does_not_delete_fails_and_does_not_stop_the_others(run: Any, site: Any) -> None:
    dr = site(DR, EAST, points=[landed(hours=hours) for hours in (1, 25, 49)])
    dr.delete_recovery_point.side_effect = [refusal("permission"), None]
    result = run(dr)
    assert [status for _name, status in outcomes(result)] == ["kept", "failed", "deleted"]
    assert result["failed"]


def test_only_the_selected_databases_are_judged_whether_they_exist_or_not(run: Any, site: Any) -> None:
    points = [landed(name, hours) for name in ("billing", "orders") for hours in (1, 25)]
    result = run(site(DR, EAST, points=points), databases=["orders"])
    assert outcomes(result) == [(landed("orders", 1).name, "kept"), (landed("orders", 25).name, "deleted")]


# -- what differs, and what DR sites say ------------------------------------------------------------------------------


def test_an_override_counts_for_its_databases(run: Any, site: Any) -> None:
    points = [landed(name, hours) for name in ("billing", "orders") for hours in (1, 25, 49)]
    overrides = [{"databases": ["ord*"], "keep": 2}, {"engines": ["mysql"], "keep": 3}]
    result = run(site(DR, EAST, points=points), overrides=overrides)
    kept = [step["database"] for step in result["steps"] if step["status"] == "kept"]
    assert sorted(kept) == ["billing", "orders", "orders"]


def test_an_override_for_clusters_counts_for_the_copies_of_their_stand_ins(run: Any, site: Any) -> None:
    tags = {DATABASE: f"arn:aws:rds:{WEST}:{SOURCE}:cluster:orders"}
    points = [landed("orders", hours, tags=tags) for hours in (1, 25, 49)]
    overrides = [{"kinds": ["cluster"], "keep": 2}, {"kinds": ["instance"], "keep": 3}]
    result = run(site(DR, EAST, points=points), overrides=overrides)
    assert [step["status"] for step in result["steps"]].count("kept") == 2


def test_days_weeks_months_and_years_are_options(run: Any, site: Any) -> None:
    points = [landed(hours=hours) for hours in (1, 2, 3, 15, 39, 600, 7900)]
    result = run(site(DR, EAST, points=points), daily=2, weekly=1, monthly=2, yearly=2)
    assert [(step["status"], step["reason"]) for step in result["steps"]] == [
        ("kept", "the newest that landed"),
        ("deleted", WANTED_BY_NONE),
        ("kept", "the first of 2026-11-23"),
        ("kept", "the first of 2026-11-22"),
        ("kept", "the first of 2026-11"),
        ("kept", "the first of 2026-10"),
        ("kept", "the first of 2025"),
    ]


WANTED_BY_NONE = "superseded by newer ones; not the first of any of the newest 2 days, 1 week, 2 months, 2 years"


def test_a_copy_that_one_of_two_dr_sites_has_is_retired_for_it_and_stays(run: Any, site: Any) -> None:
    newest, older = copied(hours=1), copied(hours=25)
    source = site(points=[newest, older])
    result = run(source, manifest(newest, older), dr_accounts=[DR, STRANGER])
    assert [one.kwargs["remove"] for one in source.share.call_args_list] == [[DR], [DR]]
    assert outcomes(result) == [(newest.name, "retired"), (older.name, "retired")]
    assert {step["reason"] for step in result["steps"]} == {"it has not landed"}


def test_a_copy_does_not_land_in_the_own_account_even_if_it_is_a_dr_account(run: Any, site: Any) -> None:
    """So that one list in the inventory may serve every site."""
    source = site(points=[copied(hours=1, tags=LANDED), copied(hours=25, tags=LANDED)])
    result = run(source, dr_accounts=[SOURCE, DR])
    assert [status for _name, status in outcomes(result)] == ["kept", "deleted"]


@pytest.mark.parametrize("key", ["arn", "name"])
def test_what_a_dr_site_refused_says_so(run: Any, site: Any, key: str) -> None:
    refused = [{key: getattr(copied(), key), "reason": "its key is Disabled"}]
    (step,) = run(site(points=[copied()]), manifest(refused=refused))["steps"]
    assert step["reason"] == "it has not landed: the DR site 222222222222 says its key is Disabled"


def test_what_a_dr_site_refused_of_a_stranger_is_not_said_of_ours(run: Any, site: Any) -> None:
    refused = [{"arn": copied().arn.replace(SOURCE, STRANGER), "reason": "its account is a stranger"}]
    (step,) = run(site(points=[copied()]), manifest(refused=refused))["steps"]
    assert step["reason"] == "it has not landed"


@pytest.mark.parametrize("refused", [None, "none", [None], [{"reason": "no snapshot"}]])
def test_refusals_that_name_no_snapshot_are_ignored(run: Any, site: Any, refused: Any) -> None:
    (step,) = run(site(points=[copied()]), {**manifest(), "refused": refused})["steps"]
    assert step["reason"] == "it has not landed"


# -- releasing --------------------------------------------------------------------------------------------------------


def test_what_is_released_goes_though_it_is_the_newest(run: Any, site: Any) -> None:
    dr = site(DR, EAST, points=[landed(hours=1, tags={"lifeboat:verified": "t"}), landed("billing")])
    result = run(dr, release=[landed(hours=1).name])
    assert sorted(outcomes(result)) == sorted([(landed("billing").name, "kept"), (landed(hours=1).name, "deleted")])
    dr.databases.assert_not_called()


def test_a_second_release_changes_nothing_and_warns(run: Any, site: Any, writes: Any) -> None:
    dr = site(DR, EAST, points=[landed("billing")])
    result = run(dr, release=[landed().name])
    assert (writes(dr), result["changed"]) == ([], False)
    assert result["warnings"] == [f"{landed().name} is not in account {DR}, {EAST}: nothing to release."]


def test_the_source_releases_what_belongs_to_a_database_that_is_gone(run: Any, site: Any) -> None:
    """One created anew under the old name is another one."""
    source = site(points=[copied()], databases=[database(resource_id="db-ANEW")])
    assert outcomes(run(source, release=[copied().name])) == [(copied().name, "deleted")]


def test_without_any_resource_id_a_database_of_that_name_may_be_the_one(run: Any, site: Any) -> None:
    point = copied(resource_id=None)
    nameless = replace(point, tags={key: value for key, value in point.tags.items() if key != RESOURCE_ID})
    source = site(points=[nameless], databases=[database(resource_id="db-ANEW")])
    with pytest.raises(LifeboatError, match="its database orders still exists"):
        run(source, release=[point.name])


@pytest.mark.parametrize("apply", [False, True])
@pytest.mark.parametrize(
    ("points", "given", "message"),
    [
        pytest.param([copied()], {}, "its database orders still exists.*delete the database first", id="not gone"),
        pytest.param(
            [copied(tags={"lifeboat:resource-id": "db-OTHER"})], {}, "orders still exists", id="not gone, tag changed"
        ),
        pytest.param([copied(tags={"lifeboat:managed-by": "other"})], {}, "does not carry our tag", id="not ours"),
        pytest.param([copied(), copied("billing")], {"databases": ["billing"]}, "not selected", id="not selected"),
        pytest.param([copied()], {"release": ["lifeboat-orders-*"]}, "not to patterns", id="a pattern"),
        pytest.param([automated()], {"release": [automated().name]}, "not the name of a", id="automated"),
    ],
)
def test_what_must_not_be_released_stops_the_call_before_the_first_write(
    run: Any, site: Any, writes: Any, points: Any, given: Row, message: str, apply: bool
) -> None:
    source = site(points=points, databases=[database(), database("billing")])
    with pytest.raises(LifeboatError, match=message):
        run(source, manifest(copied("billing")), apply=apply, **{"release": [copied().name], **given})
    assert writes(source) == []


def test_without_a_release_no_databases_are_listed(run: Any, site: Any) -> None:
    source = site(points=[copied()])
    run(source)
    source.databases.assert_not_called()


# -- what vanishes meanwhile ------------------------------------------------------------------------------------------


def test_what_somebody_else_deleted_meanwhile_is_done(run: Any, site: Any) -> None:
    dr = site(DR, EAST, points=[landed(hours=hours) for hours in (1, 25)])
    dr.delete_recovery_point.side_effect = refusal("missing")
    result = run(dr)
    assert result["steps"][1]["status"] == "deleted"
    assert (result["changed"], result.get("failed")) == (False, None)


@pytest.mark.parametrize("refusing", ["share", "tag"])
def test_what_vanished_before_it_was_retired_protects_nothing_and_counts_for_nothing(
    run: Any, site: Any, refusing: str
) -> None:
    newest, older = copied(hours=1), copied(hours=25, tags=LANDED)
    source = site(points=[newest, older])
    getattr(source, refusing).side_effect = refusal("missing")
    result = run(source, manifest(newest), manifest(newest, account=STRANGER))
    assert outcomes(result) == [(newest.name, "deleted"), (older.name, "kept")]
    source.delete_recovery_point.assert_not_called()


# -- plans ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_without_apply_it_says_what_it_would_do_and_does_not(
    run: Any, site: Any, writes: Any, check_mode: bool
) -> None:
    state = [copied(hours=1), copied(hours=25), copied("billing", tags=LANDED)]
    planned, applied = site(points=state), site(points=state)
    document = manifest(*state[:2])
    plan = run(planned, document, apply=False, check_mode=check_mode)
    result = run(applied, document)
    assert (writes(planned), plan["changed"]) == ([], False)
    assert plan["diff"] == result["diff"]
    words = {"deleted": "would_delete", "retired": "would_retire", "kept": "kept"}
    assert outcomes(plan) == [(name, words[status]) for name, status in outcomes(result)]
    assert not any(step["changed"] for step in plan["steps"])
    assert [step["reason"] for step in plan["steps"]] == [step["reason"] for step in result["steps"]]


# -- check mode and bad input -----------------------------------------------------------------------------------------


def test_check_mode_predicts_everything_and_writes_nothing(run: Any, site: Any, writes: Any) -> None:
    state = [copied(hours=1), copied(hours=25), copied(hours=49, tags=LANDED), copied("billing")]
    checked, source = site(points=state), site(points=state)
    document = manifest(*state[:2])
    predicted, result = run(checked, document, check_mode=True), run(source, document)
    assert writes(checked) == []
    assert predicted == result
    assert {status for _name, status in outcomes(result)} == {"retired", "deleted", "kept"}


def test_a_second_run_finds_nothing_to_do(run: Any, site: Any, writes: Any) -> None:
    source = site(points=[copied(hours=1, tags=LANDED), copied("billing")])
    result = run(source, manifest(copied(hours=1), copied(hours=25)))
    assert (writes(source), result["changed"], result["diff"]) == ([], False, {"before": {}, "after": {}})


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"account_id": DR}, "these credentials belong to account 111111111111", id="wrong account"),
        pytest.param({"keep": 0}, "Set keep to 1 or more", id="keep nothing"),
        pytest.param({"overrides": [{"keep": 0}]}, "Set keep to 1 or more", id="keep nothing of some"),
        pytest.param({"max_age_days": -1}, "max_age_days -1: it is below 0", id="an age below none"),
        pytest.param({"overrides": [{"weekly": -1}]}, "weekly -1: it is below 0", id="weeks below none"),
        pytest.param({"dr_accounts": ["dr"]}, "DR account 'dr'.*Correct dr_accounts", id="no account"),
        pytest.param({"databases": ["nope"]}, "nothing there matches it", id="unknown database"),
        pytest.param({"landed": [{}]}, "Cannot read the landed manifest", id="no manifest"),
        pytest.param(
            {"landed": [{**manifest(), "document": "published"}]},
            "Cannot read the landed manifest",
            id="the other direction",
        ),
        pytest.param(
            {"landed": [{**manifest(), "points": None}]}, "Cannot read the landed manifest", id="no list of points"
        ),
        pytest.param(
            {"landed": [{name: value for name, value in manifest(copied()).items() if name != "account"}]},
            "Cannot read the landed manifest",
            id="landed nowhere",
        ),
        pytest.param(
            {"landed": [manifest(copied(), account="nowhere")]},
            "Cannot read the landed manifest",
            id="landed in what is no account",
        ),
    ],
)
def test_bad_input_stops_the_call_before_the_first_write(
    run: Any, site: Any, writes: Any, given: Row, message: str, check_mode: bool
) -> None:
    source = site(points=[copied(hours=1), copied(hours=25, tags=LANDED)])
    with pytest.raises(LifeboatError, match=message):
        run(source, check_mode=check_mode, **{"account_id": SOURCE, **given})
    assert writes(source) == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({}, id="without a name"),
        pytest.param({"name": copied().name}, id="without a time"),
        pytest.param({"name": copied().name, "landed_time": float("inf")}, id="with a number for a time"),
        pytest.param(copied().name, id="that is none"),
    ],
)
def test_an_entry_of_a_manifest_that_cannot_be_read_costs_only_itself(run: Any, site: Any, wrong: object) -> None:
    given = manifest(copied(hours=25))
    given["points"].append(wrong)
    result = run(site(points=[copied(hours=1), copied(hours=25)]), given)
    assert [step["status"] for step in result["steps"]].count("retired") == 1
    assert result["warnings"][0].startswith("Cannot use 1 entry of a landed manifest: ")
    assert f"Ask who runs {DR}, " in result["warnings"][0]


def test_every_step_has_what_the_documentation_promises(run: Any, site: Any, promised: Any) -> None:
    result = run(site(points=[copied(hours=1), copied(hours=25, tags=LANDED)]), manifest(copied(hours=1)))
    assert all(promised(snapshot_prune) <= set(step) for step in result["steps"])


# -- the floor and the bound ------------------------------------------------------------------------------------------


WEEKS = [landed(name, hours) for name in ("billing", "orders") for hours in range(1, 24 * 35, 24)]


def test_the_newest_two_and_a_week_stay_whatever_the_retention_says(run: Any, site: Any) -> None:
    dr = site(DR, EAST, points=[landed(hours=hours) for hours in (1, 25, 49, 24 * 8)])
    result = run(dr, keep=1, below_floor=None)
    assert [step["reason"] for step in result["steps"]] == [
        "the newest that landed",
        "the floor: one of the newest 2",
        "the floor: younger than 7 days",
        "superseded by newer ones",
    ]


def test_some_databases_may_go_below_the_floor(run: Any, site: Any) -> None:
    dr = site(DR, EAST, points=[landed(name, hours) for name in ("billing", "orders") for hours in (1, 25)])
    run(dr, below_floor=False, overrides=[{"databases": ["orders"], "below_floor": True}])
    assert [one.args[0].database for one in dr.delete_recovery_point.call_args_list] == ["orders"]


def test_going_below_the_floor_declares_no_retention(run: Any, site: Any) -> None:
    dr = site(DR, EAST, points=WEEKS)
    run(dr, keep=None, below_floor=True)
    dr.delete_recovery_point.assert_not_called()


@pytest.fixture
def refused(run: Any, site: Any) -> Row:
    """Run with a retention that has lost a digit."""
    dr = site(DR, EAST, points=WEEKS)
    result: Row = run(dr, keep=None, max_age_days=3, below_floor=None)
    dr.delete_recovery_point.assert_not_called()
    return result


def test_a_run_that_would_delete_most_deletes_nothing_and_says_how_to_accept_it(refused: Row) -> None:
    assert (refused["failed"], refused["changed"]) == (True, False)
    assert "it would delete 56 of 70 recovery points" in refused["msg"]
    assert f"-e prune_accept_deletions={refused['accept_deletions']} " in refused["msg"]
    assert [step["status"] for step in refused["steps"]].count("would_delete") == 56
    assert refused["diff"] == {"before": {}, "after": {}}


def test_what_was_said_accepts_that_plan(run: Any, site: Any, refused: Row) -> None:
    dr = site(DR, EAST, points=WEEKS)
    accepted = [refused["accept_deletions"], "20260101000000-0123456789ab"]
    result = run(dr, keep=None, max_age_days=3, below_floor=None, accept_deletions=accepted)
    assert (result.get("failed"), "accept_deletions" in result) == (None, False)
    gone = {one.args[0].name for one in dr.delete_recovery_point.call_args_list}
    assert gone == {step["name"] for step in refused["steps"] if step["status"] == "would_delete"}


def test_it_accepts_that_plan_also_when_time_has_passed_and_something_has_landed(
    run: Any, site: Any, refused: Row
) -> None:
    fresh = landed("orders", hours=-2)
    dr = site(DR, EAST, points=[fresh, *WEEKS])
    dr.now = NOW + timedelta(days=1)
    result = run(dr, keep=None, max_age_days=3, below_floor=None, accept_deletions=[refused["accept_deletions"]])
    assert dr.delete_recovery_point.call_count == 56
    (step,) = [step for step in result["steps"] if step["name"] == fresh.name]
    assert (step["status"], step["reason"]) == ("kept", "it came after the plan that was accepted")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"max_age_days": 2, "below_floor": True}, id="less is kept"),
        pytest.param({"max_age_days": 9}, id="more is kept"),
        pytest.param({"release": [WEEKS[3].name]}, id="one more is released"),
    ],
)
def test_it_accepts_no_other_plan(run: Any, site: Any, refused: Row, given: Row) -> None:
    dr = site(DR, EAST, points=WEEKS)
    usual = {"keep": None, "max_age_days": 3, "below_floor": None}
    result = run(dr, **{**usual, "accept_deletions": [refused["accept_deletions"]], **given})
    dr.delete_recovery_point.assert_not_called()
    assert "accept_deletions is set, but to what accepts another plan" in result["msg"]


def test_it_is_no_matter_once_it_was_used(run: Any, site: Any, refused: Row) -> None:
    """Whoever leaves it in the inventory has accepted nothing else."""
    usual = {"keep": None, "max_age_days": 3, "below_floor": None, "accept_deletions": [refused["accept_deletions"]]}
    left = [point for point in WEEKS if point.original > NOW - timedelta(days=7)]
    result = run(site(DR, EAST, points=left), **usual)
    assert (result["changed"], result.get("failed")) == (False, None)
    dr = site(DR, EAST, points=[*left, *(landed("events", hours) for hours in range(1, 24 * 90, 24))])
    assert run(dr, **usual)["failed"]
    dr.delete_recovery_point.assert_not_called()


def test_a_token_of_the_future_accepts_nothing(run: Any, site: Any, refused: Row) -> None:
    dr = site(DR, EAST, points=WEEKS)
    dr.now = NOW - timedelta(seconds=1)
    usual = {"keep": None, "max_age_days": 3, "below_floor": None}
    assert run(dr, **usual, accept_deletions=[refused["accept_deletions"]])["failed"]


@pytest.mark.parametrize("given", [{"apply": False}, {"check_mode": True}], ids=["plan", "check mode"])
def test_a_plan_is_shown_with_what_a_run_would_say_of_it(run: Any, site: Any, refused: Row, given: Row) -> None:
    result = run(site(DR, EAST, points=WEEKS), keep=None, max_age_days=3, below_floor=None, **given)
    assert result.get("failed") is None
    assert len(result["diff"]["before"]) == 56
    assert f"A run would refuse this plan. {refused['msg']}" in result["warnings"]
    assert result["accept_deletions"] == refused["accept_deletions"]


def test_what_landed_is_retired_though_nothing_is_deleted(run: Any, site: Any) -> None:
    """A share that is taken back is no deletion."""
    points = [copied(hours=hours) for hours in range(1, 24 * 80, 24 * 10)]
    source = site(points=points)
    result = run(source, manifest(*points))
    assert (source.share.call_count, source.delete_recovery_point.call_count) == (8, 0)
    assert result["failed"]
    assert "it would leave 1 of the 8 of orders" in result["msg"]


def test_a_source_site_without_a_retention_meets_no_bound(run: Any, site: Any) -> None:
    """All but the newest go once they have landed."""
    points = [copied(name, hours) for name in ("billing", "orders") for hours in range(1, 24 * 80, 24 * 10)]
    source = site(points=points)
    assert run(source, manifest(*points), keep=None).get("failed") is None
    assert source.delete_recovery_point.call_count == 14


def test_what_is_only_passing_at_a_source_site_meets_no_bound_either(run: Any, site: Any) -> None:
    points = [copied(name, hours) for name in ("billing", "orders") for hours in range(1, 24 * 7, 24)]
    source = site(points=points)
    assert run(source, manifest(*points)).get("failed") is None
    assert source.delete_recovery_point.call_count == 12


def test_a_failure_beside_the_bound_is_told_as_well(run: Any, site: Any) -> None:
    points = [copied(hours=hours) for hours in range(1, 24 * 80, 24 * 10)]
    source = site(points=[*points, copied("billing")])
    source.share.side_effect = [refusal("permission", "no share for you"), *[None] * 8]
    total = Total()
    total.add(run(source, manifest(copied("billing"), *points)))
    assert "no share for you" in total.as_result()["msg"]
    assert "Cannot delete recovery points in account 111111111111" in total.as_result()["msg"]
