# SPDX-License-Identifier: GPL-3.0-or-later
"""Test that the suite is whole: each section of aws_rds.md that the lab follows, and each open question, has tests."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from lifeboat_lab.settings import RULES

HERE = Path(__file__).parent
# Left out: 1.4 (what botocore does by itself), 5.4 (EventBridge, which the lab does not have), 7.4 (lazy loading),
# 11.1 and 11.3 (automated backup replication and exports, likewise), 12 (costs), 14 (routes follow).
SECTIONS = (
    "1.1", "1.2", "1.3", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.11", "1.12", "2", "3", "4", "5.1", "5.2", "5.3",
    "5.5", "6", "7.1", "7.2", "7.3", "7.5", "8", "9", "10", "11.2",
)  # fmt: skip
QUESTIONS = range(1, 19)
_SECTION = re.compile(r"aws_rds\.md ((?:\d+(?:\.\d+)?(?:, | and |,\s)?)+)")
_QUESTION = re.compile(r"[Qq]uestions? ((?:\d+(?:, | and )?)+)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@cache
def sources() -> tuple[str, ...]:
    paths = [path for path in sorted(HERE.rglob("test_*.py")) if path != Path(__file__)]
    return tuple(path.read_text(encoding="utf-8") for path in paths)


@cache
def docstrings() -> tuple[str, ...]:
    """Return those of the tests, and of the files that hold nothing but tests of one section."""
    found: list[ast.Module | ast.FunctionDef] = []
    for tree in map(ast.parse, sources()):
        found += [tree, *(node for node in tree.body if isinstance(node, ast.FunctionDef))]
    return tuple(" ".join((ast.get_docstring(node) or "").split()) for node in found)


def named(pattern: re.Pattern[str]) -> set[str]:
    return {number for text in docstrings() for found in pattern.findall(text) for number in _NUMBER.findall(found)}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_has_a_test(section: str) -> None:
    assert section in named(_SECTION)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_open_question_has_a_test(question: int) -> None:
    """Look for the questions of section 13."""
    assert str(question) in named(_QUESTION)


@pytest.mark.parametrize("rule", RULES)
def test_every_switch_is_thrown_by_a_test(rule: str) -> None:
    assert any(f'"{rule}"' in source for source in sources())
