# SPDX-License-Identifier: GPL-3.0-or-later
"""Take an account or a Region away and back: no answers, useless keys, silent databases."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from lifeboat_lab.rds import copies, lockouts, servers
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import World


def set_dark(world: World, account: str | None, region: str | None, *, dark: bool) -> None:
    """Take an account (everywhere or in one Region) or a Region (for everybody) away, or give it back as it was."""
    with world.lock:
        before = _dark_servers(world)
        world.accounts.set_dark(account, region, dark=dark)
        after = _dark_servers(world)
        if dark:
            for source in _sources_of_copies(world):
                if _is_lost(world, source):
                    copies.fail_copies_of(world, source)
            lockouts.review(world)
        jobs = [job for found in before ^ after if (job := servers.adjust(world, found)) is not None]
    _wait(jobs)


def _sources_of_copies(world: World) -> set[Snapshot]:
    now = world.now()
    return {copy.source for copy in world.snapshots() if copy.source is not None and copy.in_flight(now)}


def _is_lost(world: World, snapshot: Snapshot) -> bool:
    """Tell whether a snapshot cannot be read any more, because it or its key is in the dark."""
    key = world.keys.by_arn(snapshot.key) if snapshot.key else None
    return world.accounts.is_dark(snapshot.account, snapshot.region) or (
        key is not None and world.accounts.is_dark(key.account_id, key.region)
    )


def _dark_servers(world: World) -> set[Database]:
    """Return the databases in the dark that have servers of their own."""
    return {
        found
        for found in world.databases()
        if found.gone is None and found.server is not None and not found.broken
        if world.accounts.is_dark(found.account, found.region)
    }


def _wait(jobs: list[Future[Any]]) -> None:
    for job in jobs:
        job.result(60)
