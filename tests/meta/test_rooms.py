# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom. Imports only go down, so that the rooms below can be read and tested by themselves."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COLLECTION = "ansible_collections.lifeboat.rds"
UTILS = f"{COLLECTION}.plugins.module_utils"
BOTO = ("boto3", "botocore")
CORE_FOLDERS = [path for path in (ROOT / "plugins/module_utils/_core").iterdir() if any(path.glob("*.py"))]
# As in this file.
LICENCE = Path(__file__).read_text(encoding="utf-8").splitlines()[0]
FIRST_WORDS = f'{LICENCE}\n"""Say what the file is for."""\n'

# The rooms of the engine from the top down: a room imports only from lower floors. The door is on top, and the ground
# is the files that lie directly in _core.
FLOORS = (
    ("_module",),
    ("_pass",),
    ("_files", "_sql"),
    ("_aws",),
    ("_core/restoring", "_core/watching"),
    ("_core/copying", "_core/evidence"),
    ("_core/inventory",),
    ("_core/checking", "_core/handover", "_core/keeping"),
    ("_core",),
)
GROUND = "_core"
# Room -> the rooms that it may import. Each may import its own files, and the ground.
MAY_IMPORT: dict[str, set[str]] = {
    "_core": set(),
    "_core/checking": set(),
    "_core/handover": set(),
    "_core/keeping": set(),
    "_core/copying": {"_core/handover"},
    "_core/evidence": {"_core/checking", "_core/inventory"},
    "_core/inventory": {"_core/checking", "_core/keeping"},
    "_core/restoring": {"_core/copying", "_core/evidence", "_core/inventory", "_core/keeping"},
    "_core/watching": {"_core/copying", "_core/evidence", "_core/inventory", "_core/keeping"},
    "_sql": {"_core/checking"},
    "_aws": {"_core/copying", "_core/evidence", "_core/handover", "_core/restoring", "_core/watching"},
    "_files": {"_aws", "_core/evidence", "_core/handover"},
    "_pass": {
        "_aws",
        "_core/copying",
        "_core/evidence",
        "_core/handover",
        "_core/inventory",
        "_core/keeping",
        "_core/restoring",
        "_core/watching",
        "_files",
    },
    "_module": {
        "_aws",
        "_core/copying",
        "_core/evidence",
        "_core/handover",
        "_core/inventory",
        "_core/keeping",
        "_core/restoring",
        "_core/watching",
        "_pass",
    },
}


def imports(path: str, source: str) -> Iterator[str]:
    """Every module that a file imports, wherever in the file, by its full name."""
    package = f"{COLLECTION}.{path.removesuffix('.py').replace('/', '.')}".split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            # `from package import room` imports the room.
            yield from (f"{module}.{alias.name}" for alias in node.names)


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def room_of(path: str) -> str | None:
    """Return the room of the engine that a file lies in, or None for a file outside of the engine."""
    if not path.startswith("plugins/module_utils/"):
        return None
    folder = path.split("/")[2:-1]
    return next((room for room in ("/".join(folder[:2]), "/".join(folder[:1])) if room in MAY_IMPORT), None)


def room_named(name: str) -> str:
    """Return the room that an imported name comes from, or the name itself if that is not in a room."""
    inside = name.removeprefix(f"{UTILS}.")
    return room_of(f"plugins/module_utils/{inside.replace('.', '/')}/") or inside


def room_rules(room: str, names: list[str]) -> Iterator[str]:
    allowed = {room, GROUND, *MAY_IMPORT[room]}
    for name in names:
        if is_within(name, UTILS):
            if room_named(name) not in allowed:
                yield f"{room} may import {', '.join(sorted(allowed))} only: {name}"
        elif room.split("/")[0] == "_core" and name.split(".")[0] not in sys.stdlib_module_names:
            yield f"_core is pure, the standard library only: {name}"


def complaints(path: str, source: str) -> list[str]:
    """List the rules that one file breaks. Its path starts at the root of the repository."""
    names = sorted(set(imports(path, source)))
    room, found = room_of(path), []
    if room:
        found += room_rules(room, names)
    if path.startswith("plugins/"):
        found += [f"plugins import nothing from the lab: {name}" for name in names if is_within(name, "lifeboat_lab")]
        if room != "_aws":
            found += [f"boto belongs into _aws: {name}" for name in names if name.split(".")[0] in BOTO]
    if path.startswith("lab/"):
        found += [f"the lab imports nothing from plugins: {name}" for name in names if is_within(name, COLLECTION)]
        found += [f"the lab imports nothing of the root: {name}" for name in names if is_within(name, "tests")]
    is_module = path.startswith("plugins/modules/")  # begins as Ansible demands it
    if path.startswith("plugins/") and not is_module and source.strip() and not source.startswith(f'{LICENCE}\n"""'):
        found.append("a file starts with one line of licence; the first words after it say what the file is for")
    return found


def files() -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for room in ("plugins", "lab") for path in (ROOT / room).rglob("*.py"))


def source_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def used() -> dict[str, set[str]]:
    """Room -> the other rooms that its files do import."""
    found: dict[str, set[str]] = {}
    for path in files():
        if room := room_of(path):
            names = [name for name in imports(path, source_of(path)) if is_within(name, UTILS)]
            found.setdefault(room, set()).update(room_named(name) for name in names)
    return {room: rooms - {room, GROUND} for room, rooms in found.items()}


def test_there_is_something_to_check() -> None:
    """A moved folder must not pass for a clean one."""
    assert {room_of(path) for path in files()} >= set(MAY_IMPORT)
    assert any(path.startswith("lab/") for path in files())


def test_every_folder_of_the_engine_is_a_room_with_a_rule() -> None:
    assert [path for path in files() if path.startswith("plugins/module_utils/") and room_of(path) is None] == []
    folders = {str(path.relative_to(ROOT / "plugins" / "module_utils")) for path in CORE_FOLDERS}
    assert folders == {room for room in MAY_IMPORT if room.startswith("_core/")}


def test_no_rule_allows_what_nobody_needs() -> None:
    assert used() == MAY_IMPORT


def test_imports_between_rooms_only_go_down() -> None:
    floor_of = {room: number for number, floor in enumerate(FLOORS) for room in floor}
    assert set(floor_of) == set(MAY_IMPORT)
    assert [
        f"{room} is not above {below}"
        for room, rooms in MAY_IMPORT.items()
        for below in rooms
        if floor_of[room] >= floor_of[below]
    ] == []


@pytest.mark.parametrize("path", files())
def test_keeps_to_its_room(path: str) -> None:
    assert complaints(path, source_of(path)) == []


CORE, COPYING, AWS, SQL, MODULE, PASS, FILES = (
    f"plugins/module_utils/{room}/x.py"
    for room in ("_core", "_core/copying", "_aws", "_sql", "_module", "_pass", "_files")
)
PASSES = "plugins/plugin_utils/x.py"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param(CORE, "import yaml", id="core-imports-a-package"),
        pytest.param(CORE, "import ansible.errors", id="core-imports-ansible"),
        pytest.param(CORE, "from .._aws.site import Site", id="core-looks-up-to-aws"),
        pytest.param(CORE, "from .. import _sql", id="core-looks-up-to-sql"),
        pytest.param(CORE, f"def f():\n    import {UTILS}._module.entry", id="core-looks-up-within-a-function"),
        pytest.param(CORE, "from .copying.plan import Copy", id="the-ground-looks-up-to-a-room"),
        pytest.param(CORE, "from . import copying", id="the-ground-imports-a-room"),
        pytest.param(COPYING, "import yaml", id="a-room-of-core-imports-a-package"),
        pytest.param(COPYING, "from ..restoring.target import Target", id="copying-looks-up-to-restoring"),
        pytest.param(COPYING, "from ..._aws.site import Site", id="a-room-of-core-looks-up-to-aws"),
        pytest.param(PASS, "from .._module.requests.prune import read_prune", id="a-pass-looks-up-to-the-door"),
        pytest.param(FILES, "from .._module.total import Total", id="files-look-up-to-the-door"),
        pytest.param(FILES, "from .._pass.requests.common import Request", id="files-look-up-to-a-pass"),
        pytest.param(PASS, "from botocore.config import Config", id="a-pass-imports-boto"),
        pytest.param(AWS, "from .._sql import checks", id="aws-looks-aside-to-sql"),
        pytest.param(AWS, "from .._module.entry import run", id="aws-looks-up"),
        pytest.param(SQL, f"from {UTILS}._aws.site import Site", id="sql-looks-aside-to-aws"),
        pytest.param(SQL, "from botocore.config import Config", id="sql-imports-boto"),
        pytest.param(MODULE, "import botocore", id="boto-outside-aws"),
        pytest.param(MODULE, "from ..drawer import x", id="a-file-outside-the-rooms"),
        pytest.param("plugins/modules/x.py", "try:\n    import boto3\nfinally:\n    pass", id="boto-in-a-module"),
        pytest.param("plugins/action/x.py", "from lifeboat_lab.shop import create", id="plugins-import-the-lab"),
        pytest.param("lab/x.py", f"from {UTILS}._core import naming", id="the-lab-imports-plugins"),
        pytest.param("lab/tests/x.py", "from tests.machine import missing", id="the-lab-imports-the-roots-tests"),
        pytest.param("lab/x.py", "from ansible_collections.lifeboat import rds", id="the-lab-imports-the-collection"),
    ],
)
def test_would_notice(path: str, line: str) -> None:
    assert len(complaints(path, f"{FIRST_WORDS}{line}\n")) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        pytest.param(CORE, "from dataclasses import dataclass\nfrom .model import Copy", id="core-imports-itself"),
        pytest.param(COPYING, "from ..handover.store import key_of\nfrom ..model import iso", id="copying-looks-down"),
        pytest.param(AWS, "import boto3\nfrom .._core.model import Copy", id="aws-imports-boto-and-core"),
        pytest.param(MODULE, f"from {UTILS}._aws.site import Site", id="module-imports-aws"),
        pytest.param(PASS, "from .._core.restoring.target import Target", id="a-pass-imports-core"),
    ],
)
def test_allows(path: str, source: str) -> None:
    assert complaints(path, f"{FIRST_WORDS}{source}\n") == []


@pytest.mark.parametrize("path", [CORE, PASSES])
def test_would_notice_a_file_that_does_not_say_what_it_is_for(path: str) -> None:
    assert len(complaints(path, f"{LICENCE}\nimport json\n")) == 1
