# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real PostgreSQL server for the tests of this room, started the way the lab starts its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from psycopg.sql import SQL, Identifier

from ansible_collections.lifeboat.rds.plugins.module_utils._sql.engines import ENGINES, Limits
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.engines import Server as Address
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.ladder import check_all
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.request import Subject, read_checks
from lab.engines import Engines, Server
from lab.workspace import Run

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


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    folder = Run()  # if this run is killed, the next lab to start removes it
    try:
        engines = Engines(folder.folder)
        try:
            one = engines.server("postgres")
            assert one
            engines.create(one)
            one.start()
            one.create_master(USER, PASSWORD, "shop")
            yield one
        finally:
            engines.close()
    finally:
        folder.close()


@pytest.fixture
def shop(server: Server) -> Server:
    """The server, with its database as a healthy one is restored. Emptying it takes a tenth of making it anew."""
    with server.connect("shop") as connection:
        schemas = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'")
        for (name,) in schemas.fetchall():
            connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(name)))
        connection.execute("CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO master")
        connection.execute(HEALTHY)
    return server


Row = dict[str, Any]
Ask = Callable[..., Row]


@pytest.fixture
def ask(shop: Server) -> Ask:
    """Run some checks against the shop for real and return its result."""

    def ask(*checks: Row, limits: Limits | None = None, **changes: Any) -> Row:
        place: Row = {
            "host": "127.0.0.1",
            "port": shop.port,
            "database": "shop",
            "username": USER,
            "password": PASSWORD,
        }
        address = Address(ENGINES["postgres"], **place | changes)
        subject = Subject("shop", address, read_checks("shop", checks))
        ticks = iter(range(1000))
        return check_all([subject], limits or Limits(3, 2), lambda: next(ticks), "here")[0]

    return ask
