# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options of the same name in module_utils/_module/arguments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Repeat passes until nothing is in flight.
      - With V(false) the module starts what it may start, reports the rest as RV(in_flight) and ends. Run it again to
        go on, for example from a schedule.
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to wait at most.
      - What is still in flight then is not an error. The next run goes on with it.
    type: int
    default: 14400
  poll_interval:
    description: Seconds between two looks at what is in flight.
    type: int
    default: 15
  resume:
    description:
      - What an earlier pass left in flight. Passed by the action plugin; leave it out.
      - Read this alone instead of everything.
    type: list
    elements: dict
"""
