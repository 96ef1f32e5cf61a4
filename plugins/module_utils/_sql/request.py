# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the user's request for checks before the first connection. A database with an invalid row is not asked."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

from .._core.checking.checks import LADDER, Check, Rung, Table
from .._core.errors import LifeboatError
from .._core.words import printable, read_time
from .authentication import Tls
from .connections import Server, SessionLimits
from .engines import Engine, engine_named

MAX_IDENTIFIER = 63  # bytes; PostgreSQL cuts longer names silently, and would look at another table
CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
MAX_ROWS = 1000  # that a query may be expected to return
ONE_QUERY = re.compile(r"\s*(\(\s*)*(select|with|values|table)\b", re.IGNORECASE)
# Checks that only the engines with a known driver offer.
OWN = ("checksum", "integrity")


def parameters_of(rung: Rung) -> tuple[str, ...]:
    """List all parameters of a kind of check."""
    return (*rung.required, *rung.expectations, *rung.optional)


PARAMETERS = tuple(sorted({name for rung in LADDER.values() for name in parameters_of(rung)}))


@dataclass(frozen=True, slots=True)
class Subject:
    """A database to check, and its checks."""

    name: str
    server: Server
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A database that is not asked anything, and why."""

    name: str
    address: str
    why: LifeboatError


def read_request(params: Mapping[str, Any]) -> tuple[list[Subject | Refused], SessionLimits]:
    """Read all databases with their checks, and the limits.

    :raises LifeboatError: when a limit is not valid.
    """
    for name in ("statement_timeout", "connect_timeout", "parallel"):
        if params[name] < 1:
            raise LifeboatError(
                f"Cannot check with {name} {params[name]}", why="it is below 1", remedy=f"Set {name} to 1 or more"
            )
    retry = params.get("connect_retry") or 0
    if retry < 0:
        raise LifeboatError(
            f"Cannot check with connect_retry {retry}", why="it is below 0", remedy="Set it to 0 or more"
        )
    limits = SessionLimits(params["connect_timeout"], params["statement_timeout"], params["parallel"], retry)
    return [read_row(row, is_record=bool(params.get("record"))) for row in params["databases"]], limits


def read_row(row: Mapping[str, Any], *, is_record: bool) -> Subject | Refused:
    """Read one database with its checks, or find out what about it is not valid."""
    try:
        return read_subject(row, is_record=is_record)
    except LifeboatError as error:
        return Refused(printable(row["name"]), printable(f"{row['host']}:{row['port']}"), error)


def read_subject(row: Mapping[str, Any], *, is_record: bool = False) -> Subject:
    """Read one database with its checks.

    :raises LifeboatError: when something about it is not valid.
    """
    name = printable(row["name"])
    what = f"Cannot check {name}"
    if not 0 < row["port"] < 65536:
        raise LifeboatError(what, why=f"{row['port']} is not a port", remedy="Set port to a number from 1 to 65535")
    for key in ("host", "database", "username"):
        if not row[key] or CONTROL.search(row[key]):
            raise LifeboatError(what, why=f"'{printable(row[key])}' is not a valid {key}", remedy=f"Correct {key}")
    engine = engine_named(what, row["engine"], row.get("driver"))
    checks = read_checks(name, row["checks"], is_record=is_record)
    for check in checks if engine.family == "other" else ():
        if check.kind in OWN:
            why = f"the check {check.kind} is not available with the driver {engine.dialect}"
            raise LifeboatError(what, why=why, remedy="Remove that check, or use query instead")
    server = Server(
        engine=engine,
        **{key: row[key] for key in ("host", "port", "database", "username", "password")},
        **read_tls(what, engine, row),
    )
    return Subject(name, server, checks)


def read_tls(what: str, engine: Engine, row: Mapping[str, Any]) -> dict[str, Any]:
    """Read how to secure the connection.

    A token is a password that is sent as it is, so only a server that has proved its name gets it.
    """
    tls, ca_file, name = row.get("tls"), row.get("ca_file"), row.get("tls_name")
    if engine.family == "other":
        if tls or ca_file or name or is_token(row):
            why = f"TLS and tokens cannot be set for the driver {engine.dialect}"
            raise LifeboatError(what, why=why, remedy="Remove tls, tls_name, ca_file and credentials_kind")
        return {}
    default: Tls = "verify" if ca_file or is_token(row) else "require"
    found: Tls = tls or default
    if is_token(row) and found != "verify":
        why = f"a token is sent as it is, and tls is {tls}, so that the server need not prove its name"
        raise LifeboatError(what, why=why, remedy="Set ca_file to the authority's certificates, and remove tls")
    if found == "verify" and not ca_file:
        why = "a token is sent as it is" if is_token(row) else "tls is verify"
        raise LifeboatError(
            what, why=f"{why}, and it has no ca_file", remedy="Set ca_file to the authority's certificates"
        )
    if name and (CONTROL.search(name) or not name.strip()):
        raise LifeboatError(what, why=f"'{printable(name)}' is not a valid tls_name", remedy="Correct tls_name")
    return {"tls": found, "ca_file": ca_file or None, "tls_name": name or None}


def is_token(row: Mapping[str, Any]) -> bool:
    """Tell whether the password is an IAM token."""
    return row.get("credentials_kind") == "iam"


def read_checks(database: str, rows: Iterable[Mapping[str, Any]], *, is_record: bool = False) -> tuple[Check, ...]:
    """Read the checks of a database, sorted from the connection upwards. The order within a kind stays.

    :param is_record: whether the run records what it finds, so that a check may expect nothing.
    :raises LifeboatError: when one of them is not valid.
    """
    checks = [
        read_check(f"Cannot run check {number} of {database}", row, is_record=is_record)
        for number, row in enumerate(rows, 1)
    ]
    rest = [check for check in checks if check.kind != "connection"]
    return (Check("connection"), *sorted(rest, key=lambda check: list(LADDER).index(check.kind)))


def read_check(what: str, row: Mapping[str, Any], *, is_record: bool = False) -> Check:
    """Read one check.

    :raises LifeboatError: when it is not valid.
    """
    kind = printable(row["check"])
    if kind not in LADDER:
        raise LifeboatError(what, why=f"'{kind}' is not a kind of check", remedy=f"Use one of: {', '.join(LADDER)}")
    what = f"{what} ({kind})"
    given = {name: row[name] for name in PARAMETERS if row.get(name) is not None}
    is_open = expects_nothing(LADDER[kind], given)
    require_parameters(what, LADDER[kind], given)
    if is_open and not is_record:
        wanted = " or ".join(LADDER[kind].expectations)
        raise LifeboatError(what, why=f"it has no {wanted}", remedy=f"Set {wanted}, or set record to find out")
    names = given["tables"] if "tables" in given else [given["table"]] if "table" in given else []
    return Check(
        kind,
        tables=tuple(read_table(what, name) for name in names),
        column=read_identifier(what, given["column"]) if "column" in given else "",
        where=read_where(what, given.get("where", {})),
        columns=read_parts(what, "columns", given.get("columns", {})),
        indexes=read_parts(what, "indexes", given.get("indexes", {})),
        query=read_query(what, given["query"]) if "query" in given else "",
        is_optional=bool(given.get("optional")),
        is_open=is_open,
        reads_views=given.get("relation") == "view",
        **read_expected(what, kind, given),
        **read_limits(what, kind, given),
    )


def expects_nothing(rung: Rung, given: Mapping[str, Any]) -> bool:
    """Tell whether a check could have an expectation and has none."""
    return bool(rung.expectations) and not any(given.get(name) not in (None, [], {}) for name in rung.expectations)


def require_parameters(what: str, rung: Rung, given: Mapping[str, Any]) -> None:
    """Check that all required parameters are given, and no unknown ones."""
    for name in rung.required:
        # 0 and an empty text are valid values. But an empty list of tables, an empty where or an empty query is not.
        if name not in given or (name in ("tables", "where", "query") and not given[name]):
            raise LifeboatError(what, why=f"it has no {name}", remedy=f"Set {', '.join(rung.required)}")
    for name in given:
        if name not in parameters_of(rung):
            raise LifeboatError(what, why=f"{name} is not a parameter of this check", remedy=f"Remove {name}")


def read_expected(what: str, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Read what a canary, a query or a checksum must be."""
    if "expected" not in given or kind == "rows":
        return {}
    if kind == "checksum":
        return {"digest": read_digest(what, given["expected"])}
    return {"secret": read_rows(what, given["expected"]) if kind == "query" else given["expected"]}


def read_digest(what: str, text: object) -> str:
    """Read an expected checksum."""
    if not re.fullmatch(r"[0-9]+:[0-9a-f]{16}", str(text)):
        why = "expected is not a checksum"
        raise LifeboatError(what, why=why, remedy="Use a recorded one: the rows, a colon, 16 hexadecimal digits")
    return str(text)


def read_rows(what: str, rows: object) -> list[list[Any]]:
    """Read the rows that a query must return. A row with one column may be written without brackets."""
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        why = f"expected is not a list of at most {MAX_ROWS} rows"
        raise LifeboatError(what, why=why, remedy="Write each row as a list of values")
    return [row if isinstance(row, list) else [row] for row in rows]


def read_query(what: str, text: str) -> str:
    """Read a query: one statement that reads.

    The driver refuses a second statement, and the transaction refuses whatever writes.

    :raises LifeboatError: when it is obviously something else.
    """
    query = text.strip().rstrip(";").rstrip()
    if not ONE_QUERY.match(query) or "\0" in query:
        raise LifeboatError(
            what, why="its query does not begin with SELECT, WITH, VALUES or TABLE", remedy="Change query"
        )
    return query


def read_parts(what: str, name: str, parts: object) -> dict[str, str]:
    """Read columns or indexes: a list of names, or names with their descriptions, as a recorded check has them."""
    if isinstance(parts, list):
        parts = dict.fromkeys((str(part) for part in parts), "")
    if not isinstance(parts, dict):
        raise LifeboatError(what, why=f"{name} is neither a list nor a dictionary", remedy="Write names, or NAME: TYPE")
    if any(isinstance(text, (dict, list)) for text in parts.values()):
        raise LifeboatError(what, why=f"{name} contains more than names and texts", remedy="Write each as NAME: TYPE")
    return {read_identifier(what, one): str(text or "") for one, text in parts.items()}


def read_table(what: str, name: str) -> Table:
    """Read the name of a table, with or without a schema."""
    parts = [read_identifier(what, part) for part in str(name).split(".")]
    if len(parts) > 2:
        raise LifeboatError(what, why=f"'{printable(name)}' is not a table", remedy="Write it as TABLE or SCHEMA.TABLE")
    return Table(parts[-1], parts[0] if len(parts) == 2 else None)


def read_identifier(what: str, name: object) -> str:
    """Read a name as it is. Statements quote it later, so its characters are harmless.

    :raises LifeboatError: when no table or column can have this name.
    """
    text = str(name)
    if not text or CONTROL.search(text) or len(text.encode()) > MAX_IDENTIFIER:
        raise LifeboatError(
            what,
            why=f"'{printable(text)}' is not a possible name of a table or column",
            remedy=f"Use 1 to {MAX_IDENTIFIER} bytes without control characters, written as the database has it",
        )
    return text


def read_where(what: str, where: Mapping[str, Any]) -> dict[str, str | None]:
    """Read the columns and values that select the row of a canary.

    The database converts the values to the columns' types.
    """
    for name, value in where.items():
        if isinstance(value, (dict, list)) or "\0" in str(value):
            raise LifeboatError(
                what, why=f"where.{printable(name)} is not a plain value", remedy="Use text or a number"
            )
    return {read_identifier(what, name): None if value is None else str(value) for name, value in where.items()}


def read_limits(what: str, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Read the numbers and times of a check."""
    max_age = given.get("max_age")
    if max_age is not None and not 0 < max_age < timedelta.max.total_seconds():
        raise LifeboatError(what, why=f"max_age is {max_age}", remedy="Set it to a number of seconds above 0")
    at = read_time(what, given["at"]) if "at" in given else None
    minimum, maximum = read_bounds(what, given) if kind == "rows" else (0, None)
    return {"minimum": minimum, "maximum": maximum, "max_age": timedelta(seconds=max_age or 0), "at": at}


def read_bounds(what: str, given: Mapping[str, Any]) -> tuple[int, int | None]:
    """Read the minimum and maximum number of rows."""
    minimum, maximum = given.get("minimum", 0), given.get("maximum")
    if "expected" in given:
        if "minimum" in given or "maximum" in given:
            raise LifeboatError(what, why="expected already sets both bounds", remedy="Remove minimum and maximum")
        return read_around(what, given["expected"], given.get("tolerance", 0))
    if "tolerance" in given:
        raise LifeboatError(what, why="it has a tolerance without expected", remedy="Set expected, or remove tolerance")
    if minimum < 0 or (maximum is not None and maximum < minimum):
        wanted = Check("rows", minimum=minimum, maximum=maximum).wanted
        raise LifeboatError(what, why=f"no table has {wanted} rows", remedy="Correct minimum and maximum")
    if "minimum" in given and minimum == 0 and maximum is None:
        raise LifeboatError(what, why="it would pass on an empty table", remedy="Set minimum above 0, or a maximum")
    return minimum, maximum


def read_around(what: str, expected: object, tolerance: float) -> tuple[int, int]:
    """Compute the minimum and maximum from an expected number of rows.

    :param tolerance: in percent, in both directions.
    """
    if not re.fullmatch(r"[0-9]{1,18}", str(expected)):
        raise LifeboatError(what, why="expected is not a number of rows", remedy="Write it as a whole number")
    if not 0 <= tolerance < 100:
        why = f"a tolerance of {tolerance:g} % is not from 0 to below 100"
        raise LifeboatError(what, why=why, remedy="Correct tolerance: with 100 an empty table would pass")
    count = int(str(expected))
    slack = math.floor(count * Fraction(str(tolerance)) / 100)
    return count - slack, count + slack
