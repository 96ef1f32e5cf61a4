# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs together in different files of the collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def names(folder: str) -> set[str]:
    return {path.stem for path in (ROOT / "plugins" / folder).glob("*.py")} - {"__init__"}


@pytest.fixture
def group() -> list[Any]:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    return list(runtime["action_groups"]["all"])


def takes_aws_options(module: str) -> bool:
    return "amazon.aws.common.modules" in (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")


def test_the_action_group_holds_every_module_that_calls_aws(group: list[Any]) -> None:
    """The others run where there may be no AWS, and would refuse a profile that the group's defaults give them."""
    wanted = {module for module in names("modules") if takes_aws_options(module)}
    assert {entry for entry in group if isinstance(entry, str)} == wanted


def test_the_action_group_extends_the_one_of_amazon_aws(group: list[Any]) -> None:
    """Else `module_defaults` for our group would miss the modules of amazon.aws that our roles call."""
    assert group[0] == {"metadata": {"extend_group": ["amazon.aws.aws"]}}


def test_every_action_plugin_has_a_module() -> None:
    assert names("action") <= names("modules")


def test_sanity_has_nothing_to_ignore() -> None:
    assert list((ROOT / "tests" / "sanity").glob("ignore*.txt")) == []


@pytest.mark.parametrize("role", sorted((ROOT / "roles").glob("*/")), ids=lambda path: path.name)
def test_a_role_describes_itself(role: Path) -> None:
    assert [name for name in ("README.md", "meta/argument_specs.yml") if not (role / name).is_file()] == []
