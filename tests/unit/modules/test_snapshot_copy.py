# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import Mock, call

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.quota import Quota
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.manifest import read_published
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import EXCLUDED, iso
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.isolation import Network
from ansible_collections.lifeboat.rds.plugins.modules import snapshot_copy
from tests.builders import (
    DR,
    DR_KEY,
    EAST,
    NOW,
    SOURCE,
    SOURCE_KEY,
    STRANGER,
    WEST,
    automated,
    copied,
    copying,
    database,
    hours_ago,
    key,
    of_cluster,
    refusal,
)
from tests.modules import by_database

Row = dict[str, Any]

LANDED = {f"lifeboat:landed:{DR}": "2026-11-23T13:00:00Z"}
AWS_KEY = f"arn:aws:kms:{WEST}:{SOURCE}:key/aws-rds"
OWN_KEY = f"arn:aws:kms:{WEST}:{SOURCE}:key/lifeboat"
BOTH = {"databases": [database("billing"), database("orders")]}
AUTOMATED = [automated("billing"), automated("orders")]


@pytest.fixture
def run(options: Any) -> Any:
    """Run one pass, sharing with the DR account unless told otherwise."""

    def run(site: Mock, *, check_mode: bool = False, **given: Any) -> Row:
        given = {"share_with": [DR], **given}
        return snapshot_copy.run(options(snapshot_copy, **given), site, check_mode=check_mode)

    return run


def names(result: Row) -> list[str]:
    return [point["name"] for point in result["manifest"]["points"]]


# -- the copy ---------------------------------------------------------------------------------------------------------


def test_the_newest_automated_snapshot_is_copied_under_the_name_of_its_lineage(run: Any, site: Any) -> None:
    source = site(databases=[database()], points=[automated(hours=1), automated(hours=25)])
    run(source)
    (asked,) = source.copy.call_args.args
    assert (asked.name, asked.source_arn) == (copied(hours=1).name, automated(hours=1).arn)
    source.copy.assert_called_once()


def test_a_copy_that_was_started_is_in_flight_since_then_on_the_clock_of_aws(run: Any, site: Any) -> None:
    result = run(site(databases=[database()], points=[automated()]))
    assert (result["changed"], by_database(result)) == (True, {"orders": "copying"})
    assert [(one["name"], one["since"]) for one in result["in_flight"]] == [(copied().name, iso(NOW))]
    assert [one["started"] for one in result["resume"]] == [iso(NOW)]


def test_a_started_copy_is_neither_shared_nor_published_yet(run: Any, site: Any, writes: Any) -> None:
    source = site(databases=[database()], points=[automated()])
    result = run(source)
    assert (writes(source), names(result)) == (["copy"], [])


def test_a_copy_says_whose_it_is_whatever_tags_the_caller_adds(run: Any, site: Any) -> None:
    source = site(databases=[database()], points=[automated()])
    run(source, tags={"team": "shop", "lifeboat:managed-by": "me", "cost": 7})
    assert source.copy.call_args.args[0].tags == {
        "team": "shop",
        "cost": "7",
        "lifeboat:managed-by": "lifeboat",
        "lifeboat:database": database().id.arn,
        "lifeboat:resource-id": "db-ORDERS",
        "lifeboat:original-time": iso(hours_ago(1)),
        "lifeboat:origin": SOURCE,
        "lifeboat:begun": iso(NOW),
    }


def test_a_copy_that_an_earlier_run_started_is_waited_for_and_not_started_again(
    run: Any, site: Any, writes: Any
) -> None:
    source = site(databases=[database()], points=[automated(), copied(status="copying", percent=40)])
    result = run(source)
    assert (writes(source), result["changed"]) == ([], False)
    assert [(one["status"], one["percent"]) for one in result["in_flight"]] == [("copying", 40)]


def test_a_copy_that_broke_is_reported_with_what_to_do(run: Any, site: Any, writes: Any) -> None:
    source = site(databases=[database()], points=[automated(), copied(status="failed")])
    result = run(source)
    assert (writes(source), by_database(result)) == ([], {"orders": "failed"})
    assert "is failed. Delete it with snapshot_prune" in result["msg"]


def test_a_snapshot_under_the_aws_managed_key_is_rekeyed_by_the_same_copy(run: Any, site: Any) -> None:
    source = site(
        databases=[database()],
        points=[automated(encrypted=True, kms_key_id=AWS_KEY)],
        keys=[key(AWS_KEY, is_aws_managed=True)],
        aliases={"alias/lifeboat": key(OWN_KEY)},
    )
    run(source, kms_key_id="alias/lifeboat")
    assert source.copy.call_args.args[0].kms_key_id == OWN_KEY


def test_a_snapshot_under_a_customer_key_keeps_it(run: Any, site: Any) -> None:
    source = site(
        databases=[database()],
        points=[automated(encrypted=True, kms_key_id=SOURCE_KEY)],
        keys=[key(SOURCE_KEY), key(OWN_KEY)],
    )
    run(source, kms_key_id=OWN_KEY)
    assert source.copy.call_args.args[0].kms_key_id is None


def test_a_cluster_under_an_aws_owned_key_is_rekeyed_too(run: Any, site: Any) -> None:
    """What AWS encrypts under a key of its own by default (sse-rds) names no key, and can be shared re-keyed only."""
    point = replace(of_cluster(automated()), encrypted=True, kms_key_id=None)
    source = site(databases=[database(kind="cluster")], points=[point], keys=[key(OWN_KEY)])
    result = run(source, kms_key_id=OWN_KEY)
    assert by_database(result) == {"orders": "copying"}
    assert source.copy.call_args.args[0].kms_key_id == OWN_KEY


def test_instances_and_clusters_are_copied_each_as_what_they_are(run: Any, site: Any) -> None:
    source = site(
        databases=[database("billing"), database("orders", "cluster")],
        points=[automated("billing"), of_cluster(automated("orders"))],
    )
    run(source)
    assert [(one.args[0].kind, one.args[0].identifier) for one in source.copy.call_args_list] == [
        ("instance", "billing"),
        ("cluster", "orders"),
    ]


def test_the_member_of_a_cluster_is_not_a_database_of_its_own(run: Any, site: Any) -> None:
    source = site(
        databases=[database("shop", "cluster", members=("shop-1",)), database("shop-1", cluster="shop")],
        points=[of_cluster(automated("shop"))],
    )
    assert by_database(run(source)) == {"shop": "copying"}


# -- limits and refusals ----------------------------------------------------------------------------------------------


def test_what_the_limit_does_not_admit_is_queued_for_a_later_pass(run: Any, site: Any) -> None:
    source = site(**BOTH, points=AUTOMATED)
    result = run(source, max_in_flight={"instance": 1, "cluster": None})
    assert by_database(result) == {"billing": "copying", "orders": "queued"}
    assert [(one["identifier"], one["started"]) for one in result["resume"]] == [
        ("billing", iso(NOW)),
        ("orders", None),
    ]


def test_a_queued_copy_starts_when_a_slot_is_free(run: Any, site: Any) -> None:
    source = site(**BOTH, points=AUTOMATED)
    first = run(source, max_in_flight={"instance": 1})
    freed = site(points=[copied("billing")])
    second = run(freed, max_in_flight={"instance": 1}, resume=first["resume"])
    assert by_database(second) == {"billing": "published", "orders": "copying"}


def test_copies_of_others_leave_fewer_slots(run: Any, site: Any) -> None:
    theirs = copied("theirs", status="copying", tags={"lifeboat:managed-by": "other"})
    source = site(databases=[database()], points=[automated(), theirs])
    assert by_database(run(source, max_in_flight={"instance": 1})) == {"orders": "queued"}


@pytest.mark.parametrize("status", ["copying", "creating", "something new"])
def test_a_database_of_which_an_older_copy_is_in_flight_waits_for_it(
    run: Any, site: Any, writes: Any, status: str
) -> None:
    """One copy at a time for each database and destination: RDS would queue the second behind the first anyway."""
    source = site(databases=[database()], points=[automated(hours=1), copied(hours=25, status=status)])
    result = run(source)
    assert (writes(source), by_database(result)) == ([], {"orders": "queued"})


@pytest.mark.parametrize(
    ("older", "started"),
    [
        pytest.param({"status": "copying"}, [], id="still in flight"),
        pytest.param({"status": "available"}, ["copy"], id="finished"),
        pytest.param({"status": "failed"}, ["copy"], id="failed"),
        pytest.param(None, ["copy"], id="cancelled"),
    ],
)
def test_what_waits_for_an_older_copy_starts_when_that_has_ended(
    run: Any, site: Any, writes: Any, older: Row | None, started: list[str]
) -> None:
    waiting = site(databases=[database()], points=[automated(hours=1), copied(hours=25, status="copying")])
    later = site(points=[] if older is None else [copied(hours=25, **older)])
    run(later, resume=run(waiting)["resume"])
    assert writes(later) == started


@pytest.mark.parametrize("meaning", ["wait", "taken", "unreachable"])
def test_a_temporary_refusal_is_not_a_failure_and_is_tried_again(run: Any, site: Any, meaning: str) -> None:
    source = site(databases=[database()], points=[automated()])
    source.copy.side_effect = refusal(meaning, "busy")
    result = run(source)
    assert (by_database(result), result["changed"], result.get("failed")) == ({"orders": "queued"}, False, None)
    assert [(one["name"], one["started"]) for one in result["resume"]] == [(copied().name, None)]
    assert result["steps"][0]["reason"] == "busy"


@pytest.mark.parametrize(
    ("meaning", "remedy"),
    [
        ("permission", "to this role"),
        ("missing", "correct its name"),
        ("refused", "Correct what AWS names"),
    ],
)
def test_a_refusal_that_stays_fails_with_its_remedy_and_does_not_stop_the_others(
    run: Any, site: Any, meaning: str, remedy: str
) -> None:
    source = site(**BOTH, points=AUTOMATED)
    source.copy.side_effect = [refusal(meaning), copied("orders", status="copying")]
    result = run(source)
    assert by_database(result) == {"billing": "failed", "orders": "copying"}
    assert result["failed"]
    assert remedy in result["msg"]


def test_where_no_snapshot_fits_any_more_no_other_is_asked_for(run: Any, site: Any) -> None:
    source = site(**BOTH, points=AUTOMATED)
    source.copy.side_effect = [refusal("prune")]
    result = run(source)
    assert by_database(result) == {"billing": "failed", "orders": "failed"}
    assert "Remove snapshots with snapshot_prune" in result["msg"]


# -- quotas -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_what_does_not_fit_is_told_before_the_first_copy_and_does_not_stop_the_others(
    run: Any, site: Any, check_mode: bool
) -> None:
    source = site(**BOTH, points=AUTOMATED, quotas={"instance": Quota(99, 100)})
    result = run(source, check_mode=check_mode, wait=False)
    assert by_database(result) == {"billing": "copying", "orders": "failed"}
    assert "Prune 1 with snapshot_prune, or ask AWS to raise L-272F1212 to 101" in result["msg"]
    asked = [name for name, _arguments, _named in source.mock_calls]
    assert check_mode or asked.index("quotas") < asked.index("copy")


def test_the_quota_is_not_asked_for_when_nothing_is_to_be_copied(run: Any, site: Any) -> None:
    source = site(databases=[database()], points=[automated(), copied(tags=LANDED)])
    run(source)
    source.quotas.assert_not_called()


def test_a_quota_that_cannot_be_read_is_a_warning(run: Any, site: Any) -> None:
    source = site(databases=[database()], points=[automated()])
    source.quotas.side_effect = refusal("permission")
    result = run(source)
    assert (by_database(result), len(result["warnings"])) == ({"orders": "copying"}, 1)


# -- sources ----------------------------------------------------------------------------------------------------------


def test_a_snapshot_is_taken_once_and_shared_when_it_is_available(run: Any, site: Any, writes: Any) -> None:
    first = site(databases=[database()])
    result = run(first, source="snapshot")
    (taken,) = first.copy.call_args.args
    assert (taken.is_taken, writes(first)) == (True, ["copy"])
    later = site(points=[copying(taken, SOURCE, WEST, status="available")])
    assert by_database(run(later, source="snapshot", resume=result["resume"])) == {"orders": "published"}
    again = site(databases=[database()], points=[copying(taken, SOURCE, WEST, status="available")], shares=[DR])
    run(again, source="snapshot")
    assert writes(again) == []


def test_the_last_snapshot_of_a_broken_database_is_offered_and_the_run_fails(run: Any, site: Any, writes: Any) -> None:
    source = site(databases=[database(status="failed")], points=[copied(hours=30)])
    result = run(source, source="snapshot")
    assert [step["status"] for step in result["steps"]] == ["failed", "published"]
    assert writes(source) == ["share"], "AWS is not asked for a snapshot that it would not take"
    assert "orders is failed, and RDS takes snapshots only of available databases" in result["msg"]


def test_a_snapshot_is_taken_for_a_time_once(run: Any, site: Any, writes: Any) -> None:
    given = {"source": "snapshot", "snapshot_time": str(iso(hours_ago(1)))}
    first = site(databases=[database()], points=[copied(hours=0.5)])
    run(first, **given)
    (taken,) = first.copy.call_args.args
    assert (taken.is_taken, taken.name) == (True, copied(hours=1).name)
    again = site(databases=[database()], points=[copied(hours=1)], shares=[DR])
    run(again, **given)
    assert writes(again) == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param("2026-11-23T14:02:00Z", "Set snapshot_time to a time that is past", id="to come"),
        pytest.param("2026-11-23T14:00:00", "not a time with a zone", id="without a zone"),
        pytest.param("noon", "not a time with a zone", id="no time"),
    ],
)
def test_a_snapshot_is_taken_for_no_other_than_a_past_time(
    run: Any, site: Any, writes: Any, given: str, says: str
) -> None:
    source = site(databases=[database()])
    with pytest.raises(LifeboatError, match=says):
        run(source, source="snapshot", snapshot_time=given)
    assert writes(source) == []


def test_aws_backup_is_listed_only_where_it_is_the_source(run: Any, site: Any) -> None:
    for source, wanted in (("automated", [call()]), ("awsbackup", [call(), call("awsbackup")])):
        one = site(databases=[database()], points=[automated(), automated(origin="awsbackup", name="awsbackup:1")])
        run(one, source=source)
        assert one.recovery_points.call_args_list == wanted


def test_each_database_has_the_source_that_is_said_of_it(run: Any, site: Any) -> None:
    source = site(**BOTH, points=AUTOMATED)
    run(source, overrides=[{"databases": ["billing"], "source": "snapshot"}])
    taken = {one.args[0].identifier: one.args[0].is_taken for one in source.copy.call_args_list}
    assert taken == {"billing": True, "orders": False}


@pytest.mark.parametrize("interval", [10**15, 366 * 86400 + 1])
def test_an_interval_of_more_than_a_year_is_refused(run: Any, site: Any, interval: int) -> None:
    with pytest.raises(LifeboatError, match=r"more than a year\. Set interval to"):
        run(site(**BOTH), source="snapshot", interval=interval)


@pytest.mark.parametrize("given", [{"interval": 299}, {"overrides": [{"interval": 0}]}])
def test_an_interval_that_never_ends_is_refused(run: Any, site: Any, given: Row) -> None:
    given = {"overrides": [], **given}
    given["overrides"] = [{"interval": None, **one} for one in given["overrides"]]
    source = site(databases=[database()])
    with pytest.raises(LifeboatError, match="Set interval to 300 or more"):
        run(source, source="snapshot", **given)
    assert source.mock_calls == []


# -- stand-ins --------------------------------------------------------------------------------------------------------

SALES = database("sales", "cluster", engine="postgres")
SALES_POINT = replace(of_cluster(automated("sales", resource_id="db-SALES")), engine="postgres")
STAND_IN = {"subnet_group": "private", "security_groups": ["sg-1"], "instance_class": "db.x", "expire_hours": 24}


def test_a_stand_in_is_restored_taken_and_removed(run: Any, site: Any, writes: Any) -> None:
    first = site(databases=[SALES], points=[SALES_POINT])
    result = run(first, stand_in=STAND_IN)
    assert writes(first) == ["stand_in"]
    (wanted,) = first.stand_in.call_args.args
    tags, name = dict(wanted.tags), wanted.name
    ready = database(name, tags=tags, resource_id="db-STANDIN")
    second = site(databases=[ready])
    result = run(second, stand_in=STAND_IN, resume=result["resume"])
    assert writes(second) == ["copy"]
    (taken,) = second.copy.call_args.args
    third = site(databases=[ready], points=[copying(taken, SOURCE, WEST, status="available")])
    run(third, stand_in=STAND_IN, resume=result["resume"])
    assert sorted(writes(third)) == ["delete_database", "share"]


def test_nothing_is_asked_of_a_stand_in_that_cannot_be_restored(run: Any, site: Any, writes: Any) -> None:
    first = site(databases=[SALES], points=[SALES_POINT])
    first.stand_in.side_effect = refusal("refused")
    result = run(first, stand_in=STAND_IN)
    assert ({one["status"] for one in result["steps"]}, result["resume"]) == ({"failed"}, [])


def test_nothing_is_asked_of_a_stand_in_that_breaks(run: Any, site: Any, writes: Any) -> None:
    first = site(databases=[SALES], points=[SALES_POINT])
    result = run(first, stand_in=STAND_IN)
    (wanted,) = first.stand_in.call_args.args
    broken = database(wanted.name, tags=dict(wanted.tags), status="incompatible-network")
    second = site(databases=[broken])
    result = run(second, stand_in=STAND_IN, resume=result["resume"])
    assert ([one["status"] for one in result["steps"]], result["resume"]) == (["failed", "failed"], [])
    assert writes(second) == []


def test_a_stand_in_of_a_killed_run_goes_on_or_goes_away(run: Any, site: Any, writes: Any) -> None:
    first = site(databases=[SALES], points=[SALES_POINT])
    run(first, stand_in=STAND_IN)
    (wanted,) = first.stand_in.call_args.args
    left = database(wanted.name, tags=dict(wanted.tags), resource_id="db-STANDIN")
    again = site(databases=[SALES, left], points=[SALES_POINT])
    run(again, stand_in=STAND_IN)
    assert writes(again) == ["copy"], "its snapshot is taken, and it is not restored twice"
    gone = site(databases=[left])
    run(gone, stand_in=STAND_IN)
    assert writes(gone) == ["delete_database"]


@pytest.mark.parametrize("tags", [{}, {"lifeboat:managed-by": "lifeboat"}])
def test_an_instance_that_only_has_the_name_of_a_stand_in_is_not_touched(
    run: Any, site: Any, writes: Any, tags: Row
) -> None:
    first = site(databases=[SALES], points=[SALES_POINT])
    run(first, stand_in=STAND_IN)
    (wanted,) = first.stand_in.call_args.args
    again = site(databases=[SALES, database(wanted.name, tags=tags)], points=[SALES_POINT])
    with pytest.raises(LifeboatError, match="does not carry our tags"):
        run(again, stand_in=STAND_IN)
    assert writes(again) == []


def test_a_stand_in_lives_in_private_subnets_alone(run: Any, site: Any, writes: Any) -> None:
    public = Network("private", "vpc-1", ("subnet-1",), ("subnet-1",))
    source = site(databases=[SALES], points=[SALES_POINT], network=public)
    with pytest.raises(LifeboatError, match="private subnets only"):
        run(source, stand_in=STAND_IN)
    assert writes(source) == []


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_a_name_that_somebody_else_took_fails_that_database_and_no_other(run: Any, site: Any, check_mode: bool) -> None:
    taken = copied("orders", tags={"lifeboat:managed-by": "other"})
    source = site(**BOTH, points=[*AUTOMATED, taken])
    result = run(source, check_mode=check_mode)
    (failed,) = [step for step in result["steps"] if step["status"] == "failed"]
    assert "does not carry our tag" in failed["reason"]
    assert failed["database"] == "orders"
    assert by_database(result)["billing"] in ("copying", "published")


# -- databases that cannot be published -------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [False, True], ids=["fails", "accepted"])
def test_a_database_without_a_snapshot_does_not_stop_the_others(run: Any, site: Any, accept: bool) -> None:
    source = site(**BOTH, points=[automated("orders")])
    result = run(source, accept_unprotected=accept)
    assert by_database(result) == {"billing": "unprotected" if accept else "failed", "orders": "copying"}
    assert (bool(result.get("failed")), names(result)) == (not accept, [])
    named = "Accepted without a recovery point, because they have no snapshot yet: billing"
    assert result["warnings"] == ([named] if accept else [])


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(database(engine="custom-oracle-ee"), id="RDS Custom"),
        pytest.param(database(encrypted=True, kms_key_id=SOURCE_KEY), id="a key that cannot be read"),
        pytest.param(database(status="storage-full"), id="of which no snapshot can be taken"),
    ],
)
def test_what_is_wrong_for_another_reason_is_not_accepted(run: Any, site: Any, writes: Any, one: Any) -> None:
    points = [] if one.status == "storage-full" else [automated(encrypted=one.encrypted, kms_key_id=one.kms_key_id)]
    source = site(databases=[one], points=points)
    result = run(source, accept_unprotected=True, **({} if points else {"source": "snapshot"}))
    assert (by_database(result), writes(source), result["warnings"]) == ({"orders": "failed"}, [], [])


def test_rds_custom_is_told_before_anything_is_tried(run: Any, site: Any, writes: Any) -> None:
    source = site(databases=[database(engine="custom-sqlserver-ee")], points=[automated(engine="custom-sqlserver-ee")])
    result = run(source)
    assert "it is RDS Custom (custom-sqlserver-ee)" in result["msg"]
    assert "protect: false" in result["msg"]
    assert writes(source) == []


# -- databases that need not be published ------------------------------------------------------------------------------


def saying(name: str, **said: Any) -> Row:
    return {"databases": [name], **said}


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_a_replica_is_listed_and_not_published(run: Any, site: Any, writes: Any, kind: str, check_mode: bool) -> None:
    copy = database("copy", kind, replica_of=database().id.arn)
    source = site(databases=[database(), copy], points=[automated(), automated("copy")])
    result = run(source, check_mode=check_mode)
    assert by_database(result)["copy"] == "replica"
    (step,) = [one for one in result["steps"] if one["database"] == "copy"]
    assert step["reason"] == f"a replica of {database().id.arn}, and covered by it"
    assert not result.get("failed")
    assert {one["database"] for one in result["steps"] if one["changed"]} == {"orders"}


def test_a_replica_is_published_when_asked_for(run: Any, site: Any) -> None:
    source = site(databases=[database(replica_of="arn")], points=[automated()])
    assert by_database(run(source, overrides=[saying("orders", protect=True)])) == {"orders": "copying"}


@pytest.mark.parametrize("points", [[], AUTOMATED], ids=["without a snapshot", "with one"])
def test_what_is_excluded_is_listed_with_its_reason_and_fails_nothing(
    run: Any, site: Any, writes: Any, points: Any
) -> None:
    source = site(**BOTH, points=points)
    result = run(source, overrides=[saying("*", protect=False, reason="a sandbox")])
    assert by_database(result) == {"billing": "excluded", "orders": "excluded"}
    assert {step["reason"] for step in result["steps"]} == {"excluded: a sandbox"}
    assert (writes(source), result.get("failed"), names(result)) == ([], None, [])


def test_a_database_that_became_excluded_is_news_once(run: Any, site: Any, writes: Any) -> None:
    wish = {"overrides": [saying("orders", protect=False, reason="a sandbox")]}
    published = copied(hours=5)
    source = site(databases=[database()], points=[automated(), published, copied(hours=30)])
    (step,) = run(source, **wish)["steps"]
    assert (step["status"], step["changed"]) == ("excluded", True)
    assert step["reason"] == "no longer published: excluded: a sandbox"
    source.tag.assert_called_once_with(published.arn, {EXCLUDED: iso(NOW)})
    known = replace(published, tags=published.tags | {EXCLUDED: iso(NOW)})
    again = site(databases=[database()], points=[automated(), known, copied(hours=30)])
    (step,) = run(again, **wish)["steps"]
    assert (step["reason"], step["changed"], writes(again)) == ("excluded: a sandbox", False, [])


def test_check_mode_foretells_that_an_exclusion_is_news(run: Any, site: Any, writes: Any) -> None:
    source = site(databases=[database()], points=[automated(), copied(hours=5)])
    (step,) = run(source, check_mode=True, overrides=[saying("orders", protect=False, reason="a sandbox")])["steps"]
    assert (step["changed"], writes(source)) == (True, [])


def test_an_exclusion_that_cannot_be_marked_holds_all_the_same(run: Any, site: Any) -> None:
    source = site(databases=[database()], points=[copied(hours=5)])
    source.tag.side_effect = refusal("permission")
    result = run(source, overrides=[saying("orders", protect=False, reason="a sandbox")])
    assert ([step["status"] for step in result["steps"]], result.get("failed")) == (["excluded"], None)
    assert "AWS said no" in result["warnings"][0]


def test_an_exclusion_without_a_reason_stops_before_anything_is_read(run: Any, site: Any) -> None:
    source = site(**BOTH)
    with pytest.raises(LifeboatError, match="Cannot exclude orders"):
        run(source, overrides=[saying("orders", protect=False)])
    assert source.mock_calls == []


@pytest.mark.parametrize(
    ("point", "keys", "reason"),
    [
        pytest.param(None, [], "no finished automated snapshot yet", id="no snapshot"),
        pytest.param({"status": "creating"}, [], "no finished automated snapshot yet", id="not finished"),
        pytest.param({"resource_id": "db-OLD"}, [], "no finished automated snapshot yet", id="of an earlier database"),
        pytest.param({"encrypted": True, "kms_key_id": SOURCE_KEY}, [], "cannot be read", id="key not readable"),
        pytest.param(
            {"encrypted": True, "kms_key_id": AWS_KEY},
            [key(AWS_KEY, is_aws_managed=True)],
            "Set kms_key_id to a customer managed key",
            id="aws/rds and no key to put it under",
        ),
        pytest.param(
            {"encrypted": True, "kms_key_id": SOURCE_KEY},
            [key(SOURCE_KEY, state="PendingDeletion")],
            "PendingDeletion",
            id="key about to be deleted",
        ),
    ],
)
def test_an_unprotected_database_is_reported_with_its_reason(
    run: Any, site: Any, writes: Any, point: Row | None, keys: Any, reason: str
) -> None:
    points = [] if point is None else [automated(**point)]
    source = site(databases=[database()], points=points, keys=keys)
    result = run(source)
    assert (writes(source), by_database(result)) == ([], {"orders": "failed"})
    assert reason in result["msg"]


# -- sharing ----------------------------------------------------------------------------------------------------------


def test_a_poll_pass_shares_what_became_available_without_asking_with_whom_it_is(run: Any, site: Any) -> None:
    resume = run(site(databases=[database()], points=[automated()]))["resume"]
    later = site(points=[copied()])
    result = run(later, resume=resume)
    later.shared_with.assert_not_called()
    assert later.share.call_args_list == [call(copied(), add=frozenset({DR}), remove=frozenset())]
    assert (result["changed"], by_database(result), result["resume"]) == (True, {"orders": "published"}, [])


def test_a_poll_pass_reads_nothing_but_what_is_in_flight(run: Any, site: Any) -> None:
    resume = run(site(databases=[database()], points=[automated()]))["resume"]
    later = site(points=[copied(status="copying")])
    result = run(later, resume=resume)
    assert [name for name, _arguments, _named in later.mock_calls] == ["in_region", "recovery_points_named"]
    assert [one["since"] for one in result["in_flight"]] == [iso(NOW)]


def test_what_a_run_saw_from_start_to_end_took_that_long_at_aws(run: Any, site: Any) -> None:
    first = site(databases=[database()], points=[automated()])
    first.now = hours_ago(0.5)
    later = site(points=[copied()])
    (step,) = run(later, resume=run(first)["resume"])["steps"]
    assert step["seconds"] == 1800


def test_a_copy_that_this_task_did_not_see_start_is_asked_for_its_accounts(run: Any, site: Any) -> None:
    """It may be one that another run finished, and shared with others."""
    first = site(databases=[database()], points=[automated()])
    first.copy.side_effect = refusal("taken")
    later = site(points=[copied()], shares=[STRANGER])
    run(later, resume=run(first)["resume"])
    assert later.share.call_args_list == [call(copied(), add=frozenset({DR}), remove=frozenset({STRANGER}))]


def test_a_full_pass_asks_once_for_each_that_is_published_and_has_not_landed(run: Any, site: Any) -> None:
    points = [copied("billing", tags=LANDED), copied("orders"), copied("orders", hours=25)]
    source = site(**BOTH, points=[*AUTOMATED, *points])
    run(source)
    assert source.shared_with.call_args_list == [call(copied("orders"))]


def test_a_second_run_finds_nothing_to_do(run: Any, site: Any, writes: Any) -> None:
    source = site(databases=[database()], points=[automated(), copied()], shares=[DR])
    result = run(source)
    assert (writes(source), result["changed"], result["resume"]) == ([], False, [])
    assert (by_database(result), names(result)) == ({"orders": "published"}, [copied().name])


def test_what_has_landed_costs_nothing(run: Any, site: Any, writes: Any) -> None:
    source = site(databases=[database()], points=[automated(), copied(tags=LANDED)])
    result = run(source)
    assert (writes(source), result["changed"], by_database(result)) == ([], False, {"orders": "landed"})
    source.shared_with.assert_not_called()


def test_what_has_landed_is_still_in_the_manifest_and_says_where(run: Any, site: Any) -> None:
    result = run(site(databases=[database()], points=[automated(), copied(tags=LANDED)]))
    assert [point["landed_in"] for point in result["manifest"]["points"]] == [[DR]]


@pytest.mark.parametrize(
    ("have", "wanted", "tags", "add", "remove"),
    [
        pytest.param([], [DR], {}, {DR}, set(), id="shared with nobody yet"),
        pytest.param([STRANGER], [DR], {}, {DR}, {STRANGER}, id="others lose their access"),
        pytest.param([DR, STRANGER], [DR], {}, set(), {STRANGER}, id="shared with one too many"),
        pytest.param([DR], [], {}, set(), {DR}, id="nobody is wanted"),
        pytest.param([DR, STRANGER], [DR, STRANGER], LANDED, set(), {DR}, id="one of two DR accounts has it"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_a_published_copy_is_shared_with_exactly_those_who_need_it(
    run: Any, site: Any, have: Any, wanted: Any, tags: Any, add: Any, remove: Any, check_mode: bool
) -> None:
    source = site(databases=[database()], points=[automated(), copied(tags=tags)], shares=have)
    result = run(source, share_with=wanted, check_mode=check_mode)
    expected = [call(copied(tags=tags), add=frozenset(add), remove=frozenset(remove))]
    assert source.share.call_args_list == ([] if check_mode else expected)
    assert (result["changed"], by_database(result)) == (True, {"orders": "published"})
    assert result["diff"]["before"] == {f"{copied().name} shared with": sorted(have)}


def test_a_share_that_aws_refuses_does_not_stop_the_others(run: Any, site: Any) -> None:
    source = site(**BOTH, points=[*AUTOMATED, copied("billing"), copied("orders")])
    source.share.side_effect = [refusal("refused", "unshareable"), None]
    result = run(source)
    assert by_database(result) == {"billing": "failed", "orders": "published"}
    assert result["failed"]
    assert "unshareable" in result["msg"]


def test_what_another_run_deleted_is_gone_and_no_failure(run: Any, site: Any) -> None:
    """It is not offered either: the manifest names what there is."""
    source = site(**BOTH, points=[*AUTOMATED, copied("billing"), copied("orders")])
    source.share.side_effect = [refusal("missing", "it does not exist any more"), None]
    result = run(source)
    assert by_database(result) == {"billing": "removed", "orders": "published"}
    assert not result.get("failed")
    assert [one["name"] for one in result["manifest"]["points"]] == [copied("orders").name]


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"account_id": STRANGER}, "these credentials belong to account 111111111111", id="wrong account"),
        pytest.param({"share_with": ["all"]}, "never shared with everybody", id="public"),
        pytest.param({"share_with": [SOURCE]}, "must be another one", id="shared with itself"),
        pytest.param({"databases": ["nope"]}, "nothing there matches it", id="unknown database"),
        pytest.param({"databases": ["orders", "x-*"]}, "nothing there matches it", id="a pattern that matches none"),
        pytest.param({"kms_key_id": DR_KEY}, "belongs to account 222222222222", id="another account's key"),
        pytest.param({"kms_key_id": "alias/east"}, "key of us-east-1", id="another Region's key"),
        pytest.param({"kms_key_id": "alias/off"}, "it is Disabled", id="a disabled key"),
        pytest.param({"kms_key_id": "alias/aws/rds"}, "AWS-managed key", id="the AWS-managed key"),
        pytest.param({"kms_key_id": "alias/nope"}, "AccessDenied", id="a key that cannot be seen"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_bad_input_stops_the_call_before_the_first_write(
    run: Any, site: Any, writes: Any, given: Row, message: str, check_mode: bool
) -> None:
    aliases = {
        DR_KEY: key(DR_KEY),
        "alias/east": key(OWN_KEY.replace(WEST, "us-east-1")),
        "alias/off": key(OWN_KEY, state="Disabled"),
        "alias/aws/rds": key(AWS_KEY, is_aws_managed=True),
    }
    source = site(**BOTH, points=AUTOMATED, aliases=aliases)
    if message == "AccessDenied":
        source.key.side_effect = refusal("permission", "AccessDenied")
    with pytest.raises(LifeboatError, match=message):
        run(source, check_mode=check_mode, **given)
    assert writes(source) == []


def test_nothing_of_another_account_is_read(run: Any, site: Any) -> None:
    source = site(**BOTH, points=AUTOMATED)
    with pytest.raises(LifeboatError):
        run(source, account_id=STRANGER)
    assert [name for name, _arguments, _named in source.mock_calls] == ["check_account"]


# -- selection, check mode, manifest ----------------------------------------------------------------------------------


def test_only_the_selected_databases_are_published(run: Any, site: Any) -> None:
    source = site(databases=[database("billing", tags={"tier": "1"}), database("orders")], points=AUTOMATED)
    assert by_database(run(source, databases=["b*", "orders"], match_tags={"tier": 1})) == {"billing": "copying"}


def test_check_mode_predicts_the_steps_and_the_diff_and_writes_nothing(run: Any, site: Any, writes: Any) -> None:
    state = {**BOTH, "points": [*AUTOMATED, copied("billing")]}
    checked, source = site(**state), site(**state)
    predicted, result = run(checked, check_mode=True, wait=False), run(source)
    assert writes(checked) == []
    for part in ("changed", "steps", "diff"):
        assert predicted[part] == result[part]


def test_check_mode_of_a_task_that_waits_goes_on_with_what_it_planned(run: Any, site: Any, writes: Any) -> None:
    source = site(**BOTH, points=[*AUTOMATED, copied("billing", status="copying", percent=40)])
    planned = run(source, check_mode=True)
    steps = [(step["database"], step["status"], step["changed"]) for step in planned["steps"]]
    assert steps == [
        ("orders", "copying", True),
        ("billing", "copying", False),
        ("orders", "published", True),
        ("billing", "published", True),
    ]
    assert (writes(source), planned["resume"]) == ([], [])
    assert names(planned) == [copied("billing").name, copied("orders").name]
    assert [one["name"] for one in planned["in_flight"]] == [copied("billing").name], "what AWS works on now"


def test_check_mode_of_a_single_pass_hands_on_what_is_published_now(run: Any, site: Any) -> None:
    source = site(**BOTH, points=[*AUTOMATED, copied("billing")])
    assert names(run(source, check_mode=True, wait=False)) == [copied("billing").name]


def test_the_manifest_of_check_mode_names_what_would_be_published(run: Any, site: Any) -> None:
    encrypted = automated("billing", encrypted=True, kms_key_id=AWS_KEY)
    source = site(
        **BOTH,
        points=[encrypted, automated("orders"), copied("orders")],
        keys=[key(AWS_KEY, is_aws_managed=True), key(OWN_KEY)],
    )
    entries = read_published([run(source, check_mode=True, kms_key_id=OWN_KEY)["manifest"]])
    assert {(one.name, one.kms_key_id, one.encrypted) for one in entries.values()} == {
        (copied("billing").name, OWN_KEY, True),
        (copied("orders").name, None, False),
    }
    assert set(entries) == {copied("billing").arn, copied("orders").arn}


def test_check_mode_has_nothing_to_wait_for(run: Any, site: Any) -> None:
    """What it does not start never ends: the task would wait for its timeout."""
    source = site(**BOTH, points=AUTOMATED)
    assert run(source, check_mode=True, max_in_flight={"instance": 1})["resume"] == []


def test_the_manifest_describes_the_database_and_its_published_copy(run: Any, site: Any) -> None:
    one = database(tags={"team": "shop"})
    (entry,) = run(site(databases=[one], points=[automated(), copied()]))["manifest"]["points"]
    assert {name: entry[name] for name in ("account", "region", "resource_id", "original_time", "database_tags")} == {
        "account": SOURCE,
        "region": WEST,
        "resource_id": "db-ORDERS",
        "original_time": iso(hours_ago(1)),
        "database_tags": {"team": "shop"},
    }
    assert (entry["name"], entry["arn"], entry["size_gib"]) == (copied().name, copied().arn, 20)


def test_every_step_has_what_the_documentation_promises(run: Any, site: Any, promised: Any) -> None:
    source = site(**BOTH, points=[automated("orders")])
    assert all(promised(snapshot_copy) <= set(step) for step in run(source)["steps"])


# -- a site without databases -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elsewhere", "words"),
    [
        pytest.param(({EAST: 4, "eu-west-1": 0}, []), f"database instances are: 4 in {EAST}", id="another Region"),
        pytest.param(({EAST: 0, "eu-west-1": 0}, []), "neither have 2 other Regions", id="none anywhere"),
        pytest.param(({EAST: 4}, ["ap-east-1"]), "1 other Regions could not be looked at", id="not all may be seen"),
        pytest.param(({}, [EAST]), "it has no databases; 1 other Regions could not", id="none may be seen"),
    ],
)
def test_a_site_without_databases_is_told_with_the_regions_that_have_some(
    run: Any, site: Any, writes: Any, elsewhere: Any, words: str
) -> None:
    source = site(databases=[], points=[])
    source.instances_elsewhere.return_value = elsewhere
    with pytest.raises(LifeboatError) as caught:
        run(source)
    assert words in str(caught.value)
    assert "lifeboat_accept_empty" in caught.value.remedy
    assert writes(source) == []


def test_a_site_without_databases_can_be_accepted_and_nothing_is_asked_elsewhere(run: Any, site: Any) -> None:
    source = site(databases=[], points=[])
    assert run(source, accept_empty=True)["steps"] == []
    source.instances_elsewhere.assert_not_called()


def test_a_site_that_lost_its_databases_is_the_right_one(run: Any, site: Any) -> None:
    source = site(databases=[], points=[copied()])
    assert "failed" not in run(source)
    source.instances_elsewhere.assert_not_called()
