# SPDX-License-Identifier: GPL-3.0-or-later
"""Options are read once, at the door: below it nobody sees the raw options, so that mypy sees every misspelt one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RAW = "params"
# The files that may read raw options, and there only the functions that turn them into values.
DOORS = ("plugins/module_utils/_module/", "plugins/module_utils/_sql/request.py", "plugins/modules/")
READERS = {"run_module", "finish", "run", "main", "is_removal", "withhold_canaries"}


def is_reader(path: str, function: str | None) -> bool:
    return path.startswith(DOORS) and function is not None and (function.startswith("read_") or function in READERS)


def uses(tree: ast.AST, function: str | None = None) -> Iterator[tuple[str | None, int]]:
    """Find the outermost function around each parameter, name or attribute that is the raw options."""
    for node in ast.iter_child_nodes(tree):
        inside = function
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            inside = function or node.name
        elif isinstance(node, (ast.arg, ast.Name, ast.Attribute)) and name_of(node) == RAW:
            yield inside, node.lineno
        yield from uses(node, inside)


def name_of(node: ast.arg | ast.Name | ast.Attribute) -> str:
    if isinstance(node, ast.arg):
        return node.arg
    return node.id if isinstance(node, ast.Name) else node.attr


def complaints(path: str, source: str) -> list[str]:
    return [
        f"{path}:{line}: {function or 'the module'} sees the raw options: read them into a value at the door"
        for function, line in uses(ast.parse(source))
        if not is_reader(path, function)
    ]


def files() -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "plugins").rglob("*.py"))


@pytest.mark.parametrize("path", files())
def test_nobody_below_the_door_sees_raw_options(path: str) -> None:
    assert complaints(path, (ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source", "found"),
    [
        pytest.param("_pass/prune.py", "def prune(params):\n    pass\n", 1, id="a pass takes them"),
        pytest.param("_pass/prune.py", "def prune(module):\n    module.params['keep']\n", 1, id="from the module"),
        pytest.param("_files/store.py", "KEEP = params['keep']\n", 1, id="outside of any function"),
        pytest.param("_module/requests/prune.py", "def prune(params):\n    params['keep']\n", 2, id="not a reader"),
        pytest.param("_module/requests/prune.py", "def read_prune(params):\n    params['keep']\n", 0, id="a reader"),
        pytest.param("_pass/prune.py", "def read_prune(params):\n    pass\n", 1, id="a reader in another room"),
    ],
)
def test_the_rule_finds(path: str, source: str, found: int) -> None:
    assert len(complaints(f"plugins/module_utils/{path}", source)) == found
