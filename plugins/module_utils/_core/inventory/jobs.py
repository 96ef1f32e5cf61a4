# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scheduler runs: job templates of AWX, from data and what an operator says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from ..errors import LifeboatError

Said = Mapping[str, Any]

# Every setting of a job, and what holds where nothing is said.
SETTINGS: dict[str, Any] = {
    "state": "present",
    "description": "",
    "playbook": None,
    "schedule": "",
    "timeout": 0,
    "limit": "",
    "sliced": False,
    "writes": True,
    "extra_vars": {},
    "survey": [],
}
# A question of another type would bring text to be read as YAML, or a secret.
QUESTIONS = ("text", "multiplechoice", "integer")


def plan_jobs(
    jobs: Mapping[str, Said],
    said: Mapping[str, Said],
    credentials: Iterable[Said] = (),
    notifications: Iterable[Said] = (),
) -> list[dict[str, Any]]:
    """Each job with all its settings, its credentials, and who is told of its failure and of its success.

    :raises LifeboatError: at the first setting, job or question that AWX or the playbooks could not use.
    """
    names = list(dict.fromkeys([*jobs, *said]))
    ways, told = list(credentials), list(notifications)
    for one, key in [*((way, "jobs") for way in ways), *((tell, on) for tell in told for on in ("error", "success"))]:
        refuse_unknown(one["name"], one.get(key) or (), names, "job")
    return [
        {
            **settings_of(name, {**(jobs.get(name) or {}), **(said.get(name) or {})}),
            "credentials": [way["name"] for way in ways if concerns(way, "jobs", name)],
            "error": [tell["name"] for tell in told if concerns(tell, "error", name)],
            "success": [tell["name"] for tell in told if name in (tell.get("success") or ())],
        }
        for name in names
    ]


def settings_of(name: str, said: Said) -> dict[str, Any]:
    """A job with all its settings.

    :raises LifeboatError: when a setting is unknown, there is no playbook, or a question cannot be asked.
    """
    refuse_unknown(name, said, SETTINGS, "setting")
    if not said.get("playbook"):
        raise LifeboatError(
            f"Cannot use the job {name}",
            why="it has no playbook",
            remedy="Name the one of the project that it runs, or correct the name of the job",
        )
    for question in said.get("survey") or ():
        if question.get("type") not in QUESTIONS:
            raise LifeboatError(
                f"Cannot use the job {name}",
                why=f"its question {question.get('variable')} is of the type {question.get('type')}",
                remedy=f"Use {', '.join(QUESTIONS)}",
            )
    return {"name": name, **SETTINGS, **said}


def concerns(one: Said, key: str, name: str) -> bool:
    """Whoever names no jobs means all of them."""
    return one.get(key) is None or name in one[key]


def refuse_unknown(whose: str, given: Iterable[str], known: Iterable[str], what: str) -> None:
    """Stop at a name that nobody would ever look at.

    :raises LifeboatError: naming the closest one that there is, or all of them.
    """
    for name in given:
        if name not in (names := list(known)):
            near = get_close_matches(name, names, 1) or [f"one of {', '.join(names)}"]
            raise LifeboatError(f"Cannot use {whose}", why=f"{name} is no {what}", remedy=f"Did you mean {near[0]}")
