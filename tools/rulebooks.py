# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the two rulebooks. They have the same rules, and differ in what a rule starts.

Usage: python tools/rulebooks.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from textwrap import indent

FOLDER = Path(__file__).parents[1] / "extensions" / "eda" / "rulebooks"
# What the event filter calls what has happened, and how a rule is named that acts on it.
RULES = {
    "snapshot_created": "A recovery point was made",
    "copy_finished": "A copy has finished",
    "copy_cancelled": "A copy was cancelled",
    "snapshot_deleted": "A snapshot was deleted",
    "key_inaccessible": "The key of a database cannot be used",
    "storage_low": "The storage of a database runs low",
}
HEAD = """\
---
# Written by tools/rulebooks.py: change it there.
# {what}
# {together}
- name: Events of RDS
  hosts: all
  # {sequential}
  execution_strategy: sequential
  sources:
    - name: Queue
      amazon.aws.aws_sqs_queue:
        name: "{{{{ lifeboat_events_queue | default('lifeboat-events') }}}}"
        delay_seconds: 20
      filters:
        - lifeboat.rds.rds_event:
  rules:
"""
RULE = """\
    - name: {name}
      condition: event.rds.happened == "{happened}"
      throttle: {throttle}
      action:
{action}
"""
# The first rule says what the others repeat.
THROTTLE = """\
&burst
        once_after: 5 seconds
        group_by_attributes: [event.rds.about]"""
ABOUT = """\
&about >-
  {{ ([event] if event is defined else events.values()) | map(attribute='rds.about') | join(' ') }}"""
PLAYBOOK = """\
run_playbook:
  name: lifeboat.rds.on_event
  extra_vars:
"""
JOB = """\
run_job_template:
  name: "{{ lifeboat_awx_name | default('Lifeboat') }} event"
  organization: "{{ lifeboat_awx_organization | default('Lifeboat') }}"
  include_events: false
  job_args:
    extra_vars:
"""
BOOKS = {
    "rds_events.yml": (
        PLAYBOOK,
        {
            "what": "What RDS tells starts playbooks, on the machine where this runs. docs/events.md says how.",
            "together": "Events that arrive together start one run, which is limited to their databases: "
            "a match of several has `events`.",
            "sequential": "One run after the other, so that none meets itself.",
        },
    ),
    "rds_events_awx.yml": (
        JOB,
        {
            "what": "What RDS tells launches the job template `Lifeboat event` of AWX, which playbooks/awx.yml makes. "
            "docs/events.md says how.",
            "together": "Events that arrive together launch one job, which is limited to their databases: "
            "a match of several has `events`.",
            "sequential": "One job after the other, so that a queue of jobs does not grow in AWX.",
        },
    ),
}


def rulebook(name: str) -> str:
    """Write one rulebook."""
    action, words = BOOKS[name]
    rules = (rule(action, happened, first=happened == next(iter(RULES))) for happened in RULES)
    return HEAD.format(**words) + "\n".join(rules)


def rule(action: str, happened: str, *, first: bool) -> str:
    """Write the rule for one thing that may happen."""
    variables = f"on_event_happened: {happened}\non_event_about: {ABOUT if first else '*about'}"
    depth = len(action.splitlines()[-1]) - len(action.splitlines()[-1].lstrip()) + 2
    started = indent(action + indent(variables, " " * depth), " " * 8)
    throttle = THROTTLE if first else "*burst"
    return RULE.format(name=RULES[happened], happened=happened, throttle=throttle, action=started)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, and fail when a rulebook is not up to date"
    )
    check = parser.parse_args(words).check
    old = [name for name in BOOKS if (FOLDER / name).read_text(encoding="utf-8") != rulebook(name)]
    for name in old:
        print(f"{name} is not up to date" if check else f"Writing {name}")
        if not check:
            (FOLDER / name).write_text(rulebook(name), encoding="utf-8")
    return int(check and bool(old))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
