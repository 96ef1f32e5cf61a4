# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow a failback: when it began, what it offered to a source site, and what of that came there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from .failback import ID_FORMAT

Row = Mapping[str, Any]
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%z"


def new_id(stopped: Mapping[str, Row]) -> str:
    """Name a failback after the time at which the applications of all DR sites had been stopped, by AWS's clock.

    :param stopped: what each DR site answered after its applications were stopped.
    """
    latest = max(one["now"] for one in stopped.values() if "now" in one)
    return datetime.strptime(latest, TIME_FORMAT).astimezone(timezone.utc).strftime(ID_FORMAT)


def offered_to(site: str, published: Mapping[str, Mapping[str, Row]]) -> list[Row]:
    """Return the manifests of what the DR sites published for a source site.

    :param published: by DR site, the manifests by source site.
    """
    return [manifests[site] for manifests in published.values() if site in manifests]


def arrivals(legs: Iterable[Row], offered: Iterable[Row], owned: Iterable[Row]) -> dict[str, list[Row]]:
    """Divide the databases that come to a source site into those that landed there and those that it waits for.

    :param offered: the manifests of what was published for the site.
    :param owned: the manifests of what the site owns.
    """
    names = {point["name"] for manifest in owned for point in manifest["points"]}
    points = (point for manifest in offered for point in manifest["points"])
    here = {point["identifier"] for point in points if point["name"] in names}
    parts: dict[str, list[Row]] = {"landed": [], "waiting": []}
    for leg in legs:
        parts["landed" if leg["database"] in here else "waiting"].append(leg)
    return parts


def renamed(legs: Iterable[Row]) -> list[dict[str, str]]:
    """Return what databases are called at the source site, as the overrides of snapshot_restore."""
    return [{"databases": leg["database"], "restore_as": leg["target"]} for leg in legs]
