# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The engines that can be asked, and how to get a read-only connection to one.

SQLAlchemy and the drivers are imported where they are used: a site that checks nothing needs none of them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from .._core.checks import printable
from .._core.errors import LifeboatError


@dataclass(frozen=True, slots=True)
class Engine:
    """A family of engines behind one driver."""

    dialect: str  # of SQLAlchemy
    driver: str  # the module that connects
    package: str  # that brings the driver


POSTGRESQL = Engine("postgresql+psycopg", "psycopg", "psycopg[binary]>=3")
ENGINES: Mapping[str, Engine] = {"postgres": POSTGRESQL, "aurora-postgresql": POSTGRESQL}


@dataclass(frozen=True, slots=True)
class Server:
    """Where a database answers, and as whom to ask."""

    engine: Engine
    host: str
    port: int
    database: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds a check, in seconds, and how many databases are asked at once."""

    connect_timeout: int = 10
    statement_timeout: int = 30
    parallel: int = 8


def engine_named(what: str, name: str) -> Engine:
    """The engine of that name.

    :raises LifeboatError: when it cannot be asked.
    """
    if name not in ENGINES:
        why = f"'{printable(name)}' is not an engine that can be asked"
        raise LifeboatError(what, why=why, remedy=f"Leave it out; supported are: {', '.join(ENGINES)}")
    return ENGINES[name]


def require_libraries(engine: Engine, host: str) -> None:
    """Import what the engine needs, before any thread does.

    :raises LifeboatError: naming what is missing, and where.
    """
    for module, package in (("sqlalchemy", "SQLAlchemy>=2"), (engine.driver, engine.package)):
        try:
            found = import_module(module)
        except ImportError as error:
            raise missing(package, host, f"cannot be imported ({printable(error)})") from error
        if module == "sqlalchemy" and int(found.__version__.split(".")[0]) < 2:
            raise missing(package, host, f"is {found.__version__}")


def missing(package: str, host: str, why: str) -> LifeboatError:
    name = package.partition(">=")[0]
    return LifeboatError(
        f"Cannot check databases from {host}",
        why=f"the Python package {name} {why} by {sys.executable}",
        remedy=f"Run there: {sys.executable} -m pip install '{package}'",
    )


def connect(server: Server, limits: Limits) -> Any:
    """A driver's connection on which nothing can be written and nothing takes for ever."""
    psycopg = import_module(server.engine.driver)
    settings = {
        "default_transaction_read_only": "on",
        "statement_timeout": f"{limits.statement_timeout}s",
        "TimeZone": "UTC",
    }
    return psycopg.connect(
        host=server.host,
        port=server.port,
        dbname=server.database,
        user=server.username,
        password=server.password,
        connect_timeout=limits.connect_timeout,
        options=" ".join(f"-c {name}={value}" for name, value in settings.items()),
        application_name="lifeboat",
        client_encoding="utf8",
    )
