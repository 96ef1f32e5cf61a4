# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs together in different files of the role drill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROLE = Path(__file__).parents[2] / "roles" / "drill"
RESTORE = "lifeboat.rds.snapshot_restore"
# What a look and the restore need to be told apart.
OWN = {"databases", "wait_timeout", "poll_interval"}


def restoring(file: str) -> dict[str, Any]:
    """Return the task of one of the drill's files that asks for a restore."""
    tasks = yaml.safe_load((ROLE / "tasks" / file).read_text(encoding="utf-8"))
    flat = [inner for task in tasks for inner in task.get("block", [task])]
    (found,) = [task for task in flat if RESTORE in task]
    return dict(found)


@pytest.mark.parametrize("file", ["preflight.yml", "restore.yml"])
def test_the_preflight_looks_at_what_the_restore_will_do(file: str) -> None:
    task = restoring(file)
    assert task["module_defaults"] == {RESTORE: "{{ __drill_restore }}"}
    assert set(task[RESTORE]) <= OWN


def test_what_is_restored_and_how_is_said_once() -> None:
    said = yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8"))["__drill_restore"]
    assert len(said) > 15
    assert not OWN & set(said)
