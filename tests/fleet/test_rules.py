# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge sees what is forbidden: a proof by it is worth no more than that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fleet.fleet import DR, SOURCE, STRANGER
from tests.fleet.rules import LANDED, MANAGED_BY, RETAIN, STAGE, VERIFIED, Shot, Watch, copies_made, digest

KEY, DATABASE = "arn:aws:kms:us-east-1:222222222222:key/dr", "db-1"


def shot(day: int, side: Any = SOURCE, **more: Any) -> Shot:
    """Our copy of the recovery point of that day."""
    name = more.pop("name", f"lifeboat-orders-202611{day:02}000000-{digest(SOURCE.account, SOURCE.region, DATABASE)}")
    facts = {
        "arn": f"arn:aws:rds:{side.region}:{side.account}:snapshot:{name}",
        "type": "manual",
        "status": "available",
        "resource_id": DATABASE,
        "key": KEY,
        "option_group": "default:postgres-17",
        "tags": {MANAGED_BY: "lifeboat", **more.pop("tags", {})},
        "shared_with": (),
        "source": None,
        "original": f"2026-11-{day:02}T00:00:00Z",
    }
    return Shot(**facts | more)


def watch(*landed: Shot) -> Watch:
    return Watch(KEY, landed={one.arn for one in landed}, resource_ids={DATABASE})


def call(action: str, arn: str, **parameters: str) -> dict[str, Any]:
    return {"action": action, "resources": [arn], "parameters": parameters}


def complaints(judge: Watch, one: dict[str, Any], *before: Shot, module: str = "snapshot_prune") -> str:
    return " ".join(judge.broken_by_calls(module, {each.arn: each for each in before}, [one]))


OLD, NEW = shot(1), shot(2)
FAR_OLD, FAR_NEW = shot(1, DR), shot(2, DR)


@pytest.mark.parametrize(
    ("gone", "others", "landed", "why"),
    [
        (OLD, [NEW], [], "it has not landed"),
        (NEW, [OLD], [OLD, NEW], "it is the newest published copy"),
        (shot(1, name="by-hand"), [NEW], [], "it is not ours"),
        (shot(1, tags={MANAGED_BY: "another"}), [NEW], [], "it is not ours"),
        (FAR_NEW, [FAR_OLD], [], "it is the newest that landed"),
        (FAR_OLD, [shot(2, DR, key="another")], [], "it is the newest that landed"),
        (FAR_OLD, [shot(2, DR, status="copying")], [], "it is the newest that landed"),
        (shot(1, DR, tags={RETAIN: "yes"}), [FAR_NEW], [], "it has a retain tag"),
        (shot(1, DR, tags={VERIFIED: "yes"}), [FAR_NEW], [], "it is the last verified one"),
    ],
)
def test_what_has_to_stay_is_not_deleted(gone: Shot, others: list[Shot], landed: list[Shot], why: str) -> None:
    assert why in complaints(watch(*landed), call("DeleteDBSnapshot", gone.arn), gone, *others)


@pytest.mark.parametrize(("gone", "newer"), [(OLD, NEW), (FAR_OLD, FAR_NEW)])
def test_what_is_superseded_may_go(gone: Shot, newer: Shot) -> None:
    assert complaints(watch(OLD, NEW), call("DeleteDBSnapshot", gone.arn), gone, newer) == ""


def test_nothing_is_shared_with_anybody_but_the_dr_account() -> None:
    name = "ValuesToAdd.AttributeValue.1"
    for account in (STRANGER.account, "all"):
        added = call("ModifyDBSnapshotAttribute", OLD.arn, **{name: account})
        assert "shared" in complaints(watch(), added, OLD, module="snapshot_copy")
    added = call("ModifyDBSnapshotAttribute", OLD.arn, **{name: DR.account})
    assert complaints(watch(), added, OLD, module="snapshot_copy") == ""
    assert "shared" in complaints(watch(), added, module="snapshot_copy"), "not ours"


@pytest.mark.parametrize(
    ("module", "action"),
    [
        ("snapshot_copy", "CreateDBInstance"),
        ("snapshot_copy", "AddTagsToResource"),
        ("snapshot_replicate", "DeleteDBInstance"),
        ("snapshot_replicate", "CreateDBSnapshot"),
        ("snapshot_replicate", "ModifyDBSnapshotAttribute"),
    ],
)
def test_a_module_does_nothing_beyond_its_powers(module: str, action: str) -> None:
    assert action in complaints(watch(OLD, NEW), call(action, OLD.arn), OLD, NEW, module=module)


@pytest.mark.parametrize("module", ["snapshot_copy", "snapshot_replicate"])
@pytest.mark.parametrize(
    ("action", "why"), [("DeleteDBSnapshot", "no route left"), ("DeleteDBClusterSnapshot", "no route")]
)
def test_only_prune_deletes_recovery_points(module: str, action: str, why: str) -> None:
    assert why in complaints(watch(OLD, NEW), call(action, OLD.arn), OLD, NEW, module=module)
    left = replace(OLD, tags={**OLD.tags, STAGE: "intermediate"})
    assert complaints(watch(OLD, NEW), call(action, left.arn), left, NEW, module=module) == ""


def test_no_database_is_deleted_but_a_stand_in() -> None:
    assert "stands in for nothing" in complaints(
        watch(), call("DeleteDBInstance", "arn:aws:rds:us-west-2:111111111111:db:orders"), module="snapshot_copy"
    )


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (shot(1, shared_with=(STRANGER.account,)), "is shared with"),
        (shot(1, shared_with=("all",)), "is shared with"),
        (shot(1, DR, shared_with=(DR.account,)), "is shared with"),
        (shot(1, DR, resource_id="db-of-a-stranger"), "was adopted"),
        (shot(1, DR, name="lifeboat-orders-20261101000000-0123456789ab"), "does not belong"),
        (shot(1, DR, key="arn:aws:kms:us-west-2:111111111111:key/data"), "is under"),
        (shot(1, DR, key=None), "is under"),
    ],
)
def test_what_there_is_tells_on_its_maker(one: Shot, why: str) -> None:
    assert why in " ".join(watch().broken_by_state({one.arn: one}))


def test_a_landed_copy_and_one_that_is_shared_with_the_dr_account_are_in_order() -> None:
    ours = [shot(1, shared_with=(DR.account,), key=None), shot(1, tags={LANDED: "now"}), FAR_OLD]
    assert list(watch().broken_by_state({one.arn: one for one in ours})) == []


def test_only_a_stand_ins_snapshot_is_named_after_another_database() -> None:
    """What was taken in the source account, of an instance without backups, is a stand-in's; a stranger's is not."""
    judge, adopted = watch(), shot(1, DR, resource_id="db-of-a-stranger")
    copied = shot(1, DR, resource_id="db-stand-in")
    assert "was adopted" in " ".join(judge.broken_by_state({copied.arn: copied}))
    judge.look({"snapshots": [{**vars(shot(1, resource_id="db-stand-in")), "shared_with": []}]})
    assert list(judge.broken_by_state({copied.arn: copied})) == []
    assert "was adopted" in " ".join(judge.broken_by_state({adopted.arn: adopted}))
    nobodys = replace(copied, arn=copied.arn[:-12] + "0123456789ab")
    assert "belongs to no database" in " ".join(judge.broken_by_state({nobodys.arn: nobodys}))


@pytest.mark.parametrize(("one_step", "made"), [(True, 2), (False, 1)])
def test_a_copy_whose_answer_was_lost_counts_unless_aws_refuses_such_copies(one_step: bool, made: int) -> None:
    words = {"account": DR.account, "action": "CopyDBSnapshot", "faults": ["hold-after 1"], "resources": [OLD.arn]}
    calls = [{**words, "region": region} for region in (SOURCE.region, DR.region)]
    assert copies_made(calls, DR.account, one_step=one_step) == made
