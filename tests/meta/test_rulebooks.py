# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulebooks are what ansible-rulebook takes, and speak of everything that the event filter may say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.reaction import WORK
from tools.rulebooks import BOOKS, rulebook

ROOT = Path(__file__).parents[2]
PATHS = sorted((ROOT / "extensions" / "eda" / "rulebooks").glob("*.yml"))
SCHEMA = "lib/python3.*/site-packages/ansible_rulebook/schema/ruleset_schema.json"


def rules_of(path: Path) -> list[Any]:
    (ruleset,) = yaml.safe_load(path.read_text(encoding="utf-8"))
    return list(ruleset["rules"])


def variables_of(rule: Any) -> Any:
    (action,) = rule["action"].values()
    return action.get("extra_vars") or action["job_args"]["extra_vars"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_is_valid_by_the_schema_of_ansible_rulebook(path: Path) -> None:
    found = list((ROOT / ".venv-eda").glob(SCHEMA))
    if not found:
        pytest.skip("needs what `make .venv-eda/ready` builds")
    schema = json.loads(found[0].read_text(encoding="utf-8"))
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_has_one_rule_for_everything_that_may_happen_and_says_so_to_the_playbook(path: Path) -> None:
    conditions = [re.fullmatch(r'event\.rds\.happened == "(\w+)"', rule["condition"]) for rule in rules_of(path)]
    happened = [one[1] for one in conditions if one]
    assert sorted(happened) == sorted(WORK)
    assert [variables_of(rule)["on_event_happened"] for rule in rules_of(path)] == happened


def test_a_launch_may_say_everything_that_may_happen() -> None:
    jobs = yaml.safe_load((ROOT / "roles" / "awx" / "defaults" / "main.yml").read_text(encoding="utf-8"))["awx_jobs"]
    asked = {question["variable"]: question for question in jobs["event"]["survey"]}
    assert sorted(asked["on_event_happened"]["choices"]) == sorted(WORK)
    assert {variable for path in PATHS for rule in rules_of(path) for variable in variables_of(rule)} == set(asked)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_nothing_of_an_event_is_used_but_what_the_filter_lets_through(path: Path) -> None:
    """Else its text would be templated."""
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"(?<!docs/)\bevents?\.(\w+)", text)) <= {"rds", "values"}
    assert set(re.findall(r"(?<!lifeboat\.)\brds\.\w+", text)) == {"rds.about", "rds.happened"}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_rules_are_said_once(path: Path) -> None:
    """Both rulebooks are written from one table."""
    assert path.read_text(encoding="utf-8") == rulebook(path.name), "run python tools/rulebooks.py"


def test_both_rulebooks_are_written() -> None:
    assert sorted(path.name for path in PATHS) == sorted(BOOKS)
