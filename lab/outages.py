# SPDX-License-Identifier: GPL-3.0-or-later
"""An account goes dark: nobody hears from it, its keys open nothing, its databases do not answer. And back."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from lab.rds import databases, snapshots
from lab.rds.world import Database, World


def go_dark(world: World, account: str) -> None:
    """Take an account away. Copies that are being made of its snapshots fail."""
    with world.lock:
        world.accounts.dark.add(account)
        for snapshot in list(world.snapshots()):
            if snapshot.account == account:
                snapshots.fail_copies_of(world, snapshot)
        jobs = [_after(world, found, databases.server_of(found).stop) for found in _servers(world, account)]
    _wait(jobs)


def come_back(world: World, account: str) -> None:
    """Give an account back as it was."""
    with world.lock:
        world.accounts.dark.discard(account)
        jobs = [
            _after(world, found, databases.server_of(found).start)
            for found in _servers(world, account)
            if _should_run(world, found)
        ]
    _wait(jobs)


def _servers(world: World, account: str) -> list[Database]:
    mine = [found for found in world.databases() if found.account == account and found.gone is None]
    return [found for found in mine if found.cluster is None and not found.broken]


def _should_run(world: World, found: Database) -> bool:
    if found.unreachable:
        return False
    now = world.now()
    return not found.is_cluster or any(member.ready <= now and member.gone is None for member in found.members)


def _after(world: World, found: Database, work: Any) -> Future[Any]:
    return world.then(found, work, gate=False)


def _wait(jobs: list[Future[Any]]) -> None:
    for job in jobs:
        job.result(60)
