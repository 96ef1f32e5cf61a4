# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents name is there: files, links, tests, rooms and make targets; and the pictures show what is true."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from tools import pictures

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / ".github").rglob("*.md")])
SAFETY = ROOT / "docs" / "safety.md"
NAMED_TESTS = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", SAFETY.read_text(encoding="utf-8"))
TARGETS = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
FOLDERS = "|".join(path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith("."))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(params=PAGES, ids=named)
def page(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_every_link_leads_somewhere(page: Path, text: str) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_file_that_is_named_is_there(text: str) -> None:
    """Of a pattern at least one file; `…` stands for the rest of a name."""
    names = re.findall(rf"`((?:{FOLDERS})/[\w./*-]*)`", text)
    assert [name for name in names if not list(ROOT.glob(name.rstrip("/")))] == []


def test_every_make_target_that_is_named_is_one(text: str) -> None:
    assert set(re.findall(r"(?:^|`)make ([a-z][\w-]*)", text, re.MULTILINE)) - set(TARGETS) == set()


def test_lines_are_short_enough_to_read(text: str) -> None:
    """A row of a table and a line of output are as long as they are."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert [line for line in prose.splitlines() if len(line) > 160 and not line.startswith("|")] == []


def test_the_readme_leads_to_every_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [named(path) for path in PAGES if f"({named(path)})" not in readme and "docs/" in named(path)] == []


@pytest.mark.parametrize(("path", "name"), NAMED_TESTS, ids=[name for _path, name in NAMED_TESTS])
def test_a_test_that_keeps_a_safety_rule_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_safety_rule_names_a_test_that_keeps_it() -> None:
    rules = SAFETY.read_text(encoding="utf-8").split("\n## ")[1:]
    assert [rule.splitlines()[0] for rule in rules if "- `tests/" not in rule] == []
    assert [rule.split(".")[0] for rule in rules] == [str(number) for number in range(1, 14)]


def test_the_pictures_show_the_rooms_and_imports_that_there_are() -> None:
    """Otherwise: make pictures."""
    assert [named(path) for path, svg in pictures.pictures().items() if path.read_text(encoding="utf-8") != svg] == []


def test_a_page_says_what_each_room_does() -> None:
    rooms = pictures.allowed_imports((ROOT / "tests/meta/test_rooms.py").read_text(encoding="utf-8"))
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert {room for room in pictures.purposes(page) if room.startswith("_")} == set(rooms)


def test_an_arrow_is_drawn_only_where_no_other_leads() -> None:
    rooms = {"top": {"middle", "ground"}, "middle": {"ground"}, "ground": set()}
    assert pictures.next_below("top", rooms) == {"middle"}
    assert pictures.ordered_floors(rooms) == [["ground"], ["middle"], ["top"]]


def test_the_glossary_is_in_order() -> None:
    page = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    words = [word.lower() for word in re.findall(r"^\| ([^|]+?) \|", page, re.MULTILINE)[2:]]
    assert words == sorted(set(words))


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_a_workflow_calls_what_ci_calls(path: Path) -> None:
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    commands = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    targets = [target for command in commands for target in re.findall(r"^make (\S+)", command)]
    assert any(command.endswith(".ci/run") for command in commands)
    assert set(targets) <= set(TARGETS)


def test_the_hooks_call_what_the_environment_has() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    pins = (ROOT / "requirements-test.txt").read_text(encoding="utf-8")
    for program, target in (hook["entry"].split()[:2] for hook in hooks):
        assert target in TARGETS if program == "make" else f"\n{program.removeprefix('.venv/bin/')}==" in pins
