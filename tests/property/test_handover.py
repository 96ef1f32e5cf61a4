# SPDX-License-Identifier: GPL-3.0-or-later
"""Any document in a store is either read or refused, and writing the same document again changes nothing."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import Mock

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.between_runs import (
    MAX_TAGS,
    ROOM_FOR_OURS,
    carried_tags,
    is_carried,
    merge_landed,
    same,
    why_unusable,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.manifest import (
    Landed,
    describe_published,
    landed_manifest,
    published_manifest,
    read_entry,
    read_landed,
    read_published,
    readable_points,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.store import StoreError, unpack
from ansible_collections.lifeboat.rds.plugins.module_utils._core.recipe import RECIPE as RECIPE_TAG
from ansible_collections.lifeboat.rds.plugins.module_utils._core.recipe import WORDS, as_tag, configuration_of
from ansible_collections.lifeboat.rds.plugins.module_utils._core.result import Report
from ansible_collections.lifeboat.rds.plugins.module_utils._files.store import open_manifests
from tests.builders import DR, EAST, SOURCE, WEST, copied, database, hours_ago

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.just("0001-01-01T00:00:00+23:59"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
RECIPE = {
    "iops": 3000,
    "storage_type": "gp3",
    "parameter_groups": [{"kind": "instance", "family": "x", "parameters": {}}],
}
ENTRY = describe_published(database(tags={"team": "blue"}), hours_ago(1), copied()) | {"recipe": RECIPE}
PUBLISHED = published_manifest(SOURCE, WEST, [ENTRY])
LANDED = landed_manifest(DR, EAST, [Landed("a", "b", "2026-11-23T14:00:00Z")], [])
NAMES = st.sets(st.sampled_from("abcdef"))


def spoilt(document: dict[str, Any], value: Any, data: st.DataObject) -> dict[str, Any]:
    """Replace one value of a document."""
    whole: dict[str, Any] = json.loads(json.dumps(document))
    recipes = [point["recipe"] for point in whole["points"] if "recipe" in point]
    groups = [group for recipe in recipes for group in recipe["parameter_groups"]]
    inner = [place for place in (whole, *whole["points"], *recipes, *groups) if place]
    place = data.draw(st.sampled_from(inner))
    place[data.draw(st.sampled_from(sorted(place)))] = value
    return whole


@given(JSON, st.data())
def test_no_published_document_is_more_than_not_used(value: Any, data: st.DataObject) -> None:
    document = spoilt(PUBLISHED, value, data)
    if why_unusable(document, "published", SOURCE, WEST) is None:
        assert all(read_entry(point).database.account == SOURCE for point in document["points"])


@given(JSON, st.data())
def test_what_is_left_of_a_document_is_readable(value: Any, data: st.DataObject) -> None:
    for wanted, document in (("published", PUBLISHED), ("landed", LANDED)):
        left, _wrong = readable_points(spoilt(document, value, data), wanted)
        assert readable_points(left, wanted) == (left, [])


@given(JSON, st.data())
def test_no_landed_document_is_more_than_not_used(value: Any, data: st.DataObject) -> None:
    document = spoilt(LANDED, value, data)
    if why_unusable(document, "landed", DR, EAST) is None:
        assert same(merge_landed(document, document, ["a"]), merge_landed(document, document, ["a"]))


@given(NAMES, NAMES, NAMES)
def test_what_was_left_is_left_again_unchanged(earlier: set[str], present: set[str], gone: set[str]) -> None:
    """A later pass that sees the same changes nothing, and never forgets or invents landed recovery points."""

    def document(names: set[str], hour: int) -> dict[str, Any]:
        points = [Landed(name, name, f"2026-11-23T{hour}:00:00Z") for name in sorted(names)]
        return landed_manifest(DR, EAST, points, [])

    here = (earlier | present) - gone
    first = merge_landed(document(earlier, 10), document(present - gone, 11), here)
    assert {point["name"] for point in first["points"]} == here
    assert same(first, merge_landed(first, document(present - gone, 12), here))


@given(st.dictionaries(st.text(max_size=140), st.text(max_size=260), max_size=60), st.integers(0, 45))
def test_carried_tags_are_legal_and_leave_room_for_ours(tags: dict[str, str], given: int) -> None:
    carried = carried_tags(read_entry(ENTRY | {"database_tags": tags}), {f"extra{n}": "" for n in range(given)})
    assert all(is_carried(key, value) and tags[key] == value for key, value in carried.items())
    assert not carried or len(carried) + given + ROOM_FOR_OURS <= MAX_TAGS


@given(st.lists(JSON, max_size=3), st.booleans(), st.data())
def test_what_a_run_is_handed_costs_no_more_than_what_is_wrong(rows: list[Any], is_published: bool, data: Any) -> None:
    """Whatever one source says: its honest entries count, and so does what the others say."""
    honest, wanted = (PUBLISHED, "published") if is_published else (LANDED, "landed")
    spoilt_entry = spoilt(honest, data.draw(JSON), data)["points"]
    bad = rows + (spoilt_entry if isinstance(spoilt_entry, list) else [])
    report = Report(check_mode=False)
    manifests = open_manifests(None, "lifeboat", Mock(), report)
    found = manifests.given([{**honest, "points": [*bad, *honest["points"]]}, honest], wanted)
    assert honest["points"][0] in found[0]["points"]
    assert found[1] == honest
    read_published(found) if is_published else read_landed(found)
    assert len(report.warnings) <= 1
    assert all(report.warnings[0].isprintable() for _one in report.warnings)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_in_a_store_are_a_document_or_a_stated_problem(content: bytes) -> None:
    try:
        assert isinstance(unpack(content, "here"), dict)
    except StoreError as error:
        assert error.is_broken and str(error).startswith("Cannot read here: ")


@given(
    st.text(max_size=60) | st.lists(st.sampled_from([*WORDS, "=", " ", "1", "yes", "\0", "٣", "9" * 30])).map("".join)
)
def test_any_recipe_in_a_tag_is_a_configuration_or_none(text: str) -> None:
    point = copied(tags={RECIPE_TAG: text})
    found = configuration_of(point)
    assert found is None or configuration_of(copied(tags={RECIPE_TAG: as_tag(found)})) == found
