# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import Mock, call

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.quota import Quota
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import Database, RecoveryPoint, iso
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import digest_of, restored_name
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.isolation import Network
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.needs import ClassOffer
from ansible_collections.lifeboat.rds.plugins.modules import snapshot_restore
from tests.builders import (
    DR,
    DR_KEY,
    EAST,
    NOW,
    SOURCE,
    SOURCE_KEY,
    WEST,
    copied,
    database,
    hours_ago,
    key,
    landed,
    of_cluster,
    refusal,
    restored,
)
from tests.modules import by_database, by_name

Row = dict[str, Any]

PUBLIC = Network("private", "vpc-1", ("subnet-1", "subnet-2"), ("subnet-2",))
HALF_AN_HOUR_AGO = iso(hours_ago(0.5))


def name_of(identifier: str) -> str:
    """Return the name that the drill d1 gives a database."""
    return restored_name("lifeboat", "d1", identifier, digest_of(SOURCE, WEST, f"db-{identifier.upper()}"))


ORDERS, BILLING, SHOP = name_of("orders"), name_of("billing"), name_of("shop")
MEMBER = f"{SHOP}-1"
CLUSTER = of_cluster(landed("shop"))
CLASS = {"overrides": [{"databases": ["orders"], "db_instance_class": "db.odd"}]}
PARAMETERS = {"overrides": [{"databases": ["orders"], "db_parameter_group_name": "odd"}]}


@pytest.fixture
def dr_site(site: Any) -> Any:
    """Build a DR site from what has landed and the databases that it has."""

    def dr_site(*points: RecoveryPoint, databases: Any = (), **more: Any) -> Mock:
        return site(DR, EAST, points=points, databases=databases, keys=[key(DR_KEY), key(SOURCE_KEY)], **more)

    return dr_site


@pytest.fixture
def run(options: Any) -> Any:
    """Run one pass of the drill d1."""

    def run(site: Mock, *, check_mode: bool = False, **given: Any) -> Row:
        usual = {
            "account_id": DR,
            "drill_id": "d1",
            "db_subnet_group_name": "private",
            "vpc_security_group_ids": ["sg-1"],
        }
        return snapshot_restore.run(options(snapshot_restore, **usual | given), site, check_mode=check_mode)

    return run


@pytest.fixture
def remove(run: Any) -> Any:
    """Run one pass that removes what the drill d1 made: no network is needed for that."""

    def remove(site: Mock, **given: Any) -> Row:
        return run(site, state="absent", **{"db_subnet_group_name": None, "vpc_security_group_ids": [], **given})

    return remove


def made_of(point: RecoveryPoint, **more: Any) -> Database:
    """Build the database that this drill made of a recovery point."""
    return restored(name_of(point.database), tags={"lifeboat:recovery-point": point.name}, **more)


# -- starting ---------------------------------------------------------------------------------------------------------


def test_the_newest_landed_recovery_point_of_each_database_is_restored(run: Any, dr_site: Any) -> None:
    site = dr_site(landed(hours=25), landed(hours=1), landed(hours=0.5, status="copying"), CLUSTER)
    result = run(site)
    assert [one.args[0].original.recovery_point for one in site.restore.call_args_list] == [
        landed(hours=1).name,
        CLUSTER.name,
    ]
    assert (result["changed"], by_name(result)) == (True, {ORDERS: "restoring", SHOP: "restoring"})


def test_a_restore_lies_in_the_named_network_and_says_whose_it_is(run: Any, dr_site: Any) -> None:
    site = dr_site(landed())
    run(site, db_instance_class="db.r6g.large", expires_after=30, vpc_security_group_ids=["drill"])
    target = site.restore.call_args.args[0]
    assert (target.placement.subnet_group, target.placement.security_groups, target.setup.instance_class) == (
        "private",
        ["sg-1"],
        "db.r6g.large",
    )
    assert target.tags == {
        "lifeboat:managed-by": "lifeboat",
        "lifeboat:purpose": "drill",
        "lifeboat:drill-id": "d1",
        "lifeboat:expires": iso(hours_ago(-0.5)),
        "lifeboat:recovery-point": landed().name,
    }


def test_the_time_of_a_restore_is_that_of_its_request_at_aws(run: Any, dr_site: Any) -> None:
    (document,) = run(dr_site(landed()))["resume"]
    assert document["progress"]["started"] == iso(NOW)


@pytest.mark.parametrize("meaning", ["wait", "taken", "unreachable"])
def test_a_temporary_refusal_is_not_a_failure_and_is_tried_again(run: Any, dr_site: Any, meaning: str) -> None:
    site = dr_site(landed())
    site.restore.side_effect = refusal(meaning, "busy")
    result = run(site)
    assert (result["changed"], result.get("failed"), result["in_flight"][0]["status"]) == (False, None, "queued")
    run(again := dr_site(landed()), resume=result["resume"])
    again.restore.assert_called_once()


@pytest.mark.parametrize("meaning", ["permission", "prune", "missing", "refused"])
def test_a_refusal_that_stays_fails_and_does_not_stop_the_others(run: Any, dr_site: Any, meaning: str) -> None:
    site = dr_site(landed("billing"), landed("orders"))
    site.restore.side_effect = [refusal(meaning, "no way"), restored(ORDERS, status="creating")]
    result = run(site)
    assert by_name(result) == {BILLING: "failed", ORDERS: "restoring"}
    assert result["failed"]
    assert "no way" in result["msg"]


def test_a_recovery_point_under_another_accounts_key_fails_and_does_not_stop_the_others(run: Any, dr_site: Any) -> None:
    site = dr_site(landed("billing", kms_key_id=SOURCE_KEY), landed("orders"))
    result = run(site)
    assert [(step["database"], step["status"]) for step in result["steps"]] == [
        ("billing", "failed"),
        ("orders", "restoring"),
    ]
    assert f"Copy it under a key of account {DR}" in result["msg"]


def test_only_the_selected_databases_are_restored(run: Any, dr_site: Any) -> None:
    assert by_name(run(dr_site(landed("billing"), landed("orders")), databases=["o*"])) == {ORDERS: "restoring"}


def test_a_run_that_was_killed_is_continued_with_what_it_made(run: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(landed(), databases=[made_of(landed())])
    result = run(site)
    assert (writes(site), result["changed"], by_name(result)) == ([], False, {ORDERS: "restored"})


# -- going on ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def resume(run: Any, dr_site: Any) -> Any:
    """Return what a first pass left half an hour ago."""

    def resume(*points: RecoveryPoint) -> list[Row]:
        site = dr_site(*points)
        site.now = hours_ago(0.5)
        return run(site)["resume"]

    return resume


def test_a_poll_pass_reads_nothing_but_what_is_in_flight(run: Any, dr_site: Any, resume: Any) -> None:
    site = dr_site(databases=[restored(ORDERS, status="creating"), restored(SHOP, "cluster", status="creating")])
    result = run(site, resume=resume(landed(), CLUSTER))
    assert site.mock_calls == [call.databases_named({"instance": [ORDERS, MEMBER], "cluster": [SHOP]})]
    assert [one["since"] for one in result["in_flight"]] == [HALF_AN_HOUR_AGO] * 2
    assert by_name(result) == {ORDERS: "restoring", SHOP: "restoring"}


def test_what_runs_is_returned_with_how_to_reach_it_and_how_long_it_took(run: Any, dr_site: Any, resume: Any) -> None:
    one = restored(ORDERS, host="h", port=5433, master_username="admin", database_name="shop")
    (step,) = run(dr_site(databases=[one]), resume=resume(landed(database_time=hours_ago(1))))["steps"]
    wanted: Row = {
        "status": "restored",
        "changed": False,
        "seconds": 1800,
        "host": "h",
        "port": 5433,
        "master_username": "admin",
        "database_name": "shop",
        "database": "orders",
        "engine": "postgres",
        "recovery_point": landed().name,
        "recovery_point_arn": landed().arn,
        "original_time": iso(hours_ago(1)),
        "database_time": iso(hours_ago(1)),
    }
    assert {name: step[name] for name in wanted} == wanted


def test_a_cluster_gets_its_member_when_it_runs(run: Any, dr_site: Any, resume: Any, writes: Any) -> None:
    site = dr_site(databases=[restored(SHOP, "cluster")])
    result = run(site, resume=resume(CLUSTER))
    assert (writes(site), result["changed"], len(result["resume"])) == (["add_member"], True, 1)
    assert site.add_member.call_args.args[0].member == MEMBER


def test_a_cluster_runs_when_its_member_does_and_is_reached_through_its_own_name(
    run: Any, dr_site: Any, resume: Any
) -> None:
    cluster = restored(SHOP, "cluster", members=(MEMBER,))
    started = resume(CLUSTER)
    making = run(dr_site(databases=[cluster, restored(MEMBER, cluster=SHOP, status="creating")]), resume=started)
    (step,) = run(dr_site(databases=[cluster, restored(MEMBER, cluster=SHOP)]), resume=making["resume"])["steps"]
    assert (by_name(making), step["status"], step["host"]) == (
        {SHOP: "restoring"},
        "restored",
        f"{SHOP}.example",
    )


@pytest.mark.parametrize("status", ["incompatible-restore", "insufficient-capacity", "failed", "storage-full"])
@pytest.mark.parametrize("of", ["instance", "member"])
def test_a_doomed_restore_fails_at_once_and_does_not_stop_the_others(
    run: Any, dr_site: Any, resume: Any, status: str, of: str
) -> None:
    bad = [restored(ORDERS, status=status)]
    if of == "member":
        bad = [restored(SHOP, "cluster"), restored(MEMBER, cluster=SHOP, status=status)]
    points = [landed("billing"), landed("orders") if of == "instance" else CLUSTER]
    result = run(dr_site(databases=[restored(BILLING, status="creating"), *bad]), resume=resume(*points))
    assert sorted(by_name(result).values()) == ["failed", "restoring"]
    assert f"ended as {status} ({bad[-1].id.identifier})" in result["msg"]
    assert [one["name"] for one in result["resume"]] == [BILLING]


def test_an_instance_without_an_endpoint_is_waited_for(run: Any, dr_site: Any, resume: Any) -> None:
    result = run(dr_site(databases=[restored(ORDERS, host=None)]), resume=resume(landed()))
    assert by_name(result) == {ORDERS: "restoring"}


# -- bad input and check mode -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"account_id": SOURCE}, "these credentials belong to account 222222222222", id="wrong account"),
        pytest.param({"drill_id": "Drill!"}, "Cannot use the drill id", id="bad drill id"),
        pytest.param({"db_subnet_group_name": None}, "db_subnet_group_name is not set", id="no subnet group"),
        pytest.param({"vpc_security_group_ids": []}, "vpc_security_group_ids is not set", id="no security group"),
        pytest.param({"databases": ["nope"]}, "nothing there matches it", id="unknown database"),
        pytest.param({"expired": True}, "Cannot restore what is expired", id="expired"),
        pytest.param({"kms_key_id": SOURCE_KEY}, "belongs to account 111111111111", id="the source's key"),
    ],
)
def test_bad_input_stops_the_call_before_the_first_write(
    run: Any, dr_site: Any, writes: Any, given: Row, message: str, check_mode: bool
) -> None:
    site = dr_site(landed("billing"), landed("orders"))
    with pytest.raises(LifeboatError, match=message):
        run(site, check_mode=check_mode, **given)
    assert writes(site) == []


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
@pytest.mark.parametrize(
    ("world", "given", "message"),
    [
        pytest.param({"network": PUBLIC}, {}, "subnet-2 has a route to an internet gateway", id="public subnet"),
        pytest.param({}, {"vpc_security_group_ids": ["sg-9"]}, "has no such group", id="a group of another VPC"),
        pytest.param({}, {"vpc_security_group_ids": ["open"]}, "access from everywhere .0.0.0.0/0.", id="open group"),
        pytest.param({}, {"source_accounts": [SOURCE, DR]}, "it is a source account", id="a source account"),
        pytest.param({"points": [copied(account=DR, of=DR)]}, {}, "it is a source account", id="by the tags"),
        pytest.param({}, {"recovery_point": {"choose": "at"}}, "at needs a time in at", id="no time"),
    ],
)
def test_the_guard_stops_the_call_before_the_first_write(
    run: Any, site: Any, writes: Any, world: Row, given: Row, message: str, check_mode: bool
) -> None:
    here = site(DR, EAST, **{"points": [landed()], "keys": [key(DR_KEY)], **world})
    with pytest.raises(LifeboatError, match=message):
        run(here, check_mode=check_mode, **given)
    assert writes(here) == []


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
@pytest.mark.parametrize(
    ("wanted", "restored"),
    [
        pytest.param([], ["billing", "catalog"], id="by name"),
        pytest.param(["orders", "*"], ["orders", "billing"], id="as declared"),
    ],
)
def test_as_many_are_restored_as_the_account_has_room_for_and_the_others_fail(
    run: Any, dr_site: Any, wanted: list[str], restored: list[str], check_mode: bool
) -> None:
    here = dr_site(*map(landed, ("billing", "catalog", "orders")), account_quotas={"DBInstances": Quota(38, 40)})
    result = run(here, check_mode=check_mode, databases=wanted)
    assert result["failed"]
    assert [one["database"] for one in result["steps"] if one["status"] == "restoring"] == restored
    (refused,) = (one for one in result["steps"] if one["status"] == "failed")
    assert f"Cannot restore {refused['database']} in us-east-1: the account has 38 of 40" in refused["reason"]
    assert "ask AWS to raise L-7B6409FD to 41" in refused["reason"]


def test_no_room_for_any_restores_none_and_tells_each(run: Any, dr_site: Any, writes: Any) -> None:
    here = dr_site(landed("billing"), landed("orders"), account_quotas={"AllocatedStorage": Quota(0, 1)})
    result = run(here)
    assert [(one["status"], "L-7ADDB58A" in one["reason"]) for one in result["steps"]] == [("failed", True)] * 2
    assert writes(here) == []


def test_the_guard_tells_all_that_is_wrong_at_once(run: Any, dr_site: Any) -> None:
    site = dr_site(landed(), network=PUBLIC)
    with pytest.raises(LifeboatError, match="for 4 reasons") as caught:
        run(site, source_accounts=[DR], vpc_security_group_ids=["sg-9"], kms_key_id=SOURCE_KEY)
    assert [part in str(caught.value) for part in ("source account", "gateway", "no such group", "111111111111")] == [
        True
    ] * 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param({"vpc_security_group_ids": ["sg-9"]}, "has no such group", id="a group of another VPC"),
        pytest.param({"db_subnet_group_name": "elsewhere"}, "AWS said no", id="a subnet group that does not exist"),
        pytest.param({"restore_as": "x"}, "Cannot use restore_as in a drill", id="a setting of recoveries"),
    ],
)
def test_a_network_or_setting_of_one_database_that_is_wrong_fails_only_that_one(
    run: Any, dr_site: Any, wrong: Any, message: str
) -> None:
    site = dr_site(landed("billing"), landed("orders"))
    known = site.networks.side_effect

    def networks(names: Any) -> Any:
        wanted = list(names)
        if "elsewhere" in wanted:
            raise refusal("missing")
        return known(wanted)

    site.networks.side_effect = networks
    result = run(site, overrides=[{"databases": ["orders"], **wrong}])
    assert by_database(result) == {"billing": "restoring", "orders": "failed"}
    assert message in result["msg"]
    assert [one.args[0].original.identifier for one in site.restore.mock_calls] == ["billing"]


@pytest.mark.parametrize("minutes", [-5, 366 * 24 * 60 + 1, 60 * 10**9])
def test_a_drill_that_would_expire_before_it_begins_or_never_is_refused(run: Any, dr_site: Any, minutes: int) -> None:
    with pytest.raises(LifeboatError, match=f"Cannot use expires_after {minutes}"):
        run(dr_site(landed()), expires_after=minutes)


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
@pytest.mark.parametrize(
    ("orders", "world", "given", "message"),
    [
        pytest.param(
            {},
            {"offers_of": {("postgres", "16.4", "db.odd"): ClassOffer(False)}},
            CLASS,
            "does not offer db.odd",
            id="class",
        ),
        pytest.param({}, {"keys": []}, {}, "cannot be read", id="key"),
        pytest.param({}, {"keys": [key(DR_KEY, state="Disabled")]}, {}, "is Disabled. Enable it", id="disabled key"),
        pytest.param({"kms_key_id": SOURCE_KEY}, {}, {}, f"Copy it under a key of account {DR}", id="a source's key"),
        pytest.param({"option_group": "odd"}, {}, {}, "has no option group odd", id="option group"),
        pytest.param({}, {}, PARAMETERS, "has no DB parameter group odd", id="parameter group"),
        pytest.param({}, {}, {"recovery_point": {"choose": "verified"}}, "no drill has verified", id="unverified"),
    ],
)
def test_what_is_wrong_with_one_database_fails_it_and_does_not_stop_the_others(
    run: Any, site: Any, orders: Row, world: Row, given: Row, message: str, check_mode: bool
) -> None:
    billing = landed("billing", encrypted=False, kms_key_id=None, tags={"lifeboat:verified": "t"})
    here = site(DR, EAST, points=[billing, landed(**orders)], **{"keys": [key(DR_KEY)], **world})
    result = run(here, check_mode=check_mode, **given)
    assert {step["database"]: step["status"] for step in result["steps"]} == {
        "billing": "restoring",
        "orders": "failed",
    }
    assert message in result["msg"]
    assert here.restore.call_count == (0 if check_mode else 1)


def test_what_is_asked_of_aws_before_the_first_write_is_asked_once(run: Any, dr_site: Any) -> None:
    """However many databases there are: pages, and a call for each class and key."""
    points = [landed(f"orders-{number}") for number in range(20)] + [of_cluster(landed("shop"))]
    site = dr_site(*points)
    run(site, check_mode=True, kms_key_id=DR_KEY)
    asked = [name for name, _arguments, _named in site.mock_calls]
    assert sorted(asked) == sorted(
        [
            *("check_account", "recovery_points", "databases", "networks", "key", "keys", "account_quotas"),
            *("class_offer", "class_offer", "parameter_groups", "cluster_parameter_groups"),
        ]
    )


def test_a_database_may_have_a_network_class_and_expiry_of_its_own(run: Any, dr_site: Any) -> None:
    ledger = {"databases": ["ledger"], "db_instance_class": "db.r6g.large", "expires_after": 30}
    network = {"db_subnet_group_name": "vault", "vpc_security_group_ids": ["sg-1"]}
    site = dr_site(landed("ledger"), landed("orders"))
    run(site, overrides=[{**ledger, **network}])
    one, other = (call.args[0] for call in site.restore.call_args_list)
    assert (one.original.identifier, one.setup.instance_class, one.placement.subnet_group) == (
        "ledger",
        "db.r6g.large",
        "vault",
    )
    assert one.tags["lifeboat:expires"] == iso(hours_ago(-0.5))
    assert (other.setup.instance_class, other.placement.subnet_group) == ("db.t4g.medium", "private")


def test_a_recovery_point_is_restored_as_it_is_chosen(run: Any, dr_site: Any) -> None:
    site = dr_site(landed(hours=1), landed(hours=5), landed(hours=9))
    run(site, recovery_point={"choose": "at", "at": iso(hours_ago(2))})
    assert site.restore.call_args.args[0].original.recovery_point == landed(hours=5).name


def test_what_a_killed_run_started_keeps_its_recovery_point(run: Any, dr_site: Any, writes: Any) -> None:
    older = landed(hours=9)
    site = dr_site(landed(hours=1), older, databases=[made_of(older)])
    (step,) = run(site)["steps"]
    assert (step["recovery_point"], step["adopted"], step["status"]) == (older.name, True, "restored")
    assert set(step["phases"]) == {"choose"}, "how long the rest took was not seen"
    assert (writes(site), site.class_offer.call_count, site.account_quotas.call_count) == ([], 0, 0)


def test_what_a_killed_run_restored_from_a_recovery_point_that_is_gone_fails(run: Any, dr_site: Any) -> None:
    gone = landed(hours=9)
    result = run(dr_site(landed(), databases=[made_of(gone)]))
    assert f"was restored from {gone.name}, which is gone. Set drill_id to a new id" in result["msg"]


def test_what_stands_in_for_a_cluster_is_said_to_be_an_instance(run: Any, dr_site: Any) -> None:
    point = landed(tags={"lifeboat:database": f"arn:aws:rds:{WEST}:{SOURCE}:cluster:orders"})
    for databases in ([], [made_of(point, status="creating")], [made_of(point)]):
        (step,) = run(dr_site(point, databases=databases))["steps"]
        assert (step["kind"], step["restored_kind"]) == ("cluster", "instance")
        assert (
            "an instance stands in for the Multi-AZ DB cluster, so the cluster itself is not proven" in step["reason"]
        )


def taken(name: str, **tags: str) -> Database:
    return restored(name, tags={f"lifeboat:{tag.replace('_', '-')}": value for tag, value in tags.items()})


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(taken(ORDERS, drill_id="d2"), id="another drill's"),
        pytest.param(taken(ORDERS, purpose="recovery"), id="a recovery"),
        pytest.param(taken(ORDERS, managed_by="other"), id="another installation's"),
        pytest.param(replace(restored(ORDERS), tags={}), id="somebody's"),
        pytest.param(replace(restored(MEMBER), tags={}), id="somebody's, where a member is to go"),
    ],
)
def test_a_name_that_is_taken_fails_that_database_and_no_other(
    run: Any, dr_site: Any, other: Database, check_mode: bool
) -> None:
    site = dr_site(landed("billing"), landed("orders"), CLUSTER, databases=[other])
    result = run(site, check_mode=check_mode)
    failed = {step["database"]: step["reason"] for step in result["steps"] if step["status"] == "failed"}
    taken_by = "shop" if other.id.identifier == MEMBER else "orders"
    assert list(failed) == [taken_by]
    assert "this drill did not make it" in failed[taken_by]
    going_on = {"billing", "orders", "shop"} - {taken_by}
    assert {step["database"] for step in result["steps"] if step["status"] == "restoring"} == going_on
    started = {one.args[0].original.identifier for one in site.restore.call_args_list}
    assert started == (set() if check_mode else going_on)


def test_check_mode_predicts_what_is_restored_and_starts_nothing(run: Any, dr_site: Any, writes: Any) -> None:
    points = [landed("billing"), landed("orders"), CLUSTER]
    checked, site = (dr_site(*points, databases=[made_of(points[0])]) for _turn in range(2))
    result, done = run(checked, check_mode=True), run(site)
    assert (writes(checked), writes(site)) == ([], ["restore", "restore"])
    assert by_name(result) == by_name(done) == {BILLING: "restored", ORDERS: "restoring", SHOP: "restoring"}
    assert (result["changed"], result["diff"], result["resume"]) == (True, done["diff"], [])


@pytest.mark.parametrize("state", ["present", "absent"])
def test_every_step_has_what_the_documentation_promises(run: Any, dr_site: Any, promised: Any, state: str) -> None:
    (step,) = run(dr_site(landed(), databases=[made_of(landed())]), state=state)["steps"]
    assert promised(snapshot_restore) <= set(step)


def test_only_a_removal_takes_a_last_look_at_everything() -> None:
    """A restore that did would choose recovery points anew, and restore what has landed meanwhile."""
    assert [snapshot_restore.is_removal({"state": state}) for state in ("present", "absent")] == [False, True]


# -- removing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(taken("other", drill_id="d2"), id="another drill's"),
        pytest.param(taken("other", purpose="recovery"), id="a recovery"),
        pytest.param(taken("other", managed_by="other"), id="another installation's"),
        pytest.param(database(f"{ORDERS}x"), id="named like the drill's"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_nothing_but_what_the_drill_made_is_deleted(
    remove: Any, dr_site: Any, writes: Any, other: Database, check_mode: bool
) -> None:
    mine = restored(ORDERS)
    site = dr_site(landed(), databases=[mine, other])
    result = remove(site, check_mode=check_mode)
    assert site.delete_database.call_args_list == ([] if check_mode else [call(mine)])
    assert (set(by_name(result)), result["changed"]) == ({ORDERS}, True)


def test_members_are_deleted_first_and_their_cluster_waits_for_that(remove: Any, dr_site: Any) -> None:
    cluster, member = restored(SHOP, "cluster", members=(MEMBER,)), restored(MEMBER, cluster=SHOP)
    site = dr_site(databases=[cluster, member])
    result = remove(site)
    assert site.delete_database.call_args_list == [call(member)]
    assert [one["name"] for one in result["resume"]] == [MEMBER, SHOP]
    later = dr_site(databases=[replace(cluster, members=())])
    second = remove(later, resume=result["resume"])
    assert later.delete_database.call_args_list == [call(replace(cluster, members=()))]
    assert by_name(second) == {MEMBER: "deleted", SHOP: "deleting"}


def test_what_is_still_being_made_is_deleted_when_it_can_be(remove: Any, dr_site: Any) -> None:
    making = dr_site(databases=[restored(ORDERS, status="creating")])
    result = remove(making)
    making.delete_database.assert_not_called()
    assert (result["changed"], result["in_flight"][0]["status"]) == (False, "creating")
    made = dr_site(databases=[restored(ORDERS)])
    remove(made, resume=result["resume"])
    made.delete_database.assert_called_once()


def test_a_broken_restore_is_deleted_too(remove: Any, dr_site: Any) -> None:
    site = dr_site(databases=[restored(ORDERS, status="incompatible-restore", host=None)])
    assert remove(site)["changed"]
    site.delete_database.assert_called_once()


def test_what_is_gone_is_reported_as_deleted(remove: Any, dr_site: Any) -> None:
    deleting = dr_site(databases=[restored(ORDERS)])
    site = dr_site()
    result = remove(site, resume=remove(deleting)["resume"])
    assert [name for name, _arguments, _named in site.mock_calls] == ["databases_named"]
    assert (by_name(result), result["resume"], result["changed"]) == ({ORDERS: "deleted"}, [], False)


def test_what_is_going_already_is_not_deleted_again(remove: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(databases=[restored(ORDERS, status="deleting")])
    result = remove(site)
    assert (writes(site), result["changed"], by_name(result)) == ([], False, {ORDERS: "deleting"})


def test_check_mode_does_not_claim_what_is_going_already(remove: Any, dr_site: Any) -> None:
    result = remove(dr_site(databases=[restored(ORDERS, status="deleting")]), check_mode=True)
    assert (result["changed"], result["diff"]) == (False, {"before": {}, "after": {}})


@pytest.mark.parametrize("meaning", ["wait", "taken", "unreachable", "missing"])
def test_a_deletion_that_aws_refuses_for_now_is_tried_again(remove: Any, dr_site: Any, meaning: str) -> None:
    site = dr_site(databases=[restored(ORDERS)])
    site.delete_database.side_effect = refusal(meaning)
    result = remove(site)
    assert (result.get("failed"), result["changed"], [one["name"] for one in result["resume"]]) == (
        None,
        False,
        [ORDERS],
    )


def test_a_deletion_that_aws_refuses_for_good_fails_and_does_not_stop_the_others(remove: Any, dr_site: Any) -> None:
    site = dr_site(databases=[restored(BILLING), restored(ORDERS)])
    site.delete_database.side_effect = [refusal("permission"), None]
    result = remove(site)
    assert (by_name(result), result["failed"]) == ({BILLING: "failed", ORDERS: "deleting"}, True)


def test_nothing_to_remove_is_right_already(remove: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(landed())
    result = remove(site)
    assert (writes(site), result["steps"], result["changed"], result["resume"]) == ([], [], False, [])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"account_id": SOURCE}, "these credentials belong to account 222222222222", id="wrong account"),
        pytest.param({"drill_id": ""}, "Cannot use the drill id", id="no drill id"),
        pytest.param({"expired": True}, "drill_id and expired are both set", id="two ways to say what goes"),
    ],
)
def test_bad_input_stops_a_removal_before_anything_is_read(remove: Any, dr_site: Any, given: Row, message: str) -> None:
    site = dr_site(databases=[restored(ORDERS)])
    with pytest.raises(LifeboatError, match=message):
        remove(site, **given)
    assert {name for name, _arguments, _named in site.mock_calls} <= {"check_account"}


# -- reaping ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def reap(remove: Any) -> Any:
    def reap(site: Mock, **given: Any) -> Row:
        return remove(site, drill_id=None, expired=True, **given)

    return reap


def expiring(name: str, hours: float, **more: Any) -> Database:
    """Build a database of a drill that expired so many hours ago."""
    return restored(name, tags={"lifeboat:expires": str(iso(hours_ago(hours))), **more.pop("tags", {})}, **more)


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_the_reaper_deletes_what_is_past_its_time_and_nothing_else(reap: Any, dr_site: Any, check_mode: bool) -> None:
    gone = [expiring(ORDERS, 0.1), expiring("lifeboat-d2-billing", 99, drill="d2")]
    kept = [
        expiring("lifeboat-d3-shop", -0.1),
        expiring("lifeboat-r-orders", 1, tags={"lifeboat:purpose": "recovery"}),
        restored("lifeboat-d4-orders"),
        database("lifeboat-d5-orders"),
    ]
    site = dr_site(databases=[*gone, *kept])
    result = reap(site, check_mode=check_mode)
    assert {one.args[0].id.identifier for one in site.delete_database.call_args_list} == (
        set() if check_mode else {one.id.identifier for one in gone}
    )
    assert (set(by_name(result)), "drill_id" in result) == ({one.id.identifier for one in gone}, False)
    assert "it expired at 2026-11-23T13:54:00Z" in [step["reason"] for step in result["steps"]]


def test_the_reaper_asks_the_tags_again_before_each_deletion(reap: Any, dr_site: Any, writes: Any) -> None:
    """Somebody may make a recovery of what a drill left."""
    resume = reap(dr_site(databases=[expiring(ORDERS, 1, status="creating")]))["resume"]
    site = dr_site(databases=[expiring(ORDERS, 1, tags={"lifeboat:purpose": "recovery"})])
    assert (reap(site, resume=resume)["resume"], writes(site)) == ([], [])


def test_a_drill_beside_the_databases_is_warned_of(run: Any, site: Any) -> None:
    tags = {"lifeboat:database": database().id.arn.replace(WEST, EAST)}
    result = run(site(DR, EAST, points=[landed(tags=tags)], keys=[key(DR_KEY)]), check_mode=True)
    (warning,) = result["warnings"]
    assert warning.startswith(f"The recovery points of orders are in {EAST}, where the databases are: ")


# -- what is left out -------------------------------------------------------------------------------------------------

EXCLUDED = {"overrides": [{"databases": ["bill*"], "protect": False, "reason": "a sandbox"}]}


def test_a_drill_leaves_out_what_is_excluded_and_says_why(run: Any, dr_site: Any) -> None:
    site = dr_site(landed("billing"), landed("orders"))
    result = run(site, **EXCLUDED)
    said = {step["database"]: (step["status"], step["reason"]) for step in result["steps"]}
    assert said["billing"] == ("excluded", "excluded: a sandbox")
    assert [one.args[0].original.identifier for one in site.restore.call_args_list] == ["orders"]
    assert result.get("failed") is None


def test_what_is_named_is_restored_although_it_is_excluded(run: Any, dr_site: Any) -> None:
    site = dr_site(landed("billing"), landed("orders"))
    run(site, databases=["billing"], **EXCLUDED)
    assert [one.args[0].original.identifier for one in site.restore.call_args_list] == ["billing"]


def renamed(*, landed_anew: bool = True) -> list[RecoveryPoint]:
    """Build what landed of a blue/green deployment: the old database has another name, and the new one has its name."""
    before = landed("orders", hours=30)
    arn = before.tags["lifeboat:database"]
    after = replace(landed("orders", hours=6), tags={**before.tags, "lifeboat:database": f"{arn}-old1"})
    green = landed("orders", hours=1, resource_id="db-GREEN")
    green = replace(green, name=green.name[:-8] + "01234567", arn=green.arn[:-8] + "01234567")
    return [before, after, *([green] if landed_anew else [])]


def test_a_renamed_database_leaves_drills_once_its_successor_has_landed(run: Any, dr_site: Any) -> None:
    site = dr_site(*renamed())
    result = run(site)
    (step,) = [one for one in result["steps"] if one["status"] == "replaced"]
    assert step["database"] == "orders-old1"
    assert "it was orders before" in step["reason"]
    assert [one.args[0].original.identifier for one in site.restore.call_args_list] == ["orders"]


@pytest.mark.parametrize(
    ("points", "given"),
    [
        pytest.param(renamed(landed_anew=False), {}, id="nothing of the successor has landed"),
        pytest.param(renamed(), {"databases": ["orders-old1"]}, id="it is named"),
        pytest.param(renamed(), {"recovery_point": {"choose": "at", "at": iso(hours_ago(2))}}, id="a time of the past"),
    ],
)
def test_a_renamed_database_is_restored_otherwise(run: Any, dr_site: Any, points: Any, given: Row) -> None:
    site = dr_site(*points)
    run(site, **given)
    assert "orders-old1" in {one.args[0].original.identifier for one in site.restore.call_args_list}
