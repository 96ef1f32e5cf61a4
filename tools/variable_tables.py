# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what is repeated of variables: the list of the roles' variables, and the table in docs/inventory.md.

Usage: python tools/variable_tables.py [--check]
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
NAMES = ROOT / "plugins" / "module_utils" / "_core" / "inventory" / "role_variables.py"
PAGE = ROOT / "docs" / "inventory.md"
TABLE = re.compile(r"(?<=^## All variables\n\n)(?:\|.*\n)+", re.MULTILINE)
HEAD = "| variable | type | means |\n| --- | --- | --- |\n"
MODULE = '''\
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists the variables of all roles. Written by tools/variable_tables.py: an argument specification describes each."""

from __future__ import annotations

from collections.abc import Mapping

ROLES = (
{roles}
)
NAMES = frozenset(
    {{
{names}
    }}
)
# What each role reads of the inventory.
READS: Mapping[str, tuple[str, ...]] = {{
{reads}
}}
'''


class Loader(yaml.SafeLoader):
    """A loader that takes Ansible's own tags for plain values."""


Loader.add_multi_constructor("!", lambda loader, _tag, node: loader.construct_scalar(node))  # type: ignore[arg-type]


def read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader)


def set_in(tasks: Any) -> Iterator[str]:
    """Yield the names of variables that tasks set, hand on or register."""
    if isinstance(tasks, list):
        for one in tasks:
            yield from set_in(one)
    elif isinstance(tasks, Mapping):
        for key, value in tasks.items():
            if key in ("vars", "ansible.builtin.set_fact") and isinstance(value, Mapping):
                yield from value
            elif key in ("register", "loop_var"):
                yield value
            elif key == "ansible.builtin.set_stats":
                yield from value["data"]
            elif isinstance(value, list | Mapping):
                yield from set_in(value)


def all_names(root: Path = ROOT) -> set[str]:
    """List every variable that roles and playbooks have, but for their private ones."""
    found: set[str] = set()
    for path in root.glob("roles/*/meta/argument_specs.yml"):
        for entry in read(path)["argument_specs"].values():
            found.update(entry.get("options") or {})
    for path in [*root.glob("roles/*/defaults/*.yml"), *root.glob("roles/*/vars/*.yml")]:
        found.update(read(path) or {})
    for path in [*root.glob("roles/*/tasks/*.yml"), *root.glob("playbooks/**/*.yml")]:
        found.update(set_in(read(path)))
    return {name for name in found if not name.startswith(("__", "ansible_"))}


def role_names(root: Path = ROOT) -> list[str]:
    return sorted(path.parent.parent.name for path in root.glob("roles/*/meta/argument_specs.yml"))


def names_module(root: Path = ROOT) -> str:
    """Return the text of the module that lists the names of roles' variables."""
    roles = role_names(root)
    ours = sorted(name for name in all_names(root) if name.startswith(tuple(f"{role}_" for role in roles)))
    reads = "\n".join(f'    "{role}": (\n{lines(read_by(root / "roles" / role), 8)}\n    ),' for role in roles)
    return MODULE.format(roles=lines(roles, 4), names=lines(ours, 8), reads=reads)


def read_by(role: Path) -> list[str]:
    """List the variables of the inventory that the files of a role name, but for what a run says itself."""
    paths = (path for part in ("defaults", "tasks", "vars") for path in role.glob(f"{part}/*.yml"))
    texts = (path.read_text(encoding="utf-8") for path in paths)
    found = {name for text in texts for name in re.findall(r"(?<![\w.])lifeboat_[a-z0-9_]+", text)}
    return sorted(found & set(variables()))


def lines(names: Iterable[str], indent: int) -> str:
    """Write names as ruff does when there are many: one a line."""
    return "\n".join(f'{" " * indent}"{name}",' for name in names)


def variables() -> Mapping[str, Any]:
    """Return the table of the inventory's variables."""
    sys.path.insert(0, str(ROOT / ".venv" / "collections"))
    from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.variables import VARIABLES

    return VARIABLES


def page() -> str:
    """Return the page about the inventory with its table as the variables are described.

    :raises ValueError: when the page has no table under "All variables".
    """
    rows = "".join(f"| `{name}` | {type_of(one)} | {meaning_of(one)} |\n" for name, one in variables().items())
    text = PAGE.read_text(encoding="utf-8")
    if not TABLE.search(text):
        raise ValueError("docs/inventory.md has no table under '## All variables'")
    return TABLE.sub(lambda _: HEAD + rows, text)


def type_of(variable: Any) -> str:
    """Say of what type a variable is."""
    return f"list of {variable.elements}" if variable.elements else str(variable.type)


def meaning_of(variable: Any) -> str:
    """Say what a variable means, and which keys or values it may have."""
    known = ", ".join(f"`{one}`" for one in variable.options or variable.choices)
    return f"{variable.meaning}: {known}" if known else str(variable.meaning)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and fail when a file is not up to date")
    check = parser.parse_args(words).check
    wanted = {NAMES: names_module(), PAGE: page()}
    drifted = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in drifted:
        name = path.relative_to(ROOT)
        print(f"{name} is not up to date" if check else f"Writing {name}")
        if not check:
            path.write_text(wanted[path], encoding="utf-8")
    return int(check and bool(drifted))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
