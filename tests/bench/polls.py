# SPDX-License-Identifier: GPL-3.0-or-later
"""What polls there were, and how many there may be: one a look for each class and 50 copies that are in flight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.bench.fleet import moment

IDS_A_CALL = 50
# A call of the same class so long after the last one belongs to another look; polls are a second apart.
APART = 0.5
CLASSES = {"DescribeDBSnapshots": "CopyDBSnapshot", "DescribeDBClusterSnapshots": "CopyDBClusterSnapshot"}


def is_poll(call: dict[str, Any]) -> bool:
    """Tell whether a call lists named snapshots. Lists of everything have no filter."""
    return call["action"] in CLASSES and any(name.startswith("Filters") for name in call["parameters"])


@dataclass
class Class:
    """Copies of one kind of snapshot as one task knows them: when each will have ended."""

    ends: list[float] = field(default_factory=list)
    looked: float = 0.0

    def may_ask(self, now: float) -> int:
        """How many calls a look takes that asks for what was not yet seen to have ended."""
        unseen = [end for end in self.ends if end > self.looked]
        self.looked, self.ends = now, unseen
        return -(-len(unseen) // IDS_A_CALL)


def count(calls: list[dict[str, Any]], seconds: float) -> tuple[int, int]:
    """Count the polls of one task, and the most that it needed when a copy takes so many seconds."""
    classes = {copy: Class() for copy in CLASSES.values()}
    made = allowed = 0
    last: tuple[str, float] = ("", 0.0)
    for call in calls:
        now, name = moment(call), call["action"]
        if "error" in call:
            continue
        if name in classes:
            classes[name].ends.append(now + seconds)
        if is_poll(call):
            made += 1
            if last[0] != name or now - last[1] > APART:
                allowed += classes[CLASSES[name]].may_ask(now)
        last = (name, now)
    return made, allowed
