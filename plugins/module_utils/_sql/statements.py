# SPDX-License-Identifier: GPL-3.0-or-later
"""The queries of the checks. Each runs in a read-only transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .._core.checking.answers import judge_canary, judge_freshness, judge_query, judge_rows, judge_tables
from .._core.checking.checks import Check, Outcome
from .._core.checking.relations import why_not_read
from .._core.words import printable
from . import mysql, postgresql
from .checksum import ask_checksum
from .integrity import ask_integrity
from .names import column_of, table_of, value_of
from .postgresql import is_postgresql, located
from .problems import code_of
from .relations import KNOWN
from .structure import ask_structure

if TYPE_CHECKING:
    from sqlalchemy import Connection

# The codes of PostgreSQL for a table, a schema, a function and a type that it does not know.
NOT_KNOWN = ("42P01", "3F000", "42883", "42704")


def ask_connection(connection: Connection, check: Check) -> Outcome:
    """Report the engine and version of the server, and what it runs by itself: that is not undone."""
    version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    name = "mariadb" if getattr(connection.dialect, "is_mariadb", False) else connection.dialect.name
    if connection.dialect.name not in KNOWN:
        return Outcome(check, "passed", f"{name} {version}")
    runs = (postgresql if is_postgresql(connection) else mysql).unbidden(connection)
    more = f" (runs by itself: {printable(', '.join(runs), 200)})" if runs else ""
    return Outcome(check, "passed", f"{name} {version}{more}")


def ask_tables(connection: Connection, check: Check) -> Outcome:
    """Find out which of the tables exist."""
    import sqlalchemy

    catalog = sqlalchemy.inspect(connection)
    places = {table: located(table) if is_postgresql(connection) else table for table in check.tables}
    present = [table for table, place in places.items() if catalog.has_table(place.name, schema=place.schema)]
    return judge_tables(check, present)


def ask_rows(connection: Connection, check: Check) -> Outcome:
    """Count the rows of a table."""
    import sqlalchemy

    if is_postgresql(connection):
        return judge_rows(check, connection.execute(postgresql.count_of(connection, check.table)).scalar_one())
    query = sqlalchemy.select(sqlalchemy.func.count()).select_from(table_of(check.table))
    return judge_rows(check, connection.execute(query).scalar_one())


def ask_freshness(connection: Connection, check: Check) -> Outcome:
    """Read the newest time in a column, and the server's clock."""
    import sqlalchemy

    if connection.dialect.name not in KNOWN:
        newest = sqlalchemy.func.max(column_of(check.column))
        query = sqlalchemy.select(newest, sqlalchemy.func.now()).select_from(table_of(check.table))
        return judge_freshness(check, *connection.execute(query).one())
    known = postgresql.newest_of(connection, check) if is_postgresql(connection) else mysql.newest_of(check)
    found, now, size = connection.execute(known).one()
    if size is not None and found is None:
        return Outcome(check, "unverified", reason=f"the column holds no times but values of {size} bytes")
    return judge_freshness(check, found, now)


def ask_canary(connection: Connection, check: Check) -> Outcome:
    """Read the row of a canary. Two rows are enough to see that more than one matches."""
    import sqlalchemy

    if connection.dialect.name not in KNOWN:
        conditions = [column_of(name) == value_of(value) for name, value in check.where.items()]
        query = sqlalchemy.select(column_of(check.column)).select_from(table_of(check.table)).where(*conditions)
        return judge_canary(check, connection.execute(query.limit(2)).scalars().all())
    known = postgresql.row_of(connection, check) if is_postgresql(connection) else mysql.row_of(check)
    rows = connection.execute(known).all()
    if len(rows) == 1 and rows[0][0] is None and rows[0][1] is not None:
        return Outcome(
            check, "failed", "another value", f"the row holds a value of {rows[0][1]} bytes, which is not read"
        )
    return judge_canary(check, [value for value, _size in rows])


def ask_query(connection: Connection, check: Check) -> Outcome:
    """Run the user's own query, and read only as many rows as are needed to compare them.

    It uses a server-side cursor, with which PostgreSQL accepts only a single statement that reads. PyMySQL always
    accepts only a single statement.
    """
    if is_postgresql(connection):
        return ask_postgresql(connection, check)
    if connection.dialect.name in KNOWN:
        if wrong := why_not_read(check, mysql.mentioned(connection, check.query)):
            return wrong
        # Otherwise the driver reads all remaining rows before it closes the cursor. Each query sets its own limit.
        connection.exec_driver_sql(f"SET SESSION sql_select_limit = {len(check.secret) + 1}")
    return read_query(connection, check)


def ask_postgresql(connection: Connection, check: Check) -> Outcome:
    """Run a query in PostgreSQL, and judge what it read by the locks that it left.

    A query that names the schema of its tables needs no other schema. For others the schema public is searched too,
    unless it has names that the query could mistake for the server's.
    """
    from sqlalchemy.exc import ProgrammingError

    try:
        with connection.begin_nested():
            outcome = read_query(connection, check)
    except ProgrammingError as error:
        if code_of(error) not in NOT_KNOWN:
            raise
        connection.exec_driver_sql(postgresql.ONLY_OURS)
        if shadow := postgresql.shadow_of(connection, check.query):
            why = f"the schema public has a {shadow} of its own that could be meant: write public. before the tables"
            return Outcome(check, "unverified", reason=printable(why))
        connection.exec_driver_sql(postgresql.WITH_PUBLIC)
        outcome = read_query(connection, check)
    return why_not_read(check, postgresql.what_was_read(connection)) or outcome


def read_query(connection: Connection, check: Check) -> Outcome:
    """Run a query, and judge its rows."""
    most = len(check.secret) + 1
    options = {"stream_results": True, "max_row_buffer": most, "no_parameters": True}
    with connection.exec_driver_sql(check.query, execution_options=options) as result:
        return judge_query(check, result.fetchmany(most))


ASK: Mapping[str, Callable[[Connection, Check], Outcome]] = {
    "connection": ask_connection,
    "tables": ask_tables,
    "structure": ask_structure,
    "rows": ask_rows,
    "freshness": ask_freshness,
    "checksum": ask_checksum,
    "canary": ask_canary,
    "query": ask_query,
    "integrity": ask_integrity,
}
