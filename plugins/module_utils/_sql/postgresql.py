# SPDX-License-Identifier: GPL-3.0-or-later
"""What is special about PostgreSQL: every name in a statement says in which schema it is.

Otherwise a restored database could bring functions, operators and types of its own by the names of the server's. The
``search_path`` of the session is only pg_catalog as well, and the tables are asked for with their schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.checking.checks import Check, Table
from .names import written

if TYPE_CHECKING:
    from sqlalchemy import Connection, Executable

PUBLIC = "public"  # the schema of a table that is named without one
ONLY_OURS = "SET LOCAL search_path = pg_catalog, pg_temp"
WITH_PUBLIC = "SET LOCAL search_path = pg_catalog, public, pg_temp"
MOST_BYTES = 1024**2  # of a value
MOST_BYTES_OF_A_TIME = 100
KINDS = {
    "r": "table",
    "p": "table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
    "S": "sequence",
    "c": "composite type",
    "i": "index",
    "I": "index",
}
# A part of a table may be a foreign table, whether it is a partition or inherits.
RELATION = """
WITH RECURSIVE part (oid) AS (
    SELECT c.oid FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.relname OPERATOR(pg_catalog.=) CAST(:name AS pg_catalog.name)
    AND n.nspname OPERATOR(pg_catalog.=) CAST(:schema AS pg_catalog.name)
UNION
    SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN part ON part.oid OPERATOR(pg_catalog.=) i.inhparent
)
SELECT DISTINCT CAST(c.relkind AS pg_catalog.text)
FROM pg_catalog.pg_class AS c JOIN part ON part.oid OPERATOR(pg_catalog.=) c.oid
"""
# What a transaction has read is locked until it ends, views as well.
READ = """
SELECT pg_catalog.concat(n.nspname, '.', c.relname), CAST(c.relkind AS pg_catalog.text)
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) l.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.locktype OPERATOR(pg_catalog.=) 'relation'
AND CAST(c.relkind AS pg_catalog.text) OPERATOR(pg_catalog.=) ANY (ARRAY['v', 'm', 'f', 'S'])
AND n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog' AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'
ORDER BY 1 LIMIT 10
"""
# PostgreSQL prefers a function whose types fit better, wherever it is in the search path. Only superusers can create
# those in C, which extensions bring. An operator may be used by words such as IN and LIKE too.
SHADOWS = """
SELECT pg_catalog.concat('function ', p.proname) FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid OPERATOR(pg_catalog.=) p.prolang
WHERE n.nspname OPERATOR(pg_catalog.=) 'public' AND l.lanname OPERATOR(pg_catalog.<>) 'c'
AND pg_catalog.strpos(pg_catalog.lower(CAST(:query AS pg_catalog.text)), CAST(p.proname AS pg_catalog.text))
    OPERATOR(pg_catalog.>) 0
AND EXISTS (
    SELECT FROM pg_catalog.pg_proc AS b JOIN pg_catalog.pg_namespace AS s ON s.oid OPERATOR(pg_catalog.=) b.pronamespace
    WHERE s.nspname OPERATOR(pg_catalog.=) 'pg_catalog' AND b.proname OPERATOR(pg_catalog.=) p.proname)
UNION ALL
SELECT pg_catalog.concat('operator ', o.oprname) FROM pg_catalog.pg_operator AS o
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace
JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) CAST(o.oprcode AS pg_catalog.oid)
JOIN pg_catalog.pg_language AS l ON l.oid OPERATOR(pg_catalog.=) p.prolang
WHERE n.nspname OPERATOR(pg_catalog.=) 'public' AND l.lanname OPERATOR(pg_catalog.<>) 'c'
AND EXISTS (
    SELECT FROM pg_catalog.pg_operator AS b
    JOIN pg_catalog.pg_namespace AS s ON s.oid OPERATOR(pg_catalog.=) b.oprnamespace
    WHERE s.nspname OPERATOR(pg_catalog.=) 'pg_catalog' AND b.oprname OPERATOR(pg_catalog.=) o.oprname)
LIMIT 1
"""
# Since PostgreSQL 18, a generated column may be computed whenever it is read.
COMPUTED = """
SELECT a.attname FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relname OPERATOR(pg_catalog.=) CAST(:name AS pg_catalog.name)
AND n.nspname OPERATOR(pg_catalog.=) CAST(:schema AS pg_catalog.name)
AND CAST(a.attgenerated AS pg_catalog.text) OPERATOR(pg_catalog.=) 'v' LIMIT 1600
"""
VIRTUAL_SINCE = (18,)
# Since PostgreSQL 17, a trigger may run whenever somebody logs in.
AT_LOGIN = """
SELECT pg_catalog.concat('the login trigger ', evtname) FROM pg_catalog.pg_event_trigger
WHERE evtevent OPERATOR(pg_catalog.=) 'login' AND CAST(evtenabled AS pg_catalog.text) OPERATOR(pg_catalog.<>) 'D'
ORDER BY 1 LIMIT 4
"""


def is_postgresql(connection: Connection) -> bool:
    """Tell whether the server is PostgreSQL."""
    return connection.dialect.name == "postgresql"


def place_of(table: Table) -> dict[str, str]:
    """Build the parameters that find a table in the catalogue."""
    return {"name": table.name, "schema": table.schema or PUBLIC}


def located(table: Table) -> Table:
    """Add the schema to a table that was named without one."""
    return Table(table.name, table.schema or PUBLIC)


def quoted(connection: Connection, table: Table) -> str:
    """Write the name of a table, with its schema, for SQLAlchemy's text()."""
    return escaped(written(connection, located(table)))


def quoted_name(connection: Connection, name: str) -> str:
    """Write the name of a column or a schema for SQLAlchemy's text()."""
    return escaped(connection.dialect.identifier_preparer.quote_identifier(name))


def escaped(text: str) -> str:
    """Escape what would be a parameter in SQLAlchemy's text(), which doubles percent signs itself."""
    return text.replace("%%", "%").replace(":", r"\:")


def kind_of(connection: Connection, table: Table) -> str | None:
    """Find out what is there by the name of a table, in words."""
    from sqlalchemy import text

    kinds = {
        KINDS.get(kind, "something else") for kind in connection.execute(text(RELATION), place_of(table)).scalars()
    }
    if kinds == {"table", "foreign table"}:
        return "table with a foreign part"
    return ", ".join(sorted(kinds)) or None


def what_was_read(connection: Connection) -> list[tuple[str, str]]:
    """List what is not a table, and was read in this transaction."""
    from sqlalchemy import text

    connection.exec_driver_sql(ONLY_OURS)
    return [(name, KINDS[kind]) for name, kind in connection.execute(text(READ))]


def shadow_of(connection: Connection, query: str) -> str | None:
    """Find a function or an operator that the query might call instead of the server's own."""
    from sqlalchemy import text

    return connection.execute(text(SHADOWS), {"query": query}).scalar()


def computed_columns(connection: Connection, table: Table) -> list[str]:
    """List the columns that are not stored."""
    from sqlalchemy import text

    if (connection.dialect.server_version_info or ()) < VIRTUAL_SINCE:
        return []
    return list(connection.execute(text(COMPUTED), place_of(table)).scalars())


def unbidden(connection: Connection) -> list[str]:
    """List what the server runs by itself."""
    return list(connection.exec_driver_sql(AT_LOGIN).scalars())


def count_of(connection: Connection, table: Table) -> Executable:
    """Build the query for the number of rows."""
    from sqlalchemy import text

    return text(f"SELECT pg_catalog.count(*) FROM {quoted(connection, table)}")


def newest_of(connection: Connection, check: Check) -> Executable:
    """Build the query for the newest time in a column, and the server's clock. What is too long is not sent."""
    from sqlalchemy import text

    return text(
        f"SELECT {if_shorter('newest', MOST_BYTES_OF_A_TIME)}, pg_catalog.now(), {size_of('newest')} FROM "
        f"(SELECT pg_catalog.max({quoted_name(connection, check.column)}) AS newest "
        f"FROM {quoted(connection, check.table)}) AS lifeboat"
    )


def row_of(connection: Connection, check: Check) -> Executable:
    """Build the query for the row of a canary, and the sizes of its values. What is too long is not sent.

    A value in it has no type, so that the database converts the text to the type of the column.
    """
    from sqlalchemy import bindparam, text
    from sqlalchemy.types import NullType

    given = {f"value{number}": value for number, value in enumerate(check.where.values()) if value is not None}
    conditions = " AND ".join(
        f"{quoted_name(connection, name)} {'IS NULL' if value is None else f'OPERATOR(pg_catalog.=) :value{number}'}"
        for number, (name, value) in enumerate(check.where.items())
    )
    query = text(
        f"SELECT {if_shorter('found', MOST_BYTES)}, {size_of('found')} FROM "
        f"(SELECT {quoted_name(connection, check.column)} AS found "
        f"FROM {quoted(connection, check.table)} WHERE {conditions} LIMIT 2) AS lifeboat"
    )
    return query.bindparams(*(bindparam(name, value, type_=NullType()) for name, value in given.items()))


def size_of(name: str) -> str:
    """Write the expression for the number of bytes of a value's text."""
    return f"pg_catalog.octet_length(CAST({name} AS pg_catalog.text))"


def if_shorter(name: str, most: int) -> str:
    """Write the expression for a value that is NULL when its text is longer than a number of bytes."""
    return f"CASE WHEN {size_of(name)} OPERATOR(pg_catalog.<=) {most} THEN {name} END"
