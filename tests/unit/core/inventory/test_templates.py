# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.templates import (
    has_template,
    templates_among,
)

PRUNE = "lifeboat.rds.prune"


def found(variables: dict[str, Any], *roles: str) -> list[str]:
    return [name for name, _value in templates_among(variables, roles)]


@pytest.mark.parametrize("value", ["{{ x }}", "a{% if b %}c{% endif %}", {"keep": "{{ x }}"}, [{"a": ["{{ x }}"]}]])
def test_a_template_is_found_wherever_it_is(value: Any) -> None:
    assert has_template(value)
    assert found({"lifeboat_retention": value}, PRUNE) == ["lifeboat_retention"]


@pytest.mark.parametrize("value", [None, 3, "text", {"keep": 3}, ["a", {"b": "c"}], object()])
def test_what_stands_there_in_full_is_none(value: Any) -> None:
    assert not has_template(value)
    assert found({"lifeboat_retention": value}, PRUNE) == []


def test_only_what_our_roles_read_is_looked_at() -> None:
    variables = {"lifeboat_retention": "{{ x }}", "prune_keep": "{{ x }}", "other": "{{ x }}"}
    assert found(variables, "lifeboat.rds.publish", "prune", "shop.own.prune", "") == []
    assert found(variables, "lifeboat.rds.publish", PRUNE) == ["lifeboat_retention"]


def test_the_entries_of_databases_are_read_by_several_roles_so_each_tells_what_it_lacks() -> None:
    assert found({"lifeboat_databases": {"orders": {"checks": "{{ x }}"}}}, PRUNE) == []
    assert found({"lifeboat_databases": "{{ x }}"}, PRUNE) == ["lifeboat_databases"]
