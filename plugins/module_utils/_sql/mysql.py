# SPDX-License-Identifier: GPL-3.0-or-later
"""What is special about MariaDB and MySQL: what kind of relation a table is, and what it stores."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .._core.checking.checks import Check, Table
from .names import column_of, table_of, value_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Executable

MOST_BYTES = 1024**2  # of a value
MOST_BYTES_OF_A_TIME = 100
TABLES = ("BASE TABLE", "SYSTEM VERSIONED")
VIEWS = ("VIEW", "SYSTEM VIEW")
# The engines that store the rows of a table in the server itself. Others show what is elsewhere, or nothing.
STORING = {"innodb", "myisam", "aria", "archive", "csv", "memory", "rocksdb", "tokudb", "columnstore", "ndbcluster"}
RELATION = """
SELECT table_name, table_type, engine FROM information_schema.tables
WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name = :name LIMIT 100
"""
# The names that occur in a query. Neither a view nor a table of another server is known before it is read.
MENTIONED = """
SELECT table_name, table_type, engine FROM information_schema.tables
WHERE table_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
AND table_type NOT IN ('SYSTEM VIEW') AND INSTR(LOWER(:query), LOWER(table_name)) > 0
AND NOT (table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND LOWER(COALESCE(engine, '')) IN :storing) LIMIT 100
"""
COMPUTED = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name = :name AND extra LIKE '%VIRTUAL%' LIMIT 4096
"""
# An event changes data while they are checked, and init_connect runs for everybody who is not a superuser.
EVENTS = """
SELECT CONCAT('the event ', event_schema, '.', event_name) FROM information_schema.events
WHERE status = 'ENABLED' AND @@global.event_scheduler = 'ON' ORDER BY 1 LIMIT 4
"""
AT_LOGIN = "SELECT 'init_connect' FROM DUAL WHERE @@global.init_connect <> ''"


def kind_of(connection: Connection, table: Table) -> str | None:
    """Find out what is there by the name of a table, in words. A server may ignore the case of names, or not."""
    from sqlalchemy import text

    found = connection.execute(text(RELATION), {"name": table.name, "schema": table.schema}).all()
    exact = [row for row in found if row[0] == table.name] or found
    kinds = {worded(kind, engine) for _name, kind, engine in exact}
    return ", ".join(sorted(kinds)) or None


def worded(kind: str, engine: str | None) -> str:
    """Describe a relation by its type and its storage engine. A table that is damaged has none."""
    if kind in VIEWS:
        return "view"
    if kind not in TABLES:
        return kind.lower()
    return "table" if engine is None or engine.lower() in STORING else f"table of the engine {engine}"


def mentioned(connection: Connection, query: str) -> list[tuple[str, str]]:
    """List what is not a table, and whose name is a word of the query."""
    from sqlalchemy import bindparam, text

    statement = text(MENTIONED).bindparams(bindparam("storing", sorted(STORING), expanding=True))
    rows = connection.execute(statement, {"query": query}).all()
    return [(name, worded(kind, engine)) for name, kind, engine in rows if is_word(name, query)]


def is_word(name: str, query: str) -> bool:
    """Tell whether a name stands alone in a query."""
    return bool(re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", query, re.IGNORECASE))


def computed_columns(connection: Connection, table: Table) -> list[str]:
    """List the columns that are not stored."""
    from sqlalchemy import text

    return list(connection.execute(text(COMPUTED), {"name": table.name, "schema": table.schema}).scalars())


def unbidden(connection: Connection) -> list[str]:
    """List what the server runs by itself."""
    return [words for query in (AT_LOGIN, EVENTS) for words in connection.exec_driver_sql(query).scalars()]


def newest_of(check: Check) -> Executable:
    """Build the query for the newest time in a column, and the server's clock. What is too long is not sent."""
    from sqlalchemy import func, select

    newest: ColumnElement[object] = func.max(column_of(check.column))
    found = select(newest.label("newest")).select_from(table_of(check.table)).subquery("lifeboat")
    shown, size = if_shorter(found.c.newest, MOST_BYTES_OF_A_TIME)
    return select(shown, func.now(), size)


def row_of(check: Check) -> Executable:
    """Build the query for the row of a canary, and the sizes of its values. What is too long is not sent."""
    from sqlalchemy import select

    conditions = [column_of(name) == value_of(value) for name, value in check.where.items()]
    wanted = select(column_of(check.column).label("found")).select_from(table_of(check.table)).where(*conditions)
    return select(*if_shorter(wanted.limit(2).subquery("lifeboat").c.found, MOST_BYTES))


def if_shorter(value: ColumnElement[object], most: int) -> tuple[ColumnElement[object], ColumnElement[int]]:
    """Build the expression for a value that is NULL when it is longer than a number of bytes, and that of its size."""
    from sqlalchemy import case, func

    size: ColumnElement[int] = func.octet_length(value)
    return case((size <= most, value)), size
