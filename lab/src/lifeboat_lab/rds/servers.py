# SPDX-License-Identifier: GPL-3.0-or-later
"""The server behind a database: it runs when it should, and only then."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from lifeboat_lab.engines import Server
from lifeboat_lab.rds import snapshots
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.world import World


def server_of(found: Database) -> Server:
    server = found.data.server
    assert server is not None
    return server


def should_run(world: World, found: Database) -> bool:
    """Whether what has the data can be connected to now; an Aurora cluster through a member only."""
    if found.fate or found.unreachable or any(since is not None for since in (found.gone, found.locked, found.stopped)):
        return False
    if world.accounts.is_dark(found.account, found.region):
        return False
    now = world.now()
    alone = not found.is_cluster or found.is_multi_az_cluster
    return alone or any(member.ready <= now and member.gone is None for member in found.members)


def adjust(world: World, found: Database, *, gate: bool = False) -> Future[Any] | None:
    """Start or stop it, after what is being done to it, as it should be then."""
    if found.server is None:
        return None
    return world.then(found, lambda: _adjust(world, found), gate=gate)


def _adjust(world: World, found: Database) -> None:
    server = server_of(found)
    with world.lock:
        wanted = should_run(world, found)
    if wanted:
        server.start()
    else:
        server.stop()


def restart(world: World, found: Database) -> None:
    """Stop it and start it again."""
    if found.server is not None:
        world.then(found, found.server.stop)
        adjust(world, found, gate=True)


def ask(world: World, found: Database, work: Callable[[Server], object]) -> None:
    """Have something done in the running server. Where none runs, it is started for a moment."""
    if found.server is not None and not found.unreachable:
        world.then(found, lambda: _ask(server_of(found), work))


def _ask(server: Server, work: Callable[[Server], object]) -> None:
    with server.lock:
        ran = server.running
        server.start()
        work(server)
        if not ran:
            server.stop()


def destroy(world: World, found: Database) -> None:
    """Take away the server and its files, once nobody reads them any more."""
    if found.server is not None:
        found.job = world.engines.jobs.submit(_destroy, world, found, found.job)


def _destroy(world: World, found: Database, before: Future[Any] | None) -> None:
    if before is not None:
        before.exception()
    for frozen in snapshots.being_frozen(world, found):
        frozen.wait()
    world.engines.destroy(server_of(found))
