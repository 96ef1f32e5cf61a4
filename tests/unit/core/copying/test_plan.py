# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.plan import (
    Copy,
    Limits,
    decide,
    foreign_in_flight,
    why_taken,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import Origin
from tests.builders import SOURCE, WEST, copied


def copy(name: str = "a", digest: str = "", **more: Any) -> Copy:
    facts = {
        "kind": "instance",
        "identifier": name,
        "origin": Origin(SOURCE, digest or name),
        "name": name,
        "account": SOURCE,
        "region": WEST,
        "source_arn": f"arn:aws:rds:{WEST}:{SOURCE}:snapshot:rds:{name}",
        "size_gib": 1,
        "engine": "postgres",
        "reason": "",
        "resource_id": "db-X",
    }
    return Copy(**{**facts, **more})


def rows(**statuses: str) -> dict[tuple[str, str, str], Any]:
    return {(WEST, "instance", name): copied(name=name, status=status) for name, status in statuses.items()}


def names(copies: Any) -> list[str]:
    return [one[0].name if isinstance(one, tuple) else one.name for one in copies]


def test_each_copy_is_sorted_by_what_is_at_its_destination() -> None:
    copies = [copy(name) for name in "abcde"]
    decision = decide(copies, rows(b="copying", c="available", d="failed", e="creating"), Limits(), {})
    assert names(decision.start) == ["a"]
    assert names(decision.in_flight) == ["b", "e"]
    assert names(decision.available) == ["c"]
    assert names(decision.failed) == ["d"]


def test_no_more_copies_are_started_than_the_limit_of_their_kind_leaves() -> None:
    copies = [copy(name) for name in "abc"] + [copy(name, kind="cluster") for name in "xyz"]
    decision = decide(copies, rows(a="copying"), Limits(instance=2, cluster=1), {})
    assert names(decision.start) == ["b", "x"]
    assert names(decision.queued) == ["c", "y", "z"]


def test_copies_of_others_take_slots_too() -> None:
    decision = decide([copy("a")], {}, Limits(instance=2), {(WEST, "instance"): 2})
    assert names(decision.queued) == ["a"]


def test_one_copy_at_a_time_for_each_database() -> None:
    decision = decide([copy("old", "same"), copy("new", "same")], {}, Limits(), {})
    assert (names(decision.start), names(decision.queued)) == (["old"], ["new"])


def test_only_copies_that_are_not_ours_count_as_foreign() -> None:
    found = rows(a="copying", b="copying", c="available").values()
    assert foreign_in_flight(found, [copy("a")]) == {(WEST, "instance"): 1}


def test_a_name_that_somebody_else_took_cannot_be_had() -> None:
    taken = {(WEST, "instance", "a"): copied(name="a", tags={"lifeboat:managed-by": "someone"})}
    assert "does not carry our tag" in str(why_taken(copy("a"), taken, "lifeboat"))
    assert why_taken(copy("b"), taken, "lifeboat") is None


def test_an_unfinished_copy_survives_the_way_to_the_next_pass() -> None:
    one = copy("a", tags={"k": "v"}, started="2026-11-23T14:00:00Z")
    assert Copy.from_document(one.as_document()) == one


def test_the_copy_of_a_copy_waits_for_it() -> None:
    first = copy("via")
    last = copy("last", digest="via", source_arn=first.arn)
    assert names(decide([first, last], {}, Limits(), {}).start) == ["via"]
    assert names(decide([first, last], rows(via="creating"), Limits(), {}).queued) == ["last"]
    assert names(decide([first, last], rows(via="available"), Limits(), {}).start) == ["last"]


def test_a_snapshot_that_is_taken_uses_no_slot_of_the_copies() -> None:
    taken = copy("taken", source_arn=f"arn:aws:rds:{WEST}:{SOURCE}:db:taken")
    decision = decide([taken, copy("a")], {}, Limits(instance=1), {})
    assert names(decision.start) == ["taken", "a"]


def test_each_destination_has_slots_of_its_own() -> None:
    decision = decide([copy("a"), copy("b", region="eu-west-1")], {}, Limits(instance=1), {})
    assert names(decision.start) == ["a", "b"]
