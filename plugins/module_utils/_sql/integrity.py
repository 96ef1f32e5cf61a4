# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engines themselves say about the soundness of a table's files.

PostgreSQL's amcheck only reads. CHECK TABLE of MariaDB and MySQL is let through in a read-only transaction, but storage
engines other than InnoDB note in the table's file that it was checked or is damaged, and InnoDB marks an index so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .._core.checking.answers import judge_integrity, judge_tables, not_offered
from .._core.checking.checks import Check, Outcome, Table
from .names import table_of, written

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST = 100  # problems of a table that are read
FINDING = "error"  # the storage engine's word; what keeps it from looking is an "Error"
SOUND = ("OK", "Table is already up to date")
AMCHECK = """
SELECT n.nspname, EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = n.oid AND p.proname = 'verify_heapam')
FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'
"""
TABLE = """
SELECT c.oid, c.relkind IN ('r', 'm') FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = CAST(:name AS name)
AND (n.nspname = CAST(:schema AS name) OR (CAST(:schema AS name) IS NULL AND pg_table_is_visible(c.oid)))
"""
INDEXES = """
SELECT i.indexrelid FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS a ON a.oid = c.relam
WHERE i.indrelid = CAST(:table AS oid) AND a.amname = 'btree' AND i.indisready AND i.indisvalid
"""


def ask_integrity(connection: Connection, check: Check) -> Outcome:
    return ask_amcheck(connection, check) if connection.dialect.name == "postgresql" else ask_tables(connection, check)


def ask_amcheck(connection: Connection, check: Check) -> Outcome:
    """Every B-tree index, with whether it has every row; since PostgreSQL 14 also the tables' own pages."""
    from sqlalchemy import text

    found = connection.execute(text(AMCHECK)).one_or_none()
    if found is None:
        return not_offered(check, "the extension amcheck is not installed in this database")
    schema, has_heap = found
    found_tables = {table: looked_up(connection, table) for table in check.tables}
    present = {table: row for table, row in found_tables.items() if row}
    if len(present) < len(found_tables):
        return judge_tables(check, present)
    for table, (_oid, has_files) in present.items():
        if not has_files:
            return not_offered(check, f"{table} has no files of its own: name its partitions instead")
    oids = {table: oid for table, (oid, _has_files) in present.items()}
    amcheck = connection.dialect.identifier_preparer.quote_identifier(schema).replace(":", r"\:")
    indexes = sum(check_indexes(connection, amcheck, oid) for oid in oids.values())
    if not has_heap:
        return judge_integrity(check, indexes, [])
    problems = [each for table, oid in oids.items() for each in heap_problems(connection, amcheck, table, oid)]
    return judge_integrity(check, indexes + len(oids), problems)


def looked_up(connection: Connection, table: Table) -> tuple[int, bool] | None:
    """A table's number, and whether it has files: a view and a partitioned table have none."""
    from sqlalchemy import text

    row = connection.execute(text(TABLE), {"name": table.name, "schema": table.schema}).first()
    return (row[0], row[1]) if row else None


def check_indexes(connection: Connection, amcheck: str, oid: int) -> int:
    """How many there are; the first broken one raises."""
    from sqlalchemy import text

    indexes = connection.execute(text(INDEXES), {"table": oid}).scalars().all()
    for index in indexes:
        connection.execute(text(f"SELECT {amcheck}.bt_index_check(CAST(:index AS oid), true)"), {"index": index})
    return len(indexes)


def heap_problems(connection: Connection, amcheck: str, table: Table, oid: int) -> list[str]:
    from sqlalchemy import text

    query = text(f"SELECT blkno, msg FROM {amcheck}.verify_heapam(CAST(:table AS oid)) LIMIT {MOST}")
    return [f"{table}, page {page}: {what}" for page, what in connection.execute(query, {"table": oid})]


def ask_tables(connection: Connection, check: Check) -> Outcome:
    """One statement for each table.

    A CHECK TABLE that MariaDB's max_statement_time interrupts says OK (10.11), so that it must not: what takes too long
    is cut off on this side.
    """
    no_limit = "SET STATEMENT max_statement_time = 0 FOR " if getattr(connection.dialect, "is_mariadb", False) else ""
    problems: list[str] = []
    untold: list[str] = []
    for table in check.tables:
        rows = connection.exec_driver_sql(f"{no_limit}CHECK TABLE {written(connection, table)}").all()
        found = [f"{table}: {words}" for _table, _check, kind, words in rows if kind == FINDING]
        problems += found[:MOST]
        if not found and not is_sound(rows):
            probe(connection, table)
            untold.append(f"{table}: {rows[0][3]}" if rows else f"{table}: no answer")
    if untold and not problems:
        return not_offered(check, untold[0])
    return judge_integrity(check, len(check.tables), problems)


def is_sound(rows: Sequence[Any]) -> bool:
    """Whether the server says so of a table, or that it was found so before and not written to since."""
    return any(kind == "status" and words in SOUND for _table, _check, kind, words in rows)


def probe(connection: Connection, table: Table) -> None:
    """Raise why a table cannot be looked at, with the code that CHECK TABLE does not tell: it is gone, locked, ..."""
    from sqlalchemy import literal_column, select

    connection.execute(select(literal_column("1")).select_from(table_of(table)).limit(1))
