# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab is installed without its dependencies here: requirements.txt must pin all that it needs, as it needs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tomllib
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
WANTED = tomllib.loads((ROOT / "lab" / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]


def pins(name: str) -> dict[str, str]:
    """Return the versions that a file pins, by the normal form of the packages' names."""
    lines = re.findall(r"^([\w.\[\]-]+==[\w.]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    found = map(Requirement, lines)
    return {canonicalize_name(each.name): next(iter(each.specifier)).version for each in found}


@pytest.mark.parametrize("line", WANTED)
def test_a_dependency_of_the_lab_is_required_here_in_a_version_that_it_takes(line: str) -> None:
    wanted = Requirement(line)
    name = canonicalize_name(wanted.name)
    pinned = pins("constraints.txt") | pins("requirements.txt")
    assert wanted.specifier.contains(pinned[name])
    # What is only a constraint would not be installed.
    assert name in pins("requirements.txt")
