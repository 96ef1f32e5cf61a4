# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module's main does: arguments in, a pass or a few quick ones, a result or an error out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from .._aws.site import Site
from .._core.errors import LifeboatError
from .._core.model import iso
from .._core.naming import check_prefix
from .arguments import SITE, WAITING
from .total import Total

Run = Callable[..., dict[str, Any]]

# A look costs a few milliseconds, a process that looks most of a second, and botocore learns how fast AWS answers
# anew in each. So one process takes several looks, for as many seconds as nobody misses a line of progress.
FIRST_LINGER, LINGER = 10.0, 60.0


def run_module(
    run: Run,
    arguments: dict[str, Any],
    *,
    last_full_pass: bool | Callable[[dict[str, Any]], bool] = True,
    **settings: Any,
) -> None:
    """Run a module against its site.

    :param last_full_pass: whether the last pass reads everything again, which may depend on the options.
    """
    module = AnsibleAWSModule(argument_spec=SITE | arguments, supports_check_mode=True, **settings)
    calls: dict[str, int] = {}
    try:
        check_options(module.params)
        site = Site.connect(module)
        calls = site.api_calls

        def one_pass(resume: list[dict[str, Any]] | None, settled: list[str] | None = None) -> dict[str, Any]:
            given = {**module.params, "resume": resume, "settled": settled}
            result = run(given, site, check_mode=module.check_mode)
            return {"began": iso(site.now), **result, "now": iso(site.now)}

        last = last_full_pass(module.params) if callable(last_full_pass) else last_full_pass
        result = linger(one_pass, module.params, Clock(), lambda: site.last_start, last_full_pass=last)
    except LifeboatError as error:
        module.fail_json(**error.as_result(), api_calls=dict(calls))
    finish(module, result | {"api_calls": dict(calls)})


def check_options(params: dict[str, Any]) -> None:
    """What is wrong with any module's options, before anything is asked of AWS.

    :raises LifeboatError: naming the option.
    """
    check_prefix(params["prefix"])
    for name, least in (("poll_interval", 1), ("wait_timeout", 0)):
        if params.get(name, least) < least:
            raise LifeboatError(
                f"Cannot wait with {name} {params[name]}", why=f"it is below {least}", remedy="Raise it"
            )


class Clock:
    """Monotonic time, and a sleep that knows whether somebody still waits for the result."""

    def __init__(self) -> None:
        self._parent = os.getppid()

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def is_orphaned(self) -> bool:
        return os.getppid() != self._parent


def linger(
    one_pass: Callable[..., dict[str, Any]],
    params: dict[str, Any],
    clock: Clock,
    last_start: Callable[[], float] = lambda: 0.0,
    *,
    last_full_pass: bool,
) -> dict[str, Any]:
    """Run one pass, and more of them while the next look is due before the process would be missed.

    A look is due an interval after the last one began, or after the last thing was started, which it is to see ended.
    So whatever else a pass does, such as sharing, is done while AWS works.

    :param last_start: when AWS was asked to start something, on the same clock.
    """
    total, began, resume = Total(), clock.now(), params.get("resume")
    looked = began
    result = one_pass(resume)
    total.add(result)
    longest = FIRST_LINGER if resume is None else LINGER
    interval, longest = params.get("poll_interval", longest), min(longest, params.get("wait_timeout", longest))
    polled = resume is not None
    try:
        while params.get("wait") and result.get("resume"):
            pause = max(0.0, max(looked, last_start()) + interval - clock.now())
            if clock.now() - began + pause >= longest:
                break
            clock.sleep(pause)
            if clock.is_orphaned():
                break
            looked = clock.now()
            result = one_pass(result["resume"])
            total.add(result)
            polled = True
        if polled and last_full_pass and not result.get("resume"):
            settled = result.get("settled")
            total.add(one_pass(None, settled) if settled else one_pass(None))
    except LifeboatError as error:  # what the passes before it did stays done, and is told
        return total.as_result() | error.as_result() | {"failed": True, "resume": []}
    return total.as_result()


def finish(module: Any, result: dict[str, Any]) -> None:
    """Hand over the result; the action plugin reads how long to wait from it, since it sees raw arguments only."""
    result.pop("settled", None)  # between the passes of one process
    for warning in result.pop("warnings", []):
        module.warn(warning)
    waiting = {name: module.params[name] for name in WAITING if name in module.params and name != "resume"}
    result |= {"waiting": waiting} if waiting else {}
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
