# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn what a scheduler runs, and what its surveys answer, into what modules take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.jobs import (
    needs_more,
    plan_jobs,
    projects_of,
)


def awx_jobs(
    jobs: Mapping[str, Any],
    settings: Mapping[str, Any],
    credentials: Iterable[Mapping[str, Any]] = (),
    notifications: Iterable[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """Return each job with all its settings.

    :raises AnsibleFilterError: for the first setting, job or question that is not valid.
    """
    try:
        return plan_jobs(jobs, settings, credentials, notifications)
    except LifeboatError as error:
        raise AnsibleFilterError(str(error)) from error


def words(value: str | Iterable[str]) -> list[str]:
    """Split a text at commas and blanks, and leave a list as it is. Surveys cannot give lists."""
    return value.replace(",", " ").split() if isinstance(value, str) else list(value)


class FilterModule:
    """Make the filters over jobs and their variables."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "awx_jobs": awx_jobs,
            "awx_needs_more": needs_more,
            "awx_projects": projects_of,
            "words": words,
        }
