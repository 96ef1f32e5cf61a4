# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module that calls AWS promises to return, so that one reader serves them all."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

MODULES = Path(__file__).parents[2] / "plugins" / "modules"
Document = dict[str, Any]


def documents(module: str) -> dict[str, Document]:
    """Return the YAML documents of a module, by the names that they are assigned to."""
    tree = ast.parse((MODULES / f"{module}.py").read_text(encoding="utf-8"))
    texts = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    return {name: yaml.safe_load(texts[name]) for name in ("DOCUMENTATION", "RETURN")}


def modules_with(fragment: str) -> list[str]:
    names = sorted(path.stem for path in MODULES.glob("*.py") if path.stem != "__init__")
    return [name for name in names if fragment in documents(name)["DOCUMENTATION"]["extends_documentation_fragment"]]


def returned(module: str) -> Document:
    return documents(module)["RETURN"]


AWS, WAITING = modules_with("amazon.aws.common.modules"), modules_with("lifeboat.rds.waiting")
WITH_STEPS = [module for module in AWS if "steps" in returned(module)]


def test_there_is_something_to_check() -> None:
    assert {"recovery_point_info", "snapshot_copy"} <= set(AWS)
    assert {"snapshot_copy", "snapshot_replicate"} <= set(WAITING)
    assert {"snapshot_copy", "snapshot_prune"} <= set(WITH_STEPS)


@pytest.mark.parametrize("module", AWS)
def test_a_module_that_calls_aws_says_how_often_and_when(module: str) -> None:
    assert returned(module)["api_calls"]["returned"] == "always"
    assert "now" in returned(module)


@pytest.mark.parametrize("module", [one for one in AWS if not one.endswith("_info")])
def test_a_module_that_acts_says_what_became_of_each_item(module: str) -> None:
    assert module in WITH_STEPS


@pytest.mark.parametrize("module", WITH_STEPS)
def test_a_step_says_what_was_done_with_what_and_why(module: str) -> None:
    steps = returned(module)["steps"]["contains"]
    assert {name for name in steps if steps[name]["returned"] == "always"} >= {"kind", "status", "changed", "reason"}


@pytest.mark.parametrize("module", WAITING)
def test_a_module_that_waits_says_how_long_each_item_took(module: str) -> None:
    assert "seconds" in returned(module)["steps"]["contains"]


@pytest.mark.parametrize("module", [*WAITING, "recovery_point_info"])
def test_what_is_not_finished_is_in_flight(module: str) -> None:
    assert returned(module)["in_flight"]["returned"] == "always"
