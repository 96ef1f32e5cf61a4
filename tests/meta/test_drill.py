# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs together in different files of the role drill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

TASKS = Path(__file__).parents[2] / "roles" / "drill" / "tasks"


def task_arguments(file: str) -> dict[str, Any]:
    """Return the options of snapshot_restore in one of the drill's files."""
    tasks = yaml.safe_load((TASKS / file).read_text(encoding="utf-8"))
    flat = [inner for task in tasks for inner in task.get("block", [task])]
    (found,) = [task["lifeboat.rds.snapshot_restore"] for task in flat if "lifeboat.rds.snapshot_restore" in task]
    return dict(found)


def test_the_preflight_looks_at_what_the_restore_will_do() -> None:
    planned, done = task_arguments("preflight.yml"), task_arguments("restore.yml")
    own = {"databases", "wait_timeout", "poll_interval"}
    assert {name: planned[name] for name in planned.keys() - own} == {name: done[name] for name in done.keys() - own}
