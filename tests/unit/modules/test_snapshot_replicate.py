# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock, call

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.plan import Copy
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.quota import Quota
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.manifest import (
    describe_published,
    published_manifest,
    read_landed,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import (
    LANDED_MONTH,
    NOT_LANDED,
    STAGE,
    RecoveryPoint,
    iso,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of, name_for
from ansible_collections.lifeboat.rds.plugins.module_utils._core.option_groups import OptionGroup
from ansible_collections.lifeboat.rds.plugins.modules import snapshot_replicate
from tests.builders import (
    DR,
    DR_KEY,
    EAST,
    NOW,
    SOURCE,
    SOURCE_KEY,
    STRANGER,
    WEST,
    copied,
    copying,
    database,
    hours_ago,
    key,
    landed,
    of_cluster,
    refusal,
)
from tests.modules import by_database

Row = dict[str, Any]

KEYS = [key(DR_KEY), key(SOURCE_KEY)]
PUBLISHED = {"encrypted": True, "kms_key_id": SOURCE_KEY}
PLANNED = {"planned": True}  # what publishing says in check mode


def published(identifier: str = "orders", hours: float = 1, **more: Any) -> RecoveryPoint:
    """Build a shared snapshot as the DR account sees it: without its tags."""
    return replace(copied(identifier, hours, **{**PUBLISHED, **more}), tags={})


def manifest(*points: RecoveryPoint) -> Row:
    entries = [describe_published(database(one.identifier, one.kind), one.original or NOW, one) for one in points]
    return published_manifest(SOURCE, WEST, entries)


@pytest.fixture
def dr_site(site: Any) -> Any:
    """Build a DR site from what others share with it in the source's Region, and what it owns."""

    def dr_site(*shared: RecoveryPoint, **more: Any) -> Mock:
        return site(DR, EAST, **{"shared": {WEST: shared}, "keys": KEYS, **more})

    return dr_site


@pytest.fixture
def run(options: Any) -> Any:
    """Run one pass over what the source account published."""

    def run(site: Mock, *, check_mode: bool = False, **given: Any) -> Row:
        usual = {"account_id": DR, "source_accounts": [SOURCE], "source_regions": [WEST], "kms_key_id": DR_KEY}
        return snapshot_replicate.run(options(snapshot_replicate, **usual | given), site, check_mode=check_mode)

    return run


# -- the copy ---------------------------------------------------------------------------------------------------------


def test_what_is_offered_is_copied_across_account_and_region_under_the_own_key(run: Any, dr_site: Any) -> None:
    site = dr_site(published())
    result = run(site)
    (asked,) = site.copy.call_args.args
    assert (asked.name, asked.source_arn, asked.source_region, asked.kms_key_id) == (
        published().name,
        published().arn,
        WEST,
        DR_KEY,
    )
    assert (result["changed"], by_database(result), len(result["resume"])) == (True, {"orders": "copying"}, 1)


def test_a_copy_carries_the_lineage_that_aws_drops_on_the_way(run: Any, dr_site: Any) -> None:
    site = dr_site(published())
    run(site, tags={"team": "shop"})
    assert site.copy.call_args.args[0].tags == {
        "team": "shop",
        "lifeboat:managed-by": "lifeboat",
        "lifeboat:landed-month": "2026-11",
        "lifeboat:database": database().id.arn,
        "lifeboat:resource-id": "db-ORDERS",
        "lifeboat:original-time": iso(hours_ago(1)),
        "lifeboat:origin": SOURCE,
        "lifeboat:begun": iso(NOW),
    }


def test_only_the_newest_offer_of_each_database_is_copied(run: Any, dr_site: Any) -> None:
    site = dr_site(published(hours=25), published(hours=1), published("billing", hours=9))
    run(site)
    assert [one.args[0].name for one in site.copy.call_args_list] == [
        published("billing", hours=9).name,
        published(hours=1).name,
    ]


def test_an_unencrypted_cluster_stays_so_and_an_unencrypted_instance_does_not(run: Any, dr_site: Any) -> None:
    plain = {"encrypted": False, "kms_key_id": None}
    site = dr_site(published("billing", **plain), of_cluster(published("shop", **plain)))
    run(site)
    assert [(one.args[0].kind, one.args[0].kms_key_id) for one in site.copy.call_args_list] == [
        ("instance", DR_KEY),
        ("cluster", None),
    ]


@pytest.mark.parametrize(
    ("status", "month", "check_mode", "told"),
    [
        ("failed", "2026-11", False, True),
        ("failed", "2026-11", True, False),
        ("failed", "failed", False, False),
        ("copying", "2026-11", False, False),
        ("available", "2026-11", False, False),
    ],
    ids=["once", "not in a plan", "not again", "not on its way", "never of what landed"],
)
def test_a_failed_copy_is_told_to_have_landed_in_no_month(
    run: Any, dr_site: Any, status: str, month: str, check_mode: bool, told: bool
) -> None:
    row = landed(status=status)
    site = dr_site(published(), points=[replace(row, tags={**row.tags, LANDED_MONTH: month})])
    run(site, check_mode=check_mode)
    assert site.tag.call_args_list == ([call(row.arn, {LANDED_MONTH: NOT_LANDED})] if told else [])


def test_every_source_region_is_looked_at(run: Any, dr_site: Any) -> None:
    ireland = "eu-west-1"
    other = published("shop", region=ireland, source_region=WEST, kms_key_id=None, encrypted=False)
    site = dr_site(shared={WEST: [published()], ireland: [other]})
    run(site, source_regions=[WEST, ireland])
    assert [one.args[0].source_arn for one in site.copy.call_args_list] == [published().arn, other.arn]


def test_one_pass_takes_no_more_slots_than_there_are(run: Any, dr_site: Any) -> None:
    result = run(dr_site(published("billing"), published("orders")), max_in_flight={"instance": 1})
    assert by_database(result) == {"billing": "copying", "orders": "queued"}


def test_a_copy_limit_that_aws_enforces_is_not_a_failure(run: Any, dr_site: Any) -> None:
    site = dr_site(published())
    site.copy.side_effect = refusal("wait", "Cannot copy more than 20 snapshots across regions")
    result = run(site)
    assert (by_database(result), result.get("failed"), result["changed"]) == ({"orders": "queued"}, None, False)


def test_a_full_quota_fails_with_what_to_do(run: Any, dr_site: Any) -> None:
    site = dr_site(published())
    site.copy.side_effect = refusal("prune")
    assert "Remove snapshots with snapshot_prune" in run(site)["msg"]


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_a_name_that_is_taken_fails_that_database_and_no_other(run: Any, dr_site: Any, check_mode: bool) -> None:
    taken = landed("orders", tags={"lifeboat:managed-by": "other"})
    site = dr_site(published("billing"), published("orders"), points=[taken])
    result = run(site, check_mode=check_mode)
    (failed,) = [step for step in result["steps"] if step["status"] == "failed"]
    assert "does not carry our tag" in failed["reason"]
    assert failed["database"] == "orders"
    assert by_database(result)["billing"] == "copying"


def test_what_is_older_than_what_landed_is_not_copied(run: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(published(hours=25), published("billing"), points=[landed(hours=1)])
    result = run(site)
    assert by_database(result) == {"orders": "overtaken", "billing": "copying"}
    assert (len(writes(site)), result.get("failed")) == (1, None)


def test_what_aws_does_not_confirm_overtakes_nothing(run: Any, dr_site: Any) -> None:
    later = landed(hours=-500, created=NOW, original=None)
    assert by_database(run(dr_site(published(hours=25), points=[later])))["orders"] == "copying"


# -- landing ----------------------------------------------------------------------------------------------------------


def test_a_second_run_finds_nothing_to_do(run: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(published(), points=[landed()])
    result = run(site)
    assert (writes(site), result["changed"], result["resume"]) == ([], False, [])
    assert by_database(result) == {"orders": "landed"}


def test_the_key_of_what_is_here_already_need_not_be_usable_any_more(run: Any, dr_site: Any) -> None:
    site = dr_site(published(), points=[landed()], keys=[key(DR_KEY)])
    assert by_database(run(site)) == {"orders": "landed"}
    assert site.keys.call_args_list == [call([])]


def test_the_manifest_says_what_landed_and_when(run: Any, dr_site: Any) -> None:
    result = run(dr_site(published("billing"), published("orders"), points=[landed("orders")]))
    assert read_landed([result["manifest"]]) == {DR: {landed("orders").name: iso(NOW)}}
    assert [one["arn"] for one in result["manifest"]["points"]] == [landed("orders").arn]


def test_a_copy_that_is_not_finished_has_not_landed(run: Any, dr_site: Any) -> None:
    result = run(dr_site(published(), points=[landed(status="copying")]))
    assert (by_database(result), result["manifest"]["points"]) == ({"orders": "copying"}, [])


def test_a_copy_that_became_available_between_two_runs_is_told_once(run: Any, dr_site: Any, tmp_path: Path) -> None:
    def news(*points: RecoveryPoint) -> list[bool]:
        result = run(dr_site(published("billing"), published("orders"), points=points), store=str(tmp_path))
        return [step.get("newly_landed", False) for step in result["steps"]]

    on_its_way = (landed("billing"), landed("orders", status="copying"))
    arrived = (landed("billing"), landed("orders"))
    assert [news(*points) for points in (on_its_way, arrived, arrived)] == [[False] * 2, [False, True], [False] * 2]


def test_older_recovery_points_that_landed_are_reported_too(run: Any, dr_site: Any) -> None:
    points = [landed(hours=1), landed(hours=25)]
    result = run(dr_site(published(hours=1), published(hours=25), points=points))
    assert [one["name"] for one in result["manifest"]["points"]] == [one.name for one in points]


@pytest.mark.parametrize(
    ("difference", "problem"),
    [
        pytest.param({"kms_key_id": SOURCE_KEY}, "key is", id="under the source's key"),
        pytest.param({"size_gib": 10}, "size is 10 instead of 20", id="smaller"),
        pytest.param({"engine": "mysql"}, "engine is 'mysql'", id="another engine"),
        pytest.param({"resource_id": "db-OTHER"}, "resource id is", id="another database"),
    ],
)
def test_a_copy_that_does_not_match_its_source_has_not_landed(
    run: Any, dr_site: Any, writes: Any, difference: Row, problem: str
) -> None:
    site = dr_site(published("billing"), published("orders"), points=[landed("orders", **difference)])
    result = run(site)
    assert by_database(result) == {"billing": "copying", "orders": "failed"}
    assert (result["failed"], result["manifest"]["points"]) == (True, [])
    assert problem in result["msg"]


def test_a_poll_pass_reads_nothing_but_what_is_in_flight_and_sees_it_land(run: Any, dr_site: Any, site: Any) -> None:
    first = dr_site(published())
    first.now = hours_ago(1)
    later = site(DR, EAST, points=[landed()])
    result = run(later, resume=run(first)["resume"])
    assert [name for name, _arguments, _named in later.mock_calls] == ["in_region", "recovery_points_named"]
    assert [(step["status"], step["seconds"]) for step in result["steps"]] == [("landed", 3600)]
    assert (result["resume"], "manifest" in result) == ([], False)


# -- what is not adopted ----------------------------------------------------------------------------------------------


def stranger() -> RecoveryPoint:
    return replace(published(), account=STRANGER, arn=published().arn.replace(SOURCE, STRANGER))


@pytest.mark.parametrize(
    ("shared", "reason"),
    [
        pytest.param(stranger(), f"account {STRANGER} is not one of source_accounts", id="a stranger's"),
        pytest.param(published(resource_id="db-OTHER"), "does not match the database", id="a name that lies"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_a_snapshot_that_only_looks_like_ours_is_refused_and_warned_of(
    run: Any, dr_site: Any, writes: Any, shared: RecoveryPoint, reason: str, check_mode: bool
) -> None:
    site = dr_site(shared)
    result = run(site, check_mode=check_mode)
    assert (writes(site), result["steps"], result.get("failed")) == ([], [], None)
    assert result["refused"] == [{"name": shared.name, "arn": shared.arn, "reason": result["refused"][0]["reason"]}]
    is_source = shared.account == SOURCE
    assert result["manifest"]["refused"] == (result["refused"] if is_source else []), "a stranger hears nothing"
    assert reason in result["refused"][0]["reason"]
    assert result["warnings"] == [f"Not adopted: {shared.arn}, since {result['refused'][0]['reason']}."]


def test_three_hundred_snapshots_of_a_stranger_are_one_warning_with_a_count(run: Any, dr_site: Any) -> None:
    many = [replace(stranger(), arn=f"{stranger().arn}{number}") for number in range(300)]
    (warning,) = run(dr_site(*many))["warnings"]
    assert f"and 299 more of {STRANGER}, since" in warning


def test_a_manifest_does_not_open_the_door_to_a_strangers_snapshot(run: Any, dr_site: Any, writes: Any) -> None:
    document = manifest(stranger())
    document["points"][0]["account"] = STRANGER
    site = dr_site(stranger())
    result = run(site, published=[document])
    assert (writes(site), [one["arn"] for one in result["refused"]]) == ([], [stranger().arn])


def test_snapshots_that_have_nothing_to_do_with_us_are_not_mentioned(run: Any, dr_site: Any) -> None:
    result = run(
        dr_site(published(name="nightly"), replace(published(), name="other-orders-20261123130000-d411b5df8ea7"))
    )
    assert (result["steps"], result["refused"], result["warnings"]) == ([], [], [])


# -- the source's key -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        pytest.param([key(DR_KEY)], "Allow this account in the key policy of", id="it does not admit this account"),
        pytest.param([key(DR_KEY), key(SOURCE_KEY, state="Disabled")], "is Disabled. Enable it", id="disabled"),
    ],
)
def test_a_source_key_that_cannot_be_used_fails_its_database_and_does_not_stop_the_others(
    run: Any, dr_site: Any, keys: Any, reason: str
) -> None:
    plain = published("billing", encrypted=False, kms_key_id=None)
    site = dr_site(plain, published("orders"), keys=keys)
    result = run(site)
    assert by_database(result) == {"billing": "copying", "orders": "failed"}
    assert result["failed"]
    assert reason in result["msg"]


# -- manifests --------------------------------------------------------------------------------------------------------


def test_what_a_manifest_names_and_nobody_shares_is_told_with_its_remedy(run: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site()
    result = run(site, published=[manifest(copied(**PUBLISHED))])
    assert (writes(site), by_database(result)) == ([], {"orders": "not_offered"})
    assert "publish again" in result["steps"][0]["reason"]
    assert "failed" not in result, "the manifest may be older than what it tells of"


def test_what_is_not_shared_any_more_because_it_is_here_has_landed(run: Any, dr_site: Any) -> None:
    result = run(dr_site(points=[landed()]), published=[manifest(copied(**PUBLISHED))])
    assert (by_database(result), result.get("failed")) == ({"orders": "landed"}, None)
    assert [one["name"] for one in result["manifest"]["points"]] == [landed().name]


def test_a_manifest_and_the_shared_row_are_one_offer(run: Any, dr_site: Any) -> None:
    site = dr_site(published())
    assert len(run(site, published=[manifest(copied(**PUBLISHED))])["steps"]) == 1
    site.copy.assert_called_once()


def test_check_mode_takes_over_what_publishing_would_have_shared(run: Any, dr_site: Any, writes: Any) -> None:
    """Both sides in one rehearsed run: nothing was really published, and yet it is known what would be copied."""
    site = dr_site()
    result = run(site, published=[manifest(copied(**PUBLISHED)) | PLANNED], check_mode=True)
    assert (writes(site), result["changed"], by_database(result)) == ([], True, {"orders": "copying"})


def test_check_mode_takes_nothing_for_shared_that_was_published_and_is_gone(run: Any, dr_site: Any) -> None:
    result = run(dr_site(), published=[manifest(copied(**PUBLISHED))], check_mode=True)
    assert (result["changed"], by_database(result)) == (False, {"orders": "not_offered"})


def test_check_mode_plans_nothing_older_than_what_is_here(run: Any, dr_site: Any) -> None:
    """A manifest of yesterday speaks of what was."""
    site = dr_site(points=[landed("orders", 1)])
    result = run(site, published=[manifest(copied("orders", 2, **PUBLISHED)) | PLANNED], check_mode=True)
    assert (result["changed"], "copying" in by_database(result).values()) == (False, False)


@pytest.mark.parametrize("given", [{}, {"points": []}, {**manifest(), "points": None}, {**manifest(), "version": True}])
def test_what_is_no_manifest_is_refused(run: Any, dr_site: Any, writes: Any, given: Row) -> None:
    site = dr_site(published())
    with pytest.raises(LifeboatError, match="Cannot read the published manifest"):
        run(site, published=[given])
    assert writes(site) == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"arn": published().arn}, id="says too little"),
        pytest.param({}, id="says nothing"),
        pytest.param("a", id="is none"),
        pytest.param({**manifest(copied())["points"][0], "original_time": "yesterday"}, id="has a time that is none"),
        pytest.param({**manifest(copied())["points"][0], "account": DR}, id="is about another account's database"),
        pytest.param(
            {**manifest(copied())["points"][0], "recipe": {"iops": float("inf"), "parameter_groups": []}},
            id="has an endless number",
        ),
    ],
)
def test_an_entry_of_a_manifest_that_cannot_be_used_costs_only_itself(run: Any, dr_site: Any, wrong: object) -> None:
    given = manifest(copied("orders", 1, **PUBLISHED))
    given["points"].append(wrong)
    result = run(dr_site(published("orders", 1)), published=[given])
    assert by_database(result) == {"orders": "copying"}
    (told,) = [one for one in result["warnings"] if one.startswith("Cannot use 1 entry of a published manifest: ")]
    assert f"Ask who runs {SOURCE}, " in told


# -- bad input and check mode -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"account_id": SOURCE}, "these credentials belong to account 222222222222", id="wrong account"),
        pytest.param({"source_accounts": ["all"]}, "is not a 12-digit account ID", id="no account"),
        pytest.param({"source_accounts": [DR]}, "must be another one", id="the own account"),
        pytest.param({"kms_key_id": SOURCE_KEY}, "belongs to account 111111111111", id="the source's key"),
        pytest.param({"kms_key_id": "alias/west"}, "key of us-west-2", id="another Region's key"),
        pytest.param({"kms_key_id": "alias/off"}, "it is PendingDeletion", id="a key about to be deleted"),
        pytest.param({"kms_key_id": "alias/aws/rds"}, "AWS-managed key", id="the AWS-managed key"),
        pytest.param({"kms_key_id": "alias/nope"}, "AccessDenied", id="a key that cannot be seen"),
    ],
)
def test_bad_input_stops_the_call_before_anything_else_is_read(
    run: Any, dr_site: Any, given: Row, message: str, check_mode: bool
) -> None:
    aliases = {
        "alias/west": key(f"arn:aws:kms:{WEST}:{DR}:key/dr"),
        "alias/off": key(DR_KEY, state="PendingDeletion"),
        "alias/aws/rds": key(DR_KEY, is_aws_managed=True),
    }
    site = dr_site(published(), aliases=aliases)
    with pytest.raises(LifeboatError, match=message):
        run(site, check_mode=check_mode, **given)
    assert {name for name, _arguments, _named in site.mock_calls} <= {"check_account", "key"}


def test_check_mode_predicts_the_pass_and_writes_nothing(run: Any, dr_site: Any, writes: Any) -> None:
    state: Any = ([published("billing"), published("orders"), stranger()], [landed("orders")])
    checked, site = (dr_site(*state[0], points=state[1]) for _turn in range(2))
    predicted, result = run(checked, check_mode=True), run(site)
    assert writes(checked) == []
    for part in ("changed", "steps", "diff", "refused", "manifest", "warnings"):
        assert predicted[part] == result[part]


def test_every_step_has_what_the_documentation_promises(run: Any, dr_site: Any, promised: Any) -> None:
    result = run(dr_site(published("billing"), published("orders"), points=[landed("orders")]))
    assert all(promised(snapshot_replicate) <= set(step) for step in result["steps"])


# -- two steps --------------------------------------------------------------------------------------------------------

TWO = [published("billing"), published("orders")]


def one_step_is_refused(site: Mock, code: str = "InvalidParameterValue", why: str = "in one step") -> Mock:
    """AWS as it was before 2025-09."""
    site.copy.side_effect = AwsRefusal("Cannot copy", why=why, code=code, meaning="refused")
    return site


@pytest.mark.parametrize("code", ["InvalidParameterValue", "InvalidParameterCombination", "KMSKeyNotAccessibleFault"])
def test_a_refused_step_is_tried_once_and_taken_in_two_from_then_on(run: Any, dr_site: Any, code: str) -> None:
    site = one_step_is_refused(dr_site(*TWO), code)
    result = run(site)
    assert site.copy.call_count == 1, "the refusal holds for the others as well"
    asked = [one.args[0] for one in site.in_region(WEST).copy.call_args_list]
    assert [(one.identifier, one.region, one.kms_key_id) for one in asked] == [
        ("billing", WEST, "alias/aws/rds"),
        ("orders", WEST, "alias/aws/rds"),
    ]
    assert "so it takes two" in result["warnings"][0]
    assert "failed" not in result


def test_the_refusal_is_remembered_from_pass_to_pass(run: Any, dr_site: Any, site: Any) -> None:
    first = run(one_step_is_refused(dr_site(*TWO)))
    here = [copying(Copy(**one), DR, WEST, status="available") for one in first["resume"] if one["region"] == WEST]
    later = site(DR, EAST, points=here)
    run(later, resume=first["resume"])
    assert [one.args[0].source_arn for one in later.copy.call_args_list] == [row.arn for row in here]


@pytest.mark.parametrize(
    ("single_step", "code", "why"),
    [
        pytest.param("always", "InvalidParameterValue", "in one step", id="two steps are not wanted"),
        pytest.param("auto", "AccessDenied", "not authorized", id="another route would not be allowed either"),
        pytest.param("auto", "InvalidParameterCombination", "requires a target option group", id="an option group"),
    ],
)
def test_other_refusals_fail(run: Any, dr_site: Any, single_step: str, code: str, why: str) -> None:
    site = one_step_is_refused(dr_site(published()), code, why)
    result = run(site, single_step=single_step)
    assert by_database(result) == {"orders": "failed"}
    site.in_region(WEST).copy.assert_not_called()


@pytest.mark.parametrize("is_made", [True, False])
def test_a_copy_whose_source_is_gone_failed_unless_another_run_made_it(run: Any, dr_site: Any, is_made: bool) -> None:
    site = dr_site(published())
    start = site.copy.side_effect

    def copied_by_another(wanted: Copy) -> None:
        if is_made:
            start(wanted)
        raise refusal("missing", "it does not exist any more")

    site.copy.side_effect = copied_by_another
    result = run(site)
    assert by_database(result) == {"orders": "queued" if is_made else "failed"}


def test_one_step_is_not_tried_where_it_is_not_wanted(run: Any, dr_site: Any) -> None:
    site = dr_site(published())
    run(site, single_step="never")
    site.copy.assert_not_called()
    assert site.in_region(WEST).copy.call_count == 1


def test_after_a_first_step_that_failed_the_second_is_not_tried(run: Any, dr_site: Any) -> None:
    site = dr_site(published())
    site.in_region(WEST).copy.side_effect = refusal("refused")
    result = run(site, single_step="never")
    assert ({one["status"] for one in result["steps"]}, result["resume"]) == ({"failed"}, [])


@pytest.mark.parametrize("status", ["available", "copying", "failed"])
def test_neither_of_two_steps_is_taken_again_while_the_source_still_shares(
    run: Any, dr_site: Any, writes: Any, status: str
) -> None:
    site = dr_site(published(), points=[landed(status=status)])
    run(site, single_step="never")
    assert writes(site) == writes(site.in_region(WEST)) == []


def left_on_the_way(**more: Any) -> RecoveryPoint:
    arn = f"arn:aws:rds:{WEST}:{DR}:snapshot:{landed().name}"
    return landed(region=WEST, arn=arn, tags={STAGE: "intermediate"}, **more)


def test_what_is_left_on_the_way_goes_when_its_copy_has_landed(run: Any, dr_site: Any) -> None:
    site = dr_site(points=[landed(), left_on_the_way()])
    run(site)
    gone = [one.args[0].arn for one in site.in_region(WEST).delete_recovery_point.call_args_list]
    assert gone == [left_on_the_way().arn]
    site.delete_recovery_point.assert_not_called()


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([left_on_the_way()], id="its copy is not made yet"),
        pytest.param([left_on_the_way(), landed(status="copying")], id="its copy is being made"),
        pytest.param([landed(), left_on_the_way(status="copying")], id="it is being made itself"),
    ],
)
def test_what_is_left_on_the_way_stays_while_it_is_needed(run: Any, dr_site: Any, points: list[RecoveryPoint]) -> None:
    site = dr_site(points=points)
    run(site)
    site.in_region(WEST).delete_recovery_point.assert_not_called()


def test_nothing_is_removed_that_another_account_shares(run: Any, dr_site: Any, writes: Any) -> None:
    theirs = replace(published(), tags={"lifeboat:managed-by": "lifeboat", STAGE: "intermediate"})
    site = dr_site(theirs, points=[landed()])
    run(site)
    site.in_region(WEST).delete_recovery_point.assert_not_called()
    assert writes(site) == []


# -- quotas, option groups, settings of some databases ----------------------------------------------------------------


def test_what_does_not_fit_is_told_before_the_first_copy(run: Any, dr_site: Any) -> None:
    result = run(dr_site(*TWO, quotas={"instance": Quota(100, 100)}))
    assert by_database(result) == {"billing": "failed", "orders": "failed"}
    assert "Prune 2 with snapshot_prune" in result["msg"]


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        (OptionGroup("ours", "postgres", frozenset()), None),
        (OptionGroup("ours", "oracle-ee", frozenset()), "is for oracle-ee"),
        (OptionGroup("other", "postgres", frozenset()), "has no option group ours"),
    ],
)
def test_the_option_group_of_a_copy_is_checked_before_it(
    run: Any, dr_site: Any, writes: Any, group: OptionGroup, reason: str | None
) -> None:
    site = dr_site(published(), groups=[group])
    result = run(site, option_group="ours")
    assert writes(site) == ([] if reason else ["copy"])
    assert reason is None or reason in result["msg"]


def test_after_a_change_of_the_key_what_landed_stays_and_the_next_copy_has_the_new_one(
    run: Any, dr_site: Any, writes: Any
) -> None:
    newer = f"arn:aws:kms:{EAST}:{DR}:key/newer"
    site = dr_site(published(), points=[landed()], keys=[*KEYS, key(newer)])
    result = run(site, kms_key_id=newer)
    assert (by_database(result), writes(site)) == ({"orders": "landed"}, [])
    site = dr_site(published(), points=[landed(hours=25)], keys=[*KEYS, key(newer)])
    run(site, kms_key_id=newer)
    assert [one.args[0].kms_key_id for one in site.copy.call_args_list] == [newer]


def test_a_source_in_the_region_of_the_dr_site_is_told_once_and_not_refused(run: Any, dr_site: Any, site: Any) -> None:
    assert [one for one in run(dr_site(published()))["warnings"] if "Region" in one] == []
    here = f"arn:aws:kms:{WEST}:{DR}:key/dr"
    beside = site(DR, WEST, shared={WEST: [published()]}, keys=[*KEYS, key(here)])
    result = run(beside, kms_key_id=here)
    (warning,) = [one for one in result["warnings"] if "recipe" not in one]
    assert warning.startswith(f"The recovery points of orders are in {WEST}, where the databases are")
    assert by_database(result) == {"orders": "copying"}


def test_some_databases_go_under_another_key(run: Any, dr_site: Any) -> None:
    other = f"arn:aws:kms:{EAST}:{DR}:key/gold"
    site = dr_site(*TWO, keys=[*KEYS, key(other)])
    run(site, overrides=[{"databases": ["billing"], "kms_key_id": other}])
    assert {one.args[0].identifier: one.args[0].kms_key_id for one in site.copy.call_args_list} == {
        "billing": other,
        "orders": DR_KEY,
    }


def test_an_override_for_clusters_counts_for_the_copies_of_their_stand_ins(run: Any, dr_site: Any) -> None:
    other, cluster = f"arn:aws:kms:{EAST}:{DR}:key/gold", database(kind="cluster", engine="postgres")
    name = name_for("lifeboat", "orders", lineage_of(cluster.id, hours_ago(1)))
    point = published(name=name, arn=f"arn:aws:rds:{WEST}:{SOURCE}:snapshot:{name}")
    entry = describe_published(cluster, hours_ago(1), point)
    site = dr_site(point, keys=[*KEYS, key(other)])
    overrides = [{"kinds": ["cluster"], "kms_key_id": other}]
    run(site, overrides=overrides, published=[published_manifest(SOURCE, WEST, [entry])])
    assert [one.args[0].kms_key_id for one in site.copy.call_args_list] == [other]


def test_the_tags_of_a_database_travel_with_its_manifest(run: Any, dr_site: Any) -> None:
    entry = describe_published(
        database(tags={"team": "shop", "retain": "yes", "aws:x": "y"}), hours_ago(1), published()
    )
    site = dr_site(published())
    run(site, published=[published_manifest(SOURCE, WEST, [entry])])
    (copy,) = site.copy.call_args.args
    assert {name for name in copy.tags if not name.startswith("lifeboat:")} == {"team"}


def test_a_database_without_a_recipe_is_told_from_the_first_copy_on(run: Any, dr_site: Any) -> None:
    for here in ([], [landed()]):
        (warning,) = [one for one in run(dr_site(published(), points=here))["warnings"] if "recipe" in one]
        assert warning.startswith("orders: cannot be recovered as it was")
    told = [landed(tags={"lifeboat:recipe": "class=db.r6g.large"})]
    assert [one for one in run(dr_site(published(), points=told))["warnings"] if "recipe" in one] == []
