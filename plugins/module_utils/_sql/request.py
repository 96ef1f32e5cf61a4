# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What the user asks for, read and refused as a whole before the first connection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .._core.checks import LADDER, Check, Rung, Table, printable, read_time
from .._core.errors import LifeboatError
from .engines import Limits, Server, engine_named

MAX_IDENTIFIER = 63  # bytes; PostgreSQL cuts longer names silently, and would look at another table
CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
PARAMETERS = tuple(sorted({name for rung in LADDER.values() for name in (*rung.required, *rung.optional)}))


@dataclass(frozen=True, slots=True)
class Subject:
    """A database to check, and its ladder."""

    name: str
    server: Server
    checks: tuple[Check, ...]


def read_request(params: Mapping[str, Any]) -> tuple[list[Subject], Limits]:
    """All databases with all of their checks, and what bounds them.

    :raises LifeboatError: when any part of it cannot be run as it stands.
    """
    for name in ("statement_timeout", "connect_timeout", "parallel"):
        if params[name] < 1:
            raise LifeboatError(f"Cannot check with {name} {params[name]}", why="it is below 1", remedy="Raise it")
    limits = Limits(params["connect_timeout"], params["statement_timeout"], params["parallel"])
    return [read_subject(row) for row in params["databases"]], limits


def read_subject(row: Mapping[str, Any]) -> Subject:
    name = printable(row["name"])
    what = f"Cannot check {name}"
    if not 0 < row["port"] < 65536:
        raise LifeboatError(what, why=f"{row['port']} is no port", remedy="Correct port")
    for key in ("host", "database", "username"):
        if not row[key] or CONTROL.search(row[key]):
            raise LifeboatError(what, why=f"'{printable(row[key])}' is no {key}", remedy=f"Correct {key}")
    server = Server(
        engine=engine_named(what, row["engine"]),
        **{key: row[key] for key in ("host", "port", "database", "username", "password")},
    )
    return Subject(name, server, read_checks(name, row["checks"]))


def read_checks(database: str, rows: Iterable[Mapping[str, Any]]) -> tuple[Check, ...]:
    """The checks of a database from the connection upwards; within a rung in the order given.

    :raises LifeboatError: when one of them cannot be run as it stands.
    """
    checks = [read_check(f"Cannot run check {number} of {database}", row) for number, row in enumerate(rows, 1)]
    rest = [check for check in checks if check.kind != "connection"]
    return (Check("connection"), *sorted(rest, key=lambda check: list(LADDER).index(check.kind)))


def read_check(what: str, row: Mapping[str, Any]) -> Check:
    kind = printable(row["check"])
    if kind not in LADDER:
        raise LifeboatError(what, why=f"'{kind}' is no kind of check", remedy=f"Use one of: {', '.join(LADDER)}")
    what = f"{what} ({kind})"
    given = {name: row[name] for name in PARAMETERS if row.get(name) is not None}
    require_parameters(what, LADDER[kind], given)
    names = given["tables"] if kind == "tables" else [given["table"]] if "table" in given else []
    return Check(
        kind,
        tables=tuple(read_table(what, name) for name in names),
        column=read_identifier(what, given["column"]) if "column" in given else "",
        where=read_where(what, given.get("where", {})),
        secret=given.get("expected"),
        **read_limits(what, given),
    )


def require_parameters(what: str, rung: Rung, given: Mapping[str, Any]) -> None:
    for name in rung.required:
        # A number may be 0, a canary may be empty: but nothing can be read from no table, or from any row.
        if name not in given or (name in ("tables", "where") and not given[name]):
            raise LifeboatError(what, why=f"it has no {name}", remedy=f"Give it {', '.join(rung.required)}")
    for name in given:
        if name not in (*rung.required, *rung.optional):
            raise LifeboatError(what, why=f"{name} means nothing to it", remedy=f"Remove {name}")


def read_table(what: str, name: str) -> Table:
    parts = [read_identifier(what, part) for part in str(name).split(".")]
    if len(parts) > 2:
        raise LifeboatError(what, why=f"'{printable(name)}' is no table", remedy="Name it as TABLE or SCHEMA.TABLE")
    return Table(parts[-1], parts[0] if len(parts) == 2 else None)


def read_identifier(what: str, name: object) -> str:
    """A name as it stands: quoting, which is not done here, makes it harmless.

    :raises LifeboatError: when nothing in a database can have that name.
    """
    text = str(name)
    if not text or CONTROL.search(text) or len(text.encode()) > MAX_IDENTIFIER:
        raise LifeboatError(
            what,
            why=f"'{printable(text)}' is no name that a table or column can have",
            remedy=f"Use 1 to {MAX_IDENTIFIER} bytes without control characters, written as the database has it",
        )
    return text


def read_where(what: str, where: Mapping[str, Any]) -> dict[str, str | None]:
    """The columns that pick the canary's row. The database reads the values as what the columns hold."""
    for name, value in where.items():
        if isinstance(value, (dict, list)) or "\0" in str(value):
            raise LifeboatError(what, why=f"where.{printable(name)} is no plain value", remedy="Use text or a number")
    return {read_identifier(what, name): None if value is None else str(value) for name, value in where.items()}


def read_limits(what: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers and times of a check that only make sense together."""
    minimum, maximum, max_age = given.get("minimum", 0), given.get("maximum"), given.get("max_age")
    if minimum < 0 or (maximum is not None and maximum < minimum):
        wanted = Check("rows", minimum=minimum, maximum=maximum).wanted
        raise LifeboatError(what, why=f"no table has {wanted} rows", remedy="Correct minimum and maximum")
    if "minimum" in given and minimum == 0 and maximum is None:
        raise LifeboatError(what, why="it would pass on an empty table", remedy="Set minimum above 0, or a maximum")
    if max_age is not None and not 0 < max_age < timedelta.max.total_seconds():
        raise LifeboatError(what, why=f"max_age is {max_age}", remedy="Set it to a number of seconds above 0")
    at = read_time(what, given["at"]) if "at" in given else None
    return {"minimum": minimum, "maximum": maximum, "max_age": timedelta(seconds=max_age or 0), "at": at}
