# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the server behind a database when it should run, and only then."""

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
    """Tell whether the database with the data can be connected to now; an Aurora cluster only through a member."""
    if found.fate or found.unreachable or any(since is not None for since in (found.gone, found.locked, found.stopped)):
        return False
    if world.accounts.is_dark(found.account, found.region):
        return False
    now = world.now()
    alone = not found.is_cluster or found.is_multi_az_cluster
    return alone or any(member.ready <= now and member.gone is None for member in found.members)


def adjust(world: World, found: Database, *, gate: bool = False) -> Future[Any] | None:
    """Start or stop a database's server, after what is being done to it, as it should be then."""
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
    """Stop a database's server and start it again."""
    if found.server is not None:
        world.then(found, found.server.stop)
        adjust(world, found, gate=True)


def ask(world: World, found: Database, work: Callable[[Server], object]) -> None:
    """Do something in the running server. A stopped one is started for a moment."""
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
    """Remove the server and its files, once nobody reads them any more."""
    if found.server is not None:
        found.job = world.engines.jobs.submit(_destroy, world, found, found.job)


def _destroy(world: World, found: Database, before: Future[Any] | None) -> None:
    if before is not None:
        before.exception()
    for frozen in snapshots.being_frozen(world, found):
        frozen.wait()
    world.engines.destroy(server_of(found))
