# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable of ours is in one table, and every one in the table is read somewhere: what is in none stops a run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.names import KNOWN
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.role_variables import NAMES, ROLES
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.variables import (
    GROUPS,
    TOLD,
    VARIABLES,
    WORK,
)
from tools.variable_tables import all_names, main, read, set_in

ROOT = Path(__file__).parents[2]
TABLE = "plugins/module_utils/_core/inventory/variables.py"
# What may set or read a variable.
PLACES = (
    "roles/**/*.yml",
    "roles/**/*.j2",
    "playbooks/**/*.yml",
    "extensions/**/*.yml",
    "inventory/**/*.yml",
    "plugins/**/*.py",
)
# Names that are none of variables: groups that a play makes, the package of the lab.
OTHERS = {*GROUPS, "lifeboat_lab", "lifeboat_event_publish", "lifeboat_event_replicate", "lifeboat_event_look"}
ADD_IT = f"Add a line to VARIABLES in {TABLE} (to TOLD if a run says it), then run make tables"


def texts() -> Iterator[str]:
    for pattern in PLACES:
        for path in sorted(ROOT.glob(pattern)):
            if str(path.relative_to(ROOT)) != TABLE:
                yield path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def named() -> set[str]:
    """List every name in code that begins as our variables do."""
    found = {name for text in texts() for name in re.findall(r"(?<![\w.])lifeboat_[a-z0-9_]*[a-z0-9]\b(?!\.py)", text)}
    return found - OTHERS - {"lifeboat_event"}


def stats() -> set[str]:
    """List what roles hand to the scheduler."""
    found: set[str] = set()
    for path in ROOT.glob("roles/*/tasks/*.yml"):
        for block in re.findall(r"set_stats:\n((?: {4,}.*\n?)+)", path.read_text(encoding="utf-8")):
            found |= set(re.findall(r"^ +(lifeboat_\w+):", block, re.MULTILINE))
    return found


def test_the_table_lacks_no_variable(named: set[str]) -> None:
    assert sorted(named - {*VARIABLES, *TOLD}) == [], ADD_IT


def test_the_table_invents_no_variable(named: set[str]) -> None:
    assert sorted({*VARIABLES, *TOLD} - named) == [], f"Nothing reads it: remove it from {TABLE}"


def test_what_a_run_says_is_a_known_name_in_the_next_job() -> None:
    assert stats() | {"lifeboat_outcomes"} == set(TOLD), ADD_IT
    assert set(TOLD) & set(VARIABLES) == set()


def test_every_variable_of_a_role_is_a_known_name() -> None:
    ours = {name for name in all_names() if name.startswith(tuple(f"{role}_" for role in ROLES))}
    assert ours == NAMES, "Run make tables"
    assert all_names() - NAMES <= {*VARIABLES, *TOLD}, "A role sets a variable without its own prefix"


def test_the_list_of_names_and_the_table_on_the_page_are_up_to_date() -> None:
    assert main(["--check"]) == 0, "Run make tables"


def test_each_kind_of_work_has_a_profile_that_a_play_uses() -> None:
    used = {
        name for text in texts() for name in re.findall(r"lifeboat_profiles(?: \| default\(\{\}\)\))?\.(\w+)", text)
    }
    assert used == set(WORK)


def test_private_names_are_not_among_them() -> None:
    assert [name for name in KNOWN if name.startswith(("_", "ansible_"))] == []


def test_every_playbook_begins_with_the_check_and_so_does_every_role() -> None:
    begins = {path.name for path in ROOT.glob("playbooks/*.yml") if "plays/begin.yml" in str(read(path)[0])}
    imports = {"rehearse.yml"}  # of playbooks that do
    alone = {"awx.yml"}  # about no site
    assert {path.name for path in ROOT.glob("playbooks/*.yml")} == begins | imports | alone
    checked = {
        path.parts[-3] for path in ROOT.glob("roles/*/tasks/*.yml") if "lifeboat.rds.run_check" in str(read(path)[0])
    }
    # What restores for good begins as a drill does; the end of a run must say what went wrong, whatever it was.
    assert {*ROLES} - checked == {"recover", "conclude"}


def test_would_notice_what_tasks_set() -> None:
    tasks = [
        {"block": [{"ansible.builtin.set_fact": {"drill_a": 1}}], "rescue": [{"register": "drill_b"}]},
        {"vars": {"drill_c": 1}, "loop_control": {"loop_var": "drill_d"}},
        {"ansible.builtin.set_stats": {"data": {"lifeboat_e": 1}}},
    ]
    assert sorted(set_in(tasks)) == ["drill_a", "drill_b", "drill_c", "drill_d", "lifeboat_e"]
