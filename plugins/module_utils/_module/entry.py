# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module: read its options, take one pass or a few quick ones, hand over the result or the error."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from .._aws.site import Site
from .._core.errors import LifeboatError
from .._core.model import iso
from .._core.naming import check_prefix
from .arguments import SITE, WAITING
from .total import Total

RunPass = Callable[..., dict[str, Any]]

# A poll takes a few milliseconds, but a process most of a second, and botocore must learn in each how fast AWS answers.
# So one process polls several times, for as many seconds as a line of progress may be late.
FIRST_LINGER, LINGER = 10.0, 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How a process repeats its passes. A module without these options takes one pass."""

    wait: bool = False
    poll_interval: int | None = None
    wait_timeout: int | None = None
    resume: list[dict[str, Any]] | None = None

    @property
    def longest(self) -> float:
        """Return for how many seconds one process may go on. The first one ends soon, to show progress."""
        longest = FIRST_LINGER if self.resume is None else LINGER
        return longest if self.wait_timeout is None else min(longest, self.wait_timeout)


def read_pace(params: Mapping[str, Any]) -> Pace:
    """Read the options of waiting, as far as a module has them.

    :raises LifeboatError: when a number is too small.
    """
    for name, least in (("poll_interval", 1), ("wait_timeout", 0)):
        if params.get(name, least) < least:
            what, remedy = f"Cannot wait with {name} {params[name]}", f"Set {name} to {least} or more"
            raise LifeboatError(what, why=f"it is below {least}", remedy=remedy)
    return Pace(
        wait=bool(params.get("wait")),
        poll_interval=params.get("poll_interval"),
        wait_timeout=params.get("wait_timeout"),
        resume=params.get("resume"),
    )


def run_module(
    run: RunPass,
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
        check_prefix(module.params["prefix"])
        pace = read_pace(module.params)
        site = Site.connect(module, module.params["profile_from"])
        calls = site.api_calls

        def one_pass(resume: list[dict[str, Any]] | None, settled: list[str] | None = None) -> dict[str, Any]:
            given = {**module.params, "resume": resume, "settled": settled}
            result = run(given, site, check_mode=module.check_mode)
            warnings = [*result.get("warnings", ()), *site.left_out]
            return {"began": iso(site.now), **result, "now": iso(site.now), "warnings": warnings}

        last = last_full_pass(module.params) if callable(last_full_pass) else last_full_pass
        result = linger(one_pass, pace, ModuleClock(), lambda: site.last_start, last_full_pass=last)
    except LifeboatError as error:
        module.fail_json(**error.as_result(), api_calls=dict(calls))
    finish(module, result | {"api_calls": dict(calls)})


class ModuleClock:
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
    pace: Pace,
    clock: ModuleClock,
    last_start: Callable[[], float] = lambda: 0.0,
    *,
    last_full_pass: bool,
) -> dict[str, Any]:
    """Run one pass, and more of them as long as the next one is due before the process has to end.

    The next pass is due an interval after the last one began, or after AWS was last asked to start something. So the
    other work of a pass, such as sharing, is done while AWS works.

    :param last_start: when AWS was last asked to start something, on the same clock.
    """
    total, began = Total(), clock.now()
    looked, polled = began, pace.resume is not None
    result = one_pass(pace.resume)
    total.add(result)
    try:
        while pace.wait and result.get("resume"):
            pause = max(0.0, max(looked, last_start()) + (pace.poll_interval or pace.longest) - clock.now())
            if clock.now() - began + pause >= pace.longest:
                break
            clock.sleep(pause)
            if clock.is_orphaned():
                break
            looked, polled = clock.now(), True
            result = one_pass(result["resume"])
            total.add(result)
        if polled and last_full_pass and not result.get("resume"):
            settled = result.get("settled")
            total.add(one_pass(None, settled) if settled else one_pass(None))
    except LifeboatError as error:  # the earlier passes did their work, so their result is returned
        return total.as_result() | error.as_result() | {"failed": True, "resume": []}
    return total.as_result()


def finish(module: Any, result: dict[str, Any]) -> None:
    """Hand over the result. The action plugin sees raw arguments only, so the result also says how long to wait."""
    result.pop("settled", None)  # only for the passes of one process
    for warning in result.pop("warnings", []):
        module.warn(warning)
    waiting = {name: module.params[name] for name in WAITING if name in module.params and name != "resume"}
    result |= {"waiting": waiting} if waiting else {}
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
