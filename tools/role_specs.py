# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe the variables that the tasks of a role pass on to modules, where its argument specification lacks them.

Usage: python -m tools.role_specs [--check]

A new option of a module becomes a variable of a role by one line in its tasks. The description comes from the module.
It may be rewritten afterwards: what is there already is left alone.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tools.role_tables import ROOT, flow, options_of, roles

MODULE = re.compile(r"lifeboat\.rds\.(\w+)")
OWN_OPTION = re.compile(r"O\((?P<name>\w[^):#]*)\)")
# Not for users: one role sets it for another, or a loop does.
INTERNAL = {"drill_purpose", "subscription_here"}
COPIED = ("type", "elements", "choices", "no_log")


class Passed(NamedTuple):
    """Which option of which module a variable is passed to."""

    module: str
    option: str


def passed_on(role: Path) -> dict[str, Passed]:
    """Find the variables that begin the values of options of our modules, such as ``"{{ publish_wait }}"``."""
    variable = re.compile(rf"\{{\{{ ({role.name}_\w+)\b")
    found: dict[str, Passed] = {}
    for path in sorted((role / "tasks").glob("*.yml")):
        for task in tasks_in(yaml.safe_load(path.read_text(encoding="utf-8"))):
            for key, options in task.items():
                if (module := MODULE.fullmatch(str(key))) and isinstance(options, Mapping):
                    for option, value in options.items():
                        if match := variable.match(str(value)):
                            found.setdefault(match[1], Passed(module[1], str(option)))
    return found


def tasks_in(tasks: Any) -> Iterator[Mapping[str, Any]]:
    """List tasks, those within blocks included."""
    for task in tasks or ():
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks_in(task.get(part))


def missing(role: Path) -> dict[str, Passed]:
    """Find the variables that are passed on and not described."""
    known = {*options_of(role), *INTERNAL}
    return {name: passed for name, passed in passed_on(role).items() if name not in known}


def documentation_of(module: str) -> Mapping[str, Any]:
    """Read the options that a module documents itself, without those of its fragments."""
    source = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION":
            return dict(yaml.safe_load(ast.literal_eval(node.value))["options"])
    return {}


def entry_of(name: str, passed: Passed, options: Mapping[str, Any], default: Any = None) -> str:
    """Write the entry of a variable, indented as one of the main entry point.

    :param options: those that the module documents.
    :param default: the literal default of the role, if it has one.
    :raises ValueError: when the option comes from a fragment: its words are about modules, and not about this role.
    """
    if passed.option not in options:
        raise ValueError(f"Describe {name} by hand: {passed.module} has {passed.option} from a fragment")
    option = options[passed.option]
    said = option["description"]
    texts = [said] if isinstance(said, str) else list(said)
    facts = {key: option[key] for key in COPIED if key in option}
    if default is not None:
        facts["default"] = default
    elif option.get("required"):
        facts["required"] = True
    lines = [f"{name}:", "  description:"]
    for text in texts:
        own = OWN_OPTION.sub(rf"O(lifeboat.rds.{passed.module}#module:\g<name>)", text)
        lines += [f"    {line}" for line in textwrap.wrap(own, 108, initial_indent="- ", subsequent_indent="  ")]
    lines += [f"  {key}: {flow(value)}" for key, value in facts.items()]
    return textwrap.indent("\n".join(lines) + "\n", " " * 6)


def default_in(role: Path, name: str) -> Any:
    """Return the literal default of a variable, or None when it has none or it is a template."""
    path = role / "defaults" / "main.yml"
    value = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get(name) if path.exists() else None
    return None if "{{" in str(value) else value


def extended(role: Path) -> str:
    """Return the argument specification of a role with what it lacks at its end, where the variables are."""
    entries = (
        entry_of(name, passed, documentation_of(passed.module), default_in(role, name))
        for name, passed in missing(role).items()
    )
    return (role / "meta" / "argument_specs.yml").read_text(encoding="utf-8") + "".join(entries)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and fail when a variable is not described")
    check = parser.parse_args(words).check
    lacking = [role for role in roles() if missing(role)]
    for role in lacking:
        names = ", ".join(missing(role))
        print(f"roles/{role.name}/meta/argument_specs.yml lacks {names}" if check else f"Describing {names}")
        if not check:
            (role / "meta" / "argument_specs.yml").write_text(extended(role), encoding="utf-8")
    return int(check and bool(lacking))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
