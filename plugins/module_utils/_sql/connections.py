# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens read-only connections in which every wait and every answer has a limit."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from .authentication import REQUIRE_AUTH, Tls, mysql_connection
from .engines import Engine, Family, dbapi_of
from .relay import LOOPBACK, MOST_BYTES, Relay
from .sessions import clear_mysql, clear_postgresql, postgresql_options

SSLMODES: Mapping[Tls, str] = {"verify": "verify-full", "require": "require", "off": "disable"}
FLOODED = f"the server sent more than {MOST_BYTES // 1024**2} MiB, of which no more was read"
# How libpq begins an error. Its address is that of the relay, which means nothing to the reader.
ADDRESS = re.compile(r'connection to server at "[^"]*"(?: \([^)]*\))?, port [0-9]+ failed: ')


@dataclass(frozen=True, slots=True)
class Server:
    """Where a database server listens, and the user to connect as."""

    engine: Engine
    host: str
    port: int
    database: str
    username: str
    password: str = field(repr=False)
    tls: Tls = "require"
    ca_file: str | None = None
    tls_name: str | None = None  # the name in the certificate, when the host is the near end of a port forward

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def name(self) -> str:
        """Return the name that the server's certificate must have."""
        return self.tls_name or self.host


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """The limits of a check: seconds, and how many databases are checked at once."""

    connect_timeout: int = 10
    statement_timeout: int = 30
    parallel: int = 32
    connect_retry: int = 0  # for how long a refused connection is tried again


@dataclass(frozen=True, slots=True)
class Line:
    """A connection of a driver, and the relay that it goes through, which can be cut without the driver."""

    connection: Any
    relay: Relay | None
    how: str  # how it is secured, in words


def connect(server: Server, limits: SessionLimits) -> Line:
    """Connect to a server. Raises whatever the driver raises.

    :raises ConnectionError: when the server cannot be reached, does not answer in time, or sends too much.
    """
    if server.engine.family == "other":
        return connect_other(server)
    with ExitStack() as stack:
        relay = stack.enter_context(closing(Relay(reach(server, limits))))
        with cutting(relay, limits.connect_timeout) as cut:
            try:
                connection, is_encrypted = LOG_IN[server.engine.family](server, limits, relay.port)
            except (dbapi_of(server.engine).Error, OSError) as error:
                if relay.is_flooded or cut.happened:
                    raise unreachable(server, FLOODED if relay.is_flooded else "timeout expired") from error
                raise
        stack.pop_all()
    return Line(connection, relay, secured(server, is_encrypted=is_encrypted))


def reach(server: Server, limits: SessionLimits) -> socket.socket:
    """Open the socket to the server.

    :raises ConnectionError: when it cannot be reached.
    """
    try:
        wire = socket.create_connection((server.host, server.port), limits.connect_timeout)
    except OSError as error:
        raise unreachable(server, str(error)) from error
    wire.settimeout(None)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return wire


def unreachable(server: Server, why: str) -> ConnectionError:
    """Build the error for a server that cannot be talked to."""
    return ConnectionError(f"connection to {server.address} failed: {why}")


class Cut:
    """Tells whether a connection was cut."""

    happened = False


@contextmanager
def cutting(relay: Relay | None, seconds: float) -> Iterator[Cut]:
    """Cut a connection that does not answer in time. When a server hangs, so does its own statement timeout."""
    cut = Cut()

    def act() -> None:
        cut.happened = True
        if relay is not None:
            relay.cut()

    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()


def log_in_to_postgresql(server: Server, limits: SessionLimits, port: int) -> tuple[Any, bool]:
    """Log in to PostgreSQL with psycopg. Return the connection, and whether it is encrypted.

    libpq connects to ``hostaddr``, and verifies the certificate against ``host``.

    :param port: that of the relay.
    """
    psycopg = import_module("psycopg")
    try:
        connection = psycopg.connect(
            host=server.name,
            hostaddr=LOOPBACK,
            port=port,
            dbname=server.database,
            user=server.username,
            password=server.password,
            connect_timeout=limits.connect_timeout,
            sslmode=SSLMODES[server.tls],
            gssencmode="disable",
            **({"sslrootcert": server.ca_file} if server.tls == "verify" else {}),
            **REQUIRE_AUTH[server.tls],
            options=postgresql_options(limits),
            application_name="lifeboat",
            client_encoding="utf8",
        )
    except psycopg.OperationalError as error:
        raise type(error)(ADDRESS.sub(f"connection to {server.address} failed: ", str(error))) from error
    with ExitStack() as stack:
        stack.callback(connection.close)
        clear_postgresql(connection)
        stack.pop_all()
    # Set for every transaction, so a query that changes the default of the session has no effect.
    connection.read_only = True
    # A prepared statement would keep the names as they were found the first time.
    connection.prepare_threshold = None
    return connection, bool(connection.pgconn.ssl_in_use)


def secured(server: Server, *, is_encrypted: bool) -> str:
    """Describe how the connection is secured."""
    if not is_encrypted:
        return "without TLS"
    return f"over TLS, verified as {server.name}" if server.tls == "verify" else "over TLS, not verified"


def log_in_to_mysql(server: Server, limits: SessionLimits, port: int) -> tuple[Any, bool]:
    """Log in to MariaDB or MySQL with PyMySQL. Return the connection, and whether it is encrypted.

    The socket is opened here, because it leads to another host than the certificate names.

    :param port: that of the relay.
    """
    pymysql = import_module("pymysql")
    connection = mysql_connection(pymysql, server.tls)(
        host=server.name,
        port=server.port,
        user=server.username,
        password=server.password,
        database=server.database,
        charset="utf8mb4",
        program_name="lifeboat",
        defer_connect=True,
        ssl=mysql_tls(server),
        ssl_disabled=server.tls == "off",
    )
    with closing(socket.create_connection((LOOPBACK, port), limits.connect_timeout)) as near:
        connection.connect(near.dup())
    with ExitStack() as stack:
        stack.callback(connection.close)
        clear_mysql(connection, server.database)
        set_up_mysql(connection, limits)
        stack.pop_all()
    return connection, bool(connection._secure)  # a server may say of itself what it likes


def mysql_tls(server: Server) -> ssl.SSLContext | None:
    """Build the driver's TLS context."""
    if server.tls == "off":
        return None
    # Not Python's default context: since Python 3.13 it rejects the older authorities of Amazon.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if server.tls == "verify":
        context.load_verify_locations(cafile=server.ca_file)
    else:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def set_up_mysql(connection: Any, limits: SessionLimits) -> None:
    """Make the session read-only and set its limits.

    MariaDB and MySQL limit statements differently. The server's own version tells which one it is, whatever its clients
    call it.
    """
    timeout = (
        f"max_statement_time = {limits.statement_timeout}"
        if "MariaDB" in connection.get_server_info()
        else f"max_execution_time = {limits.statement_timeout * 1000}"
    )
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
        # The default timeout for the lock of a table is a day, or a year.
        cursor.execute(f"SET SESSION {timeout}, lock_wait_timeout = {limits.statement_timeout}, time_zone = '+00:00'")


def connect_other(server: Server) -> Line:
    """Connect with a driver that the user chose, as SQLAlchemy would. No known setting limits such a session.

    The URL, which contains the password, is never turned into text.
    """
    from sqlalchemy.engine import URL

    url = URL.create(server.engine.dialect, server.username, server.password, server.host, server.port, server.database)
    kind: Any = url.get_dialect()
    dialect = kind(dbapi=kind.import_dbapi())
    arguments, options = dialect.create_connect_args(url)
    connection = dialect.connect(*arguments, **options)
    return Line(connection, None, "by a driver of the user's choice")


LOG_IN: Mapping[Family, Callable[[Server, SessionLimits, int], tuple[Any, bool]]] = {
    "postgresql": log_in_to_postgresql,
    "mysql": log_in_to_mysql,
}
