# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable of ours is in one table, and every one in the table is read somewhere: what is in none stops a run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.names import KNOWN
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.role_variables import NAMES, ROLES
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.variables import (
    GROUPS,
    TOLD,
    VARIABLES,
    WORK,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.keeping.policy import NUMBERS
from ansible_collections.lifeboat.rds.plugins.modules.snapshot_copy import ARGUMENTS as COPY
from ansible_collections.lifeboat.rds.plugins.modules.snapshot_prune import ARGUMENTS as PRUNE
from ansible_collections.lifeboat.rds.plugins.modules.snapshot_restore import ARGUMENTS as RESTORE
from ansible_collections.lifeboat.rds.plugins.modules.topic_delivery import ARGUMENTS as DELIVERY
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


def taken_from() -> Iterator[tuple[str, str]]:
    """Yield each variable of a role whose default is one of the inventory's, and the name of that."""
    for path in sorted(ROOT.glob("roles/*/defaults/main.yml")):
        for name, value in (read(path) or {}).items():
            if match := re.match(r"\{\{ (lifeboat_\w+)(?: \| default\([^|]*\))? \}\}$", str(value).strip()):
                yield name, match[1]


def specification(variable: str) -> dict[str, Any]:
    """Return the entry of a role's variable in its argument specification."""
    role = max((one for one in ROLES if variable.startswith(f"{one}_")), key=len)
    specs = read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    return next(one["options"][variable] for one in specs.values() if variable in one["options"])


@pytest.mark.parametrize(("name", "shared"), list(taken_from()))
def test_a_role_declares_what_it_takes_from_the_inventory_as_the_table_does(name: str, shared: str) -> None:
    own, ours = specification(name), VARIABLES[shared].spec
    alike = {"path": "str"}
    assert alike.get(own["type"], own["type"]) == alike.get(ours["type"], ours["type"])
    assert (own.get("elements"), own.get("choices")) == (ours.get("elements"), ours.get("choices"))
    assert set(own.get("options") or ours.get("options") or ()) == set(ours.get("options") or ())


@pytest.mark.parametrize(
    ("shared", "options"),
    [
        pytest.param("lifeboat_failback_overrides", RESTORE["overrides"]["options"], id="overrides"),
        pytest.param("lifeboat_drill_recovery_point", RESTORE["recovery_point"]["options"], id="recovery point"),
        pytest.param("lifeboat_event_listeners", DELIVERY["subscriptions"]["options"], id="listeners"),
        pytest.param("lifeboat_max_in_flight", COPY["max_in_flight"]["options"], id="limits"),
        pytest.param("lifeboat_stand_in", COPY["stand_in"]["options"], id="stand-in"),
        pytest.param("lifeboat_retention", {key: PRUNE[key] for key in NUMBERS}, id="retention"),
    ],
)
def test_the_keys_of_a_dictionary_are_those_that_its_module_takes(shared: str, options: dict[str, Any]) -> None:
    keys = ("type", "elements", "choices")
    ours = VARIABLES[shared].spec["options"]
    found = {name: {key: one.get(key) for key in keys} for name, one in ours.items()}
    assert found == {name: {key: one.get(key) for key in keys} for name, one in options.items()}


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


def booleans() -> set[str]:
    """List the variables of roles that are true or false."""
    entries = [read(path)["argument_specs"] for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
    options = [one["options"] for specs in entries for one in specs.values()]
    return {name for some in options for name, option in some.items() if option["type"] == "bool"}


def deciding(text: str, names: set[str]) -> list[str]:
    """List the lines in which one of these variables decides as it is, a text perhaps, and is not only handed on."""
    bare = re.compile(rf"\b(?:{'|'.join(sorted(names))})\b(?! \| bool)")
    handed_on = re.compile(r"^\s*\w+: \"{{ \w+( \| default\(\w+\))? }}\"$|^\s*\w+: (true|false|\d+)\b|^\s*#")
    return [line for line in text.splitlines() if bare.search(handed_on.sub("", line))]


def test_what_is_said_with_e_name_false_is_text_and_decides_as_a_boolean_all_the_same() -> None:
    paths = [path for part in ("tasks", "vars", "templates") for path in ROOT.glob(f"roles/*/{part}/*")]
    assert [line for path in paths for line in deciding(path.read_text(encoding="utf-8"), booleans())] == []
    assert deciding("when: status_history", booleans()) == ["when: status_history"]
    assert deciding("when: status_history | bool", booleans()) == []


def test_would_notice_what_tasks_set() -> None:
    tasks = [
        {"block": [{"ansible.builtin.set_fact": {"drill_a": 1}}], "rescue": [{"register": "drill_b"}]},
        {"vars": {"drill_c": 1}, "loop_control": {"loop_var": "drill_d"}},
        {"ansible.builtin.set_stats": {"data": {"lifeboat_e": 1}}},
    ]
    assert sorted(set_in(tasks)) == ["drill_a", "drill_b", "drill_c", "drill_d", "lifeboat_e"]
