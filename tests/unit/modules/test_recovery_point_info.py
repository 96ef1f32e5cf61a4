# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.quota import Quota
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import (
    DATABASE,
    LANDED,
    MANAGED_BY,
    ORIGIN,
    PURPOSE,
    STAGE,
    VERIFIED,
    Configuration,
    RecoveryPoint,
    iso,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.option_groups import OptionGroup
from ansible_collections.lifeboat.rds.plugins.module_utils._core.recipe import RECIPE
from ansible_collections.lifeboat.rds.plugins.modules import recovery_point_info
from tests.builders import DR, EAST, SOURCE, STRANGER, WEST, automated, copied, database, hours_ago, landed, refusal
from tests.modules import answer_of

Row = dict[str, Any]


@pytest.fixture
def run(options: Any) -> Any:
    def run(site: Mock, *, check_mode: bool = False, **given: Any) -> dict[str, Row]:
        given = {"account_id": site.account, **given}
        result = recovery_point_info.run(options(recovery_point_info, **given), site, check_mode=check_mode)
        assert result["changed"] is False
        return {one["database"]: one for one in result["databases"]}

    return run


def test_a_dr_site_says_how_far_back_one_can_go(run: Any, site: Any) -> None:
    points = [landed(hours=1), landed(hours=50), landed(hours=900, status="failed")]
    row = run(site(DR, EAST, points=points))["orders"]
    assert (row["oldest"]["name"], row["oldest"]["age_seconds"]) == (landed(hours=50).name, 50 * 3600)
    assert run(site(databases=[database()], points=[copied(hours=50)]))["orders"]["oldest"] is None


def test_what_comes_of_an_unknown_origin_is_counted(options: Any, site: Any) -> None:
    lost = landed(hours=3, source_arn=None, tags={ORIGIN: "nobody"})
    given = options(recovery_point_info, account_id=DR)
    result = recovery_point_info.run(given, site(DR, EAST, points=[landed(), lost]))
    assert f"Nobody knows from which account {lost.name} come" in result["warnings"][0]


def test_the_newest_at_each_place_is_shown_with_its_age(run: Any, site: Any) -> None:
    points = [automated(hours=1), automated(hours=25), copied(hours=25), copied(hours=49)]
    orders = run(site(databases=[database()], points=points))["orders"]
    assert {place: (one["name"], one["age_seconds"]) for place, one in orders["newest"].items()} == {
        f"{SOURCE}/{WEST}/automated": (automated(hours=1).name, 3600),
        f"{SOURCE}/{WEST}/manual": (copied(hours=25).name, 25 * 3600),
    }
    assert (orders["age_seconds"], orders["protected"], orders["reason"]) == (3600, True, None)


def test_what_is_without_a_resource_id_belongs_to_no_database_that_is_known(run: Any, site: Any) -> None:
    nobodys = [automated(resource_id=None), automated("billing", hours=2, resource_id=None)]
    found = run(site(databases=[database()], points=nobodys), history=True)
    assert {name: one["newest"] for name, one in found.items()} == {"orders": {}}


def test_what_is_without_a_time_of_aws_protects_nothing(run: Any, site: Any) -> None:
    timeless = landed(hours=1, created=None, original=None)
    orders = run(site(DR, EAST, points=[timeless, landed(hours=5)]))["orders"]
    assert (orders["age_seconds"], orders["protected"]) == (5 * 3600, True)
    assert run(site(DR, EAST, points=[timeless]))["orders"]["protected"] is False


def test_an_age_counts_from_the_original_snapshot_and_not_from_its_copy(run: Any, site: Any) -> None:
    point = landed(hours=5, created=hours_ago(1), original=None)
    newest = run(site(DR, EAST, points=[point]))["orders"]["newest"][f"{DR}/{EAST}/manual"]
    assert (newest["original_time"], newest["age_seconds"]) == (iso(hours_ago(5)), 5 * 3600)


@pytest.mark.parametrize(
    ("points", "rpo", "protected", "reason"),
    [
        pytest.param([automated(hours=1)], 3600, True, None, id="just within the objective"),
        pytest.param([automated(hours=2)], 3600, False, "the objective is 3600 s", id="too old"),
        pytest.param([automated(hours=900)], None, True, None, id="no objective"),
        pytest.param([], None, False, "no finished recovery point here", id="none at all"),
        pytest.param([automated(status="creating")], None, False, "no finished recovery point here", id="not finished"),
        pytest.param([automated(status="failed")], None, False, "no finished recovery point here", id="broken"),
    ],
)
def test_what_is_unprotected_has_a_reason(
    run: Any, site: Any, points: Any, rpo: int | None, protected: bool, reason: str | None
) -> None:
    orders = run(site(databases=[database()], points=points), rpo=rpo)["orders"]
    assert orders["protected"] is protected
    assert (orders["reason"] is None) if reason is None else (reason in orders["reason"])


def test_what_is_being_made_is_in_flight(run: Any, site: Any) -> None:
    orders = run(site(databases=[database()], points=[automated(), copied(status="copying")]))["orders"]
    assert orders["in_flight"] == [copied().name]


def test_a_database_that_is_gone_is_shown_by_what_is_left_of_it(run: Any, site: Any) -> None:
    found = run(site(databases=[database()], points=[copied("billing")]))
    assert {name: one["exists"] for name, one in found.items()} == {"billing": False, "orders": True}


def test_snapshots_of_another_installation_or_of_a_failback_are_not_ours(run: Any, site: Any) -> None:
    """What a failback copied here belongs to a database in the DR account: nobody is to protect that from here."""
    back = copied("orders", resource_id="db-RECOVERED", tags={MANAGED_BY: "failback"}, name="failback-orders")
    found = run(site(databases=[database()], points=[automated(), back]))
    assert list(found["orders"]["newest"]) == [f"{SOURCE}/{WEST}/automated"]


def test_a_database_created_anew_under_an_old_name_is_another_one(options: Any, site: Any) -> None:
    source = site(databases=[database(resource_id="db-NEW")], points=[automated(hours=1)])
    result = recovery_point_info.run(options(recovery_point_info, history=True), source, check_mode=False)
    assert [(one["exists"], one["state"]) for one in result["databases"]] == [(True, "unprotected"), (False, "history")]


def test_the_member_of_a_cluster_is_not_a_database_of_its_own(run: Any, site: Any) -> None:
    databases = [database("shop", "cluster", members=("shop-1",)), database("shop-1", cluster="shop")]
    assert set(run(site(databases=databases))) == {"shop"}


def test_a_copy_that_landed_and_what_is_shared_are_one_database(run: Any, site: Any) -> None:
    shared = replace(copied(hours=1), tags={})
    dr = site(DR, EAST, points=[landed(hours=25)], shared={WEST: [shared]})
    orders = run(dr, source_regions=[WEST], source_accounts=[SOURCE])["orders"]
    assert {place: one["age_seconds"] for place, one in orders["newest"].items()} == {
        f"{SOURCE}/{WEST}/manual": 3600,
        f"{DR}/{EAST}/manual": 25 * 3600,
    }


def test_what_a_stranger_shares_does_not_count(run: Any, site: Any) -> None:
    """Anybody may share a snapshot with ours, under any name."""
    stranger = replace(copied(), account=STRANGER, arn=copied().arn.replace(SOURCE, STRANGER))
    dr = site(DR, EAST, shared={WEST: [stranger]})
    assert run(dr, source_regions=[WEST], source_accounts=[SOURCE]) == {}


def test_what_is_only_shared_protects_nothing(run: Any, site: Any) -> None:
    """Its owner may take it back, or go dark with it."""
    dr = site(DR, EAST, shared={WEST: [replace(copied(hours=1), tags={})]})
    orders = run(dr, source_regions=[WEST], source_accounts=[SOURCE], rpo=86400)["orders"]
    assert (orders["protected"], orders["age_seconds"]) == (False, None)


def test_an_intermediate_copy_is_not_a_recovery_point(run: Any, site: Any) -> None:
    orders = run(site(databases=[database()], points=[copied(tags={STAGE: "copy"})]))["orders"]
    assert (orders["newest"], orders["protected"]) == ({}, False)


# -- at a source site, what landed ------------------------------------------------------------------------------------


def marked(hours: float, *accounts: str) -> RecoveryPoint:
    return copied(hours=hours, tags={f"{LANDED}:{account}": "2026-11-23T12:00:00Z" for account in accounts})


def test_landed_copies_are_shown_as_a_place_of_their_own(run: Any, site: Any) -> None:
    points = [automated(hours=1), copied(hours=2), marked(5, DR), marked(9, DR)]
    orders = run(site(databases=[database()], points=points), dr_accounts=[DR])["orders"]
    assert orders["newest"][f"{DR} (landed)"]["name"] == copied(hours=5).name
    assert orders["age_seconds"] == 5 * 3600


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        pytest.param([marked(20, DR)], None, id="landed within the objective"),
        pytest.param([automated(hours=1), copied(hours=1)], f"nothing of it has landed in {DR}", id="published only"),
        pytest.param([automated(hours=1)], f"nothing of it has landed in {DR}", id="not even published"),
        pytest.param(
            [automated(hours=1), marked(25, DR)],
            f"the newest that landed in {DR} is 90000 s old, and the objective is 86400 s",
            id="too old, though there is a newer one here",
        ),
        pytest.param([marked(1, STRANGER)], f"nothing of it has landed in {DR}", id="landed elsewhere"),
        pytest.param(
            [replace(marked(1, DR), tags={f"{LANDED}:{DR}": "now"})],
            f"nothing of it has landed in {DR}",
            id="a mark without our ownership tag",
        ),
    ],
)
def test_a_source_is_protected_by_what_landed(run: Any, site: Any, points: Any, reason: str | None) -> None:
    orders = run(site(databases=[database()], points=points), dr_accounts=[DR], rpo=86400)["orders"]
    assert (orders["protected"], orders["reason"]) == (reason is None, reason)


def test_every_dr_account_has_to_have_it(run: Any, site: Any) -> None:
    source = site(databases=[database()], points=[marked(1, DR), marked(30, DR, STRANGER)])
    orders = run(source, dr_accounts=[DR, STRANGER], rpo=86400)["orders"]
    assert orders["reason"] == f"the newest that landed in {STRANGER} is 108000 s old, and the objective is 86400 s"
    assert orders["age_seconds"] == 30 * 3600
    assert run(site(databases=[database()], points=[marked(1, DR)]), dr_accounts=[DR, STRANGER])["orders"][
        "reason"
    ] == (f"nothing of it has landed in {STRANGER}")


def test_a_database_that_is_gone_is_protected_by_whatever_landed_of_it(run: Any, site: Any) -> None:
    """Nothing new will ever come of it, so its age says nothing."""
    assert run(site(points=[marked(900, DR)]), dr_accounts=[DR], rpo=60)["orders"]["protected"]
    assert not run(site(points=[copied(hours=900)]), dr_accounts=[DR], rpo=60)["orders"]["protected"]


@pytest.mark.parametrize(
    ("databases", "cause"),
    [
        pytest.param([database(backup_retention_days=0)], "Its automated backups are off", id="backups off"),
        pytest.param([database(status="storage-full")], "It is storage-full", id="a state that prevents backups"),
        pytest.param([database(status="stopped")], "It is stopped", id="stopped"),
        pytest.param(
            [database("orders", "cluster"), database("orders-1", cluster="orders", status="incompatible-restore")],
            "Its member orders-1 is incompatible-restore.",
            id="a member of a cluster",
        ),
    ],
)
def test_an_unprotected_database_says_what_keeps_it_so(run: Any, site: Any, databases: Any, cause: str) -> None:
    orders = run(site(databases=databases))["orders"]
    assert orders["reason"].startswith(f"it has no finished recovery point here. {cause}")


@pytest.mark.parametrize("status", ["available", "backing-up", "modifying"])
def test_a_state_that_passes_is_not_given_as_the_cause(run: Any, site: Any, status: str) -> None:
    one = database(status=status, backup_retention_days=7)
    assert run(site(databases=[one]))["orders"]["reason"] == "it has no finished recovery point here"


def test_a_trouble_alone_does_not_unprotect_what_landed_in_time(run: Any, site: Any) -> None:
    source = site(databases=[database(backup_retention_days=0)], points=[marked(1, DR)])
    assert run(source, dr_accounts=[DR], rpo=86400)["orders"]["protected"]


# -- which database, and when it was verified -------------------------------------------------------------------------


def test_each_side_names_the_original_database_alike(run: Any, site: Any) -> None:
    at_source = run(site(databases=[database(tags={"tier": "gold"})], points=[automated(), marked(1, DR)]))["orders"]
    point = landed(hours=1, tags={"tier": "gold", "lifeboat:original-time": "x"})
    at_dr = run(site(DR, EAST, points=[point]))["orders"]
    same = ("database_arn", "account_id", "region", "digest", "tags")
    assert [at_dr[name] for name in same] == [at_source[name] for name in same]
    assert [at_dr[name] for name in same] == [database().id.arn, SOURCE, WEST, at_dr["digest"], {"tier": "gold"}]
    assert at_dr["digest"] in point.name


@pytest.mark.parametrize(
    ("point", "arn"),
    [
        pytest.param(automated(), database().id.arn, id="of others: where it lies"),
        pytest.param(landed(tags={DATABASE: "orders"}), None, id="ours, but the tag is none"),
        pytest.param(
            landed(tags={DATABASE: database(kind="cluster").id.arn}),
            database(kind="cluster").id.arn,
            id="of a stand-in",
        ),
    ],
)
def test_a_database_that_is_not_here_is_described_by_its_recovery_points(
    run: Any, site: Any, point: Any, arn: Any
) -> None:
    (found,) = run(site(point.account, point.region, points=[point]), history=True).values()
    assert (found["database_arn"], found["exists"]) == (arn, False)
    assert found["kind"] == ("cluster" if arn and ":cluster:" in arn else "instance")


def test_the_last_mark_of_a_drill_is_told_with_its_recovery_point(run: Any, site: Any) -> None:
    old = landed(hours=50, tags={VERIFIED: str(iso(hours_ago(2)))})
    new = landed(hours=10, tags={VERIFIED: str(iso(hours_ago(8)))})
    orders = run(site(DR, EAST, points=[old, new, landed(hours=1)]))["orders"]
    assert orders["last_verified"] == {
        "time": iso(hours_ago(2)),
        "age_seconds": 7200,
        "name": old.name,
        "arn": old.arn,
    }


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(landed(), id="no mark"),
        pytest.param(landed(tags={VERIFIED: "yes"}), id="a mark that is no time"),
        pytest.param(landed(tags={VERIFIED: "2026-11-23T14:00:00"}), id="a time without a zone"),
        pytest.param(replace(landed(), tags={VERIFIED: "2026-11-23T14:00:00Z"}), id="not ours"),
    ],
)
def test_nothing_else_is_a_mark(run: Any, site: Any, point: Any) -> None:
    assert [one["last_verified"] for one in run(site(DR, EAST, points=[point])).values()] == [None]


@pytest.mark.parametrize(("purpose", "found"), [("drill", []), ("stand_in", []), ("recovery", ["orders"])])
def test_databases_of_drills_and_stand_ins_are_not_listed(run: Any, site: Any, purpose: str, found: list[str]) -> None:
    one = database(tags={PURPOSE: purpose})
    assert list(run(site(databases=[one], points=[automated()]))) == found


# -- what need not be protected ---------------------------------------------------------------------------------------

ELSEWHERE = "arn:aws:rds:eu-west-3:999999999999:db:orders"


def saying(name: str, **said: Any) -> Row:
    return {"databases": [name], "match_tags": None, "engines": None, "kinds": None, "rpo": None, **said}


@pytest.mark.parametrize(
    ("said", "state", "reason"),
    [
        pytest.param({}, "replica", f"a replica of {ELSEWHERE}, and covered by it", id="as usual"),
        pytest.param({"protect": True}, "unprotected", "it has no finished recovery point here", id="when asked"),
        pytest.param({"protect": False, "reason": "a sandbox"}, "excluded", "excluded: a sandbox", id="excluded"),
    ],
)
@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_a_replica_is_covered_by_what_it_replicates(
    run: Any, site: Any, kind: str, said: Row, state: str, reason: str
) -> None:
    one = database(kind=kind, replica_of=ELSEWHERE)
    orders = run(site(databases=[one]), overrides=[saying("orders", **said)] if said else [])["orders"]
    assert (orders["state"], orders["reason"], orders["replica_of"]) == (state, reason, ELSEWHERE)
    assert orders["protected"] is (None if state != "unprotected" else False)


@pytest.mark.parametrize(
    "choice", [{"databases": ["ord*"]}, {"match_tags": {"tier": "gold"}}, {"databases": ["orders"]}]
)
@pytest.mark.parametrize("points", [[], [automated(hours=1)]], ids=["without backups", "with some"])
def test_what_is_excluded_is_neither_protected_nor_not(run: Any, site: Any, choice: Row, points: Any) -> None:
    source = site(databases=[database(tags={"tier": "gold"}), database("billing")], points=points)
    said = {**saying("x", protect=False, reason="a sandbox"), "databases": None, **choice}
    found = run(source, overrides=[said])
    assert {name: (one["state"], one["protected"]) for name, one in found.items()} == {
        "billing": ("unprotected", False),
        "orders": ("excluded", None),
    }


def test_the_last_that_is_said_of_a_database_holds(run: Any, site: Any) -> None:
    said = [saying("*", protect=False, reason="all of them"), saying("orders", protect=True)]
    found = run(site(databases=[database(), database("billing")]), overrides=said)
    assert [found[name]["state"] for name in ("billing", "orders")] == ["excluded", "unprotected"]


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_an_exclusion_needs_a_reason(run: Any, site: Any, reason: Any) -> None:
    with pytest.raises(LifeboatError, match=r"Cannot exclude orders: .*Set reason beside protect: false"):
        run(site(databases=[database()]), overrides=[saying("orders", protect=False, reason=reason)])


def test_at_the_dr_site_what_is_excluded_is_listed_with_what_is_left_of_it(run: Any, site: Any) -> None:
    said = [saying("orders", protect=False, reason="a sandbox")]
    orders = run(site(DR, EAST, points=[landed(hours=900)]), rpo=60, overrides=said)["orders"]
    assert (orders["state"], list(orders["newest"])) == ("excluded", [f"{DR}/{EAST}/manual"])


def test_what_others_kept_of_a_database_that_is_gone_is_history_and_shown_on_request(run: Any, site: Any) -> None:
    final = replace(automated("old", hours=900), origin="manual", name="old-final")
    source = site(databases=[database()], points=[automated(hours=1), final])
    assert set(run(source, dr_accounts=[DR])) == {"orders"}
    old = run(source, dr_accounts=[DR], rpo=60, history=True)["old"]
    assert (old["state"], old["protected"]) == ("history", None)


def test_what_was_published_of_a_database_that_is_gone_is_not_history(run: Any, site: Any) -> None:
    found = run(site(points=[copied("old", hours=900), automated("old", hours=901)]), dr_accounts=[DR])
    assert found["old"]["state"] == "unprotected"


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        pytest.param({}, False, id="none"),
        pytest.param({RECIPE: "storage=gp3"}, False, id="no class"),
        pytest.param({RECIPE: "class=db.r6g.large"}, True, id="a class"),
        pytest.param({RECIPE: "serverless=0.5-8.0"}, True, id="a capacity"),
    ],
)
def test_a_dr_site_says_whether_a_database_could_be_made_as_it_was(
    run: Any, site: Any, recipe: Row, told: bool
) -> None:
    points = [landed(hours=25, tags={RECIPE: "class=db.old"}), landed(hours=1, tags=recipe)]
    assert run(site(DR, EAST, points=points))["orders"]["recipe"] is told


def test_a_source_site_does_not_know_of_recipes(run: Any, site: Any) -> None:
    assert run(site(databases=[database()], points=[marked(1, DR)]), dr_accounts=[DR])["orders"]["recipe"] is None
    assert run(site(databases=[database()], points=[marked(1, DR)]))["orders"]["recipe"] is None


# -- objectives and selection -----------------------------------------------------------------------------------------


def test_an_objective_of_a_database_of_its_own_counts(run: Any, site: Any) -> None:
    databases = [database(), database("billing", tags={"tier": "gold"})]
    points = [automated(hours=2), automated("billing", hours=2)]
    found = run(
        site(databases=databases, points=points), rpo=86400, overrides=[overriding(match_tags={"tier": "gold"})]
    )
    assert {name: (one["rpo"], one["protected"]) for name, one in found.items()} == {
        "billing": (3600, False),
        "orders": (86400, True),
    }


def overriding(**choice: Any) -> Row:
    return {"databases": None, "match_tags": None, "engines": None, "kinds": None, "rpo": 3600, **choice}


def test_at_the_dr_site_an_objective_finds_its_database_by_name(run: Any, site: Any) -> None:
    orders = run(site(DR, EAST, points=[landed(hours=2)]), overrides=[overriding(databases=["ord*"])])["orders"]
    assert (orders["rpo"], orders["protected"]) == (3600, False)


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        ({"databases": ["b*"]}, {"billing"}),
        ({"match_tags": {"tier": "gold"}}, {"orders"}),
        ({"kinds": ["cluster"]}, {"shop"}),
        ({"engines": ["postgres"]}, {"billing", "orders"}),
    ],
)
def test_only_what_is_selected_is_shown(run: Any, site: Any, selection: Row, found: set[str]) -> None:
    databases = [database(tags={"tier": "gold"}), database("shop", "cluster")]
    assert set(run(site(databases=databases, points=[copied("billing")]), **selection)) == found


def test_a_name_that_matches_nothing_is_an_error(run: Any, site: Any) -> None:
    with pytest.raises(LifeboatError, match="'odrers'"):
        run(site(databases=[database()]), databases=["odrers"])


# -- the account ------------------------------------------------------------------------------------------------------


def info(options: Any, site: Mock, **given: Any) -> Row:
    return dict(recovery_point_info.run(options(recovery_point_info, **given), site, check_mode=False))


@pytest.mark.parametrize(("used", "free"), [(40, 60), (100, 0), (120, 0)])
def test_quotas_say_how_many_snapshots_may_still_be_made(options: Any, site: Any, used: int, free: int) -> None:
    source = site(quotas={"instance": Quota(used, 100)})
    assert info(options, source)["quotas"]["ManualSnapshots"] == {"used": used, "max": 100, "free": free}


def test_pages_identity_and_quotas_are_all_that_is_read(options: Any, site: Any) -> None:
    source = site(databases=[database()], points=[automated(), copied()])
    info(options, source, dr_accounts=[DR], rpo=60)
    assert sorted(name for name, _arguments, _named in source.mock_calls) == [
        "check_account",
        "databases",
        "quotas",
        "recovery_points",
    ]


def test_what_is_in_flight_is_listed_for_all_selected_databases(options: Any, site: Any) -> None:
    source = site(points=[copied(status="copying"), copied("billing", status="creating")])
    assert info(options, source, databases=["orders"])["in_flight"] == [
        {"database": "orders", "kind": "instance", "name": copied().name}
    ]


@pytest.mark.parametrize(
    ("shares", "foreign"),
    [
        pytest.param([], None, id="not shared"),
        pytest.param([DR], None, id="with the DR account"),
        pytest.param([DR, "444444444444"], None, id="with an allowed one"),
        pytest.param([DR, STRANGER], ([STRANGER], False), id="with a stranger"),
        pytest.param(["all"], (["all"], True), id="public"),
    ],
)
def test_foreign_shares_are_found_when_asked_for(options: Any, site: Any, shares: Any, foreign: Any) -> None:
    source = site(points=[copied()], shares=shares)
    given = {"dr_accounts": [DR], "allowed_accounts": ["444444444444"], "audit_shares": True}
    found = info(options, source, **given)["foreign_shares"]
    assert [(one["accounts"], one["public"]) for one in found] == ([] if foreign is None else [foreign])


@pytest.mark.parametrize(
    ("point", "ours"),
    [
        pytest.param(copied(), True, id="our tag and our name"),
        pytest.param(replace(copied(), tags={}), False, id="our name alone"),
        pytest.param(automated(origin="manual"), False, id="taken by hand"),
    ],
)
def test_a_foreign_share_says_whether_the_snapshot_is_ours(options: Any, site: Any, point: Any, ours: bool) -> None:
    (one,) = info(options, site(points=[point], shares=["all"]), audit_shares=True)["foreign_shares"]
    assert (one["arn"], one["ours"]) == (point.arn, ours)


def test_only_what_can_be_shared_is_asked_for(options: Any, site: Any) -> None:
    source = site(points=[automated(), copied(), copied(hours=5, status="copying")], shares=["all"])
    assert [one["name"] for one in info(options, source, audit_shares=True)["foreign_shares"]] == [copied().name]
    assert source.shared_with.call_count == 1


def test_nobody_is_asked_for_shares_otherwise(options: Any, site: Any) -> None:
    source = site(points=[copied()], shares=["all"])
    assert "foreign_shares" not in info(options, source)
    assert source.shared_with.call_count == 0


def test_check_mode_shows_the_same(run: Any, site: Any, writes: Any) -> None:
    source = site(databases=[database()], points=[automated()])
    assert run(source) == run(source, check_mode=True)
    assert writes(source) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"account_id": DR}, "these credentials belong to account 111111111111", id="wrong account"),
        pytest.param({"source_accounts": ["all"]}, "is not a 12-digit account ID", id="no account"),
        pytest.param({"dr_accounts": [SOURCE]}, "must be another one", id="our own account as the DR account"),
    ],
)
def test_bad_input_stops_the_call_before_anything_is_read(run: Any, site: Any, given: Row, message: str) -> None:
    source = site(databases=[database()])
    with pytest.raises(LifeboatError, match=message):
        run(source, **given)
    assert [name for name, _arguments, _named in source.mock_calls] == ["check_account"]


def test_source_regions_without_source_accounts_are_refused(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As documented: nothing that is shared would count, and every database would look unprotected."""
    dr = site(DR, EAST, shared={WEST: [copied()]})
    monkeypatch.setattr(Site, "connect", lambda *_options: dr)
    result = answer_of(recovery_point_info.main, {"account_id": DR, "source_regions": [WEST]})
    assert result.get("failed")
    assert "source_accounts" in result["msg"]


@pytest.mark.parametrize(("region", "number"), [(EAST, 1), (WEST, 0)])
def test_a_dr_site_in_the_region_of_its_sources_is_warned_of(options: Any, site: Any, region: str, number: int) -> None:
    point = landed(tags={DATABASE: database().id.arn.replace(WEST, region)})
    given = options(recovery_point_info, account_id=DR)
    result = recovery_point_info.run(given, site(DR, EAST, points=[point]), check_mode=False)
    assert len(result["warnings"]) == number


@pytest.mark.parametrize(
    ("databases", "accounts", "is_warned"),
    [
        pytest.param([], [DR], True, id="a source site without any"),
        pytest.param([database()], [DR], False, id="with one"),
        pytest.param([], [], False, id="a DR site before its first copy"),
    ],
)
def test_a_source_site_without_databases_is_told(
    options: Any, site: Any, databases: Any, accounts: list[str], is_warned: bool
) -> None:
    source = site(databases=databases)
    given = options(recovery_point_info, account_id=source.account, dr_accounts=accounts)
    warnings = recovery_point_info.run(given, source, check_mode=False)["warnings"]
    assert [f"There is no database in account {SOURCE} in {WEST}" in one for one in warnings] == [True] * is_warned


TDE = {"vault": OptionGroup("vault", "oracle-ee", frozenset({"TDE"}))}


def kept_by_tde(**more: Any) -> Any:
    return database(engine="oracle-ee", configuration=Configuration(option_group="vault"), **more)


def test_what_cannot_leave_its_account_says_so_in_the_words_of_publish(run: Any, site: Any) -> None:
    at_home = site(databases=[kept_by_tde()], points=[automated()])
    at_home.option_groups.side_effect = lambda: TDE
    orders = run(at_home, dr_accounts=[DR])["orders"]
    assert orders["reason"] == (
        f"nothing of it has landed in {DR}. It cannot be published: its option group has TDE, and AWS does not share "
        "snapshots with that option. Protect it inside its account, in another Region, with an option group that has "
        "the option."
    )


def test_without_the_right_to_read_option_groups_only_the_reason_is_shorter(run: Any, site: Any) -> None:
    at_home = site(databases=[kept_by_tde()], points=[automated()])
    at_home.option_groups.side_effect = refusal("permission")
    assert run(at_home, dr_accounts=[DR])["orders"]["reason"] == f"nothing of it has landed in {DR}"


@pytest.mark.parametrize("dr_accounts", [[], [DR]])
def test_option_groups_are_read_only_where_something_depends_on_them(run: Any, site: Any, dr_accounts: Any) -> None:
    at_home = site(databases=[database() if dr_accounts else kept_by_tde()], points=[automated()])
    run(at_home, dr_accounts=dr_accounts)
    at_home.option_groups.assert_not_called()
