# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the tables of variables in the README of each role from its argument specification.

Usage: python tools/role_tables.py [--check]
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
HEAD = "| variable | type | default | meaning |\n| --- | --- | --- | --- |\n"
TABLE = re.compile(r"(?<=^## Inputs\n\n)(?:\|.*\n)+", re.MULTILINE)
# Ansible's markup of documentation, and how the same is written in Markdown.
OF_OPTION = re.compile(r"O\((?P<of>[\w.]+)#(?:module|filter):(?P<name>[^)]+)\)")
OF_ROLE_OPTION = re.compile(r"O\((?P<of>[\w.]+)#role:\w+:(?P<name>[^)]+)\)")
OF_ROLE = re.compile(r"P\((?P<name>[\w.]+)#\w+\)")
CODE = re.compile(r"\b[CVOM]\((?P<text>[^)]*)\)")


def table_of(options: Mapping[str, Mapping[str, Any]]) -> str:
    """Make the table of a role's variables, in the order of its specification."""
    return HEAD + "".join(f"| {' | '.join(row_of(name, option))} |\n" for name, option in options.items())


def row_of(name: str, option: Mapping[str, Any]) -> Iterator[str]:
    yield f"`{name}`"
    yield f"list of {option['elements']}" if "elements" in option else option["type"]
    yield default_of(option)
    yield " ".join(sentences(option))


def default_of(option: Mapping[str, Any]) -> str:
    """Write a default as YAML would; nothing where the description says what applies instead."""
    if option.get("required"):
        return "required"
    default = option.get("default")
    if default is None or default == "":
        return ""
    return f"`{default if isinstance(default, str) else flow(default)}`"


def flow(value: Any) -> str:
    """Write a value on one line, without quotes where YAML needs none."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, sort_keys=False).strip()
    return text.removesuffix("\n...").strip()


def sentences(option: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is said of a variable, what it may be, and what an item of it consists of."""
    description = option["description"]
    for text in [description] if isinstance(description, str) else description:
        yield in_markdown(text)
    unsaid = [str(one) for one in option.get("choices", []) if f"({one})" not in str(description)]
    if unsaid:
        yield f"{'Any' if 'elements' in option else 'One'} of {listed(option['choices'])}."
    if option.get("options"):
        yield f"{'Each has' if 'elements' in option else 'It has'} {listed(option['options'])}."


def listed(names: Iterable[Any]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def in_markdown(text: str) -> str:
    """Turn Ansible's markup into Markdown's."""
    text = OF_OPTION.sub(r"the option `\g<name>` of `\g<of>`", text)
    text = OF_ROLE_OPTION.sub(r"`\g<name>` of the role `\g<of>`", text)
    text = OF_ROLE.sub(r"`\g<name>`", text)
    return CODE.sub(r"`\g<text>`", text).replace("|", "\\|")


def options_of(role: Path) -> Mapping[str, Mapping[str, Any]]:
    """Read the variables of a role's main entry point."""
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    found = specs["argument_specs"]["main"]["options"]
    return {str(name): option for name, option in found.items()}


def rewritten(role: Path) -> str:
    """Return the README of a role with its table as the specification has it.

    :raises ValueError: when the README has no table under "Inputs".
    """
    text = (role / "README.md").read_text(encoding="utf-8")
    table = table_of(options_of(role))
    if not TABLE.search(text):
        raise ValueError(f"{role.name}/README.md has no table under '## Inputs'")
    return TABLE.sub(lambda _: table, text)


def roles() -> list[Path]:
    return sorted(path.parent.parent for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"))


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and fail when a table is not up to date")
    check = parser.parse_args(words).check
    drifted = [role for role in roles() if rewritten(role) != (role / "README.md").read_text(encoding="utf-8")]
    for role in drifted:
        print(f"roles/{role.name}/README.md is not up to date" if check else f"Writing roles/{role.name}/README.md")
        if not check:
            (role / "README.md").write_text(rewritten(role), encoding="utf-8")
    return int(check and bool(drifted))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
