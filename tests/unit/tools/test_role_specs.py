# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role passes on to modules is described, by hand or in the words of the module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.role_specs import Passed, documentation_of, entry_of, extended, main, missing, passed_on
from tools.role_tables import roles

SPEC = (
    "---\nargument_specs:\n  main:\n    options:\n      shout_known:\n        description: Known.\n        type: str\n"
)
TASKS = """
- block:
    - lifeboat.rds.snapshot_copy:
        prefix: "{{ shout_known }}"
        accept_unprotected: "{{ shout_unprotected | default(omit) }}"
        wait: true
        databases: "{{ other_databases }}"
- ansible.builtin.debug:
    msg: "{{ shout_message }}"
"""


@pytest.fixture
def role(tmp_path: Path) -> Path:
    """Make a role that passes on one variable that is described, and one that is not."""
    role = tmp_path / "shout"
    for folder, text in (("meta/argument_specs", SPEC), ("tasks/main", TASKS)):
        path = role / f"{folder}.yml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return role


@pytest.mark.parametrize("path", roles(), ids=lambda role: str(role.name))
def test_every_variable_that_a_role_passes_on_is_described(path: Path) -> None:
    assert missing(path) == {}, "run make tables"


def test_only_the_variables_of_the_role_are_found_and_only_for_our_modules(role: Path) -> None:
    assert passed_on(role) == {
        "shout_known": Passed("snapshot_copy", "prefix"),
        "shout_unprotected": Passed("snapshot_copy", "accept_unprotected"),
    }


def test_a_variable_that_is_missing_is_described_in_the_words_of_the_module(role: Path) -> None:
    options = yaml.safe_load(extended(role))["argument_specs"]["main"]["options"]
    module = documentation_of("snapshot_copy")["accept_unprotected"]
    assert list(options) == ["shout_known", "shout_unprotected"]
    assert options["shout_unprotected"]["type"] == module["type"] == "bool"
    assert "default" not in options["shout_unprotected"]


@pytest.mark.parametrize(
    ("option", "default", "facts"),
    [
        ({"type": "int", "default": 5}, None, {"type": "int"}),
        ({"type": "int", "default": 5}, 7, {"type": "int", "default": 7}),
        ({"type": "path", "required": True}, None, {"type": "path", "required": True}),
        ({"type": "str", "choices": ["a"], "required": True}, "a", {"type": "str", "choices": ["a"], "default": "a"}),
    ],
    ids=["the default of the module", "a default of the role", "required", "required by the module alone"],
)
def test_the_facts_of_an_option_are_those_of_its_variable(option: dict[str, Any], default: Any, facts: Any) -> None:
    options = {"x": {"description": "X.", **option}}
    entry = yaml.safe_load(entry_of("shout_x", Passed("m", "x"), options, default))["shout_x"]
    assert entry == {"description": ["X."], **facts}


def test_an_option_that_is_mentioned_is_named_with_its_module() -> None:
    options = {"x": {"description": ["Only with O(wait=true).", "See M(lifeboat.rds.x)."], "type": "str"}}
    entry = yaml.safe_load(entry_of("shout_x", Passed("snapshot_copy", "x"), options))["shout_x"]
    said = ["Only with O(lifeboat.rds.snapshot_copy#module:wait=true).", "See M(lifeboat.rds.x)."]
    assert entry["description"] == said


def test_an_option_from_a_fragment_is_to_be_described_by_hand() -> None:
    with pytest.raises(ValueError, match="Describe shout_wait by hand"):
        entry_of("shout_wait", Passed("snapshot_copy", "wait"), {})


def test_the_check_passes_and_writes_nothing() -> None:
    assert main(["--check"]) == 0
