# SPDX-License-Identifier: GPL-3.0-or-later
"""The queries of the checks. Each runs in a read-only transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .._core.checking.answers import judge_canary, judge_freshness, judge_query, judge_rows, judge_tables
from .._core.checking.checks import Check, Outcome
from .checksum import ask_checksum
from .integrity import ask_integrity
from .names import column_of, table_of, value_of
from .structure import ask_structure

if TYPE_CHECKING:
    from sqlalchemy import Connection


def ask_connection(connection: Connection, check: Check) -> Outcome:
    """Report the engine and version of the server."""
    version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    name = "mariadb" if getattr(connection.dialect, "is_mariadb", False) else connection.dialect.name
    return Outcome(check, "passed", f"{name} {version}")


def ask_tables(connection: Connection, check: Check) -> Outcome:
    """Find out which of the tables exist."""
    import sqlalchemy

    catalog = sqlalchemy.inspect(connection)
    present = [table for table in check.tables if catalog.has_table(table.name, schema=table.schema)]
    return judge_tables(check, present)


def ask_rows(connection: Connection, check: Check) -> Outcome:
    """Count the rows of a table."""
    import sqlalchemy

    query = sqlalchemy.select(sqlalchemy.func.count()).select_from(table_of(check.table))
    return judge_rows(check, connection.execute(query).scalar_one())


def ask_freshness(connection: Connection, check: Check) -> Outcome:
    """Read the newest time in a column, and the server's clock."""
    import sqlalchemy

    newest = sqlalchemy.func.max(column_of(check.column))
    query = sqlalchemy.select(newest, sqlalchemy.func.now()).select_from(table_of(check.table))
    return judge_freshness(check, *connection.execute(query).one())


def ask_canary(connection: Connection, check: Check) -> Outcome:
    """Read the row of a canary. Two rows are enough to see that more than one matches."""
    import sqlalchemy

    conditions = [column_of(name) == value_of(value) for name, value in check.where.items()]
    query = sqlalchemy.select(column_of(check.column)).select_from(table_of(check.table)).where(*conditions)
    return judge_canary(check, connection.execute(query.limit(2)).scalars().all())


def ask_query(connection: Connection, check: Check) -> Outcome:
    """Run the user's own query, and read only as many rows as are needed to compare them.

    It uses a server-side cursor, with which PostgreSQL accepts only a single statement that reads. PyMySQL always
    accepts only a single statement.
    """
    most = len(check.secret) + 1
    if connection.dialect.name in ("mysql", "mariadb"):
        # Otherwise the driver reads all remaining rows before it closes the cursor. Each query sets its own limit.
        connection.exec_driver_sql(f"SET SESSION sql_select_limit = {most}")
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
