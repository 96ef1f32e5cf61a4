# SPDX-License-Identifier: GPL-3.0-or-later
"""Real database servers for these tests, started in the same way as the lab's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg.sql import SQL, Identifier

from ansible_collections.lifeboat.rds.plugins.module_utils._sql.connections import SessionLimits
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.ladder import check_all, ready_from
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.request import read_subject
from lifeboat_lab.engines import Engines, Server
from lifeboat_lab.workspace import RunFolder
from tests.machine import missing

UNTOUCHED = "untouched"  # a healthy database that no test writes to
USER, PASSWORD = "master", "s3cr3t-p@ss/w'ord"

HEALTHY = """
CREATE TABLE orders (id int PRIMARY KEY);
INSERT INTO orders SELECT generate_series(1, 1000);
CREATE TABLE heartbeat (beat_at timestamptz);
INSERT INTO heartbeat VALUES (now() - interval '42 seconds');
CREATE TABLE canary (id int, value text);
INSERT INTO canary VALUES (1, 'tweet-tweet'), (2, 'again'), (2, 'again');
CREATE TABLE empty (id int, at timestamptz, value text);
GRANT SELECT ON ALL TABLES IN SCHEMA public TO master;
"""

MARIADB_HEALTHY = (
    "CREATE TABLE orders (id int PRIMARY KEY)",
    "INSERT INTO orders SELECT seq FROM seq_1_to_1000",
    "CREATE TABLE heartbeat (beat_at datetime)",
    "INSERT INTO heartbeat VALUES (now() - interval 42 second)",
    "CREATE TABLE canary (id int, value longtext)",
    "INSERT INTO canary VALUES (1, 'tweet-tweet'), (2, 'again'), (2, 'again')",
    "CREATE TABLE empty (id int, at datetime, value text)",
)


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    folder = RunFolder()  # if this run is killed, the next lab that starts removes the folder
    try:
        found = Engines(folder.folder)
        try:
            yield found
        finally:
            found.close()
    finally:
        folder.close()


def started(engines: Engines, engine: str) -> Server:
    one = engines.server(engine)
    assert one
    engines.create(one)
    one.start()
    one.create_master(USER, PASSWORD, "shop")
    return one


@pytest.fixture(scope="session")
def server(engines: Engines) -> Server:
    return started(engines, "postgres")


@pytest.fixture(scope="session")
def mariadb_server(engines: Engines) -> Server:
    if reason := engines.why_not("mariadb"):
        missing(reason)
    return started(engines, "mariadb")


@pytest.fixture(scope="session")
def ca(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create the certificate authority of the servers."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_text(engines.ca(), encoding="utf-8")
    return path


@pytest.fixture
def shop(server: Server) -> Server:
    """Provide the server with a healthy restored database.

    Emptying the database takes a tenth of the time of creating it.
    """
    with server.connect("shop") as connection:
        connection.execute("DROP EXTENSION IF EXISTS amcheck")
        schemas = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'")
        for (name,) in schemas.fetchall():
            connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(name)))
        connection.execute("CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO master")
        connection.execute(HEALTHY)
    return server


@pytest.fixture
def mariadb(mariadb_server: Server) -> Server:
    """Provide the same in MariaDB."""
    own = ("mysql", "sys", "performance_schema", "information_schema", UNTOUCHED)
    found = [name.replace("`", "``") for (name,) in mariadb_server.execute(["SHOW DATABASES"]) if name not in own]
    drops = [f"DROP DATABASE `{name}`" for name in found]
    mariadb_server.execute([*drops, "CREATE DATABASE shop", "USE shop", *MARIADB_HEALTHY])
    return mariadb_server


Row = dict[str, Any]
Ask = Callable[..., Row]


def asking(server: Server, engine: str, database: str = "shop") -> Ask:
    """Build a function that runs checks against the shop and returns its result."""

    def ask(
        *checks: Row,
        limits: SessionLimits | None = None,
        record: bool = False,
        sleep: Callable[[float], None] = lambda _seconds: None,
        **changes: Any,
    ) -> Row:
        place: Row = {
            "name": "shop",
            "engine": engine,
            "host": "127.0.0.1",
            "port": server.port,
            "database": database,
            "username": USER,
            "password": PASSWORD,
            "checks": list(checks),
        }
        subject = read_subject(place | changes, is_record=record)
        ticks = iter(range(1000))
        return check_all(
            ready_from([subject], "here"),
            limits or SessionLimits(3, 2),
            lambda: next(ticks),
            record=record,
            sleep=sleep,
        )[0]

    return ask


@pytest.fixture
def ask(shop: Server) -> Ask:
    return asking(shop, "postgres")


@pytest.fixture
def ask_mariadb(mariadb: Server) -> Ask:
    return asking(mariadb, "mariadb")


@dataclass(frozen=True)
class Shop:
    """The healthy database in one of the engines, its superuser, and a function that asks it."""

    server: Server
    ask: Ask
    is_mariadb: bool

    def sql(self, *statements: str) -> list[Any]:
        grant = () if self.is_mariadb else ("GRANT SELECT ON ALL TABLES IN SCHEMA public TO master",)
        rows = self.server.execute(statements, "shop")
        self.server.execute(grant, "shop")
        return rows


@pytest.fixture(params=["postgres", "mariadb"])
def either(request: pytest.FixtureRequest) -> Shop:
    """Provide the shop for tests that must pass with both engines."""
    is_mariadb = request.param == "mariadb"
    server = request.getfixturevalue("mariadb" if is_mariadb else "shop")
    return Shop(server, asking(server, request.param), is_mariadb)


@pytest.fixture(scope="session")
def untouched_postgres(server: Server) -> Server:
    server.execute([f"CREATE DATABASE {UNTOUCHED}"])
    server.execute([HEALTHY], UNTOUCHED)
    return server


@pytest.fixture(scope="session")
def untouched_mariadb(mariadb_server: Server) -> Server:
    mariadb_server.execute([f"CREATE DATABASE {UNTOUCHED}", f"USE {UNTOUCHED}", *MARIADB_HEALTHY])
    return mariadb_server


@pytest.fixture(params=["postgres", "mariadb"])
def healthy(request: pytest.FixtureRequest) -> Shop:
    """Provide the same for tests that only read. It is created once."""
    server = request.getfixturevalue(f"untouched_{request.param}")
    return Shop(server, asking(server, request.param, UNTOUCHED), request.param == "mariadb")
