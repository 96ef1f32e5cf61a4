# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.plan import Copy
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.replicate import (
    Offer,
    Refusal,
    ReplicateOptions,
    ReplicateWish,
    as_own_offers,
    database_arn,
    in_two_steps,
    landed_entries,
    newest_by_database,
    offer_of,
    plan_copies,
    read_offer,
    why_not_copyable,
    why_not_landed,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.routes import Place
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.manifest import (
    describe_published,
    published_manifest,
    read_entry,
    read_landed,
    read_published,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keys import check_key, why_unfit
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import (
    LANDED_MONTH,
    STAGE,
    DatabaseId,
    RecoveryPoint,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of, name_for
from tests.builders import (
    DR,
    DR_KEY,
    EAST,
    SOURCE,
    SOURCE_KEY,
    STRANGER,
    WEST,
    automated,
    copied,
    database,
    hours_ago,
    key,
    of_cluster,
)

AUTOMATED_CLUSTER = f"arn:aws:rds:{WEST}:{SOURCE}:cluster-snapshot:rds:orders-2026-11-23-13-00"
OPTIONS = ReplicateOptions("lifeboat", frozenset({SOURCE}), Place(DR, EAST))
WISH = ReplicateWish(DR_KEY)


def offer(**facts: Any) -> Offer:
    found = read_offer(copied(**facts), OPTIONS, {})
    assert isinstance(found, Offer)
    return found


def plan_copy(one: Offer, wish: ReplicateWish = WISH) -> Copy:
    return plan_copies(one, wish, OPTIONS)[-1]


def landed(**facts: Any) -> Any:
    return copied(account=DR, **{"encrypted": True, "kms_key_id": DR_KEY, **facts})


def test_a_published_snapshot_is_an_offer() -> None:
    assert offer(hours=1).lineage.original == hours_ago(1)


def test_a_strangers_snapshot_is_refused_though_it_is_named_like_ours() -> None:
    stranger = replace(copied(), account=STRANGER, arn=f"arn:aws:rds:{WEST}:{STRANGER}:snapshot:{copied().name}")
    found = read_offer(stranger, OPTIONS, {})
    assert isinstance(found, Refusal)
    assert STRANGER in found.reason


def test_a_name_that_belongs_to_another_database_is_refused() -> None:
    found = read_offer(copied(resource_id="db-OTHER"), OPTIONS, {})
    assert isinstance(found, Refusal)
    assert "does not match the database" in found.reason


def of_aurora(hours: float = 1, **facts: Any) -> RecoveryPoint:
    """Build what a source shares of Aurora, as AWS shows it: a copy has no resource ID (recorded in 2024)."""
    point = of_cluster(copied(hours=hours, **{"source_arn": AUTOMATED_CLUSTER, **facts}))
    return replace(point, resource_id=None, tags={})


def test_a_copied_cluster_snapshot_is_an_offer_though_aws_shows_no_resource_id() -> None:
    found = read_offer(of_aurora(), OPTIONS, {})
    assert isinstance(found, Offer)
    assert database_arn(found) == f"arn:aws:rds:{WEST}:{SOURCE}:cluster:orders"
    assert "lifeboat:resource-id" not in plan_copy(found).tags


def test_without_a_resource_id_the_account_must_still_fit_and_the_time_as_well() -> None:
    of_another = of_aurora(name=named_for(1, ELSEWHERE))
    later = of_aurora(name=named_for(-1))
    reasons = [
        found.reason for one in (of_another, later) if isinstance(found := read_offer(one, OPTIONS, {}), Refusal)
    ]
    assert ["database of another account" in reasons[0], "AWS says" in reasons[1]] == [True, True]


def named_for(hours: float, of: DatabaseId | None = None) -> str:
    return name_for("lifeboat", "orders", lineage_of(of or database().id, hours_ago(hours)))


ELSEWHERE = DatabaseId("444444444444", WEST, "instance", "orders", "db-ORDERS")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        pytest.param({"name": named_for(-24 * 365 * 73)}, "AWS says that it was made at", id="later than AWS's time"),
        pytest.param({"created": None, "original": None}, "AWS does not say when", id="without a time"),
        pytest.param({"original": None, "created": hours_ago(1.1)}, "AWS says", id="a cluster, before it was created"),
        pytest.param(
            {"name": named_for(500), "source_arn": automated().arn}, "a copy of a snapshot of", id="a copy, backdated"
        ),
        pytest.param(
            {"name": named_for(1, ELSEWHERE), "identifier": named_for(1, ELSEWHERE)},
            "made for a database of another account",
            id="an instance named like a recovery point of another account",
        ),
    ],
)
def test_a_claim_that_aws_does_not_confirm_is_refused(facts: dict[str, Any], reason: str) -> None:
    found = read_offer(copied(**facts), OPTIONS, {})
    assert isinstance(found, Refusal)
    assert reason in found.reason


def test_fractions_of_a_second_do_not_make_a_claim_false() -> None:
    one = copied()
    early = replace(one, original=hours_ago(1) - timedelta(milliseconds=999), created=None)
    assert isinstance(read_offer(early, OPTIONS, {}), Offer)


def test_a_manifest_vouches_for_no_database_of_another_account() -> None:
    name = named_for(1, ELSEWHERE)
    point = copied(name=name, arn=f"arn:aws:rds:{WEST}:{SOURCE}:snapshot:{name}")
    entry = describe_published(replace(database(), id=ELSEWHERE), hours_ago(1), point)
    published = read_published([published_manifest(SOURCE, WEST, [entry])])
    assert isinstance(read_offer(point, OPTIONS, published), Refusal)
    both = replace(OPTIONS, source_accounts=frozenset({SOURCE, ELSEWHERE.account}))
    assert published == {}
    assert isinstance(offer_of(read_entry(entry), both), Refusal)


def test_snapshots_that_are_not_named_like_ours_have_nothing_to_do_with_us() -> None:
    assert read_offer(copied(name="nightly"), OPTIONS, {}) is None


def test_only_the_newest_offer_of_each_database_is_copied() -> None:
    newest = newest_by_database([offer(hours=1), offer(hours=5), offer(identifier="billing", hours=9)])
    assert [(one.point.identifier, one.lineage.original) for one in newest] == [
        ("billing", hours_ago(9)),
        ("orders", hours_ago(1)),
    ]


def test_a_copy_has_the_name_and_the_lineage_of_its_source() -> None:
    one = offer()
    copy = plan_copy(one)
    assert (copy.name, copy.source_arn, copy.kms_key_id) == (one.point.name, one.point.arn, DR_KEY)
    assert copy.tags["lifeboat:database"] == database().id.arn


@pytest.mark.parametrize(
    ("difference", "problem"),
    [
        pytest.param({}, None, id="all alike"),
        pytest.param({"engine": "mysql"}, "engine", id="engine"),
        pytest.param({"size_gib": 10}, "size", id="size"),
        pytest.param({"kms_key_id": SOURCE_KEY}, "key", id="a key of the source"),
        pytest.param({"kms_key_id": f"arn:aws:kms:{EAST}:{STRANGER}:key/x"}, "key", id="a key of a third account"),
        pytest.param({"encrypted": False, "kms_key_id": None}, "not encrypted", id="no key"),
        pytest.param({"kms_key_id": None}, "does not say under which key", id="an unknown key"),
        pytest.param({"size_gib": None, "resource_id": None}, None, id="unknown is no difference"),
        pytest.param({"kms_key_id": f"arn:aws:kms:{EAST}:{DR}:key/older"}, None, id="an older key of the DR account"),
        pytest.param({"resource_id": "db-OTHER"}, "resource id", id="lineage"),
    ],
)
def test_a_copy_has_landed_when_it_matches_its_source(difference: dict[str, Any], problem: str | None) -> None:
    row = replace(landed(), **difference)
    found = why_not_landed(plan_copy(offer()), row)
    assert (found is None) if problem is None else problem in str(found)


def test_what_only_one_side_shows_is_no_difference() -> None:
    copy = plan_copy(offer())
    assert why_not_landed(replace(copy, size_gib=None, resource_id=None), landed()) is None


def test_the_size_of_a_cluster_snapshot_says_nothing() -> None:
    copy = plan_copy(Offer(of_aurora(), lineage_of(database().id, hours_ago(1))))
    assert why_not_landed(copy, replace(of_cluster(landed()), size_gib=0)) is None


def test_nobody_is_told_to_delete_what_is_only_not_known() -> None:
    copy = plan_copy(offer())
    assert "Delete" not in str(why_not_landed(copy, landed(kms_key_id=None)))
    assert "Delete" in str(why_not_landed(copy, landed(size_gib=10)))


def test_a_copy_of_one_stand_in_stands_for_what_another_one_left_at_the_source() -> None:
    of_a_cluster = {"lifeboat:database": database().id.arn.replace(":db:", ":cluster:")}
    row = landed(resource_id="db-EARLIER-STAND-IN", tags=of_a_cluster)
    assert why_not_landed(plan_copy(offer()), row) is None


def test_what_is_not_finished_or_not_ours_is_not_reported_as_landed() -> None:
    copy = plan_copy(offer())
    for row, wanted in ((landed(), 1), (landed(status="copying"), 0), (landed(tags={"lifeboat:managed-by": "x"}), 0)):
        assert len(landed_entries([copy], {copy.key: row}, "lifeboat", "now")) == wanted


@pytest.mark.parametrize(
    ("unfit", "reason"),
    [
        pytest.param(key(SOURCE_KEY), "belongs to account 111111111111", id="the source's key"),
        pytest.param(key(f"arn:aws:kms:{WEST}:{DR}:key/x"), "key of us-west-2", id="wrong Region"),
        pytest.param(key(DR_KEY, state="Disabled"), "Disabled", id="disabled"),
        pytest.param(key(DR_KEY, is_aws_managed=True), "AWS-managed", id="aws/rds"),
    ],
)
def test_no_copy_is_made_under_an_unfit_key(unfit: Any, reason: str) -> None:
    assert reason in str(why_unfit(unfit, DR, EAST))
    with pytest.raises(LifeboatError, match="Set kms_key_id to an enabled customer managed key"):
        check_key(unfit, DR, EAST)


def test_a_published_entry_survives_the_manifest() -> None:
    entry = describe_published(database(), hours_ago(1), copied(hours=1))
    found = read_published([published_manifest(SOURCE, WEST, [entry])])
    assert found[copied().arn].lineage == offer(hours=1).lineage


def test_a_point_that_only_a_manifest_names_is_not_copied_but_may_have_landed() -> None:
    entry = describe_published(database(), hours_ago(1), copied(hours=1))
    (published,) = read_published([published_manifest(SOURCE, WEST, [entry])]).values()
    found = offer_of(published, OPTIONS)
    assert isinstance(found, Offer)
    assert not found.is_visible
    assert why_not_landed(plan_copy(found), landed()) is None


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="empty"),
        pytest.param({"version": 2, "document": "published", "points": []}, id="newer version"),
        pytest.param({"version": 1, "document": "landed", "points": []}, id="the other direction"),
        pytest.param({"version": 1, "document": "published", "points": [{"arn": "a"}]}, id="broken entry"),
    ],
)
def test_a_document_that_is_not_a_manifest_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(LifeboatError, match="Cannot read the published manifest"):
        read_published([document])


def test_landed_names_are_kept_by_dr_account() -> None:
    one = {
        "version": 1,
        "document": "landed",
        "account": DR,
        "points": [{"name": "a", "arn": "x", "landed_time": "2026-11-23T14:05:00Z"}],
    }
    assert read_landed([one]) == {DR: {"a": "2026-11-23T14:05:00Z"}}


@pytest.mark.parametrize(
    ("keys", "refused", "reason"),
    [
        pytest.param({SOURCE_KEY: key()}, {}, None, id="usable"),
        pytest.param({SOURCE_KEY: key(state=None)}, {}, None, id="its state is not known"),
        pytest.param({}, {SOURCE_KEY: "AccessDenied"}, "Allow this account in", id="its policy does not admit us"),
        pytest.param({SOURCE_KEY: key(state="Disabled")}, {}, "Enable it", id="disabled"),
    ],
)
def test_a_source_key_that_cannot_be_used_is_found_before_the_copy(keys: Any, refused: Any, reason: str | None) -> None:
    found = why_not_copyable(offer(encrypted=True, kms_key_id=SOURCE_KEY), keys, refused)
    assert (found is None) if reason is None else reason in str(found)


# -- two steps --------------------------------------------------------------------------------------------------------


def intermediate(**facts: Any) -> Any:
    """Build the DR account's own copy in the source's Region."""
    arn = f"arn:aws:rds:{WEST}:{DR}:snapshot:{copied().name}"
    return landed(region=WEST, arn=arn, source_arn=copied().arn, tags={STAGE: "intermediate"}, **facts)


@pytest.mark.parametrize("facts", [{}, {"encrypted": True, "kms_key_id": SOURCE_KEY}])
def test_two_steps_are_a_copy_of_our_own_in_the_sources_region_and_one_of_that(facts: dict[str, Any]) -> None:
    first, last = plan_copies(offer(**facts), WISH, OPTIONS, single_step=False)
    assert (first.region, first.source_arn, STAGE in first.tags) == (WEST, copied().arn, True)
    assert (last.region, last.source_arn, STAGE in last.tags) == (EAST, first.arn, False)
    assert (first.kms_key_id, last.kms_key_id) == ("alias/aws/rds", DR_KEY)


def test_two_steps_leave_an_unencrypted_cluster_as_it_is() -> None:
    read = read_offer(of_cluster(copied()), OPTIONS, {})
    assert isinstance(read, Offer)
    first, last = plan_copies(read, WISH, OPTIONS, single_step=False)
    assert (first.kms_key_id, last.kms_key_id) == (None, None)


def test_a_refused_step_becomes_two_that_end_in_the_same_copy() -> None:
    single = plan_copy(offer(encrypted=True, kms_key_id=SOURCE_KEY))
    first, last = in_two_steps(single)
    assert (single.is_single_step, first.is_single_step, last.is_single_step) == (True, False, False)
    assert replace(last, source_arn=single.source_arn, reason=single.reason) == single
    assert (first.region, first.name, first.kms_key_id) == (WEST, single.name, "alias/aws/rds")


def test_what_lands_carries_its_month_and_no_intermediate_does() -> None:
    options = replace(OPTIONS, landing={LANDED_MONTH: "2026-11"})
    single = plan_copies(offer(), WISH, options)[-1]
    first, last = in_two_steps(single)
    assert [one.tags.get(LANDED_MONTH) for one in (single, first, last)] == ["2026-11", None, "2026-11"]


def test_an_intermediate_goes_on_whether_its_source_is_offered_or_not() -> None:
    (own,) = as_own_offers([intermediate()], {}, OPTIONS)
    first, last = plan_copies(own, WISH, OPTIONS)
    assert (first.key, first.source_arn) == (intermediate().key, copied().arn)
    assert (last.source_arn, last.region, last.kms_key_id) == (first.arn, EAST, DR_KEY)
    assert last.tags["lifeboat:database"] == database().id.arn
    assert STAGE not in last.tags


def test_an_intermediate_whose_copy_is_here_goes_nowhere() -> None:
    assert as_own_offers([intermediate()], {landed().key: landed()}, OPTIONS) == []


def test_the_intermediate_of_a_recovery_point_is_preferred_to_its_source() -> None:
    (own,) = as_own_offers([intermediate()], {}, OPTIONS)
    assert newest_by_database([own, offer()]) == [own]


# -- option groups ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "facts", "wanted"),
    [
        pytest.param(WISH, {}, (None, False), id="the default one"),
        pytest.param(ReplicateWish(DR_KEY, "own"), {}, ("own", False), id="another one"),
        pytest.param(
            ReplicateWish(DR_KEY, None, True), {"option_group": "theirs"}, (None, False), id="none goes to a Region"
        ),
    ],
)
def test_a_copy_gets_the_option_group_that_is_wanted(wish: ReplicateWish, facts: dict[str, Any], wanted: Any) -> None:
    copy = plan_copy(offer(**facts), wish)
    assert (copy.option_group, copy.takes_group_along) == wanted


def test_within_its_region_an_option_group_can_be_taken_along() -> None:
    options = replace(OPTIONS, home=Place(DR, WEST))
    for engine, group, wanted in (
        ("oracle-ee", "theirs", True),
        ("oracle-ee", "default:oracle-ee-19", False),
        ("oracle-ee", None, False),
        ("mysql", "theirs", False),
    ):
        (copy,) = plan_copies(offer(engine=engine, option_group=group), ReplicateWish(DR_KEY, "ours", True), options)
        assert (copy.takes_group_along, copy.option_group) == (wanted, None if wanted else "ours")


def test_the_first_of_two_steps_takes_the_option_group_along_and_the_last_names_one() -> None:
    wish = ReplicateWish(DR_KEY, "own", True)
    theirs = offer(engine="oracle-ee", option_group="theirs")
    first, last = plan_copies(theirs, wish, OPTIONS, single_step=False)
    assert (first.takes_group_along, first.option_group) == (True, None)
    assert (last.takes_group_along, last.option_group) == (False, "own")
