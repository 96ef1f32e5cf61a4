# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand on what the plays of a failback need of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.arrivals import (
    arrivals,
    new_id,
    offered_to,
    renamed,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.failback import (
    Leg,
    plan,
    read_id,
    require_free,
)

Result = Mapping[str, Any]


def failback_plan(
    standing: Mapping[str, Result],
    sources: Iterable[Mapping[str, Any]],
    prefix: str,
    own_prefix: str,
    databases: Iterable[str] | str = (),
    names: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Return the recovered databases that go back, each with where it goes and what it is called there.

    :raises AnsibleFilterError: when one of them cannot, naming the remedy.
    """
    # -e failback_databases=orders,sales is a text, which a module would split.
    wanted = databases.split(",") if isinstance(databases, str) else databases
    rows = {host: result["databases"] for host, result in standing.items()}
    try:
        return [one.as_document() for one in plan(rows, sources, (prefix, own_prefix), wanted, names)]
    except LifeboatError as error:
        raise AnsibleFilterError(str(error)) from error


def failback_free(
    legs: Iterable[Mapping[str, Any]], standing: Result, own_prefix: str, failback_id: str = ""
) -> list[dict[str, Any]]:
    """Return the same legs, once nothing stands in their way at their source site.

    :raises AnsibleFilterError: when something does, naming the remedy.
    """
    given = [Leg(**one) for one in legs]
    try:
        return [one.as_document() for one in require_free(given, standing["databases"], own_prefix, failback_id)]
    except LifeboatError as error:
        raise AnsibleFilterError(str(error)) from error


def failback_time(failback_id: str) -> str:
    """Return the time that the snapshots of a failback stand for.

    :raises AnsibleFilterError: when it is not the ID of a failback.
    """
    try:
        return read_id(failback_id)
    except LifeboatError as error:
        raise AnsibleFilterError(str(error)) from error


def failback_offered(published: Mapping[str, Mapping[str, Result]], site: str) -> list[Result]:
    """Return the manifests of what the DR sites published for a source site."""
    return offered_to(site, published)


class FilterModule:
    """Make the filters of the role failback."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "failback_arrivals": arrivals,
            "failback_free": failback_free,
            "failback_id": new_id,
            "failback_names": renamed,
            "failback_offered": failback_offered,
            "failback_plan": failback_plan,
            "failback_time": failback_time,
        }
