# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options of the same name in module_utils/_module/arguments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to repeat passes until nothing is in flight.
      - With V(false) the module starts what it may start, reports it as RV(in_flight) and ends. Run it again to
        continue, for example on a schedule.
    type: bool
    default: true
  wait_timeout:
    description:
      - The number of seconds to wait at most.
      - It is not an error if something is still in flight then. The next run continues with it.
    type: int
    default: 14400
  poll_interval:
    description: The number of seconds between two requests for the state of what is in flight.
    type: int
    default: 15
  resume:
    description:
      - What an earlier pass left in flight. The action plugin sets it; leave it out.
      - A pass with it only reads what it names, instead of everything.
    type: list
    elements: dict
"""
