# SPDX-License-Identifier: GPL-3.0-or-later
"""What one job of a workflow tells is a variable of the next one, above all that its inventory says."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def told() -> set[str]:
    """List the names of all custom stats."""
    found = set()
    for path in (ROOT / "roles").glob("*/tasks/*.yml"):
        for block in re.findall(r"set_stats:\n((?: {4,}.*\n?)+)", path.read_text(encoding="utf-8")):
            found |= set(re.findall(r"^ +(lifeboat_\w+):", block, re.MULTILINE))
    return found


def read() -> set[str]:
    """List the inventory's variables that roles and playbooks read, and those that the example sets."""
    texts = [
        path.read_text(encoding="utf-8") for folder in ("roles", "playbooks") for path in (ROOT / folder).rglob("*.yml")
    ]
    found = {name for text in texts for name in re.findall(r"\b(lifeboat_\w+)\b(?!:)", text)}
    for path in (ROOT / "inventory" / "group_vars").glob("*.yml"):
        found |= set(yaml.safe_load(path.read_text(encoding="utf-8")))
    return found


def test_no_custom_stat_replaces_a_variable_of_the_next_job() -> None:
    assert told() >= {"lifeboat_verdict", "lifeboat_drill_id", "lifeboat_evidence_file"}
    assert told() & read() == set()
