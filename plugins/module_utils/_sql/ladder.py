# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the checks of many databases. Each database has its own thread and one connection.

Every problem with a database becomes the outcome of a check. One that cannot be asked from here is unverified.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from os import R_OK, access
from typing import TYPE_CHECKING, Any

from .._core.checking.checks import SECRETIVE, Check, Outcome, left_out, records, summary, timed, why_skipped
from .._core.errors import LifeboatError
from .._core.words import printable
from .connections import FLOODED, Line, SessionLimits, connect, cutting
from .engines import dbapi_of, require_libraries
from .problems import is_refusal, lost_connection, reason_of, status_of
from .relations import why_disbelieved
from .request import Refused, Subject
from .sessions import begin
from .statements import ASK

if TYPE_CHECKING:
    from sqlalchemy import Connection

ReadClock = Callable[[], float]
GRACE = 5  # seconds after the statement timeout, after which a server counts as dead
PAUSE = 1.0  # seconds between two attempts to connect


def check_all(
    asked: Sequence[Subject | Refused],
    limits: SessionLimits,
    clock: ReadClock,
    *,
    record: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> list[dict[str, Any]]:
    """Check the databases that can be asked, and return the results of all in the same order.

    :param asked: as ready_from returned them, since libraries must be imported before threads start.
    :param record: add what was found, as checks that expect it.
    """
    began = clock()
    with ThreadPoolExecutor(max_workers=limits.parallel) as pool:
        started = [
            one
            if isinstance(one, Refused)
            else (one, pool.submit(check_one, Climb(one, limits, clock, sleep, began), record=record))
            for one in asked
        ]
    return [refusal_of(one) if isinstance(one, Refused) else result_of(*one) for one in started]


def ready_from(asked: Sequence[Subject | Refused], host: str) -> list[Subject | Refused]:
    """Find out which databases can be asked from this host: their libraries and files with certificates are there."""
    return [one if isinstance(one, Refused) else why_unready(one, host) or one for one in asked]


def why_unready(subject: Subject, host: str) -> Refused | None:
    """Explain why a database cannot be asked from this host, or return None if it can."""
    try:
        require_libraries(subject.server.engine, host)
        require_authorities(subject, host)
    except LifeboatError as error:
        return Refused(subject.name, printable(subject.server.address), error)
    return None


def refusal_of(refused: Refused) -> dict[str, Any]:
    """Build the result of a database that is not asked."""
    outcomes = left_out([Check("connection")], "unverified", str(refused.why))
    return summary(refused.name, outcomes, 0.0) | {"address": refused.address}


def require_authorities(subject: Subject, host: str) -> None:
    """Check that the file with the authority's certificates can be read.

    :raises LifeboatError: when it cannot.
    """
    path = subject.server.ca_file
    if path and not access(path, R_OK):
        what, why = f"Cannot check {subject.name} from {host}", f"{printable(path)} cannot be read there"
        raise LifeboatError(what, why=why, remedy="Set ca_file to a readable file with the authority's certificates")


def result_of(subject: Subject, future: Future[dict[str, Any]]) -> dict[str, Any]:
    """Build the result of one database from its thread. A thread that failed makes its database unverified."""
    error = future.exception()
    if error is None:
        return future.result()
    reason = f"the check stopped with an error: {reason_of(error, secrets_of(subject))}"
    return placed(subject, summary(subject.name, left_out(subject.checks, "unverified", reason), 0.0))


def check_one(climb: Climb, *, record: bool) -> dict[str, Any]:
    """Check one database in this thread."""
    started = climb.clock()
    outcomes = climb.run()
    result = summary(climb.subject.name, outcomes, climb.clock() - started, climb.connected)
    return placed(climb.subject, result | ({"recorded": records(outcomes)} if record else {}))


def placed(subject: Subject, result: dict[str, Any]) -> dict[str, Any]:
    """Add the address that was asked. With a port forward, it is not the database's own."""
    return result | {"address": printable(subject.server.address)}


def not_run(asked: Sequence[Subject | Refused], reason: str) -> list[dict[str, Any]]:
    """Build the results when no database was asked."""
    return [
        refusal_of(one)
        if isinstance(one, Refused)
        else placed(one, summary(one.name, left_out(one.checks, "unverified", reason), 0.0))
        for one in asked
    ]


def secrets_of(subject: Subject) -> tuple[str, ...]:
    """List the texts that no reason may contain: the password, and the expected secret values.

    Values of up to 3 characters are left out, since they occur in any sentence.
    """
    values = [value for check in subject.checks if check.secret is not None for value in leaves_of(check.secret)]
    return subject.server.password, *(value for value in values if len(value) > 3)


def leaves_of(value: Any) -> Iterator[str]:
    """List the texts in a value, including those in its rows."""
    if isinstance(value, list):
        for one in value:
            yield from leaves_of(one)
    else:
        yield str(value)


def hang_up(line: Line, error: type[Exception]) -> None:
    """Close a connection. Some drivers object when SQLAlchemy has closed it already."""
    with suppress(error, OSError):
        line.connection.close()
    if line.relay is not None:
        line.relay.close()


@dataclass(slots=True)
class Climb:
    """The run of one database's checks."""

    subject: Subject
    limits: SessionLimits
    clock: ReadClock
    sleep: Callable[[float], None]
    began: float  # when the module started, by the clock
    line: Line | None = None
    connection: Connection | None = None
    connected: float | None = None  # seconds from began to the connection
    outcomes: list[Outcome] = field(default_factory=list)
    is_silent: bool = False  # whether the connection had to be cut

    def run(self) -> list[Outcome]:
        """Run all checks. Those whose precondition failed are skipped."""
        with ExitStack() as stack:
            for check in self.subject.checks:
                reason = why_skipped(check, self.outcomes)
                self.outcomes += left_out([check], "skipped", reason) if reason else [self.attempt(check, stack)]
        return self.outcomes

    def attempt(self, check: Check, stack: ExitStack) -> Outcome:
        """Run one check. An error becomes its outcome, too."""
        from sqlalchemy.exc import SQLAlchemyError

        driver = dbapi_of(self.subject.server.engine)
        started = self.clock()
        try:
            outcome = self.ask(check, stack)
        # OSError: problems on the way to the server. ValueError, ArithmeticError: values that the driver cannot convert
        # to Python (text in a broken encoding, the year 12026).
        except (SQLAlchemyError, driver.Error, OSError, ValueError, ArithmeticError) as error:
            outcome = self.outcome_of(check, error)
        return timed(outcome, self.clock() - started)

    def ask(self, check: Check, stack: ExitStack) -> Outcome:
        """Run one check in its own transaction, and roll it back, in case the engine has no read-only transactions."""
        if self.connection is None or self.line is None:
            self.line, self.connection = self.open_in_time(stack)
            self.connected = self.clock() - self.began
        with self.watch(self.line), self.connection.begin() as transaction:
            begin(self.connection)
            outcome = why_disbelieved(self.connection, check) or ASK[check.kind](self.connection, check)
            transaction.rollback()
        return self.secured(outcome) if check.kind == "connection" else outcome

    def secured(self, outcome: Outcome) -> Outcome:
        """Add how the connection is secured to what was found."""
        return replace(outcome, found=f"{outcome.found} {self.line.how}" if self.line else outcome.found)

    def open_in_time(self, stack: ExitStack) -> tuple[Line, Connection]:
        """Connect, and try again until connect_retry is over.

        A server that was just restored may refuse connections at first.
        """
        from sqlalchemy.exc import SQLAlchemyError

        driver = dbapi_of(self.subject.server.engine)
        while True:
            try:
                return self.open(stack)
            except (SQLAlchemyError, driver.Error, OSError):
                if self.clock() - self.began + PAUSE > self.limits.connect_retry:
                    raise
            self.sleep(PAUSE)

    def open(self, stack: ExitStack) -> tuple[Line, Connection]:
        """Open a connection for SQLAlchemy.

        The connection is made here, so that no URL with a password exists, and so that its socket can be cut.
        """
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        server = self.subject.server
        line = connect(server, self.limits)
        stack.callback(hang_up, line, dbapi_of(server.engine).Error)
        engine = create_engine(
            f"{server.engine.dialect}://", creator=lambda: line.connection, poolclass=NullPool, hide_parameters=True
        )
        with self.watch(line):
            return line, stack.enter_context(engine.connect())

    @contextmanager
    def watch(self, line: Line) -> Iterator[None]:
        """Cut the connection if the server does not answer in time, or answers too much.

        When a server hangs, so does its own statement timeout.
        """
        if line.relay is not None:
            line.relay.refill()
        with cutting(line.relay, self.limits.statement_timeout + GRACE) as cut:
            try:
                yield
            finally:
                self.is_silent = self.is_silent or cut.happened

    def outcome_of(self, check: Check, error: Exception) -> Outcome:
        """Turn an error into the outcome of a check."""
        if self.line and self.line.relay and self.line.relay.is_flooded:
            return Outcome(check, "unverified", reason=FLOODED, lost=True)
        if self.is_silent:
            reason = f"no answer within {self.limits.statement_timeout + GRACE} s"
            return Outcome(check, "unverified", reason=reason, lost=True)
        reason = reason_of(error, secrets_of(self.subject), is_secret=check.kind in SECRETIVE)
        status = "skipped" if check.is_optional and is_refusal(error) else status_of(error)
        return Outcome(check, status, reason=reason, lost=lost_connection(error))
