# SPDX-License-Identifier: GPL-3.0-or-later
"""Test that no file of the lab imports itself through others, so that each can be moved with what it imports."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import lifeboat_lab

PACKAGE = Path(lifeboat_lab.__file__).parent


def modules() -> dict[str, Path]:
    """Return the package's files by the names that imports use."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(source: str) -> set[str]:
    """Return all that a file imports, also within functions and for type checkers."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def circle(sources: Mapping[str, str]) -> list[str]:
    """Return the names of modules that import each other in a circle, if there are any."""
    below = {name: {other for other in imports(source) if other in sources} for name, source in sources.items()}
    # `from package import file` needs the file, and of the package no more than that it exists.
    for found in below.values():
        found -= {name for name in found if any(other.startswith(f"{name}.") for other in found)}
    try:
        TopologicalSorter(below).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_file_imports_itself_through_others() -> None:
    assert len(modules()) > 100
    assert circle({name: path.read_text(encoding="utf-8") for name, path in modules().items()}) == []


def test_would_notice_a_circle() -> None:
    round_about = {
        "a": "from b import x",
        "b": "if TYPE_CHECKING:\n    import c",
        "c": "def f():\n    from a import x",
    }
    assert set(circle(round_about)) == {"a", "b", "c"}
    assert circle({"a": "import b", "b": "import json"}) == []
