# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of what all modules have in common: check mode, diff, where they run."""

from __future__ import annotations


class ModuleDocFragment:
    # For every module. A module that differs has attributes of its own.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description:
      - Can run in C(check_mode) and return changed status prediction without modifying the target.
      - The prediction is exact for the state that the module sees. It does not go on to what would follow from a
        change, such as a restored database.
  diff_mode:
    support: full
    description: Returns details on what has changed (or would change in C(check_mode)), when in diff mode.
  idempotent:
    support: full
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
      - This assumes that the system controlled or queried by the module has not changed in a relevant way.
  platform:
    support: full
    platforms: posix
    description: Target OS/families that can be operated against.
"""

    # Also for modules that change nothing.
    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: This module does not modify state.
  diff_mode:
    support: N/A
    description: This module does not modify state.
  idempotent:
    support: full
    description: This module does not modify state.
"""

    # Also for modules that only ever add something, and cannot tell whether it is there.
    ADD = r"""
options: {}
attributes:
  diff_mode:
    support: none
  idempotent:
    support: none
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
"""

    # Also for modules that plan all the copies of a route.
    PLAN = r"""
options: {}
attributes:
  check_mode:
    support: full
    description:
      - Can run in C(check_mode) and return changed status prediction without modifying the target.
      - With O(ignore:wait=false) the prediction is exactly what one pass would do on the state that the module sees.
      - With O(ignore:wait=true) it is all that the task would do until nothing is left, in its order, as if every copy
        succeeded. Its manifest names what would be published by then. So handing over the manifests in check mode shows
        the copies of a whole playbook.
      - The prediction does not know that AWS will refuse a step, or that a copy will fail.
"""

    # Also for modules whose action plugin shows the plan.
    SHOWN = r"""
options: {}
attributes:
  action:
    support: full
    description: Has a corresponding action plugin, so that some parts of the options can be executed on the controller.
    details: It shows the diff of C(check_mode) also when an item fails, for which Ansible shows none.
  async:
    support: none
    description: Supports being used with the C(async) keyword.
"""

    # Also for modules that an action plugin of the same name repeats until nothing is in flight.
    PASSES = r"""
options: {}
attributes:
  action:
    support: full
    description: Has a corresponding action plugin, so that some parts of the options can be executed on the controller.
  async:
    support: none
    description: Supports being used with the C(async) keyword.
    details: The waiting takes place on the controller, with O(ignore:wait) and O(ignore:wait_timeout).
"""
