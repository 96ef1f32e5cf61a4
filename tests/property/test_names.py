# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.action.run_check import fits
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.keys import wrong_keys
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.names import KNOWN, unknown_names
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.role_variables import NAMES
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.values import wrong_values
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.variables import VARIABLES
from ansible_collections.lifeboat.rds.plugins.module_utils._core.nearness import distance

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"
OURS = st.sampled_from(sorted({*VARIABLES, *NAMES}))
WORDS = st.text(LETTERS, max_size=12)


def slip(name: str, how: str, place: int, letter: str) -> str:
    """Make one mistake of typing."""
    at = place % len(name)
    return {
        "changed": name[:at] + letter + name[at + 1 :],
        "dropped": name[:at] + name[at + 1 :],
        "doubled": name[:at] + name[at] + name[at:],
        "added": name[:at] + letter + name[at:],
        "swapped": name[:at] + name[at : at + 2][::-1] + name[at + 2 :],
    }[how]


HOW = st.sampled_from(["changed", "dropped", "doubled", "added", "swapped"])


@given(OURS, HOW, st.integers(0, 60), st.sampled_from(LETTERS))
@example("drill_id", "changed", 3, "x")
@example("drill_id", "changed", 4, "x")
@example("awx_jobs", "dropped", 0, "x")
@example("awx_jobs", "swapped", 3, "x")
def test_one_mistake_in_a_known_name_is_found_or_makes_another_known_name(
    name: str, how: str, place: int, letter: str
) -> None:
    typed = slip(name, how, place, letter)
    found = unknown_names([typed])
    # What begins as a private name or one of Ansible's is not looked at.
    assert found or typed in KNOWN or typed.startswith(("__", "ansible_"))
    assert all(meant is not None for _name, meant in found)


@given(st.sampled_from(sorted(KNOWN)))
def test_no_known_name_is_refused(name: str) -> None:
    assert unknown_names([name]) == []


@given(st.lists(WORDS), st.lists(WORDS))
def test_a_name_that_is_the_users_own_is_never_refused(names: list[str], own: list[str]) -> None:
    assert not {name for name, _meant in unknown_names([*names, *own], own)} & set(own)


@given(WORDS, WORDS, st.integers(0, 3))
def test_a_distance_is_the_same_from_both_ends(one: str, other: str, most: int) -> None:
    found, back = (distance(*ends, most) for ends in ((one, other), (other, one)))
    assert found == back == min(distance(one, other, 99), most + 1)
    assert (found == 0) == (one == other)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.just("{{ x }}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(VARIABLES)), VALUES)
def test_any_value_is_looked_at_without_an_accident(name: str, value: Any) -> None:
    assert all(str(one) for one in wrong_keys({name: value}, {name: value}.get))
    assert all(name in str(one) for one in wrong_values({name: value}, fits))
