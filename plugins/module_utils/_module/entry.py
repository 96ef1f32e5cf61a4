# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What every module's main does: arguments in, one pass, a result or an error out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from .._aws.site import Site
from .._core.errors import LifeboatError
from .._core.model import iso
from .._core.naming import check_prefix
from .arguments import SITE, WAITING

Run = Callable[..., dict[str, Any]]


def run_module(run: Run, arguments: dict[str, Any], **settings: Any) -> None:
    """Run one pass of a module against its site."""
    module = AnsibleAWSModule(argument_spec=SITE | arguments, supports_check_mode=True, **settings)
    calls: dict[str, int] = {}
    try:
        check_prefix(module.params["prefix"])
        site = Site.connect(module)
        calls = site.api_calls
        result = run(module.params, site, check_mode=module.check_mode)
        result["now"] = iso(site.now)
    except LifeboatError as error:
        module.fail_json(**error.as_result(), api_calls=dict(calls))
    finish(module, result, dict(calls))


def finish(module: Any, result: dict[str, Any], api_calls: dict[str, int]) -> None:
    """Hand over the result; the action plugin reads how long to wait from it, since it sees raw arguments only."""
    for warning in result.pop("warnings", []):
        module.warn(warning)
    waiting = {name: module.params[name] for name in WAITING if name in module.params and name != "_resume"}
    result |= {"api_calls": api_calls} | ({"waiting": waiting} if waiting else {})
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
