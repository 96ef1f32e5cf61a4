# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs together in different files of the collection."""

from __future__ import annotations

import re
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
    return list(runtime["action_groups"]["own"])


def takes_aws_options(module: str) -> bool:
    return "amazon.aws.common.modules" in (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")


def test_the_action_group_holds_every_module_that_calls_aws(group: list[Any]) -> None:
    """The others run where there may be no AWS, and would refuse a profile that the group's defaults give them."""
    wanted = {module for module in names("modules") if takes_aws_options(module)}
    assert set(group) == wanted


def test_the_group_of_all_extends_ours_and_the_one_of_amazon_aws() -> None:
    """Else `module_defaults` for our group would miss the modules of amazon.aws that our roles call."""
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    (entry,) = runtime["action_groups"]["all"]
    assert entry == {"metadata": {"extend_group": ["amazon.aws.aws", "lifeboat.rds.own"]}}


def test_every_play_names_the_variable_that_chose_its_profile() -> None:
    """Messages about the credentials name it, so that nobody has to look for it."""
    for path in sorted((ROOT / "playbooks").rglob("*.yml")):
        for play in yaml.safe_load(path.read_text(encoding="utf-8")):
            defaults = play.get("module_defaults", {})
            if "group/lifeboat.rds.all" in defaults:
                used = re.findall(r"lifeboat_profiles\.\w+", defaults["group/lifeboat.rds.all"]["profile"])
                assert defaults["group/lifeboat.rds.own"] == {"profile_from": " or ".join(used)}, path


def test_every_action_plugin_has_a_module() -> None:
    assert names("action") <= names("modules")


def test_sanity_has_nothing_to_ignore() -> None:
    assert list((ROOT / "tests" / "sanity").glob("ignore*.txt")) == []


@pytest.mark.parametrize("role", sorted((ROOT / "roles").glob("*/")), ids=lambda path: path.name)
def test_a_role_describes_itself(role: Path) -> None:
    assert [name for name in ("README.md", "meta/argument_specs.yml") if not (role / name).is_file()] == []


def others_private(path: Path, text: str) -> list[str]:
    """List other roles' private variables that a file of a role or of a playbook uses."""
    roles = sorted((one.name for one in (ROOT / "roles").iterdir()), key=len, reverse=True)
    own = path.relative_to(ROOT).parts[1] if "roles" in path.parts else None
    found = re.findall(rf"\b__({'|'.join(roles)})_(\w+)", text)
    return [f"{path.relative_to(ROOT)}: __{role}_{name}" for role, name in found if role != own]


def test_roles_tell_each_other_nothing_but_their_outcomes() -> None:
    """Who reads a private variable of another role breaks when that role changes; lifeboat_outcomes is for that."""
    paths = [path for folder in ("roles", "playbooks") for path in sorted((ROOT / folder).rglob("*.yml"))]
    assert len(paths) > 100
    assert [one for path in paths for one in others_private(path, path.read_text(encoding="utf-8"))] == []


def test_a_private_variable_of_another_role_is_found() -> None:
    path = ROOT / "roles" / "prune" / "defaults" / "main.yml"
    assert others_private(path, "{{ __replicate_result + __prune_plan }}") == [
        "roles/prune/defaults/main.yml: __replicate_result"
    ]


def test_playbooks_have_names_that_a_collection_can_call() -> None:
    """ansible-playbook lifeboat.rds.NAME takes letters, digits and underscores."""
    names = [path.stem for path in (ROOT / "playbooks").rglob("*.yml")]
    assert [name for name in names if not name.isidentifier()] == []
