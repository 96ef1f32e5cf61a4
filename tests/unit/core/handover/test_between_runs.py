# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.between_runs import (
    carried_tags,
    describe_refused,
    differences,
    merge_landed,
    merge_published,
    read_stale,
    same,
    why_unusable,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.manifest import (
    Landed,
    Published,
    describe_published,
    landed_manifest,
    published_manifest,
    read_entry,
    read_landed,
    readable_points,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import Lineage
from tests.builders import DR, EAST, NOW, SOURCE, STRANGER, WEST, copied, database, hours_ago

Row = dict[str, Any]

T1, T2 = str(iso(hours_ago(2))), str(iso(NOW))


def entry(identifier: str = "orders", hours: float = 1, **more: Any) -> Row:
    tags = more.pop("tags", {})
    return describe_published(database(identifier, tags=tags), hours_ago(hours), copied(identifier, hours)) | more


def published(*entries: Row, **more: Any) -> Row:
    return published_manifest(SOURCE, WEST, entries) | more


def landed(*names: str, time: str = T2, refused: Any = (), **more: Any) -> Row:
    return landed_manifest(DR, EAST, [Landed(name, f"arn:{name}", time) for name in names], refused) | more


def names(document: Row) -> list[str]:
    return [point["name"] for point in document["points"]]


RECIPE = {"instance_class": "db.r6g.large", "parameter_groups": []}


def test_a_recipe_that_is_not_read_again_stays_with_its_recovery_point() -> None:
    earlier = published(entry() | {"recipe": RECIPE})
    (point,) = merge_published(earlier, published(entry()), [])["points"]
    assert point["recipe"] == RECIPE
    (point,) = merge_published(earlier, published(entry(hours=0)), [])["points"]
    assert "recipe" not in point


def test_an_entry_whose_recipe_cannot_be_read_is_refused() -> None:
    with pytest.raises(LifeboatError, match="recipe"):
        read_entry(entry() | {"recipe": {"iops": "many"}})


# -- which documents of a store are used ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "why"),
    [
        pytest.param(published(entry()), None, id="the site's own"),
        pytest.param(published(entry(), written=T1, later="more"), None, id="with fields of a later release"),
        pytest.param(published(), None, id="nothing published"),
        pytest.param(
            published(version=2), "this release reads version 1: update lifeboat.rds here", id="newer version"
        ),
        pytest.param(published(version=0), "version 1, document 'published'", id="unknown version"),
        pytest.param(published(document="landed"), "document 'published'", id="another document"),
        pytest.param(published(account=STRANGER), f"it is not from account {SOURCE}, {WEST}", id="another account's"),
        pytest.param(published(region=EAST), f"it is not from account {SOURCE}, {WEST}", id="another Region's"),
        pytest.param(published(points=None), "a list of points", id="no points"),
        pytest.param(published(["x"]), "a list of points", id="points of no shape"),  # type: ignore[arg-type]
        pytest.param({}, "it is not from account", id="an empty object"),
    ],
)
def test_a_document_of_a_store_counts_only_for_its_own_site(document: Row, why: str | None) -> None:
    found = why_unusable(document, "published", SOURCE, WEST)
    assert found is None if why is None else why in str(found)


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(entry(account=STRANGER), id="another's database"),
        pytest.param(entry(arn=copied().arn.replace(SOURCE, STRANGER)), id="another's snapshot"),
    ],
)
def test_a_site_describes_its_own_databases_only(foreign: Row) -> None:
    document, wrong = readable_points(published(foreign, entry()), "published")
    assert (document, len(wrong)) == (published(entry()), 1)
    assert "which belongs to another account" in wrong[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": [SOURCE]},
        {"kind": "table"},
        {"identifier": 1},
        {"original_time": None},
        {"original_time": "2026-11-23T14:05:00"},
        {"original_time": 5},
        {"original_time": "0001-01-01T00:00:00+23:59"},
        {"size_gib": True},
        {"size_gib": float("inf")},
        {"recipe": {"iops": float("inf"), "parameter_groups": []}},
        {"name": "other"},
        {"arn": "arn"},
        {"kms_key_id": 3},
        {"encrypted": "yes"},
        {"size_gib": "20"},
        {"database_tags": [1]},
        {"database_tags": {"a": 1}},
        {"landed_in": "222222222222"},
    ],
    ids=str,
)
def test_an_entry_that_we_would_not_write_is_not_read(wrong: Row) -> None:
    with pytest.raises(LifeboatError, match="an entry cannot be read"):
        read_entry(entry() | wrong)


def test_an_entry_of_an_earlier_release_is_read() -> None:
    old = {key: value for key, value in entry().items() if key not in ("database_tags", "landed_in")}
    assert (read_entry(old).database_tags, read_entry(old).landed_in) == ({}, ())


@pytest.mark.parametrize("time", ["t", "", None, 5, "2026-11-23", "2026-11-23é14:05:00Z"])
def test_a_time_that_could_not_become_a_tag_is_not_read(time: Any) -> None:
    with pytest.raises(LifeboatError, match="a landed_time"):
        read_landed([landed("a", time=time)])


@pytest.mark.parametrize(
    "document",
    [landed(refused=["x"]), landed(refused=[{"arn": "a"}]), landed() | {"refused": None}, landed("a", time="t")],
)
def test_a_landed_document_of_another_shape_is_not_used(document: Row) -> None:
    assert why_unusable(document, "landed", DR, EAST)


# -- what a site writes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("earlier", "present", "existing", "left"),
    [
        pytest.param([], ["a"], ["a"], {"a": T2}, id="landed now"),
        pytest.param(["a"], ["a"], ["a"], {"a": T1}, id="keeps when it was first said"),
        pytest.param(["a"], [], ["a"], {"a": T1}, id="stays though it is not offered any more"),
        pytest.param(["a", "b"], ["b"], ["b"], {"b": T1}, id="goes with the recovery point"),
        pytest.param(["b"], ["c", "a"], ["a", "b", "c"], {"a": T2, "b": T1, "c": T2}, id="in one order"),
    ],
)
def test_what_landed_is_said_as_long_as_it_is_there(
    earlier: list[str], present: list[str], existing: list[str], left: Row
) -> None:
    merged = merge_landed(landed(*earlier, time=T1), landed(*present), existing)
    assert {point["name"]: point["landed_time"] for point in merged["points"]} == left
    assert names(merged) == sorted(left)


def test_refusals_are_those_of_this_pass_once_each() -> None:
    old, new = describe_refused("arn:old", "x"), describe_refused("arn:new", "y")
    merged = merge_landed(landed(refused=[old]), landed(refused=[new, new]), [])
    assert merged["refused"] == [{"name": "new", "arn": "arn:new", "reason": "y"}]


def test_the_first_document_needs_no_earlier_one() -> None:
    assert names(merge_landed(None, landed("a"), ["a"])) == ["a"]
    assert names(merge_published(None, published(entry()), [])) == [copied().name]


@pytest.mark.parametrize(
    ("earlier", "present", "existing", "left"),
    [
        pytest.param([("orders", 25)], [("orders", 1)], [("orders", 25)], [("orders", 1)], id="overtaken"),
        pytest.param([("orders", 25)], [], [("orders", 25)], [("orders", 25)], id="its successor is in flight"),
        pytest.param(
            [("billing", 1)], [("orders", 1)], [("billing", 1)], [("billing", 1), ("orders", 1)], id="not selected now"
        ),
        pytest.param([("orders", 25)], [], [], [], id="its snapshot is gone"),
    ],
)
def test_a_source_keeps_saying_what_a_pass_does_not_look_at(
    earlier: Any, present: Any, existing: Any, left: Any
) -> None:
    def document(some: Any) -> Row:
        return published(*(entry(*one) for one in some))

    merged = merge_published(document(earlier), document(present), [copied(*one).name for one in existing])
    assert names(merged) == [copied(*one).name for one in left]


def test_the_time_of_writing_alone_does_not_change_a_document() -> None:
    assert same(landed("a", written=T1), landed("a", written=T2))
    assert not same(landed("a"), landed("b"))
    assert not same(None, landed())


def test_the_diff_has_what_differs_only() -> None:
    before, after = differences(landed("a", "b"), landed("b", "c", refused=[describe_refused("arn:d", "x")]))
    assert (list(before), list(after)) == (["a"], ["c", "refused arn:d"])


# -- the tags of a database -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "is_carried"),
    [
        ("team", "blue", True),
        ("Größe 1", "a b_.:/=+-@", True),
        ("k" * 128, "v" * 256, True),
        ("empty", "", True),
        ("k" * 129, "", False),
        ("long", "v" * 257, False),
        ("", "x", False),
        ("a,b", "x", False),
        ("a", "x\ny", False),
        ("aws:cloudformation:stack-id", "x", False),
        ("AWS:x", "x", False),
        ("rds:x", "x", False),
        ("lifeboat:managed-by", "x", False),
        ("retain", "yes", False),
        ("retained", "yes", True),
    ],
)
def test_only_legal_tags_that_say_nothing_of_the_snapshot_are_carried(key: str, value: str, is_carried: bool) -> None:
    assert carried_tags(read_entry(entry(tags={key: value}))) == ({key: value} if is_carried else {})


def test_what_the_caller_adds_goes_before_the_databases_own() -> None:
    assert carried_tags(read_entry(entry(tags={"a": "1", "b": "2"})), {"a": "x"}) == {"b": "2"}


def test_all_tags_together_are_at_most_fifty_and_the_same_at_each_run() -> None:
    many, extra = {f"k{n:02}": "v" for n in range(50)}, {f"x{n}": "v" for n in range(8)}
    carried = carried_tags(read_entry(entry(tags=dict(reversed(many.items())))), extra)
    assert list(carried) == sorted(many)[:30]


# -- entries that are not shared any more -----------------------------------------------------------------------------


def lineage(hours: float, identifier: str = "orders") -> Lineage:
    return read_entry(entry(identifier, hours)).lineage


@pytest.mark.parametrize(
    ("landed", "offered", "why"),
    [
        pytest.param([lineage(5)], [], "landed", id="landed"),
        pytest.param([lineage(5), lineage(1)], [lineage(1)], "landed", id="landed, and a newer one, too"),
        pytest.param([], [lineage(1)], "overtaken", id="a newer one is offered"),
        pytest.param([lineage(1)], [], "overtaken", id="a newer one has landed"),
        pytest.param([lineage(9)], [lineage(8)], "withdrawn", id="only older ones"),
        pytest.param([lineage(5, "billing")], [lineage(1, "billing")], "withdrawn", id="only another database's"),
        pytest.param([], [], "withdrawn", id="nothing"),
    ],
)
def test_what_became_of_an_entry_that_nobody_shares(landed: Any, offered: Any, why: str) -> None:
    (found,) = read_stale([read_entry(entry(hours=5))], landed, offered, DR)
    assert found.why == why


def test_what_the_source_believes_to_have_landed_and_is_not_here_is_told() -> None:
    one: Published = replace(read_entry(entry()), landed_in=(DR,))
    (found,) = read_stale([one], [], [], DR)
    assert found.reason.startswith("its source was told that it landed here, but it is not here any more: ")
    assert f"remove its tag lifeboat:landed:{DR} there" in found.reason
