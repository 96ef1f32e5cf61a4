# SPDX-License-Identifier: GPL-3.0-or-later
"""An event filter for ansible-rulebook: of what RDS publishes, only legal identifiers get to rules and actions."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

DOCUMENTATION = r"""
---
short_description: Read what an event of RDS is about
description:
  - Replaces what came from the queue with C(rds.happened) and C(rds.about), which hold nothing but words of this
    collection and legal identifiers. The text of the event is gone, so no rule and no playbook can come to template it.
  - What asks for nothing has no C(rds) - the plain text that a topic sends first, events of other kinds, garbage.
"""

EXAMPLES = r"""
- amazon.aws.aws_sqs_queue:
    name: lifeboat-events
  filters:
    - lifeboat.rds.rds_event:
"""

# ansible-rulebook runs a plugin by its path, and knows no collections.
_CORE = Path(__file__).resolve().parents[4] / "plugins" / "module_utils" / "_core"
_read_event = runpy.run_path(str(_CORE / "watching" / "reaction.py"))["read_event"]


def main(event: dict[str, Any]) -> dict[str, Any]:
    """Return what rules may see of an event."""
    found = _read_event(event.get("body"))
    return {"meta": event.get("meta", {}), **({"rds": found} if found else {})}
