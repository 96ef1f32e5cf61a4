# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan what happens to one database at a moment: one entry for each topic, and only the last one counts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.world import World


def plan(world: World, found: Database, topic: str, moment: float, work: Callable[[], object]) -> None:
    """Do something under the lock when the moment comes, unless another plan for the topic is made until then."""
    number = found.plans[topic] = found.plans.get(topic, 0) + 1

    def begin() -> None:
        with world.lock:
            if found.plans[topic] == number:
                work()

    world.clock.at(moment, begin)


def cancel(found: Database, topic: str) -> None:
    found.plans[topic] = found.plans.get(topic, 0) + 1


def when_settled(world: World, found: Database, work: Callable[[], object]) -> None:
    """Do something under the lock once a database's creation is over, for good or bad, unless it is deleted."""

    def begin() -> None:
        if found.job is None:
            look(None)
        else:
            found.job.add_done_callback(look)

    def look(_job: Future[Any] | None) -> None:
        with world.lock:
            if found.gone is None:
                work()

    world.clock.at(found.ready, begin)


def gate(world: World, found: Database, moment: float, work: Callable[[], object]) -> None:
    """Do something under the lock when the moment has come and the server is done with what it was told to do.

    The database is not available before that.
    """
    done: Future[None] = Future()
    found.wait_for(done)

    def begin() -> None:
        if found.job is None:
            finish(None)
        else:
            found.job.add_done_callback(finish)

    def finish(_job: Future[Any] | None) -> None:
        try:
            with world.lock:
                if found.gone is None:
                    work()
        finally:
            done.set_result(None)

    world.clock.at(moment, begin)
