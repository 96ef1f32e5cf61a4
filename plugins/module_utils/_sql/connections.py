# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens read-only connections in which every wait has a limit."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from .engines import Engine, Family
from .sessions import clear_mysql, clear_postgresql, postgresql_options

# prefer: encrypt if the server can, as the drivers do by default
Tls = Literal["prefer", "verify", "require", "off"]
SSLMODES: Mapping[Tls, str] = {"prefer": "prefer", "verify": "verify-full", "require": "require", "off": "disable"}
CANNOT_CONNECT = 2003  # the error number of MySQL's clients for this


@dataclass(frozen=True, slots=True)
class Server:
    """Where a database server listens, and the user to connect as."""

    engine: Engine
    host: str
    port: int
    database: str
    username: str
    password: str = field(repr=False)
    tls: Tls = "prefer"
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
    """A connection of a driver, and its socket, which can be cut without the driver."""

    connection: Any
    wire: socket.socket | None
    how: str  # how it is secured, in words


def connect(server: Server, limits: SessionLimits) -> Line:
    """Connect to a server. Raises whatever the driver raises."""
    return CONNECT[server.engine.family](server, limits)


class Cut:
    """Tells whether a connection was cut."""

    happened = False


@contextmanager
def cutting(wire: socket.socket | None, seconds: float) -> Iterator[Cut]:
    """Cut a connection that does not answer in time. When a server hangs, so does its own statement timeout."""
    cut = Cut()

    def act() -> None:
        cut.happened = True
        with suppress(OSError):
            if wire is not None:
                wire.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()


def connect_postgresql(server: Server, limits: SessionLimits) -> Line:
    """Connect to PostgreSQL with psycopg."""
    psycopg = import_module("psycopg")
    connection = psycopg.connect(
        **postgresql_place(server),
        port=server.port,
        dbname=server.database,
        user=server.username,
        password=server.password,
        connect_timeout=limits.connect_timeout,
        sslmode=SSLMODES[server.tls],
        options=postgresql_options(limits),
        application_name="lifeboat",
        client_encoding="utf8",
    )
    wire = socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)
    with ExitStack() as stack:
        stack.callback(connection.close)
        stack.callback(wire.close)
        with cutting(wire, limits.connect_timeout):
            clear_postgresql(connection)
        stack.pop_all()
    # Set for every transaction, so a query that changes the default of the session has no effect.
    connection.read_only = True
    # A prepared statement would keep the names as they were found the first time.
    connection.prepare_threshold = None
    return Line(connection, wire, secured(server, is_encrypted=bool(connection.pgconn.ssl_in_use)))


def postgresql_place(server: Server) -> dict[str, str]:
    """Build the parameters that say where libpq connects. It verifies the certificate against ``host``.

    With ``hostaddr``, libpq connects to that address instead of resolving ``host``.
    """
    place = {"host": server.name}
    if server.tls_name:
        place["hostaddr"] = str(socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)[0][4][0])
    if server.tls == "verify" and server.ca_file:
        place["sslrootcert"] = server.ca_file
    if server.tls in ("prefer", "off"):
        # Encryption is not certain, so a server that asks for the password in clear text does not get it.
        place["require_auth"] = "scram-sha-256,md5"
    return place


def secured(server: Server, *, is_encrypted: bool) -> str:
    """Describe how the connection is secured."""
    if not is_encrypted:
        return "without TLS"
    return f"over TLS, verified as {server.name}" if server.tls == "verify" else "over TLS, not verified"


def connect_mysql(server: Server, limits: SessionLimits) -> Line:
    """Connect to MariaDB or MySQL with PyMySQL.

    The socket is opened here, because it may lead to another host than the certificate names, and so that it can be
    cut.
    """
    pymysql = import_module("pymysql")
    connection = pymysql.connect(
        host=server.name,
        port=server.port,
        user=server.username,
        password=server.password,
        database=server.database,
        charset="utf8mb4",
        program_name="lifeboat",
        defer_connect=True,
        **mysql_tls(server, pymysql),
    )
    line = reach(server, limits, pymysql)
    with ExitStack() as stack:
        wire = stack.enter_context(closing(line.dup()))
        with cutting(wire, limits.connect_timeout) as cut:
            try:
                connection.connect(line)
                clear_mysql(connection, server.database)
                set_up_mysql(connection, limits)
                is_encrypted = bool(mysql_value(connection, "Ssl_version"))
            except pymysql.err.OperationalError as error:
                if cut.happened:
                    raise unreachable(server, "timeout expired", pymysql) from error
                raise
        stack.pop_all()
    return Line(connection, wire, secured(server, is_encrypted=is_encrypted))


def reach(server: Server, limits: SessionLimits, pymysql: Any) -> socket.socket:
    """Open the socket to the server."""
    try:
        line = socket.create_connection((server.host, server.port), limits.connect_timeout)
    except OSError as error:
        raise unreachable(server, str(error), pymysql) from error
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return line


def unreachable(server: Server, why: str, pymysql: Any) -> Exception:
    """Build the driver's error for a server that cannot be reached."""
    error: Exception = pymysql.err.OperationalError(CANNOT_CONNECT, f"connection to {server.address} failed: {why}")
    return error


def mysql_tls(server: Server, pymysql: Any) -> dict[str, Any]:
    """Build the driver's TLS parameters. By default it encrypts if the server can, and verifies nothing."""
    if server.tls == "verify":
        # Not Python's default context: since Python 3.13 it rejects the older authorities of Amazon.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=server.ca_file)
        return {"ssl": context}
    if server.tls == "require":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return {"ssl": context}
    plugins = dict.fromkeys(("mysql_clear_password", "dialog", "sha256_password"), silent(pymysql))
    return {"ssl_disabled": server.tls == "off", "auth_plugin_map": plugins}


def silent(pymysql: Any) -> Callable[[Any], Any]:
    """Build an authentication plugin that never sends the password in clear text, as encryption is not certain here."""

    class Silent:
        def __init__(self, _connection: Any) -> None:
            pass

        def authenticate(self, _packet: Any) -> None:
            text = "the server asks for the password in clear text: set tls to verify or require"
            raise pymysql.err.OperationalError(CANNOT_CONNECT, text)

    return Silent


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


def mysql_value(connection: Any, status: str) -> str:
    """Read one status variable of the session."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE %s", (status,))
        found = cursor.fetchone()
    return str(found[1]) if found else ""


def connect_other(server: Server, _limits: SessionLimits) -> Line:
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


CONNECT: Mapping[Family, Callable[[Server, SessionLimits], Line]] = {
    "postgresql": connect_postgresql,
    "mysql": connect_mysql,
    "other": connect_other,
}
