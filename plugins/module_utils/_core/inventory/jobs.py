# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs that a scheduler runs: job templates of AWX, built from our definitions and the operator's changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import LifeboatError
from ..nearness import remedy_for

Entry = Mapping[str, Any]

# Every setting of a job, with its default.
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
# How modules of awx.awx report that they looked up an object that does not exist. Some fail on None instead.
MISSING = re.compile("returned 0 items|was not found|Could not find|NoneType")
# Other types of AWX would pass on text that is read as YAML, or a secret.
QUESTIONS = ("text", "multiplechoice", "integer")


def plan_jobs(
    jobs: Mapping[str, Entry],
    changes: Mapping[str, Entry],
    credentials: Iterable[Entry] = (),
    notifications: Iterable[Entry] = (),
) -> list[dict[str, Any]]:
    """Build the job templates, each with all its settings, credentials and notifications.

    :param jobs: our definitions, by name.
    :param changes: the operator's changes and own jobs, by name.
    :param credentials: AWX credentials, each with the names of its jobs; without names it is for all jobs.
    :param notifications: AWX notifications, with the names of the jobs whose error or success they report.
    :raises LifeboatError: for the first name, setting or question that is not valid.
    """
    names = list(dict.fromkeys([*jobs, *changes]))
    ways, notices = list(credentials), list(notifications)
    for one, key in [
        *((way, "jobs") for way in ways),
        *((tell, on) for tell in notices for on in ("error", "success")),
    ]:
        refuse_unknown(one["name"], one.get(key) or (), names, "job")
    return [
        {
            **settings_of(name, {**(jobs.get(name) or {}), **(changes.get(name) or {})}),
            "credentials": [way["name"] for way in ways if concerns(way, "jobs", name)],
            "error": [tell["name"] for tell in notices if concerns(tell, "error", name)],
            "success": [tell["name"] for tell in notices if name in (tell.get("success") or ())],
        }
        for name in names
    ]


def settings_of(name: str, given: Entry) -> dict[str, Any]:
    """Build one job with all its settings.

    :raises LifeboatError: when a setting is unknown, there is no playbook, or a question has another type.
    """
    refuse_unknown(name, given, SETTINGS, "setting")
    if not given.get("playbook"):
        raise LifeboatError(
            f"Cannot use the job {name}",
            why="it has no playbook",
            remedy="Set playbook to the one that it runs, or correct the name of the job",
        )
    for question in given.get("survey") or ():
        if question.get("type") not in QUESTIONS:
            raise LifeboatError(
                f"Cannot use the job {name}",
                why=f"its question {question.get('variable')} has the type {question.get('type')}",
                remedy=f"Use one of {', '.join(QUESTIONS)}",
            )
    return {"name": name, **SETTINGS, **given}


def projects_of(name: str, playbooks: Entry, sites: Entry) -> list[dict[str, Any]]:
    """Return the projects of AWX: that of the playbooks first, that of the sites last. One branch is one project.

    :param playbooks: the ``url``, ``branch`` and ``credential`` of the repository with the playbooks.
    :param sites: the same of the repository with the inventory.
    """
    first = {"name": name, **playbooks}
    if (playbooks["url"], playbooks["branch"]) == (sites["url"], sites["branch"]):
        return [first]
    return [first, {"name": f"{name} sites", **sites}]


def needs_more(result: Entry) -> bool:
    """Tell whether a module of awx.awx failed only because check mode did not make what it looks up."""
    return bool(result.get("failed")) and MISSING.search(str(result.get("msg") or "")) is not None


def concerns(one: Entry, key: str, name: str) -> bool:
    """Tell whether a credential or a notification is for this job. Without a list of jobs, it is for all."""
    return one.get(key) is None or name in one[key]


def refuse_unknown(whose: str, given: Iterable[str], known: Iterable[str], what: str) -> None:
    """Check that all given names are known.

    :raises LifeboatError: for the first unknown name, with the closest known one, or all of them.
    """
    for name in given:
        if name not in (names := list(known)):
            remedy = remedy_for(name, names, f"Use one of {', '.join(names)}")
            raise LifeboatError(f"Cannot use {whose}", why=f"unknown {what} '{name}'", remedy=remedy)
