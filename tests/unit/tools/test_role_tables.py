# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's variables are described once, in its argument specification; README and defaults agree with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.role_tables import in_markdown, main, options_of, rewritten, roles, row_of, table_of

Option = dict[str, Any]
TYPES: dict[str, type] = {"str": str, "int": int, "bool": bool, "list": list, "dict": dict}


def defaults_of(role: Path) -> dict[str, Any]:
    path = role / "defaults" / "main.yml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else {}


def literal_defaults(role: Path) -> dict[str, Any]:
    """List the defaults that are the same everywhere."""
    return {name: value for name, value in defaults_of(role).items() if "{{" not in str(value)}


@pytest.fixture(params=roles(), ids=lambda role: str(role.name))
def role(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_a_readme_has_the_variables_of_the_specification(role: Path) -> None:
    assert (role / "README.md").read_text(encoding="utf-8") == rewritten(role), "run python tools/role_tables.py"


def test_every_variable_with_a_default_is_described(role: Path) -> None:
    assert sorted(set(defaults_of(role)) - set(options_of(role))) == []


def test_a_default_is_said_as_it_is(role: Path) -> None:
    options = options_of(role)
    said = {name: options[name]["default"] for name in literal_defaults(role) if "default" in options[name]}
    assert said == {name: value for name, value in literal_defaults(role).items() if name in said}


def test_a_default_that_is_one_word_or_number_is_said(role: Path) -> None:
    options = options_of(role)
    scalars = {name for name, value in literal_defaults(role).items() if isinstance(value, str | int)}
    assert sorted(name for name in scalars if "default" not in options[name]) == []


def is_a(value: Any, word: str) -> bool:
    """Tell whether a value is of a type of argument specs. For Python a bool is an int as well."""
    return isinstance(value, TYPES[word]) and isinstance(value, bool) == (word == "bool")


def test_a_default_is_of_the_type_that_is_said(role: Path) -> None:
    options = options_of(role)
    wrong = [name for name, value in literal_defaults(role).items() if not is_a(value, options[name]["type"])]
    assert wrong == []


def test_what_has_a_default_is_one_of_the_role(role: Path) -> None:
    """Ansible does not apply what a specification calls a default: the role must have it."""
    promised = {name for name, option in options_of(role).items() if "default" in option}
    assert sorted(promised - set(defaults_of(role))) == []


@pytest.mark.parametrize(
    ("option", "row"),
    [
        ({"type": "str", "required": True, "description": "It."}, "required | It."),
        ({"type": "bool", "default": False, "description": "It."}, "`false` | It."),
        ({"type": "str", "default": "", "description": "It."}, " | It."),
        ({"type": "list", "elements": "str", "default": ["a", "b"], "description": "It."}, "`[a, b]` | It."),
        ({"type": "dict", "default": {}, "description": ["It.", "More."]}, "`{}` | It. More."),
        ({"type": "str", "choices": ["a", "b"], "description": "It."}, " | It. One of `a`, `b`."),
        ({"type": "str", "choices": ["a", "b"], "description": "V(a) or V(b)."}, " | `a` or `b`."),
        (
            {"type": "list", "elements": "dict", "description": "It.", "options": {"x": {}, "y": {}}},
            " | It. Each has `x`, `y`.",
        ),
    ],
    ids=["required", "a truth", "empty", "a list", "several sentences", "choices", "choices that are said", "items"],
)
def test_a_row_says_the_default_and_what_it_is(option: Option, row: str) -> None:
    assert " | ".join(row_of("x", option)).split(" | ", 2)[2] == row


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("C(a) and V(b) and O(c)", "`a` and `b` and `c`"),
        ("M(lifeboat.rds.snapshot_copy)", "`lifeboat.rds.snapshot_copy`"),
        ("P(lifeboat.rds.drill#role)", "`lifeboat.rds.drill`"),
        ("O(lifeboat.rds.snapshot_copy#module:source)", "the option `source` of `lifeboat.rds.snapshot_copy`"),
        ("O(lifeboat.rds.drill#role:main:drill_ca_file)", "`drill_ca_file` of the role `lifeboat.rds.drill`"),
        ("a|b", "a\\|b"),
    ],
)
def test_ansibles_markup_becomes_that_of_markdown(text: str, markdown: str) -> None:
    assert in_markdown(text) == markdown


def test_a_table_without_variables_is_its_head() -> None:
    assert table_of({}).count("\n") == 2


def test_the_check_fails_on_nothing_now(capsys: pytest.CaptureFixture[str]) -> None:
    assert (main(["--check"]), capsys.readouterr().out) == (0, "")
