# SPDX-License-Identifier: GPL-3.0-or-later
"""Record what is done, and do it again in another lab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lifeboat_lab.admin.forms import Routes, alone, known
from lifeboat_lab.recording import Recording, Replay, Step
from lifeboat_lab.settings import BadRequest


def routes(recording: Recording, replay: Callable[[], Replay]) -> Routes:
    return {
        ("POST", "recording"): alone(lambda: _done(recording.start)),
        ("GET", "recording"): alone(lambda: {"steps": [step.as_dict() for step in recording.steps()]}),
        ("DELETE", "recording"): alone(lambda: _done(recording.stop)),
        ("POST", "replay"): lambda body: {"steps": replay().run(_steps(body))},
    }


def _steps(body: Any) -> list[Step]:
    known(body, "steps")
    rows = body.get("steps")
    if not isinstance(rows, list):
        raise BadRequest("steps must be those of a recording")
    return [Step.read(row) for row in rows]


def _done(work: Callable[[], None]) -> dict[str, Any]:
    work()
    return {}
