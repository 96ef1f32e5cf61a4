# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scheduler runs, and what its surveys answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.jobs import plan_jobs


def awx_jobs(
    jobs: Mapping[str, Any],
    settings: Mapping[str, Any],
    credentials: Iterable[Mapping[str, Any]] = (),
    notifications: Iterable[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """Each job with all its settings.

    :raises AnsibleFilterError: at the first setting, job or question that could not be used.
    """
    try:
        return plan_jobs(jobs, settings, credentials, notifications)
    except LifeboatError as error:
        raise AnsibleFilterError(str(error)) from error


def words(value: str | Iterable[str]) -> list[str]:
    """A list as it is; of a text, what stands between commas and blanks. A survey has no lists to give."""
    return value.replace(",", " ").split() if isinstance(value, str) else list(value)


class FilterModule:
    """The filters over jobs and their variables."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"awx_jobs": awx_jobs, "words": words}
