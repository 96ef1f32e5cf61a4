# SPDX-License-Identifier: GPL-3.0-or-later
"""What several test files need has one place, and one name."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The lab is a distribution of its own, and so are its tests.
SUITES = {"the collection": "tests", "the lab": "lab/tests"}
Definition = ast.FunctionDef | ast.ClassDef


def files(suite: str) -> list[Path]:
    return sorted((ROOT / SUITES[suite]).rglob("*.py"))


def definitions(path: Path) -> Iterator[Definition]:
    """Yield the functions and classes at the top of a file, but for its tests."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, Definition) and not node.name.startswith(("test_", "Test")):
            yield node


def is_fixture(node: Definition) -> bool:
    return any("fixture" in ast.unparse(one) for one in node.decorator_list)


def body_of(node: Definition) -> str:
    """Return what a definition does, without its name, its words and its types."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    given = node.args if isinstance(node, ast.FunctionDef) else None
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)] if given else []
    return "\n".join([", ".join(names), *(ast.unparse(one) for one in body)])


def is_short(node: Definition) -> bool:
    """Tell a fixture that only calls one thing: where it is written is its scope."""
    return is_fixture(node) and len(node.body) - bool(ast.get_docstring(node)) == 1


def several(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {what: sorted(places) for what, places in found.items() if len(set(places)) > 1}


def is_test_file(path: Path) -> bool:
    return path.name.startswith("test_")


@pytest.mark.parametrize("suite", SUITES)
def test_there_is_something_to_check(suite: str) -> None:
    assert len(files(suite)) > 50


@pytest.mark.parametrize("suite", SUITES)
def test_no_test_file_imports_from_another(suite: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {node.module}"
        for path in files(suite)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2].startswith("test_")
    }
    assert found == set()


@pytest.mark.parametrize("suite", SUITES)
def test_no_helper_is_written_twice(suite: str) -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in files(suite):
        for node in definitions(path):
            if not is_short(node) and (body := body_of(node).strip()):
                found[body].append(f"{path.relative_to(ROOT)} {node.name}")
    assert several(found) == {}


@pytest.mark.parametrize("suite", SUITES)
def test_no_two_modules_of_helpers_have_the_same_name_for_different_things(suite: str) -> None:
    """A name of one test file is that file's own business; fixtures are found by where they are."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in files(suite):
        # The benches say in which of their files a name is: `runs.play`.
        if is_test_file(path) or path.name == "conftest.py" or path.parent.name == "bench":
            continue
        for node in definitions(path):
            if not is_fixture(node) and node.name != "main":
                found[node.name].append(str(path.relative_to(ROOT)))
    assert several(found) == {}
