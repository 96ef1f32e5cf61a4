# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines that can be asked, and the libraries that each needs.

SQLAlchemy and the drivers are imported where they are used: a site that checks nothing needs none of them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from .._core.checking.checks import printable
from .._core.errors import LifeboatError

Family = Literal["postgresql", "mysql", "other"]
SQLALCHEMY = "SQLAlchemy>=2"
DIALECT = re.compile(r"[a-z0-9_]+\+[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Engine:
    """A family of engines behind one driver."""

    family: Family
    dialect: str  # of SQLAlchemy, with the driver
    module: str = ""  # that connects
    package: str = ""  # that brings the module


POSTGRESQL = Engine("postgresql", "postgresql+psycopg", "psycopg", "psycopg[binary]>=3")
# Since 1.2 a connection that must be encrypted is refused by the client when the server offers no TLS.
MYSQL = Engine("mysql", "mysql+pymysql", "pymysql", "PyMySQL>=1.2")
ENGINES: Mapping[str, Engine] = {
    "postgres": POSTGRESQL,
    "aurora-postgresql": POSTGRESQL,
    "mariadb": MYSQL,
    "mysql": MYSQL,
    "aurora-mysql": MYSQL,
}
BY_DIALECT = {engine.dialect: engine for engine in ENGINES.values()}


def engine_named(what: str, name: str, driver: str | None = None) -> Engine:
    """The engine of that name, or the one behind a driver that the user names.

    :raises LifeboatError: when it cannot be asked.
    """
    if driver:
        return engine_behind(what, driver)
    if name not in ENGINES:
        why = f"'{printable(name)}' is not an engine that can be asked without a driver"
        raise LifeboatError(what, why=why, remedy=f"Name its driver, or leave it out; known are: {', '.join(ENGINES)}")
    return ENGINES[name]


def engine_behind(what: str, driver: str) -> Engine:
    if not DIALECT.fullmatch(driver):
        why = f"'{printable(driver)}' is no dialect with a driver"
        raise LifeboatError(what, why=why, remedy="Write it as SQLAlchemy does, like oracle+oracledb")
    return BY_DIALECT.get(driver) or Engine("other", driver)


def dbapi_of(engine: Engine) -> Any:
    """The driver's module."""
    from sqlalchemy.engine import URL

    return URL.create(engine.dialect).get_dialect().import_dbapi()


def require_libraries(engine: Engine, host: str) -> None:
    """Import what the engine needs, before any thread does.

    :raises LifeboatError: naming what is missing, and where.
    """
    require("sqlalchemy", SQLALCHEMY, host)
    if engine.module:
        require(engine.module, engine.package, host)
    else:
        require_driver(engine, host)


def require(module: str, package: str, host: str) -> None:
    """Import a module in a version that is new enough."""
    try:
        found = import_module(module)
    except ImportError as error:
        raise missing(package, host, f"cannot be imported ({printable(error)})") from error
    wanted = tuple(int(part) for part in package.partition(">=")[2].split("."))
    if version_of(found) < wanted:
        raise missing(package, host, f"is {printable(found.__version__)}")


def version_of(module: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", module.__version__)[:2])


def require_driver(engine: Engine, host: str) -> None:
    """Import what SQLAlchemy wants for a dialect that the user names; only SQLAlchemy knows what that is."""
    from sqlalchemy.exc import NoSuchModuleError

    try:
        dbapi_of(engine)
    except (ImportError, NoSuchModuleError) as error:
        raise LifeboatError(
            f"Cannot check databases from {host}",
            why=f"the driver {engine.dialect} cannot be used by {sys.executable} ({printable(error)})",
            remedy="Install there what SQLAlchemy's documentation names for it, or correct driver",
        ) from error


def missing(package: str, host: str, why: str) -> LifeboatError:
    return LifeboatError(
        f"Cannot check databases from {host}",
        why=f"the Python package {package.partition('>=')[0]} {why} by {sys.executable}",
        remedy=f"Run there: {sys.executable} -m pip install '{package}'",
    )
