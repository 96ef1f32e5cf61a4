# SPDX-License-Identifier: GPL-3.0-or-later
"""The database engines that can be checked, and the Python libraries that each needs.

SQLAlchemy and the drivers are imported only where they are used, so that a site without checks does not need them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from .._core.errors import LifeboatError
from .._core.words import printable

Family = Literal["postgresql", "mysql", "other"]
SQLALCHEMY = "SQLAlchemy>=2"
DIALECT = re.compile(r"[a-z0-9_]+\+[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Engine:
    """The engines that share one driver."""

    family: Family
    dialect: str  # the SQLAlchemy dialect, with the driver

    module: str = ""  # the Python module of the driver
    package: str = ""  # the package that contains it


POSTGRESQL = Engine("postgresql", "postgresql+psycopg", "psycopg", "psycopg[binary]>=3")
# Since 1.2, the client refuses an unencrypted connection when TLS is required and the server offers none.
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
    """Find the engine by its name, or by the driver that the user chose.

    :param what: how the error message begins.
    :raises LifeboatError: when it cannot be checked.
    """
    if driver:
        return engine_behind(what, driver)
    if name not in ENGINES:
        why = f"'{printable(name)}' is not an engine that can be asked without a driver"
        raise LifeboatError(what, why=why, remedy=f"Set its driver, or remove it; known engines: {', '.join(ENGINES)}")
    return ENGINES[name]


def engine_behind(what: str, driver: str) -> Engine:
    """Find the engine of a SQLAlchemy dialect. An unknown dialect becomes an engine of the family "other"."""
    if not DIALECT.fullmatch(driver):
        why = f"'{printable(driver)}' is not a dialect with a driver"
        raise LifeboatError(what, why=why, remedy="Set driver as SQLAlchemy writes it, for example oracle+oracledb")
    return BY_DIALECT.get(driver) or Engine("other", driver)


def dbapi_of(engine: Engine) -> Any:
    """Import the module of the engine's driver."""
    from sqlalchemy.engine import URL

    return URL.create(engine.dialect).get_dialect().import_dbapi()


def require_libraries(engine: Engine, host: str) -> None:
    """Import the libraries of an engine. This must happen before threads start.

    :param host: the host that runs the checks, for the message.
    :raises LifeboatError: when a library is missing or too old.
    """
    require("sqlalchemy", SQLALCHEMY, host)
    if engine.module:
        require(engine.module, engine.package, host)
    else:
        require_driver(engine, host)


def why_unready(name: str, driver: str | None, host: str) -> str | None:
    """Explain why databases of an engine cannot be looked at from a host, or return None if they can."""
    try:
        require_libraries(engine_named(f"Cannot check databases from {host}", name, driver), host)
    except LifeboatError as error:
        return str(error)
    return None


def require(module: str, package: str, host: str) -> None:
    """Import a module, and check its version.

    :raises LifeboatError: when it is missing or too old.
    """
    try:
        found = import_module(module)
    except ImportError as error:
        raise missing(package, host, f"cannot be imported ({printable(error)})") from error
    wanted = tuple(int(part) for part in package.partition(">=")[2].split("."))
    if version_of(found) < wanted:
        raise missing(package, host, f"is {printable(version_text(found))}")


def version_of(module: Any) -> tuple[int, ...]:
    """Read the major and minor version of a module. PyMySQL's ``__version__`` is that of another library."""
    return tuple(int(part) for part in re.findall(r"\d+", version_text(module))[:2])


def version_text(module: Any) -> str:
    return str(getattr(module, "VERSION_STRING", module.__version__))


def require_driver(engine: Engine, host: str) -> None:
    """Import the driver of a dialect that the user chose. Only SQLAlchemy knows which module that is.

    :raises LifeboatError: when it cannot be imported.
    """
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
    """Build the error for a missing package."""
    return LifeboatError(
        f"Cannot check databases from {host}",
        why=f"the Python package {package.partition('>=')[0]} {why} by {sys.executable}",
        remedy=f"Run there: {sys.executable} -m pip install '{package}'",
    )
