# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The checks of many databases, each database in a thread of its own and over one connection.

Whatever happens there becomes the outcome of a check: only a library that is not there is an error.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .._core.checks import Check, Outcome, left_out, summary, timed, why_skipped
from .engines import Limits, connect, require_libraries
from .problems import lost_connection, reason_of, status_of
from .request import Subject
from .statements import ASK

if TYPE_CHECKING:
    from sqlalchemy import Connection

Clock = Callable[[], float]
GRACE = 5  # seconds after which a server is taken for dead that does not even stop a statement


def check_all(subjects: Sequence[Subject], limits: Limits, clock: Clock, host: str) -> list[dict[str, Any]]:
    """The result for each database, in their order.

    :raises LifeboatError: when a library is missing on this host.
    """
    for engine in {subject.server.engine for subject in subjects}:
        require_libraries(engine, host)
    with ThreadPoolExecutor(max_workers=limits.parallel) as pool:
        futures = [pool.submit(check_one, subject, limits, clock) for subject in subjects]
    return [result_of(*pair) for pair in zip(subjects, futures, strict=True)]


def result_of(subject: Subject, future: Future[dict[str, Any]]) -> dict[str, Any]:
    """What a thread found; one that broke says nothing about its database, and nothing about the others."""
    error = future.exception()
    if error is None:
        return future.result()
    reason = f"the check itself broke: {reason_of(error, secrets_of(subject))}"
    return summary(subject.name, left_out(subject.checks, "unverified", reason), 0.0)


def check_one(subject: Subject, limits: Limits, clock: Clock) -> dict[str, Any]:
    started = clock()
    outcomes = Climb(subject, limits, clock).run()
    return summary(subject.name, outcomes, clock() - started)


def not_run(subjects: Sequence[Subject], reason: str) -> list[dict[str, Any]]:
    """The results when nothing was asked."""
    return [summary(one.name, left_out(one.checks, "unverified", reason), 0.0) for one in subjects]


def secrets_of(subject: Subject) -> tuple[str, ...]:
    """What no reason may repeat: the password, and the canaries but for those that are part of any sentence."""
    canaries = [str(check.secret) for check in subject.checks if check.secret is not None]
    return subject.server.password, *(canary for canary in canaries if len(canary) > 3)


@dataclass(slots=True)
class Climb:
    """One database on its way up the ladder."""

    subject: Subject
    limits: Limits
    clock: Clock
    connection: Connection | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    is_silent: bool = False  # the server had to be cut off

    def run(self) -> list[Outcome]:
        with ExitStack() as stack:
            for check in self.subject.checks:
                reason = why_skipped(check, self.outcomes)
                self.outcomes += left_out([check], "skipped", reason) if reason else [self.attempt(check, stack)]
        return self.outcomes

    def attempt(self, check: Check, stack: ExitStack) -> Outcome:
        """One check; an error is an outcome as well."""
        from sqlalchemy.exc import SQLAlchemyError

        driver = import_module(self.subject.server.engine.driver)
        started = self.clock()
        try:
            outcome = self.ask(check, stack)
        # The last two: values that the driver cannot turn into Python's (text in a broken encoding, the year 12026).
        except (SQLAlchemyError, driver.Error, ValueError, ArithmeticError) as error:
            outcome = self.outcome_of(check, error)
        return timed(outcome, self.clock() - started)

    def ask(self, check: Check, stack: ExitStack) -> Outcome:
        """Each check in a transaction of its own: after an error the next one starts afresh."""
        if self.connection is None:
            self.connection = self.open(stack)
        with self.watch(self.connection.connection.driver_connection), self.connection.begin():
            return ASK[check.kind](self.connection, check)

    def open(self, stack: ExitStack) -> Connection:
        """SQLAlchemy over a connection made here, so that no URL with a password exists and its socket is known."""
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        server = self.subject.server
        line = stack.enter_context(closing(connect(server, self.limits)))
        engine = create_engine(
            f"{server.engine.dialect}://", creator=lambda: line, poolclass=NullPool, hide_parameters=True
        )
        with self.watch(line):
            return stack.enter_context(engine.connect())

    @contextmanager
    def watch(self, line: Any) -> Iterator[None]:
        """Cut a connection whose server says nothing: when it hangs, so does its own statement timeout."""
        wire = socket.fromfd(line.fileno(), socket.AF_INET, socket.SOCK_STREAM)

        def cut() -> None:
            self.is_silent = True
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self.limits.statement_timeout + GRACE, cut)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            wire.close()

    def outcome_of(self, check: Check, error: Exception) -> Outcome:
        if self.is_silent:
            reason = f"no answer within {self.limits.statement_timeout + GRACE} s"
            return Outcome(check, "unverified", reason=reason, lost=True)
        reason = reason_of(error, secrets_of(self.subject), is_secret=check.kind == "canary")
        return Outcome(check, status_of(error), reason=reason, lost=lost_connection(error))
